//! Writes: memberships, accounts, profiles, and the guards in front of them.
//!
//! Goal: every answer is true about what happened in NinjaOne. Each write goes the same way: the request is understood or
//! refused; identical requests under way are joined; the turn of the account, login or role is waited for; the state is read
//! fresh; the guards speak; one request is sent; its effect is proved by the answer or by reading back; the directory shows it;
//! one audit event tells of it. No request is repeated unless it is certain that it did nothing, which the REST client
//! decides; after a lost answer the state is read back and decides instead.
//!
//! The work runs in a task of its own, so that a caller who goes away does not tear it in two.
//!
//! Left to others: the provisioning switch, the bound on writes at once and the drain at shutdown (the runtime), scopes and
//! tokens (the REST client).

mod audit;
mod create;
mod delete;
mod error;
mod form;
mod guard;
mod live;
mod membership;
mod plan;
mod policy;
mod request;
mod sources;
mod strip;
mod turns;
mod update;

use std::{fmt, sync::Arc};

use prost_types::Any;

use self::{
    audit::Entry,
    create::Created,
    delete::Deleted,
    form::Form,
    guard::DeletionGuard,
    live::AccountNow,
    membership::{Settled, Wish},
    plan::Plan,
    strip::Stripped,
    turns::{Flights, Key, Landed, Turns},
    update::Updated,
};
use super::{
    accounts,
    directory::Directory,
    rest::{
        Client,
        model::{RoleId, UserId, UserType},
    },
    roles::{self, RoleKey},
};
use crate::{
    baton::connector::{AccountOutcome, Call, ConnectorError, Granted, NewAccount},
    wire::{pack, v2},
};

pub(super) use error::WriteError;
pub(super) use form::schema as account_schema;
pub use policy::{Clock, Policy, WriteListener};
pub(super) use update::Change;

type Answer<T> = Result<T, WriteError>;

/// Carries out writes.
pub(super) struct Provisioner {
    client: Client,
    directory: Arc<Directory>,
    policy: Policy,
    turns: Turns,
    guard: DeletionGuard,
    memberships: Flights<(Wish, RoleId, UserId), Answer<Settled>>,
    creations: Flights<Form, Answer<Created>>,
    deletions: Flights<UserId, Answer<Deleted>>,
    updates: Flights<(UserId, Change), Answer<Updated>>,
    strippings: Flights<UserId, Answer<Stripped>>,
}

impl Provisioner {
    pub(super) fn new(client: Client, directory: Arc<Directory>, policy: Policy) -> Self {
        Self {
            client,
            directory,
            guard: DeletionGuard::new(&policy),
            policy,
            turns: Turns::default(),
            memberships: Flights::default(),
            creations: Flights::default(),
            deletions: Flights::default(),
            updates: Flights::default(),
            strippings: Flights::default(),
        }
    }

    /// Puts a user into a role.
    pub(super) async fn grant(
        self: &Arc<Self>,
        call: &Call,
        entitlement: &v2::Entitlement,
        principal: &v2::Resource,
    ) -> Result<Granted, ConnectorError> {
        let asked = request::membership(Some(entitlement), Some(principal));
        let (role, user, settled) = self.change_membership("grant", Wish::In, call, asked).await?;
        let grant = roles::grant(&roles::resource_id(RoleKey::Role(role)), user, settled.source.as_deref());
        let annotations = settled.already.then(|| pack(&v2::GrantAlreadyExists {}));
        Ok(Granted { grants: vec![grant], annotations: annotations.into_iter().collect() })
    }

    /// Takes a user out of a role.
    pub(super) async fn revoke(
        self: &Arc<Self>,
        call: &Call,
        grant: &v2::Grant,
    ) -> Result<Vec<Any>, ConnectorError> {
        let asked = request::membership(grant.entitlement.as_ref(), grant.principal.as_ref());
        let (.., settled) = self.change_membership("revoke", Wish::Out, call, asked).await?;
        Ok(settled.already.then(|| pack(&v2::GrantAlreadyRevoked {})).into_iter().collect())
    }

    async fn change_membership(
        self: &Arc<Self>,
        operation: &'static str,
        wish: Wish,
        call: &Call,
        asked: request::Membership,
    ) -> Result<(RoleId, UserId, Settled), ConnectorError> {
        let entry = Entry::new(operation, call, &self.policy).account(&asked.account).role(&asked.role);
        let (role, user) = match asked.ids {
            Ok(ids) => ids,
            Err(refusal) => return Err(refuse(entry, refusal)),
        };
        let me = Arc::clone(self);
        let work = |mut entry: Entry| async move {
            let _turn = me.turns.wait(Key::Account(user)).await;
            let result = me.settle(&mut entry, role, user, wish).await;
            entry.finish(|settled| settled.already, &result);
            result
        };
        let landed = self.memberships.join((wish, role, user), entry, work).await;
        Ok((role, user, self.answer(landed)?))
    }

