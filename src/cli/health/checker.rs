//! Validates for whoever asks how the connector is: once for all who ask at the same time, and not more often than needed.

use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures::{
    FutureExt as _,
    future::{BoxFuture, Shared},
};
use tokio::time::{Instant, timeout};
use tonic::Status;

use crate::baton::{
    connector::Call,
    readiness::{Condition, Standing},
    runtime::Runtime,
};

/// The longest that a validation may take.
const LIMIT: Duration = Duration::from_secs(30);

/// Keeps one condition up to date by validating.
pub(in crate::cli) struct Checker {
    runtime: Arc<Runtime>,
    condition: Condition,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    last: Option<Instant>,
    flight: Option<Shared<BoxFuture<'static, ()>>>,
}

impl Checker {
    pub(in crate::cli) fn new(runtime: Arc<Runtime>, condition: Condition) -> Arc<Self> {
        Arc::new(Self { runtime, condition, state: Mutex::default() })
    }

    /// The condition, from a validation that is not older than this.
    ///
    /// Cancel safe: the validation goes on, and the next who asks gets its outcome.
    pub(in crate::cli) async fn standing(self: &Arc<Self>, max_age: Duration) -> Standing {
        let flight = self.flight(max_age);
        if let Some(flight) = flight {
            flight.await;
        }
        self.condition.report().standing
    }

    /// Begins a validation in the background if the last one is older than this. Before the first success that is the
    /// business of whoever starts the process.
    pub(super) fn refresh(self: &Arc<Self>, max_age: Duration) {
        if self.runtime.has_validated() {
            drop(self.flight(max_age));
        }
    }

    fn flight(self: &Arc<Self>, max_age: Duration) -> Option<Shared<BoxFuture<'static, ()>>> {
        let mut state = self.lock();
        if state.flight.is_none() && state.last.is_some_and(|at| at.elapsed() <= max_age) {
            return None;
        }
        Some(state.flight.get_or_insert_with(|| Arc::clone(self).take_off()).clone())
    }

    /// In a task of its own: a probe that loses patience must not make the next one begin anew.
    fn take_off(self: Arc<Self>) -> Shared<BoxFuture<'static, ()>> {
        let task = tokio::spawn(async move {
            let call = Call { caller: "health check".to_owned(), ..Call::default() };
            let late = |_| Err(Status::deadline_exceeded("the validation did not end within 30 s"));
            let validated = timeout(LIMIT, self.runtime.validate(&call));
            // One that dies is over as well: the next must not wait for it.
            let outcome = AssertUnwindSafe(validated).catch_unwind().await;
            let died = |_| Ok(Err(Status::internal("the validation died; the log says why")));
            let outcome = outcome.unwrap_or_else(died).unwrap_or_else(late);
            self.condition.set(Standing::of(&outcome));
            let mut state = self.lock();
            (state.last, state.flight) = (Some(Instant::now()), None);
        });
        task.map(|_| ()).boxed().shared()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)] // a failing unwrap is a failing test; the observer panics on purpose

    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;
    use crate::{
        baton::{readiness::Readiness, runtime::Gates},
        ninja_one::{
            NinjaOne, Options,
            rest::{Client, ClientConfig, Endpoint, Host, RequestObserver, RequestReport},
        },
        simulator::{self, Simulator, Size, Tenant},
    };

    /// Panics at the first answer that is no token.
    struct PanicsOnce(AtomicBool);

    impl RequestObserver for PanicsOnce {
        fn request_finished(&self, report: &RequestReport<'_>) {
            let first = report.endpoint != Endpoint::Token && !self.0.swap(true, Ordering::SeqCst);
            assert!(!first, "on purpose");
        }
    }

    #[tokio::test]
    async fn a_validation_that_dies_is_told_and_does_not_stand_for_the_next() {
        let tenant = Tenant::generate(&Size::users(5), 1);
        let simulator = Simulator::start(simulator::Options::with(tenant)).await.unwrap();
        let (host, secret) = (Host::parse(&simulator.url()).unwrap(), simulator.client_secret().clone());
        let mut config = ClientConfig::new(host, simulator.client_id(), secret);
        config.observer = Arc::new(PanicsOnce(AtomicBool::new(false)));
        let connector = NinjaOne::new(Client::new(config).unwrap(), &Options::default());
        let runtime = Runtime::new(Arc::new(connector), Gates::default());
        let checker = Checker::new(runtime, Readiness::default().condition("application"));
        let died = checker.standing(Duration::ZERO).await;
        assert!(matches!(died, Standing::Unreachable(_)), "{died:?}");
        assert_eq!(checker.standing(Duration::ZERO).await, Standing::Good);
    }
}
