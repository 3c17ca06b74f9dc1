//! Query parameters, read strictly: a value that does not fit is refused, an unknown name is ignored.

use std::{collections::HashMap, str::FromStr};

use axum::{extract::FromRequestParts, http::request::Parts};
use url::form_urlencoded;

use super::{errors::Refusal, people::UserKind};

pub(super) struct Params(HashMap<String, String>);

impl Params {
    pub(super) fn parse(query: &str) -> Self {
        Self(form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|text| !text.is_empty())
    }

    pub(super) fn number<T: FromStr>(&self, name: &str) -> Result<Option<T>, Refusal> {
        self.text(name)
            .map(|text| text.parse().map_err(|_| Refusal::invalid(format!("Invalid value for '{name}'"))))
            .transpose()
    }

    pub(super) fn flag(&self, name: &str) -> Result<bool, Refusal> {
        match self.text(name) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(Refusal::invalid(format!("Invalid value for '{name}'"))),
        }
    }

    pub(super) fn kind(&self, name: &str) -> Result<Option<UserKind>, Refusal> {
        match self.text(name) {
            None => Ok(None),
            Some("TECHNICIAN") => Ok(Some(UserKind::Technician)),
            Some("END_USER") => Ok(Some(UserKind::EndUser)),
            Some(_) => Err(Refusal::invalid(format!("Invalid value for '{name}'"))),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Params {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Refusal> {
        Ok(Self::parse(parts.uri.query().unwrap_or_default()))
    }
}

/// A number in a path; anything else names a path that does not exist.
pub(super) fn path_id(text: &str) -> Result<i32, Refusal> {
    text.parse().map_err(|_| Refusal::NotFound)
}
