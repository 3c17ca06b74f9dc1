//! Asking for tasks, for months: calm when nobody answers, and back by itself.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use tonic::{Code, Status};

use super::{Clock, ControlPlane, inbox::Answer};

const LONGEST_WAIT: u64 = 60;

/// Asks for tasks, one by one or in batches.
#[derive(Debug)]
pub(super) struct Poller {
    batches: AtomicBool,
}

impl Poller {
    pub(super) fn new(batches: bool) -> Self {
        Self { batches: AtomicBool::new(batches) }
    }

    /// One poll. `wanted` and `known` only matter for a batch.
    pub(super) async fn ask(
        &self,
        plane: &ControlPlane,
        wanted: usize,
        known: Vec<String>,
    ) -> Result<Answer, Status> {
        if self.batches.load(Ordering::Relaxed) {
            let size = u32::try_from(wanted).unwrap_or(1).max(1);
            match plane.get_tasks(size, known).await {
                Err(status) if status.code() == Code::Unimplemented => {
                    tracing::warn!("the control plane gives out no batches; asking for one task at a time");
                    self.batches.store(false, Ordering::Relaxed);
                }
                answer => return answer.map(Answer::from),
            }
        }
        plane.get_task().await.map(Answer::from)
    }
}

/// The wait after so many failed polls in a row.
pub(super) fn after_failures(failures: u64, clock: Clock) -> Duration {
    let seconds = failures.saturating_mul(failures).min(LONGEST_WAIT);
    clock.jittered(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_grows_with_failures_up_to_a_minute_give_or_take_a_fifth() {
        let clock = |chance| Clock { chance, ..Clock::default() };
        let waits = |chance| [1, 2, 3, 8, u64::MAX].map(|n| after_failures(n, clock(chance)).as_secs_f64());
        assert_eq!(waits(|| 0.5), [1.0, 4.0, 9.0, 60.0, 60.0]);
        assert_eq!(waits(|| 0.0), [0.8, 3.2, 7.2, 48.0, 48.0]);
        assert_eq!(waits(|| 1.0), [1.2, 4.8, 10.8, 72.0, 72.0]);
    }
}
