//! A whole sync into a `.c1z` file.

use std::fs;

use super::*;
use crate::baton::c1z::{C1z, Choice, Filter, Limits, Options, Store};

fn world() -> Scripted {
    let mut world = Scripted::new();
    let ids: Vec<_> = (0..500).map(|n| n.to_string()).collect();
    let ids: Vec<_> = ids.iter().map(String::as_str).collect();
    world.users(&ids);
    world.group("all", &[]);
    world.group("some", &ids.iter().take(300).map(|id| rid("user", id)).collect::<Vec<_>>());
    world.nest("all", "some");
    world.page = 70;
    world
}

#[tokio::test]
async fn a_file_holds_what_a_sync_in_memory_holds() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sync.c1z");
    let world = Arc::new(world());
    let (_, expected) = sync(&world).await.unwrap();
    let cancel = CancellationToken::new();
    let store = Store::open(&path, Options::default()).unwrap();
    let (report, saved) = syncer(&world).workers(3).run(store, &cancel).await.unwrap();
    assert_eq!(report.stats, saved.stats);
    assert_eq!(report.expanded, 300);

    let file = C1z::open(&path, &Limits::default(), None).unwrap();
    let run = file.choose(&Choice::Default).unwrap();
    assert_eq!(run.id, report.sync_id);
    assert_eq!(file.stats(&run.id).unwrap(), report.stats);
    let grants: Vec<v2::Grant> = file.records(&run.id, Filter::All).map(Result::unwrap).collect();
    assert_eq!(grants, expected.grants);
    let resources: Vec<v2::Resource> = file.records(&run.id, Filter::All).map(Result::unwrap).collect();
    assert_eq!(resources, expected.resources);
    let entitlements: Vec<v2::Entitlement> = file.records(&run.id, Filter::All).map(Result::unwrap).collect();
    assert_eq!(entitlements, expected.entitlements);
}

#[tokio::test]
async fn a_cancelled_sync_leaves_the_file_as_it_was() {
    let (dir, tmp) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let path = dir.path().join("sync.c1z");
    let options = || Options { tmp_dir: Some(tmp.path().to_owned()), ..Options::default() };
    let mut world = world();
    let cancel = CancellationToken::new();
    let store = Store::open(&path, options()).unwrap();
    syncer(&Arc::new(self::world())).run(store, &cancel).await.unwrap();
    let before = fs::read(&path).unwrap();

    world.hangs = Some("grants group:some".to_owned());
    let world = Arc::new(world);
    let store = Store::open(&path, options()).unwrap();
    let syncer = syncer(&world);
    let cancelled = async {
        while !world.asked().contains(&"grants group:some".to_owned()) {
            tokio::task::yield_now().await;
        }
        cancel.cancel();
    };
    let (result, ()) = tokio::join!(syncer.run(store, &cancel), cancelled);
    assert!(matches!(result, Err(SyncError::Cancelled)));
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    assert_eq!(fs::read_dir(tmp.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_partial_sync_of_a_file_names_the_full_one_that_it_builds_on() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sync.c1z");
    let world = Arc::new(world());
    let cancel = CancellationToken::new();
    let open = || Store::open(&path, Options::default()).unwrap();
    let (full, _) = syncer(&world).run(open(), &cancel).await.unwrap();
    let selection = Selection { targeted: vec!["bid:r:group/some".parse().unwrap()], ..Selection::default() };
    syncer(&world).selection(selection).run(open(), &cancel).await.unwrap();
    let file = C1z::open(&path, &Limits::default(), None).unwrap();
    let [first, second] = file.syncs() else { panic!("there are two") };
    assert_eq!((&first.kind, &second.kind), (&SyncType::Full, &SyncType::Partial));
    assert_eq!((&second.parent, &first.id), (&full.sync_id, &full.sync_id));
}
