//! From text to value, with the reference's words when it does not work.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use super::secret::Secret;
use super::setting::{Kind, Rule, Setting};

/// A value of one of the kinds.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Text(String),
    Secret(Secret),
    Bool(bool),
    Int(i64),
    List(Vec<String>),
    Duration(Duration),
    Address(SocketAddr),
}

impl Value {
    /// Reads `text` as `setting` wants it; the error is what is wrong with the text, in the reference's words.
    pub(super) fn read(setting: &Setting, text: &str) -> Result<Self, String> {
        match setting.kind {
            Kind::Text | Kind::Path => Ok(Self::Text(text.to_owned())),
            Kind::Secret => Ok(Self::Secret(Secret::inline(text))),
            Kind::Bool | Kind::BoolText => bool_of(text).map(Self::Bool),
            Kind::Int => int_of(text).map(Self::Int),
            Kind::List => list_of(text).map(Self::List),
            Kind::Duration => duration_of(text).map(Self::Duration),
            Kind::Address => address_of(text).map(Self::Address),
        }
    }

    /// True for what counts as not given: an empty text, a false.
    pub(super) fn is_zero(&self) -> bool {
        match self {
            Self::Text(text) => text.is_empty(),
            Self::Secret(secret) => secret.is_empty(),
            Self::Bool(value) => !value,
            Self::List(items) => items.is_empty(),
            Self::Int(_) | Self::Duration(_) | Self::Address(_) => false,
        }
    }

    /// The rule that the value breaks, in the reference's words.
    pub(super) fn broken_rule(&self, setting: &Setting) -> Option<String> {
        let told = match (setting.rule, self) {
            (Rule::Range(least, _), Self::Int(value)) if *value < least => {
                format!("value must be greater than or equal to {least} but got {value}")
            }
            (Rule::Range(_, most), Self::Int(value)) if *value > most => {
                format!("value must be less than or equal to {most} but got {value}")
            }
            (Rule::Range(least, most), Self::Duration(value)) => {
                let seconds = value.as_secs_f64();
                if seconds < least as f64 {
                    format!("value must be greater than or equal to {least}s but got {seconds}s")
                } else if seconds > most as f64 {
                    format!("value must be less than or equal to {most}s but got {seconds}s")
                } else {
                    return None;
                }
            }
            (Rule::OneOf(values), Self::Text(value)) if !values.contains(&value.as_str()) => {
                format!("value must be one of [{}] but got '{value}'", values.join(" "))
            }
            _ => return None,
        };
        Some(format!("field {}: {told}", setting.name))
    }
}

fn bool_of(text: &str) -> Result<bool, String> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err(format!("strconv.ParseBool: parsing {text:?}: invalid syntax")),
    }
}

fn int_of(text: &str) -> Result<i64, String> {
    use std::num::IntErrorKind::{NegOverflow, PosOverflow};
    text.parse::<i64>().map_err(|error| {
        let why = if matches!(error.kind(), PosOverflow | NegOverflow) {
            "value out of range"
        } else {
            "invalid syntax"
        };
        format!("strconv.ParseInt: parsing {text:?}: {why}")
    })
}

/// One line of comma-separated values; a value that holds a comma stands in double quotes.
fn list_of(text: &str) -> Result<Vec<String>, String> {
    let mut items = Vec::new();
    let mut rest = text.trim();
    if rest.is_empty() {
        return Ok(items);
    }
    loop {
        rest = rest.trim_start();
        let after = if let Some(quoted) = rest.strip_prefix('"') {
            let (item, after) = unquote(quoted)?;
            items.push(item);
            after.trim_start()
        } else {
            let end = rest.find(',').unwrap_or(rest.len());
            items.push(rest[..end].trim_end().to_owned());
            &rest[end..]
        };
        match after.strip_prefix(',') {
            Some(next) => rest = next,
            None if after.is_empty() => break,
            None => return Err("parse error: extraneous text after a quoted value".into()),
        }
    }
    items.retain(|item| !item.is_empty());
    Ok(items)
}

/// The text up to the closing quote, with doubled quotes made single, and what follows it.
fn unquote(text: &str) -> Result<(String, &str), String> {
    let mut item = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('"') {
        item.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        match rest.strip_prefix('"') {
            Some(next) => {
                item.push('"');
                rest = next;
            }
            None => return Ok((item, rest)),
        }
    }
    Err("parse error: a quoted value has no end".into())
}

fn duration_of(text: &str) -> Result<Duration, String> {
    let wrong =
        || format!("not a duration: {text:?}; write seconds, or units as in 1500ms, 30s, 5m or 1h30m");
    if let Ok(seconds) = text.parse::<u64>() {
        return Ok(Duration::from_secs(seconds));
    }
    let mut total = Duration::ZERO;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
        let number: u64 = rest[..digits].parse().map_err(|_| wrong())?;
        rest = &rest[digits..];
        let unit = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let step = match &rest[..unit] {
            "ms" => Some(Duration::from_millis(number)),
            "s" => Some(Duration::from_secs(number)),
            "m" => number.checked_mul(60).map(Duration::from_secs),
            "h" => number.checked_mul(3600).map(Duration::from_secs),
            "d" => number.checked_mul(86_400).map(Duration::from_secs),
            _ => None,
        };
        total = step.and_then(|step| total.checked_add(step)).ok_or_else(wrong)?;
        rest = &rest[unit..];
    }
    if text.is_empty() { Err(wrong()) } else { Ok(total) }
}

fn address_of(text: &str) -> Result<SocketAddr, String> {
    let named = match text.rsplit_once(':') {
        Some(("localhost", port)) => {
            port.parse().ok().map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
        }
        // As in Go, no host means every address of both families.
        Some(("", port)) => port.parse().ok().map(|port| SocketAddr::from((Ipv6Addr::UNSPECIFIED, port))),
        _ => None,
    };
    named.or_else(|| text.parse().ok()).ok_or_else(|| {
        format!(
            "not an address: {text:?}; write IP:PORT, such as 127.0.0.1:9090 or [::1]:9090, or localhost:PORT"
        )
    })
}
