//! What a log line looks like, and what it never shows.

// A test that cannot go on says so by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use secrecy::SecretString;
use serde_json::Value;
use tracing::subscriber::with_default;
use tracing::{debug, error, error_span, info, info_span, warn};
use tracing_subscriber::layer::SubscriberExt;

use super::lines::Lines;
use super::listeners::Listeners;
use super::*;

type Sink = Arc<Mutex<Vec<u8>>>;

fn text(sink: &Sink) -> String {
    String::from_utf8(sink.lock().unwrap().clone()).unwrap()
}

/// What `work` logs at `level`.
fn logged(level: Level, format: Format, work: impl FnOnce(&Logs)) -> String {
    let sink = Sink::default();
    let (subscriber, logs) = subscriber(level, format, Arc::clone(&sink));
    with_default(subscriber, || work(&logs));
    text(&sink)
}

fn fixed() -> SystemTime {
    UNIX_EPOCH + Duration::from_micros(1_795_365_853_064_125)
}

/// What `work` logs at a known moment.
fn at_a_fixed_time(format: Format, work: impl FnOnce()) -> String {
    let sink = Sink::default();
    let listeners = Arc::new(Listeners::new(Level::Info));
    let lines = Lines { format, output: Arc::clone(&sink), now: fixed, listeners, records: None };
    with_default(tracing_subscriber::registry().with(lines), work);
    text(&sink)
}

#[test]
fn a_json_line_has_the_keys_of_the_reference_in_its_order() {
    let line = line!() + 2;
    let out = at_a_fixed_time(Format::Json, || {
        info!(count = 3, ok = true, task_id = "t\"1", "Synced \"grants\"\n");
    });
    assert_eq!(
        out,
        format!(
            "{{\"level\":\"info\",\"ts\":1795365853.064125,\"caller\":\"telemetry/tests.rs:{line}\",\
             \"msg\":\"Synced \\\"grants\\\"\\n\",\"count\":3,\"ok\":true,\"task_id\":\"t\\\"1\"}}\n"
        )
    );
}

#[test]
fn a_console_line_is_separated_by_tabs_and_cannot_be_forged() {
    let line = line!() + 2;
    let out = at_a_fixed_time(Format::Console, || {
        warn!(count = 3, name = "x\ny\u{9b}2J", "two\nlines\t\u{1b}[31m");
        info!("plain");
    });
    assert_eq!(
        out,
        format!(
            "2026-11-22T16:44:13.064Z\tWARN\ttelemetry/tests.rs:{line}\ttwo\\nlines\\t\\u{{1b}}[31m\t{{\"count\": 3, \"name\": \"x\\ny\\u{{9b}}2J\"}}\n\
             2026-11-22T16:44:13.064Z\tINFO\ttelemetry/tests.rs:{}\tplain\n",
            line + 1
        )
    );
}

#[test]
fn an_event_carries_the_fields_of_its_spans_and_its_own_win() {
    let out = logged(Level::Info, Format::Json, |_| {
        let outer =
            info_span!("rpc", request_id = "r1", resource_type_id = "role", late = tracing::field::Empty);
        outer.record("late", 7);
        let _outer = outer.enter();
        let _inner = error_span!("page", request_id = "r2", msg = "mine").entered();
        info!(resource_type_id = "user", "listed");
    });
    let line: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(line["request_id"], "r2");
    assert_eq!(line["resource_type_id"], "user");
    assert_eq!(line["late"], 7);
    assert_eq!((&line["msg"], &line["msg_"]), (&"listed".into(), &"mine".into()));
    assert_eq!(out.matches("\"request_id\"").count(), 1, "a key stands once: {out}");
}

