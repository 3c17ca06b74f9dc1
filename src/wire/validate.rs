//! The validation rules of the contract: which requests a server must refuse, in the words that the reference uses.
//!
//! `build.rs` writes one implementation of [`Validate`] a message from the options in `proto/`; this file holds the trait and
//! the checks those implementations call.

use std::{collections::HashSet, fmt, fmt::Display, hash::Hash, sync::LazyLock};

use prost_types::Duration;
use regex_lite::Regex;

use super::generated::{baton, c1};

/// A message that knows the rules its fields must keep.
pub trait Validate {
    /// The message's name in error texts; a nested one is `Outer_Inner`.
    const NAME: &'static str;

    /// Checks the message and all it holds.
    ///
    /// # Errors
    /// The first violation, fields in declaration order, oneofs last.
    fn validate(&self) -> Result<(), Violation>;
}

impl<T: Validate> Validate for Box<T> {
    const NAME: &'static str = T::NAME;

    fn validate(&self) -> Result<(), Violation> {
        T::validate(self)
    }
}

/// A broken rule: `invalid Message.Field: reason`, with the inner violation behind it for an embedded message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Violation {
    message: &'static str,
    field: String,
    reason: String,
    inner: Option<Box<Violation>>,
}

impl Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invalid {}.{}: {}", self.message, self.field, self.reason)?;
        self.inner.iter().try_for_each(|inner| write!(f, " | caused by: {inner}"))
    }
}

type Check = Result<(), Violation>;
type Pattern = LazyLock<Result<Regex, regex_lite::Error>>;

/// A field name with the index or key of one item.
struct Index<'a, K>(&'a str, K);

impl<K: Display> Display for Index<'_, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}]", self.0, self.1)
    }
}

fn broken<M: Validate>(field: impl Display, reason: impl Into<String>) -> Check {
    Err(Violation { message: M::NAME, field: field.to_string(), reason: reason.into(), inner: None })
}

fn embedded<M: Validate, V: Validate>(field: impl Display, value: &V) -> Check {
    value.validate().map_err(|inner| Violation {
        message: M::NAME,
        field: field.to_string(),
        reason: "embedded message failed validation".to_owned(),
        inner: Some(Box::new(inner)),
    })
}

fn required<M: Validate>(field: impl Display, present: bool) -> Check {
    if present { Ok(()) } else { broken::<M>(field, "value is required") }
}

/// Bounds on a string or bytes length; `unit` is `bytes` or `runes`.
fn length<M: Validate>(
    field: impl Display,
    length: usize,
    low: Option<usize>,
    high: Option<usize>,
    unit: &str,
) -> Check {
    if low.is_none_or(|low| length >= low) && high.is_none_or(|high| length <= high) {
        return Ok(());
    }
    broken::<M>(
        field,
        match (low.filter(|&low| low > 0), high) {
            (Some(low), Some(high)) => {
                format!("value length must be between {low} and {high} {unit}, inclusive")
            }
            (Some(low), None) => format!("value length must be at least {low} {unit}"),
            (None, high) => format!("value length must be at most {} {unit}", high.unwrap_or(usize::MAX)),
        },
    )
}

fn exact<M: Validate>(field: impl Display, length: usize, wanted: usize) -> Check {
    if length == wanted { Ok(()) } else { broken::<M>(field, format!("value length must be {wanted} bytes")) }
}

fn range<M: Validate>(
    field: impl Display,
    value: i128,
    gt: Option<i128>,
    gte: Option<i128>,
    lte: Option<i128>,
) -> Check {
    let high = lte.is_none_or(|bound| value <= bound);
    if gt.is_none_or(|bound| value > bound) && gte.is_none_or(|bound| value >= bound) && high {
        return Ok(());
    }
    broken::<M>(
        field,
        match (gt, gte, lte) {
            (Some(low), _, Some(high)) => format!("value must be inside range ({low}, {high}]"),
            (_, Some(low), Some(high)) => format!("value must be inside range [{low}, {high}]"),
            (Some(low), ..) => format!("value must be greater than {low}"),
            (_, Some(low), _) => format!("value must be greater than or equal to {low}"),
            (.., high) => format!("value must be less than or equal to {}", high.unwrap_or_default()),
        },
    )
}

