//! The directory: who is there and which roles they hold, as one consistent state of the tenant.
//!
//! Four requests make a [`Snapshot`], however large the tenant: the users, the technician and end-user lists that say more
//! about them, and the roles with their members. Every page of a sync is cut from the same snapshot; calls outside a sync
//! see the newest one. A snapshot is fetched anew when it has grown old, by one task for all who wait, and a fetch that
//! fails changes nothing: nobody is ever shown a mixture.

mod build;
mod fetch;
mod flags;
mod patch;
mod pins;
mod single;
mod snapshot;
mod text;

use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures::{
    FutureExt as _,
    future::{BoxFuture, Shared},
};
use tokio::time::Instant;
use tracing::Instrument as _;

use self::pins::Pins;
use crate::ninja_one::rest::{self, Client};

pub use build::Inconsistent;
pub use flags::Fact;
pub use snapshot::{Account, Member, Role, Snapshot, fold};

/// Why there is no snapshot.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    /// NinjaOne did not answer, or not as expected.
    #[error(transparent)]
    Rest(#[from] rest::Error),
    /// The answers do not fit together, however often they are read.
    #[error("NinjaOne's lists do not fit together: {0}")]
    Inconsistent(#[from] Inconsistent),
    /// The roles were there before and now are said not to exist.
    #[error("NinjaOne offered user roles before and now answers that there are none")]
    RolesVanished,
    /// The task that fetched died.
    #[error("the fetch of the directory was cut off")]
    CutOff,
}

/// How often the lists are read when writes come in between. Writes that never pause must not keep a sync out for ever; after
/// that, a change made during the last reading may be shown by the next sync only.
const READS: usize = 3;

/// What all who wait for a fetch get.
type Fetched = Result<Arc<Snapshot>, Arc<DirectoryError>>;
type Flight = Shared<BoxFuture<'static, Fetched>>;

/// The tenant's accounts and roles.
pub struct Directory {
    client: Client,
    max_age: Duration,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// The newest snapshot, and when its fetch began.
    newest: Option<(Arc<Snapshot>, Instant)>,
    /// The fetch under way, and how many changes had been made when it began.
    flight: Option<(Flight, u64)>,
    /// Changes made through this process.
    changes: u64,
    /// Roles were offered once, so their absence is a fault, not an old release.
    had_roles: bool,
    pins: Pins,
}

impl Directory {
    /// A directory read through the client. A snapshot older than `max_age` is fetched anew before it is shown to a new
    /// sync or to a single call.
    #[must_use]
    pub fn new(client: Client, max_age: Duration) -> Self {
        Self { client, max_age, state: Arc::default() }
    }

    /// The state of the tenant for a sync: the same one for all its calls, or the newest one outside a sync.
    ///
    /// Cancel safe: the fetch goes on for the others who wait.
    ///
    /// # Errors
    /// Why the fetch failed; all who waited for it get the same error.
    pub async fn snapshot(&self, sync_id: Option<&str>) -> Fetched {
        let Some(sync_id) = sync_id else { return self.newest().await };
        if let Some(pinned) = self.lock().pins.get(sync_id, Instant::now()) {
            return Ok(pinned);
        }
        let newest = self.newest().await?;
        // Two first calls of one sync may come at once: the first to arrive here decides for both.
        Ok(self.lock().pins.insert(sync_id, newest, Instant::now()))
    }

    /// Lets go of what a sync saw.
    pub fn release(&self, sync_id: &str) {
        self.lock().pins.remove(sync_id);
    }

    /// Changes the newest snapshot as a write has changed the tenant, so that the next call sees it. Syncs under way keep
    /// what they began with.
    pub fn apply(&self, change: impl FnOnce(&mut Snapshot)) {
        let mut state = self.lock();
        state.changes += 1;
        if let Some((newest, _)) = &mut state.newest {
            change(Arc::make_mut(newest));
        }
    }

    /// Makes the next call outside a running sync fetch anew.
    pub fn forget(&self) {
        let mut state = self.lock();
        state.changes += 1;
        state.newest = None;
    }

    /// The newest snapshot as it is, however old; nothing is fetched.
    #[must_use]
    pub fn peek(&self) -> Option<Arc<Snapshot>> {
        self.lock().newest.as_ref().map(|(snapshot, _)| Arc::clone(snapshot))
    }

    /// How old the newest snapshot is.
    #[must_use]
    pub fn age(&self) -> Option<Duration> {
        self.lock().newest.as_ref().map(|(_, begun)| begun.elapsed())
    }

    /// A snapshot that is not older than allowed, and not older than the last change, unless changes never pause.
    async fn newest(&self) -> Fetched {
        let mut reads = 0;
        loop {
            let (flight, changes) = {
                let mut state = self.lock();
                match &state.newest {
                    Some((snapshot, begun)) if begun.elapsed() <= self.max_age => {
                        return Ok(Arc::clone(snapshot));
                    }
                    _ => {}
                }
                let changes = state.changes;
                let begun = state.flight.clone().filter(|(_, seen)| *seen == changes);
                begun.unwrap_or_else(|| {
                    let flight = self.take_off(state.had_roles, changes);
                    state.flight.insert((flight, changes)).clone()
                })
            };
            let fetched = flight.await;
            reads += 1;
            // When a write came in between, what was fetched may or may not show it.
            if self.lock().changes == changes || fetched.is_err() || reads >= READS {
                return fetched;
            }
        }
    }

    /// Begins a fetch in a task of its own, so that it outlives the caller who happened to need it first.
    fn take_off(&self, had_roles: bool, changes: u64) -> Flight {
        let begun = Instant::now();
        let (client, state) = (self.client.clone(), Arc::clone(&self.state));
        let work = async move {
            // A fetch that dies is over as well: what follows must not be skipped.
            let fetched = AssertUnwindSafe(fetch::snapshot(&client, had_roles)).catch_unwind().await;
            let fetched = fetched.unwrap_or(Err(DirectoryError::CutOff)).map(Arc::new).map_err(Arc::new);
            let mut state = lock(&state);
            if state.flight.as_ref().is_some_and(|(_, seen)| *seen == changes) {
                state.flight = None;
            }
            if let Ok(snapshot) = &fetched {
                state.had_roles |= snapshot.roles_offered();
                if state.changes == changes {
                    state.newest = Some((Arc::clone(snapshot), begun));
                }
            }
            fetched
        };
        // In the trace of whoever needed it first.
        let task = tokio::spawn(work.instrument(tracing::info_span!("directory")));
        task.map(|ended| ended.unwrap_or_else(|_| Err(Arc::new(DirectoryError::CutOff)))).boxed().shared()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