#[test]
fn an_error_is_logged_with_its_causes() {
    #[derive(Debug, thiserror::Error)]
    #[error("cannot sync")]
    struct Outer(#[source] std::io::Error);
    let out = logged(Level::Info, Format::Json, |_| {
        let failure = Outer(std::io::Error::other("host unreachable"));
        error!(error = &failure as &dyn std::error::Error, "failed");
    });
    assert!(out.contains("\"error\":\"cannot sync: host unreachable\""), "{out}");
}

#[test]
fn libraries_are_quieter_than_the_program() {
    for (level, ours, theirs) in [
        (Level::Error, [false, false, false], [false, false, false]),
        (Level::Warn, [false, false, true], [false, false, true]),
        (Level::Info, [false, true, true], [false, false, true]),
        (Level::Debug, [true, true, true], [false, true, true]),
        (Level::Trace, [true, true, true], [true, true, true]),
    ] {
        let out = logged(level, Format::Json, |_| {
            debug!("ours-0");
            info!("ours-1");
            warn!("ours-2");
            debug!(target: "h2::codec", "theirs-0");
            info!(target: "hyper_util::client", "theirs-1");
            warn!(target: "rustls", "theirs-2");
        });
        for at in 0..3 {
            assert_eq!(out.contains(&format!("ours-{at}")), ours[at], "{level:?} ours {at}");
            assert_eq!(out.contains(&format!("theirs-{at}")), theirs[at], "{level:?} theirs {at}");
        }
    }
}

#[test]
fn the_audit_trail_is_written_at_every_level() {
    let out = logged(Level::Error, Format::Json, |_| {
        info!(target: "audit", outcome = "done", "granted");
        info!("chatter");
    });
    assert!(out.contains("granted") && !out.contains("chatter"), "{out}");
}

#[test]
fn the_level_changes_while_the_process_runs() {
    let out = logged(Level::Info, Format::Json, |logs| {
        debug!("one");
        logs.set_level(Level::Debug).unwrap();
        debug!("two");
        logs.set_level(Level::Error).unwrap();
        info!("three");
    });
    assert!(!out.contains("one") && out.contains("two") && !out.contains("three"), "{out}");
}

#[test]
fn settings_are_read_as_the_reference_reads_them() {
    for (text, level) in [
        ("debug", Some(Level::Debug)),
        ("WARN", Some(Level::Warn)),
        ("", Some(Level::Info)),
        ("error", Some(Level::Error)),
        ("loud", None),
    ] {
        assert_eq!(Level::parse(text), level, "for {text}");
    }
    assert_eq!(Format::parse(None, true), Some(Format::Console));
    assert_eq!(Format::parse(None, false), Some(Format::Json));
    assert_eq!(Format::parse(Some("console"), false), Some(Format::Console));
    assert_eq!(Format::parse(Some("xml"), true), None);
    let (options, warnings) = Options::from_settings("loud", Some("xml"), Vec::new(), true);
    assert_eq!((options.level, options.format, warnings.len()), (Level::Info, Format::Json, 2));
}

#[test]
fn a_registered_secret_is_in_no_line_in_any_form() {
    let secret = "s3cr\"et/+ with\\ blank";
    redact::register_secret(&SecretString::from(secret));
    let encoded: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let based = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, secret);
    for format in [Format::Json, Format::Console] {
        let out = logged(Level::Info, format, |_| {
            info!(body = format!("client_secret={encoded}"), header = based.as_str(), "sent {secret}");
            info!(debug = ?secret, "twice");
        });
        for form in [secret, "s3cr", &encoded, &based] {
            assert!(!out.contains(form), "{form} is in {out}");
        }
        assert!(out.contains("sent [redacted]"), "{out}");
        if format == Format::Json {
            for line in out.lines() {
                serde_json::from_str::<Value>(line).expect("still JSON");
            }
        }
    }
}

#[test]
fn a_token_is_cut_out_until_enough_others_of_its_source_have_come() {
    let register = |source, text: &str| redact::register_newest(source, &SecretString::from(text));
    let shown = |text: &str| redact::scrub(text).contains(text);
    register("one", "newest-token-1");
    register("one", "newest-token-2");
    for number in 0..20 {
        register("another", &format!("newest-other-{number}"));
    }
    assert!(!shown("newest-token-1") && !shown("newest-token-2"), "another source takes no room from it");
    for number in 0..12 {
        register("one", &format!("newest-third-{number}"));
        assert!(!shown("newest-token-2"), "what is still in use stays");
        register("one", "newest-token-2");
    }
    assert!(shown("newest-token-1"), "what is over makes room");
    register("one", "a");
    assert!(shown("a"), "a short text would blank the logs");
    assert_eq!(format!("{:?} {}", redact::Redacted("x"), redact::Redacted(1)), "[redacted] [redacted]");
}

