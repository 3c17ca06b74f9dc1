//! Granting and revoking: one account in or out of one role.
//!
//! Read first, write one id, prove it. An addition is proved by the answer; a removal always by reading back, because a
//! mapping may put a member back at once while the answer still says otherwise.

use std::time::Duration;

use super::{
    Provisioner,
    audit::Entry,
    error::{WriteError, type_name},
    live::{self, Place, RoleNow},
    plan::Plan,
    sources,
    turns::Key,
};
use crate::ninja_one::rest::{
    self, Endpoint, ErrorKind, Written,
    model::{RoleId, UserId, UserRole, UserType},
};

/// What is wished.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Wish {
    In,
    Out,
}

/// A membership that is as wished.
#[derive(Debug, Clone)]
pub(super) struct Settled {
    /// How it came about, when there is one.
    pub(super) source: Option<String>,
    /// It was so before.
    pub(super) already: bool,
}

impl Wish {
    fn is(self, place: &Place) -> bool {
        match self {
            Self::In => matches!(place, Place::Member(_)),
            Self::Out => *place == Place::NotMember,
        }
    }

    fn what(self, user: UserId, role: &str) -> String {
        match self {
            Self::In => format!("putting user {user} into {role}"),
            Self::Out => format!("taking user {user} out of {role}"),
        }
    }

    pub(super) fn plan(self, role: RoleId, user: UserId) -> Plan {
        let endpoint = match self {
            Self::In => Endpoint::AddRoleMembers,
            Self::Out => Endpoint::RemoveRoleMembers,
        };
        Plan::new(endpoint, Some(role.0)).body(&[user])
    }
}

impl Provisioner {
    /// Makes the membership as wished. The caller holds the account's turn.
    pub(super) async fn settle(
        &self,
        audit: &mut Entry,
        role: RoleId,
        user: UserId,
        wish: Wish,
    ) -> Result<Settled, WriteError> {
        let _turn = self.turns.wait(Key::Role(role)).await;
        let result = self.settle_now(audit, role, user, wish).await;
        match &result {
            Ok(settled) if settled.already => self.learn(role, user, wish, settled.source.as_deref(), false),
            Ok(settled) => self.learn(role, user, wish, settled.source.as_deref(), true),
            Err(error) if error.is_unclear() => self.directory.forget(),
            Err(_) => {}
        }
        result
    }

    async fn settle_now(
        &self,
        audit: &mut Entry,
        role: RoleId,
        user: UserId,
        wish: Wish,
    ) -> Result<Settled, WriteError> {
        let unknown = || WriteError::UnknownRole(role.to_string());
        let now = live::role(&self.client, role, user).await?.ok_or_else(unknown)?;
        audit.before(word(&now.place));
        if wish.is(&now.place) {
            audit.after(word(&now.place));
            audit.verified();
            return Ok(Settled { source: source(&now.place), already: true });
        }
        match wish {
            Wish::In => self.check_addition(&now, user).await?,
            Wish::Out => self.check_removal(&now, user)?,
        }
        self.check_sending(|| wish.plan(role, user))?;
        let sent = match wish {
            Wish::In => self.client.add_member(role, user).await,
            Wish::Out => self.client.remove_member(role, user).await,
        };
        let settled = self.prove(audit, &now, user, wish, sent).await?;
        audit.after(match wish {
            Wish::In => word(&Place::Member(settled.source.clone())),
            Wish::Out => word(&Place::NotMember),
        });
        Ok(settled)
    }

    async fn check_addition(&self, role: &RoleNow, user: UserId) -> Result<(), WriteError> {
        if role.place == Place::Unknown {
            return Err(WriteError::MembersNotSent { role: role.title() });
        }
        let hint = role.kind.clone().or_else(|| self.hint(user));
        let account = live::account(&self.client, user, hint.as_ref()).await?;
        let account = account.ok_or_else(|| WriteError::UnknownUser(user.to_string()))?;
        match &role.kind {
            Some(kind @ (UserType::Technician | UserType::EndUser)) if *kind == account.kind => Ok(()),
            Some(kind @ (UserType::Technician | UserType::EndUser)) => Err(WriteError::RoleTypeMismatch {
                role: role.title(),
                wanted: type_name(kind),
                user,
                found: type_name(&account.kind),
            }),
            Some(UserType::Other(_)) | None => Err(WriteError::RoleTypeUnknown { role: role.title() }),
        }
    }

    fn check_removal(&self, role: &RoleNow, user: UserId) -> Result<(), WriteError> {
        if role.place == Place::Unknown {
            return Err(WriteError::MembersNotSent { role: role.title() });
        }
        self.managed_elsewhere(role, user).map_or(Ok(()), Err)
    }

    /// Why the membership is not ours to take away, if it is not.
    pub(super) fn managed_elsewhere(&self, role: &RoleNow, user: UserId) -> Option<WriteError> {
        let Place::Member(Some(source)) = &role.place else { return None };
        let managed = sources::is_managed(source) && !self.policy.allow_managed_revocation;
        managed.then(|| WriteError::ManagedMembership {
            role: role.title(),
            user,
            source_word: source.clone(),
        })
    }

