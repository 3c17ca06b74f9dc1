//! `demo`: the main job against the embedded simulator: sign in over HTTP as to the real NinjaOne, sync, show who holds what.

use std::{process::ExitCode, sync::Arc};

use tokio_util::sync::CancellationToken;

use super::{error::CliError, overview::Overview, print::say, simulate};
use crate::{
    baton::sync::{Memory, Syncer},
    config::Settings,
    ninja_one::rest::{Client, ClientConfig, Host},
    ninja_one::{NinjaOne, Options},
    simulator,
};

/// Starts a NinjaOne, syncs it, prints the outcome and ends.
pub(super) async fn run(settings: &Settings, shutdown: CancellationToken) -> Result<ExitCode, CliError> {
    let wanted = &settings.simulation;
    let simulator = simulate::start(wanted, simulator::Options::default()).await?;
    say(format_args!(
        "A simulated NinjaOne with {} users and {} roles runs at {}.\n\
         Signing in with OAuth client credentials and syncing it, as the real one would be.\n",
        wanted.users,
        wanted.roles,
        simulator.url()
    ));

    let host = Host::parse(&simulator.url()).map_err(|e| CliError::new(e.to_string()))?;
    let config = ClientConfig::new(host, simulator.client_id(), simulator.client_secret().clone());
    let client = Client::new(config).map_err(|e| CliError::new(e.to_string()))?;
    let connector = Arc::new(NinjaOne::new(client, &Options::default()));
    let (report, records) = Syncer::new(connector).caller("demo").run(Memory::default(), &shutdown).await?;

    say(format_args!(
        "{}\n{} requests to NinjaOne, {:.2} seconds. Nothing was written anywhere.\n\
         Next: `baton-ninja-one serve` for a Baton client, `baton-ninja-one` for a sync.c1z, `--help` for all.",
        Overview::new(&records),
        simulator.requests().len(),
        report.duration.as_secs_f64()
    ));
    simulator.shutdown().await;
    Ok(ExitCode::SUCCESS)
}
