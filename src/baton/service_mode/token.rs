//! The access token: one at a time for all calls, renewed early and by one caller only.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::{sync::Mutex, time::Instant};
use tonic::{
    Code, Status,
    metadata::{Ascii, MetadataValue},
};

/// A token is not used any more this long before its end.
const LEAST: Duration = Duration::from_secs(10);
/// It is renewed this long before its end, or at half its life if that is later.
const EARLY: Duration = Duration::from_secs(60);
/// Assumed when the answer does not say; a refusal corrects it.
const DEFAULT_LIFETIME: Duration = Duration::from_secs(600);
/// Longer promises are not believed.
const MAX_LIFETIME: Duration = Duration::from_secs(24 * 3600);
/// The pause before another early renewal after a failed one.
const AGAIN: Duration = Duration::from_secs(10);

/// Asks for a new token.
#[async_trait]
pub trait FetchToken: Send + Sync + 'static {
    /// A new token.
    ///
    /// # Errors
    /// `Unauthenticated` when we are refused, `Unavailable` when nobody could be asked.
    async fn fetch(&self) -> Result<NewToken, Status>;
}

/// What the token endpoint answered.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// The scheme, usually `Bearer`.
    pub kind: String,
    /// The token.
    pub secret: SecretString,
    /// How long it holds, if told.
    pub lifetime: Option<Duration>,
}

/// A token in use.
#[derive(Clone)]
pub(super) struct Token {
    header: MetadataValue<Ascii>,
    serial: u64,
    renew_at: Instant,
    ends_at: Instant,
}

impl Token {
    /// The value of the header `authorization`.
    pub(super) fn header(&self) -> MetadataValue<Ascii> {
        self.header.clone()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("serial", &self.serial).finish_non_exhaustive()
    }
}

/// Hands out the current token.
pub(super) struct Tokens {
    fetch: Arc<dyn FetchToken>,
    state: Mutex<State>,
    /// Fetches that ended, read without the lock: who waited through one shares its failure.
    rounds: AtomicU64,
}

#[derive(Default)]
struct State {
    token: Option<Token>,
    failure: Option<(u64, Status)>,
}

impl Tokens {
    pub(super) fn new(fetch: Arc<dyn FetchToken>) -> Self {
        Self { fetch, state: Mutex::default(), rounds: AtomicU64::new(0) }
    }

    /// The current token, fetched if there is none or it is near its end.
    ///
    /// Cancel safe: the next caller fetches then.
    pub(super) async fn current(&self) -> Result<Token, Status> {
        self.other_than(None).await
    }

    /// A token other than `refused`: the one that somebody else got meanwhile, or a new one.
    pub(super) async fn renewed(&self, refused: &Token) -> Result<Token, Status> {
        self.other_than(Some(refused.serial)).await
    }

    async fn other_than(&self, refused: Option<u64>) -> Result<Token, Status> {
        let asked = self.rounds.load(Ordering::SeqCst);
        let mut state = self.state.lock().await;
        let usable = state.token.clone().filter(|t| Some(t.serial) != refused && Instant::now() < t.ends_at);
        if let Some(token) = usable.as_ref().filter(|t| Instant::now() < t.renew_at) {
            return Ok(token.clone());
        }
        if let Some((round, failure)) = &state.failure
            && *round > asked
        {
            return Err(failure.clone());
        }
        let answer = self.fetch.fetch().await;
        let round = self.rounds.fetch_add(1, Ordering::SeqCst) + 1;
        match answer.and_then(|new| Token::new(&new, round)) {
            Ok(token) => {
                *state = State { token: Some(token.clone()), failure: None };
                Ok(token)
            }
            Err(failure) => match usable {
                // Renewal was early; the old token serves while the token endpoint recovers.
                Some(token) if failure.code() != Code::Unauthenticated => {
                    let token = Token { renew_at: Instant::now() + AGAIN, ..token };
                    state.token = Some(token.clone());
                    Ok(token)
                }
                _ => {
                    *state = State { token: None, failure: Some((round, failure.clone())) };
                    Err(failure)
                }
            },
        }
    }
}

