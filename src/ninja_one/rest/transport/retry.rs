//! Repeats what may be repeated: a read after trouble on the way, a write only when it certainly did not happen.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::{Instant, sleep};

use super::super::config::RetryPolicy;
use super::super::error::Error;
use super::super::observer::RequestObserver;
use super::{Answer, Request, Sink, Transport};

/// The layer.
pub(in super::super) struct Retry<T> {
    inner: T,
    policy: RetryPolicy,
    observer: Arc<dyn RequestObserver>,
}

impl<T: Transport> Retry<T> {
    pub(in super::super) fn new(inner: T, policy: RetryPolicy, observer: Arc<dyn RequestObserver>) -> Self {
        Self { inner, policy, observer }
    }
}

/// The pause after failed attempt number `attempt`.
fn delay(policy: &RetryPolicy, attempt: u32, error: &Error) -> Duration {
    match error.retry_after() {
        Some(asked) if !asked.is_zero() => asked.min(policy.max_delay),
        _ => {
            let doubled = policy.base_delay.saturating_mul(1 << attempt.saturating_sub(1).min(16));
            doubled.min(policy.max_delay).mul_f64(0.5 + (policy.jitter)().clamp(0.0, 1.0) / 2.0)
        }
    }
}

#[async_trait]
impl<T: Transport> Transport for Retry<T> {
    async fn send(&self, request: &Request, sink: &mut dyn Sink) -> Result<Answer, Error> {
        let started = Instant::now();
        let mut request = request.clone();
        loop {
            let error = match self.inner.send(&request, sink).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let repeatable = !request.endpoint.is_write() || error.is_certainly_refused();
            if !repeatable || !error.is_retryable() || request.attempt >= self.policy.max_attempts {
                return Err(error);
            }
            let delay = delay(&self.policy, request.attempt, &error);
            if started.elapsed() + delay >= self.policy.deadline {
                return Err(error);
            }
            tracing::warn!(
                endpoint = request.endpoint.label(), attempt = request.attempt, delay = ?delay, %error,
                "a NinjaOne request failed and will be repeated"
            );
            self.observer.retry_scheduled(request.endpoint, &error, delay);
            sleep(delay).await;
            request.attempt += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    // A test may panic: that is how it fails.
    #![allow(clippy::unwrap_used)]

    use super::super::super::endpoint::Endpoint;
    use super::super::super::error::Outcome;
    use super::super::super::error_kind::ErrorKind;
    use super::super::super::observer::NoObserver;
    use super::super::super::testing::{Script, fine};
    use super::super::Buffer;
    use super::*;

    fn server_error() -> Error {
        Error::new(ErrorKind::ServerError)
    }

    async fn run(
        policy: RetryPolicy,
        endpoint: Endpoint,
        results: Vec<Result<Answer, Error>>,
    ) -> (Result<Answer, Error>, Duration, usize) {
        let script = Arc::new(Script::new(results));
        let policy = RetryPolicy { jitter: || 1.0, ..policy };
        let retry = Retry::new(Arc::clone(&script), policy, Arc::new(NoObserver));
        let started = Instant::now();
        let result = retry.send(&Request::new(endpoint, "/", 1), &mut Buffer::default()).await;
        let attempts: Vec<u32> = script.sent.lock().unwrap().iter().map(|request| request.attempt).collect();
        assert!(attempts.iter().copied().eq(1..=u32::try_from(attempts.len()).unwrap()), "{attempts:?}");
        (result, started.elapsed(), attempts.len())
    }

    #[tokio::test(start_paused = true)]
    async fn a_read_is_repeated_with_growing_pauses_until_it_succeeds() {
        let failures = vec![Err(server_error()), Err(server_error()), Err(server_error()), fine()];
        let (result, elapsed, sends) = run(RetryPolicy::default(), Endpoint::Users, failures).await;
        assert!(result.is_ok());
        assert_eq!((elapsed.as_secs(), sends), (2 + 4 + 8, 4));
    }

    #[tokio::test(start_paused = true)]
    async fn attempts_are_limited_and_a_final_error_is_not_repeated() {
        let failures = || std::iter::repeat_with(|| Err(server_error())).take(9).collect();
        let (result, _, sends) = run(RetryPolicy::default(), Endpoint::Users, failures()).await;
        assert_eq!((result.unwrap_err().kind(), sends), (&ErrorKind::ServerError, 4));
        for kind in
            [ErrorKind::Forbidden, ErrorKind::NotFound, ErrorKind::NotAuthenticated, ErrorKind::Rejected]
        {
            let (_, _, sends) =
                run(RetryPolicy::default(), Endpoint::Users, vec![Err(Error::new(kind.clone()))]).await;
            assert_eq!(sends, 1, "{kind:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_pause_that_ninja_one_asks_for_is_kept_but_not_beyond_a_minute() {
        let throttled = |seconds| {
            let error = Error::new(ErrorKind::Throttled);
            Err(error.with_retry_after(Some(Duration::from_secs(seconds))))
        };
        let (_, elapsed, _) =
            run(RetryPolicy::default(), Endpoint::Users, vec![throttled(7), throttled(3600), fine()]).await;
        assert_eq!(elapsed.as_secs(), 7 + 60);
    }

    #[tokio::test(start_paused = true)]
    async fn a_write_is_repeated_only_when_it_certainly_did_not_happen() {
        for (outcome, expected) in [(Outcome::Refused, 2), (Outcome::Unknown, 1)] {
            let error = Error::new(ErrorKind::Throttled).with_outcome(outcome);
            let (_, _, sends) =
                run(RetryPolicy::default(), Endpoint::CreateEndUser, vec![Err(error), fine()]).await;
            assert_eq!(sends, expected, "{outcome:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn no_attempt_starts_after_the_deadline() {
        let policy = RetryPolicy { deadline: Duration::from_secs(6), ..RetryPolicy::default() };
        let failures = vec![Err(server_error()), Err(server_error()), fine()];
        let (result, elapsed, sends) = run(policy, Endpoint::Users, failures).await;
        assert!(result.is_err());
        assert_eq!((elapsed.as_secs(), sends), (2, 2));
    }

    #[test]
    fn jitter_takes_at_most_half_of_a_pause() {
        let policy = RetryPolicy { jitter: || 0.0, ..RetryPolicy::default() };
        assert_eq!(delay(&policy, 1, &server_error()), Duration::from_secs(1));
        assert_eq!(delay(&policy, 2, &server_error()), Duration::from_secs(2));
        assert_eq!(delay(&policy, 40, &server_error()), Duration::from_secs(30));
    }
}
