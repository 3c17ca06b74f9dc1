//! Syncs in service mode: heartbeats, cancellation, upload, temporary files.

use std::{fs, sync::atomic::Ordering, time::Duration};

use tokio::time::{Instant, sleep};
use tonic::Code;

use super::support::{
    control_plane::{ControlPlane, Fault},
    scripted::{Bench, Setup, sync},
};

const PIECE: usize = 512 * 1024;

#[tokio::test(start_paused = true)]
async fn a_sync_is_uploaded_whole_in_pieces_and_ends_in_an_empty_success() {
    let plane = ControlPlane::new();
    let bench = Bench::start(&plane, Setup::default());
    let size = 2 * PIECE + 77;
    let id = plane.offer(sync(&format!("size-{size}")));
    let finished = plane.finished(&id).await;
    assert!(finished.success().response.is_none() && finished.success().annotations.is_empty());
    let uploads = plane.uploads();
    assert_eq!(uploads.len(), 1);
    assert_eq!(uploads[0].pieces, [PIECE, PIECE, 77]);
    assert!(uploads[0].data.iter().enumerate().all(|(n, byte)| *byte == n as u8));
    let order: Vec<_> = plane.calls().iter().filter(|c| c.task_id == id).map(|c| c.method).collect();
    assert_eq!(order, ["Heartbeat", "UploadAsset", "FinishTask"]);
    bench.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_upload_begins_anew_twice_and_no_more() {
    let plane = ControlPlane::new();
    plane.fail("UploadAsset", 1, Fault::Code(Code::Unavailable));
    plane.fail("UploadAsset", 1, Fault::CutAfter(PIECE));
    let bench = Bench::start(&plane, Setup::default());
    let id = plane.offer(sync(&format!("size-{}", 3 * PIECE)));
    plane.finished(&id).await.success();
    assert_eq!(plane.uploads().len(), 1);
    assert_eq!(plane.calls_of("UploadAsset").len(), 3);

    plane.fail("UploadAsset", 100, Fault::Code(Code::ResourceExhausted));
    let id = plane.offer(sync(""));
    assert_eq!(plane.finished(&id).await.error(), (8, "a fault of the control plane".into(), false));
    assert_eq!(plane.calls_of("UploadAsset").len(), 6);
    bench.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_upload_whose_token_is_refused_is_sent_with_another() {
    let plane = ControlPlane::new();
    plane.next_poll(Duration::from_secs(300));
    let bench = Bench::start(&plane, Setup::default());
    plane.answered("GetTask", 1).await;
    let id = plane.offer(sync("wait-20"));
    plane.next_heartbeat(Duration::from_secs(300));
    plane.given_out(&id).await;
    sleep(Duration::from_secs(5)).await;
    plane.revoke_tokens();
    plane.finished(&id).await.success();
    bench.stop().await;
}

#[tokio::test(start_paused = true)]
async fn heartbeats_keep_the_told_pace_while_a_sync_runs_and_stop_before_its_end_is_told() {
    let plane = ControlPlane::new();
    plane.next_heartbeat(Duration::from_secs(7));
    let bench = Bench::start(&plane, Setup::default());
    let id = plane.offer(sync("wait-60"));
    plane.finished(&id).await.success();
    let beats = plane.calls_of("Heartbeat");
    let gaps: Vec<_> = beats.windows(2).map(|w| (w[1].at - w[0].at).as_secs()).collect();
    assert_eq!(gaps, [7; 8]);
    sleep(Duration::from_secs(60)).await;
    assert_eq!(plane.calls_of("Heartbeat").len(), beats.len());
    bench.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_sync_stops_at_once_and_is_not_uploaded() {
    let plane = ControlPlane::new();
    let bench = Bench::start(&plane, Setup::default());
    for at in [1, 3] {
        let id = plane.offer_cancelled(sync("wait-7200"), at);
        let finished = plane.finished(&id).await;
        assert_eq!(finished.error(), (1, "the task was cancelled by the control plane".into(), false));
        let beats = plane.calls_of("Heartbeat");
        let told = plane.calls_of("FinishTask").last().unwrap().at - beats.last().unwrap().at;
        assert!(told < Duration::from_secs(1), "{told:?}");
    }
    assert!(plane.calls_of("UploadAsset").is_empty());
    assert_eq!(bench.files.running.load(Ordering::SeqCst), 0);
    bench.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_sync_that_waits_for_its_turn_can_be_cancelled_too() {
    let plane = ControlPlane::new();
    let bench = Bench::start(&plane, Setup { concurrency: 2, ..Setup::default() });
    let first = plane.offer(sync("wait-7200"));
    plane.given_out(&first).await;
    let second = plane.offer_cancelled(sync(""), 3);
    let began = Instant::now();
    plane.finished(&second).await.error();
    assert!(began.elapsed() < Duration::from_secs(60));
    plane.finished(&first).await.success();
    bench.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_sync_that_nobody_hears_of_ten_times_in_a_row_is_given_up() {
    let plane = ControlPlane::new();
    let bench = Bench::start(&plane, Setup::default());
    let id = plane.offer(sync("wait-7200"));
    plane.answered("Heartbeat", 2).await;
    plane.fail("Heartbeat", 9, Fault::Code(Code::Unavailable));
    plane.answered("Heartbeat", 3).await;
    assert!(plane.finish_of(&id).is_none(), "given up after nine");
    plane.fail("Heartbeat", 10, Fault::Code(Code::Unavailable));
    let (code, text, last) = plane.finished(&id).await.error();
    assert_eq!((code, last), (1, false));
    assert!(text.contains("heartbeats"), "{text}");
    assert!(plane.uploads().is_empty());
    bench.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_sync_whose_first_heartbeat_fails_is_left_and_done_when_it_comes_again() {
    let plane = ControlPlane::new();
    plane.fail("Heartbeat", 1, Fault::Code(Code::Unavailable));
    let bench = Bench::start(&plane, Setup::default());
    let id = plane.offer(sync(""));
    plane.given_out(&id).await;
    sleep(Duration::from_secs(60)).await;
    assert!(plane.finish_of(&id).is_none());
    plane.offer_again(&id);
    plane.finished(&id).await.success();
    bench.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_failed_sync_is_reported_with_its_code_and_only_bad_data_for_good() {
    let plane = ControlPlane::new();
    let bench = Bench::start(&plane, Setup::default());
    let id = plane.offer(sync("refuse"));
    let finished = plane.finished(&id).await;
    assert_eq!(finished.error(), (9, "told to refuse".into(), false));
    assert_eq!(finished.status().details.len(), 1);
    let id = plane.offer(sync("invariant"));
    let text = "two roles have one id\ntask failed and is non-retryable";
    assert_eq!(plane.finished(&id).await.error(), (2, text.into(), true));
    let id = plane.offer(sync("panic"));
    assert_eq!(plane.finished(&id).await.error(), (13, "Internal Server Error".into(), false));
    assert!(plane.calls_of("UploadAsset").is_empty());
    bench.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_signal_stops_a_sync_at_once_and_leaves_it_to_be_given_out_again() {
    let plane = ControlPlane::new();
    let mut bench = Bench::start(&plane, Setup::default());
    let ids = [plane.offer(sync("wait-7200")), plane.offer(sync("wait-7200")), plane.offer(sync(""))];
    plane.given_out(&ids[2]).await;
    sleep(Duration::from_secs(1)).await;
    bench.shutdown.cancel();
    let told = Instant::now();
    bench.ended().await.unwrap();
    assert!(told.elapsed() < Duration::from_secs(1), "{:?}", told.elapsed());
    assert!(plane.calls_of("FinishTask").is_empty() && plane.calls_of("UploadAsset").is_empty());
    bench.assert_clean();
}

#[tokio::test(start_paused = true)]
async fn what_a_killed_process_left_is_gone_after_the_next_start() {
    let temp = tempfile::tempdir().unwrap();
    let left = temp.path().join("baton-sdk-sync-upload-rs-dead");
    fs::create_dir(&left).unwrap();
    fs::write(left.join("sync.c1z"), "half").unwrap();
    let plane = ControlPlane::new();
    let bench = Bench::start(&plane, Setup { temp, ..Setup::default() });
    plane.answered("GetTask", 1).await;
    assert!(!left.exists());
    bench.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_directory_that_cannot_be_written_to_fails_the_task_in_words() {
    let temp = tempfile::tempdir().unwrap();
    let plane = ControlPlane::new();
    let bench = Bench::start(&plane, Setup { temp, ..Setup::default() });
    plane.answered("GetTask", 1).await;
    fs::remove_dir(bench.temp.path()).unwrap();
    let id = plane.offer(sync(""));
    let (code, text, last) = plane.finished(&id).await.error();
    assert_eq!((code, last), (13, false));
    assert!(text.starts_with("cannot make a temporary directory in "), "{text}");
    fs::create_dir(bench.temp.path()).unwrap();
    bench.stop().await;
}
