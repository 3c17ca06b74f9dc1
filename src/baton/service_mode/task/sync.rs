//! A full sync: heartbeats from the beginning to the end, the sync into a file of its own, the upload; then that of its log,
//! when one is asked for.

use std::{sync::Arc, time::Duration};

use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tonic::{Code, Status};
use tracing::Span;

use super::{Held, Lane, Outcome, Shared, caller};
use crate::{
    baton::service_mode::{
        Keeping, SyncFailure, SyncOrder,
        heartbeat::{self, Beat, Lost},
        scratch::Scratch,
        upload::{Kind, upload},
    },
    wire::api::task::SyncFullTask,
};

/// The longest that the upload of a log may take.
const LOG_PATIENCE: Duration = Duration::from_secs(120);

/// What the control plane wishes.
pub(super) struct Wish<'a> {
    pub(super) id: &'a str,
    pub(super) task: SyncFullTask,
    /// The log of the task is uploaded, too.
    pub(super) debug: bool,
}

pub(super) async fn run(
    shared: &Shared,
    wish: Wish<'_>,
    held: &Held,
    stop: &CancellationToken,
) -> Option<Outcome> {
    let id = wish.id;
    let first = match stop.run_until_cancelled(heartbeat::beat(&shared.plane, id)).await? {
        Ok(Beat::Next(first)) => first,
        Ok(Beat::Cancelled) => return Some(lost(&Lost::Cancelled)),
        Err(status) => {
            // Whoever cannot be told that we work on it may have given it to another by now.
            tracing::warn!(code = ?status.code(), error = status.message(), "the first heartbeat failed; leaving the task");
            return None;
        }
    };
    let (work, ended) = (stop.child_token(), CancellationToken::new());
    let heart = async {
        let lost = heartbeat::keep(&shared.plane, id, first, &ended).await;
        if lost.is_some() {
            work.cancel();
        }
        lost
    };
    let doing = async {
        let _end = ended.clone().drop_guard();
        sync_and_upload(shared, wish, held, &work).await
    };
    match tokio::join!(heart, doing) {
        // A cancellation that comes after the upload is too late: it is done.
        (_, Ok(())) => Some(Outcome::empty()),
        (Some(reason), Err(_)) => Some(lost(&reason)),
        (None, Err(_)) if stop.is_cancelled() => {
            tracing::info!("stopping; the sync is left to be given out again");
            None
        }
        // In our own words when no call said it.
        (None, Err(SyncFailure { status, permanent: true })) if status.code() == Code::Unknown => {
            Some(Outcome::malformed(status.message()))
        }
        (None, Err(SyncFailure { status, permanent: true })) => Some(Outcome::failed_for_good(status)),
        (None, Err(SyncFailure { status, permanent: false })) => Some(Outcome::failed(status)),
    }
}

fn lost(reason: &Lost) -> Outcome {
    Outcome::failed(match reason {
        Lost::Cancelled => Status::cancelled("the task was cancelled by the control plane"),
        Lost::Unheard(last) => Status::cancelled(format!(
            "the task was given up: too many heartbeats in a row failed, the last one with {}: {}",
            last.code(),
            last.message()
        )),
    })
}

async fn sync_and_upload(
    shared: &Shared,
    Wish { id, task, debug }: Wish<'_>,
    held: &Held,
    cancel: &CancellationToken,
) -> Result<(), SyncFailure> {
    let failure = |status| SyncFailure { status, permanent: false };
    let cancelled = || failure(Status::cancelled("the sync was cancelled"));
    let _turn = cancel.run_until_cancelled(held.turn(Lane::Sync)).await.ok_or_else(cancelled)?;
    if task.storage_engine == "pebble" {
        // Every reader takes version 1; without a sync nobody would see anything.
        tracing::warn!("the storage engine pebble was asked for; the sync is written as version 1 (sqlite)");
    }
    let dir = shared.options.temp_dir.clone();
    let shown = dir.display().to_string();
    let scratch = blocking(move || Scratch::new(&dir)).await.and_then(|made| {
        made.map_err(|e| Status::internal(format!("cannot make a temporary directory in {shown}: {e}")))
    });
    let scratch = scratch.map_err(failure)?;

    let keeping = if debug { keep_log(shared, &scratch).await } else { None };
    let (file, order) = (scratch.file(), SyncOrder { task, caller: caller(id) });
    let outcome = async {
        shared.job.run(&order, &file, cancel).await?;
        if cancel.is_cancelled() {
            return Err(cancelled());
        }
        upload(&shared.plane, id, &file, Kind::Sync, cancel).await.map_err(failure)
    }
    .await;
    // Assets are told apart by their order, so that a log can only come after a sync.
    if let Some(keeping) = keeping {
        drop(keeping);
        if outcome.is_ok() {
            // The sync is there; a log that is not does not undo it, and must not hold its end up for long.
            let log = scratch.debug_log();
            let sending = upload(&shared.plane, id, &log, Kind::DebugLog, cancel);
            if timeout(LOG_PATIENCE, sending).await.is_err() {
                tracing::warn!("the upload of the debug log took too long; it is left out");
            }
        } else {
            tracing::info!("there is no sync, and so nothing that its debug log could be handed over with");
        }
    }
    // Gone before the task's end is told; after a failure to remove it, the next start tries again.
    let _ = blocking(move || scratch.remove()).await;
    outcome
}

/// Begins the log of the task. Without it the task is carried out all the same.
async fn keep_log(shared: &Shared, scratch: &Scratch) -> Option<Keeping> {
    let (logs, span, file) = (Arc::clone(&shared.options.task_logs), Span::current(), scratch.debug_log());
    let kept = blocking(move || logs.keep(&span, &file)).await.ok()?;
    kept.inspect_err(|error| tracing::warn!(%error, "the debug log that was asked for cannot be kept")).ok()
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Status> {
    let joined = tokio::task::spawn_blocking(work).await;
    joined.map_err(|_| Status::internal("Internal Server Error"))
}
