//! Which request a write would be: what a dry run answers with.

use std::fmt;

use serde::Serialize;

use crate::{baton::connector::ConnectorError, ninja_one::rest::Endpoint};

/// A request as it would go over the wire, and in words what would follow it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::ninja_one) struct Plan {
    method: String,
    path: String,
    body: Option<String>,
    then: Vec<String>,
}

impl Plan {
    /// The request to an endpoint; `id` takes the place in its path.
    pub(super) fn new(endpoint: Endpoint, id: Option<i32>) -> Self {
        let template = endpoint.template();
        let path = id.map_or_else(|| template.to_owned(), |id| template.replace("{id}", &id.to_string()));
        Self { method: endpoint.method().to_string(), path, body: None, then: Vec::new() }
    }

    /// With a query parameter.
    pub(super) fn query(mut self, name: &str, value: impl fmt::Display) -> Self {
        let joint = if self.path.contains('?') { '&' } else { '?' };
        self.path = format!("{}{joint}{name}={value}", self.path);
        self
    }

    /// With the body that the client would send.
    pub(super) fn body(mut self, body: &impl Serialize) -> Self {
        self.body = serde_json::to_string(body).ok();
        self
    }

    /// With what would come after it.
    pub(super) fn then(mut self, next: String) -> Self {
        self.then.push(next);
        self
    }

    /// The parts as metadata of a failure, for programs.
    pub(super) fn describe(self, failure: ConnectorError) -> ConnectorError {
        let failure = failure.with("method", self.method).with("path", self.path);
        match self.body {
            Some(body) => failure.with("body", body),
            None => failure,
        }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)?;
        if let Some(body) = &self.body {
            write!(f, " with the body {body}")?;
        }
        for next in &self.then {
            write!(f, ", then {next}")?;
        }
        Ok(())
    }
}
