//! Results on stdout: buffered, and quiet when the reader has seen enough and goes away.

use std::{
    fmt::Display,
    io::{self, BufWriter, Write},
    process::ExitCode,
};

use super::error::CliError;
use crate::baton::c1z::C1zError;

/// Why printing stopped.
pub(super) enum Trouble {
    /// stdout takes no more.
    Output(io::Error),
    /// There is nothing to print.
    Command(CliError),
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

impl From<CliError> for Trouble {
    fn from(error: CliError) -> Self {
        Self::Command(error)
    }
}

impl From<C1zError> for Trouble {
    fn from(error: C1zError) -> Self {
        Self::Command(error.into())
    }
}

/// One line on stdout for whoever has started us. That nobody reads it is no reason to end.
pub(super) fn say(line: impl Display) {
    if let Err(error) = writeln!(io::stdout().lock(), "{line}") {
        tracing::debug!(%error, "stdout takes no more");
    }
}

/// Prints to stdout. A reader that hangs up, such as `head`, is no failure: `code` stays what it is.
pub(super) fn to_stdout(
    code: ExitCode,
    work: impl FnOnce(&mut dyn Write) -> Result<(), Trouble>,
) -> Result<ExitCode, CliError> {
    let mut out = BufWriter::with_capacity(64 * 1024, io::stdout().lock());
    match work(&mut out).and_then(|()| out.flush().map_err(Trouble::from)) {
        Ok(()) => Ok(code),
        Err(Trouble::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            // What is left in the buffer has no reader.
            let _ = out.into_parts();
            Ok(code)
        }
        Err(Trouble::Output(error)) => Err(CliError::new(format!("cannot write to stdout: {error}"))),
        Err(Trouble::Command(error)) => Err(error),
    }
}
