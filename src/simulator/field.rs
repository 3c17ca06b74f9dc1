//! Values as they stand in an answer: a field may be missing, null, or there.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Serialize, Serializer, ser::Error as _};
use serde_json::value::RawValue;

/// One field of an answer: missing, an explicit null, or a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Field<T> {
    /// The property is not sent.
    #[default]
    Absent,
    /// The property is sent as `null`.
    Null,
    /// The property is sent with this value.
    Value(T),
}

impl<T> Field<T> {
    /// The value, when there is one.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Null => None,
        }
    }

    /// Whether the property is left out of the answer.
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// The same field with its value borrowed.
    pub fn as_ref(&self) -> Field<&T> {
        match self {
            Self::Absent => Field::Absent,
            Self::Null => Field::Null,
            Self::Value(value) => Field::Value(value),
        }
    }
}

impl Field<String> {
    /// The text, empty when there is none.
    pub fn text(&self) -> &str {
        self.value().map_or("", String::as_str)
    }
}

impl Field<bool> {
    /// Whether the field is there and true.
    pub fn is_true(&self) -> bool {
        self.value() == Some(&true)
    }
}

impl<T> From<T> for Field<T> {
    fn from(value: T) -> Self {
        Self::Value(value)
    }
}

impl From<&str> for Field<String> {
    fn from(value: &str) -> Self {
        Self::Value(value.to_owned())
    }
}

impl<T> From<Option<T>> for Field<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Self::Value)
    }
}

impl<T: Serialize> Serialize for Field<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Value(value) => value.serialize(serializer),
            Self::Absent | Self::Null => serializer.serialize_unit(),
        }
    }
}

/// A moment as NinjaOne writes it: epoch seconds with nine digits after the point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stamp {
    /// Whole seconds since 1970.
    pub seconds: u64,
    /// Nanoseconds within the second.
    pub nanos: u32,
}

impl Stamp {
    /// The moment this many seconds after 1970.
    pub fn seconds(seconds: u64) -> Self {
        Self { seconds, nanos: 0 }
    }

    /// The same moment as a [`SystemTime`].
    pub fn time(self) -> SystemTime {
        UNIX_EPOCH + Duration::new(self.seconds, self.nanos)
    }
}

impl From<SystemTime> for Stamp {
    fn from(time: SystemTime) -> Self {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { seconds: since.as_secs(), nanos: since.subsec_nanos() }
    }
}

impl Serialize for Stamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // A float would drop the trailing zeros that the real service sends.
        RawValue::from_string(format!("{}.{:09}", self.seconds, self.nanos))
            .map_err(S::Error::custom)?
            .serialize(serializer)
    }
}
