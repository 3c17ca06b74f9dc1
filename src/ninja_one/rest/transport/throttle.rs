//! Keeps few requests in flight, and all of them back while NinjaOne throttles.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep_until};

use super::super::config::RetryPolicy;
use super::super::error::{Error, Outcome};
use super::super::error_kind::ErrorKind;
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

#[cfg(test)]
mod tests {
    // A test may panic: that is how it fails.
    #![allow(clippy::unwrap_used)]

    use futures::future::join_all;

    use super::super::super::endpoint::Endpoint;
    use super::super::super::observer::NoObserver;
    use super::super::super::testing::{Script, fine};
    use super::super::Buffer;
    use super::*;

    fn throttle(script: &Arc<Script>, max_in_flight: usize) -> Throttle<Arc<Script>> {
        Throttle::new(Arc::clone(script), max_in_flight, &RetryPolicy::default(), Arc::new(NoObserver))
    }

    async fn send(throttle: &Throttle<Arc<Script>>) -> Result<Answer, Error> {
        throttle.send(&Request::new(Endpoint::Users, "/", 1), &mut Buffer::default()).await
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_requests_are_in_flight_than_allowed() {
        let script = Arc::new(Script::new([]).slow(Duration::from_secs(1)));
        let throttle = throttle(&script, 3);
        let started = Instant::now();
        join_all((0..9).map(|_| send(&throttle))).await;
        assert_eq!((script.sends(), script.peak(), started.elapsed().as_secs()), (9, 3, 3));
    }

    #[tokio::test(start_paused = true)]
    async fn a_throttled_request_holds_all_others_back() {
        for (asked, expected) in [(None, 5), (Some(9), 9), (Some(3600), 60)] {
            let error = Error::new(ErrorKind::Throttled).with_retry_after(asked.map(Duration::from_secs));
            let script = Arc::new(Script::new([Err(error), fine(), fine()]));
            let throttle = throttle(&script, 1);
            let started = Instant::now();
            // The second stands in the queue when the pause begins.
            let (first, second) = tokio::join!(send(&throttle), send(&throttle));
            assert!(first.is_err() && second.is_ok());
            assert_eq!(started.elapsed().as_secs(), expected, "{asked:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_is_dropped_gives_its_place_free() {
        let script = Arc::new(Script::new([]).slow(Duration::from_secs(3600)));
        let throttle = throttle(&script, 1);
        let impatient = tokio::time::timeout(Duration::from_secs(1), send(&throttle));
        assert!(impatient.await.is_err());
        assert!(send(&throttle).await.is_ok());
    }
}
