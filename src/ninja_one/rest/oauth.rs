//! Asks NinjaOne for a token, through the `oauth2` crate over the transport's own exchange (section 2). Credentials go
//! into the body, never into a header. Keeping and sharing the token is left to `token`.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use oauth2::basic::{
    BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse, BasicTokenType,
};
use oauth2::{
    AccessToken, AsyncHttpClient, AuthType, ClientId, ClientSecret, HttpRequest, HttpResponse, RefreshToken,
    RequestTokenError, Scope, StandardRevocableToken, TokenResponse, TokenUrl,
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize};

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
        Ok(NewToken {
            secret: SecretString::from(secret.clone()),
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

/// The token answer, more tolerant than the crate's own: `expires_in` may be a string, all but the token may be missing.
#[derive(Debug, Serialize, Deserialize)]
struct TokenAnswer {
    access_token: AccessToken,
    #[serde(skip, default = "bearer")]
    token_type: BasicTokenType,
    #[serde(default, deserialize_with = "seconds")]
    expires_in: Option<u64>,
    #[serde(default)]
    refresh_token: Option<RefreshToken>,
    #[serde(default, deserialize_with = "scopes")]
    scope: Option<Vec<Scope>>,
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

#[cfg(test)]
mod tests {
    // A test may panic: that is how it fails.
    #![allow(clippy::unwrap_used)]

    use super::super::testing::{FakeNinja, Reply, SECRET, Seen};
    use super::super::{Client as RestClient, RequestObserver, TokenInfo};
    use super::*;

    const PATH: &str = "POST /ws/oauth/token";

    fn form(seen: &Seen) -> Vec<(String, String)> {
        let mut pairs: Vec<_> = url::form_urlencoded::parse(seen.body.as_bytes()).into_owned().collect();
        pairs.sort();
        pairs
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    async fn token(replies: impl IntoIterator<Item = Reply>) -> (Result<TokenInfo, Error>, FakeNinja) {
        let ninja = FakeNinja::start().await.on(PATH, replies);
        (ninja.client().token().await, ninja)
    }

    #[tokio::test]
    async fn client_credentials_go_into_the_body_and_nowhere_else() {
        let (info, ninja) = token([Reply::token("a")]).await;
        assert_eq!(info.unwrap().scopes, Some(vec!["monitoring".to_owned(), "management".to_owned()]));
        let seen = &ninja.seen()[0];
        assert_eq!(seen.line, PATH);
        assert!(!seen.headers.contains_key("authorization"));
        assert_eq!(seen.headers["content-type"], "application/x-www-form-urlencoded");
        let expected = [
            ("client_id", "client-1"),
            ("client_secret", SECRET),
            ("grant_type", "client_credentials"),
            ("scope", "monitoring management"),
        ];
        assert_eq!(form(seen), pairs(&expected));
    }

    #[tokio::test]
    async fn without_scopes_none_are_sent() {
        let ninja = FakeNinja::start().await;
        let mut config = ninja.config();
        config.scopes.clear();
        RestClient::new(config).unwrap().token().await.unwrap();
        assert!(!ninja.seen()[0].body.contains("scope"));
    }

    #[tokio::test]
    async fn a_token_answer_may_be_odd_as_long_as_it_holds_a_token() {
        for (body, seconds) in [
            (r#"{"access_token":"a","expires_in":"3600","token_type":"bearer"}"#, 3600),
            (r#"{"access_token":"a","expires_in":1800.0,"scope":null,"refresh_token":null}"#, 1800),
            (r#"{"access_token":"a","expires_in":null,"novelty":[]}"#, 600),
            (r#"{"access_token":"a","expires_in":99999999999999999999}"#, 24 * 3600),
        ] {
            let reply = Reply::new(201, body).header("content-type", "text/plain");
            let remaining = token([reply]).await.0.unwrap().remaining.as_secs_f64().ceil();
            assert_eq!(remaining, f64::from(seconds), "{body}");
        }
    }

    #[tokio::test]
    async fn an_answer_without_a_usable_token_is_an_error_that_repeats_none_of_it() {
        for body in
            [r#"{"token":"canary"}"#, r#"{"access_token":""}"#, r#"{"access_token":"a canary"}"#, "canary"]
        {
            let error = token([Reply::ok(body)]).await.0.unwrap_err();
            assert_eq!(error.kind().label(), "decode", "{body}");
            assert!(!format!("{error:?}").contains("canary"), "{error:?}");
        }
        assert_eq!(token([Reply::ok(" ")]).await.0.unwrap_err().kind(), &ErrorKind::EmptyAnswer);
    }

    #[tokio::test]
    async fn the_other_path_is_tried_once_for_a_404_that_is_not_json_and_kept_when_it_works() {
        let ninja = FakeNinja::start()
            .await
            .on(PATH, [Reply::new(404, "<html>nginx</html>")])
            .on("POST /oauth/token", [Reply::token("a").header("x", "y")]);
        let client = ninja.client();
        client.token().await.unwrap();
        assert_eq!((ninja.count(PATH), ninja.count("POST /oauth/token")), (1, 1));

        let nowhere = Reply::new(404, "<html>nginx</html>");
        let ninja = FakeNinja::start().await.on(PATH, [nowhere.clone()]).on("POST /oauth/token", [nowhere]);
        let error = ninja.client().token().await.unwrap_err();
        let kind = ErrorKind::TokenPathNotFound { host: ninja.url.clone(), path: "/ws/oauth/token".into() };
        assert_eq!(error.kind(), &kind);
    }

    #[tokio::test]
    async fn an_unknown_client_is_told_as_wrong_region_or_client_without_trying_another_path() {
        let body = r#"{"resultCode":"Client app not exist","incidentId":"WEB-1"}"#;
        let (result, ninja) = token([Reply::new(404, body)]).await;
        let error = result.unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::WrongRegionOrClient { host: ninja.url.clone() });
        assert_eq!(error.incident_id(), Some("WEB-1"));
        assert!(error.to_string().contains("--ninja-one-base-url"), "{error}");
        assert_eq!(ninja.seen().len(), 1);
    }

    #[tokio::test]
    async fn a_secret_is_read_again_for_every_token() {
        let ninja = FakeNinja::start().await.on(PATH, [Reply::new(401, ""), Reply::token("a")]);
        let secret = Arc::new(Mutex::new("old"));
        let source = Arc::clone(&secret);
        let mut config = ninja.config();
        config.client_secret = SecretSource::new(move || SecretString::from(*source.lock().unwrap()));
        let client = RestClient::new(config).unwrap();
        assert_eq!(client.token().await.unwrap_err().kind(), &ErrorKind::InvalidClient);
        *secret.lock().unwrap() = "new";
        client.token().await.unwrap();
        assert!(ninja.seen()[0].body.contains("client_secret=old"));
        assert!(ninja.seen()[1].body.contains("client_secret=new"));
    }

    #[tokio::test]
    async fn a_rotated_refresh_token_is_kept_and_used_next_and_none_keeps_the_old_one() {
        let rotated = r#"{"access_token":"a","expires_in":1,"refresh_token":"r2"}"#;
        let unrotated = r#"{"access_token":"b","expires_in":1}"#;
        let ninja = FakeNinja::start().await.on(
            PATH,
            [Reply::ok(rotated), Reply::ok(unrotated), Reply::new(400, r#"{"error":"invalid_grant"}"#)],
        );
        let kept = Arc::new(Mutex::new(Vec::new()));
        let keep = Arc::clone(&kept);
        let mut config = ninja.config();
        config.grant = Grant::RefreshToken {
            token: SecretString::from("r1").into(),
            keeper: Some(Arc::new(move |token| {
                keep.lock().unwrap().push(token.expose_secret().to_owned());
                Ok(())
            })),
        };
        let wire = Arc::new(super::super::transport::Http::new(&config).unwrap());
        let oauth = OAuth::new(&config, wire);
        oauth.fetch().await.unwrap();
        oauth.fetch().await.unwrap();
        let Err(error) = oauth.fetch().await else { unreachable!("the third answer is a refusal") };
        assert_eq!(error.kind(), &ErrorKind::InvalidGrant);
        let sent: Vec<_> = ninja.seen().iter().map(form).collect();
        let expected = |token| {
            pairs(&[
                ("client_id", "client-1"),
                ("client_secret", SECRET),
                ("grant_type", "refresh_token"),
                ("refresh_token", token),
            ])
        };
        assert_eq!(sent, [expected("r1"), expected("r2"), expected("r2")]);
        assert_eq!(*kept.lock().unwrap(), ["r2"]);
    }

    #[tokio::test]
    async fn token_calls_are_observed() {
        #[derive(Default)]
        struct Refreshes(Mutex<Vec<bool>>);
        impl RequestObserver for Refreshes {
            fn token_refreshed(&self, failure: Option<&Error>) {
                self.0.lock().unwrap().push(failure.is_none());
            }
        }
        let ninja = FakeNinja::start().await.on(PATH, [Reply::new(500, ""), Reply::token("a")]);
        let refreshes = Arc::new(Refreshes::default());
        let mut config = ninja.config();
        config.observer = Arc::clone(&refreshes) as Arc<dyn RequestObserver>;
        let client = RestClient::new(config).unwrap();
        assert!(client.token().await.is_err());
        assert!(client.token().await.is_ok());
        assert_eq!(*refreshes.0.lock().unwrap(), [false, true]);
    }
}
