//! Accounts and user roles: who is in the tenant, and who belongs to which role.

use std::{
    collections::{BTreeMap, HashMap},
    ops::Deref,
};

use serde_json::{Map, Value};

use super::field::Field;

/// The two kinds of account; they live on different paths and in different roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UserKind {
    /// Staff, tenant-wide.
    Technician,
    /// A person of one organization.
    EndUser,
}

impl UserKind {
    /// The name NinjaOne gives it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Technician => "TECHNICIAN",
            Self::EndUser => "END_USER",
        }
    }
}

/// One account. Fields of [`Field`] type may be absent or null in the answers.
#[derive(Debug, Clone)]
pub struct User {
    /// Numeric id, one space for technicians and end users. Do not change it after insertion.
    pub id: i32,
    /// Stable UUID, which device ownership refers to.
    pub uid: String,
    /// Which paths and roles the account belongs to.
    pub kind: UserKind,
    /// Given name.
    pub first_name: Field<String>,
    /// Family name.
    pub last_name: Field<String>,
    /// Login.
    pub email: Field<String>,
    /// Free text.
    pub phone: Field<String>,
    /// Whether login is allowed.
    pub enabled: Field<bool>,
    /// Whether the account is a System Administrator.
    pub administrator: Field<bool>,
    /// Access to every organization.
    pub permit_all_clients: Field<bool>,
    /// Notifications of every organization.
    pub notify_all_clients: Field<bool>,
    /// A password change is forced at the next login.
    pub must_change_password: Field<bool>,
    /// A second factor is enrolled.
    pub mfa_configured: Field<bool>,
    /// `userType` as sent, which may be a value nobody knows yet.
    pub user_type: Field<String>,
    /// `invitationStatus` as sent.
    pub invitation_status: Field<String>,
    /// Home organization of an end user.
    pub organization_id: Field<i32>,
    /// Devices an end user may reach.
    pub device_ids: Field<Vec<i32>>,
    /// Tags.
    pub tags: Field<Vec<String>>,
    /// Custom fields.
    pub fields: Field<Map<String, Value>>,
    /// Portal access to the whole organization; end users only.
    pub full_portal_access: Field<bool>,
    /// The account belongs to the identity provider.
    pub scim_user: Field<bool>,
    /// `NATIVE` or `SSO`.
    pub auth_type: Field<String>,
    /// More properties, sent as they are on every shape of the account.
    pub extra: BTreeMap<String, Value>,
    /// Whether a creation asked for an invitation; never sent.
    pub invitation_sent: bool,
}

impl User {
    /// An enabled, registered account with nothing special about it.
    pub fn new(kind: UserKind, id: i32, first: &str, last: &str, email: &str) -> Self {
        let technician = kind == UserKind::Technician;
        Self {
            id,
            uid: format!("5b1f0c2e-7a41-4d3a-9c10-{id:012x}"),
            kind,
            first_name: first.into(),
            last_name: last.into(),
            email: email.into(),
            phone: Field::Null,
            enabled: true.into(),
            administrator: false.into(),
            permit_all_clients: false.into(),
            notify_all_clients: false.into(),
            must_change_password: false.into(),
            mfa_configured: false.into(),
            user_type: kind.name().into(),
            invitation_status: "REGISTERED".into(),
            organization_id: Field::Null,
            device_ids: if technician { Field::Absent } else { Vec::new().into() },
            tags: Field::Null,
            fields: Field::Null,
            full_portal_access: if technician { Field::Absent } else { false.into() },
            scim_user: false.into(),
            auth_type: "NATIVE".into(),
            extra: BTreeMap::new(),
            invitation_sent: false,
        }
    }

    /// Takes other names, those that are given.
    pub(super) fn rename(&mut self, first: Option<String>, last: Option<String>) {
        if let Some(first) = first {
            self.first_name = Field::Value(first);
        }
        if let Some(last) = last {
            self.last_name = Field::Value(last);
        }
    }

    /// First and last name in one string.
    pub fn full_name(&self) -> String {
        format!("{} {}", self.first_name.text(), self.last_name.text()).trim().to_owned()
    }
}

/// All accounts in the order of the listings, found by id without a search.
#[derive(Debug, Clone, Default)]
pub struct Users {
    list: Vec<User>,
    places: HashMap<i32, usize>,
    highest: i32,
}

impl Users {
    /// Adds an account, or replaces the one with the same id.
    pub fn insert(&mut self, user: User) {
        self.highest = self.highest.max(user.id);
        match self.places.get(&user.id) {
            Some(&place) => self.list[place] = user,
            None => {
                self.places.insert(user.id, self.list.len());
                self.list.push(user);
            }
        }
    }

    /// The account with this id.
    pub fn get(&self, id: i32) -> Option<&User> {
        self.places.get(&id).map(|&place| &self.list[place])
    }

    /// The account with this id, to be changed.
    pub fn get_mut(&mut self, id: i32) -> Option<&mut User> {
        self.places.get(&id).map(|&place| &mut self.list[place])
    }

    /// Takes the account out; the last one of the list takes its place. Memberships stay: see `Tenant::remove_user`.
    pub fn remove(&mut self, id: i32) -> Option<User> {
        let place = self.places.remove(&id)?;
        let user = self.list.swap_remove(place);
        if let Some(moved) = self.list.get(place) {
            self.places.insert(moved.id, place);
        }
        Some(user)
    }

    /// The account whose login is this, trimmed and without regard to case.
    pub fn by_email(&self, email: &str) -> Option<&User> {
        let wanted = fold(email);
        self.list.iter().find(|user| {
            let text = user.email.text().trim();
            if text.is_ascii() && wanted.is_ascii() {
                text.eq_ignore_ascii_case(&wanted)
            } else {
                fold(text) == wanted
            }
        })
    }

    /// Every account, to be changed.
    pub fn iter_mut(&mut self) -> std::slice::IterMut<'_, User> {
        self.list.iter_mut()
    }

    /// An id no account ever had.
    pub fn fresh_id(&mut self) -> i32 {
        self.highest += 1;
        self.highest
    }
}

impl FromIterator<User> for Users {
    fn from_iter<I: IntoIterator<Item = User>>(users: I) -> Self {
        let mut all = Self::default();
        users.into_iter().for_each(|user| all.insert(user));
        all
    }
}

impl Deref for Users {
    type Target = [User];

    fn deref(&self) -> &[User] {
        &self.list
    }
}

fn fold(email: &str) -> String {
    email.trim().to_lowercase()
}

/// One membership of a user role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Id of the account; it may be unknown to the tenant, and is then sent without name and e-mail.
    pub user: i32,
    /// How the membership came about.
    pub source: Field<String>,
}

/// A user role with its members.
#[derive(Debug, Clone)]
pub struct Role {
    /// Numeric id.
    pub id: i32,
    /// Name; names may repeat.
    pub name: Field<String>,
    /// `TECHNICIAN`, `END_USER`, or a value nobody knows yet.
    pub role_type: Field<String>,
    /// Free text.
    pub description: Field<String>,
    /// The whole membership.
    pub members: Vec<Member>,
    /// Sends no `members` property at all.
    pub hide_members: bool,
    /// More properties, sent as they are.
    pub extra: BTreeMap<String, Value>,
}

impl Role {
    /// Whether this account is a member.
    pub fn has(&self, user: i32) -> bool {
        self.members.iter().any(|member| member.user == user)
    }
}