fn duration<M: Validate>(
    field: impl Display,
    value: &Duration,
    low: Option<i64>,
    high: Option<i64>,
) -> Check {
    let nanos = i128::from(value.seconds) * 1_000_000_000 + i128::from(value.nanos);
    let bound = |seconds: i64| i128::from(seconds) * 1_000_000_000;
    if low.is_none_or(|low| nanos >= bound(low)) && high.is_none_or(|high| nanos <= bound(high)) {
        return Ok(());
    }
    let (low, high) = (low.unwrap_or_default(), high.unwrap_or_default());
    broken::<M>(
        field,
        format!("value must be inside range [{low}s, {}h{}m{}s]", high / 3600, high % 3600 / 60, high % 60),
    )
}

fn one_of<M: Validate>(field: impl Display, value: &str, list: &[&str]) -> Check {
    if list.contains(&value) {
        Ok(())
    } else {
        broken::<M>(field, format!("value must be in list [{}]", list.join(" ")))
    }
}

fn prefix<M: Validate>(field: impl Display, value: &str, prefix: &str) -> Check {
    if value.starts_with(prefix) {
        Ok(())
    } else {
        broken::<M>(field, format!("value does not have prefix {prefix:?}"))
    }
}

fn pattern<M: Validate>(field: impl Display, value: &str, compiled: &Pattern, pattern: &str) -> Check {
    match compiled.as_ref() {
        Ok(regex) if regex.is_match(value) => Ok(()),
        _ => broken::<M>(field, format!("value does not match regex pattern {pattern:?}")),
    }
}

fn email<M: Validate>(field: impl Display, value: &str) -> Check {
    if is_email(value) { Ok(()) } else { broken::<M>(field, "value must be a valid email address") }
}

/// The shape that a validator of the contract accepts: at most 254 bytes, a local part of 1 to 64 bytes without blanks or
/// separators, and a host of dot-separated labels.
pub(crate) fn is_email(value: &str) -> bool {
    let Some((local, host)) = value.rsplit_once('@') else { return false };
    let label = |l: &str| {
        (1..=63).contains(&l.len())
            && !l.starts_with('-')
            && !l.ends_with('-')
            && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let separator = |c: char| c.is_whitespace() || c.is_control() || "<>,;:\"()[]@\\".contains(c);
    value.len() <= 254
        && (1..=64).contains(&local.len())
        && !local.contains(separator)
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
        && (1..=253).contains(&host.len())
        && host.split('.').all(label)
}

fn uri<M: Validate>(field: impl Display, value: &str) -> Check {
    match url::Url::parse(value) {
        Ok(_) => Ok(()),
        Err(url::ParseError::RelativeUrlWithoutBase) => broken::<M>(field, "value must be absolute"),
        Err(_) => broken::<M>(field, "value must be a valid URI"),
    }
}

fn defined<M: Validate>(field: impl Display, defined: bool) -> Check {
    if defined { Ok(()) } else { broken::<M>(field, "value must be one of the defined enum values") }
}

fn items<M: Validate>(field: impl Display, count: usize, low: Option<usize>, high: Option<usize>) -> Check {
    counted::<M>(field, count, low, high, "item(s)", "items")
}

fn pairs<M: Validate>(field: impl Display, count: usize, low: Option<usize>, high: Option<usize>) -> Check {
    counted::<M>(field, count, low, high, "pair(s)", "pairs")
}

fn counted<M: Validate>(
    field: impl Display,
    count: usize,
    low: Option<usize>,
    high: Option<usize>,
    either: &str,
    many: &str,
) -> Check {
    if low.is_none_or(|low| count >= low) && high.is_none_or(|high| count <= high) {
        return Ok(());
    }
    broken::<M>(
        field,
        match (low, high) {
            (Some(low), Some(high)) => {
                format!("value must contain between {low} and {high} {many}, inclusive")
            }
            (Some(low), None) => format!("value must contain at least {low} {either}"),
            (None, high) => format!("value must contain no more than {} {either}", high.unwrap_or_default()),
        },
    )
}

fn unique<M: Validate, T: Eq + Hash>(field: &str, values: &[T]) -> Check {
    let mut seen = HashSet::with_capacity(values.len());
    match values.iter().position(|v| !seen.insert(v)) {
        None => Ok(()),
        Some(at) => broken::<M>(Index(field, at), "repeated value must contain unique items"),
    }
}

// Generated code answers to its generator, not to our lints.
#[allow(clippy::all)]
mod rules {
    use super::*;

    include!(concat!(env!("OUT_DIR"), "/rules.rs"));
}
