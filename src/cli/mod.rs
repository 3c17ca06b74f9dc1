//! The commands: each puts rooms together and prints what comes of it.
//!
//! stdout carries results and nothing else; logs and errors go to stderr. The exit code of a failure is that of the
//! reference: the gRPC code where there is one, else 2.
#![allow(clippy::print_stdout, clippy::print_stderr)] // this is the room that prints

mod compose;
mod daemon;
mod demo;
mod describe;
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

use std::process::ExitCode;

use crate::{
    config::{Command, Failure, Invocation, Settings},
    telemetry::Logs,
};

use self::error::CliError;

/// Prints why there is nothing to run, or the page of help that was asked for.
#[must_use]
pub fn refuse(failure: &Failure) -> ExitCode {
    if failure.to_stdout {
        println!("{failure}");
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
        _ => logs::start(&settings.logs, &warnings, is_for_people(&command))
            .and_then(|logs| carry_out(command, &settings, logs)),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(error.exit_code())
        }
    }
}

/// Whether a person reads the output, who does not want to see work being logged in between.
fn is_for_people(command: &Command) -> bool {
    matches!(command, Command::Demo | Command::Show(_) | Command::Diff(_) | Command::Doctor)
}

fn carry_out(command: Command, settings: &Settings, logs: Logs) -> Result<ExitCode, CliError> {
    match &command {
        Command::Show(show) => show::run(settings, show),
        _ => in_runtime(command, settings, logs),
    }
}

fn in_runtime(command: Command, settings: &Settings, logs: Logs) -> Result<ExitCode, CliError> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(CliError::runtime)?;
    let outcome = runtime.block_on(async {
        let shutdown = signals::shutdown()?;
        logs::expire(logs, &settings.logs);
        match command {
            Command::Run => run::run(settings, shutdown).await,
            Command::Serve => serve::run(settings, shutdown).await,
            Command::Demo => demo::run(settings, shutdown).await,
            Command::Simulate => simulate::run(settings, shutdown).await,
            Command::HealthCheck(probe) => health::check(&settings.health, &probe).await,
            Command::Capabilities => describe::capabilities(settings),
            other => Err(CliError::not_yet(&other)),
        }
    });
    // What still runs after the grace is cut off: a stuck client must not keep the process.
    runtime.shutdown_background();
    outcome
}
