//! What a history is made of: questions, trouble on the way, and how the tenant behaves.

use baton_ninja_one::simulator::{Behaviour, Fault, MemberAnswer, Repeats};
use proptest::prelude::*;

/// Logins 0 to 3 are technicians', 4 to 7 end users'. Role 7 and 8 are for technicians, 5 and 6 for end users.
pub(super) const LOGINS: u8 = 8;
pub(super) const ROLES: [i32; 4] = [7, 8, 5, 6];

/// Something a platform asks for; accounts by login, because ids come and go.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Ask {
    Grant(u8, usize),
    Revoke(u8, usize),
    Create(u8, bool),
    Delete(u8),
    Strip(u8),
}

/// What happens to the writes of a step.
#[derive(Debug, Clone)]
pub(super) struct Trouble {
    pub(super) fault: Fault,
    /// Writes that are spared first.
    pub(super) after: u64,
    /// Reading back fails too.
    pub(super) blind: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Step {
    /// Asked at the same time.
    pub(super) asks: Vec<Ask>,
    pub(super) trouble: Option<Trouble>,
    /// Somebody changes the tenant in the console first.
    pub(super) console: Option<Ask>,
}

pub(super) fn ask() -> impl Strategy<Value = Ask> {
    let (login, role) = (0..LOGINS, 0..ROLES.len());
    prop_oneof![
        4 => (login.clone(), role.clone()).prop_map(|(l, r)| Ask::Grant(l, r)),
        3 => (login.clone(), role).prop_map(|(l, r)| Ask::Revoke(l, r)),
        3 => (login.clone(), any::<bool>()).prop_map(|(l, roles)| Ask::Create(l, roles)),
        2 => login.clone().prop_map(Ask::Delete),
        1 => login.prop_map(Ask::Strip),
    ]
}

pub(super) fn trouble() -> impl Strategy<Value = Trouble> {
    let fault = prop_oneof![
        Just(Fault::LostAnswer),
        Just(Fault::LostBehindStatus(500)),
        Just(Fault::LostBehindHtml { status: 502 }),
        Just(Fault::CutBody),
        Just(Fault::EmptyBody),
        Just(Fault::MalformedJson),
        Just(Fault::Closed),
        Just(Fault::Reset),
        Just(Fault::Status(503)),
        Just(Fault::Status(403)),
        Just(Fault::TooManyRequests { retry_after: None }),
        Just(Fault::RevokedToken),
    ];
    (fault, 0..3_u64, prop::bool::weighted(0.2)).prop_map(|(fault, after, blind)| Trouble {
        fault,
        after,
        blind,
    })
}

pub(super) fn step() -> impl Strategy<Value = Step> {
    let asks = prop_oneof![
        3 => prop::collection::vec(ask(), 1),
        2 => (ask(), 2..4_usize).prop_map(|(ask, times)| vec![ask; times]),
        2 => prop::collection::vec(ask(), 2..5),
    ];
    (asks, prop::option::of(trouble()), prop::option::weighted(0.15, ask()))
        .prop_map(|(asks, trouble, console)| Step { asks, trouble, console })
}

pub(super) fn behaviour() -> impl Strategy<Value = Behaviour> {
    let answer =
        prop_oneof![Just(MemberAnswer::Role), Just(MemberAnswer::Empty), Just(MemberAnswer::NoContent)];
    let repeats = prop_oneof![Just(Repeats::Accepted), Just(Repeats::Refused)];
    (answer, repeats).prop_map(|(member_answer, repeated_membership)| Behaviour {
        member_answer,
        repeated_membership,
        ..Behaviour::default()
    })
}

pub(super) fn login(ask: &Ask) -> u8 {
    match ask {
        Ask::Grant(login, _)
        | Ask::Revoke(login, _)
        | Ask::Create(login, _)
        | Ask::Delete(login)
        | Ask::Strip(login) => *login,
    }
}

pub(super) fn is_technician(login: u8) -> bool {
    login < LOGINS / 2
}

pub(super) fn fits(login: u8, role: usize) -> bool {
    is_technician(login) == (role < 2)
}

pub(super) fn email(login: u8) -> String {
    format!("login{login}@example.org")
}
