//! `serve`: the gRPC daemon.

use std::{net::SocketAddr, process::ExitCode, sync::Arc};

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{compose, daemon::Daemon, error::CliError, observe::Counted, print::say};
use crate::{
    baton::server::{self, Door},
    config::Settings,
};

/// Listens, says where, and serves until told to stop.
pub(super) async fn run(settings: &Settings, shutdown: CancellationToken) -> Result<ExitCode, CliError> {
    if settings.control_plane.is_some() {
        tracing::info!(
            "serving gRPC only; for service mode beside it, leave out the word serve and give --listen"
        );
    }
    let daemon = Daemon::new(settings)?;
    let listening = Listening::bind(settings).await?;
    let pages = daemon.pages(settings, &shutdown).await?;
    let served = listening.serve(settings, &daemon, shutdown).await;
    pages.stop().await;
    served?;
    Ok(ExitCode::SUCCESS)
}

/// The gRPC door, open but not answering yet.
pub(super) struct Listening {
    listener: TcpListener,
    address: SocketAddr,
    door: Door,
}

impl Listening {
    /// Opens the door where the settings say.
    pub(super) async fn bind(settings: &Settings) -> Result<Self, CliError> {
        let door = compose::door(&settings.serve)?;
        let wanted = settings.serve.listen;
        let listener = TcpListener::bind(wanted).await.map_err(|e| {
            CliError::new(format!(
                "listen: cannot listen on {wanted}: {e}; choose another address with --listen"
            ))
        })?;
        let address = listener.local_addr().map_err(CliError::runtime)?;
        Ok(Self { listener, address, door })
    }

    /// Says where it is, and serves until told to stop.
    pub(super) async fn serve(
        self,
        settings: &Settings,
        daemon: &Daemon,
        shutdown: CancellationToken,
    ) -> Result<(), CliError> {
        let Self { listener, address, door } = self;
        say(format_args!("listening on {address}"));
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
            observer: Counted::new(&daemon.metrics),
            application: Some(daemon.application.clone()),
        };
        let runtime = Arc::clone(&daemon.runtime);
        server::serve(runtime, listener, options, shutdown).await.map_err(|e| CliError::new(e.to_string()))
    }
}
