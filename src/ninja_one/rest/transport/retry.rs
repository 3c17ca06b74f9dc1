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
