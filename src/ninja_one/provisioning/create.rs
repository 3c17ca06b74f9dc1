//! Creating an account, and putting it into its roles.
//!
//! The login is looked for first, and again whenever the answer to the creation is no answer: there are never two accounts.
//! What fails after the account is there is told; nothing is deleted.

use std::time::{Duration, SystemTime};

use super::{
    Provisioner,
    audit::Entry,
    error::WriteError,
    form::Form,
    live::{self, AccountNow, Place},
    membership::{Wish, pause_for},
    plan::Plan,
    turns::Key,
};
use crate::{
    baton::connector::{AccountOutcome, Call},
    ninja_one::{
        accounts,
        directory::{Snapshot, fold},
        rest::{
            self, CreateEndUser, CreateTechnician, Endpoint, ErrorKind,
            model::{RoleId, UserId, UserType},
        },
    },
    wire::v2::create_account_response as response,
};

/// How long an invitation can be accepted.
const INVITATION: Duration = Duration::from_secs(24 * 3_600);

/// No account has this id: of the roles only they themselves count.
const NOBODY: UserId = UserId(-1);

/// An account that is there now.
#[derive(Debug, Clone)]
pub(super) struct Created {
    account: AccountNow,
    /// It was there before.
    existed: bool,
    /// When the invitation lapses that was sent with it.
    invitation_until: Option<SystemTime>,
    /// What could not be done after the account had been created.
    missing: Vec<String>,
}

impl Created {
    /// In the shape of the contract: an account that somebody has to finish is not simply a success.
    pub(super) fn into_outcome(self) -> AccountOutcome {
        let resource = self.account.facts().map(|account| accounts::resource(&account));
        let is_create_account_result = true;
        let result = if self.existed {
            let result = response::AlreadyExistsResult { resource, is_create_account_result };
            response::Result::AlreadyExists(result)
        } else if self.missing.is_empty() {
            let invitation_expires_at = self.invitation_until.map(Into::into);
            let result =
                response::SuccessResult { resource, is_create_account_result, invitation_expires_at };
            response::Result::Success(result)
        } else {
            let message = format!(
                "user {} was created, but is missing: {}. Grant what is missing, or delete the user; nothing was undone",
                self.account.id,
                self.missing.join("; ")
            );
            let result = response::ActionRequiredResult { resource, message, is_create_account_result };
            response::Result::ActionRequired(result)
        };
        AccountOutcome { result, annotations: Vec::new() }
    }
}

/// What a creation came to.
struct Made {
    account: AccountNow,
    existed: bool,
}

impl Provisioner {
    pub(super) async fn create(
        &self,
        mut audit: Entry,
        form: &Form,
        call: &Call,
    ) -> Result<Created, WriteError> {
        let made = {
            let _turn = self.turns.wait(Key::Email(fold(&form.email))).await;
            let made = self.create_now(&mut audit, form).await;
            match &made {
                Ok(made) => self.show(made),
                Err(error) if error.is_unclear() => self.directory.forget(),
                Err(_) => {}
            }
            audit.finish(|made| made.existed, &made);
            made?
        };
        let mut created = Created {
            invitation_until: self.invitation(form, &made),
            account: made.account,
            existed: made.existed,
            missing: Vec::new(),
        };
        if !created.existed && !form.roles.is_empty() {
            created.missing = self.put_into_roles(created.account.id, &form.roles, call).await;
        }
        Ok(created)
    }

