//! Traces and log records for an OpenTelemetry collector, over OTLP with gRPC.
//!
//! - [`Reach`]: where the collector is and whom to trust there.
//! - `records`: log lines as log records, with the trace that they belong to.
//! - `watched`: what stands between the SDK and its exporter: it cuts out secrets, and says once when the collector cannot be
//!   reached and once when it can be again.
//!
//! Batches, queues, retries and sampling are those of the OpenTelemetry SDK, and so are the variables `OTEL_*` that change
//! them. What finds no room in a queue is dropped: telemetry never holds up the work that it tells about.

mod reach;
mod records;
mod watched;

use std::time::{Duration, Instant};

use opentelemetry::logs::LoggerProvider as _;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{LogExporter, SpanExporter, WithTonicConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::logs::SdkLoggerProvider;
use opentelemetry_sdk::trace::SdkTracerProvider;
use secrecy::SecretString;
use tonic::transport::Channel;
use tracing::Subscriber;
use tracing_subscriber::layer::Layer;
use tracing_subscriber::registry::LookupSpan;

pub use self::reach::{CollectorError, Reach};
pub(super) use self::records::Records;
use self::watched::Watched;
use super::redact;

/// The scope under which spans and records are sent.
const SCOPE: &str = env!("CARGO_PKG_NAME");

/// What is sent to a collector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signals {
    /// Spans, from a call or a task to the request to NinjaOne.
    pub traces: bool,
    /// What is logged, at the level of the log.
    pub logs: bool,
}

/// A collector that is sent to.
pub struct Collector {
    traces: Option<SdkTracerProvider>,
    logs: Option<SdkLoggerProvider>,
}

impl Collector {
    /// Begins to send. The collector is connected to when there is something to send.
    ///
    /// Has to be called within a tokio runtime, which then carries the connection.
    ///
    /// # Errors
    /// What is wrong with the way to the collector.
    pub fn new(reach: &Reach, signals: Signals) -> Result<Self, CollectorError> {
        let channel = reach.channel()?;
        hide_headers(&|name| std::env::var(name).ok());
        let mut resource = Resource::builder();
        if !is_named(&|name| std::env::var(name).ok()) {
            resource = resource.with_service_name(SCOPE);
        }
        let version = opentelemetry::KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
        let resource = resource.with_attribute(version).build();
        let traces = signals.traces.then(|| traces(channel.clone(), resource.clone())).transpose()?;
        let logs = signals.logs.then(|| logs(channel, resource)).transpose()?;
        Ok(Self { traces, logs })
    }

    /// The layer that turns our spans into theirs.
    pub(super) fn traces<S>(&self) -> Option<impl Layer<S> + use<S>>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let tracer = self.traces.as_ref()?.tracer(SCOPE);
        let layer = tracing_opentelemetry::layer()
            .with_tracer(tracer)
            .with_threads(false)
            .with_tracked_inactivity(false);
        // Events go out as log records.
        Some(layer.with_filter(tracing_subscriber::filter::filter_fn(|of| of.is_span())))
    }

    /// Where log records go.
    pub(super) fn records(&self) -> Option<Records> {
        self.logs.as_ref().map(|logs| Records::new(logs.logger(SCOPE)))
    }

    /// Sends what is left and stops, within `patience`. Blocks.
    pub(super) fn finish(&self, patience: Duration) {
        let end = Instant::now() + patience;
        if let Some(traces) = &self.traces {
            // The last lines of a log matter most, and must not be left without time.
            let theirs = if self.logs.is_some() { patience / 2 } else { patience };
            let _ = traces.shutdown_with_timeout(theirs);
        }
        if let Some(logs) = &self.logs {
            let _ = logs.shutdown_with_timeout(end.saturating_duration_since(Instant::now()));
        }
    }
}

fn traces(channel: Channel, resource: Resource) -> Result<SdkTracerProvider, CollectorError> {
    let exporter = SpanExporter::builder().with_tonic().with_channel(channel).build()?;
    let exporter = Watched::new(exporter, "traces");
    Ok(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build())
}

fn logs(channel: Channel, resource: Resource) -> Result<SdkLoggerProvider, CollectorError> {
    let exporter = LogExporter::builder().with_tonic().with_channel(channel).build()?;
    let exporter = Watched::new(exporter, "logs");
    Ok(SdkLoggerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build())
}

/// The headers that the exporter is given in the environment are credentials.
fn hide_headers(environment: &dyn Fn(&str) -> Option<String>) {
    for signal in ["", "TRACES_", "LOGS_"] {
        let headers = environment(&format!("OTEL_EXPORTER_OTLP_{signal}HEADERS")).unwrap_or_default();
        for (_, value) in headers.split(',').filter_map(|header| header.split_once('=')) {
            let value = percent_encoding::percent_decode_str(value.trim()).decode_utf8_lossy();
            // A scheme, such as Bearer, is no secret, and what follows it is one on its own.
            for part in value.split_whitespace().chain([&*value]) {
                redact::register_secret(&SecretString::from(part));
            }
        }
    }
}

/// Whether the environment names the service; then that name wins, as the specification of OpenTelemetry wants.
fn is_named(environment: &dyn Fn(&str) -> Option<String>) -> bool {
    let given = |name| environment(name).filter(|text| !text.is_empty());
    given("OTEL_SERVICE_NAME").is_some()
        || given("OTEL_RESOURCE_ATTRIBUTES")
            .is_some_and(|all| all.split(',').any(|pair| pair.trim_start().starts_with("service.name=")))
}
