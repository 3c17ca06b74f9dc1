//! The access token: one at a time, shared by all requests, renewed early and by one caller only. How a token is asked
//! for is left to `oauth`.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use secrecy::SecretString;
use tokio::sync::Mutex;
use tokio::time::Instant;
use tracing::Instrument as _;

use super::error::{Error, ErrorKind, Outcome};
use super::observer::RequestObserver;

/// A token is renewed this long before it expires, or after half its life if that is later.
const MARGIN: Duration = Duration::from_secs(60);
/// Assumed when the answer does not say; a 401 corrects it.
const DEFAULT_LIFETIME: Duration = Duration::from_secs(600);
/// Longer promises are not believed.
const MAX_LIFETIME: Duration = Duration::from_secs(24 * 3600);
/// The pause before another early renewal after a failed one.
const EARLY_RETRY: Duration = Duration::from_secs(10);

/// Asks for a new token.
#[async_trait]
pub(super) trait FetchToken: Send + Sync + 'static {
    async fn fetch(&self) -> Result<NewToken, Error>;
}

/// What the token call answered.
#[derive(Clone)]
pub(super) struct NewToken {
    pub(super) secret: SecretString,
    pub(super) lifetime: Option<Duration>,
    pub(super) scopes: Option<Vec<String>>,
}

/// A token in use.
#[derive(Clone)]
pub(super) struct Token {
    pub(super) secret: SecretString,
    serial: u64,
    renew_at: Instant,
    expires_at: Instant,
    scopes: Option<Vec<String>>,
}

/// What is known about the current token. Never the token itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenInfo {
    /// Scopes as NinjaOne named them; `None` when it never did.
    pub scopes: Option<Vec<String>>,
    /// Time until it expires.
    pub remaining: Duration,
}

impl Token {
    pub(super) fn info(&self) -> TokenInfo {
        let remaining = self.expires_at.saturating_duration_since(Instant::now());
        TokenInfo { scopes: self.scopes.clone(), remaining }
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("serial", &self.serial).finish_non_exhaustive()
    }
}

/// Hands out the current token. Clones share it.
#[derive(Clone)]
pub(super) struct TokenSource(Arc<Inner>);

struct Inner {
    fetch: Arc<dyn FetchToken>,
    observer: Arc<dyn RequestObserver>,
    /// Held while a token is fetched, so that there is one fetch at a time.
    state: Arc<Mutex<State>>,
    /// Fetches that ended, read without the lock: who waited through one shares its failure.
    rounds: AtomicU64,
}

#[derive(Default)]
struct State {
    token: Option<Arc<Token>>,
    failure: Option<(u64, Error)>,
}

impl TokenSource {
    pub(super) fn new(fetch: Arc<dyn FetchToken>, observer: Arc<dyn RequestObserver>) -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        Self(Arc::new(Inner { fetch, observer, state, rounds: AtomicU64::new(0) }))
    }

    /// The current token, fetched if there is none or it is near its end.
    pub(super) async fn token(&self) -> Result<Arc<Token>, Error> {
        self.other_than(None).await
    }

    /// A token other than `refused`: the one that someone else got meanwhile, or a new one.
    pub(super) async fn renewed(&self, refused: &Token) -> Result<Arc<Token>, Error> {
        self.other_than(Some(refused.serial)).await
    }

    async fn other_than(&self, refused: Option<u64>) -> Result<Arc<Token>, Error> {
        let inner = &self.0;
        let round = inner.rounds.load(Ordering::SeqCst);
        let mut state = Arc::clone(&inner.state).lock_owned().await;
        let usable = state.token.clone().filter(|token| Some(token.serial) != refused);
        let now = Instant::now();
        if let Some(token) = usable.as_ref().filter(|token| now < token.renew_at) {
            return Ok(Arc::clone(token));
        }
        if let Some((failed, error)) = &state.failure
            && *failed > round
        {
            return Err(error.clone());
        }
        // Detached: a caller that goes away must not lose a rotated refresh token, nor leave the others without leader.
        // The fetch is bounded by the transport's own timeouts.
        let inner = Arc::clone(inner);
        let task = async move {
            let result = inner.fetch.fetch().await.map_err(|error| error.with_outcome(Outcome::Refused));
            inner.observer.token_refreshed(result.as_ref().err());
            let round = inner.rounds.fetch_add(1, Ordering::SeqCst) + 1;
            match result {
                Ok(new) => {
                    let token = Arc::new(Token::new(new, round, state.token.as_deref()));
                    state.token = Some(Arc::clone(&token));
                    state.failure = None;
                    Ok(token)
                }
                Err(error) => match usable.filter(|token| Instant::now() < token.expires_at) {
                    // Renewal was early, so the old token still serves while the token endpoint recovers.
                    Some(token) if error.is_retryable() => {
                        tracing::warn!(%error, "renewing the access token early failed; using the old one");
                        let token =
                            Arc::new(Token { renew_at: Instant::now() + EARLY_RETRY, ..(*token).clone() });
                        state.token = Some(Arc::clone(&token));
                        Ok(token)
                    }
                    _ => {
                        state.token = None;
                        state.failure = Some((round, error.clone()));
                        Err(error)
                    }
                },
            }
        };
        match tokio::spawn(task.in_current_span()).await {
            Ok(result) => result,
            Err(_) => Err(Error::new(ErrorKind::Shutdown).with_outcome(Outcome::Refused)),
        }
    }
}

impl Token {
    fn new(new: NewToken, serial: u64, before: Option<&Self>) -> Self {
        let lifetime = new.lifetime.unwrap_or(DEFAULT_LIFETIME).min(MAX_LIFETIME);
        let early = lifetime.saturating_sub(MARGIN).max(lifetime / 2);
        let now = Instant::now();
        Self {
            secret: new.secret,
            serial,
            renew_at: now + early,
            expires_at: now + lifetime,
            // A refresh need not echo the scopes; then the last known ones hold.
            scopes: new.scopes.or_else(|| before.and_then(|token| token.scopes.clone())),
        }
    }
}
