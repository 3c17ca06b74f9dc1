//! How many tasks are taken on, and how those that are wait for each other.
//!
//! Two lanes, so that a sync of hours never stands before a grant: syncs leave one place free, and short tasks have places
//! of their own. No more tasks are asked for than there are places, except when syncs alone hold all of them for long: then
//! short ones may come all the same.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{Notify, Semaphore, SemaphorePermit},
    time::{Instant, timeout_at},
};

/// How long syncs may keep us from asking for other tasks.
const PATIENCE: Duration = Duration::from_secs(10);
/// The contract's bound on a batch.
const LARGEST_BATCH: usize = 100;

/// Which lane a task takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lane {
    /// Minutes to hours.
    Sync,
    /// Everything else.
    Short,
}

/// The tasks that are ours, waiting or running.
#[derive(Debug)]
pub(super) struct Slots {
    most: usize,
    syncs: Semaphore,
    short: Semaphore,
    state: Mutex<State>,
    freed: Notify,
}

#[derive(Debug, Default)]
struct State {
    known: HashMap<String, Lane>,
    /// Since when syncs hold as many places as there are.
    blocked: Option<Instant>,
}

impl Slots {
    /// Places for `most` tasks, at least one.
    pub(super) fn new(most: usize) -> Arc<Self> {
        let most = most.max(1);
        let syncs = Semaphore::new((most - 1).max(1));
        let (short, state, freed) = (Semaphore::new(most), Mutex::default(), Notify::new());
        Arc::new(Self { most, syncs, short, state, freed })
    }

    /// Resolves when tasks may be asked for, with how many are wanted at most.
    pub(super) async fn room(&self) -> usize {
        loop {
            let freed = self.freed.notified();
            let (known, blocked) = self.with(|state| (state.known.len(), state.blocked));
            let wanted = (2 * self.most).saturating_sub(known).min(LARGEST_BATCH);
            if known < self.most {
                return wanted;
            }
            match blocked.map(|since| since + PATIENCE) {
                Some(until) if wanted > 0 && Instant::now() >= until => return wanted,
                Some(until) if wanted > 0 => {
                    let _ = timeout_at(until, freed).await; // either way it is time to look again
                }
                _ => freed.await,
            }
        }
    }

    /// The ids of the tasks that are ours.
    pub(super) fn known(&self) -> Vec<String> {
        self.with(|state| state.known.keys().cloned().collect())
    }

    /// Takes a task on, unless it is ours already.
    pub(super) fn take(self: &Arc<Self>, id: &str, lane: Lane) -> Option<Held> {
        let new = self.with(|state| state.known.insert(id.to_owned(), lane).is_none());
        new.then(|| Held { slots: Arc::clone(self), id: id.to_owned() })
    }

    fn with<T>(&self, f: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let outcome = f(&mut state);
        let syncs = state.known.values().filter(|lane| **lane == Lane::Sync).count();
        state.blocked = (syncs >= self.most).then(|| state.blocked.unwrap_or_else(Instant::now));
        outcome
    }
}

/// A task that is ours until this is dropped.
#[derive(Debug)]
pub(super) struct Held {
    slots: Arc<Slots>,
    id: String,
}

impl Held {
    /// Resolves when the task may begin; it has begun as long as the permit lives.
    pub(super) async fn turn(&self, lane: Lane) -> Option<SemaphorePermit<'_>> {
        let places = match lane {
            Lane::Sync => &self.slots.syncs,
            Lane::Short => &self.slots.short,
        };
        places.acquire().await.ok() // never closed
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.slots.with(|state| state.known.remove(&self.id));
        self.slots.freed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a failing unwrap is a failing test

    use futures::FutureExt as _;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn tasks_are_asked_for_while_there_are_places() {
        let slots = Slots::new(2);
        assert_eq!(slots.room().await, 4);
        let a = slots.take("a", Lane::Short).unwrap();
        assert_eq!(slots.room().await, 3);
        let _b = slots.take("b", Lane::Sync).unwrap();
        let before = Instant::now();
        assert!(slots.room().now_or_never().is_none(), "asked for more than there are places");
        tokio::join!(
            async {
                tokio::time::sleep(Duration::from_secs(3600)).await;
                drop(a);
            },
            async { assert_eq!(slots.room().await, 3) }
        );
        assert_eq!(before.elapsed(), Duration::from_secs(3600));
    }

    #[tokio::test(start_paused = true)]
    async fn syncs_that_hold_every_place_keep_short_tasks_out_for_a_moment_only() {
        let slots = Slots::new(2);
        let _held = [slots.take("a", Lane::Sync).unwrap(), slots.take("b", Lane::Sync).unwrap()];
        let before = Instant::now();
        assert_eq!(slots.room().await, 2);
        assert_eq!(before.elapsed(), PATIENCE);
        let grant = slots.take("c", Lane::Short).unwrap();
        assert!(grant.turn(Lane::Short).now_or_never().flatten().is_some(), "a grant waits for a sync");
        assert_eq!(slots.room().now_or_never(), Some(1), "the next one has to wait again");
    }

    #[tokio::test(start_paused = true)]
    async fn syncs_leave_a_place_free_and_one_may_always_run() {
        for (most, at_once) in [(1, 1), (2, 1), (3, 2)] {
            let slots = Slots::new(most);
            let held: Vec<_> = (0..3).map(|n| slots.take(&n.to_string(), Lane::Sync).unwrap()).collect();
            let turns: Vec<_> = held.iter().map(|h| h.turn(Lane::Sync).now_or_never().flatten()).collect();
            assert_eq!(turns.iter().flatten().count(), at_once, "of {most}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_is_taken_on_once() {
        let slots = Slots::new(3);
        let held = slots.take("a", Lane::Short);
        assert!(slots.take("a", Lane::Short).is_none());
        assert_eq!(slots.known(), ["a"]);
        drop(held);
        assert!(slots.take("a", Lane::Short).is_some());
    }
}
