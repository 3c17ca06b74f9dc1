//! Tokens: given out for assertions that are held against every rule, or without a request through memory.

use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use axum::{extract::State as Extract, http::StatusCode};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use baton_ninja_one::baton::service_mode::{FetchToken, NewToken};
use jsonwebtoken::{Algorithm, DecodingKey};
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::time::Instant;
use tonic::Status;

use super::{CLIENT_ID, ControlPlane, Fault, script::Script};

/// Tokens without a request, for a way through memory.
#[async_trait]
impl FetchToken for ControlPlane {
    async fn fetch(&self) -> Result<NewToken, Status> {
        if let Some(Fault::Code(code)) = self.with(|s| {
            s.token_requests += 1;
            s.fault("token")
        }) {
            return Err(Status::new(code, "a fault of the token endpoint"));
        }
        let (token, lifetime) = self.with(Script::issue);
        Ok(NewToken { kind: "Bearer".into(), secret: SecretString::from(token), lifetime: Some(lifetime) })
    }
}

/// The token endpoint.
pub(super) async fn token(
    Extract(plane): Extract<ControlPlane>,
    headers: http::HeaderMap,
    body: String,
) -> (StatusCode, String) {
    plane.with(|s| {
        s.token_requests += 1;
        if s.fault("token").is_some() {
            return (StatusCode::SERVICE_UNAVAILABLE, String::new());
        }
        let kind = headers.get("content-type").and_then(|v| v.to_str().ok()).unwrap_or_default();
        if kind != "application/x-www-form-urlencoded" {
            s.violations.push(format!("the token request is {kind:?}"));
        }
        if let Err(why) = s.judge_token_request(&body) {
            return (StatusCode::UNAUTHORIZED, json!({"error": "invalid_client", "why": why}).to_string());
        }
        let (token, lifetime) = s.issue();
        let answer = json!({"access_token": token, "token_type": "Bearer", "expires_in": lifetime.as_secs()});
        (StatusCode::OK, answer.to_string())
    })
}

impl Script {
    fn issue(&mut self) -> (String, Duration) {
        let token = format!("token-{:032x}", rand::random::<u128>());
        self.tokens.insert(token.clone(), Instant::now() + self.token_lifetime);
        self.credentials.push(token.clone());
        (token, self.token_lifetime)
    }

    /// Exactly the request that the contract describes; anything else is refused.
    fn judge_token_request(&mut self, body: &str) -> Result<(), String> {
        let form: Vec<(String, String)> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
        let names: Vec<_> = form.iter().map(|(name, _)| name.as_str()).collect();
        if names != ["client_id", "grant_type", "client_assertion_type", "client_assertion"] {
            return Err(format!("fields {names:?}"));
        }
        let fixed =
            [CLIENT_ID, "client_credentials", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"];
        if form.iter().zip(fixed).any(|((_, value), wanted)| value != wanted) {
            return Err("a fixed field has another value".into());
        }
        let jws = &form[3].1;
        self.credentials.push(jws.clone());
        let (message, signature) = jws.rsplit_once('.').ok_or("no signature")?;
        let key = DecodingKey::from_ed_components(&self.public_key).map_err(|e| e.to_string())?;
        let valid = jsonwebtoken::crypto::verify(signature, message.as_bytes(), &key, Algorithm::EdDSA);
        if !valid.map_err(|e| e.to_string())? {
            return Err("the signature is by another key".into());
        }
        let part =
            |text: &str| -> Value { serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap() };
        let (head, claims) = message.split_once('.').ok_or("no claims")?;
        let (head, claims) = (part(head), part(claims));
        let nonce = head["nonce"].as_str().unwrap_or_default().to_owned();
        if head != json!({"alg": "EdDSA", "nonce": nonce}) || nonce.len() != 32 || !self.nonces.insert(nonce)
        {
            return Err(format!("header {head}"));
        }
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
        let iat = claims["iat"].as_u64().ok_or("no iat")?;
        let wanted = json!({"iss": CLIENT_ID, "sub": CLIENT_ID, "aud": "tenant.example.com", "iat": iat, "nbf": iat - 120, "exp": iat + 120});
        if claims != wanted || now.abs_diff(iat) > 60 {
            return Err(format!("claims {claims}"));
        }
        Ok(())
    }
}
