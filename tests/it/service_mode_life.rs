//! Service mode over months: the first Hello, polls, outages, tokens, fairness, stopping. The clock is paused, so hours pass
//! at once.

use std::{sync::atomic::Ordering, time::Duration};

use baton_ninja_one::{
    baton::{readiness::Standing, service_mode::ServiceError},
    wire::{
        api::{Task, task, task::TaskType},
        v2,
    },
};
use tokio::time::{Instant, sleep};
use tonic::Code;

use super::support::{
    control_plane::{Call, ControlPlane, Fault},
    scripted::{Bench, Setup, resource, sync},
};

fn list() -> TaskType {
    TaskType::ActionListSchemas(task::ActionListSchemasTask::default())
}

fn grant(principal: &str) -> TaskType {
    let entitlement = Some(v2::Entitlement {
        id: "role:7:assigned".into(),
        slug: "assigned".into(),
        display_name: "assigned".into(),
        resource: Some(resource("role", "7")),
        ..Default::default()
    });
    let principal = Some(resource("user", principal));
    TaskType::Grant(task::GrantTask { entitlement, principal, ..Default::default() })
}

/// Whole tenths of seconds between calls.
fn gaps(calls: &[Call]) -> Vec<f64> {
    calls.windows(2).map(|w| ((w[1].at - w[0].at).as_secs_f64() * 10.0).round() / 10.0).collect()
}

#[tokio::test(start_paused = true)]
async fn hello_is_said_first_with_all_its_facts_and_until_it_is_heard() {
    let plane = ControlPlane::new();
    plane.fail("Hello", 3, Fault::Code(Code::Unavailable));
    let bench = Bench::start(&plane, Setup::default());
    assert_eq!(bench.link.borrow().standing, Standing::Pending);
    plane.answered("GetTask", 1).await;
    assert_eq!(gaps(&plane.calls_of("Hello")), [1.0, 2.0, 4.0]);
    assert_eq!(bench.link.borrow().standing, Standing::Good);
    let hello = plane.hello();
    let build = hello.build_info.unwrap();
    assert_eq!((build.package.as_str(), build.package_version.as_str()), ("scripted", "0.0.1"));
    assert!(hello.task_id.is_empty() && hello.os_info.is_some());
    assert!(hello.connector_metadata.unwrap().capabilities.is_some());
    bench.stop().await;
}

