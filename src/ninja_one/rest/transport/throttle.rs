//! Keeps few requests in flight, and all of them back while NinjaOne throttles.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep_until};

use super::super::config::RetryPolicy;
use super::super::error::{Error, ErrorKind, Outcome};
use super::super::observer::RequestObserver;
use super::{Answer, Request, Sink, Transport};

/// The layer.
pub(in super::super) struct Throttle<T> {
    inner: T,
    slots: Semaphore,
    paused_until: Mutex<Option<Instant>>,
    default_pause: Duration,
    max_pause: Duration,
    observer: Arc<dyn RequestObserver>,
}

impl<T: Transport> Throttle<T> {
    pub(in super::super) fn new(
        inner: T,
        max_in_flight: usize,
        policy: &RetryPolicy,
        observer: Arc<dyn RequestObserver>,
    ) -> Self {
        Self {
            inner,
            slots: Semaphore::new(max_in_flight.min(Semaphore::MAX_PERMITS)),
            paused_until: Mutex::new(None),
            default_pause: policy.throttle_pause,
            max_pause: policy.max_delay,
            observer,
        }
    }

    /// The end of the pause, if there is one now.
    fn pause(&self) -> Option<Instant> {
        let until = *self.paused_until.lock().unwrap_or_else(PoisonError::into_inner);
        until.filter(|until| Instant::now() < *until)
    }

    async fn enter(&self) -> Result<SemaphorePermit<'_>, Error> {
        loop {
            while let Some(until) = self.pause() {
                sleep_until(until).await;
            }
            let slot = self.slots.acquire().await;
            let slot = slot.map_err(|_| Error::new(ErrorKind::Shutdown).with_outcome(Outcome::Refused))?;
            // A pause may have begun while this request stood in the queue.
            if self.pause().is_none() {
                return Ok(slot);
            }
        }
    }

    fn slow_down(&self, error: &Error) {
        let asked = error.retry_after().filter(|pause| !pause.is_zero());
        let pause = asked.unwrap_or(self.default_pause).min(self.max_pause);
        let until = Some(Instant::now() + pause);
        let mut paused_until = self.paused_until.lock().unwrap_or_else(PoisonError::into_inner);
        *paused_until = (*paused_until).max(until);
        drop(paused_until);
        self.observer.throttled(pause);
    }
}

#[async_trait]
impl<T: Transport> Transport for Throttle<T> {
    async fn send(&self, request: &Request, sink: &mut dyn Sink) -> Result<Answer, Error> {
        let _slot = self.enter().await?;
        let result = self.inner.send(request, sink).await;
        if let Err(error) = &result
            && *error.kind() == ErrorKind::Throttled
        {
            self.slow_down(error);
        }
        result
    }
}
