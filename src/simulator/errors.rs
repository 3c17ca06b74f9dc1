//! Refusals, in the shapes NinjaOne is known to send (API.md section 3).

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use thiserror::Error;

/// Why a request was refused.
#[derive(Debug, Clone, Error)]
pub(super) enum Refusal {
    #[error("Missing required header")]
    MissingHeader,
    #[error("Invalid 'Authorization' header")]
    MalformedHeader,
    #[error("Invalid credentials")]
    NotAuthenticated,
    #[error("insufficient_privileges")]
    Insufficient(u16),
    #[error("Access key does not have user context which is required for this request")]
    UserContextRequired,
    #[error("HTTP 403 Forbidden")]
    Forbidden,
    #[error("HTTP 404 Not Found")]
    NotFound,
    #[error("HTTP 405 Method Not Allowed")]
    MethodNotAllowed,
    #[error("HTTP 415 Unsupported Media Type")]
    MediaType,
    #[error("{0}")]
    Invalid(String),
    #[error("Unrecognized field '{0}'")]
    UnrecognizedField(String),
    #[error("HTTP {0} {reason}", reason = reason(*.0))]
    Status(u16),
    #[error("Client app not exist")]
    UnknownClient,
    #[error("Client authentication failed")]
    WrongSecret,
    #[error("{description}")]
    Token { error: &'static str, description: String },
}

fn reason(status: u16) -> &'static str {
    StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("Error")
}

impl Refusal {
    pub(super) fn invalid(text: impl Into<String>) -> Self {
        Self::Invalid(text.into())
    }

    pub(super) fn token(error: &'static str, description: impl Into<String>) -> Self {
        Self::Token { error, description: description.into() }
    }

    fn status(&self) -> u16 {
        match self {
            Self::MissingHeader | Self::MalformedHeader | Self::Invalid(_) | Self::UnrecognizedField(_) => {
                400
            }
            Self::Token { .. } => 400,
            Self::NotAuthenticated | Self::WrongSecret => 401,
            Self::UserContextRequired | Self::Forbidden => 403,
            Self::NotFound | Self::UnknownClient => 404,
            Self::MethodNotAllowed => 405,
            Self::MediaType => 415,
            Self::Insufficient(status) | Self::Status(status) => *status,
        }
    }

    /// The answer; `incident` is what support would ask for.
    pub(super) fn render(&self, incident: &str) -> Response {
        let text = self.to_string();
        let body = match self {
            Self::MissingHeader => auth("missing_header", &text, 2),
            Self::MalformedHeader => auth("invalid_header", &text, 1),
            Self::NotAuthenticated => auth("not_authenticated", &text, 10),
            Self::UserContextRequired => auth("user_context_required", &text, 5),
            Self::WrongSecret => json!({"error": "invalid_client", "error_description": text}),
            Self::Token { error, .. } => json!({"error": error, "error_description": text}),
            Self::Insufficient(_) => json!({"resultCode": text}),
            Self::UnknownClient => json!({"resultCode": text, "incidentId": incident}),
            _ => json!({"resultCode": "FAILURE", "errorMessage": text, "incidentId": incident}),
        };
        answer(self.status(), "application/json", body.to_string())
    }
}

fn auth(error: &str, description: &str, code: u32) -> Value {
    json!({"error": error, "error_description": description, "error_code": code})
}

/// An answer out of its three parts; an impossible status becomes 500.
pub(super) fn answer(status: u16, content_type: &str, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if let Ok(value) = HeaderValue::from_str(content_type) {
        response.headers_mut().insert(header::CONTENT_TYPE, value);
    }
    response
}

impl IntoResponse for Refusal {
    /// A placeholder: the gate writes the answer, because it alone knows the incident's number.
    fn into_response(self) -> Response {
        let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
        response.extensions_mut().insert(self);
        response
    }
}
