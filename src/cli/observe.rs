//! Between the rooms that say what happens and the metrics that count it.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use tonic::Code;

use crate::{
    baton::{
        readiness::{Readiness, Standing},
        server::{CallReport, Denial, ServerObserver},
        service_mode::ServiceObserver,
        sync,
    },
    ninja_one::{
        NinjaOne, WriteListener,
        rest::{Endpoint, Error, RequestObserver, RequestReport},
    },
    telemetry::metrics::{Metrics, SUCCESS, SyncReport, SyncSize},
};

/// Counts what the REST client and the gRPC daemon report.
pub(super) struct Counted(Arc<Metrics>);

impl Counted {
    pub(super) fn new(metrics: &Arc<Metrics>) -> Arc<Self> {
        for denial in Denial::ALL {
            metrics.expect_denial(denial.label());
        }
        Arc::new(Self(Arc::clone(metrics)))
    }
}

impl RequestObserver for Counted {
    fn request_finished(&self, report: &RequestReport<'_>) {
        self.0.rest_request(report.endpoint.label(), report.end.label(), report.elapsed);
    }

    fn retry_scheduled(&self, endpoint: Endpoint, error: &Error, _delay: Duration) {
        self.0.rest_retry(endpoint.label(), error.kind().label());
    }

    fn throttled(&self, pause: Duration) {
        self.0.rest_throttled(pause);
    }

    fn token_refreshed(&self, failure: Option<&Error>) {
        self.0.token_refreshed(failure.map_or(SUCCESS, |error| error.kind().label()));
    }
}

impl ServerObserver for Counted {
    fn call_ended(&self, report: &CallReport<'_>) {
        self.0.grpc_call(report.method, code(report.code), report.elapsed);
    }

    fn denied(&self, denial: Denial) {
        self.0.grpc_denied(denial.label());
    }

    fn connection_opened(&self) {
        self.0.grpc_connection_opened();
    }

    fn connection_closed(&self) {
        self.0.grpc_connection_closed();
    }

    fn certificate_expires(&self, at: SystemTime) {
        self.0.certificate_expires(at);
    }
}

/// Counts what came of writes, and what was refused before anything was sent.
pub(super) fn writes(metrics: &Arc<Metrics>) -> WriteListener {
    let metrics = Arc::clone(metrics);
    WriteListener(Arc::new(move |operation, outcome, reason| {
        metrics.provisioning_write(operation, outcome);
        if outcome == "refused" {
            metrics.guard_refused(reason);
        }
    }))
}

impl ServiceObserver for Counted {
    fn task_started(&self, kind: &'static str) {
        self.0.task_started(kind);
    }

    fn task_finished(&self, kind: &'static str, outcome: &'static str, elapsed: Duration) {
        self.0.task_finished(kind, outcome, elapsed);
    }

    fn sync_finished(&self, kind: &'static str, written: Option<(&sync::Report, u64)>, elapsed: Duration) {
        let size = written.map(|(report, bytes)| SyncSize {
            resources: report.stats.resources,
            entitlements: report.stats.entitlements,
            grants: report.stats.grants,
            file_bytes: Some(bytes),
        });
        let outcome = if size.is_some() { SUCCESS } else { "error" };
        let report = SyncReport { kind, outcome, elapsed, size: size.unwrap_or_default() };
        self.0.sync_finished(&report, SystemTime::now());
    }
}

/// Lets each scrape look at the newest snapshot of the tenant.
pub(super) fn directory(metrics: &Metrics, connector: &Arc<NinjaOne>) {
    let connector = Arc::clone(connector);
    metrics.at_scrape(move |metrics| {
        let directory = connector.directory();
        if let (Some(age), Some(snapshot)) = (directory.age(), directory.peek()) {
            metrics.directory(age, snapshot.account_count(), snapshot.roles_after(None).len());
        }
    });
}

/// Lets each scrape look at the conditions.
pub(super) fn readiness(metrics: &Metrics, readiness: &Readiness) {
    let readiness = readiness.clone();
    metrics.at_scrape(move |metrics| {
        for report in readiness.reports() {
            metrics.condition(report.name, report.standing == Standing::Good);
        }
    });
}

/// A status code as a label.
fn code(code: Code) -> &'static str {
    match code {
        Code::Ok => "ok",
        Code::Cancelled => "cancelled",
        Code::Unknown => "unknown",
        Code::InvalidArgument => "invalid_argument",
        Code::DeadlineExceeded => "deadline_exceeded",
        Code::NotFound => "not_found",
        Code::AlreadyExists => "already_exists",
        Code::PermissionDenied => "permission_denied",
        Code::ResourceExhausted => "resource_exhausted",
        Code::FailedPrecondition => "failed_precondition",
        Code::Aborted => "aborted",
        Code::OutOfRange => "out_of_range",
        Code::Unimplemented => "unimplemented",
        Code::Internal => "internal",
        Code::Unavailable => "unavailable",
        Code::DataLoss => "data_loss",
        Code::Unauthenticated => "unauthenticated",
    }
}
