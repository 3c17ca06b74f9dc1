//! From the four lists to a snapshot: each list is read into rows as it streams in, then the rows are joined by id.

use std::{collections::HashSet, time::SystemTime};

use super::{
    flags::{Fact, Flags},
    snapshot::{AccountRow, MemberRow, RoleRow, Snapshot},
    text::{Texts, Words},
};
use crate::ninja_one::rest::model::{EndUser, InvitationStatus, Technician, User, UserRole, UserType};

/// The users list, read.
#[derive(Debug, Default)]
pub(super) struct UserList {
    rows: Vec<AccountRow>,
    texts: Texts,
    words: Words,
    /// How many users name roles that they hold, and the names: only to see whether the role list came with its members.
    holders: usize,
    held: HashSet<String>,
}

/// What the technician and end-user lists say beyond the users list.
#[derive(Debug, Default)]
pub(super) struct Extras {
    rows: Vec<Extra>,
    words: Words,
}

#[derive(Debug, Clone, Copy)]
struct Extra {
    id: i32,
    flags: Flags,
    kind: super::text::Word,
    sign_in: super::text::Word,
}

/// The roles, read.
#[derive(Debug, Default)]
pub(super) struct RoleList {
    rows: Vec<RoleRow>,
    texts: Texts,
    words: Words,
    /// Roles that came without a member list. That nobody is in them is not said by this.
    silent: HashSet<i32>,
}

/// What is wrong with a set of lists that each decoded well.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Inconsistent {
    /// A tenant has at least the administrator who made the API client.
    #[error("the user list is empty, although every tenant has at least one administrator")]
    Empty,
    /// The users list lacks accounts that the other lists have.
    #[error(
        "the user list lacks {missing} accounts that the technician and end-user lists have, such as {example}"
    )]
    Truncated {
        /// How many.
        missing: usize,
        /// The id of one.
        example: i32,
    },
    /// Nobody is said to be a System Administrator, and nobody not to be one.
    #[error("none of {accounts} accounts says whether it is a System Administrator")]
    AdministratorsUnknown {
        /// How many accounts.
        accounts: usize,
    },
    /// Roles have no member lists, although users say that they hold roles.
    #[error("{users} users hold roles, but no role came with its members")]
    NoMembers {
        /// How many users.
        users: usize,
    },
    /// One role has no member list, although users say that they hold it.
    #[error("users hold the role {name:?}, but role {role} came without its members")]
    RoleWithoutMembers {
        /// The role's id.
        role: i32,
        /// The role's name.
        name: String,
    },
}

impl UserList {
    /// Adds a record. Its id has been checked by the call.
    pub(super) fn push(&mut self, user: &User<'_>) {
        let Some(id) = user.id else { return };
        let mut flags = Flags::default();
        flags.learn(Fact::Enabled, user.enabled);
        flags.learn(Fact::Administrator, user.administrator);
        flags.learn(Fact::PermitAllClients, user.permit_all_clients);
        flags.learn(Fact::NotifyAllClients, user.notify_all_clients);
        flags.learn(Fact::MustChangePassword, user.must_change_pw);
        flags.learn(Fact::MfaConfigured, user.mfa_configured);
        let texts = &mut self.texts;
        let mut keep =
            |text: &Option<std::borrow::Cow<'_, str>>| texts.keep(text.as_deref().unwrap_or_default().trim());
        self.rows.push(AccountRow {
            id: id.0,
            organization: user.organization_id.map(|o| o.0),
            flags,
            uid: keep(&user.uid),
            first_name: keep(&user.first_name),
            last_name: keep(&user.last_name),
            email: keep(&user.email),
            phone: keep(&user.phone),
            kind: self.words.keep(user.user_type.as_ref().map_or("", UserType::as_str)),
            invitation: self.words.keep(user.invitation_status.as_ref().map_or("", InvitationStatus::as_str)),
            sign_in: self.words.keep(""),
        });
        self.holders += usize::from(!user.roles.is_empty());
        for name in &user.roles {
            if !self.held.contains(name.trim()) {
                self.held.insert(name.trim().to_owned());
            }
        }
    }
}

