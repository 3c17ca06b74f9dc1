//! Changing an account's profile, as far as the API can: names, and an end user's organization and portal access.

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
    directory::{Fact, Snapshot},
    rest::{
        self, Endpoint, UpdateEndUser, UpdateTechnician,
        model::{OrganizationId, UserId, UserType},
    },
};

/// What is to be changed; what is not given stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(in crate::ninja_one) struct Change {
    pub(in crate::ninja_one) first_name: Option<String>,
    pub(in crate::ninja_one) last_name: Option<String>,
    pub(in crate::ninja_one) organization: Option<OrganizationId>,
    pub(in crate::ninja_one) full_portal_access: Option<bool>,
}

/// A profile that is as wished.
#[derive(Debug, Clone)]
pub(in crate::ninja_one) struct Updated {
    /// Whether this request has changed it.
    pub(in crate::ninja_one) changed: bool,
}

impl Change {
    fn is_in(&self, account: &Snapshot, id: UserId) -> bool {
        let Some(now) = account.account(id) else { return false };
        let same = |wished: &Option<String>, now: Option<&str>| {
            wished.as_deref().is_none_or(|wished| now == Some(wished))
        };
        same(&self.first_name, now.first_name())
            && same(&self.last_name, now.last_name())
            && self.organization.is_none_or(|wished| now.organization() == Some(wished))
            && self.full_portal_access.is_none_or(|wished| now.fact(Fact::FullPortalAccess) == Some(wished))
    }

    fn for_technician(&self) -> UpdateTechnician {
        UpdateTechnician { first_name: self.first_name.clone(), last_name: self.last_name.clone() }
    }

    fn for_end_user(&self) -> UpdateEndUser {
        UpdateEndUser {
            first_name: self.first_name.clone(),
            last_name: self.last_name.clone(),
            organization_id: self.organization,
            full_portal_access: self.full_portal_access,
        }
    }

    fn plan(&self, account: &AccountNow) -> Plan {
        let id = Some(account.id.0);
        match account.kind {
            UserType::EndUser => Plan::new(Endpoint::UpdateEndUser, id).body(&self.for_end_user()),
            _ => Plan::new(Endpoint::UpdateTechnician, id).body(&self.for_technician()),
        }
    }

    /// The changed fields as they are in an account.
    fn shown(&self, account: &AccountNow) -> String {
        let Some(now) = account.facts() else { return "unknown".to_owned() };
        let mut parts = Vec::new();
        if self.first_name.is_some() {
            parts.push(format!("first_name={}", now.first_name().unwrap_or_default()));
        }
        if self.last_name.is_some() {
            parts.push(format!("last_name={}", now.last_name().unwrap_or_default()));
        }
        if self.organization.is_some() {
            let id = now.organization().map(|id| id.to_string()).unwrap_or_default();
            parts.push(format!("organization_id={id}"));
        }
        if self.full_portal_access.is_some() {
            let access = now.fact(Fact::FullPortalAccess).map(|flag| flag.to_string()).unwrap_or_default();
            parts.push(format!("full_portal_access={access}"));
        }
        parts.join(" ")
    }
}

impl Provisioner {
    pub(super) async fn update_user(
        &self,
        audit: &mut Entry,
        user: UserId,
        change: &Change,
    ) -> Result<Updated, WriteError> {
        let _turn = self.turns.wait(Key::Account(user)).await;
        let result = self.update_now(audit, user, change).await;
        if result.as_ref().is_err_and(WriteError::is_unclear) {
            self.directory.forget();
        }
        result
    }

