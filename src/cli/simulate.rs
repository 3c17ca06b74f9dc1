//! `simulate`: the embedded NinjaOne alone, for trying the connector without an account.

use std::process::ExitCode;

use secrecy::ExposeSecret as _;
use tokio_util::sync::CancellationToken;

use super::{error::CliError, print::say};
use crate::{
    config::{Settings, Simulation},
    simulator::{Options, Simulator, Size, Tenant},
};

/// Serves until told to stop, after saying how to reach it.
pub(super) async fn run(settings: &Settings, shutdown: CancellationToken) -> Result<ExitCode, CliError> {
    let simulator = start(
        &settings.simulation,
        Options { listen: settings.simulation.listen, control: true, ..Options::default() },
    )
    .await?;
    say("a simulated NinjaOne is listening; to use it:\n");
    for (name, value) in [
        ("BASE_URL", simulator.url().as_str()),
        ("CLIENT_ID", simulator.client_id()),
        ("CLIENT_SECRET", simulator.client_secret().expose_secret()), // made up, and worth nothing elsewhere
    ] {
        say(format_args!("export BATON_NINJA_ONE_{name}={value}"));
    }
    say(format_args!(
        "\nits requests: GET {0}/_simulator/requests; faults: /_simulator/faults",
        simulator.url()
    ));
    shutdown.cancelled().await;
    simulator.shutdown().await;
    Ok(ExitCode::SUCCESS)
}

/// A simulator with a generated tenant of the wanted size.
pub(super) async fn start(wanted: &Simulation, options: Options) -> Result<Simulator, CliError> {
    let size = Size::users(wanted.users)
        .roles(wanted.roles)
        .organizations(wanted.organizations)
        .devices(wanted.devices);
    let listen = options.listen;
    let options = Options { tenant: Tenant::generate(&size, wanted.seed), ..options };
    let failed = |e| CliError::new(format!("listen: the simulator cannot listen on {listen}: {e}"));
    Simulator::start(options).await.map_err(failed)
}