impl Token {
    fn new(new: &NewToken, serial: u64) -> Result<Self, Status> {
        let value = format!("{} {}", new.kind, new.secret.expose_secret());
        let mut header: MetadataValue<Ascii> =
            value.parse().map_err(|_| Status::unavailable("the access token cannot be a header"))?;
        header.set_sensitive(true); // kept out of logs and of header compression
        let lifetime = new.lifetime.unwrap_or(DEFAULT_LIFETIME).min(MAX_LIFETIME);
        let now = Instant::now();
        let early = lifetime.saturating_sub(EARLY).max(lifetime / 2);
        let ends = lifetime.saturating_sub(LEAST).max(lifetime / 2);
        Ok(Self { header, serial, renew_at: now + early.min(ends), ends_at: now + ends })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a failing unwrap is a failing test

    use std::sync::{Mutex as Lock, atomic::AtomicUsize};

    use super::*;

    #[derive(Default)]
    struct Endpoint {
        fetched: AtomicUsize,
        failure: Lock<Option<Status>>,
        lifetime: u64,
    }

    #[async_trait]
    impl FetchToken for Endpoint {
        async fn fetch(&self) -> Result<NewToken, Status> {
            tokio::time::sleep(Duration::from_millis(100)).await;
            let number = self.fetched.fetch_add(1, Ordering::SeqCst) + 1;
            match self.failure.lock().unwrap().clone() {
                Some(failure) => Err(failure),
                None => Ok(NewToken {
                    kind: "Bearer".into(),
                    secret: format!("token-{number}").into(),
                    lifetime: Some(Duration::from_secs(self.lifetime)),
                }),
            }
        }
    }

    fn endpoint(lifetime: u64) -> (Arc<Endpoint>, Tokens) {
        let endpoint = Arc::new(Endpoint { lifetime, ..Endpoint::default() });
        (Arc::clone(&endpoint), Tokens::new(endpoint as Arc<dyn FetchToken>))
    }

    fn text(token: &Token) -> String {
        token.header().to_str().unwrap().to_owned()
    }

    #[tokio::test(start_paused = true)]
    async fn many_callers_make_one_request() {
        let (endpoint, tokens) = endpoint(3600);
        let all = futures::future::join_all((0..20).map(|_| tokens.current())).await;
        assert!(all.iter().all(|t| text(t.as_ref().unwrap()) == "Bearer token-1"));
        assert_eq!(endpoint.fetched.load(Ordering::SeqCst), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn many_callers_share_one_refusal() {
        let (endpoint, tokens) = endpoint(3600);
        *endpoint.failure.lock().unwrap() = Some(Status::unauthenticated("no"));
        let all = futures::future::join_all((0..20).map(|_| tokens.current())).await;
        assert!(all.iter().all(|t| t.as_ref().unwrap_err().code() == Code::Unauthenticated));
        assert_eq!(endpoint.fetched.load(Ordering::SeqCst), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_is_renewed_a_minute_early_and_the_old_one_serves_through_an_outage_until_its_end() {
        let (endpoint, tokens) = endpoint(600);
        assert_eq!(text(&tokens.current().await.unwrap()), "Bearer token-1");
        tokio::time::advance(Duration::from_secs(539)).await;
        assert_eq!(text(&tokens.current().await.unwrap()), "Bearer token-1");
        *endpoint.failure.lock().unwrap() = Some(Status::unavailable("down"));
        tokio::time::advance(Duration::from_secs(2)).await;
        assert_eq!(text(&tokens.current().await.unwrap()), "Bearer token-1");
        assert_eq!(text(&tokens.current().await.unwrap()), "Bearer token-1");
        assert_eq!(endpoint.fetched.load(Ordering::SeqCst), 2, "another early renewal without a pause");
        tokio::time::advance(Duration::from_secs(49)).await;
        assert_eq!(
            tokens.current().await.unwrap_err().code(),
            Code::Unavailable,
            "used within 10 s of its end"
        );
        *endpoint.failure.lock().unwrap() = None;
        assert_eq!(text(&tokens.current().await.unwrap()), "Bearer token-4");
    }

    #[tokio::test(start_paused = true)]
    async fn a_refused_token_is_replaced_once_for_all_who_saw_the_refusal() {
        let (endpoint, tokens) = endpoint(3600);
        let old = tokens.current().await.unwrap();
        let (a, b) = futures::join!(tokens.renewed(&old), tokens.renewed(&old));
        assert_eq!(
            (text(&a.unwrap()), text(&b.unwrap())),
            ("Bearer token-2".into(), "Bearer token-2".into())
        );
        assert_eq!(endpoint.fetched.load(Ordering::SeqCst), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_is_not_in_any_debug_text() {
        let (_, tokens) = endpoint(3600);
        let token = tokens.current().await.unwrap();
        assert!(!format!("{token:?} {:?}", token.header()).contains("token-1"));
    }
}
