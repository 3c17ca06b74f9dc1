//! Log lines as log records.

use opentelemetry::logs::{AnyValue, LogRecord as _, Logger as _, Severity};
use opentelemetry_sdk::logs::SdkLogger;
use serde_json::Value;

use crate::telemetry::level::AUDIT;
use crate::telemetry::line::Line;
use crate::telemetry::redact::scrub;

/// Where log records go. The SDK adds the trace that is entered.
pub(in crate::telemetry) struct Records(SdkLogger);

impl Records {
    pub(super) fn new(logger: SdkLogger) -> Self {
        Self(logger)
    }

    /// Sends a line, with whatever is secret cut out; `within` says whether it was said within one of our spans.
    pub(in crate::telemetry) fn emit(&self, target: &'static str, within: bool, line: &Line<'_>) {
        // What is said about the way to the collector, by us or by a library that carries it, would come back for ever.
        let ours = target.starts_with(env!("CARGO_CRATE_NAME")) || target == AUDIT;
        if target.starts_with(super::watched::TARGET) || !(ours || within) {
            return;
        }
        let mut record = self.0.create_log_record();
        record.set_timestamp(line.at);
        record.set_severity_number(severity(line.level));
        record.set_severity_text(line.level.as_str());
        record.set_target(target);
        record.set_body(AnyValue::from(scrub(line.message()).into_owned()));
        record.add_attribute("caller", line.caller.to_owned());
        for (name, value) in &line.fields.values {
            record.add_attribute(name.clone(), attribute(value));
        }
        self.0.emit(record);
    }
}

fn severity(level: tracing::Level) -> Severity {
    match level {
        tracing::Level::TRACE => Severity::Trace,
        tracing::Level::DEBUG => Severity::Debug,
        tracing::Level::INFO => Severity::Info,
        tracing::Level::WARN => Severity::Warn,
        tracing::Level::ERROR => Severity::Error,
    }
}

fn attribute(value: &Value) -> AnyValue {
    match value {
        Value::Bool(value) => AnyValue::from(*value),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => AnyValue::from(whole),
            (None, Some(real)) => AnyValue::from(real),
            (None, None) => AnyValue::from(number.to_string()),
        },
        Value::String(text) => AnyValue::from(scrub(text).into_owned()),
        other => AnyValue::from(scrub(&other.to_string()).into_owned()),
    }
}
