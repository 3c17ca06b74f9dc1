//! The gRPC daemon: a [`Runtime`] behind a listener.
//!
//! It gets its listener and its shutdown from outside. Layers, from the wire inwards: HTTP/2 limits and deadlines (tonic),
//! [`observe`] (request id, span, concurrency, panics), [`services`] (translation), and the runtime, where the rules live.

mod health;
mod observe;
mod reflection;
mod services;

use std::{future::Future, io, sync::Arc, time::Duration};

use tokio::{
    net::TcpListener,
    sync::{Semaphore, watch},
    time::timeout_at,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tonic::transport::{Server, server::TcpIncoming};
use tonic_health::pb::health_server::HealthServer;

use self::{
    health::{HealthService, Phase},
    observe::Observe,
};
use crate::baton::{connector::Call, runtime::Runtime};

/// How long answers that are already written may take to leave once nothing else is under way.
const FLUSH: Duration = Duration::from_millis(500);
/// The first and the longest wait between attempts to validate at the start.
const REVALIDATE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// How the daemon serves.
#[derive(Debug, Clone)]
pub struct Options {
    /// How many calls may run at once in the process; more wait for their turn.
    pub max_concurrent_requests: usize,
    /// How long a shutdown may take.
    pub grace: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self { max_concurrent_requests: 64, grace: Duration::from_secs(25) }
    }
}

/// Why the daemon ended other than by being told to.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The transport failed.
    #[error("the gRPC server failed")]
    Transport(#[from] tonic::transport::Error),
    /// The listener could not be used.
    #[error("the listening socket cannot be used")]
    Listener(#[from] io::Error),
    /// The compiled descriptors do not fit the reflection service.
    #[error("reflection cannot be served")]
    Reflection(#[from] tonic_reflection::server::Error),
}

/// Serves until `shutdown` is cancelled and the calls under way have ended, or the grace is over.
///
/// # Errors
/// When the server cannot start or its listener fails.
pub async fn serve(
    runtime: Arc<Runtime>,
    listener: TcpListener,
    options: Options,
    shutdown: CancellationToken,
) -> Result<(), ServeError> {
    let (phase, phases) = watch::channel(Phase::Starting);
    let (routes, names) = services::routes(Arc::clone(&runtime));
    let routes = routes
        .add_service(HealthServer::new(HealthService::new(&names, phases)))
        .add_service(reflection::v1::server(&names)?)
        .add_service(reflection::v1alpha::server(&names)?)
        .prepare();

    let (turns, in_flight) = (Arc::new(Semaphore::new(options.max_concurrent_requests)), TaskTracker::new());
    let server = Server::builder()
        .http2_keepalive_interval(Some(Duration::from_secs(30)))
        .max_concurrent_streams(256)
        .layer(Observe { turns: Arc::clone(&turns), in_flight: in_flight.clone() })
        .add_routes(routes)
        // An answer goes out in several small writes; waiting for acknowledgements between them costs 40 ms a call.
        .serve_with_incoming_shutdown(
            TcpIncoming::from(listener).with_nodelay(Some(true)),
            shutdown.clone().cancelled_owned(),
        );

    let ready = CancellationToken::new();
    let _stop_validating = ready.clone().drop_guard();
    tokio::spawn(announce(Arc::clone(&runtime), phase.clone(), ready));

    let drained = async {
        shutdown.cancelled().await;
        tracing::info!(grace_seconds = options.grace.as_secs(), "shutting down");
        phase.send_replace(Phase::Stopping);
        in_flight.close();
        in_flight.wait().await;
        runtime.drain().await;
        tokio::time::sleep(FLUSH).await;
    };
    stop_at_the_latest(server, drained, shutdown.clone(), options.grace).await
}

/// The server's own end, or the end of all calls, or the end of the grace: whichever comes first.
async fn stop_at_the_latest(
    server: impl Future<Output = Result<(), tonic::transport::Error>>,
    drained: impl Future<Output = ()>,
    shutdown: CancellationToken,
    grace: Duration,
) -> Result<(), ServeError> {
    let deadline = async {
        shutdown.cancelled().await;
        tokio::time::Instant::now() + grace
    };
    tokio::pin!(server);
    let deadline = tokio::select! {
        ended = &mut server => return Ok(ended?), // only by a failure: nobody has asked it to stop
        deadline = deadline => deadline,
    };
    let all = async {
        tokio::pin!(drained);
        tokio::select! {
            ended = &mut server => {
                // All connections are closed; writes that outlived their callers may still run.
                drained.await;
                ended
            }
            () = &mut drained => Ok(()),
        }
    };
    match timeout_at(deadline, all).await {
        Ok(ended) => Ok(ended?),
        Err(_) => {
            tracing::warn!(
                grace_seconds = grace.as_secs(),
                "shutdown grace is over, calls under way are cut off"
            );
            Ok(())
        }
    }
}

/// Validates until it works once, then says that the daemon is ready.
async fn announce(runtime: Arc<Runtime>, phase: watch::Sender<Phase>, stop: CancellationToken) {
    let mut wait = REVALIDATE.0;
    let call = Call { caller: "start".to_owned(), ..Call::default() };
    let prove = async {
        while let Err(status) = runtime.validate(&call).await {
            tracing::warn!(code = ?status.code(), error = status.message(), retry_in_seconds = wait.as_secs(), "not ready");
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(REVALIDATE.1);
        }
    };
    if stop.run_until_cancelled(prove).await.is_some() {
        let went = phase.send_if_modified(|p| {
            *p == Phase::Starting && std::mem::replace(p, Phase::Serving) == Phase::Starting
        });
        if went {
            tracing::info!("ready");
        }
    }
}
