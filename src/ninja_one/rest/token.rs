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

use super::error::{Error, Outcome};
use super::error_kind::ErrorKind;
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

#[cfg(test)]
mod tests {
    // A test may panic: that is how it fails.
    #![allow(clippy::unwrap_used)]

    use std::collections::VecDeque;
    use std::sync::Mutex as StdMutex;

    use futures::future::join_all;
    use secrecy::ExposeSecret;
    use tokio::time::{advance, sleep, timeout};

    use super::super::observer::NoObserver;
    use super::*;

    /// Plays back failures, then gives tokens `t1`, `t2`, ... that live `lifetime`; each takes a second.
    struct Fetches {
        failures: StdMutex<VecDeque<Option<ErrorKind>>>,
        lifetime: Option<Duration>,
        count: AtomicU64,
    }

    impl Fetches {
        fn new(lifetime: u64, failures: impl IntoIterator<Item = Option<ErrorKind>>) -> Arc<Self> {
            let failures = StdMutex::new(failures.into_iter().collect());
            Arc::new(Self {
                failures,
                lifetime: Some(Duration::from_secs(lifetime)),
                count: AtomicU64::new(0),
            })
        }

        fn count(&self) -> u64 {
            self.count.load(Ordering::SeqCst)
        }
    }

    #[async_trait]
    impl FetchToken for Fetches {
        async fn fetch(&self) -> Result<NewToken, Error> {
            let number = self.count.fetch_add(1, Ordering::SeqCst) + 1;
            sleep(Duration::from_secs(1)).await;
            if let Some(kind) = self.failures.lock().unwrap().pop_front().flatten() {
                return Err(Error::new(kind));
            }
            let scopes = (number == 1).then(|| vec!["monitoring".to_owned()]);
            Ok(NewToken { secret: SecretString::from(format!("t{number}")), lifetime: self.lifetime, scopes })
        }
    }

    fn source(fetches: &Arc<Fetches>) -> TokenSource {
        TokenSource::new(Arc::clone(fetches) as Arc<dyn FetchToken>, Arc::new(NoObserver))
    }

    fn text(token: &Result<Arc<Token>, Error>) -> String {
        token.as_ref().unwrap().secret.expose_secret().to_owned()
    }

    #[tokio::test(start_paused = true)]
    async fn many_requests_at_once_get_one_token() {
        let fetches = Fetches::new(3600, []);
        let source = source(&fetches);
        let tokens = join_all((0..50).map(|_| source.token())).await;
        assert!(tokens.iter().all(|token| text(token) == "t1"));
        assert_eq!(fetches.count(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_leader_that_goes_away_leaves_its_token_to_the_others() {
        let fetches = Fetches::new(3600, []);
        let source = source(&fetches);
        assert!(timeout(Duration::from_millis(500), source.token()).await.is_err());
        assert_eq!(text(&source.token().await), "t1");
        assert_eq!(fetches.count(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_is_renewed_a_minute_early_and_a_short_one_after_half_its_life() {
        for (lifetime, kept) in [(3600, 3539), (100, 49)] {
            let fetches = Fetches::new(lifetime, []);
            let source = source(&fetches);
            assert_eq!(text(&source.token().await), "t1");
            advance(Duration::from_secs(kept)).await;
            assert_eq!(text(&source.token().await), "t1", "after {kept} of {lifetime} s");
            advance(Duration::from_secs(1)).await;
            let token = source.token().await;
            assert_eq!(text(&token), "t2", "after {} of {lifetime} s", kept + 1);
            // The second answer named no scopes: the known ones hold.
            assert_eq!(token.unwrap().info().scopes, Some(vec!["monitoring".to_owned()]));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn requests_refused_with_the_same_token_renew_it_once() {
        let fetches = Fetches::new(3600, []);
        let source = source(&fetches);
        let old = source.token().await.unwrap();
        let tokens = join_all((0..10).map(|_| source.renewed(&old))).await;
        assert!(tokens.iter().all(|token| text(token) == "t2"));
        // A refusal that comes late does not throw the new token away.
        assert_eq!(text(&source.renewed(&old).await), "t2");
        assert_eq!(fetches.count(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn who_waited_through_a_failure_shares_it_and_who_comes_later_tries_anew() {
        let fetches = Fetches::new(3600, [Some(ErrorKind::InvalidClient)]);
        let source = source(&fetches);
        let tokens = join_all((0..10).map(|_| source.token())).await;
        for token in &tokens {
            let error = token.as_ref().unwrap_err();
            assert_eq!((error.kind(), error.is_certainly_refused()), (&ErrorKind::InvalidClient, true));
        }
        assert_eq!(fetches.count(), 1);
        assert_eq!(text(&source.token().await), "t2");
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_in_force_serves_on_while_early_renewal_fails_for_a_while() {
        let fetches =
            Fetches::new(3600, [None, Some(ErrorKind::ServerError), Some(ErrorKind::InvalidClient)]);
        let source = source(&fetches);
        let first = source.token().await;
        advance(Duration::from_secs(3541)).await;
        assert_eq!(text(&source.token().await), text(&first));
        assert_eq!(text(&source.token().await), text(&first));
        assert_eq!(fetches.count(), 2, "a failed early renewal is not repeated at once");
        advance(Duration::from_secs(11)).await;
        assert_eq!(source.token().await.unwrap_err().kind(), &ErrorKind::InvalidClient);
    }
}
