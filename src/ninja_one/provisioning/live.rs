//! What NinjaOne says now, read for one decision. Nothing here comes from the directory: a decision about a write is never
//! made from an older state.

use crate::ninja_one::{
    directory::{Account, Fact, Snapshot, fold},
    provisioning::error::{WriteError, role_name},
    rest::{
        self, Client, ErrorKind,
        model::{InvitationStatus, OrganizationId, RoleId, User, UserId, UserRole, UserType},
    },
};

/// A role, and one account's place in it.
#[derive(Debug, Clone)]
pub(super) struct RoleNow {
    pub(super) id: RoleId,
    pub(super) name: Option<String>,
    pub(super) kind: Option<UserType>,
    pub(super) place: Place,
}

/// Whether an account is in a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// A member, with the source of the membership.
    Member(Option<String>),
    NotMember,
    /// The role came without its members.
    Unknown,
}

impl Place {
    /// The account's place in a role.
    pub(super) fn of(user: UserId, role: &UserRole<'_>) -> Self {
        let Some(ids) = role.member_ids() else { return Self::Unknown };
        if ids.binary_search(&user).is_err() {
            return Self::NotMember;
        }
        let named = role.members.iter().flatten().find(|m| m.id == Some(user));
        let source = named.and_then(|m| m.source.as_deref()).map(str::trim).filter(|s| !s.is_empty());
        Self::Member(source.map(str::to_owned))
    }
}

impl RoleNow {
    fn of(user: UserId, role: &UserRole<'_>) -> Option<Self> {
        let name = role.name.as_deref().map(str::trim).filter(|n| !n.is_empty());
        Some(Self {
            id: role.id?,
            name: name.map(str::to_owned),
            kind: role.role_type.clone(),
            place: Place::of(user, role),
        })
    }

    /// `role 7 (Helpdesk)`.
    pub(super) fn title(&self) -> String {
        role_name(self.id, self.name.as_deref())
    }
}

/// The role and the account's place in it; `None` when there is no such role.
pub(super) async fn role(client: &Client, id: RoleId, user: UserId) -> Result<Option<RoleNow>, rest::Error> {
    let list = client.list_user_roles(
        None,
        || None,
        |found, role| {
            if role.id == Some(id) {
                *found = RoleNow::of(user, &role);
            }
            Ok(())
        },
    );
    list.await
}

/// All roles, each with the account's place in it.
pub(super) async fn roles(client: &Client, user: UserId) -> Result<Vec<RoleNow>, rest::Error> {
    let list = client.list_user_roles(None, Vec::new, |all, role| {
        all.extend(RoleNow::of(user, &role));
        Ok(())
    });
    list.await
}

/// An account as NinjaOne describes it now.
#[derive(Debug, Clone)]
pub(super) struct AccountNow {
    pub(super) id: UserId,
    pub(super) kind: UserType,
    /// The account alone.
    pub(super) known: Snapshot,
}

impl AccountNow {
    pub(super) fn facts(&self) -> Option<Account<'_>> {
        self.known.account(self.id)
    }

    pub(super) fn fact(&self, fact: Fact) -> Option<bool> {
        self.facts().and_then(|a| a.fact(fact))
    }

    pub(super) fn email(&self) -> Option<&str> {
        self.facts().and_then(|a| a.email())
    }

    /// For the audit trail: what it is, not all that is known.
    pub(super) fn summary(&self) -> String {
        let mut parts = vec![self.kind.as_str().to_lowercase()];
        parts.extend(self.email().map(str::to_owned));
        let flags = [
            (Fact::Enabled, "enabled", "disabled"),
            (Fact::Administrator, "administrator", ""),
            (Fact::ScimUser, "scim", ""),
        ];
        for (fact, yes, no) in flags {
            match self.fact(fact) {
                Some(true) => parts.push(yes.to_owned()),
                Some(false) if !no.is_empty() => parts.push(no.to_owned()),
                _ => {}
            }
        }
        parts.join(" ")
    }
}

enum Look {
    Found(Box<AccountNow>),
    Absent,
    OtherType,
}

/// The account; `None` when it certainly is not there. `hint` says where to look first.
///
/// A release without the single-user calls answers 404 for every id, so that alone proves nothing: the users list, which
/// every release has, decides.
pub(super) async fn account(
    client: &Client,
    id: UserId,
    hint: Option<&UserType>,
) -> Result<Option<AccountNow>, WriteError> {
    let end_user_first = hint == Some(&UserType::EndUser);
    for end_user in [end_user_first, !end_user_first] {
        let look =
            if end_user { look_at_end_user(client, id).await } else { look_at_technician(client, id).await };
        if let Look::Found(found) = look? {
            return Ok(Some(*found));
        }
    }
    match listed(client, id).await? {
        Some(_) => Err(WriteError::NotOffered(id)),
        None => Ok(None),
    }
}

