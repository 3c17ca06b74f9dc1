//! Whether the control plane can be reached: said once when it changes, and readable by whoever reports health.

use tokio::sync::watch;
use tonic::Status;

use super::error::with_causes;

/// The state of our connection to the control plane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Link {
    /// No Hello has been accepted yet.
    #[default]
    Starting,
    /// The last call was answered.
    Up,
    /// It was up, and the last call failed.
    Down,
    /// We have stopped asking.
    Stopped,
}

/// Where changes are told.
#[derive(Debug)]
pub(super) struct LinkTeller(watch::Sender<Link>);

impl LinkTeller {
    pub(super) fn new() -> Self {
        Self(watch::Sender::new(Link::Starting))
    }

    pub(super) fn watch(&self) -> watch::Receiver<Link> {
        self.0.subscribe()
    }

    pub(super) fn up(&self) {
        match self.0.send_replace(Link::Up) {
            Link::Starting => tracing::info!("connected to the control plane"),
            Link::Down => tracing::info!("the control plane answers again"),
            Link::Up | Link::Stopped => {}
        }
    }

    /// After a failure that will be tried again. `Starting` stays what it is, but its first failure is told too.
    pub(super) fn down(&self, status: &Status, first: bool) {
        let before = *self.0.borrow();
        if before == Link::Up {
            self.0.send_replace(Link::Down);
        }
        let (code, error) = (status.code(), told(status));
        if before == Link::Up || (before == Link::Starting && first) {
            tracing::warn!(?code, error, "the control plane does not answer; trying again until it does");
        } else {
            tracing::debug!(?code, error, "the control plane still does not answer");
        }
    }

    pub(super) fn stopped(&self) {
        self.0.send_replace(Link::Stopped);
    }
}

/// What a status says; of a broken connection, what broke it.
fn told(status: &Status) -> String {
    match std::error::Error::source(status) {
        Some(cause) => format!("{}: {}", status.message(), with_causes(cause)),
        None => status.message().to_owned(),
    }
}
