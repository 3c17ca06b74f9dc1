//! One state of the tenant: its accounts and roles as they were at one time, sorted by id, in little memory.

use std::time::SystemTime;

use super::{
    flags::{Fact, Flags},
    text::{Text, Texts, Word, Words},
};
use crate::ninja_one::rest::model::{OrganizationId, RoleId, UserId};

/// Accounts, roles and memberships.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    pub(super) accounts: Vec<AccountRow>,
    pub(super) roles: Vec<RoleRow>,
    pub(super) texts: Texts,
    pub(super) words: Words,
    pub(super) taken_at: Option<SystemTime>,
    pub(super) unknown_members: usize,
    pub(super) roles_offered: bool,
}

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct AccountRow {
    pub(super) id: i32,
    pub(super) organization: Option<i32>,
    pub(super) flags: Flags,
    pub(super) kind: Word,
    pub(super) invitation: Word,
    pub(super) sign_in: Word,
    pub(super) uid: Text,
    pub(super) first_name: Text,
    pub(super) last_name: Text,
    pub(super) email: Text,
    pub(super) phone: Text,
}

#[derive(Debug, Clone, Default)]
pub(super) struct RoleRow {
    pub(super) id: i32,
    pub(super) kind: Word,
    pub(super) name: Text,
    pub(super) description: Text,
    /// Sorted by account, each account once.
    pub(super) members: Vec<MemberRow>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct MemberRow {
    pub(super) account: i32,
    pub(super) source: Word,
}

impl Snapshot {
    /// How many accounts there are.
    #[must_use]
    pub fn account_count(&self) -> usize {
        self.accounts.len()
    }

    /// How many memberships name an account that nobody knows.
    #[must_use]
    pub fn unknown_members(&self) -> usize {
        self.unknown_members
    }

    /// Whether this NinjaOne has user roles at all; older releases do not.
    #[must_use]
    pub fn roles_offered(&self) -> bool {
        self.roles_offered
    }

    /// When the first request for it was sent.
    #[must_use]
    pub fn taken_at(&self) -> Option<SystemTime> {
        self.taken_at
    }

    /// The accounts with an id after this one, or all, by id.
    pub fn accounts_after(&self, id: Option<i32>) -> impl ExactSizeIterator<Item = Account<'_>> {
        let start = id.map_or(0, |id| self.accounts.partition_point(|a| a.id <= id));
        self.accounts[start..].iter().map(|row| Account { row, of: self })
    }

    /// One account.
    #[must_use]
    pub fn account(&self, id: UserId) -> Option<Account<'_>> {
        let at = self.accounts.binary_search_by_key(&id.0, |a| a.id).ok()?;
        Some(Account { row: &self.accounts[at], of: self })
    }

    /// The accounts whose e-mail is this one, trimmed and without regard to case: it is the login.
    pub fn accounts_by_email<'a>(&'a self, email: &str) -> impl Iterator<Item = Account<'a>> {
        let wanted = fold(email);
        self.accounts_after(None).filter(move |a| a.email().is_some_and(|e| fold(e) == wanted))
    }

    /// The roles with an id after this one, or all, by id.
    pub fn roles_after(&self, id: Option<i32>) -> impl ExactSizeIterator<Item = Role<'_>> {
        let start = id.map_or(0, |id| self.roles.partition_point(|r| r.id <= id));
        self.roles[start..].iter().map(|row| Role { row, of: self })
    }

    /// One role.
    #[must_use]
    pub fn role(&self, id: RoleId) -> Option<Role<'_>> {
        let at = self.roles.binary_search_by_key(&id.0, |r| r.id).ok()?;
        Some(Role { row: &self.roles[at], of: self })
    }
}

/// An e-mail as it is compared.
#[must_use]
pub fn fold(email: &str) -> String {
    email.trim().to_lowercase()
}

/// An account of a snapshot.
#[derive(Debug, Clone, Copy)]
pub struct Account<'a> {
    row: &'a AccountRow,
    of: &'a Snapshot,
}

impl<'a> Account<'a> {
    /// The id, in one number space for technicians and end users.
    #[must_use]
    pub fn id(&self) -> UserId {
        UserId(self.row.id)
    }

    /// A fact, when known.
    #[must_use]
    pub fn fact(&self, fact: Fact) -> Option<bool> {
        self.row.flags.get(fact)
    }

    /// `TECHNICIAN`, `END_USER`, or what a later release may say.
    #[must_use]
    pub fn kind(&self) -> Option<&'a str> {
        self.of.words.get(self.row.kind)
    }

    /// `REGISTERED`, `PENDING`, `EXPIRED`, or what a later release may say.
    #[must_use]
    pub fn invitation(&self) -> Option<&'a str> {
        self.of.words.get(self.row.invitation)
    }

    /// `NATIVE`, `SSO`, or what else the tenant says.
    #[must_use]
    pub fn sign_in(&self) -> Option<&'a str> {
        self.of.words.get(self.row.sign_in)
    }

    /// The organization of an end user.
    #[must_use]
    pub fn organization(&self) -> Option<OrganizationId> {
        self.row.organization.map(OrganizationId)
    }

    /// The UUID.
    #[must_use]
    pub fn uid(&self) -> Option<&'a str> {
        self.of.texts.get(self.row.uid)
    }

    /// The first name.
    #[must_use]
    pub fn first_name(&self) -> Option<&'a str> {
        self.of.texts.get(self.row.first_name)
    }

    /// The last name.
    #[must_use]
    pub fn last_name(&self) -> Option<&'a str> {
        self.of.texts.get(self.row.last_name)
    }

    /// The e-mail, which is the login.
    #[must_use]
    pub fn email(&self) -> Option<&'a str> {
        self.of.texts.get(self.row.email)
    }

    /// The phone number, as typed in.
    #[must_use]
    pub fn phone(&self) -> Option<&'a str> {
        self.of.texts.get(self.row.phone)
    }
}

/// A user role of a snapshot.
#[derive(Debug, Clone, Copy)]
pub struct Role<'a> {
    row: &'a RoleRow,
    of: &'a Snapshot,
}

impl<'a> Role<'a> {
    /// The id.
    #[must_use]
    pub fn id(&self) -> RoleId {
        RoleId(self.row.id)
    }

    /// `TECHNICIAN` or `END_USER`: whom the role is for.
    #[must_use]
    pub fn kind(&self) -> Option<&'a str> {
        self.of.words.get(self.row.kind)
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> Option<&'a str> {
        self.of.texts.get(self.row.name)
    }

    /// What it is for, in words.
    #[must_use]
    pub fn description(&self) -> Option<&'a str> {
        self.of.texts.get(self.row.description)
    }

    /// The members with an account id after this one, or all, by id. Each is an account of the snapshot.
    pub fn members_after(&self, id: Option<i32>) -> impl ExactSizeIterator<Item = Member<'a>> {
        let (row, of) = (self.row, self.of);
        let start = id.map_or(0, |id| row.members.partition_point(|m| m.account <= id));
        row.members[start..]
            .iter()
            .map(move |m| Member { account: UserId(m.account), source: of.words.get(m.source) })
    }

    /// The membership of one account.
    #[must_use]
    pub fn member(&self, id: UserId) -> Option<Member<'a>> {
        let at = self.row.members.binary_search_by_key(&id.0, |m| m.account).ok()?;
        let row = &self.row.members[at];
        Some(Member { account: id, source: self.of.words.get(row.source) })
    }
}

/// A membership.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member<'a> {
    /// Who.
    pub account: UserId,
    /// How it came about, in NinjaOne's own word.
    pub source: Option<&'a str>,
}
