//! The binary: settings, then whatever they ask for. Everything it does is in the library.

use std::process::ExitCode;

use baton_ninja_one::{
    cli,
    config::{self, ProcessEnvironment},
};

fn main() -> ExitCode {
    let folder = std::env::current_dir().unwrap_or_default();
    match config::parse(std::env::args_os(), &ProcessEnvironment, &folder) {
        Ok(invocation) => cli::run(invocation),
        Err(failure) => cli::refuse(&failure),
    }
}