    async fn update_now(
        &self,
        audit: &mut Entry,
        user: UserId,
        change: &Change,
    ) -> Result<Updated, WriteError> {
        let hint = self.hint(user);
        let account = live::account(&self.client, user, hint.as_ref()).await?;
        let account = account.ok_or_else(|| WriteError::UnknownUser(user.to_string()))?;
        audit.before(change.shown(&account));
        self.check_update(&account, change).await?;
        if change.is_in(&account.known, user) {
            audit.after(change.shown(&account));
            audit.verified();
            return Ok(Updated { changed: false });
        }
        self.check_sending(|| change.plan(&account))?;
        let sent = match account.kind {
            UserType::EndUser => {
                let sent = self.client.update_end_user(user, &change.for_end_user()).await;
                sent.map(|w| {
                    (w.request_id, w.answer.is_some_and(|a| change.is_in(&Snapshot::of_end_user(&a), user)))
                })
            }
            // The answer to this one has no documented body.
            _ => {
                let sent = self.client.update_technician(user, &change.for_technician()).await;
                sent.map(|w| (w.request_id, false))
            }
        };
        self.prove_update(audit, &account, change, sent).await
    }

    async fn check_update(&self, account: &AccountNow, change: &Change) -> Result<(), WriteError> {
        if account.fact(Fact::ScimUser) == Some(true) {
            return Err(WriteError::ScimManaged(account.id));
        }
        if account.kind != UserType::EndUser {
            let field = match (change.organization, change.full_portal_access) {
                (Some(_), _) => Some("organization_id"),
                (None, Some(_)) => Some("full_portal_access"),
                (None, None) => None,
            };
            return field.map_or(Ok(()), |field| Err(WriteError::NotForTechnicians(field)));
        }
        match change.organization {
            Some(id) if !live::organization_exists(&self.client, id).await? => {
                let mistake = format!("organization_id: NinjaOne has no organization {id}");
                Err(WriteError::InvalidArguments(vec![mistake]))
            }
            _ => Ok(()),
        }
    }

    async fn prove_update(
        &self,
        audit: &mut Entry,
        account: &AccountNow,
        change: &Change,
        sent: Result<(Option<String>, bool), rest::Error>,
    ) -> Result<Updated, WriteError> {
        let what = format!("changing the profile of user {}", account.id);
        match &sent {
            Ok((request_id, _)) => audit.sent(request_id.as_deref()),
            Err(error) => {
                audit.sent(error.request_id());
                if error.is_certainly_refused() {
                    return Err(error.clone().into());
                }
                tracing::warn!(%error, user = %account.id, "the answer to a write was lost, reading back");
            }
        }
        match (self.read_back_update(account, change).await, sent) {
            (Ok(Some(now)), _) if change.is_in(&now.known, account.id) => {
                audit.after(change.shown(&now));
                audit.verified();
                self.directory.apply(|snapshot| {
                    if snapshot.account(account.id).is_some() {
                        snapshot.adopt(&now.known);
                    }
                });
                Ok(Updated { changed: true })
            }
            (Ok(_), Ok((request_id, _))) => Err(WriteError::NotEffective { what, request_id }),
            (Ok(_), Err(error)) => {
                let seen = "reading back shows that it has not, so far".to_owned();
                Err(WriteError::OutcomeUnknown { what, seen, error: Some(error) })
            }
            // The answer has shown it; that the proof of the proof failed does not take that back.
            (Err(again), Ok((_, true))) => {
                tracing::warn!(error = %again, user = %account.id, "a change was accepted but cannot be read back");
                self.directory.forget();
                Ok(Updated { changed: true })
            }
            (Err(error), Ok((_, false))) => {
                let seen = "NinjaOne accepted it, but reading back failed".to_owned();
                Err(WriteError::OutcomeUnknown { what, seen, error: Some(error) })
            }
            (Err(again), Err(error)) => {
                let seen = format!("reading back failed too ({again})");
                Err(WriteError::OutcomeUnknown { what, seen, error: Some(error) })
            }
        }
    }

    async fn read_back_update(
        &self,
        account: &AccountNow,
        change: &Change,
    ) -> Result<Option<AccountNow>, rest::Error> {
        let mut pauses = self.policy.read_back_pauses.iter();
        loop {
            let now = live::again(&self.client, account).await?;
            let done = now.as_ref().is_some_and(|now| change.is_in(&now.known, account.id));
            match pauses.next() {
                Some(pause) if !done => pause_for(*pause).await,
                _ => return Ok(now),
            }
        }
    }
}
