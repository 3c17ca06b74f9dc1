//! `serve`: the gRPC daemon.

use std::process::ExitCode;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{compose, error::CliError};
use crate::{baton::server, config::Settings};

/// Listens, says where, and serves until told to stop.
pub(super) async fn run(settings: &Settings, shutdown: CancellationToken) -> Result<ExitCode, CliError> {
    let runtime = compose::runtime(settings)?;
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
    server::serve(runtime, listener, options, shutdown).await.map_err(|e| CliError::new(e.to_string()))?;
    Ok(ExitCode::SUCCESS)
}
