//! `grpc.health.v1`: whether calls make sense now. It says no until the connector has proved once that it works, and again
//! from the moment a shutdown begins; a watcher is told of each change, and its stream ends with the shutdown.

use std::sync::Arc;

use tokio::sync::watch;
use tokio_stream::{StreamExt as _, wrappers::WatchStream};
use tonic::{Request, Response, Status};
use tonic_health::pb::{
    HealthCheckRequest, HealthCheckResponse, health_check_response::ServingStatus, health_server::Health,
};

/// Where the daemon is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Not validated yet.
    Starting,
    /// Calls are answered.
    Serving,
    /// The end has begun.
    Stopping,
}

impl Phase {
    fn status(self) -> ServingStatus {
        if self == Self::Serving { ServingStatus::Serving } else { ServingStatus::NotServing }
    }
}

/// The health service: one phase for the whole and for every named service.
#[derive(Clone)]
pub(super) struct HealthService {
    names: Arc<[&'static str]>,
    phase: watch::Receiver<Phase>,
}

impl HealthService {
    /// Answers for the named services and for the whole, by the current phase.
    pub(super) fn new(names: &[&'static str], phase: watch::Receiver<Phase>) -> Self {
        Self { names: names.into(), phase }
    }

    fn knows(&self, service: &str) -> bool {
        service.is_empty() || self.names.contains(&service)
    }

    fn now(&self) -> HealthCheckResponse {
        answer(self.phase.borrow().status())
    }
}

fn answer(status: ServingStatus) -> HealthCheckResponse {
    HealthCheckResponse { status: status.into() }
}

#[tonic::async_trait]
impl Health for HealthService {
    type WatchStream = futures::stream::BoxStream<'static, Result<HealthCheckResponse, Status>>;

    async fn check(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        let service = &request.get_ref().service;
        if self.knows(service) {
            return Ok(Response::new(self.now()));
        }
        Err(Status::not_found(format!("unknown service {service}")))
    }

    async fn watch(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        let known = self.knows(&request.get_ref().service);
        let mut over = false;
        let changes = WatchStream::new(self.phase.clone()).take_while(move |phase| {
            // The last word is said, then the stream ends, so that no watcher holds up the shutdown.
            !std::mem::replace(&mut over, *phase == Phase::Stopping)
        });
        let told = move |phase: Phase| {
            Ok(answer(if known { phase.status() } else { ServingStatus::ServiceUnknown }))
        };
        Ok(Response::new(Box::pin(changes.map(told))))
    }
}
