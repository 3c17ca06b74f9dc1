//! Asks NinjaOne for a token, through the `oauth2` crate over the transport's own exchange (section 2). Credentials go
//! into the body, never into a header. Keeping and sharing the token is left to `token`.

mod answer;
#[cfg(test)]
mod tests;

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use oauth2::basic::{BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse};
use oauth2::{
    AsyncHttpClient, AuthType, ClientId, ClientSecret, HttpRequest, HttpResponse, RefreshToken,
    RequestTokenError, Scope, StandardRevocableToken, TokenResponse, TokenUrl,
};
use secrecy::{ExposeSecret, SecretString};

use self::answer::TokenAnswer;
use super::config::{ClientConfig, Grant};
use super::endpoint::Endpoint;
use super::error::{Error, Outcome};
use super::error_kind::ErrorKind;
use super::host::Host;
use super::secret::SecretSource;
use super::token::{FetchToken, NewToken};
use super::transport::{Body, Buffer, Request, Transport};

/// Bytes of a token answer.
const TOKEN_BODY: u64 = 64 * 1024;

/// The token call of one client app.
pub(super) struct OAuth {
    transport: Arc<dyn Transport>,
    host: Host,
    client_id: String,
    client_secret: SecretSource,
    grant: Grant,
    scopes: Vec<String>,
    path: String,
    fallback: Option<String>,
    hide: fn(&SecretString),
    /// Whether the fallback path has proved to be the right one.
    fallen_back: AtomicBool,
    /// The refresh token as the source gave it, and as it was rotated since.
    held: Mutex<Option<Held>>,
}

struct Held {
    given: SecretString,
    current: SecretString,
}

type Client<HasTokenUrl = oauth2::EndpointNotSet> = oauth2::Client<
    BasicErrorResponse,
    TokenAnswer,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    oauth2::EndpointNotSet,
    oauth2::EndpointNotSet,
    oauth2::EndpointNotSet,
    oauth2::EndpointNotSet,
    HasTokenUrl,
>;

impl OAuth {
    pub(super) fn new(config: &ClientConfig, transport: Arc<dyn Transport>) -> Self {
        Self {
            transport,
            host: config.host.clone(),
            client_id: config.client_id.clone(),
            client_secret: config.client_secret.clone(),
            grant: config.grant.clone(),
            scopes: config.scopes.clone(),
            path: config.token_path.clone(),
            fallback: config.token_path_fallback.clone().filter(|path| *path != config.token_path),
            hide: config.hide,
            fallen_back: AtomicBool::new(false),
            held: Mutex::new(None),
        }
    }

    async fn ask(&self, path: &str) -> Result<TokenAnswer, Error> {
        let secret = self.client_secret.get();
        let url = TokenUrl::from_url(self.host.url(path, &[]));
        let mut client = Client::new(ClientId::new(self.client_id.clone()))
            .set_auth_type(AuthType::RequestBody)
            .set_token_uri(url);
        if !secret.expose_secret().is_empty() {
            client = client.set_client_secret(ClientSecret::new(secret.expose_secret().to_owned()));
        }
        let result = match &self.grant {
            Grant::ClientCredentials => {
                let exchange = self.exchange(path, vec![secret]);
                let scopes = self.scopes.iter().cloned().map(Scope::new);
                client.exchange_client_credentials().add_scopes(scopes).request_async(&exchange).await
            }
            Grant::RefreshToken { token, .. } => {
                let refresh = self.refresh_token(token);
                let exchange = self.exchange(path, vec![secret, refresh.clone()]);
                let refresh = RefreshToken::new(refresh.expose_secret().to_owned());
                client.exchange_refresh_token(&refresh).request_async(&exchange).await
            }
        };
        result.map_err(|error| match error {
            RequestTokenError::Request(error) => error,
            // Neither the body nor the parser's text: both may hold the token.
            RequestTokenError::Parse(error, _) => unreadable(error.path().to_string()),
            RequestTokenError::ServerResponse(_) | RequestTokenError::Other(_) => unreadable(String::new()),
        })
    }

