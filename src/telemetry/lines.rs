//! The layer that turns events into lines: for the log, for the logs that single tasks keep, and for the collector.

use std::sync::Arc;
use std::time::SystemTime;

use opentelemetry::trace::TraceContextExt as _;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

use super::caller::caller;
use super::collector::Records;
use super::fields::Fields;
use super::line::{Format, Line};
use super::listeners::Listeners;
use super::output::Output;
use super::redact;

/// Turns events into lines.
pub(super) struct Lines<O> {
    pub(super) format: Format,
    pub(super) output: O,
    pub(super) now: fn() -> SystemTime,
    pub(super) listeners: Arc<Listeners>,
    /// Where log records go beside the output.
    pub(super) records: Option<Records>,
}

impl<S, O> Layer<S> for Lines<O>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    O: Output,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            let mut fields = Fields::default();
            attributes.record(&mut fields);
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let metadata = event.metadata();
        let logged = self.listeners.logged(metadata);
        let around = || context.event_scope(event).into_iter().flatten();
        let kept = self.listeners.kept(metadata, || around().map(|span| span.id()));
        if !logged && kept.is_none() {
            return;
        }
        // The event's own fields come first; then those of the spans around it, the inner ones before the outer ones.
        let mut fields = Fields::default();
        event.record(&mut fields);
        for span in around() {
            if let Some(around) = span.extensions().get::<Fields>() {
                fields.extend_missing(around);
            }
        }
        let (at, level, caller) = ((self.now)(), *metadata.level(), &*caller(metadata));
        if logged && let Some(records) = &self.records {
            records.emit(
                metadata.target(),
                around().next().is_some(),
                &Line { at, level, caller, fields: &fields },
            );
        }
        if let Some(trace) = entered_trace() {
            fields.set_missing("trace_id", trace.into());
        }
        let line = Line { at, level, caller, fields: &fields };
        if let Some(output) = kept {
            output.write_line(&redact::scrub(&line.render(Format::Json)));
        }
        if logged {
            self.output.write_line(&redact::scrub(&line.render(self.format)));
        }
    }
}

/// The trace under which the collector shows what happens here; none without a collector.
fn entered_trace() -> Option<String> {
    opentelemetry::Context::map_current(|context| {
        let span = context.span();
        let context = span.span_context();
        context.is_valid().then(|| context.trace_id().to_string())
    })
}
