//! NinjaOne's timestamps: JSON numbers, epoch seconds with a fraction (section 6).

use time::OffsetDateTime;

/// From here on a number is milliseconds: as seconds it would be the year 33658.
const MILLISECONDS_FROM: f64 = 1e12;

/// A moment in seconds since 1970, finite and after it.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct EpochSeconds(f64);

impl EpochSeconds {
    /// Reads a number of the wire; zero, negative and non-finite ones mean "none".
    #[must_use]
    pub fn from_wire(value: f64) -> Option<Self> {
        let seconds = if value >= MILLISECONDS_FROM { value / 1000.0 } else { value };
        (seconds.is_finite() && seconds > 0.0).then_some(Self(seconds))
    }

    /// Seconds since 1970.
    #[must_use]
    pub fn seconds(self) -> f64 {
        self.0
    }

    /// The moment in UTC, to the microsecond; `None` beyond the year 9999.
    #[must_use]
    pub fn to_utc(self) -> Option<OffsetDateTime> {
        // `as` saturates, and a saturated number is out of range for a date.
        #[allow(clippy::cast_possible_truncation)]
        let micros = (self.0 * 1e6).round() as i128;
        OffsetDateTime::from_unix_timestamp_nanos(micros.checked_mul(1000)?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_milliseconds_are_told_apart_and_nothing_else_is_a_time() {
        let utc =
            |value| EpochSeconds::from_wire(value).and_then(EpochSeconds::to_utc).map(|at| at.to_string());
        assert_eq!(utc(1_741_700_000.123_456), Some("2025-03-11 13:33:20.123456 +00:00:00".into()));
        assert_eq!(utc(1_741_700_000_123.0), Some("2025-03-11 13:33:20.123 +00:00:00".into()));
        for none in [0.0, -5.0, f64::NAN, f64::INFINITY] {
            assert_eq!(EpochSeconds::from_wire(none), None);
        }
        assert_eq!(utc(9e14 * 1000.0), None);
    }
}
