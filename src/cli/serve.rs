//! `serve`: the gRPC daemon.

use std::{process::ExitCode, sync::Arc};

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{compose, error::CliError};
use crate::{
    baton::{runtime::Runtime, server},
    config::Settings,
};

/// Listens, says where, and serves until told to stop.
pub(super) async fn run(settings: &Settings, shutdown: CancellationToken) -> Result<ExitCode, CliError> {
    if settings.control_plane.is_some() {
        tracing::info!(
            "serving gRPC only; for service mode beside it, leave out the word `serve` and give --listen"
        );
    }
    beside(settings, compose::runtime(settings)?, shutdown).await?;
    Ok(ExitCode::SUCCESS)
}

/// The same on a runtime that others use as well.
pub(super) async fn beside(
    settings: &Settings,
    runtime: Arc<Runtime>,
    shutdown: CancellationToken,
) -> Result<(), CliError> {
    let wanted = settings.serve.listen;
    let listener = TcpListener::bind(wanted).await.map_err(|e| {
        CliError::new(format!("listen: cannot listen on {wanted}: {e}; choose another address with --listen"))
    })?;
    let address = listener.local_addr().map_err(CliError::runtime)?;
    if !address.ip().is_loopback() {
        tracing::warn!(%address, "listening beyond this machine without TLS: anybody who reaches the port can use it");
    }
    println!("listening on {address}");
    tracing::info!(%address, provisioning = settings.provisioning, "listening");
    let options = server::Options {
        max_concurrent_requests: settings.serve.max_concurrent_requests,
        grace: settings.serve.shutdown_grace,
    };
    server::serve(runtime, listener, options, shutdown).await.map_err(|e| CliError::new(e.to_string()))
}
