//! Times as the tables hold them: `YYYY-MM-DD HH:MM:SS.fffffffff`, in UTC and without a zone.

use std::time::SystemTime;

use time::{Date, Month, OffsetDateTime, PrimitiveDateTime, Time, UtcOffset};

/// A moment as text; zeros at the end of the fraction are left out.
pub(super) fn text(moment: OffsetDateTime) -> String {
    let t = moment.to_offset(UtcOffset::UTC);
    let (year, month, day) = t.to_calendar_date();
    let mut text = format!(
        "{year:04}-{:02}-{day:02} {:02}:{:02}:{:02}.{:09}",
        u8::from(month),
        t.hour(),
        t.minute(),
        t.second(),
        t.nanosecond()
    );
    text.truncate(text.trim_end_matches('0').trim_end_matches('.').len());
    text
}

/// As [`text`], for what the clock says.
pub(super) fn now(clock: fn() -> SystemTime) -> String {
    text(OffsetDateTime::from(clock()))
}

/// The moment that a text gives: `T` or a blank in the middle, a fraction or none, `Z`, an offset, or no zone, which is taken
/// for UTC.
pub(super) fn parse(text: &str) -> Option<OffsetDateTime> {
    let number = |range: std::ops::Range<usize>| -> Option<u16> {
        let digits = text.get(range)?;
        digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok())?
    };
    let byte = |at: usize| text.as_bytes().get(at).copied();
    let shape = [(4, b'-'), (7, b'-'), (13, b':'), (16, b':')];
    if shape.iter().any(|&(at, b)| byte(at) != Some(b)) || !matches!(byte(10), Some(b' ' | b'T')) {
        return None;
    }
    let small = |range| u8::try_from(number(range)?).ok();
    let date =
        Date::from_calendar_date(number(0..4)?.into(), Month::try_from(small(5..7)?).ok()?, small(8..10)?)
            .ok()?;
    let rest = text.get(19..)?;
    let (nanos, zone) = match rest.strip_prefix('.') {
        None => (0, rest),
        Some(rest) => {
            let end = rest.bytes().position(|b| !b.is_ascii_digit()).unwrap_or(rest.len());
            if !(1..=9).contains(&end) {
                return None;
            }
            (format!("{:0<9}", &rest[..end]).parse().ok()?, &rest[end..])
        }
    };
    let time = Time::from_hms_nano(small(11..13)?, small(14..16)?, small(17..19)?, nanos).ok()?;
    Some(PrimitiveDateTime::new(date, time).assume_offset(offset(zone)?))
}

fn offset(zone: &str) -> Option<UtcOffset> {
    if zone.is_empty() || zone == "Z" {
        return Some(UtcOffset::UTC);
    }
    let [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] = *zone.as_bytes() else { return None };
    let two = |a: u8, b: u8| -> Option<i8> {
        (a.is_ascii_digit() && b.is_ascii_digit()).then(|| ((a - b'0') * 10 + (b - b'0')).cast_signed())
    };
    let (hours, minutes) = (two(h1, h2)?, two(m1, m2)?);
    let sign = if sign == b'-' { -1 } else { 1 };
    UtcOffset::from_hms(sign * hours, sign * minutes, 0).ok()
}
