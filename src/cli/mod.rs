//! The commands: each puts rooms together and prints what comes of it.
//!
//! stdout carries results and nothing else; logs and errors go to stderr. The exit code of a failure is that of the
//! reference: the gRPC code where there is one, else 2.
#![allow(clippy::print_stdout, clippy::print_stderr)] // this is the room that prints

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

use std::{io::Write as _, process::ExitCode, time::Duration};

use self::error::CliError;
use crate::{
    config::{Command, Failure, Invocation, Settings},
    telemetry::{Level, Logs},
};

/// How long the end may take to tell the collector what it does not know yet.
const FLUSH: Duration = Duration::from_secs(3);

/// Prints why there is nothing to run, or the page of help that was asked for.
#[must_use]
pub fn refuse(failure: &Failure) -> ExitCode {
    if failure.to_stdout {
        // A reader of the help who has seen enough is no failure.
        let _ = writeln!(std::io::stdout(), "{failure}");
    } else {
        eprintln!("{failure}");
    }
    ExitCode::from(failure.exit_code)
}

/// Runs the command to its end.
#[must_use]
pub fn run(invocation: Invocation) -> ExitCode {
    let Invocation { command, settings, warnings } = invocation;
    // The commands that only print need neither logs nor a runtime.
    let outcome = match &command {
        Command::Config => describe::config(),
        Command::Completion(shell) => describe::completion(*shell),
        _ => {
            // The doctor tells by itself what is odd about the settings.
            let told = if matches!(command, Command::Doctor(_)) { &[] } else { warnings.as_slice() };
            let logs = |otel| logs::start(&settings.logs, otel, told, usual_level(&command));
            match &command {
                Command::Show(show) => logs(None).and_then(|_| show::run(&settings, show)),
                Command::Diff(diff) => logs(None).and_then(|_| diff::run(&settings, diff)),
                // A collector is for work that is done unattended.
                Command::Run | Command::Serve => {
                    in_runtime(&command, &settings, &warnings, || logs(Some(&settings.otel)))
                }
                _ => in_runtime(&command, &settings, &warnings, || logs(None)),
            }
        }
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(error.exit_code())
        }
    }
}

/// What is logged when nothing else was asked for. Where a person reads the output, work that is logged in between is in the
/// way; the doctor tells by itself what fails.
fn usual_level(command: &Command) -> Level {
    match command {
        Command::Demo | Command::Show(_) | Command::Diff(_) => Level::Warn,
        Command::Doctor(_) => Level::Error,
        _ => Level::Info,
    }
}

fn in_runtime(
    command: &Command,
    settings: &Settings,
    warnings: &[String],
    start_logs: impl FnOnce() -> Result<Logs, CliError>,
) -> Result<ExitCode, CliError> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(CliError::runtime)?;
    let entered = runtime.enter();
    let logs = start_logs()?;
    let outcome = runtime.block_on(async {
        let shutdown = signals::shutdown()?;
        logs::expire(logs.clone(), &settings.logs);
        match command {
            Command::Run => run::run(settings, &logs, shutdown).await,
            Command::Serve => serve::run(settings, shutdown).await,
            Command::Demo => demo::run(settings, shutdown).await,
            Command::Simulate => simulate::run(settings, shutdown).await,
            Command::HealthCheck(probe) => health::check(&settings.health, probe).await,
            Command::Doctor(wanted) => doctor::run(settings, wanted, warnings, shutdown).await,
            Command::Capabilities => describe::capabilities(settings),
            other => Err(CliError::not_yet(other)),
        }
    });
    logs.flush(FLUSH);
    drop(entered);
    // What still runs after the grace is cut off: a stuck client must not keep the process.
    runtime.shutdown_background();
    outcome
}