    fn exchange(&self, path: &str, secrets: Vec<SecretString>) -> Exchange {
        Exchange { transport: Arc::clone(&self.transport), path: path.to_owned(), secrets }
    }

    /// The refresh token to use: the rotated one, unless the source gives another than before.
    fn refresh_token(&self, source: &SecretSource) -> SecretString {
        let given = source.get();
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        match &*held {
            Some(held) if held.given.expose_secret() == given.expose_secret() => held.current.clone(),
            _ => {
                *held = Some(Held { given: given.clone(), current: given.clone() });
                given
            }
        }
    }

    /// Keeps a rotated refresh token, before the access token that came with it is used.
    fn keep(&self, answer: &TokenAnswer) {
        let Grant::RefreshToken { keeper, .. } = &self.grant else {
            return;
        };
        let rotated =
            answer.refresh_token.as_ref().map(RefreshToken::secret).filter(|token| !token.is_empty());
        let Some(rotated) = rotated else {
            return;
        };
        let rotated = SecretString::from(rotated.clone());
        (self.hide)(&rotated);
        let mut lock = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(held) = &mut *lock else {
            return;
        };
        if held.current.expose_secret() == rotated.expose_secret() {
            return;
        }
        held.current = rotated.clone();
        drop(lock);
        if let Some(Err(error)) = keeper.as_ref().map(|keep| keep(&rotated)) {
            tracing::error!(%error, "the rotated refresh token could not be stored; a restart may need a new sign-in");
        }
    }
}

/// The adapter: the crate's request over our transport. Only a 2xx body comes back; the rest is a typed error.
struct Exchange {
    transport: Arc<dyn Transport>,
    path: String,
    secrets: Vec<SecretString>,
}

impl<'c> AsyncHttpClient<'c> for Exchange {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, Error>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let mut token_request = Request::new(Endpoint::Token, self.path.as_str(), TOKEN_BODY);
            token_request.body = Some(Body {
                content_type: "application/x-www-form-urlencoded",
                bytes: Bytes::from(request.into_body()),
            });
            token_request.secrets = self.secrets.clone();
            let mut sink = Buffer::required();
            self.transport.send(&token_request, &mut sink).await?;
            // The crate insists on 200 and a JSON type; NinjaOne promises neither.
            http::Response::builder()
                .header(CONTENT_TYPE, "application/json")
                .body(sink.bytes)
                .map_err(|_| unreadable(String::new()))
        })
    }
}

#[async_trait]
impl FetchToken for OAuth {
    async fn fetch(&self) -> Result<NewToken, Error> {
        let fallback = self.fallback.as_deref();
        let answer = match fallback.filter(|_| self.fallen_back.load(Ordering::Relaxed)) {
            Some(path) => self.ask(path).await,
            None => match (self.ask(&self.path).await, fallback) {
                (Err(error), Some(path)) if matches!(error.kind(), ErrorKind::TokenPathNotFound { .. }) => {
                    match self.ask(path).await {
                        // Neither path is there: the one that was asked for is the one to name.
                        Err(other) if matches!(other.kind(), ErrorKind::TokenPathNotFound { .. }) => {
                            Err(error)
                        }
                        result => {
                            self.fallen_back.store(result.is_ok(), Ordering::Relaxed);
                            result
                        }
                    }
                }
                (result, _) => result,
            },
        }?;
        self.keep(&answer);
        let secret = answer.access_token.secret();
        if secret.is_empty() || !secret.bytes().all(|byte| matches!(byte, 0x21..=0x7e)) {
            return Err(unreadable("access_token".to_owned()));
        }
        let secret = SecretString::from(secret.clone());
        (self.hide)(&secret);
        Ok(NewToken {
            secret,
            lifetime: answer.expires_in(),
            scopes: answer.scope.map(|scopes| scopes.iter().map(|scope| scope.to_string()).collect()),
        })
    }
}

fn unreadable(path: String) -> Error {
    let reason = "not a token answer".to_owned();
    Error::new(ErrorKind::Decode { element: None, path, reason })
        .endpoint_if_none(Endpoint::Token)
        .with_outcome(Outcome::Refused)
}
