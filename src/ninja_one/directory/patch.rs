//! Small changes to a snapshot, as a write has made them in the tenant.

use super::snapshot::{AccountRow, MemberRow, Snapshot};
use crate::ninja_one::rest::model::{RoleId, UserId};

impl Snapshot {
    /// Takes over the accounts of another snapshot: new ones are added, of known ones what is said there replaces what was
    /// known here, and what is not said there stays.
    pub fn adopt(&mut self, other: &Self) {
        for theirs in &other.accounts {
            let mut text = |text| self.texts.keep(other.texts.get(text).unwrap_or_default());
            let mut row = AccountRow {
                uid: text(theirs.uid),
                first_name: text(theirs.first_name),
                last_name: text(theirs.last_name),
                email: text(theirs.email),
                phone: text(theirs.phone),
                ..*theirs
            };
            let mut word = |word| self.words.keep(other.words.get(word).unwrap_or_default());
            (row.kind, row.invitation, row.sign_in) =
                (word(theirs.kind), word(theirs.invitation), word(theirs.sign_in));
            match self.accounts.binary_search_by_key(&row.id, |a| a.id) {
                Err(at) => self.accounts.insert(at, row),
                Ok(at) => {
                    let known = self.accounts[at];
                    row.flags.fill(known.flags);
                    row.organization = row.organization.or(known.organization);
                    let keep = |new: &mut super::text::Text, old| {
                        if self.texts.get(*new).is_none() {
                            *new = old;
                        }
                    };
                    keep(&mut row.uid, known.uid);
                    keep(&mut row.first_name, known.first_name);
                    keep(&mut row.last_name, known.last_name);
                    keep(&mut row.email, known.email);
                    keep(&mut row.phone, known.phone);
                    let keep = |new: &mut super::text::Word, old| {
                        if self.words.get(*new).is_none() {
                            *new = old;
                        }
                    };
                    keep(&mut row.kind, known.kind);
                    keep(&mut row.invitation, known.invitation);
                    keep(&mut row.sign_in, known.sign_in);
                    self.accounts[at] = row;
                }
            }
        }
    }

    /// Takes an account out, with its memberships.
    pub fn remove_account(&mut self, id: UserId) {
        self.accounts.retain(|a| a.id != id.0);
        self.remove_memberships(id);
    }

    /// Takes an account out of every role.
    pub fn remove_memberships(&mut self, id: UserId) {
        for role in &mut self.roles {
            role.members.retain(|m| m.account != id.0);
        }
    }

    /// Puts an account into a role; `false` when this snapshot does not know one of the two.
    pub fn add_member(&mut self, role: RoleId, account: UserId, source: Option<&str>) -> bool {
        let known = self.accounts.binary_search_by_key(&account.0, |a| a.id).is_ok();
        let Some(at) = self.roles.iter().position(|r| r.id == role.0).filter(|_| known) else {
            return false;
        };
        let row =
            MemberRow { account: account.0, source: self.words.keep(source.unwrap_or_default().trim()) };
        let members = &mut self.roles[at].members;
        match members.binary_search_by_key(&account.0, |m| m.account) {
            Ok(at) => members[at] = row,
            Err(at) => members.insert(at, row),
        }
        true
    }

    /// Takes an account out of a role.
    pub fn remove_member(&mut self, role: RoleId, account: UserId) {
        if let Some(role) = self.roles.iter_mut().find(|r| r.id == role.0) {
            role.members.retain(|m| m.account != account.0);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a failing unwrap is a failing test

    use super::*;
    use crate::ninja_one::{
        directory::{Fact, snapshot::RoleRow},
        rest::model::{EndUser, OrganizationId, Technician, User, UserType},
    };

    fn ada() -> Snapshot {
        Snapshot::of_technician(&Technician {
            id: Some(UserId(7)),
            first_name: Some("Ada".into()),
            email: Some("ada@example.com".into()),
            enabled: Some(true),
            scim_user: Some(false),
            ..Technician::default()
        })
    }

    fn with_role(mut snapshot: Snapshot) -> Snapshot {
        snapshot.roles.push(RoleRow { id: 201, ..RoleRow::default() });
        snapshot
    }

    #[test]
    fn a_new_account_is_there_with_what_is_known_about_it() {
        let mut all = Snapshot::of_end_user(&EndUser {
            id: Some(UserId(9)),
            organization_id: Some(OrganizationId(2)),
            ..EndUser::default()
        });
        all.adopt(&ada());
        let ids: Vec<_> = all.accounts_after(None).map(|a| a.id().0).collect();
        assert_eq!(ids, [7, 9]);
        let ada = all.account(UserId(7)).unwrap();
        assert_eq!((ada.first_name(), ada.kind()), (Some("Ada"), Some("TECHNICIAN")));
        assert_eq!(ada.fact(Fact::ScimUser), Some(false));
        assert_eq!(ada.fact(Fact::Administrator), None);
        assert_eq!(all.account(UserId(9)).unwrap().organization(), Some(OrganizationId(2)));
    }

    #[test]
    fn what_an_answer_does_not_say_stays_known() {
        let mut all = ada();
        all.adopt(&Snapshot::of_user(&User {
            id: Some(UserId(7)),
            first_name: Some("Adah".into()),
            enabled: Some(false),
            user_type: Some(UserType::Technician),
            ..User::default()
        }));
        let ada = all.account(UserId(7)).unwrap();
        assert_eq!((ada.first_name(), ada.email()), (Some("Adah"), Some("ada@example.com")));
        assert_eq!((ada.fact(Fact::Enabled), ada.fact(Fact::ScimUser)), (Some(false), Some(false)));
        assert_eq!(all.account_count(), 1);
    }

    #[test]
    fn memberships_come_and_go_with_their_account() {
        let mut all = with_role(ada());
        assert!(all.add_member(RoleId(201), UserId(7), Some("MANUAL")));
        assert!(!all.add_member(RoleId(201), UserId(8), None), "nobody knows this account");
        assert!(!all.add_member(RoleId(202), UserId(7), None), "nobody knows this role");
        let member = all.role(RoleId(201)).unwrap().member(UserId(7)).unwrap();
        assert_eq!(member.source, Some("MANUAL"));
        all.remove_member(RoleId(201), UserId(7));
        assert!(all.role(RoleId(201)).unwrap().member(UserId(7)).is_none());
        all.add_member(RoleId(201), UserId(7), None);
        all.remove_account(UserId(7));
        assert!(all.account(UserId(7)).is_none());
        assert!(all.role(RoleId(201)).unwrap().member(UserId(7)).is_none());
    }
}