    /// Decides from the answer and from what NinjaOne says afterwards.
    async fn prove(
        &self,
        audit: &mut Entry,
        role: &RoleNow,
        user: UserId,
        wish: Wish,
        sent: Result<Written<UserRole<'static>>, rest::Error>,
    ) -> Result<Settled, WriteError> {
        let what = wish.what(user, &role.title());
        match sent {
            Ok(written) => {
                audit.sent(written.request_id.as_deref());
                let answered = written.answer.as_ref().map(|answer| Place::of(user, answer));
                if let (Wish::In, Some(place @ Place::Member(_))) = (wish, &answered) {
                    audit.verified();
                    return Ok(Settled { source: source(place), already: false });
                }
                let error = match self.read_back(role.id, user, wish).await {
                    Ok(place) if wish.is(&place) => {
                        audit.verified();
                        return Ok(Settled { source: source(&place), already: false });
                    }
                    Ok(Place::Unknown) => None,
                    Ok(_) => return Err(WriteError::NotEffective { what, request_id: written.request_id }),
                    Err(error) => Some(error),
                };
                // The answer has said it; that the proof of the proof failed does not take that back.
                if answered.as_ref().is_some_and(|place| wish.is(place)) {
                    let error = error.as_ref().map(tracing::field::display);
                    tracing::warn!(error, role = %role.id, user = %user, "a change was accepted but cannot be read back");
                    return Ok(Settled { source: None, already: false });
                }
                let seen = match &error {
                    Some(_) => "NinjaOne accepted it, but reading back failed",
                    None => "NinjaOne accepted it, but reading back does not show the role's members",
                };
                Err(WriteError::OutcomeUnknown { what, seen: seen.to_owned(), error })
            }
            // Somebody else may have been quicker: what is so already is refused by some and accepted by others.
            Err(error) if error.is_certainly_refused() => {
                audit.sent(error.request_id());
                if matches!(error.kind(), ErrorKind::Rejected | ErrorKind::NotFound)
                    && let Ok(Some(now)) = live::role(&self.client, role.id, user).await
                    && wish.is(&now.place)
                {
                    audit.verified();
                    return Ok(Settled { source: source(&now.place), already: true });
                }
                Err(error.into())
            }
            Err(error) => {
                audit.sent(error.request_id());
                tracing::warn!(%error, role = %role.id, user = %user, "the answer to a write was lost, reading back");
                match self.read_back(role.id, user, wish).await {
                    Ok(place) if wish.is(&place) => {
                        audit.verified();
                        Ok(Settled { source: source(&place), already: false })
                    }
                    Ok(place) => {
                        let seen = match place {
                            Place::Unknown => "reading back does not show the role's members",
                            _ => "reading back shows that it has not, so far",
                        };
                        let seen = seen.to_owned();
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

    /// Reads until it is as wished, with the policy's pauses in between, and says what was seen last.
    async fn read_back(&self, role: RoleId, user: UserId, wish: Wish) -> Result<Place, rest::Error> {
        let mut pauses = self.policy.read_back_pauses.iter();
        loop {
            let now = live::role(&self.client, role, user).await?;
            let place = now.map_or(Place::Unknown, |role| role.place);
            match pauses.next() {
                Some(pause) if !wish.is(&place) => pause_for(*pause).await,
                _ => return Ok(place),
            }
        }
    }

    /// Shows in the directory what is now so.
    fn learn(&self, role: RoleId, user: UserId, wish: Wish, source: Option<&str>, written: bool) {
        let Some(snapshot) = self.directory.peek() else {
            if written {
                self.directory.apply(|_| {}); // a fetch under way may have read the state before
            }
            return;
        };
        let shown = snapshot.role(role).and_then(|r| r.member(user));
        let same = match wish {
            Wish::In => shown.is_some_and(|member| member.source == source),
            Wish::Out => shown.is_none(),
        };
        drop(snapshot); // so that the change need not copy it
        if same && !written {
            return;
        }
        let mut known = true;
        self.directory.apply(|snapshot| match wish {
            Wish::In => known = snapshot.add_member(role, user, source),
            Wish::Out => snapshot.remove_member(role, user),
        });
        if !known {
            self.directory.forget();
        }
    }
}

/// Waits, unless there is nothing to wait for.
pub(super) async fn pause_for(pause: Duration) {
    if !pause.is_zero() {
        tokio::time::sleep(pause).await;
    }
}

fn source(place: &Place) -> Option<String> {
    match place {
        Place::Member(source) => source.clone(),
        Place::NotMember | Place::Unknown => None,
    }
}

fn word(place: &Place) -> String {
    match place {
        Place::Member(Some(source)) => format!("member ({source})"),
        Place::Member(None) => "member".to_owned(),
        Place::NotMember => "not a member".to_owned(),
        Place::Unknown => "unknown".to_owned(),
    }
}
