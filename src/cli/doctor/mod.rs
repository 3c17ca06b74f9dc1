//! `doctor`: checks, without changing anything, whether a sync would work, and says line by line what was seen and what to
//! change. One failure does not end it: what can still be checked is checked. The exit code is 0 when a sync works.

mod access;
mod network;
mod report;

use std::process::ExitCode;

use tokio_util::sync::CancellationToken;

use self::report::{Finding, Report};
use super::{compose, error::CliError, print::to_stdout};
use crate::{
    config::{Doctor, NinjaOne, Settings},
    ninja_one::rest::{ClientConfig, Error},
};

/// The exit code that says that a sync would not work.
const UNWELL: u8 = 1;
/// The doctor's patience: he reports, others wait.
const ATTEMPTS: u32 = 2;

/// Checks everything.
pub(super) async fn run(
    settings: &Settings,
    wanted: &Doctor,
    warnings: &[String],
    shutdown: CancellationToken,
) -> Result<ExitCode, CliError> {
    let ninja_one = settings.require_ninja_one().map_err(|e| CliError::new(e.to_string()))?;
    let mut report = Report::new(wanted.json);
    let checks = examine(settings, ninja_one, warnings, &mut report);
    if shutdown.run_until_cancelled(checks).await.is_none() {
        report.say("doctor", Finding::broken("stopped before the end", "run it again"));
    }
    let code = if report.is_well() { 0 } else { UNWELL };
    to_stdout(ExitCode::from(code), |out| report.end(out))
}

async fn examine(settings: &Settings, ninja_one: &NinjaOne, warnings: &[String], report: &mut Report) {
    for warning in warnings {
        report.say("setting", Finding::odd(warning.as_str(), "see --help"));
    }
    let mut config = match compose::client_config(ninja_one, None) {
        Ok(config) => config,
        Err(error) => {
            report.say(
                "configuration",
                Finding::broken(error.to_string(), "correct this setting and run doctor again"),
            );
            report.say("everything else", Finding::skipped("there is no host to ask"));
            return;
        }
    };
    config.retry.max_attempts = ATTEMPTS;
    report.say("configuration", Finding::fine(configuration(&config, ninja_one)));
    network::check(&config, report).await;
    let rights = access::check(&config, report).await;
    access::lists(&config, &rights, report).await;
    report.say("provisioning", provisioning(settings.provisioning, &rights.scopes));
}

fn configuration(config: &ClientConfig, settings: &NinjaOne) -> String {
    let secret = match &settings.client_secret.file {
        Some(path) => format!("from {}", path.display()),
        None => "given".to_owned(),
    };
    let authorities = match &settings.ca_file {
        Some(path) => format!(", certificate authorities from {}", path.display()),
        None => String::new(),
    };
    format!("{}, client id {}, secret {secret}{authorities}", config.host.origin(), config.client_id)
}

/// Writes cannot be tried without writing; what can be said is said.
fn provisioning(wanted: bool, scopes: &[String]) -> Finding {
    let has = scopes.iter().any(|scope| scope == "management");
    match (wanted, has) {
        (false, _) => Finding::fine(
            "off: no caller and no task can write; a one-shot flag such as --grant-entitlement can",
        ),
        (true, true) => Finding::fine(
            "on, and the token has the scope management; whether NinjaOne lets the app write shows with the first write",
        ),
        (true, false) => Finding::odd(
            "on, but the token lacks the scope management: every write will be refused",
            "give the app the scope management and add it to --ninja-one-scope",
        ),
    }
}

/// A call that failed: what NinjaOne said, and what to do about it.
fn refused(error: &Error) -> Finding {
    let mut saw = error.endpoint().map_or_else(|| "no answer".to_owned(), |e| format!("{e} failed"));
    if let Some(text) = error.text() {
        saw += &format!(": {text:?}");
    }
    let facts: Vec<_> = [
        error.status().map(|status| format!("HTTP {status}")),
        error.code().map(|code| format!("code {code}")),
        error.incident_id().map(|id| format!("incident {id}")),
        error.request_id().map(|id| format!("request {id}")),
    ]
    .into_iter()
    .flatten()
    .collect();
    if !facts.is_empty() {
        saw += &format!(" ({})", facts.join(", "));
    }
    Finding::broken(saw, error.kind().to_string())
}