    /// Creates an account, and puts it into roles.
    pub(super) async fn create_account(
        self: &Arc<Self>,
        call: &Call,
        account: &NewAccount,
    ) -> Result<AccountOutcome, ConnectorError> {
        let entry = Entry::new("create_account", call, &self.policy);
        let form = match Form::read(&account.info) {
            Ok(form) => form,
            Err(refusal) => return Err(refuse(entry.account(&account.info.login), refusal)),
        };
        let (me, asked, by) = (Arc::clone(self), form.clone(), call.clone());
        let entry = entry.account(&form.email);
        let work = |entry: Entry| async move { me.create(entry, &asked, &by).await };
        let landed = self.creations.join(form, entry, work).await;
        Ok(self.answer(landed)?.into_outcome())
    }

    /// Deletes an account.
    pub(super) async fn delete(
        self: &Arc<Self>,
        call: &Call,
        id: &v2::ResourceId,
    ) -> Result<Vec<Any>, ConnectorError> {
        let entry = Entry::new("delete_account", call, &self.policy).account(&id.resource);
        let Some(user) = accounts::parse_id(&id.resource) else {
            return Err(refuse(entry, WriteError::UnknownUser(id.resource.clone())));
        };
        let me = Arc::clone(self);
        let work = |mut entry: Entry| async move {
            let result = me.delete_user(&mut entry, user).await;
            entry.finish(|deleted| *deleted == Deleted::NotThere, &result);
            result
        };
        let landed = self.deletions.join(user, entry, work).await;
        Ok(vec![match self.answer(landed)? {
            Deleted::Now => pack(&v2::ResourceDeleted { resource_id: Some(id.clone()) }),
            Deleted::NotThere => pack(&v2::ResourceDoesNotExist {}),
        }])
    }

    /// Changes names; of an end user also the organization and the portal access.
    pub(super) async fn update(
        self: &Arc<Self>,
        call: &Call,
        user: UserId,
        change: Change,
    ) -> Result<Updated, ConnectorError> {
        let entry = Entry::new("update_profile", call, &self.policy).account(user);
        let (me, wanted) = (Arc::clone(self), change.clone());
        let work = |mut entry: Entry| async move {
            let result = me.update_user(&mut entry, user, &wanted).await;
            entry.finish(|updated| !updated.changed, &result);
            result
        };
        self.answer(self.updates.join((user, change), entry, work).await)
    }

    /// Takes a user out of every role.
    pub(super) async fn remove_all_roles(
        self: &Arc<Self>,
        call: &Call,
        user: UserId,
    ) -> Result<Stripped, ConnectorError> {
        let entry = Entry::new("remove_all_roles", call, &self.policy).account(user);
        let (me, by) = (Arc::clone(self), call.clone());
        let work = |mut entry: Entry| async move {
            let result = me.strip(&mut entry, &by, user).await;
            entry.finish(|stripped| stripped.removed.is_empty(), &result);
            result
        };
        self.answer(self.strippings.join(user, entry, work).await)
    }

    /// The result of work as this caller's answer. Who joined the work of another gets the same, and a line in the audit trail.
    fn answer<T>(&self, landed: Landed<Answer<T>, Entry>) -> Result<T, ConnectorError> {
        if let Some(entry) = landed.spare {
            entry.joined();
        }
        let result = landed.result.unwrap_or_else(|| {
            self.directory.forget();
            Err(WriteError::CutOff)
        });
        result.map_err(WriteError::into_failure)
    }

    /// Refuses an account that is never to be deleted or stripped, and one that may be.
    async fn check_protection(&self, account: &AccountNow) -> Result<(), WriteError> {
        let user = account.id;
        let protected = |certain| Err(WriteError::Protected { user, certain });
        if self.policy.protects_id(user) {
            return protected(true);
        }
        if !self.policy.protects_emails() {
            return Ok(());
        }
        match live::email(&self.client, account).await? {
            Some(email) if self.policy.protects_email(&email) => protected(true),
            Some(_) => Ok(()),
            None => protected(false),
        }
    }

    /// The last gate before a request leaves: a dry run ends here. Every write passes it.
    fn check_sending(&self, plan: impl FnOnce() -> Plan) -> Result<(), WriteError> {
        if self.policy.dry_run {
            return Err(WriteError::DryRun(Box::new(plan())));
        }
        Ok(())
    }

    /// Which type the account was the last time anybody looked; only to look in the likelier place first.
    fn hint(&self, user: UserId) -> Option<UserType> {
        let snapshot = self.directory.peek()?;
        snapshot.account(user)?.kind().map(UserType::from)
    }
}

impl fmt::Debug for Provisioner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provisioner").field("policy", &self.policy).finish_non_exhaustive()
    }
}

fn refuse(entry: Entry, refusal: WriteError) -> ConnectorError {
    entry.finish(|()| false, &Err(refusal.clone()));
    refusal.into_failure()
}