    async fn create_now(&self, audit: &mut Entry, form: &Form) -> Result<Made, WriteError> {
        if let Some(account) = self.find(form).await? {
            audit.before(account.summary());
            audit.after(account.summary());
            audit.verified();
            return Ok(Made { account, existed: true });
        }
        audit.before("absent");
        self.check_references(form).await?;
        self.check_sending(|| plan(form))?;
        let sent = self.send_creation(form).await;
        let what = format!("creating the account {}", form.email);
        let made = match sent {
            Ok((Some(account), request_id)) => {
                audit.sent(request_id.as_deref());
                audit.verified();
                Made { account, existed: false }
            }
            Ok((None, request_id)) => {
                audit.sent(request_id.as_deref());
                match self.find_made(form).await {
                    Ok(Some(account)) => {
                        audit.verified();
                        Made { account, existed: false }
                    }
                    Ok(None) => return Err(WriteError::NotEffective { what, request_id }),
                    Err(error) => {
                        let seen = "NinjaOne accepted it, but looking the login up failed".to_owned();
                        return Err(WriteError::OutcomeUnknown { what, seen, error: Some(error) });
                    }
                }
            }
            Err(error) if error.is_certainly_refused() => {
                audit.sent(error.request_id());
                // The refusal of a login that is taken has no known words, so the list decides.
                match error.kind() {
                    ErrorKind::Rejected => match self.find(form).await {
                        Ok(Some(account)) => Made { account, existed: true },
                        Ok(None) | Err(_) => return Err(error.into()),
                    },
                    _ => return Err(error.into()),
                }
            }
            Err(error) => {
                audit.sent(error.request_id());
                tracing::warn!(%error, "the answer to a creation was lost, looking the login up");
                match self.find_made(form).await {
                    // Nobody had this login a moment ago. If it does not look like what was asked for, somebody else made it.
                    Ok(Some(account)) => {
                        audit.verified();
                        let existed = !is_ours(form, &account);
                        Made { account, existed }
                    }
                    Ok(None) => {
                        let seen = "the login is not in the user list, so far".to_owned();
                        return Err(WriteError::OutcomeUnknown { what, seen, error: Some(error) });
                    }
                    Err(again) => {
                        let seen = format!("looking the login up failed too ({again})");
                        return Err(WriteError::OutcomeUnknown { what, seen, error: Some(error) });
                    }
                }
            }
        };
        audit.set_account(format!("{} {}", made.account.id, form.email));
        audit.after(made.account.summary());
        Ok(made)
    }

    /// The account with this login, with all that a single read says about it.
    async fn find(&self, form: &Form) -> Result<Option<AccountNow>, rest::Error> {
        let Some(mut account) = live::by_email(&self.client, &form.email, &form.kind).await? else {
            return Ok(None);
        };
        // The list has told what counts; the rest is for completeness.
        match live::again(&self.client, &account).await {
            Ok(Some(detail)) => account.known.adopt(&detail.known),
            Ok(None) => {}
            Err(error) => tracing::debug!(%error, "an account cannot be read by itself"),
        }
        Ok(Some(account))
    }

    /// The same after a creation, with the policy's pauses in between.
    async fn find_made(&self, form: &Form) -> Result<Option<AccountNow>, rest::Error> {
        let mut pauses = self.policy.read_back_pauses.iter();
        loop {
            let found = self.find(form).await?;
            match pauses.next() {
                Some(pause) if found.is_none() => pause_for(*pause).await,
                _ => return Ok(found),
            }
        }
    }

    /// What the form refers to must be there, and fit; all that is wrong is told at once.
    async fn check_references(&self, form: &Form) -> Result<(), WriteError> {
        let mut mistakes = Vec::new();
        if let Some(id) = form.organization
            && !live::organization_exists(&self.client, id).await?
        {
            mistakes.push(format!("organization_id: NinjaOne has no organization {id}"));
        }
        if !form.roles.is_empty() {
            let roles = live::roles(&self.client, NOBODY).await?;
            for id in &form.roles {
                match roles.iter().find(|role| role.id == *id) {
                    None => mistakes.push(format!("roles: NinjaOne has no role {id}")),
                    Some(role) if role.kind.as_ref() != Some(&form.kind) => {
                        mistakes.push(format!(
                            "roles: {} is not for a user of the type {}",
                            role.title(),
                            super::error::type_name(&form.kind)
                        ));
                    }
                    Some(role) if role.place == Place::Unknown => {
                        mistakes.push(format!("roles: NinjaOne sent {} without its members", role.title()));
                    }
                    Some(_) => {}
                }
            }
        }
        if mistakes.is_empty() { Ok(()) } else { Err(WriteError::InvalidAccount(mistakes)) }
    }

