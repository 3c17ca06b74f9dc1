//! A small HTTP/1.1 server for pages that machines ask for: few connections, short patience.

use std::{sync::Arc, time::Duration};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::TcpListener,
    sync::Semaphore,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

/// Connections at a time; more are closed.
const CONNECTIONS: usize = 64;
/// For the headers of a request.
const HEADERS: Duration = Duration::from_secs(5);
/// For all that is asked over one connection.
const WHOLE: Duration = Duration::from_secs(120);
/// The pause after the system refused to accept.
const BREATH: Duration = Duration::from_millis(100);

/// Serves until `stop`; what is being answered then is cut off.
pub(super) async fn serve(listener: TcpListener, app: Router, stop: CancellationToken) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let work = async {
        loop {
            let io = match listener.accept().await {
                Ok((io, _)) => io,
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection to the health pages");
                    sleep(BREATH).await;
                    continue;
                }
            };
            let Ok(place) = Arc::clone(&places).try_acquire_owned() else { continue };
            let service = TowerToHyperService::new(app.clone());
            let stop = stop.clone();
            tokio::spawn(async move {
                let connection = http1::Builder::new()
                    .timer(TokioTimer::new())
                    .header_read_timeout(HEADERS)
                    .max_buf_size(16 * 1024)
                    .serve_connection(TokioIo::new(io), service);
                if let Some(Ok(Err(error))) = stop.run_until_cancelled(timeout(WHOLE, connection)).await {
                    tracing::debug!(%error, "a connection to the health pages ended early");
                }
                drop(place);
            });
        }
    };
    stop.run_until_cancelled(work).await;
}