/// Whether the account, of which the type is known and which was there a moment ago, is gone.
pub(super) async fn is_gone(client: &Client, account: &AccountNow) -> Result<bool, rest::Error> {
    let look = match account.kind {
        UserType::EndUser => look_at_end_user(client, account.id).await?,
        _ => look_at_technician(client, account.id).await?,
    };
    Ok(matches!(look, Look::Absent))
}

/// The account, of which the type is known, as it is now.
pub(super) async fn again(client: &Client, account: &AccountNow) -> Result<Option<AccountNow>, rest::Error> {
    let look = match account.kind {
        UserType::EndUser => look_at_end_user(client, account.id).await?,
        _ => look_at_technician(client, account.id).await?,
    };
    Ok(if let Look::Found(found) = look { Some(*found) } else { None })
}

async fn look_at_technician(client: &Client, id: UserId) -> Result<Look, rest::Error> {
    match client.get_technician(id).await {
        Ok(technician) => Ok(Look::Found(Box::new(AccountNow {
            id,
            kind: UserType::Technician,
            known: Snapshot::of_technician(&technician),
        }))),
        Err(error) => absent(error),
    }
}

async fn look_at_end_user(client: &Client, id: UserId) -> Result<Look, rest::Error> {
    match client.get_end_user(id).await {
        Ok(end_user) => Ok(Look::Found(Box::new(AccountNow {
            id,
            kind: UserType::EndUser,
            known: Snapshot::of_end_user(&end_user),
        }))),
        Err(error) => absent(error),
    }
}

fn absent(error: rest::Error) -> Result<Look, rest::Error> {
    match error.kind() {
        ErrorKind::NotFound => Ok(Look::Absent),
        ErrorKind::Rejected => Ok(Look::OtherType),
        _ => Err(error),
    }
}

/// The account's row in the users list.
pub(super) async fn listed(client: &Client, id: UserId) -> Result<Option<Snapshot>, rest::Error> {
    let list = client.list_users(
        false,
        || None,
        |found, user| {
            if user.id == Some(id) {
                *found = Some(Snapshot::of_user(&user));
            }
            Ok(())
        },
    );
    list.await
}

/// The account's e-mail, from the users list where its own record does not say; `None` when neither does.
pub(super) async fn email(client: &Client, account: &AccountNow) -> Result<Option<String>, rest::Error> {
    if let Some(email) = account.email() {
        return Ok(Some(email.to_owned()));
    }
    let row = listed(client, account.id).await?;
    Ok(row.and_then(|row| Some(row.account(account.id)?.email()?.to_owned())))
}

/// Whether the account is a System Administrator, where the account's own record does not say.
pub(super) async fn is_administrator(
    client: &Client,
    account: &AccountNow,
) -> Result<Option<bool>, rest::Error> {
    match (&account.kind, account.fact(Fact::Administrator)) {
        (_, Some(known)) => Ok(Some(known)),
        // The flag is for technicians; end users do not have it.
        (UserType::EndUser, None) => Ok(Some(false)),
        (_, None) => {
            let row = listed(client, account.id).await?;
            Ok(row.and_then(|row| row.account(account.id)?.fact(Fact::Administrator)))
        }
    }
}

/// Whether somebody else is a System Administrator who can sign in for certain.
pub(super) async fn another_administrator(client: &Client, than: UserId) -> Result<bool, rest::Error> {
    let can_sign_in = |user: &User<'_>| {
        let invited =
            matches!(user.invitation_status, Some(InvitationStatus::Pending | InvitationStatus::Expired));
        user.enabled == Some(true) && user.administrator == Some(true) && !invited
    };
    let list = client.list_users(
        false,
        || false,
        |found, user| {
            *found |= user.id != Some(than) && can_sign_in(&user);
            Ok(())
        },
    );
    list.await
}

/// The account with this login, compared without regard to case; of several, one of the wished type.
pub(super) async fn by_email(
    client: &Client,
    email: &str,
    wished: &UserType,
) -> Result<Option<AccountNow>, rest::Error> {
    let wanted = fold(email);
    let list = client.list_users(
        false,
        || None::<AccountNow>,
        |found, user| {
            let same = user.email.as_deref().is_some_and(|e| fold(e) == wanted);
            let better =
                found.as_ref().is_none_or(|f| f.kind != *wished && user.user_type.as_ref() == Some(wished));
            if let (Some(id), true, true) = (user.id, same, better) {
                let kind = user.user_type.clone().unwrap_or(UserType::Other(String::new()));
                *found = Some(AccountNow { id, kind, known: Snapshot::of_user(&user) });
            }
            Ok(())
        },
    );
    list.await
}

/// Whether there is such an organization.
pub(super) async fn organization_exists(client: &Client, id: OrganizationId) -> Result<bool, rest::Error> {
    let list = client.list_organizations(
        || false,
        |found, organization| {
            *found |= organization.id == Some(id);
            Ok(())
        },
    );
    list.await
}
