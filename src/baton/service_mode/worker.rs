//! The life of the daemon: hello until it is heard, then tasks until told to stop.

use std::{
    future::Future,
    panic::AssertUnwindSafe,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use futures::FutureExt as _;
use tokio::time::{sleep, timeout};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tonic::{Code, Status};
use tracing::{Instrument as _, Span, field};

use super::{
    Clock, ControlPlane, HostFacts, Program, ServiceError, ServiceObserver, SyncJob, TaskLogs,
    error::told,
    finish::Finisher,
    hello::hello,
    inbox::{IDLE_WAIT, Work},
    outcome::Outcome,
    poll::{Poller, after_failures},
    scratch,
    slots::{Held, Slots},
    task,
};
use crate::baton::{
    readiness::{Condition, Standing},
    runtime::Runtime,
};

/// The first and the longest wait between attempts at the first Hello.
const HELLO_WAITS: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(300));

/// How the worker works.
#[derive(Clone)]
pub struct Options {
    /// How many tasks are taken on at once.
    pub task_concurrency: usize,
    /// Ask for tasks in batches.
    pub batches: bool,
    /// How long work under way may take to end after the shutdown.
    pub grace: Duration,
    /// Where the files of syncs are written.
    pub temp_dir: PathBuf,
    /// What program this is.
    pub program: Program,
    /// What machine this is.
    pub host: HostFacts,
    /// Time and chance.
    pub clock: Clock,
    /// Told whether the control plane can be reached; the log hears of each change once.
    pub condition: Condition,
    /// Told what happens.
    pub observer: Arc<dyn ServiceObserver>,
    /// Keeps the logs of tasks that are to have one of their own.
    pub task_logs: Arc<dyn TaskLogs>,
}

/// The control plane's worker.
pub struct Worker(Arc<Shared>);

/// What all tasks share.
pub(super) struct Shared {
    pub(super) plane: Arc<ControlPlane>,
    pub(super) runtime: Arc<Runtime>,
    pub(super) job: Arc<dyn SyncJob>,
    pub(super) options: Options,
    finisher: Finisher,
    slots: Arc<Slots>,
}

impl Worker {
    /// A worker that carries out tasks with `runtime` and `job`.
    pub fn new(
        plane: Arc<ControlPlane>,
        runtime: Arc<Runtime>,
        job: Arc<dyn SyncJob>,
        options: Options,
    ) -> Self {
        let finisher = Finisher::new(Arc::clone(&plane), options.clock);
        let slots = Slots::new(options.task_concurrency);
        Self(Arc::new(Shared { plane, runtime, job, options, finisher, slots }))
    }

    /// Works until `shutdown` is cancelled and the work under way has ended, or the grace is over.
    ///
    /// Syncs under way are then cancelled and left for the control plane to give out again; everything else may end. What has
    /// not ended within the grace is left too: nothing is reported that has not been done.
    ///
    /// # Errors
    /// When the control plane refuses us for good.
    pub async fn run(&self, shutdown: CancellationToken) -> Result<(), ServiceError> {
        let shared = &self.0;
        let dir = shared.options.temp_dir.clone();
        // A failed join means that the runtime ends, and then nothing matters any more.
        let _ = tokio::task::spawn_blocking(move || scratch::sweep(&dir)).await;
        let tasks = TaskTracker::new();
        let outcome = match shutdown.run_until_cancelled(shared.greet()).await {
            None => Ok(()),
            Some(Err(error)) => Err(error),
            Some(Ok(())) => {
                let _ = shutdown.run_until_cancelled(shared.poll(&tasks, &shutdown)).await;
                Ok(())
            }
        };
        tasks.close();
        if !tasks.is_empty() {
            tracing::info!(tasks = tasks.len(), "waiting for tasks under way");
        }
        let grace = shared.options.grace;
        if timeout(grace, tasks.wait()).await.is_err() {
            let (tasks, seconds) = (tasks.len(), grace.as_secs());
            tracing::warn!(tasks, seconds, "the grace is over; tasks under way will be given out again");
        }
        outcome
    }
}

impl Shared {
    /// The first Hello, until it is heard.
    async fn greet(&self) -> Result<(), ServiceError> {
        let (mut wait, longest) = HELLO_WAITS;
        loop {
            match self.hello("").await? {
                Ok(()) => break,
                Err(status) => {
                    self.unanswered(&status);
                    if for_good(status.code()) {
                        return Err(ServiceError::Refused(Box::new(status)));
                    }
                }
            }
            sleep(self.options.clock.jittered(wait)).await;
            wait = (wait * 2).min(longest);
        }
        self.options.condition.set(Standing::Good);
        Ok(())
    }

