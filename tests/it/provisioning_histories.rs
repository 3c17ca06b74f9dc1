//! Random histories of writes with faults, lost answers, repeats and concurrency: whatever happens on the way, every answer is
//! true, and asking until it is answered ends in the state that was asked for.

use std::collections::{BTreeMap, BTreeSet};

use baton_ninja_one::simulator::{Behaviour, Fault, MemberAnswer, Options, Repeats, Tenant};
use futures::future::join_all;
use proptest::{prelude::*, test_runner::TestCaseError};
use tonic::Code;

use crate::support::{
    Daemon, World, reason,
    writes::{NewUser, number, result},
};

/// Histories in one run of the test, and steps in a history.
const HISTORIES: u32 = 36;
const STEPS: usize = 40;

/// Logins 0 to 3 are technicians', 4 to 7 end users'. Role 7 and 8 are for technicians, 5 and 6 for end users.
const LOGINS: u8 = 8;
const ROLES: [i32; 4] = [7, 8, 5, 6];

/// Something a platform asks for; accounts by login, because ids come and go.
#[derive(Debug, Clone, PartialEq)]
enum Ask {
    Grant(u8, usize),
    Revoke(u8, usize),
    Create(u8, bool),
    Delete(u8),
    Strip(u8),
}

/// What happens to the writes of a step.
#[derive(Debug, Clone)]
struct Trouble {
    fault: Fault,
    /// Writes that are spared first.
    after: u64,
    /// Reading back fails too.
    blind: bool,
}

#[derive(Debug, Clone)]
struct Step {
    /// Asked at the same time.
    asks: Vec<Ask>,
    trouble: Option<Trouble>,
    /// Somebody changes the tenant in the console first.
    console: Option<Ask>,
}

fn ask() -> impl Strategy<Value = Ask> {
    let (login, role) = (0..LOGINS, 0..ROLES.len());
    prop_oneof![
        4 => (login.clone(), role.clone()).prop_map(|(l, r)| Ask::Grant(l, r)),
        3 => (login.clone(), role).prop_map(|(l, r)| Ask::Revoke(l, r)),
        3 => (login.clone(), any::<bool>()).prop_map(|(l, roles)| Ask::Create(l, roles)),
        2 => login.clone().prop_map(Ask::Delete),
        1 => login.prop_map(Ask::Strip),
    ]
}

