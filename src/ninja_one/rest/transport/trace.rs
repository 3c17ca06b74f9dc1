//! Tells logs and metrics about each attempt: which call, how it ended, how long it took. Never bodies, ids or tokens.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::time::Instant;
use tracing::{Instrument as _, Span, field};

use super::super::error::Error;
use super::super::observer::{RequestEnd, RequestObserver, RequestReport};
use super::{Answer, Request, Sink, Transport};

/// The layer.
pub(in super::super) struct Trace<T> {
    inner: T,
    observer: Arc<dyn RequestObserver>,
}

impl<T: Transport> Trace<T> {
    pub(in super::super) fn new(inner: T, observer: Arc<dyn RequestObserver>) -> Self {
        Self { inner, observer }
    }
}

/// Reports an attempt exactly once, also when its future is dropped.
struct Attempt<'a> {
    observer: &'a dyn RequestObserver,
    request: &'a Request,
    span: Span,
    started: Instant,
    reported: bool,
}

impl Attempt<'_> {
    fn report(&mut self, end: RequestEnd<'_>) {
        self.reported = true;
        let elapsed = self.started.elapsed();
        self.span.record("elapsed_ms", i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX));
        self.span.record("outcome", end.label());
        if matches!(end, RequestEnd::Failure(_)) {
            self.span.record("otel.status_code", "error");
        }
        let (endpoint, attempt) = (self.request.endpoint, self.request.attempt);
        self.observer.request_finished(&RequestReport { endpoint, end, elapsed, attempt });
        self.span.in_scope(|| tracing::debug!("NinjaOne request ended"));
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        if !self.reported {
            self.report(RequestEnd::Cancelled);
        }
    }
}

#[async_trait]
impl<T: Transport> Transport for Trace<T> {
    async fn send(&self, request: &Request, sink: &mut dyn Sink) -> Result<Answer, Error> {
        let span = tracing::info_span!(
            "ninja_one_request",
            otel.kind = "client",
            otel.name = format_args!("{} {}", request.endpoint.method(), request.endpoint.template()),
            otel.status_code = field::Empty,
            method = %request.endpoint.method(),
            path = request.endpoint.template(),
            // Numbers are signed in traces; others would arrive as texts.
            attempt = i64::from(request.attempt),
            status = field::Empty,
            outcome = field::Empty,
            elapsed_ms = field::Empty,
            ninja_one_request_id = field::Empty,
            incident_id = field::Empty,
        );
        let mut attempt = Attempt {
            observer: &*self.observer,
            request,
            span: span.clone(),
            started: Instant::now(),
            reported: false,
        };
        let result = self.inner.send(request, sink).instrument(span.clone()).await;
        match &result {
            Ok(answer) => {
                span.record("status", i64::from(answer.status));
                span.record("ninja_one_request_id", answer.request_id.as_deref());
                attempt.report(RequestEnd::Success { status: answer.status });
            }
            Err(error) => {
                span.record("status", error.status().map(i64::from));
                span.record("ninja_one_request_id", error.request_id());
                span.record("incident_id", error.incident_id());
                attempt.report(RequestEnd::Failure(error));
            }
        }
        result
    }
}

#[cfg(test)]
mod tests {
    // A test may panic: that is how it fails.
    #![allow(clippy::unwrap_used)]

    use std::sync::Mutex;
    use std::time::Duration;

    use super::super::super::endpoint::Endpoint;
    use super::super::super::error_kind::ErrorKind;
    use super::super::super::testing::{Script, fine};
    use super::super::Buffer;
    use super::*;

    #[derive(Default)]
    struct Labels(Mutex<Vec<(&'static str, &'static str, u64)>>);

    impl RequestObserver for Labels {
        fn request_finished(&self, report: &RequestReport<'_>) {
            let label = (report.endpoint.label(), report.end.label(), report.elapsed.as_secs());
            self.0.lock().unwrap().push(label);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn every_attempt_is_reported_once_also_one_that_is_dropped() {
        let script = Script::new([fine(), Err(Error::new(ErrorKind::Gateway))]).slow(Duration::from_secs(3));
        let labels = Arc::new(Labels::default());
        let trace = Trace::new(Arc::new(script), Arc::clone(&labels) as Arc<dyn RequestObserver>);
        let request = Request::new(Endpoint::DeleteEndUser, "/v2/user/end-user/7", 1);
        let _ = trace.send(&request, &mut Buffer::default()).await;
        let _ = trace.send(&request, &mut Buffer::default()).await;
        let mut sink = Buffer::default();
        let dropped = tokio::time::timeout(Duration::from_secs(1), trace.send(&request, &mut sink));
        assert!(dropped.await.is_err());
        let expected = [
            ("delete_end_user", "success", 3),
            ("delete_end_user", "gateway", 3),
            ("delete_end_user", "cancelled", 1),
        ];
        assert_eq!(*labels.0.lock().unwrap(), expected);
    }
}
