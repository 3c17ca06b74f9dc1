//! What the operator allows, and the clock.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use crate::ninja_one::{directory::fold, rest::model::UserId};

/// How writes are guarded.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Nothing is sent; every write answers with the request that it would be. Default: no.
    pub dry_run: bool,
    /// Deletions of accounts within the window; 0 sets no limit. Default: 10.
    pub deletion_limit: usize,
    /// Default: an hour.
    pub deletion_window: Duration,
    /// System Administrators may be deleted, the last enabled one excepted. Default: no.
    pub allow_administrator_deletion: bool,
    /// Memberships that come from SCIM or a group mapping may be revoked. Default: no.
    pub allow_managed_revocation: bool,
    /// E-mails or ids of accounts that are never deleted or stripped of their roles, such as the one that the client acts as.
    pub protected_accounts: Vec<String>,
    /// Pauses between reading back again when the first look does not show what was written. Default: 1 s, then 3 s.
    pub read_back_pauses: Vec<Duration>,
    /// Tells the time.
    pub clock: Clock,
    /// Told what came of each write, for metrics.
    pub listener: WriteListener,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            dry_run: false,
            deletion_limit: 10,
            deletion_window: Duration::from_secs(3_600),
            allow_administrator_deletion: false,
            allow_managed_revocation: false,
            protected_accounts: Vec::new(),
            read_back_pauses: vec![Duration::from_secs(1), Duration::from_secs(3)],
            clock: Clock::default(),
            listener: WriteListener::default(),
        }
    }
}

impl Policy {
    /// Whether an account is named by its id among those that are never to be deleted or stripped.
    pub(super) fn protects_id(&self, id: UserId) -> bool {
        let id = id.to_string();
        self.protected_accounts.iter().any(|entry| entry.trim() == id)
    }

    /// Whether an account is named there by its e-mail.
    pub(super) fn protects_email(&self, email: &str) -> bool {
        let email = fold(email);
        self.protected_accounts.iter().any(|entry| fold(entry) == email)
    }

    /// Whether any account is named by its e-mail, so that one without a known e-mail may be meant.
    pub(super) fn protects_emails(&self) -> bool {
        self.protected_accounts.iter().any(|entry| entry.trim().parse::<i32>().is_err())
    }
}

/// The time of day, and a clock that never goes back; tests bring their own.
#[derive(Clone)]
pub struct Clock {
    /// For windows of time.
    pub steady: Arc<dyn Fn() -> Instant + Send + Sync>,
    /// For moments that are told to others.
    pub wall: Arc<dyn Fn() -> SystemTime + Send + Sync>,
}

impl Default for Clock {
    fn default() -> Self {
        Self { steady: Arc::new(Instant::now), wall: Arc::new(SystemTime::now) }
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

/// Told what came of each write: its operation, its outcome, and the reason when it was not done. All three are fixed words, as
/// the audit trail has them. It must be quick.
#[derive(Clone)]
pub struct WriteListener(pub Arc<dyn Fn(&'static str, &'static str, &'static str) + Send + Sync>);

impl Default for WriteListener {
    fn default() -> Self {
        Self(Arc::new(|_, _, _| {}))
    }
}

impl fmt::Debug for WriteListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WriteListener")
    }
}
