//! Telling the control plane how a task ended: until it has heard, or for a while.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tonic::{Code, Status};

use super::{Clock, ControlPlane, outcome::Outcome};
use crate::wire::api::BatonServiceFinishTaskRequest;

/// Tries in a row; the waits between them double.
const TRIES: u32 = 5;
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// Outcomes that are kept because nobody could be told.
const KEPT: usize = 256;

/// Sends `FinishTask`.
#[derive(Debug)]
pub(super) struct Finisher {
    plane: Arc<ControlPlane>,
    clock: Clock,
    /// What could not be told. A task that comes again is answered from here, not done twice.
    untold: Mutex<VecDeque<BatonServiceFinishTaskRequest>>,
}

impl Finisher {
    pub(super) fn new(plane: Arc<ControlPlane>, clock: Clock) -> Self {
        Self { plane, clock, untold: Mutex::default() }
    }

    /// Tells how the task ended, with a few more tries when nobody hears.
    ///
    /// Cancel safe: cut off, the outcome is kept for when the task comes again.
    pub(super) async fn finish(&self, task_id: &str, outcome: Outcome) {
        let (status, state) = outcome.into_parts();
        let request = BatonServiceFinishTaskRequest {
            host_id: self.plane.host_id(),
            task_id: task_id.to_owned(),
            status,
            final_state: Some(state),
        };
        self.keep(request.clone());
        self.tell(&request).await;
    }

    /// Tells once more how a task ended that was not heard of. False when there is nothing to tell: it has to be done.
    pub(super) async fn repeat(&self, task_id: &str) -> bool {
        let kept = self.with(|untold| untold.iter().find(|r| r.task_id == task_id).cloned());
        let Some(request) = kept else { return false };
        tracing::info!("the task was carried out before; telling its outcome again");
        self.tell(&request).await;
        true
    }

    async fn tell(&self, request: &BatonServiceFinishTaskRequest) {
        let mut wait = FIRST_WAIT;
        for left in (0..TRIES).rev() {
            match self.plane.finish(request).await {
                Ok(()) => return self.forget(&request.task_id),
                Err(status) if !may_pass(&status) => {
                    tracing::error!(code = ?status.code(), error = status.message(), "the outcome of the task was refused");
                    return self.forget(&request.task_id);
                }
                Err(status) if left == 0 => {
                    tracing::warn!(
                        code = ?status.code(),
                        error = status.message(),
                        "the outcome of the task could not be told; it will be when the task is given out again"
                    );
                }
                Err(status) => {
                    tracing::debug!(code = ?status.code(), error = status.message(), "telling the outcome failed, trying again");
                    tokio::time::sleep(self.clock.jittered(wait)).await;
                    wait *= 2;
                }
            }
        }
    }

    fn keep(&self, request: BatonServiceFinishTaskRequest) {
        self.with(|untold| {
            untold.retain(|r| r.task_id != request.task_id);
            untold.push_back(request);
            while untold.len() > KEPT {
                untold.pop_front();
            }
        });
    }

    fn forget(&self, task_id: &str) {
        self.with(|untold| untold.retain(|r| r.task_id != task_id));
    }

    fn with<T>(&self, f: impl FnOnce(&mut VecDeque<BatonServiceFinishTaskRequest>) -> T) -> T {
        f(&mut self.untold.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Whether the same words may be heard another time.
fn may_pass(status: &Status) -> bool {
    !matches!(
        status.code(),
        Code::InvalidArgument
            | Code::NotFound
            | Code::AlreadyExists
            | Code::PermissionDenied
            | Code::FailedPrecondition
            | Code::OutOfRange
            | Code::Unimplemented
    )
}
