//! What the health pages say.

use std::{sync::Arc, time::Duration};

use axum::{
    Json, Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::{Map, Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tokio_util::sync::CancellationToken;

use super::Checker;
use crate::{
    baton::readiness::{Readiness, Report, Standing},
    telemetry::{
        metrics::{CONTENT_TYPE, Metrics},
        redact,
    },
};

/// How old the validation behind `/health` may be.
const HEALTH_AGE: Duration = Duration::from_secs(5);
/// How old the validation behind `/ready` may grow before a new one begins.
const READY_AGE: Duration = Duration::from_secs(60);

/// What the pages are made from.
pub(in crate::cli) struct Pages {
    /// Every condition.
    pub(in crate::cli) readiness: Readiness,
    /// Who validates.
    pub(in crate::cli) checker: Arc<Checker>,
    /// What `/metrics` shows.
    pub(in crate::cli) metrics: Arc<Metrics>,
    /// Cancelled when the end has begun: the process is not ready from then on.
    pub(in crate::cli) stopping: CancellationToken,
}

impl Pages {
    pub(super) fn health(self: Arc<Self>, with_metrics: bool) -> Router {
        let router =
            Router::new().route("/health", get(health)).route("/ready", get(ready)).route("/live", get(live));
        let router = if with_metrics { router.route("/metrics", get(metrics)) } else { router };
        router.with_state(self)
    }

    pub(super) fn metrics(self: Arc<Self>) -> Router {
        Router::new().route("/metrics", get(metrics)).with_state(self)
    }

    fn details(&self) -> Map<String, Value> {
        let reports = self.readiness.reports();
        reports.iter().map(|report| (report.name.to_owned(), detail(report))).collect()
    }
}

async fn health(State(pages): State<Arc<Pages>>) -> Response {
    let healthy = pages.checker.standing(HEALTH_AGE).await == Standing::Good;
    page(healthy, ["healthy", "unhealthy"], pages.details())
}

async fn ready(State(pages): State<Arc<Pages>>) -> Response {
    pages.checker.refresh(READY_AGE);
    let mut details = pages.details();
    let stopping = pages.stopping.is_cancelled();
    if stopping {
        details.insert("process".to_owned(), json!({"status": "stopping"}));
    }
    page(pages.readiness.is_ready() && !stopping, ["ready", "not_ready"], details)
}

async fn live() -> Response {
    page(true, ["alive", ""], Map::new())
}

async fn metrics(State(pages): State<Arc<Pages>>) -> Response {
    ([(header::CONTENT_TYPE, CONTENT_TYPE)], pages.metrics.render()).into_response()
}

fn page(good: bool, [yes, no]: [&str; 2], details: Map<String, Value>) -> Response {
    let (code, status) = if good { (StatusCode::OK, yes) } else { (StatusCode::SERVICE_UNAVAILABLE, no) };
    // A format that is known to work cannot fail.
    let timestamp = OffsetDateTime::now_utc().format(&Rfc3339).unwrap_or_default();
    let body = json!({"status": status, "timestamp": timestamp, "details": details});
    (code, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

fn detail(report: &Report) -> Value {
    let since = OffsetDateTime::from(report.since).format(&Rfc3339).unwrap_or_default();
    let mut detail = json!({"status": report.word(), "since": since});
    if let (Some(message), Some(fields)) = (report.message(), detail.as_object_mut()) {
        fields.insert("message".to_owned(), Value::from(redact::scrub(message)));
    }
    detail
}
