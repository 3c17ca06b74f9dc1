//! The thread that a sink lives on, and the short queue that leads there. When the queue is full, whoever feeds it waits.

use std::{io, thread};

use tokio::sync::{mpsc, oneshot};

use super::{Sink, SinkError};

/// Pages that may wait for the sink.
const QUEUE: usize = 2;

type Work<S> = Box<dyn FnOnce(&mut S) -> Result<(), SinkError> + Send>;

/// A sink on its own thread. Dropped, the thread ends after the work at hand, and the sink with it.
pub(super) struct Feed<S> {
    work: mpsc::Sender<Work<S>>,
    end: oneshot::Receiver<Result<S, SinkError>>,
}

/// The sink has stopped taking work; [`Feed::close`] says why.
#[derive(Debug)]
pub(super) struct Gone;

impl<S: Sink> Feed<S> {
    /// Makes the sink on a new thread.
    pub(super) fn start(
        make: impl FnOnce() -> Result<S, SinkError> + Send + 'static,
    ) -> Result<Self, SinkError> {
        let (work, mut queue) = mpsc::channel::<Work<S>>(QUEUE);
        let (done, end) = oneshot::channel();
        let run = move || {
            let result = make().and_then(|mut sink| {
                while let Some(work) = queue.blocking_recv() {
                    work(&mut sink)?;
                }
                Ok(sink)
            });
            drop(queue);
            let _ = done.send(result);
        };
        let failed = |e: io::Error| SinkError::Failed(format!("cannot start a thread: {e}").into());
        thread::Builder::new().name("sync sink".to_owned()).spawn(run).map_err(failed)?;
        Ok(Self { work, end })
    }

    /// Queues work.
    pub(super) async fn send(
        &self,
        work: impl FnOnce(&mut S) -> Result<(), SinkError> + Send + 'static,
    ) -> Result<(), Gone> {
        self.work.send(Box::new(work)).await.map_err(|_| Gone)
    }

    /// Queues work and waits for what comes of it.
    pub(super) async fn ask<R: Send + 'static>(
        &self,
        work: impl FnOnce(&mut S) -> Result<R, SinkError> + Send + 'static,
    ) -> Result<R, Gone> {
        let (answer, result) = oneshot::channel();
        self.send(move |sink| {
            let _ = answer.send(work(sink)?);
            Ok(())
        })
        .await?;
        result.await.map_err(|_| Gone)
    }

    /// Waits for all queued work and gives the sink back, or why it failed.
    pub(super) async fn close(self) -> Result<S, SinkError> {
        drop(self.work);
        let gone = || SinkError::Failed("the thread that stores records ended unexpectedly".into());
        self.end.await.map_err(|_| gone())?
    }
}
