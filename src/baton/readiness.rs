//! Whether work can be done now, and if not, what is missing: one named condition for each thing that others have to provide.
//!
//! Whoever finds out sets its [`Condition`]; whoever is asked reads the [`Readiness`]. Nothing here asks anybody.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use tokio::sync::watch;
use tonic::{Code, Status};

/// How a condition stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Not known yet.
    Pending,
    /// It holds.
    Good,
    /// The other side cannot be reached, or does not answer as it should.
    Unreachable(String),
    /// The other side refuses our credentials or rights.
    Refused(String),
}

impl Standing {
    /// What the outcome of a call to the other side says about it.
    #[must_use]
    pub fn of<T>(outcome: &Result<T, Status>) -> Self {
        match outcome {
            Ok(_) => Self::Good,
            Err(status) if matches!(status.code(), Code::Unauthenticated | Code::PermissionDenied) => {
                Self::Refused(status.message().to_owned())
            }
            Err(status) => Self::Unreachable(status.message().to_owned()),
        }
    }
}

/// A condition at some moment.
#[derive(Debug, Clone)]
pub struct Report {
    /// Its name, such as `control_plane`.
    pub name: &'static str,
    /// How it stands.
    pub standing: Standing,
    /// Since when.
    pub since: SystemTime,
}

impl Report {
    /// A word for it: `ok`, `pending`, `NAME_unreachable`, `credentials_refused`.
    #[must_use]
    pub fn word(&self) -> String {
        match &self.standing {
            Standing::Pending => "pending".to_owned(),
            Standing::Good => "ok".to_owned(),
            Standing::Unreachable(_) => format!("{}_unreachable", self.name),
            Standing::Refused(_) => "credentials_refused".to_owned(),
        }
    }

    /// What went wrong, in words for people.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        match &self.standing {
            Standing::Pending | Standing::Good => None,
            Standing::Unreachable(text) | Standing::Refused(text) => Some(text),
        }
    }
}

/// All conditions. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Readiness {
    conditions: Arc<Mutex<Vec<watch::Receiver<Report>>>>,
}

impl Readiness {
    /// Adds a condition that is pending. As long as it does not hold, nothing is ready.
    #[must_use]
    pub fn condition(&self, name: &'static str) -> Condition {
        let report = Report { name, standing: Standing::Pending, since: SystemTime::now() };
        let (sender, receiver) = watch::channel(report);
        self.lock().push(receiver);
        Condition(Arc::new(sender))
    }

    /// Every condition, in the order in which they were added.
    #[must_use]
    pub fn reports(&self) -> Vec<Report> {
        self.lock().iter().map(|condition| condition.borrow().clone()).collect()
    }

    /// Whether every condition holds.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.lock().iter().all(|condition| condition.borrow().standing == Standing::Good)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<watch::Receiver<Report>>> {
        self.conditions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The handle of whoever finds out about one condition. Clones are the same condition.
#[derive(Debug, Clone)]
pub struct Condition(Arc<watch::Sender<Report>>);

impl Condition {
    /// Says how it stands; the log hears of a change of kind once.
    pub fn set(&self, standing: Standing) {
        let mut changed = None;
        self.0.send_if_modified(|report| {
            let before = report.word();
            let new = report.standing != standing;
            report.standing = standing;
            let word = report.word();
            if before != word {
                report.since = SystemTime::now();
                changed = Some((before, word, report.message().map(str::to_owned)));
            }
            new
        });
        if let Some((before, word, error)) = changed {
            tracing::info!(condition = self.0.borrow().name, before, now = word, error, "condition changed");
        }
    }

    /// How it stands.
    #[must_use]
    pub fn report(&self) -> Report {
        self.0.borrow().clone()
    }

    /// Follows it.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Report> {
        self.0.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ready_means_that_every_condition_holds_and_each_says_what_is_missing() {
        let readiness = Readiness::default();
        assert!(readiness.is_ready(), "nothing is needed");
        let application = readiness.condition("application");
        let control = readiness.condition("control_plane");
        assert!(!readiness.is_ready());
        application.set(Standing::Good);
        control.set(Standing::of(&Err::<(), _>(Status::unavailable("no route"))));
        let told = |r: &Readiness| r.reports().iter().map(Report::word).collect::<Vec<_>>();
        assert_eq!(told(&readiness), ["ok", "control_plane_unreachable"]);
        assert_eq!(readiness.reports()[1].message(), Some("no route"));
        assert!(!readiness.is_ready());
        for code in [Code::Unauthenticated, Code::PermissionDenied] {
            application.set(Standing::of(&Err::<(), _>(Status::new(code, "no"))));
            assert_eq!(told(&readiness), ["credentials_refused", "control_plane_unreachable"]);
        }
        application.set(Standing::Good);
        control.set(Standing::of(&Ok(())));
        assert!(readiness.is_ready());
    }
}
