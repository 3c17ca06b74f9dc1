//! The token endpoint: an OAuth client-credentials request with a signed assertion, over HTTPS.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use reqwest::{Certificate, StatusCode, Url, redirect::Policy};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use tonic::Status;

use super::{
    ClientId, ClientSecret, Clock, Connect, FetchToken, NewToken, SecretFn, ServiceError, error::with_causes,
};

const PATH: &str = "/auth/v1/token";
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// For the whole request.
const DEADLINE: Duration = Duration::from_secs(30);
/// Far more than a token needs.
const LARGEST_ANSWER: usize = 256 * 1024;

/// Asks the control plane's host for tokens.
#[derive(Debug)]
pub struct TokenEndpoint {
    http: reqwest::Client,
    url: Url,
    id: ClientId,
    secret: SecretFn,
    /// The last secret that parsed: when a mounted file is caught half written, it serves on.
    known: Mutex<ClientSecret>,
    clock: Clock,
}

#[derive(Deserialize)]
struct Answer {
    access_token: SecretString,
    #[serde(default)]
    token_type: String,
    expires_in: Option<f64>,
}

impl TokenEndpoint {
    /// An endpoint on the host of `connect`. Nothing is sent yet.
    ///
    /// # Errors
    /// When the secret is malformed, or the HTTP client cannot be made.
    pub fn new(connect: &Connect, secret: SecretFn, clock: Clock) -> Result<Self, ServiceError> {
        let known = Mutex::new(ClientSecret::parse(&secret.read())?);
        let url = format!("https://{}{PATH}", connect.authority);
        let url = Url::parse(&url).map_err(|e| connect.bad_address(Box::new(e)))?;
        let http = client(connect).map_err(|e| ServiceError::Client(Box::new(e)))?;
        Ok(Self { http, url, id: connect.id.clone(), secret, known, clock })
    }

    /// The secret as it is now, or the last one that made sense.
    fn secret(&self) -> ClientSecret {
        let read = ClientSecret::parse(&self.secret.read());
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        match read {
            Ok(new) => *known = new,
            Err(error) => tracing::warn!(%error, "using the client secret read before"),
        }
        known.clone()
    }
}

#[async_trait]
impl FetchToken for TokenEndpoint {
    async fn fetch(&self) -> Result<NewToken, Status> {
        let assertion = self.secret().assertion(&self.id, (self.clock.now)(), rand::random());
        let assertion = assertion.map_err(|e| Status::unauthenticated(e.to_string()))?;
        let form = [
            ("client_id", self.id.as_str()),
            ("grant_type", "client_credentials"),
            ("client_assertion_type", ASSERTION_TYPE),
            ("client_assertion", assertion.expose_secret()),
        ];
        let unreachable =
            |e: reqwest::Error| Status::unavailable(format!("failed to get token: {}", with_causes(&e)));
        let mut answer = self.http.post(self.url.clone()).form(&form).send().await.map_err(unreachable)?;
        let status = answer.status();
        if status != StatusCode::OK {
            let text = format!("failed to get token: {status}");
            // The server's own trouble is no verdict on us.
            let passing = status.is_server_error()
                || matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS);
            return Err(if passing { Status::unavailable(text) } else { Status::unauthenticated(text) });
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(unreachable)? {
            body.extend_from_slice(&chunk);
            if body.len() > LARGEST_ANSWER {
                return Err(Status::unavailable("failed to get token: the answer is too long"));
            }
        }
        let answer: Answer = serde_json::from_slice(&body)
            .map_err(|_| Status::unavailable("failed to get token: the answer is not a token in JSON"))?;
        let kind = if answer.token_type.is_empty() { "Bearer".to_owned() } else { answer.token_type };
        let lifetime = answer.expires_in.filter(|s| *s > 0.0);
        let lifetime = lifetime.and_then(|s| Duration::try_from_secs_f64(s).ok());
        Ok(NewToken { kind, secret: answer.access_token, lifetime })
    }
}

fn client(connect: &Connect) -> Result<reqwest::Client, reqwest::Error> {
    // The first one to install a provider wins, and any will do: every user of rustls here wants ring.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = reqwest::Client::builder()
        .user_agent(format!("baton-c1-credential-provider {}", connect.program))
        .redirect(Policy::none())
        .retry(reqwest::retry::never())
        .https_only(true)
        .tls_version_min(reqwest::tls::Version::TLS_1_2)
        .connect_timeout(DEADLINE)
        .timeout(DEADLINE)
        .pool_idle_timeout(Duration::from_secs(5)); // asked once in a long while
    if connect.is_loopback() {
        builder = builder.no_proxy();
    }
    if let Some(pem) = &connect.tls.extra_ca {
        builder = builder.tls_certs_merge(Certificate::from_pem_bundle(pem)?);
    }
    builder.build()
}
