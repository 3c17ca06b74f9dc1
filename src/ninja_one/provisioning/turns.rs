//! Who has to wait for whom: locks by key, and flights that identical requests share.
//!
//! Whoever needs more than one lock takes them in the order of [`Key`]: e-mail, account, administrators, role.

use std::{
    collections::HashMap,
    future::Future,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use futures::{
    FutureExt as _,
    future::{BoxFuture, Shared},
};
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};
use tracing::Instrument as _;

use crate::ninja_one::rest::model::{RoleId, UserId};

/// How many locks are kept before those that nobody holds are swept out.
const SWEEP: usize = 256;

/// What one write at a time may touch.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Key {
    /// A login, folded: its creation.
    Email(String),
    /// An account: its deletion, its profile and its memberships.
    Account(UserId),
    /// The set of System Administrators.
    Administrators,
    /// A role's membership.
    Role(RoleId),
}

/// Locks by key. The lock is fair: first come, first served.
#[derive(Default)]
pub(super) struct Turns(Mutex<HashMap<Key, Weak<AsyncMutex<()>>>>);

impl Turns {
    /// Waits for the turn of this key.
    ///
    /// Cancel safe: a place in the queue is given up.
    pub(super) async fn wait(&self, key: Key) -> OwnedMutexGuard<()> {
        let lock = {
            let mut known = lock(&self.0);
            if known.len() >= SWEEP {
                known.retain(|_, lock| lock.strong_count() > 0);
            }
            match known.get(&key).and_then(Weak::upgrade) {
                Some(lock) => lock,
                None => {
                    let lock = Arc::default();
                    known.insert(key, Arc::downgrade(&lock));
                    lock
                }
            }
        };
        lock.lock_owned().await
    }
}

type Flight<T> = Shared<BoxFuture<'static, Option<T>>>;

/// Work under way, by what it is. Identical requests share it; nobody who hangs up ends it.
pub(super) struct Flights<K, T>(Arc<Mutex<HashMap<K, Flight<T>>>>);

impl<K, T> Default for Flights<K, T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

/// What came of the work.
pub(super) struct Landed<T, S> {
    /// `None` when the work died.
    pub(super) result: Option<T>,
    /// What this request brought along, when the work had been begun for another one.
    pub(super) spare: Option<S>,
}

impl<K, T> Flights<K, T>
where
    K: Clone + Eq + Hash + Send + 'static,
    T: Clone + Send + Sync + 'static,
{
    /// Joins the work of this key, or begins it with the seed in a task of its own.
    ///
    /// Cancel safe: the work goes on.
    pub(super) async fn join<S, F>(&self, key: K, seed: S, work: impl FnOnce(S) -> F) -> Landed<T, S>
    where
        F: Future<Output = T> + Send + 'static,
    {
        let (flight, spare) = {
            let mut flights = lock(&self.0);
            match flights.get(&key) {
                Some(flight) => (flight.clone(), Some(seed)),
                None => {
                    let end = End { flights: Arc::clone(&self.0), key: key.clone() };
                    let work = work(seed);
                    let task = async move {
                        // Taken out of the list before anybody hears of the result: who asks after that begins anew.
                        let _end = end;
                        work.await
                    };
                    let task = tokio::spawn(task.in_current_span());
                    let flight = task.map(Result::ok).boxed().shared();
                    flights.insert(key, flight.clone());
                    (flight, None)
                }
            }
        };
        Landed { result: flight.await, spare }
    }
}

/// Takes a flight out of the list when its work ends, in whatever way.
struct End<K: Eq + Hash, T> {
    flights: Arc<Mutex<HashMap<K, Flight<T>>>>,
    key: K,
}

impl<K: Eq + Hash, T> Drop for End<K, T> {
    fn drop(&mut self) {
        // The flight itself is dropped outside the lock.
        let _flight = lock(&self.flights).remove(&self.key);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)] // a failing unwrap is a failing test; one test panics on purpose

    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::sync::Notify;

    use super::*;

    #[tokio::test]
    async fn one_key_is_held_once_and_another_is_free() {
        let turns = Turns::default();
        let held = turns.wait(Key::Role(RoleId(1))).await;
        assert!(turns.wait(Key::Role(RoleId(1))).now_or_never().is_none());
        assert!(turns.wait(Key::Role(RoleId(2))).now_or_never().is_some());
        assert!(turns.wait(Key::Account(UserId(1))).now_or_never().is_some());
        drop(held);
        assert!(turns.wait(Key::Role(RoleId(1))).now_or_never().is_some());
    }

    #[tokio::test]
    async fn locks_that_nobody_holds_are_swept_out() {
        let turns = Turns::default();
        let _held = turns.wait(Key::Role(RoleId(-1))).await;
        for n in 0..10_000 {
            turns.wait(Key::Account(UserId(n))).await;
        }
        assert!(lock(&turns.0).len() <= SWEEP);
        assert!(turns.wait(Key::Role(RoleId(-1))).now_or_never().is_none());
    }

    #[tokio::test]
    async fn identical_requests_are_one_and_outlive_who_asked_first() {
        let flights: Arc<Flights<u8, usize>> = Arc::default();
        let (runs, gate) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
        let work = |()| {
            let (runs, gate) = (Arc::clone(&runs), Arc::clone(&gate));
            async move {
                gate.notified().await;
                runs.fetch_add(1, Ordering::SeqCst) + 1
            }
        };
        assert!(flights.join(1, (), work).now_or_never().is_none(), "the first one hangs up");
        let second = flights.join(1, (), work);
        gate.notify_one();
        let landed = second.await;
        assert_eq!((landed.result, landed.spare), (Some(1), Some(())));
        gate.notify_one();
        let landed = flights.join(1, (), work).await;
        assert_eq!((landed.result, landed.spare), (Some(2), None), "what is over is not shared");
    }

    #[tokio::test]
    async fn work_that_dies_is_told_and_does_not_block_the_next() {
        let flights: Flights<u8, u8> = Flights::default();
        let died = flights.join(1, (), |()| async { panic!("on purpose") }).await;
        assert!(died.result.is_none());
        assert_eq!(flights.join(1, (), |()| async { 7 }).await.result, Some(7));
    }
}