#[test]
fn log_files_are_appended_to_and_a_bad_path_is_an_error() {
    let directory = tempfile::TempDir::new().unwrap();
    let paths = vec![directory.path().join("a.log"), directory.path().join("b.log")];
    std::fs::write(&paths[0], "before\n").unwrap();
    for _ in 0..2 {
        let sinks = output::Sinks::open(&paths).unwrap();
        with_default(subscriber(Level::Info, Format::Json, sinks).0, || info!("hello"));
    }
    assert_eq!(std::fs::read_to_string(&paths[0]).unwrap().lines().count(), 3);
    assert_eq!(std::fs::read_to_string(&paths[1]).unwrap().matches("hello").count(), 2);
    let missing = directory.path().join("no/such/file");
    let failure = output::Sinks::open(std::slice::from_ref(&missing)).err().unwrap();
    assert!(failure.to_string().starts_with(&format!("cannot open the log file {}", missing.display())));
}

#[test]
fn a_span_keeps_what_happens_within_it_at_debug_and_the_log_keeps_its_level() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("debug.log");
    let out = logged(Level::Warn, Format::Console, |logs| {
        let (watched, other) = (info_span!("task", task_id = "t1"), info_span!("task", task_id = "t2"));
        let kept = logs.keep(&watched, &path).unwrap();
        watched.in_scope(|| {
            let _inner = info_span!("rpc", request_id = "r1").entered();
            debug!("inside");
            debug!(target: "h2::codec", "a library");
            warn!("loud");
        });
        other.in_scope(|| debug!("elsewhere"));
        debug!("outside");
        drop(kept);
        watched.in_scope(|| debug!("too late"));
    });
    let kept = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<Value> = kept.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let said: Vec<_> = lines.iter().map(|line| line["msg"].as_str().unwrap()).collect();
    assert_eq!(said, ["inside", "loud"]);
    assert!(lines.iter().all(|line| line["task_id"] == "t1" && line["request_id"] == "r1"), "{kept}");
    assert_eq!(out.lines().count(), 1, "{out}");
    assert!(out.contains("loud") && out.contains("t1"), "a warning names its task: {out}");
}

#[test]
fn two_spans_keep_logs_side_by_side_and_secrets_stay_out_of_both() {
    let folder = tempfile::tempdir().unwrap();
    let paths = ["a", "b"].map(|name| folder.path().join(name));
    redact::register_secret(&SecretString::from("kept-canary-31"));
    logged(Level::Error, Format::Json, |logs| {
        let spans = [info_span!("task", task_id = "a"), info_span!("task", task_id = "b")];
        let first = logs.keep(&spans[0], &paths[0]).unwrap();
        let _second = logs.keep(&spans[1], &paths[1]).unwrap();
        for span in &spans {
            span.in_scope(|| debug!(token = "kept-canary-31", "both"));
        }
        drop(first);
        for span in &spans {
            span.in_scope(|| debug!("one"));
        }
    });
    let [a, b] = paths.map(|path| std::fs::read_to_string(path).unwrap());
    assert_eq!((a.lines().count(), b.lines().count()), (1, 2), "{a}{b}");
    assert!(!a.contains("kept-canary-31") && a.contains(redact::REDACTED), "{a}");
}

#[test]
fn a_log_of_its_own_is_cut_off_where_it_would_grow_without_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let capped = super::output::Capped::create(&path, 20).unwrap();
    for line in ["first line\n", "second line\n", "third\n"] {
        capped.write_line(line);
    }
    let text = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!((lines.len(), lines[0]), (2, "first line"), "{text}");
    assert!(lines[1].contains("cut off") && serde_json::from_str::<Value>(lines[1]).is_ok(), "{text}");
    assert!(super::output::Capped::create(&path, 20).is_err(), "a file that is there is not written over");
}