#[tokio::test(start_paused = true)]
async fn the_wait_for_the_first_hello_grows_to_five_minutes() {
    let plane = ControlPlane::new();
    plane.fail("Hello", 12, Fault::Code(Code::Internal));
    let bench = Bench::start(&plane, Setup::default());
    plane.answered("GetTask", 1).await;
    let gaps = gaps(&plane.calls_of("Hello"));
    assert_eq!(gaps[7..], [128.0, 256.0, 300.0, 300.0, 300.0]);
    bench.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_refusal_for_good_ends_service_mode_after_one_hello() {
    for code in [
        Code::PermissionDenied,
        Code::InvalidArgument,
        Code::Unimplemented,
        Code::FailedPrecondition,
        Code::NotFound,
    ] {
        let plane = ControlPlane::new();
        plane.fail("Hello", 100, Fault::Code(code));
        let mut bench = Bench::start(&plane, Setup::default());
        match bench.ended().await.unwrap_err() {
            ServiceError::Refused(status) => assert_eq!(status.code(), code),
            other => panic!("{other:?}"),
        }
        assert_eq!(plane.calls().len(), 1);
        assert!(matches!(bench.link.borrow().standing, Standing::Unreachable(_) | Standing::Refused(_)));
    }
}

#[tokio::test(start_paused = true)]
async fn polls_keep_the_told_pace_after_tasks_too() {
    let plane = ControlPlane::new();
    plane.next_poll(Duration::from_secs(7));
    plane.offer(list());
    plane.offer(list());
    let bench = Bench::start(&plane, Setup::default());
    plane.answered("GetTask", 5).await;
    assert_eq!(gaps(&plane.calls_of("GetTask")), [7.0, 7.0, 7.0, 7.0]);
    plane.next_poll(Duration::from_secs(86_400));
    plane.answered("GetTask", 8).await;
    assert_eq!(gaps(&plane.calls_of("GetTask"))[5..], [300.0, 300.0]);
    bench.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_outage_of_hours_is_waited_out_calmly_and_recovered_from() {
    let plane = ControlPlane::new();
    let mut bench = Bench::start(&plane, Setup::default());
    plane.answered("GetTask", 1).await;
    plane.fail("*", usize::MAX, Fault::Code(Code::Unavailable));
    bench.link.wait_for(|l| matches!(l.standing, Standing::Unreachable(_))).await.unwrap();
    // Once the token has run out, its endpoint is asked in place of the control plane.
    let asked = |plane: &ControlPlane| plane.calls().len() + plane.token_requests();
    let before = asked(&plane);
    sleep(Duration::from_secs(6 * 3600)).await;
    let asked = asked(&plane) - before;
    assert!((300..=370).contains(&asked), "{asked} calls in six hours");
    let id = plane.offer(list());
    plane.heal();
    let healed = Instant::now();
    plane.finished(&id).await.success();
    assert!(healed.elapsed() <= Duration::from_secs(61), "{:?}", healed.elapsed());
    assert_eq!(bench.link.borrow().standing, Standing::Good);
    assert_eq!(plane.calls_of("Hello").len(), 1);
    bench.stop().await;
}

#[tokio::test(start_paused = true)]
async fn the_wait_after_failed_polls_is_their_number_squared_and_a_success_resets_it() {
    let plane = ControlPlane::new();
    plane.fail("GetTask", 4, Fault::Code(Code::Internal));
    let bench = Bench::start(&plane, Setup::default());
    plane.answered("GetTask", 1).await;
    plane.fail("GetTask", 1, Fault::Code(Code::Unauthenticated));
    plane.fail("GetTask", 1, Fault::Code(Code::PermissionDenied));
    plane.answered("GetTask", 2).await;
    assert_eq!(gaps(&plane.calls_of("GetTask"))[..4], [1.0, 4.0, 9.0, 16.0]);
    let id = plane.offer(list());
    plane.finished(&id).await.success();
    bench.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_silent_is_given_up_and_replaced() {
    let plane = ControlPlane::new();
    plane.fail("GetTask", 1, Fault::Silence);
    let bench = Bench::start(&plane, Setup::default());
    let id = plane.offer(list());
    plane.finished(&id).await.success();
    let gap = gaps(&plane.calls_of("GetTask"))[0];
    assert!((90.0..=92.0).contains(&gap), "{gap}");
    assert_eq!(plane.dials(), 2, "the silent connection is replaced, and no other");
    bench.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_task_that_is_given_out_again_and_again_is_not_asked_for_in_a_circle() {
    let plane = ControlPlane::new();
    plane.next_poll(Duration::ZERO);
    let bench = Bench::start(&plane, Setup::default());
    let id = plane.offer(sync("wait-600"));
    plane.given_out(&id).await;
    plane.offer_over_and_over(&id, 20);
    let (asked, began) = (plane.calls_of("GetTask").len(), Instant::now());
    plane.answered("GetTask", asked + 20).await;
    assert!(began.elapsed() >= Duration::from_secs(1), "{:?}", began.elapsed());
    plane.finished(&id).await.success();
    bench.stop().await;
}

#[tokio::test(start_paused = true)]
async fn tokens_are_reused_renewed_before_their_end_and_replaced_when_refused() {
    let plane = ControlPlane::new();
    plane.token_lifetime(Duration::from_secs(600));
    let bench = Bench::start(&plane, Setup::default());
    sleep(Duration::from_secs(530)).await;
    assert_eq!(plane.token_requests(), 1);
    sleep(Duration::from_secs(30)).await;
    assert_eq!(plane.token_requests(), 2);
    plane.revoke_tokens();
    let id = plane.offer(list());
    plane.finished(&id).await.success();
    assert_eq!(plane.token_requests(), 3);
    assert_eq!(bench.link.borrow().standing, Standing::Good);
    bench.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_token_endpoint_that_is_down_is_an_outage_like_any_other() {
    let plane = ControlPlane::new();
    plane.fail("token", 4, Fault::Code(Code::Unavailable));
    let bench = Bench::start(&plane, Setup::default());
    let id = plane.offer(list());
    plane.finished(&id).await.success();
    bench.stop().await;
}

#[tokio::test(start_paused = true)]
async fn refused_credentials_end_service_mode_at_the_start() {
    let plane = ControlPlane::new();
    plane.fail("token", 100, Fault::Code(Code::Unauthenticated));
    let mut bench = Bench::start(&plane, Setup::default());
    assert!(
        matches!(bench.ended().await, Err(ServiceError::Refused(s)) if s.code() == Code::Unauthenticated)
    );
}

#[tokio::test(start_paused = true)]
async fn a_long_sync_never_keeps_a_grant_waiting() {
    let plane = ControlPlane::new();
    let bench = Bench::start(&plane, Setup { concurrency: 2, ..Setup::default() });
    plane.next_poll(Duration::from_secs(5));
    let syncs: Vec<_> = (0..3).map(|_| plane.offer(sync("wait-7200"))).collect();
    plane.given_out(&syncs[1]).await;
    let began = Instant::now();
    let grants: Vec<_> = (0..3).map(|_| plane.offer(grant("9"))).collect();
    for id in &grants {
        plane.finished(id).await.success();
    }
    assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
    assert!(plane.finish_of(&syncs[0]).is_none());
    for id in &syncs {
        plane.finished(id).await.success();
    }
    assert_eq!(bench.files.most.load(Ordering::SeqCst), 1, "syncs left no place free");
    bench.stop().await;
}

#[tokio::test(start_paused = true)]
async fn no_more_tasks_are_taken_than_there_are_places() {
    let plane = ControlPlane::new();
    let bench = Bench::start(&plane, Setup { concurrency: 2, ..Setup::default() });
    let ids: Vec<_> = (0..5).map(|_| plane.offer(grant("wait-100"))).collect();
    plane.given_out(&ids[1]).await;
    sleep(Duration::from_secs(60)).await;
    assert_eq!(bench.connector.grants.load(Ordering::SeqCst), 2);
    for id in &ids {
        plane.finished(id).await.success();
    }
    bench.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_task_given_out_twice_is_carried_out_once() {
    let plane = ControlPlane::new();
    let bench = Bench::start(&plane, Setup::default());
    let id = plane.offer(grant("wait-20"));
    plane.given_out(&id).await;
    plane.offer_again(&id);
    plane.finished(&id).await.success();
    sleep(Duration::from_secs(30)).await;
    assert_eq!(bench.connector.grants.load(Ordering::SeqCst), 1);
    bench.stop().await;
}

#[tokio::test(start_paused = true)]
async fn batches_name_what_is_known_and_ask_for_what_fits() {
    let plane = ControlPlane::new();
    let bench = Bench::start(&plane, Setup { batches: true, ..Setup::default() });
    let slow = plane.offer(grant("wait-60"));
    plane.given_out(&slow).await;
    let more: Vec<_> = (0..9).map(|_| plane.offer(list())).collect();
    for id in &more {
        plane.finished(id).await.success();
    }
    assert!(plane.finish_of(&slow).is_none());
    assert!(plane.known().iter().any(|known| *known == [slow.clone()]), "{:?}", plane.known());
    assert!(plane.calls_of("GetTask").is_empty());
    plane.finished(&slow).await.success();
    bench.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_control_plane_without_batches_is_asked_for_single_tasks() {
    let plane = ControlPlane::new();
    plane.fail("GetTasks", usize::MAX, Fault::Code(Code::Unimplemented));
    let bench = Bench::start(&plane, Setup { batches: true, ..Setup::default() });
    let id = plane.offer(list());
    plane.finished(&id).await.success();
    assert_eq!(plane.calls_of("GetTasks").len(), 1);
    bench.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_outcome_is_told_again_until_it_is_heard() {
    let plane = ControlPlane::new();
    plane.fail("FinishTask", 3, Fault::Code(Code::Unavailable));
    let bench = Bench::start(&plane, Setup::default());
    let id = plane.offer(grant("9"));
    plane.finished(&id).await.success();
    assert_eq!(gaps(&plane.calls_of("FinishTask")), [1.0, 2.0, 4.0]);
    bench.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_outcome_that_nobody_heard_is_told_when_the_task_comes_again_without_doing_it_twice() {
    let plane = ControlPlane::new();
    plane.fail("FinishTask", 5, Fault::Code(Code::Unavailable));
    let bench = Bench::start(&plane, Setup::default());
    let id = plane.offer(grant("9"));
    plane.until("five tries", |p| p.calls_of("FinishTask").len() == 5).await;
    sleep(Duration::from_secs(600)).await;
    assert!(plane.finish_of(&id).is_none());
    plane.offer_again(&id);
    plane.finished(&id).await.success();
    assert_eq!(bench.connector.grants.load(Ordering::SeqCst), 1);
    bench.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_outcome_whose_answer_was_lost_does_no_harm_when_it_is_told_again() {
    let plane = ControlPlane::new();
    plane.fail("FinishTask", 1, Fault::Lost(Code::Unavailable));
    let bench = Bench::start(&plane, Setup::default());
    let id = plane.offer(grant("9"));
    plane.finished(&id).await.success();
    plane.until("the second try", |p| p.calls_of("FinishTask").len() == 2).await;
    assert_eq!(bench.connector.grants.load(Ordering::SeqCst), 1);
    bench.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_outcome_that_is_refused_is_not_told_again() {
    let plane = ControlPlane::new();
    plane.fail("FinishTask", 1, Fault::Code(Code::InvalidArgument));
    let bench = Bench::start(&plane, Setup::default());
    plane.offer(grant("9"));
    plane.until("the refusal", |p| p.calls_of("FinishTask").len() == 1).await;
    sleep(Duration::from_secs(600)).await;
    assert_eq!(plane.calls_of("FinishTask").len(), 1);
    bench.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_write_under_way_is_finished_and_reported_after_the_signal() {
    let plane = ControlPlane::new();
    let mut bench = Bench::start(&plane, Setup::default());
    let id = plane.offer(grant("wait-20"));
    plane.given_out(&id).await;
    sleep(Duration::from_secs(1)).await;
    let later = plane.offer(list());
    bench.shutdown.cancel();
    bench.ended().await.unwrap();
    plane.finished(&id).await.success();
    assert!(plane.finish_of(&later).is_none(), "a task was taken after the signal");
    bench.assert_clean();
}

#[tokio::test(start_paused = true)]
async fn what_does_not_end_within_the_grace_is_left_unreported() {
    let plane = ControlPlane::new();
    let mut bench = Bench::start(&plane, Setup { grace: Duration::from_secs(5), ..Setup::default() });
    let id = plane.offer(grant("wait-20"));
    plane.given_out(&id).await;
    sleep(Duration::from_secs(1)).await;
    bench.shutdown.cancel();
    let told = Instant::now();
    bench.ended().await.unwrap();
    assert_eq!(told.elapsed().as_secs(), 5);
    assert!(plane.finish_of(&id).is_none());
}

#[tokio::test(start_paused = true)]
async fn a_task_with_an_id_that_nothing_can_be_reported_under_does_no_harm() {
    let plane = ControlPlane::new();
    let bench = Bench::start(&plane, Setup::default());
    // A task without a kind and without anything else is what an empty answer decodes as.
    let unknown = plane.offer_task(Task { debug: true, ..Task::default() }, 0);
    plane.finished(&unknown).await.error();
    bench.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_signal_before_the_first_hello_ends_it_at_once() {
    let plane = ControlPlane::new();
    plane.fail("Hello", usize::MAX, Fault::Code(Code::Unavailable));
    let mut bench = Bench::start(&plane, Setup::default());
    plane.until("some tries", |p| p.calls_of("Hello").len() >= 4).await;
    let told = Instant::now();
    bench.shutdown.cancel();
    bench.ended().await.unwrap();
    assert_eq!(told.elapsed(), Duration::ZERO);
}
