//! Request bodies, read as strictly as NinjaOne reads them: no unknown property, no wrong type.

use axum::http::{HeaderMap, header};
use bytes::Bytes;
use serde_json::{Map, Value};

use super::{errors::Refusal, state::State};

const NAME_LIMIT: usize = 150;

/// The properties of a JSON object.
#[derive(Debug)]
pub(super) struct Fields(Map<String, Value>);

impl Fields {
    pub(super) fn read(
        state: &State,
        headers: &HeaderMap,
        body: &Bytes,
        known: &[&str],
    ) -> Result<Self, Refusal> {
        let json = headers
            .get(header::CONTENT_TYPE)
            .is_some_and(|value| value.as_bytes().starts_with(b"application/json"));
        if !json {
            return Err(Refusal::MediaType);
        }
        let Ok(Value::Object(fields)) = serde_json::from_slice(body) else {
            return Err(Refusal::invalid("Request body must be a JSON object"));
        };
        if let Some(name) = fields.keys().find(|name| !known.contains(&name.as_str())) {
            return Err(Refusal::UnrecognizedField(name.clone()));
        }
        if state.behaviour.refuse_nulls
            && let Some((name, _)) = fields.iter().find(|(_, value)| value.is_null())
        {
            return Err(Refusal::invalid(format!("'{name}' must not be null")));
        }
        Ok(Self(fields))
    }

    pub(super) fn text(&self, name: &str) -> Result<Option<String>, Refusal> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(wrong_type(name)),
        }
    }

    pub(super) fn number(&self, name: &str) -> Result<Option<i32>, Refusal> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => {
                let number = value.as_i64().and_then(|number| i32::try_from(number).ok());
                number.map(Some).ok_or_else(|| wrong_type(name))
            }
        }
    }

    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, Refusal> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(_) => Err(wrong_type(name)),
        }
    }

    /// A first or last name, 1 to 150 characters when there is one.
    pub(super) fn name(&self, name: &str) -> Result<Option<String>, Refusal> {
        let text = self.text(name)?;
        match &text {
            Some(text) if text.trim().is_empty() || text.chars().count() > NAME_LIMIT => {
                Err(Refusal::invalid(format!("'{name}' must have 1 to {NAME_LIMIT} characters")))
            }
            _ => Ok(text),
        }
    }

    /// A login, which must look like one.
    pub(super) fn email(&self) -> Result<String, Refusal> {
        let text = required(self.text("email")?, "email")?;
        let good = text.split_once('@').is_some_and(|(user, host)| {
            !user.is_empty() && !host.is_empty() && !host.contains('@') && !text.contains(char::is_whitespace)
        });
        if good { Ok(text) } else { Err(Refusal::invalid("'email' is not an e-mail address")) }
    }
}

pub(super) fn required<T>(value: Option<T>, name: &str) -> Result<T, Refusal> {
    value.ok_or_else(|| Refusal::invalid(format!("'{name}' is required")))
}

fn wrong_type(name: &str) -> Refusal {
    Refusal::invalid(format!("Invalid value for '{name}'"))
}

/// A bare array of distinct ids; the media type may be anything.
pub(super) fn ids(body: &Bytes) -> Result<Vec<i32>, Refusal> {
    let ids: Vec<i32> = serde_json::from_slice(body)
        .map_err(|_| Refusal::invalid("Request body must be an array of user ids"))?;
    let mut seen = std::collections::HashSet::new();
    if ids.is_empty() {
        return Err(Refusal::invalid("At least one user id is required"));
    }
    if !ids.iter().all(|id| seen.insert(*id)) {
        return Err(Refusal::invalid("User ids must be unique"));
    }
    Ok(ids)
}
