//! Who calls, and with what right (API.md sections 2.5 and 3).

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, Method, header, request::Parts},
};

use super::{
    errors::Refusal,
    field::Field,
    forbidden::Rule,
    state::{Shared, State},
    tokens::{Grant, Standing},
};

/// A caller whose token is good and covers the method: `monitoring` to read, `management` to write.
pub(super) struct Caller {
    grant: Grant,
    missing: u16,
}

impl Caller {
    pub(super) fn require(&self, scope: &str) -> Result<(), Refusal> {
        if self.grant.has(scope) { Ok(()) } else { Err(Refusal::Insufficient(self.missing)) }
    }

    /// The person behind the token; none for client credentials.
    pub(super) fn user(&self) -> Option<i32> {
        self.grant.user
    }

    /// The actor of an activity; a machine is nobody.
    pub(super) fn actor(&self) -> Field<i32> {
        self.grant.user.map_or(Field::Absent, Field::Value)
    }

    /// Refuses whoever does not count as a System Administrator, where that is asked for.
    pub(super) fn require_administrator(&self, state: &State) -> Result<(), Refusal> {
        if !state.behaviour.technician_writes_need_administrator {
            return Ok(());
        }
        let is_administrator = match self.grant.user {
            None => state.behaviour.machine_is_administrator,
            Some(id) => {
                state.read(|tenant| tenant.users.get(id).is_some_and(|user| user.administrator.is_true()))
            }
        };
        if is_administrator { Ok(()) } else { Err(Refusal::Forbidden) }
    }
}

/// The token of a well-formed `Authorization` header.
pub(super) fn bearer(headers: &HeaderMap) -> Result<&str, Refusal> {
    let value = headers.get(header::AUTHORIZATION).ok_or(Refusal::MissingHeader)?;
    let text = value.to_str().map_err(|_| Refusal::MalformedHeader)?;
    match text.split_once(' ') {
        Some((scheme, token))
            if scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() && !token.contains(' ') =>
        {
            Ok(token)
        }
        _ => Err(Refusal::MalformedHeader),
    }
}

impl FromRequestParts<Shared> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &Shared) -> Result<Self, Refusal> {
        let token = bearer(&parts.headers)?;
        let now = state.now();
        let grant = match state.tokens(|tokens| tokens.standing(token, now)) {
            Standing::Good(grant) => grant,
            Standing::Bad => return Err(Refusal::NotAuthenticated),
            Standing::Foreign => {
                let path = parts.uri.path();
                state.forbid(Rule::ForeignToken, &parts.method, path, "a token of another service");
                return Err(Refusal::NotAuthenticated);
            }
        };
        // A person who is gone or locked out takes the token along.
        if let Some(id) = grant.user
            && !state.read(|tenant| tenant.users.get(id).is_some_and(|user| user.enabled.is_true()))
        {
            return Err(Refusal::NotAuthenticated);
        }
        let caller = Self { grant, missing: state.behaviour.missing_scope_status };
        let reads = parts.method == Method::GET || parts.method == Method::HEAD;
        caller.require(if reads { "monitoring" } else { "management" })?;
        Ok(caller)
    }
}
