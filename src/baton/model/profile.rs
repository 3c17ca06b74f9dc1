//! Profiles: `google.protobuf.Struct` from plain values, and timestamps.

use prost_types::{ListValue, Struct, Timestamp, Value, value::Kind};

/// A profile being filled. A value that is not known is left out, never written as empty or false.
#[derive(Debug, Clone, Default)]
pub struct Profile(Struct);

impl Profile {
    /// An empty profile.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// With a text, when known and not empty.
    #[must_use]
    pub fn text(self, key: &str, value: Option<impl Into<String>>) -> Self {
        self.set(key, value.map(Into::into).filter(|v| !v.is_empty()).map(Kind::StringValue))
    }

    /// With a yes or no, when known.
    #[must_use]
    pub fn flag(self, key: &str, value: Option<bool>) -> Self {
        self.set(key, value.map(Kind::BoolValue))
    }

    /// With a number, when known. All numbers of a profile are doubles.
    #[must_use]
    pub fn number(self, key: &str, value: Option<f64>) -> Self {
        self.set(key, value.map(Kind::NumberValue))
    }

    /// With a list of texts, when it is not empty.
    #[must_use]
    pub fn texts(self, key: &str, values: impl IntoIterator<Item = String>) -> Self {
        let values: Vec<_> = values.into_iter().map(|v| Value { kind: Some(Kind::StringValue(v)) }).collect();
        let list = (!values.is_empty()).then_some(Kind::ListValue(ListValue { values }));
        self.set(key, list)
    }

    fn set(mut self, key: &str, kind: Option<Kind>) -> Self {
        if kind.is_some() {
            self.0.fields.insert(key.to_owned(), Value { kind });
        }
        self
    }

    /// The message; `None` when nothing is known.
    #[must_use]
    pub fn build(self) -> Option<Struct> {
        (!self.0.fields.is_empty()).then_some(self.0)
    }
}

/// A moment given as seconds since the epoch; `None` for what is not a moment: zero, negative, NaN or out of range.
#[must_use]
#[allow(clippy::cast_possible_truncation)] // bounded two lines above
pub fn timestamp(epoch_seconds: f64) -> Option<Timestamp> {
    const YEAR_10000: f64 = 253_402_300_800.0;
    if !(epoch_seconds > 0.0 && epoch_seconds < YEAR_10000) {
        return None;
    }
    let nanos = ((epoch_seconds.fract() * 1e9) as i32).clamp(0, 999_999_999);
    Some(Timestamp { seconds: epoch_seconds.trunc() as i64, nanos })
}