impl Extras {
    /// Adds a technician.
    pub(super) fn push_technician(&mut self, technician: &Technician<'_>) {
        let Some(id) = technician.id else { return };
        let mut flags = Flags::default();
        flags.learn(Fact::Enabled, technician.enabled);
        flags.learn(Fact::Administrator, technician.administrator);
        flags.learn(Fact::NotifyAllClients, technician.notify_all_clients);
        flags.learn(Fact::MustChangePassword, technician.must_change_pw);
        flags.learn(Fact::MfaConfigured, technician.mfa_configured);
        flags.learn(Fact::ScimUser, technician.scim_user);
        let kind = technician.user_type.as_ref().unwrap_or(&UserType::Technician);
        self.push(id.0, flags, kind.as_str(), technician.auth_type.as_deref());
    }

    /// Adds an end user.
    pub(super) fn push_end_user(&mut self, end_user: &EndUser<'_>) {
        let Some(id) = end_user.id else { return };
        let mut flags = Flags::default();
        flags.learn(Fact::Enabled, end_user.enabled);
        flags.learn(Fact::MustChangePassword, end_user.must_change_pw);
        flags.learn(Fact::MfaConfigured, end_user.mfa_configured);
        flags.learn(Fact::ScimUser, end_user.scim_user);
        flags.learn(Fact::FullPortalAccess, end_user.full_portal_access);
        self.push(id.0, flags, UserType::EndUser.as_str(), end_user.auth_type.as_deref());
    }

    fn push(&mut self, id: i32, flags: Flags, kind: &str, sign_in: Option<&str>) {
        let (kind, sign_in) = (self.words.keep(kind), self.words.keep(sign_in.unwrap_or_default().trim()));
        self.rows.push(Extra { id, flags, kind, sign_in });
    }
}

impl RoleList {
    /// Adds a role with its members.
    pub(super) fn push(&mut self, role: &UserRole<'_>) {
        let Some(id) = role.id else { return };
        if role.members.is_none() && role.user_ids.is_none() {
            self.silent.insert(id.0);
        }
        let mut members: Vec<_> = role
            .members
            .iter()
            .flatten()
            .filter_map(|m| Some((m.id?, m.source.as_deref().unwrap_or_default())))
            .chain(role.user_ids.iter().flatten().map(|&id| (id, "")))
            .map(|(id, source)| MemberRow { account: id.0, source: self.words.keep(source.trim()) })
            .collect();
        members.sort_by_key(|m| m.account);
        members.dedup_by_key(|m| m.account);
        members.shrink_to_fit();
        let texts = &mut self.texts;
        let mut keep =
            |text: &Option<std::borrow::Cow<'_, str>>| texts.keep(text.as_deref().unwrap_or_default().trim());
        self.rows.push(RoleRow {
            id: id.0,
            name: keep(&role.name),
            description: keep(&role.description),
            kind: self.words.keep(role.role_type.as_ref().map_or("", UserType::as_str)),
            members,
        });
    }

    /// Whether memberships are missing that the users say they have. Names repeat across types, so a role counts as told of
    /// when another one of its name came with members.
    fn check(&self, holders: usize, held: &HashSet<String>) -> Result<(), Inconsistent> {
        if self.silent.is_empty() {
            return Ok(());
        }
        if holders == 0 {
            tracing::warn!(
                roles = self.silent.len(),
                "roles came without their members, and no user names a role; they are shown as empty"
            );
            return Ok(());
        }
        let (silent, told): (Vec<_>, Vec<_>) =
            self.rows.iter().partition(|row| self.silent.contains(&row.id));
        if told.is_empty() {
            return Err(Inconsistent::NoMembers { users: holders });
        }
        let told: HashSet<_> = told.into_iter().filter_map(|row| self.texts.get(row.name)).collect();
        for row in silent {
            if let Some(name) = self.texts.get(row.name)
                && held.contains(name)
                && !told.contains(name)
            {
                return Err(Inconsistent::RoleWithoutMembers { role: row.id, name: name.to_owned() });
            }
        }
        Ok(())
    }
}

