//! The audit trail: one event for every write that somebody asked for, at the target `audit`, whatever came of it.

use super::{
    error::WriteError,
    policy::{Policy, WriteListener},
};
use crate::baton::connector::Call;

/// The target of the events.
pub(super) const TARGET: &str = "audit";

/// One line of the trail while it is being filled in. What is dropped unfinished is told as cut off.
pub(super) struct Entry {
    operation: &'static str,
    asked_by: String,
    account: String,
    role: String,
    before: String,
    after: String,
    request_id: String,
    verified: bool,
    dry_run: bool,
    listener: WriteListener,
    told: bool,
}

impl Entry {
    /// A write that is asked for under this policy.
    pub(super) fn new(operation: &'static str, call: &Call, policy: &Policy) -> Self {
        Self {
            operation,
            asked_by: call.caller.clone(),
            account: String::new(),
            role: String::new(),
            before: String::new(),
            after: String::new(),
            request_id: String::new(),
            verified: false,
            dry_run: policy.dry_run,
            listener: policy.listener.clone(),
            told: false,
        }
    }

    pub(super) fn account(mut self, account: impl ToString) -> Self {
        self.account = account.to_string();
        self
    }

    pub(super) fn role(mut self, role: impl ToString) -> Self {
        self.role = role.to_string();
        self
    }

    pub(super) fn set_account(&mut self, account: impl ToString) {
        self.account = account.to_string();
    }

    pub(super) fn before(&mut self, state: impl Into<String>) {
        self.before = state.into();
    }

    pub(super) fn after(&mut self, state: impl Into<String>) {
        self.after = state.into();
    }

    /// NinjaOne's id of the request, and whether its effect was seen.
    pub(super) fn sent(&mut self, request_id: Option<&str>) {
        self.request_id = request_id.unwrap_or_default().to_owned();
    }

    pub(super) fn verified(&mut self) {
        self.verified = true;
    }

    /// Tells what came of it; `already` says of a result that it was so before.
    pub(super) fn finish<T>(mut self, already: impl FnOnce(&T) -> bool, result: &Result<T, WriteError>) {
        match result {
            Ok(done) => self.tell(if already(done) { "already" } else { "done" }, "", ""),
            Err(error) => {
                if let Some(id) = error.request_id() {
                    self.request_id = id.to_owned();
                }
                let reason = error.reason().map_or("", |r| r.row().reason);
                self.tell(error.outcome(), reason, &error.to_string());
            }
        }
    }

    /// The same was under way already for somebody else; this caller got the same answer.
    pub(super) fn joined(mut self) {
        self.tell("joined", "", "");
    }

    fn tell(&mut self, outcome: &'static str, reason: &'static str, error: &str) {
        self.told = true;
        (self.listener.0)(self.operation, outcome, reason);
        tracing::info!(
            target: TARGET,
            operation = self.operation,
            outcome,
            asked_by = %self.asked_by,
            account = %self.account,
            role = %self.role,
            before = %self.before,
            after = %self.after,
            verified = self.verified,
            dry_run = self.dry_run,
            ninja_one_request_id = %self.request_id,
            reason,
            error,
            "write"
        );
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        if !self.told {
            self.tell("unknown", "CUT_OFF", "the write was cut off");
        }
    }
}
