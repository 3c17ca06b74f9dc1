//! Health over HTTP: `/health`, `/ready`, `/live` and `/metrics`, and the `health-check` command that asks for them.
//!
//! `/health` validates, at most every few seconds and once for all who ask. `/ready` tells how the conditions stand and asks
//! nobody while it is waited for. `/live` says that the process answers, and depends on nothing else.

mod checker;
mod http;
mod pages;
mod probe;

use std::{net::SocketAddr, sync::Arc};

use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::error::CliError;
use crate::config::Health;

pub(super) use self::{checker::Checker, pages::Pages, probe::run as check};

/// The servers that run, until they are stopped or dropped.
pub(super) struct Running {
    stop: CancellationToken,
    tasks: TaskTracker,
    /// Where the health pages are, if they are served.
    pub(super) health: Option<SocketAddr>,
    /// Where the metrics are, if they are served on their own.
    pub(super) metrics: Option<SocketAddr>,
}

impl Running {
    /// Listens where the settings say, if they do.
    ///
    /// # Errors
    /// When an address cannot be listened on.
    pub(super) async fn start(settings: &Health, pages: Pages) -> Result<Self, CliError> {
        let pages = Arc::new(pages);
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let mut running = Self { stop, tasks, health: None, metrics: None };
        if settings.enabled {
            let wanted = (settings.bind_address.as_str(), settings.port);
            let listener = TcpListener::bind(wanted).await.map_err(|e| {
                let (address, port) = wanted;
                CliError::new(format!(
                    "health-check: cannot listen on {address} port {port}: {e}; choose others with \
                     --health-check-bind-address and --health-check-port"
                ))
            })?;
            let with_metrics = settings.metrics_listen.is_none();
            running.health = Some(running.serve(listener, Arc::clone(&pages).health(with_metrics))?);
        }
        if let Some(wanted) = settings.metrics_listen {
            let listener = TcpListener::bind(wanted).await.map_err(|e| {
                CliError::new(format!(
                    "metrics-listen: cannot listen on {wanted}: {e}; choose another address with --metrics-listen"
                ))
            })?;
            running.metrics = Some(running.serve(listener, pages.metrics())?);
        }
        Ok(running)
    }

    fn serve(&self, listener: TcpListener, app: axum::Router) -> Result<SocketAddr, CliError> {
        let address = listener.local_addr().map_err(CliError::runtime)?;
        self.tasks.spawn(http::serve(listener, app, self.stop.clone()));
        Ok(address)
    }

    /// Ends them.
    pub(super) async fn stop(self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
