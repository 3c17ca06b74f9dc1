//! One log line, in one of the reference's two shapes.

use std::fmt::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;
use time::OffsetDateTime;
use time::macros::format_description;

use super::fields::Fields;

/// The shape of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One JSON object: `level`, `ts`, `caller`, `msg`, then the fields.
    Json,
    /// Time, level, caller, message and the fields as JSON, separated by tabs.
    Console,
}

impl Format {
    /// Reads a `log-format` setting. Without one it depends on whether stdout is a terminal. An unknown one means JSON, as in
    /// the reference; then `None`.
    pub fn parse(text: Option<&str>, stdout_is_terminal: bool) -> Option<Self> {
        match text {
            None | Some("") => Some(if stdout_is_terminal { Self::Console } else { Self::Json }),
            Some("json") => Some(Self::Json),
            Some("console") => Some(Self::Console),
            Some(_) => None,
        }
    }
}

/// What a line says.
pub(super) struct Line<'a> {
    pub(super) at: SystemTime,
    pub(super) level: tracing::Level,
    pub(super) caller: &'a str,
    pub(super) fields: &'a Fields,
}

impl Line<'_> {
    /// The line with its line break, and no other line break in it.
    pub(super) fn render(&self, format: Format) -> String {
        let mut out = String::with_capacity(256);
        match format {
            Format::Json => self.json(&mut out),
            Format::Console => self.console(&mut out),
        }
        out.push('\n');
        out
    }

    pub(super) fn message(&self) -> &str {
        self.fields.message.as_deref().unwrap_or_default()
    }

    fn json(&self, out: &mut String) {
        let since = self.at.duration_since(UNIX_EPOCH).unwrap_or_default();
        // Writing to a String cannot fail, here and below.
        let _ = write!(
            out,
            "{{\"level\":\"{}\",\"ts\":{}.{:06},\"caller\":{},\"msg\":{}",
            self.level.as_str().to_ascii_lowercase(),
            since.as_secs(),
            since.subsec_micros(),
            Value::from(self.caller),
            Value::from(self.message()),
        );
        for (name, value) in &self.fields.values {
            let _ = write!(out, ",{}:{value}", Value::from(name.as_str()));
        }
        out.push('}');
    }

    fn console(&self, out: &mut String) {
        let at = OffsetDateTime::from(self.at);
        let shape =
            format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
        let _ = write!(
            out,
            "{}\t{}\t{}\t",
            at.format(shape).unwrap_or_default(),
            self.level.as_str(),
            self.caller
        );
        // Text from outside must not be able to forge a line or move the cursor.
        visible(out, self.message());
        if !self.fields.values.is_empty() {
            out.push_str("\t{");
            for (at, (name, value)) in self.fields.values.iter().enumerate() {
                let comma = if at == 0 { "" } else { ", " };
                let _ = write!(out, "{comma}{}: ", Value::from(name.as_str()));
                visible(out, &value.to_string());
            }
            out.push('}');
        }
    }
}

fn visible(out: &mut String, text: &str) {
    for character in text.chars() {
        if character.is_control() {
            out.extend(character.escape_default());
        } else {
            out.push(character);
        }
    }
}
