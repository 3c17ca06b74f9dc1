//! Which snapshot each running sync sees.

use std::{collections::HashMap, sync::Arc, time::Duration};

use tokio::time::Instant;

use super::Snapshot;

/// Syncs at the most; past that, the one that was used longest ago gets a new snapshot at its next page.
const SYNCS: usize = 32;
/// A sync that has asked for nothing this long is taken to be over.
const IDLE: Duration = Duration::from_secs(3_600);

#[derive(Default)]
pub(super) struct Pins(HashMap<String, (Arc<Snapshot>, Instant)>);

impl Pins {
    pub(super) fn get(&mut self, sync_id: &str, now: Instant) -> Option<Arc<Snapshot>> {
        let (snapshot, used) = self.0.get_mut(sync_id)?;
        *used = now;
        Some(Arc::clone(snapshot))
    }

    /// Pins the snapshot, unless the sync has one already; either way, the one that it has now.
    pub(super) fn insert(&mut self, sync_id: &str, snapshot: Arc<Snapshot>, now: Instant) -> Arc<Snapshot> {
        self.0.retain(|_, (_, used)| now.saturating_duration_since(*used) < IDLE);
        if !self.0.contains_key(sync_id) && self.0.len() >= SYNCS {
            let oldest = self.0.iter().min_by_key(|(_, (_, used))| *used).map(|(id, _)| id.clone());
            oldest.and_then(|id| self.0.remove(&id));
        }
        Arc::clone(&self.0.entry(sync_id.to_owned()).or_insert((snapshot, now)).0)
    }

    pub(super) fn remove(&mut self, sync_id: &str) {
        self.0.remove(sync_id);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a failing unwrap is a failing test

    use super::*;

    #[test]
    fn a_sync_keeps_what_it_began_with() {
        let (mut pins, now) = (Pins::default(), Instant::now());
        let (first, second) = (Arc::new(Snapshot::default()), Arc::new(Snapshot::default()));
        assert!(Arc::ptr_eq(&pins.insert("a", Arc::clone(&first), now), &first));
        assert!(Arc::ptr_eq(&pins.insert("a", second, now), &first));
        assert!(Arc::ptr_eq(&pins.get("a", now).unwrap(), &first));
        pins.remove("a");
        assert!(pins.get("a", now).is_none());
    }

    #[test]
    fn the_least_used_sync_makes_room_and_an_idle_one_ends() {
        let (mut pins, start) = (Pins::default(), Instant::now());
        let snapshot = Arc::new(Snapshot::default());
        for n in 0..=SYNCS {
            let now = start + Duration::from_secs(n as u64);
            pins.insert(&n.to_string(), Arc::clone(&snapshot), now);
        }
        assert!(pins.get("0", start).is_none());
        assert!(pins.get("1", start).is_some());
        pins.insert("late", snapshot, start + IDLE * 2);
        assert_eq!(pins.0.len(), 1);
    }
}
