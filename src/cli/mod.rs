//! The commands: each puts rooms together and prints what comes of it.
//!
//! stdout carries results and nothing else; logs and errors go to stderr. The exit code of a failure is that of the
//! reference: the gRPC code where there is one, else 2.

mod compose;
mod daemon;
mod demo;
mod describe;
mod diff;
mod doctor;
mod error;
mod health;
mod logs;
mod observe;
mod one_shot;
mod overview;
mod print;
mod run;
mod serve;
mod service;
mod sheet;
mod show;
mod signals;
mod simulate;
mod view;

use std::{process::ExitCode, time::Duration};

use tokio_util::sync::CancellationToken;

use self::{error::CliError, logs::Wanted};
use crate::{
    config::{Command, Failure, Invocation},
    telemetry::{Level, Logs},
};

/// How long the end may take to tell the collector what it does not know yet.
const FLUSH: Duration = Duration::from_secs(3);

/// Prints why there is nothing to run, or the page of help that was asked for.
#[must_use]
pub fn refuse(failure: &Failure) -> ExitCode {
    if failure.to_stdout {
        print::say(failure);
    } else {
        print::complain(failure);
    }
    ExitCode::from(failure.exit_code)
}

/// Runs the command to its end.
#[must_use]
pub fn run(invocation: Invocation) -> ExitCode {
    let Invocation { command, settings, warnings } = invocation;
    let settings = &settings;
    // Where a person reads the output, work that is logged in between is in the way.
    let logs = |usual| Wanted { settings: &settings.logs, otel: None, warnings: &warnings, usual };
    // A collector is for work that is done unattended.
    let collected = Wanted { otel: Some(&settings.otel), ..logs(Level::Info) };
    let outcome = match &command {
        // The commands that only print need neither logs nor a runtime.
        Command::Config => describe::config(),
        Command::Completion(shell) => describe::completion(*shell),
        Command::Show(wanted) => logs(Level::Warn).start().and_then(|_| show::run(settings, wanted)),
        Command::Diff(wanted) => logs(Level::Warn).start().and_then(|_| diff::run(settings, wanted)),
        Command::Run => working(collected, async |logs, stop| run::run(settings, logs, stop).await),
        Command::Serve => working(collected, async |_, stop| serve::run(settings, stop).await),
        Command::Demo => working(logs(Level::Warn), async |_, stop| demo::run(settings, stop).await),
        Command::Simulate => working(logs(Level::Info), async |_, stop| simulate::run(settings, stop).await),
        Command::HealthCheck(probe) => {
            working(logs(Level::Info), async |_, _| health::check(&settings.health, probe).await)
        }
        // It tells by itself what fails and what is odd about the settings.
        Command::Doctor(wanted) => {
            let logs = Wanted { warnings: &[], ..logs(Level::Error) };
            working(logs, async |_, stop| doctor::run(settings, wanted, &warnings, stop).await)
        }
        Command::Capabilities => working(logs(Level::Info), async |_, _| describe::capabilities(settings)),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            print::complain(&error);
            ExitCode::from(error.exit_code())
        }
    }
}

/// Does the work in a runtime that is told when to stop, once there are logs, which may need the runtime as well.
fn working(
    wanted: Wanted<'_>,
    work: impl AsyncFnOnce(&Logs, CancellationToken) -> Result<ExitCode, CliError>,
) -> Result<ExitCode, CliError> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(CliError::runtime)?;
    let entered = runtime.enter();
    let logs = wanted.start()?;
    let outcome = runtime.block_on(async {
        let shutdown = signals::shutdown()?;
        wanted.expire(logs.clone());
        work(&logs, shutdown).await
    });
    logs.flush(FLUSH);
    drop(entered);
    // What still runs after the grace is cut off: a stuck client must not keep the process.
    runtime.shutdown_background();
    outcome
}
