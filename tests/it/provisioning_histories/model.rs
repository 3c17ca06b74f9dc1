//! The simple model: what a question means when nothing goes wrong, and whether an answer is true.

use std::collections::{BTreeMap, BTreeSet};

use baton_ninja_one::simulator::Tenant;
use proptest::{prelude::*, test_runner::TestCaseError};

use super::steps::{Ask, LOGINS, ROLES, email, fits, is_technician};

/// Which logins exist, and in which roles.
pub(super) type State = BTreeMap<u8, BTreeSet<i32>>;

pub(super) fn state(tenant: &Tenant) -> State {
    let logins = (0..LOGINS).filter_map(|login| Some((login, tenant.users.by_email(&email(login))?.id)));
    logins
        .map(|(login, id)| (login, ROLES.into_iter().filter(|role| tenant.is_member(*role, id)).collect()))
        .collect()
}

/// The simple model: what a history means when nothing goes wrong.
pub(super) fn apply(state: &mut State, ask: &Ask) {
    match ask {
        Ask::Grant(login, role) if fits(*login, *role) => {
            if let Some(roles) = state.get_mut(login) {
                roles.insert(ROLES[*role]);
            }
        }
        Ask::Grant(..) => {}
        Ask::Revoke(login, role) => {
            if let Some(roles) = state.get_mut(login) {
                roles.remove(&ROLES[*role]);
            }
        }
        Ask::Create(login, roles) => {
            state.entry(*login).or_insert_with(|| first_roles(*login, *roles).into_iter().collect());
        }
        Ask::Delete(login) => drop(state.remove(login)),
        Ask::Strip(login) => {
            if let Some(roles) = state.get_mut(login) {
                roles.clear();
            }
        }
    }
}

pub(super) fn first_roles(login: u8, roles: bool) -> Vec<i32> {
    match (roles, is_technician(login)) {
        (false, _) => Vec::new(),
        (true, true) => vec![7, 8],
        (true, false) => vec![5],
    }
}

/// How a question was answered.
#[derive(Debug, PartialEq)]
pub(super) enum Answer {
    /// It is so now.
    So,
    /// Refused for good: unknown account, or a role of the other type.
    Never,
    /// Not now; the state may or may not have changed.
    Later,
    /// The account is there; of its roles nothing is said.
    There,
    /// The account is there, and some of its roles are not.
    Partly,
}

pub(super) fn without(state: &State, login: &u8) -> State {
    state.iter().filter(|(other, _)| *other != login).map(|(login, roles)| (*login, roles.clone())).collect()
}

/// An answer must be true: what is so can be seen in the tenant, and what is not so was never said to be.
pub(super) fn check_truth(
    before: &State,
    now: &State,
    ask: &Ask,
    answer: &Answer,
) -> Result<(), TestCaseError> {
    let mut wished = before.clone();
    apply(&mut wished, ask);
    match answer {
        Answer::So => prop_assert_eq!(now, &wished, "{:?} was said to be so", ask),
        Answer::Never => prop_assert_eq!(now, before, "{:?} was refused", ask),
        Answer::There | Answer::Partly => {
            let Ask::Create(login, _) = ask else { panic!("{ask:?}") };
            prop_assert!(now.contains_key(login));
            prop_assert_eq!(without(now, login), without(before, login));
        }
        Answer::Later => {
            // Either side, and for what takes several steps anything between the two.
            let between = |login: &u8| {
                let (old, new) = (before.get(login), wished.get(login));
                let now = now.get(login);
                let none = BTreeSet::new();
                let roles = |side: Option<&BTreeSet<i32>>| side.unwrap_or(&none).clone();
                let least: BTreeSet<_> = roles(old).intersection(&roles(new)).copied().collect();
                let most: BTreeSet<_> = roles(old).union(&roles(new)).copied().collect();
                (now.is_some() == old.is_some() || now.is_some() == new.is_some())
                    && least.is_subset(&roles(now))
                    && roles(now).is_subset(&most)
            };
            prop_assert!((0..LOGINS).all(|login| between(&login)), "{:?}: {:?} then {:?}", ask, before, now);
        }
    }
    Ok(())
}