fn trouble() -> impl Strategy<Value = Trouble> {
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

fn step() -> impl Strategy<Value = Step> {
    let asks = prop_oneof![
        3 => prop::collection::vec(ask(), 1),
        2 => (ask(), 2..4_usize).prop_map(|(ask, times)| vec![ask; times]),
        2 => prop::collection::vec(ask(), 2..5),
    ];
    (asks, prop::option::of(trouble()), prop::option::weighted(0.15, ask()))
        .prop_map(|(asks, trouble, console)| Step { asks, trouble, console })
}

fn behaviour() -> impl Strategy<Value = Behaviour> {
    let answer =
        prop_oneof![Just(MemberAnswer::Role), Just(MemberAnswer::Empty), Just(MemberAnswer::NoContent)];
    let repeats = prop_oneof![Just(Repeats::Accepted), Just(Repeats::Refused)];
    (answer, repeats).prop_map(|(member_answer, repeated_membership)| Behaviour {
        member_answer,
        repeated_membership,
        ..Behaviour::default()
    })
}

fn login(ask: &Ask) -> u8 {
    match ask {
        Ask::Grant(login, _)
        | Ask::Revoke(login, _)
        | Ask::Create(login, _)
        | Ask::Delete(login)
        | Ask::Strip(login) => *login,
    }
}

fn is_technician(login: u8) -> bool {
    login < LOGINS / 2
}

fn fits(login: u8, role: usize) -> bool {
    is_technician(login) == (role < 2)
}

fn email(login: u8) -> String {
    format!("login{login}@example.org")
}

/// Which logins exist, and in which roles.
type State = BTreeMap<u8, BTreeSet<i32>>;

fn state(tenant: &Tenant) -> State {
    let logins = (0..LOGINS).filter_map(|login| Some((login, tenant.users.by_email(&email(login))?.id)));
    logins
        .map(|(login, id)| (login, ROLES.into_iter().filter(|role| tenant.is_member(*role, id)).collect()))
        .collect()
}

fn id_of(world: &World, login: u8) -> Option<i32> {
    world.ninja_one.read_tenant(|t| t.users.by_email(&email(login)).map(|user| user.id))
}

/// The simple model: what a history means when nothing goes wrong.
fn apply(state: &mut State, ask: &Ask) {
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

fn first_roles(login: u8, roles: bool) -> Vec<i32> {
    match (roles, is_technician(login)) {
        (false, _) => Vec::new(),
        (true, true) => vec![7, 8],
        (true, false) => vec![5],
    }
}

/// How a question was answered.
#[derive(Debug, PartialEq)]
enum Answer {
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

/// Asks once; `alone`: nobody else changes anything meanwhile. An account that does not exist is asked about under an id that nobody has.
async fn once(world: &World, daemon: &Daemon, ask: &Ask, alone: bool) -> Answer {
    let id = |login: &u8| id_of(world, *login).unwrap_or(9_999);
    let judged = |error: tonic::Status| match (error.code(), reason(&error).as_str()) {
        (_, "UNKNOWN_USER" | "ROLE_TYPE_MISMATCH") => Answer::Never,
        (Code::Unavailable | Code::PermissionDenied | Code::Unauthenticated, _) => Answer::Later,
        other => panic!("{ask:?} was answered with {other:?}: {error:?}"),
    };
    match ask {
        Ask::Grant(login, role) => {
            daemon.grant(ROLES[*role], id(login)).await.map_or_else(judged, |_| Answer::So)
        }
        Ask::Revoke(login, role) => {
            daemon.revoke(ROLES[*role], id(login)).await.map_or_else(judged, |_| Answer::So)
        }
        Ask::Create(login, roles) => {
            let new = if is_technician(*login) {
                NewUser::technician(&email(*login))
            } else {
                NewUser::end_user(&email(*login))
            };
            let made = daemon.create(new.roles(&first_roles(*login, *roles))).await;
            made.map_or_else(judged, |made| match result(&made) {
                ("success", resource) => {
                    assert!(!alone || Some(number(resource)) == id_of(world, *login));
                    Answer::So
                }
                ("already_exists", resource) => {
                    assert!(!alone || Some(number(resource)) == id_of(world, *login));
                    Answer::There
                }
                ("action_required", _) => Answer::Partly,
                other => panic!("{other:?}"),
            })
        }
        Ask::Delete(login) => daemon.delete(id(login)).await.map_or_else(judged, |_| Answer::So),
        Ask::Strip(login) => {
            let reply =
                daemon.invoke("remove_all_roles", crate::support::writes::about(id(login))).await.unwrap();
            let text = format!("{:?}", reply.response);
            match reply.status() {
                baton_ninja_one::wire::v2::BatonActionStatus::Complete => Answer::So,
                _ if text.contains("has no user") => Answer::Never,
                _ => Answer::Later,
            }
        }
    }
}

fn without(state: &State, login: &u8) -> State {
    state.iter().filter(|(other, _)| *other != login).map(|(login, roles)| (*login, roles.clone())).collect()
}

/// An answer must be true: what is so can be seen in the tenant, and what is not so was never said to be.
fn check_truth(before: &State, now: &State, ask: &Ask, answer: &Answer) -> Result<(), TestCaseError> {
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

fn in_console(world: &World, ask: &Ask) {
    world.ninja_one.with_tenant(|tenant| {
        let Some(id) = tenant.users.by_email(&email(login(ask))).map(|user| user.id) else { return };
        match ask {
            Ask::Grant(l, r) if fits(*l, *r) && !tenant.is_member(ROLES[*r], id) => {
                *tenant = std::mem::take(tenant).member(ROLES[*r], id, "CONSOLE");
            }
            Ask::Revoke(_, r) => {
                tenant.find_role_mut(ROLES[*r]).unwrap().members.retain(|member| member.user != id);
            }
            Ask::Delete(_) => drop(tenant.remove_user(id)),
            _ => {}
        }
    });
}

async fn live(steps: Vec<Step>, behaviour: Behaviour) -> Result<u32, TestCaseError> {
    let tenant = Tenant::empty()
        .organization(1, "Harbour Works")
        .administrator(3, "Root", "Admin", "root@example.org")
        .role(7, "Helpdesk", "TECHNICIAN")
        .role(8, "Patching", "TECHNICIAN")
        .role(5, "Portal", "END_USER")
        .role(6, "Restore", "END_USER");
    let mut options = Options::with(tenant);
    options.behaviour = behaviour;
    let world = World::of(options).await.provisioning(|guard| {
        guard.deletion_limit = 0;
        guard.read_back_pauses.clear();
    });
    let daemon = world.daemon().await;
    daemon.ready().await;
    daemon.shown_users().await; // from here on the directory only learns
    let (faults, mut asked) = (world.ninja_one.faults(), 0);
    for step in steps {
        if let Some(change) = &step.console {
            in_console(&world, change);
        }
        let before = world.ninja_one.read_tenant(state);
        if let Some(Trouble { fault, after, blind }) = &step.trouble {
            for method in ["PATCH", "POST", "DELETE"] {
                faults.on(method, "/v2/user/**", fault.clone()).after(*after);
            }
            if *blind {
                faults.on("GET", "/v2/user/**", Fault::Status(500)).after(after + 2);
            }
        }
        let answers =
            join_all(step.asks.iter().map(|ask| once(&world, &daemon, ask, step.asks.len() == 1))).await;
        faults.clear();
        asked += step.asks.len() as u32;

        let one = step.asks.iter().all(|ask| *ask == step.asks[0]);
        if one {
            let now = world.ninja_one.read_tenant(state);
            // Several may ask for the same: the state is as the best answer says.
            let best = answers.iter().find(|a| **a == Answer::So).unwrap_or(&answers[0]);
            check_truth(&before, &now, &step.asks[0], best)?;
        }
        // A platform asks again, one thing at a time, until it is answered; nothing is in the way any more.
        for ask in &step.asks {
            let before = world.ninja_one.read_tenant(state);
            let id = id_of(&world, login(ask));
            let answer = once(&world, &daemon, ask, true).await;
            prop_assert!(!matches!(answer, Answer::Later | Answer::Partly), "{:?} {:?}", ask, answer);
            check_truth(&before, &world.ninja_one.read_tenant(state), ask, &answer)?;
            if answer != Answer::Never {
                check_shown(&world, &daemon, ask, id).await?;
            }
            asked += 1;
        }
        let mut wished = world.ninja_one.read_tenant(state);
        for ask in step.asks.iter().rev().take(1) {
            apply(&mut wished, ask);
        }
        prop_assert_eq!(world.ninja_one.read_tenant(state), wished);
    }
    prop_assert_eq!(world.ninja_one.forbidden(), vec![]);
    prop_assert!(
        world.ninja_one.read_tenant(|t| t.users.get(3).is_some()),
        "nobody touched the administrator"
    );
    Ok(asked)
}

/// What was asked for is shown at once. What was changed in the console behind the daemon's back need not be.
async fn check_shown(
    world: &World,
    daemon: &Daemon,
    ask: &Ask,
    before: Option<i32>,
) -> Result<(), TestCaseError> {
    let Some(id) = id_of(world, login(ask)).or(before) else { return Ok(()) };
    let there = |role: i32| world.ninja_one.read_tenant(|t| t.is_member(role, id));
    match ask {
        Ask::Grant(_, role) | Ask::Revoke(_, role) => {
            let role = ROLES[*role];
            prop_assert_eq!(daemon.shown_members(role).await.contains(&id), there(role), "{:?}", ask);
        }
        Ask::Create(..) => prop_assert!(daemon.shown_users().await.contains(&id), "{:?}", ask),
        Ask::Delete(_) => prop_assert!(!daemon.shown_users().await.contains(&id), "{:?}", ask),
        Ask::Strip(_) => {
            for role in ROLES {
                prop_assert!(!there(role) && !daemon.shown_members(role).await.contains(&id), "{:?}", ask);
            }
        }
    }
    Ok(())
}

#[test]
fn histories_with_faults_repeats_and_concurrency_end_in_the_state_that_was_asked_for() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let config = ProptestConfig {
        cases: HISTORIES,
        failure_persistence: None,
        max_shrink_iters: 256,
        ..ProptestConfig::default()
    };
    let asked = std::sync::atomic::AtomicU32::new(0);
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let histories = (prop::collection::vec(step(), STEPS), behaviour());
    let ran = runner.run(&histories, |(steps, behaviour)| {
        let count = runtime.block_on(live(steps, behaviour))?;
        asked.fetch_add(count, std::sync::atomic::Ordering::Relaxed);
        Ok(())
    });
    ran.unwrap();
    assert!(asked.into_inner() > 1_000, "a few thousand questions");
}
