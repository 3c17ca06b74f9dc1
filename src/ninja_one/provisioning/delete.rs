//! Deleting an account: by the path of its type, behind every guard, and proved.

use super::{
    Provisioner,
    audit::Entry,
    error::WriteError,
    live::{self, AccountNow},
    membership::pause_for,
    plan::Plan,
    turns::Key,
};
use crate::ninja_one::{
    directory::Fact,
    rest::{
        self, Endpoint, ErrorKind, Written,
        model::{UserId, UserType},
    },
};

/// An account that is not there now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deleted {
    /// This request has done it.
    Now,
    /// It was not there.
    NotThere,
}

impl Provisioner {
    pub(super) async fn delete_user(&self, audit: &mut Entry, user: UserId) -> Result<Deleted, WriteError> {
        let _turn = self.turns.wait(Key::Account(user)).await;
        let result = self.delete_now(audit, user).await;
        match &result {
            Ok(Deleted::Now) => self.directory.apply(|snapshot| snapshot.remove_account(user)),
            Ok(Deleted::NotThere) => {
                if self.directory.peek().is_some_and(|snapshot| snapshot.account(user).is_some()) {
                    self.directory.apply(|snapshot| snapshot.remove_account(user));
                }
            }
            Err(error) if error.is_unclear() => self.directory.forget(),
            Err(_) => {}
        }
        result
    }

    async fn delete_now(&self, audit: &mut Entry, user: UserId) -> Result<Deleted, WriteError> {
        let hint = self.hint(user);
        let Some(account) = live::account(&self.client, user, hint.as_ref()).await? else {
            audit.before("absent");
            audit.after("absent");
            audit.verified();
            return Ok(Deleted::NotThere);
        };
        audit.before(account.summary());
        self.check_protection(&account).await?;
        if account.fact(Fact::ScimUser) == Some(true) {
            return Err(WriteError::ScimManaged(user));
        }
        // Held to the end: two administrators deleted at the same time must not each count on the other one.
        let mut _administrators = None;
        let administrator = live::is_administrator(&self.client, &account).await?;
        if administrator != Some(false) {
            if !self.policy.allow_administrator_deletion {
                return Err(WriteError::SystemAdministrator { user, certain: administrator.is_some() });
            }
            _administrators = Some(self.turns.wait(Key::Administrators).await);
            if !live::another_administrator(&self.client, user).await? {
                return Err(WriteError::LastAdministrator(user));
            }
        }
        let slot = self.guard.take()?;
        if let Err(dry) = self.check_sending(|| plan(&account)) {
            slot.give_back();
            return Err(dry);
        }
        let sent = match account.kind {
            UserType::EndUser => self.client.delete_end_user(user).await,
            _ => self.client.delete_technician(user).await,
        };
        let result = self.prove_deletion(audit, &account, sent).await;
        match &result {
            Ok(Deleted::Now) => audit.after("absent"),
            Ok(Deleted::NotThere) => {
                audit.after("absent");
                slot.give_back();
            }
            Err(WriteError::Rest(_)) => slot.give_back(),
            Err(_) => {}
        }
        result
    }

    async fn prove_deletion(
        &self,
        audit: &mut Entry,
        account: &AccountNow,
        sent: Result<Written<()>, rest::Error>,
    ) -> Result<Deleted, WriteError> {
        let what = format!("deleting user {}", account.id);
        match sent {
            Ok(written) => {
                audit.sent(written.request_id.as_deref());
                match self.read_back_deletion(account).await {
                    Ok(true) => audit.verified(),
                    Ok(false) => {
                        return Err(WriteError::NotEffective { what, request_id: written.request_id });
                    }
                    // NinjaOne has said that it is deleted; that it cannot be asked again does not take that back.
                    Err(error) => {
                        tracing::warn!(%error, user = %account.id, "a deletion was accepted but cannot be read back");
                    }
                }
                Ok(Deleted::Now)
            }
            Err(error) if error.is_certainly_refused() => {
                audit.sent(error.request_id());
                // Somebody else may have been quicker.
                if matches!(error.kind(), ErrorKind::Rejected | ErrorKind::NotFound)
                    && live::is_gone(&self.client, account).await.unwrap_or(false)
                {
                    audit.verified();
                    return Ok(Deleted::NotThere);
                }
                Err(error.into())
            }
            Err(error) => {
                audit.sent(error.request_id());
                tracing::warn!(%error, user = %account.id, "the answer to a deletion was lost, reading back");
                match self.read_back_deletion(account).await {
                    Ok(true) => {
                        audit.verified();
                        Ok(Deleted::Now)
                    }
                    Ok(false) => {
                        let seen = "reading back shows that it has not, so far".to_owned();
                        Err(WriteError::OutcomeUnknown { what, seen, error: Some(error) })
                    }
                    Err(again) => {
                        let seen = format!("reading back failed too ({again})");
                        Err(WriteError::OutcomeUnknown { what, seen, error: Some(error) })
                    }
                }
            }
        }
    }

    /// Looks until it is gone, with the policy's pauses in between.
    async fn read_back_deletion(&self, account: &AccountNow) -> Result<bool, rest::Error> {
        let mut pauses = self.policy.read_back_pauses.iter();
        loop {
            let gone = live::is_gone(&self.client, account).await?;
            match pauses.next() {
                Some(pause) if !gone => pause_for(*pause).await,
                _ => return Ok(gone),
            }
        }
    }
}

fn plan(account: &AccountNow) -> Plan {
    let endpoint = match account.kind {
        UserType::EndUser => Endpoint::DeleteEndUser,
        _ => Endpoint::DeleteTechnician,
    };
    Plan::new(endpoint, Some(account.id.0))
}
