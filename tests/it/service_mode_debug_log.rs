//! The log that a task keeps when the control plane wants to see it.

use baton_ninja_one::wire::api::{Task, task::TaskType};
use serde_json::Value;

use super::{
    service_mode_doors::binary,
    support::{
        World,
        control_plane::{ControlPlane, Upload},
        scripted::sync,
    },
};

fn with_debug(kind: TaskType) -> Task {
    Task { task_type: Some(kind), debug: true, ..Task::default() }
}

fn uploads_of(plane: &ControlPlane, id: &str) -> Vec<Upload> {
    plane.uploads().into_iter().filter(|upload| upload.task_id == id).collect()
}

#[tokio::test]
async fn a_sync_with_debug_is_followed_by_its_own_log_and_leaves_the_log_of_the_process_alone() {
    let (world, plane) = (World::small().await, ControlPlane::in_real_time());
    let door = plane.over_tls().await;
    let temp = tempfile::tempdir().unwrap();
    let args = ["--listen", "127.0.0.1:0", "--c1z-temp-dir", temp.path().to_str().unwrap()];
    let (binary, _folder) = binary(&world, &door, &args);
    let running = binary.listening().await;
    let plain = plane.offer(sync(""));
    let watched = plane.offer_task(with_debug(sync("")), 0);
    for id in [&plain, &watched] {
        plane.finished(id).await.success();
    }
    assert_eq!(uploads_of(&plane, &plain).len(), 1);
    let uploads = uploads_of(&plane, &watched);
    assert_eq!(uploads.len(), 2, "the sync, then its log");
    assert!(uploads[0].data.starts_with(b"C1ZF"), "the sync comes first");
    let log = String::from_utf8(uploads[1].data.clone()).unwrap();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    assert!(lines.iter().all(|line| line["task_id"] == watched.as_str()), "{log}");
    for (level, said) in
        [("debug", "NinjaOne request ended"), ("info", "Synced grants"), ("info", "uploaded the sync")]
    {
        let found = lines.iter().any(|line| line["level"] == level && line["msg"] == said);
        assert!(found, "{level} {said:?} is not in {log}");
    }
    assert_eq!(std::fs::read_dir(temp.path()).unwrap().count(), 0, "something was left behind");

    running.terminate();
    let (code, log) = running.end().await;
    assert_eq!(code, Some(0), "{log}");
    assert!(!log.contains(r#""level":"debug""#), "{log}");
    plane.assert_satisfied();
}

#[tokio::test]
async fn a_task_that_is_no_sync_has_no_log_to_hand_over() {
    let (world, plane) = (World::small().await, ControlPlane::in_real_time());
    let door = plane.over_tls().await;
    let (binary, _folder) = binary(&world, &door, &["--listen", "127.0.0.1:0"]);
    let running = binary.listening().await;
    let id = plane.offer_task(with_debug(TaskType::ActionListSchemas(Default::default())), 0);
    plane.finished(&id).await.success();
    running.terminate();
    let (_, log) = running.end().await;
    assert!(log.contains("only a sync keeps one"), "{log}");
    assert!(plane.uploads().is_empty());
    plane.assert_satisfied();
}
