//! The deletion guard: so many accounts within a sliding window, and no more. It counts in this process; replicas count each
//! for itself.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::{error::WriteError, policy::Policy};

/// The guard.
pub(super) struct DeletionGuard {
    limit: usize,
    window: Duration,
    clock: super::policy::Clock,
    taken: Mutex<VecDeque<Instant>>,
}

/// One deletion that counts. A deletion that certainly did not happen gives it back.
#[must_use = "a slot that is dropped is taken"]
pub(super) struct Slot<'a> {
    guard: &'a DeletionGuard,
    at: Option<Instant>,
}

impl DeletionGuard {
    pub(super) fn new(policy: &Policy) -> Self {
        Self {
            limit: policy.deletion_limit,
            window: policy.deletion_window,
            clock: policy.clock.clone(),
            taken: Mutex::default(),
        }
    }

    /// Counts a deletion, when there is room for it.
    pub(super) fn take(&self) -> Result<Slot<'_>, WriteError> {
        if self.limit == 0 {
            return Ok(Slot { guard: self, at: None });
        }
        let now = (self.clock.steady)();
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        while taken.front().is_some_and(|at| now.saturating_duration_since(*at) >= self.window) {
            taken.pop_front();
        }
        if taken.len() >= self.limit {
            let oldest = taken.front().map_or(Duration::ZERO, |at| now.saturating_duration_since(*at));
            let wait = self.window.saturating_sub(oldest);
            tracing::warn!(
                limit = self.limit,
                window_seconds = self.window.as_secs(),
                "the deletion guard refuses"
            );
            return Err(WriteError::DeletionLimit { limit: self.limit, window: self.window, wait });
        }
        taken.push_back(now);
        Ok(Slot { guard: self, at: Some(now) })
    }
}

impl Slot<'_> {
    /// The deletion certainly did not happen.
    pub(super) fn give_back(self) {
        let mut taken = self.guard.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = self.at.and_then(|at| taken.iter().position(|t| *t == at)) {
            taken.remove(at);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a failing unwrap is a failing test

    use std::sync::Arc;

    use super::*;
    use crate::ninja_one::provisioning::Clock;

    fn guard(limit: usize) -> (DeletionGuard, Arc<Mutex<Instant>>) {
        let hands = Arc::new(Mutex::new(Instant::now()));
        let same = Arc::clone(&hands);
        let steady = Arc::new(move || *same.lock().unwrap());
        let policy = Policy {
            deletion_limit: limit,
            deletion_window: Duration::from_secs(60),
            clock: Clock { steady, ..Clock::default() },
            ..Policy::default()
        };
        (DeletionGuard::new(&policy), hands)
    }

    fn take(guard: &DeletionGuard) -> bool {
        guard.take().map(drop).is_ok()
    }

    #[test]
    fn a_deletion_counts_until_the_window_has_slid_past_it() {
        let (guard, hands) = guard(2);
        assert!(take(&guard));
        *hands.lock().unwrap() += Duration::from_secs(59);
        assert!(take(&guard) && !take(&guard));
        *hands.lock().unwrap() += Duration::from_secs(1);
        assert!(take(&guard), "the first one is a minute old");
        let refused = guard.take().map(drop).unwrap_err();
        assert!(
            matches!(refused, WriteError::DeletionLimit { wait, .. } if wait == Duration::from_secs(59)),
            "{refused:?}"
        );
    }

    #[test]
    fn a_deletion_that_did_not_happen_does_not_count_and_zero_sets_no_limit() {
        let (counting, _) = guard(1);
        counting.take().unwrap().give_back();
        assert!(take(&counting) && !take(&counting));
        let (open, _) = guard(0);
        assert!((0..100).all(|_| take(&open)));
    }
}
