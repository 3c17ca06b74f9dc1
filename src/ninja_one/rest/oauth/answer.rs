//! What the token endpoint answers, as far as it can be relied on.

use std::time::Duration;

use oauth2::basic::BasicTokenType;
use oauth2::{AccessToken, RefreshToken, Scope, TokenResponse};
use serde::{Deserialize, Deserializer, Serialize};

/// The token answer, more tolerant than the crate's own: `expires_in` may be a string, all but the token may be missing.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct TokenAnswer {
    pub(super) access_token: AccessToken,
    #[serde(skip, default = "bearer")]
    token_type: BasicTokenType,
    #[serde(default, deserialize_with = "seconds")]
    expires_in: Option<u64>,
    #[serde(default)]
    pub(super) refresh_token: Option<RefreshToken>,
    #[serde(default, deserialize_with = "scopes")]
    pub(super) scope: Option<Vec<Scope>>,
}

fn bearer() -> BasicTokenType {
    BasicTokenType::Bearer
}

fn seconds<'de, D: Deserializer<'de>>(de: D) -> Result<Option<u64>, D::Error> {
    Ok(match serde_json::Value::deserialize(de)? {
        serde_json::Value::String(text) => text.trim().parse().ok(),
        // A fraction of a second is nothing to rely on.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        serde_json::Value::Number(number) => number.as_f64().map(|seconds| seconds as u64),
        _ => None,
    })
}

fn scopes<'de, D: Deserializer<'de>>(de: D) -> Result<Option<Vec<Scope>>, D::Error> {
    Ok(match serde_json::Value::deserialize(de)? {
        serde_json::Value::String(text) => {
            Some(text.split_whitespace().map(|scope| Scope::new(scope.to_owned())).collect())
        }
        _ => None,
    })
}

impl TokenResponse for TokenAnswer {
    type TokenType = BasicTokenType;

    fn access_token(&self) -> &AccessToken {
        &self.access_token
    }

    fn token_type(&self) -> &BasicTokenType {
        &self.token_type
    }

    fn expires_in(&self) -> Option<Duration> {
        self.expires_in.filter(|seconds| *seconds > 0).map(Duration::from_secs)
    }

    fn refresh_token(&self) -> Option<&RefreshToken> {
        self.refresh_token.as_ref()
    }

    fn scopes(&self) -> Option<&Vec<Scope>> {
        self.scope.as_ref()
    }
}
