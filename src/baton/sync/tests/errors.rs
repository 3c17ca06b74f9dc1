//! What is tried again, what is skipped, what is dropped, and what ends a sync.

use std::{
    iter,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use tokio::time::Instant;
use tonic::Code;

use super::*;
use crate::baton::{
    connector::{Call, Connector},
    runtime::{Gates, Runtime},
};

fn world(groups: usize) -> Scripted {
    let mut world = Scripted::new();
    world.annotate_type("user", &v2::SkipEntitlementsAndGrants {});
    world.users(&["1"]);
    for n in 0..groups {
        world.group(&n.to_string(), &[rid("user", "1")]);
    }
    world
}

/// The sync fails with this text, and the connector cleans up all the same.
async fn fails(world: Scripted, text: &str) -> SyncError {
    let world = Arc::new(world);
    let error = sync(&world).await.expect_err(text);
    assert!(error.to_string().contains(text), "{error}\nshould say: {text}");
    assert_eq!(world.asked().last().map(String::as_str), Some("cleanup"));
    error
}

#[tokio::test(start_paused = true)]
async fn temporary_failures_are_tried_again_with_growing_waits_of_a_minute_at_most() {
    let world = Arc::new(world(1));
    world.fail("grants group:0", Code::Unavailable, 4);
    let began = Instant::now();
    let (_, records) = sync(&world).await.unwrap();
    assert_eq!(began.elapsed().as_secs(), 1 + 2 + 3 + 4);
    assert_eq!(records.grants.len(), 1);

    world.fail("resources user", Code::DeadlineExceeded, 100);
    let began = Instant::now();
    sync(&world).await.unwrap();
    assert_eq!(began.elapsed().as_secs(), (1..=60).sum::<u64>() + 40 * 60);
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_says_how_long_to_wait_is_waited_for_within_bounds() {
    let world = Arc::new(world(1));
    let waits = [(Duration::from_millis(1500), 1500), (Duration::from_secs(3600), 60_000)];
    for (wait, millis) in waits {
        let failure = (Code::Unavailable, 1, Some(wait));
        world.failures.lock().unwrap().insert("resources group".to_owned(), failure);
        let began = Instant::now();
        sync(&world).await.unwrap();
        let took = began.elapsed().as_millis();
        assert!((millis..millis + 5).contains(&took), "{took}");
    }
}

#[tokio::test(start_paused = true)]
async fn validation_is_tried_five_times_and_comes_before_everything() {
    let world = Arc::new(world(1));
    world.fail("validate", Code::Unavailable, 4);
    sync(&world).await.unwrap();
    world.fail("validate", Code::Unavailable, 5);
    world.asked.lock().unwrap().clear();
    let error = sync(&world).await.unwrap_err();
    assert_eq!(error.to_string(), "validate failed: validate failed");
    assert_eq!(
        world.asked(),
        iter::repeat_n("validate", 5).collect::<Vec<_>>(),
        "and no cleanup: there was no sync"
    );
}

#[tokio::test(start_paused = true)]
async fn no_door_waits_longer_than_a_minute_to_validate_again() {
    let world = Arc::new(world(1));
    let runtime = Runtime::new(Arc::clone(&world) as Arc<dyn Connector>, Gates::default());
    let failure = || (Code::Unavailable, 1, Some(Duration::from_secs(24 * 3600)));
    let began = Instant::now();
    world.failures.lock().unwrap().insert("validate".to_owned(), failure());
    runtime.validate(&Call::default()).await.unwrap();
    assert_eq!(began.elapsed().as_secs(), 60);
    world.failures.lock().unwrap().insert("validate".to_owned(), failure());
    sync(&world).await.unwrap();
    assert_eq!(began.elapsed().as_secs(), 120);
}

#[tokio::test]
async fn a_listing_that_dies_is_not_taken_for_one_that_has_ended() {
    for page in ["resources user@1", "entitlements group:0", "grants group:0@1", "static group"] {
        let mut world = world(1);
        world.users(&["2"]);
        world.grants.get_mut("grants group:0").unwrap().push(member_of("0", &rid("user", "2")));
        (world.page, world.panics) = (1, Some(page.to_owned()));
        let error = fails(world, "the listing broke off; this is a bug of the connector").await;
        assert!(!error.is_permanent(), "{page}");
    }
}

#[tokio::test]
async fn what_is_gone_is_skipped_with_a_warning() {
    let world = world(30);
    world.fail("entitlements group:3", Code::NotFound, 1);
    world.fail("grants group:4", Code::NotFound, 1);
    let (report, records) = sync(&Arc::new(world)).await.unwrap();
    assert_eq!(report.skipped, 2);
    assert_eq!(report.warnings[1], "list grants on group 4: grants group:4 failed; skipped");
    assert_eq!((records.entitlements.len(), records.grants.len()), (29, 29));
}

#[tokio::test]
async fn too_much_that_is_gone_ends_the_sync() {
    let enough = world(200);
    for n in 0..11 {
        enough.fail(&format!("grants group:{n}"), Code::NotFound, 1);
    }
    sync(&Arc::new(enough)).await.expect("eleven of four hundred are bearable");

    let few = world(10);
    for n in 0..10 {
        few.fail(&format!("grants group:{n}"), Code::NotFound, 1);
    }
    sync(&Arc::new(few)).await.expect("ten are always bearable");

    let many = world(20);
    for n in 0..11 {
        many.fail(&format!("entitlements group:{n}"), Code::NotFound, 1);
    }
    fails(many, "11 of 16 listings were refused as not found").await;
}

#[tokio::test]
async fn a_type_that_is_gone_and_any_other_failure_end_the_sync() {
    let gone = world(1);
    gone.fail("resources user", Code::NotFound, 1);
    fails(gone, "list user resources: resources user failed").await;
    let denied = world(1);
    denied.fail("grants group:0", Code::PermissionDenied, 1);
    let error = fails(denied, "list grants on group 0: grants group:0 failed").await;
    assert!(!error.is_permanent());
    let static_entitlements = world(1);
    static_entitlements.fail("static group", Code::NotFound, 1);
    fails(static_entitlements, "list static entitlements of group resources").await;
}

#[tokio::test]
async fn records_without_ids_or_of_unlisted_types_are_dropped_and_counted() {
    let mut world = world(2);
    let users = world.resources.get_mut("resources user").unwrap();
    users.push(v2::Resource::default());
    users.push(scripted::resource("team", "1"));
    let entitlements = world.entitlements.get_mut("entitlements group:0").unwrap();
    entitlements.push(v2::Entitlement { id: String::new(), ..entitlements[0].clone() });
    entitlements.push(v2::Entitlement { resource: None, ..entitlements[0].clone() });
    let grants = world.grants.get_mut("grants group:0").unwrap();
    grants.push(v2::Grant { principal: None, ..grants[0].clone() });
    grants.push(v2::Grant { entitlement: None, ..grants[0].clone() });
    grants.push(model::grant(&rid("team", "1"), "member", &rid("user", "1")));
    let (report, records) = sync(&Arc::new(world)).await.unwrap();
    assert_eq!(report.dropped, 7);
    assert_eq!((records.resources.len(), records.entitlements.len(), records.grants.len()), (3, 2, 2));
}

#[tokio::test]
async fn records_of_another_sync_end_it() {
    let mut resource = world(1);
    resource.resources.get_mut("resources user").unwrap()[0].annotations.push(pack(&v2::BatonId {}));
    assert!(fails(resource, "resource user 1 is marked as a record of another sync").await.is_permanent());
    let mut grant = world(1);
    grant.grants.get_mut("grants group:0").unwrap()[0].annotations.push(pack(&v2::BatonId {}));
    fails(grant, "grant group:0:member:user:1 is marked").await;
}

#[tokio::test]
async fn a_resource_without_the_trait_of_its_type_ends_the_sync() {
    let mut world = world(1);
    world.resources.get_mut("resources user").unwrap()[0].annotations.clear();
    assert!(fails(world, "resource user 1 lacks the expected user trait").await.is_permanent());
}

#[tokio::test]
async fn exclusion_groups_that_break_the_rules_end_the_sync() {
    let in_group = |is_default| {
        let exclusion_group_id = "one of these".to_owned();
        pack(&v2::EntitlementExclusionGroup { exclusion_group_id, is_default, ..Default::default() })
    };
    let with = |annotations: [Vec<_>; 2]| {
        let mut world = world(2);
        for (n, annotations) in annotations.into_iter().enumerate() {
            world.entitlements.get_mut(&format!("entitlements group:{n}")).unwrap()[0].annotations =
                annotations;
        }
        world
    };
    sync(&Arc::new(with([vec![in_group(true)], vec![in_group(false)]]))).await.unwrap();
    let two_defaults = with([vec![in_group(true)], vec![in_group(true)]]);
    assert!(fails(two_defaults, "has two defaults").await.is_permanent());
    let twice = with([vec![in_group(false), in_group(false)], vec![]]);
    fails(twice, "entitlement group:0:member has multiple ExclusionGroup annotations").await;
    let mut two_types = with([vec![in_group(false)], vec![]]);
    two_types.types[0].resource_type.annotations.clear();
    let mut own = model::assignment(&scripted::resource("user", "1"), "owner", &[]);
    own.annotations.push(in_group(false));
    two_types.entitlements.insert("entitlements user:1".to_owned(), vec![own]);
    fails(two_types, "entitlements of two resource types, user and group").await;
}

#[tokio::test]
async fn a_listing_that_would_never_end_ends_the_sync() {
    let mut stuck = world(1);
    stuck.next.insert("grants group:0".to_owned(), "0".to_owned());
    fails(stuck, "the next page token is unchanged").await;
}

#[tokio::test]
async fn tokens_to_enqueue_are_checked() {
    let tokens =
        |tokens: Vec<String>| pack(&v2::EnqueuePageTokens { page_tokens: tokens, ..Default::default() });
    let one = || "x".to_owned();
    let cases = [
        (vec![tokens(vec![one(), one()])], "one is there twice"),
        (vec![tokens(vec![one()]), tokens(vec![])], "more than one list"),
        (vec![tokens((0..1025).map(|n| n.to_string()).collect())], "1025 in a reply"),
        (vec![tokens(vec![String::new()])], "one is empty"),
        (vec![tokens(vec!["x".repeat((1 << 20) + 1)])], "one is empty or longer"),
        (vec![tokens((10..27).map(|n| n.to_string().repeat(1 << 19)).collect())], "more than 16777216 bytes"),
    ];
    for (reply, text) in cases {
        let mut world = world(1);
        world.replies.insert("grants group:0".to_owned(), reply);
        fails(world, text).await;
    }
}

#[tokio::test]
async fn a_connector_without_types_cannot_be_synced() {
    let mut world = world(1);
    world.types.clear();
    fails(world, "list resource types: the connector has no resource types").await;
}

#[tokio::test]
async fn a_cancelled_sync_ends_at_once_and_is_cleaned_up() {
    let mut world = world(1);
    world.hangs = Some("grants group:0".to_owned());
    let world = Arc::new(world);
    let cancel = CancellationToken::new();
    let ended = AtomicBool::new(false);
    let syncer = syncer(&world);
    let run = async {
        let result = syncer.run(Memory::default(), &cancel).await;
        ended.store(true, Ordering::SeqCst);
        result
    };
    let cancelled = async {
        while !world.asked().contains(&"grants group:0".to_owned()) {
            tokio::task::yield_now().await;
        }
        assert!(!ended.load(Ordering::SeqCst));
        cancel.cancel();
    };
    let (result, ()) = tokio::join!(run, cancelled);
    assert!(matches!(result, Err(SyncError::Cancelled)));
    assert_eq!(world.asked().last().unwrap(), "cleanup");
}

#[tokio::test]
async fn a_sync_cancelled_before_it_begins_asks_nothing() {
    let world = Arc::new(world(1));
    let cancel = CancellationToken::new();
    cancel.cancel();
    let result = syncer(&world).run(Memory::default(), &cancel).await;
    assert!(matches!(result, Err(SyncError::Cancelled)));
    assert!(world.asked().is_empty());
}