/// Joins the lists of a whole tenant, which somebody administers. `roles` is `None` for a release without user roles.
pub(super) fn join_tenant(
    users: UserList,
    extras: &[Extras],
    roles: Option<RoleList>,
    taken_at: SystemTime,
) -> Result<Snapshot, Inconsistent> {
    let snapshot = join(users, extras, roles, taken_at)?;
    if snapshot.accounts.iter().all(|account| account.flags.get(Fact::Administrator).is_none()) {
        // Shown without its holders, the role would look as if everybody had lost it.
        return Err(Inconsistent::AdministratorsUnknown { accounts: snapshot.accounts.len() });
    }
    Ok(snapshot)
}

/// Joins lists, which may be those of a few accounts. `roles` is `None` for a release without user roles.
pub(super) fn join(
    users: UserList,
    extras: &[Extras],
    roles: Option<RoleList>,
    taken_at: SystemTime,
) -> Result<Snapshot, Inconsistent> {
    let UserList { rows: mut accounts, mut texts, mut words, holders, held } = users;
    if accounts.is_empty() {
        return Err(Inconsistent::Empty);
    }
    accounts.sort_by_key(|a| a.id);
    let listed = accounts.len();
    accounts.dedup_by_key(|a| a.id);
    if accounts.len() < listed {
        tracing::warn!(repeated = listed - accounts.len(), "the user list names accounts more than once");
    }
    enrich(&mut accounts, &mut words, extras)?;

    let roles_offered = roles.is_some();
    let roles = roles.unwrap_or_default();
    roles.check(holders, &held)?;
    let RoleList { mut rows, texts: role_texts, words: role_words, .. } = roles;
    rows.sort_by_key(|r| r.id);
    rows.dedup_by_key(|r| r.id);
    let mut unknown = HashSet::new();
    let mut unknown_members = 0;
    for role in &mut rows {
        role.name = texts.keep(role_texts.get(role.name).unwrap_or_default());
        role.description = texts.keep(role_texts.get(role.description).unwrap_or_default());
        role.kind = words.keep(role_words.get(role.kind).unwrap_or_default());
        let before = role.members.len();
        role.members.retain(|m| {
            let known = accounts.binary_search_by_key(&m.account, |a| a.id).is_ok();
            if !known {
                unknown.insert(m.account);
            }
            known
        });
        unknown_members += before - role.members.len();
        for member in &mut role.members {
            member.source = words.keep(role_words.get(member.source).unwrap_or_default());
        }
    }
    if unknown_members > 0 {
        let mut examples: Vec<_> = unknown.iter().copied().collect();
        examples.sort_unstable();
        examples.truncate(5);
        tracing::warn!(
            memberships = unknown_members,
            accounts = unknown.len(),
            ?examples,
            "roles name members that are in no user list; they are left out"
        );
    }
    accounts.shrink_to_fit();
    texts.shrink();
    Ok(Snapshot {
        accounts,
        roles: rows,
        texts,
        words,
        taken_at: Some(taken_at),
        unknown_members,
        roles_offered,
    })
}

/// Fills in what only the technician and end-user lists say.
fn enrich(accounts: &mut [AccountRow], words: &mut Words, extras: &[Extras]) -> Result<(), Inconsistent> {
    let mut missing: Option<(usize, i32)> = None;
    for list in extras {
        for extra in &list.rows {
            let Ok(at) = accounts.binary_search_by_key(&extra.id, |a| a.id) else {
                missing = Some(missing.map_or((1, extra.id), |(n, first)| (n + 1, first)));
                continue;
            };
            let account = &mut accounts[at];
            account.flags.fill(extra.flags);
            if words.get(account.kind).is_none() {
                account.kind = words.keep(list.words.get(extra.kind).unwrap_or_default());
            }
            account.sign_in = words.keep(list.words.get(extra.sign_in).unwrap_or_default());
        }
    }
    match missing {
        Some((missing, example)) => Err(Inconsistent::Truncated { missing, example }),
        None => Ok(()),
    }
}
