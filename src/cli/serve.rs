//! `serve`: the gRPC daemon.

use std::process::ExitCode;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{compose, error::CliError, observe::Counted, station::Station};
use crate::{baton::server, config::Settings};

/// Listens, says where, and serves until told to stop.
pub(super) async fn run(settings: &Settings, shutdown: CancellationToken) -> Result<ExitCode, CliError> {
    if settings.control_plane.is_some() {
        tracing::info!(
            "serving gRPC only; for service mode beside it, leave out the word `serve` and give --listen"
        );
    }
    let station = Station::open(settings)?;
    let pages = station.pages(&settings.health, shutdown.clone()).await?;
    let served = beside(settings, &station, shutdown).await;
    pages.stop().await;
    served.map(|()| ExitCode::SUCCESS)
}

/// The same on a station that others use as well.
pub(super) async fn beside(
    settings: &Settings,
    station: &Station,
    shutdown: CancellationToken,
) -> Result<(), CliError> {
    let door = compose::door(&settings.serve)?;
    let wanted = settings.serve.listen;
    let listener = TcpListener::bind(wanted).await.map_err(|e| {
        CliError::new(format!("listen: cannot listen on {wanted}: {e}; choose another address with --listen"))
    })?;
    let address = listener.local_addr().map_err(CliError::runtime)?;
    println!("listening on {address}");
    tracing::info!(
        %address,
        provisioning = settings.provisioning,
        tls = settings.serve.tls.is_some(),
        authentication = door.authenticates(),
        "listening"
    );
    let options = server::Options {
        max_concurrent_requests: settings.serve.max_concurrent_requests,
        grace: settings.serve.shutdown_grace,
        door,
        observer: Counted::new(&station.metrics),
        application: Some(station.application.clone()),
    };
    let runtime = std::sync::Arc::clone(&station.runtime);
    server::serve(runtime, listener, options, shutdown).await.map_err(|e| CliError::new(e.to_string()))
}
