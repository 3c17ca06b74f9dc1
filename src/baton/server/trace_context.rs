//! The trace that a caller's call is part of: the W3C headers `traceparent` and `tracestate`.
//!
//! Source of truth: the W3C recommendation Trace Context. Headers that do not obey it are as good as none.

use http::HeaderMap;
use opentelemetry::{
    propagation::{Extractor, TextMapPropagator as _},
    trace::TraceContextExt as _,
};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

/// Makes the span, which must not have been entered yet, part of the caller's trace; log lines show which.
pub(super) fn continue_trace(span: &Span, headers: &HeaderMap) {
    let context = TraceContextPropagator::new().extract(&Headers(headers));
    let caller = context.span().span_context().clone();
    if caller.is_valid() {
        span.record("trace_id", tracing::field::display(caller.trace_id()));
        // Fails only where nobody collects traces.
        let _ = span.set_parent(context);
    }
}

struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(http::HeaderName::as_str).collect()
    }
}
