//! Heartbeats: a long task stays ours as long as we say so, and hears from here when it is no longer wanted.

use std::{pin::pin, time::Duration};

use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tonic::Status;

use super::ControlPlane;

/// Between heartbeats when the control plane does not say.
const USUAL: Duration = Duration::from_secs(30);
const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(300);
/// So many failures in a row mean that the task is not ours any more.
const MOST_FAILURES: u32 = 10;
/// How long a heartbeat that is under way may take to end before the task is reported.
const LAST_ONE: Duration = Duration::from_secs(5);

/// Why a task must stop.
#[derive(Debug, Clone)]
pub(super) enum Lost {
    /// The control plane does not want it any more.
    Cancelled,
    /// The control plane has not heard from us for long.
    Unheard(Status),
}

/// What a heartbeat was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Beat {
    /// Go on; the next one is due after this.
    Next(Duration),
    /// Stop.
    Cancelled,
}

/// One heartbeat.
pub(super) async fn beat(plane: &ControlPlane, task_id: &str) -> Result<Beat, Status> {
    let answer = plane.heartbeat(task_id).await?;
    Ok(if answer.cancelled { Beat::Cancelled } else { Beat::Next(interval(answer.next_heartbeat)) })
}

fn interval(told: Option<prost_types::Duration>) -> Duration {
    let told = told.and_then(|d| Duration::try_from(d).ok()).filter(|d| !d.is_zero());
    told.unwrap_or(USUAL).clamp(SHORTEST, LONGEST)
}

/// Heartbeats until `stop`, or until the task is lost. After `stop`, none is under way any more when this returns.
pub(super) async fn keep(
    plane: &ControlPlane,
    task_id: &str,
    first: Duration,
    stop: &CancellationToken,
) -> Option<Lost> {
    let (mut wait, mut failures) = (first, 0);
    loop {
        tokio::select! {
            () = stop.cancelled() => return None,
            () = sleep(wait) => {}
        }
        let mut answer = pin!(beat(plane, task_id));
        let answer = tokio::select! {
            answer = &mut answer => answer,
            () = stop.cancelled() => {
                // A heartbeat must not arrive after the task's end has been told.
                let _ = timeout(LAST_ONE, answer).await;
                return None;
            }
        };
        match answer {
            Ok(Beat::Cancelled) => return Some(Lost::Cancelled),
            Ok(Beat::Next(next)) => (wait, failures) = (next, 0),
            Err(status) => {
                failures += 1;
                tracing::debug!(code = ?status.code(), error = status.message(), failures, "heartbeat failed");
                if failures >= MOST_FAILURES {
                    return Some(Lost::Unheard(status));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a failing unwrap is a failing test

    use super::*;

    #[test]
    fn the_interval_is_the_told_one_within_bounds() {
        let told = |seconds, nanos| interval(Some(prost_types::Duration { seconds, nanos }));
        assert_eq!(interval(None), USUAL);
        assert_eq!(told(0, 0), USUAL);
        assert_eq!(told(-5, 0), USUAL);
        assert_eq!(told(0, 1_000_000), SHORTEST);
        assert_eq!(told(7, 500_000_000), Duration::from_millis(7500));
        assert_eq!(told(4000, 0), LONGEST);
    }
}