    async fn send_creation(&self, form: &Form) -> Result<(Option<AccountNow>, Option<String>), rest::Error> {
        let account = |id: UserId, known: Snapshot| AccountNow { id, kind: form.kind.clone(), known };
        match form.kind {
            UserType::EndUser => {
                let written = self.client.create_end_user(&end_user(form), form.send_invitation).await?;
                let made =
                    written.answer.as_ref().and_then(|a| Some(account(a.id?, Snapshot::of_end_user(a))));
                Ok((made, written.request_id))
            }
            _ => {
                let written = self.client.create_technician(&technician(form)).await?;
                let made =
                    written.answer.as_ref().and_then(|a| Some(account(a.id?, Snapshot::of_technician(a))));
                Ok((made, written.request_id))
            }
        }
    }

    /// Puts the new account into its roles, each by itself; returns what did not work.
    async fn put_into_roles(&self, user: UserId, roles: &[RoleId], call: &Call) -> Vec<String> {
        let _turn = self.turns.wait(Key::Account(user)).await;
        let mut missing = Vec::new();
        for &role in roles {
            let mut entry = Entry::new("grant", call, &self.policy).account(user).role(role);
            let settled = self.settle(&mut entry, role, user, Wish::In).await;
            entry.finish(|settled| settled.already, &settled);
            if let Err(error) = settled {
                missing.push(format!("role {role} ({error})"));
            }
        }
        missing
    }

    fn show(&self, made: &Made) {
        let known = self.directory.peek().is_some_and(|s| s.account(made.account.id).is_some());
        if !made.existed || !known {
            self.directory.apply(|snapshot| snapshot.adopt(&made.account.known));
        }
    }

    /// When the invitation lapses. To an end user it is sent only when asked for; of a technician NinjaOne alone decides, and
    /// tells by the status.
    fn invitation(&self, form: &Form, made: &Made) -> Option<SystemTime> {
        let open = made.account.facts().and_then(|a| a.invitation()) == Some("PENDING");
        let sent = form.kind == UserType::Technician || form.send_invitation;
        (open && sent && !made.existed).then(|| (self.policy.clock.wall)() + INVITATION)
    }
}

fn is_ours(form: &Form, account: &AccountNow) -> bool {
    let Some(facts) = account.facts() else { return false };
    account.kind == form.kind
        && facts.first_name() == Some(form.first_name.as_str())
        && facts.last_name() == Some(form.last_name.as_str())
}

fn technician(form: &Form) -> CreateTechnician {
    CreateTechnician {
        first_name: form.first_name.clone(),
        last_name: form.last_name.clone(),
        email: form.email.clone(),
        phone: form.phone.clone(),
    }
}

fn end_user(form: &Form) -> CreateEndUser {
    CreateEndUser {
        first_name: form.first_name.clone(),
        last_name: form.last_name.clone(),
        email: form.email.clone(),
        phone: form.phone.clone(),
        organization_id: form.organization,
        full_portal_access: form.full_portal_access,
    }
}

fn plan(form: &Form) -> Plan {
    let plan = match form.kind {
        UserType::EndUser => Plan::new(Endpoint::CreateEndUser, None)
            .query("sendInvitation", form.send_invitation)
            .body(&end_user(form)),
        _ => Plan::new(Endpoint::CreateTechnician, None).body(&technician(form)),
    };
    form.roles.iter().fold(plan, |plan, role| {
        let path = Endpoint::AddRoleMembers.template().replace("{id}", &role.to_string());
        plan.then(format!("{} {path} with the new account's id", Endpoint::AddRoleMembers.method()))
    })
}
