//! Results on stdout: buffered, and quiet when the reader has seen enough and goes away.

use std::{
    fmt,
    io::{self, BufWriter, Write},
    process::ExitCode,
};

use super::error::CliError;
use crate::{baton::c1z::C1zError, telemetry::redact::scrub};

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

/// Prints a line for whoever reads along. When nobody does any more, the work goes on without.
pub(super) fn say(line: impl fmt::Display) {
    let _ = writeln!(io::stdout(), "{line}");
}

/// The same on stderr, about what went wrong; a text from outside may be part of it.
pub(super) fn complain(line: impl fmt::Display) {
    let _ = writeln!(io::stderr(), "{}", scrub(&line.to_string()));
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
