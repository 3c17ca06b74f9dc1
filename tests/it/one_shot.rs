//! The bare command, through the real binary: one sync into one file, and never harm to the file that was there.

use std::{collections::BTreeMap, path::Path, time::Duration};

use baton_ninja_one::{
    baton::c1z::{C1z, Choice, Filter, Limits, SyncType},
    simulator::{Fault, Size, Tenant},
    wire::v2,
};

use crate::support::{
    World,
    binary::{Binary, text},
    walk::Walk,
};

fn open(path: &Path) -> C1z {
    C1z::open(path, &Limits::default(), None).unwrap()
}

/// The newest sync of a file: type ids, resources by id, entitlement ids, grants by id.
type Contents = (Vec<String>, BTreeMap<String, v2::Resource>, Vec<String>, BTreeMap<String, v2::Grant>);

fn records(file: &C1z) -> Contents {
    let sync = file.choose(&Choice::NewestFinished).unwrap().id.clone();
    let key =
        |r: &v2::Resource| r.id.as_ref().map(|id| format!("{}:{}", id.resource_type, id.resource)).unwrap();
    (
        file.records::<v2::ResourceType>(&sync, Filter::All).map(|t| t.unwrap().id).collect(),
        file.records::<v2::Resource>(&sync, Filter::All).map(|r| r.unwrap()).map(|r| (key(&r), r)).collect(),
        file.records::<v2::Entitlement>(&sync, Filter::All).map(|e| e.unwrap().id).collect(),
        file.records::<v2::Grant>(&sync, Filter::All)
            .map(|g| g.unwrap())
            .map(|g| (g.id.clone(), g))
            .collect(),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn the_file_holds_what_the_daemon_serves() {
    let world = World::with(Tenant::generate(&Size::users(150).roles(6), 5)).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.c1z");
    let output = Binary::new(&["--file", path.to_str().unwrap()]).against(&world).output().await;
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(output.stdout.is_empty(), "stdout is for results");

    let served = Walk::new(&world.daemon().await.channel, 0).run().await.unwrap();
    let (types, resources, entitlements, grants) = records(&open(&path));
    assert_eq!(types.len(), served.types.len());
    assert_eq!(resources, served.resources);
    assert_eq!(entitlements, served.entitlements.keys().cloned().collect::<Vec<_>>());
    assert_eq!(grants, served.grants);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left, ["out.c1z"], "nothing else is left behind");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_keeps_the_newest_two_full_syncs() {
    let world = World::small().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sync.c1z");
    let mut ids = Vec::new();
    for _ in 0..3 {
        let output = Binary::new(&["-f", path.to_str().unwrap()]).against(&world).output().await;
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        ids.push(open(&path).choose(&Choice::NewestFinished).unwrap().id.clone());
    }
    let kept: Vec<_> = open(&path).syncs().iter().map(|s| s.id.clone()).collect();
    assert_eq!(kept, ids[1..]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_selection_flags_select() {
    let world = World::small().await;
    let folder = tempfile::tempdir().unwrap();
    let run = |name: &'static str, flags: &'static [&'static str]| {
        let path = folder.path().join(name);
        let world = &world;
        async move {
            let mut args = vec!["-f", path.to_str().unwrap()];
            args.extend(flags);
            let output = Binary::new(&args).against(world).output().await;
            assert_eq!(output.status.code(), Some(0), "{name}: {}", text(&output.stderr));
            let file = open(&path);
            let kind = file.choose(&Choice::NewestFinished).unwrap().kind.clone();
            let (types, resources, entitlements, grants) = records(&file);
            (kind, types.len(), resources.len(), entitlements.len(), grants.len())
        }
    };
    assert_eq!(run("all", &[]).await, (SyncType::Full, 2, 8, 3, 4));
    assert_eq!(run("users", &["--sync-resource-types", "user"]).await, (SyncType::Full, 1, 5, 0, 0));
    assert_eq!(run("bare", &["--skip-entitlements-and-grants"]).await, (SyncType::ResourcesOnly, 2, 8, 0, 0));
    assert_eq!(run("none", &["--skip-full-sync"]).await, (SyncType::Full, 0, 0, 0, 0));
    let (kind, _, resources, entitlements, grants) = run("one", &["--sync-resources", "bid:r:role/7"]).await;
    assert_eq!((kind, resources, entitlements, grants), (SyncType::Partial, 1, 1, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_makes_no_sense_is_one_clear_error() {
    let world = World::small().await;
    for (flags, words) in [
        (&["--storage-engine", "pebble"][..], "storage-engine"),
        (&["--sync-resources", "role/7"], "invalid baton id"),
        (&["--skip-grants"], "skip-grants can only be set within a targeted sync"),
        (&["--sync-resource-types", "nope"], "nope"),
        (
            &["--c1z-temp-dir", "/does/not/exist"],
            "the specified c1z temp dir does not exist: /does/not/exist",
        ),
    ] {
        let output = Binary::new(flags).against(&world).output().await;
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{flags:?}: {told}");
        assert!(told.contains(words), "{flags:?}: {told}");
        assert!(output.stdout.is_empty());
    }
    assert!(world.ninja_one.writes().iter().all(|w| w.path.contains("oauth")), "nothing was written");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_sync_leaves_the_old_file_whole_and_tells_the_grpc_code() {
    let world = World::small().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sync.c1z");
    let run = || Binary::new(&["-f", path.to_str().unwrap()]).against(&world).output();
    assert_eq!(run().await.status.code(), Some(0));
    let before = std::fs::read(&path).unwrap();

    world.ninja_one.faults().on("GET", "/v2/users", Fault::EmptyList);
    let output = run().await;
    assert_eq!(output.status.code(), Some(15), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("user list is empty"));
    assert_eq!(std::fs::read(&path).unwrap(), before);

    world.ninja_one.faults().clear();
    world.ninja_one.faults().on("GET", "/v2/user/roles", Fault::MissingScope { status: 403 });
    assert_eq!(run().await.status.code(), Some(7), "permission denied");
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_file_is_refused_and_not_touched() {
    let world = World::small().await;
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in [("v3.c1z", &b"C1Z3\0 and more"[..]), ("notes.txt", b"not a sync at all")] {
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        let output = Binary::new(&["-f", path.to_str().unwrap()]).against(&world).output().await;
        assert_eq!(output.status.code(), Some(2), "{name}");
        assert!(text(&output.stderr).contains(name), "{}", text(&output.stderr));
        assert_eq!(std::fs::read(&path).unwrap(), content, "{name}");
    }
}

/// Killed at many moments of a sync, from the first request to the last write: the file that was there stays whole, and the
/// run after the last kill clears away what the killed ones left.
#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_moment_the_old_file_stays_whole_and_no_litter_survives_the_next_run() {
    let world = World::with(Tenant::generate(&Size::users(3_000).roles(10), 5)).await;
    let folder = tempfile::tempdir().unwrap();
    let scratch = tempfile::tempdir().unwrap();
    let path = folder.path().join("sync.c1z");
    let args = ["-f", path.to_str().unwrap(), "--c1z-temp-dir", scratch.path().to_str().unwrap()];
    let started = std::time::Instant::now();
    let first = Binary::new(&args).against(&world).output().await;
    assert_eq!(first.status.code(), Some(0), "{}", text(&first.stderr));
    let whole = started.elapsed();

    for moment in 1..=20_u32 {
        let before = std::fs::read(&path).unwrap();
        let mut child = Binary::new(&args).against(&world).spawn();
        let wait = whole * moment / 21;
        if tokio::time::timeout(wait, child.wait()).await.is_err() {
            child.kill().await.unwrap(); // SIGKILL: nothing in the process can react
        }
        let after = std::fs::read(&path).unwrap();
        let file = open(&path);
        let counts = file.stats(&file.choose(&Choice::NewestFinished).unwrap().id).unwrap();
        assert_eq!(counts.resources, 3_000 + 10 + 1, "killed after {wait:?}");
        assert!(
            after == before || file.syncs().len() == 2,
            "killed after {wait:?}: neither the old nor a new file"
        );
    }
    let last = Binary::new(&args).against(&world).output().await;
    assert_eq!(last.status.code(), Some(0), "{}", text(&last.stderr));
    let names =
        |dir: &Path| std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().file_name()).collect::<Vec<_>>();
    assert_eq!(names(folder.path()), ["sync.c1z"]);
    assert!(names(scratch.path()).is_empty(), "{:?}", names(scratch.path()));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_sync_ends_soon_and_leaves_nothing() {
    let world = World::small().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sync.c1z");
    world.ninja_one.faults().on("GET", "/v2/users", Fault::Hold);
    let mut child = Binary::new(&["-f", path.to_str().unwrap()]).against(&world).spawn();
    let held = async {
        while world.ninja_one.faults().held() == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await; // another process: there is nothing to await
        }
    };
    tokio::time::timeout(crate::support::PATIENCE, held).await.unwrap();
    let pid = child.id().unwrap().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    let status = tokio::time::timeout(crate::support::PATIENCE, child.wait()).await.unwrap().unwrap();
    assert_eq!(status.code(), Some(1), "cancelled");
    assert!(!path.exists());
}

#[tokio::test]
async fn capabilities_and_config_need_no_settings() {
    let output = Binary::new(&["capabilities"]).output().await;
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let told = text(&output.stdout);
    assert!(
        told.starts_with("{\n  \"@type\": \"type.googleapis.com/c1.connector.v2.ConnectorCapabilities\""),
        "{told}"
    );
    assert!(!told.ends_with('\n'));
    let value: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!(value["resourceTypeCapabilities"][0]["resourceType"]["id"], "role");

    let output = Binary::new(&["config"]).output().await;
    let value: serde_json::Value = serde_json::from_str(&text(&output.stdout)).unwrap();
    let fields = value["fields"].as_array().unwrap();
    assert_eq!(fields[0]["name"], "log-level");
    let secret = fields.iter().find(|f| f["name"] == "ninja-one-client-secret").unwrap();
    assert_eq!(secret["isSecret"], true);
}
