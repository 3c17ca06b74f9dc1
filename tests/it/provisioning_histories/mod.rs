//! Random histories of writes with faults, lost answers, repeats and concurrency: whatever happens on the way, every answer is
//! true, and asking until it is answered ends in the state that was asked for.

mod model;
mod steps;

use baton_ninja_one::simulator::{Behaviour, Fault, Options, Tenant};
use futures::future::join_all;
use proptest::{prelude::*, test_runner::TestCaseError};
use tonic::Code;

use self::{
    model::{Answer, apply, check_truth, first_roles, state},
    steps::{Ask, ROLES, Step, Trouble, behaviour, email, fits, is_technician, login, step},
};
use crate::support::{
    Daemon, World, reason,
    writes::{NewUser, number, result},
};

/// Histories in one run of the test, and steps in a history.
const HISTORIES: u32 = 36;
const STEPS: usize = 40;

fn id_of(world: &World, login: u8) -> Option<i32> {
    world.ninja_one.read_tenant(|t| t.users.by_email(&email(login)).map(|user| user.id))
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
