//! The fields of events and spans as JSON values, in the order in which they were recorded.

use std::error::Error;
use std::fmt::Debug;

use serde_json::{Value, json};
use tracing::field::{Field, Visit};

/// The keys that every line starts with; a field of that name gets an underscore behind it.
const RESERVED: [&str; 4] = ["level", "ts", "caller", "msg"];

/// Recorded fields, and the message apart from them.
#[derive(Debug, Default, Clone)]
pub(super) struct Fields {
    pub(super) message: Option<String>,
    pub(super) values: Vec<(String, Value)>,
}

impl Fields {
    /// Sets a field; a later value replaces an earlier one in its place.
    pub(super) fn set(&mut self, name: &str, value: Value) {
        let name = if RESERVED.contains(&name) { format!("{name}_") } else { name.to_owned() };
        match self.values.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => *old = value,
            None => self.values.push((name, value)),
        }
    }

    /// Adds those fields of `other` that are not there yet.
    pub(super) fn extend_missing(&mut self, other: &Self) {
        for (name, value) in &other.values {
            self.set_missing(name, value.clone());
        }
    }

    /// Adds a field unless it is there.
    pub(super) fn set_missing(&mut self, name: &str, value: Value) {
        if self.values.iter().all(|(known, _)| known != name) {
            self.values.push((name.to_owned(), value));
        }
    }

    fn record(&mut self, field: &Field, value: Value) {
        // What only traces need has a prefix of its own.
        if !field.name().starts_with("otel.") {
            // `r#type` is how a field named like a keyword has to be written.
            self.set(field.name().trim_start_matches("r#"), value);
        }
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message" {
            self.message = Some(format!("{value:?}"));
        } else {
            self.record(field, Value::String(format!("{value:?}")));
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            self.message = Some(value.to_owned());
        } else {
            self.record(field, Value::String(value.to_owned()));
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.record(field, json!(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.record(field, json!(value));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.record(field, if value.is_finite() { json!(value) } else { Value::String(value.to_string()) });
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.record(field, json!(value));
    }

    /// The error with its causes, each once: many errors repeat their cause in their own text.
    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        let mut text = value.to_string();
        let mut cause = value.source();
        while let Some(error) = cause {
            let next = error.to_string();
            if !text.contains(&next) {
                text.push_str(": ");
                text.push_str(&next);
            }
            cause = error.source();
        }
        self.record(field, Value::String(text));
    }
}
