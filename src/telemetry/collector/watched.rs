//! What stands between the SDK and its exporter.

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use opentelemetry::trace::{SpanContext, Status, TraceState};
use opentelemetry::{KeyValue, Value};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::logs::{LogBatch, LogExporter};
use opentelemetry_sdk::trace::{SpanData, SpanExporter};

use crate::telemetry::redact::scrub;

/// Where what is said here comes from.
pub(super) const TARGET: &str = module_path!();

/// An exporter that says when it stops and starts to get through, and lets no secret through.
#[derive(Debug)]
pub(super) struct Watched<E> {
    inner: E,
    what: &'static str,
    failing: AtomicBool,
}

impl<E> Watched<E> {
    pub(super) fn new(inner: E, what: &'static str) -> Self {
        Self { inner, what, failing: AtomicBool::new(false) }
    }

    fn tell(&self, outcome: OTelSdkResult) -> OTelSdkResult {
        let failed = outcome.is_err();
        if self.failing.swap(failed, Ordering::Relaxed) != failed {
            let what = self.what;
            match &outcome {
                Ok(()) => tracing::info!(what, "the OpenTelemetry collector is reached again"),
                Err(error) => {
                    tracing::warn!(what, %error, "the OpenTelemetry collector cannot be reached; dropping what does not fit");
                }
            }
        }
        outcome
    }
}

impl<E: SpanExporter> SpanExporter for Watched<E> {
    async fn export(&self, mut batch: Vec<SpanData>) -> OTelSdkResult {
        batch.iter_mut().for_each(clean);
        self.tell(self.inner.export(batch).await)
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.inner.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.inner.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.inner.set_resource(resource);
    }
}

/// Records are clean when they come.
impl<E: LogExporter> LogExporter for Watched<E> {
    async fn export(&self, batch: LogBatch<'_>) -> OTelSdkResult {
        self.tell(self.inner.export(batch).await)
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.inner.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.inner.set_resource(resource);
    }
}

/// Cuts out what is secret, wherever a text can be.
fn clean(span: &mut SpanData) {
    clean_text(&mut span.name);
    clean_values(&mut span.attributes);
    if let Cow::Owned(_) = scrub(&span.span_context.trace_state().header()) {
        let of = &span.span_context;
        let (trace, flags) = (of.trace_id(), of.trace_flags());
        span.span_context = SpanContext::new(trace, of.span_id(), flags, of.is_remote(), TraceState::NONE);
    }
    for event in &mut span.events.events {
        clean_text(&mut event.name);
        clean_values(&mut event.attributes);
    }
    if let Status::Error { description } = &mut span.status {
        clean_text(description);
    }
}

fn clean_values(attributes: &mut [KeyValue]) {
    for attribute in attributes {
        let text = attribute.value.as_str();
        if let Cow::Owned(cleaned) = scrub(&text) {
            attribute.value = Value::from(cleaned);
        }
    }
}

fn clean_text(text: &mut Cow<'static, str>) {
    if let Cow::Owned(cleaned) = scrub(text) {
        *text = Cow::Owned(cleaned);
    }
}
