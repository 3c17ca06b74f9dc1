//! The gRPC daemon: a `Runtime` behind a listener.
//!
//! It gets its listener and its shutdown from outside. Layers, from the wire inwards: connections and TLS (`door`),
//! HTTP/2 limits and deadlines (tonic), `observe` (request id, span, reports, panics), the door's question for identity,
//! right and rate, `turns` (concurrency), `services` (translation), and the runtime, where the rules live.

mod door;
mod health;
mod observe;
mod observer;
mod reflection;
mod services;
mod trace_context;
mod turns;

use std::{future::Future, io, sync::Arc, time::Duration};

use tokio::{
    net::TcpListener,
    sync::watch,
    time::{timeout, timeout_at},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tonic::{Status, transport::Server};
use tonic_health::pb::health_server::HealthServer;

use self::{
    door::{Admit, Methods, incoming},
    health::{HealthService, Phase},
    observe::Observe,
    turns::Turns,
};
use crate::baton::{
    connector::Call,
    readiness::{Condition, Standing},
    runtime::Runtime,
};

pub use door::{Denial, Door, DoorError, DoorOptions, File, Patience, TlsFiles, denials_page};
pub use observer::{CallReport, NoObserver, ServerObserver};

/// How long answers that are already written may take to leave once nothing else is under way.
const FLUSH: Duration = Duration::from_millis(500);
/// The first and the longest wait between attempts to validate at the start.
const REVALIDATE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));
/// The longest that one of them may take.
const VALIDATION: Duration = Duration::from_secs(30);
/// Calls at a time on one connection.
const STREAMS: u32 = 256;
/// HTTP/2's own bound on headers, at which it answers by itself. The door's bound is lower, so that it can say so.
const HEADER_LIST: u32 = 64 * 1024;
/// How often a silent peer is asked whether it is still there, and how long it may take to say so.
const KEEPALIVE: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(20));

/// How the daemon serves.
#[derive(Debug, Clone)]
pub struct Options {
    /// How many calls may run at once in the process; more wait for their turn.
    pub max_concurrent_requests: usize,
    /// How long a shutdown may take.
    pub grace: Duration,
    /// Who may come in.
    pub door: Door,
    /// Told what happens.
    pub observer: Arc<dyn ServerObserver>,
    /// Told whether the application could be reached at the start.
    pub application: Option<Condition>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            max_concurrent_requests: 64,
            grace: Duration::from_secs(25),
            door: Door::default(),
            observer: Arc::new(NoObserver),
            application: None,
        }
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

    let (Options { max_concurrent_requests, grace, door, observer, application }, in_flight) =
        (options, TaskTracker::new());
    let methods = Arc::new(Methods::of(&names));
    let patience = door.options().patience;
    let observe = Observe {
        in_flight: in_flight.clone(),
        methods: Arc::clone(&methods),
        patience,
        observer: Arc::clone(&observer),
    };
    let connections = incoming(listener, door.clone(), Arc::clone(&observer), shutdown.clone());
    let server = Server::builder()
        .http2_keepalive_interval(Some(KEEPALIVE.0))
        .http2_keepalive_timeout(Some(KEEPALIVE.1))
        .http2_max_header_list_size(HEADER_LIST)
        .max_concurrent_streams(STREAMS)
        .max_connection_age(patience.age)
        .layer(observe)
        .layer(Admit::new(door.clone(), methods, Arc::clone(&observer)))
        .layer(Turns::new(max_concurrent_requests))
        .add_routes(routes)
        .serve_with_incoming_shutdown(connections, shutdown.clone().cancelled_owned());

    let done = CancellationToken::new();
    let _stop_beside = done.clone().drop_guard();
    tokio::spawn(announce(Arc::clone(&runtime), phase.clone(), application, done.clone()));
    tokio::spawn(async move { done.run_until_cancelled(door.keep_fresh(observer)).await });

    let drained = async {
        shutdown.cancelled().await;
        tracing::info!(grace_seconds = grace.as_secs(), "shutting down");
        phase.send_replace(Phase::Stopping);
        in_flight.close();
        in_flight.wait().await;
        runtime.drain().await;
        tokio::time::sleep(FLUSH).await;
    };
    stop_at_the_latest(server, drained, shutdown.clone(), grace).await
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
async fn announce(
    runtime: Arc<Runtime>,
    phase: watch::Sender<Phase>,
    application: Option<Condition>,
    stop: CancellationToken,
) {
    let mut wait = REVALIDATE.0;
    let call = Call { caller: "start".to_owned(), ..Call::default() };
    let prove = async {
        loop {
            let late = |_| Err(Status::deadline_exceeded("the validation did not end in time"));
            let outcome = timeout(VALIDATION, runtime.validate(&call)).await.unwrap_or_else(late);
            if let Some(condition) = &application {
                condition.set(Standing::of(&outcome));
            }
            let Err(status) = outcome else { return };
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
