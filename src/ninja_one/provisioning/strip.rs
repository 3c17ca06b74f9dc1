//! Taking an account out of every role: the nearest thing to a quarantine that the API allows, since it cannot disable.

use super::{
    Provisioner,
    audit::Entry,
    error::WriteError,
    live::{self, Place, RoleNow},
    membership::Wish,
    turns::Key,
};
use crate::{
    baton::connector::Call,
    ninja_one::{
        directory::Snapshot,
        rest::model::{RoleId, UserId},
    },
};

/// An account that is in no role now.
#[derive(Debug, Clone)]
pub(in crate::ninja_one) struct Stripped {
    /// The roles it was taken out of.
    pub(in crate::ninja_one) removed: Vec<RoleId>,
}

impl Provisioner {
    pub(super) async fn strip(
        &self,
        audit: &mut Entry,
        call: &Call,
        user: UserId,
    ) -> Result<Stripped, WriteError> {
        let _turn = self.turns.wait(Key::Account(user)).await;
        let hint = self.hint(user);
        let account = live::account(&self.client, user, hint.as_ref()).await?;
        let account = account.ok_or_else(|| WriteError::UnknownUser(user.to_string()))?;
        self.check_protection(&account).await?;
        // Without any role an administrator can still do everything: that would be no quarantine.
        let administrator = live::is_administrator(&self.client, &account).await?;
        if administrator != Some(false) {
            return Err(WriteError::SystemAdministrator { user, certain: administrator.is_some() });
        }
        let held = held(live::roles(&self.client, user).await?)?;
        audit.before(titles(&held));
        let mut failed = Vec::new();
        let mut going = Vec::new();
        for role in &held {
            match self.managed_elsewhere(role, user) {
                Some(refusal) => failed.push((role.title(), refusal)),
                None => going.push(role),
            }
        }
        if let Some((first, rest)) = going.split_first() {
            self.check_sending(|| {
                rest.iter().fold(Wish::Out.plan(first.id, user), |plan, role| {
                    plan.then(format!("the same for {}", role.title()))
                })
            })?;
        }
        let mut removed = Vec::new();
        for role in going {
            let mut entry = Entry::new("revoke", call, &self.policy).account(user).role(role.id);
            let settled = self.settle(&mut entry, role.id, user, Wish::Out).await;
            entry.finish(|settled| settled.already, &settled);
            match settled {
                Ok(_) => removed.push(role.id),
                Err(error) => failed.push((role.title(), error)),
            }
        }
        if failed.is_empty() && !removed.is_empty() {
            // A role may have been given while the others were taken away.
            let left = held_now(live::roles(&self.client, user).await);
            failed.extend(left.into_iter().map(|role| {
                let what = format!("emptying the roles of user {user}");
                (role.title(), WriteError::NotEffective { what, request_id: None })
            }));
        }
        if failed.is_empty() && self.directory.peek().is_some_and(|s| is_in_a_role(&s, user)) {
            // A role that the account had left before, unknown to the directory.
            self.directory.apply(|snapshot| snapshot.remove_memberships(user));
        }
        audit.after(format!("taken out of {} of {} roles", removed.len(), held.len()));
        conclude(user, removed, failed)
    }
}

fn is_in_a_role(snapshot: &Snapshot, user: UserId) -> bool {
    snapshot.roles_after(None).any(|role| role.member(user).is_some())
}

fn conclude(
    user: UserId,
    removed: Vec<RoleId>,
    mut failed: Vec<(String, WriteError)>,
) -> Result<Stripped, WriteError> {
    match (failed.len(), removed.is_empty()) {
        (0, _) => Ok(Stripped { removed }),
        (1, true) => Err(failed.remove(0).1),
        _ => {
            let ids: Vec<_> = removed.iter().map(ToString::to_string).collect();
            let done = if ids.is_empty() { "none".to_owned() } else { ids.join(", ") };
            let reasons: Vec<_> = failed.iter().map(|(role, error)| format!("{role}: {error}")).collect();
            Err(WriteError::PartlyDone(format!(
                "user {user} was taken out of these roles: {done}; and is still in: {}",
                reasons.join("; ")
            )))
        }
    }
}

/// The roles that the account is in. A role without its members would hide a membership.
fn held(roles: Vec<RoleNow>) -> Result<Vec<RoleNow>, WriteError> {
    if let Some(role) = roles.iter().find(|role| role.place == Place::Unknown) {
        return Err(WriteError::MembersNotSent { role: role.title() });
    }
    Ok(roles.into_iter().filter(|role| matches!(role.place, Place::Member(_))).collect())
}

/// The same after the fact; each removal has been proved by itself, so a failure to look once more takes nothing back.
fn held_now(roles: Result<Vec<RoleNow>, crate::ninja_one::rest::Error>) -> Vec<RoleNow> {
    let roles = roles.unwrap_or_default();
    roles.into_iter().filter(|role| matches!(role.place, Place::Member(_))).collect()
}

fn titles(roles: &[RoleNow]) -> String {
    let titles: Vec<_> = roles.iter().map(RoleNow::title).collect();
    if titles.is_empty() { "in no role".to_owned() } else { format!("in {}", titles.join(", ")) }
}