    /// Says Hello, for a task or at the start. The outer error is ours, the inner one the control plane's.
    pub(super) async fn hello(&self, task_id: &str) -> Result<Result<(), Status>, ServiceError> {
        let request = hello(&self.runtime, &self.options.program, &self.options.host, task_id)?;
        Ok(self.plane.hello(request).await)
    }

    /// Asks for tasks for ever.
    async fn poll(self: &Arc<Self>, tasks: &TaskTracker, stop: &CancellationToken) {
        let (poller, mut failures) = (Poller::new(self.options.batches), 0);
        loop {
            let wanted = self.slots.room().await;
            match poller.ask(&self.plane, wanted, self.slots.known()).await {
                Ok(answer) => {
                    failures = 0;
                    self.options.condition.set(Standing::Good);
                    let mut begun = false;
                    for work in answer.tasks {
                        begun |= self.start(work, tasks, stop);
                    }
                    // What is ours already must not make us ask in a circle.
                    sleep(if begun { answer.wait } else { answer.wait.max(IDLE_WAIT) }).await;
                }
                Err(status) => {
                    failures += 1;
                    self.unanswered(&status);
                    sleep(after_failures(failures, self.options.clock)).await;
                }
            }
        }
    }

    /// Notes a call that failed.
    fn unanswered(&self, status: &Status) {
        let (code, error) = (status.code(), told(status));
        tracing::debug!(?code, error, "the control plane did not answer");
        self.options.condition.set(match code {
            Code::Unauthenticated | Code::PermissionDenied => Standing::Refused(error),
            _ => Standing::Unreachable(error),
        });
    }

    /// Begins a task in the background, unless it is ours already.
    fn start(self: &Arc<Self>, work: Work, tasks: &TaskTracker, stop: &CancellationToken) -> bool {
        let Some(held) = self.slots.take(&work.id, work.lane()) else {
            tracing::debug!(task_id = %work.id, "a task under way was given out again");
            return false;
        };
        let kind = work.name();
        let span = tracing::info_span!(
            "task",
            otel.kind = "consumer",
            otel.name = kind,
            otel.status_code = field::Empty,
            task_id = %work.id,
            kind,
        );
        let (shared, stop) = (Arc::clone(self), stop.clone());
        tasks.spawn(async move { shared.carry_out(work, held, stop).await }.instrument(span));
        true
    }

    async fn carry_out(&self, work: Work, held: Held, stop: CancellationToken) {
        if self.finisher.repeat(&work.id).await {
            return;
        }
        tracing::info!("task begins");
        let (id, kind, began) = (work.id.clone(), work.name(), Instant::now());
        self.options.observer.task_started(kind);
        let outcome = caught(task::carry_out(self, work, &held, &stop)).await;
        let outcome = outcome.filter(|outcome| !cut_short(outcome, &stop));
        let ended = match outcome.as_ref().map(Outcome::code) {
            None => "left",
            Some(None) => "success",
            Some(Some(_)) => "error",
        };
        self.options.observer.task_finished(kind, ended, began.elapsed());
        let Some(outcome) = outcome else { return };
        match outcome.code() {
            None => tracing::info!("task done"),
            Some(code) => {
                Span::current().record("otel.status_code", "error");
                tracing::warn!(?code, error = outcome.message(), "task failed");
            }
        }
        self.finisher.finish(&id, outcome).await;
    }
}

/// The outcome, also of code that panics.
async fn caught(work: impl Future<Output = Option<Outcome>>) -> Option<Outcome> {
    AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|_| {
        // The panic itself has been logged where it happened.
        Some(Outcome::failed(Status::internal("Internal Server Error")))
    })
}

/// Whether it may have failed only because we are stopping: then the task is for whoever comes next. A write whose outcome is
/// not known is left as well; carried out again it finds what it wants to be so already, or does it.
fn cut_short(outcome: &Outcome, stop: &CancellationToken) -> bool {
    let cut = stop.is_cancelled() && matches!(outcome.code(), Some(Code::Unavailable | Code::Cancelled));
    if cut {
        tracing::info!("stopping; the task is left to be given out again");
    }
    cut
}

/// Codes after which asking again is of no use.
fn for_good(code: Code) -> bool {
    matches!(
        code,
        Code::Unauthenticated
            | Code::PermissionDenied
            | Code::InvalidArgument
            | Code::Unimplemented
            | Code::FailedPrecondition
            | Code::NotFound
    )
}
