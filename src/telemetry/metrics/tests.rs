//! What a scrape shows after what has happened.

// A test that cannot go on says so by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};

use super::*;

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

/// Metrics after one of everything.
fn busy() -> Metrics {
    let m = Metrics::new("1.2.3", at(1000));
    m.rest_request("users", "success", Duration::from_millis(70));
    m.rest_request("users", "throttled", Duration::from_millis(7));
    m.rest_retry("users", "throttled");
    m.rest_throttled(Duration::from_millis(1500));
    m.token_refreshed("success");
    m.grpc_call("p.Service/Method", "ok", Duration::from_secs(2));
    m.grpc_denied("rate");
    m.grpc_connection_opened();
    m.grpc_connection_opened();
    m.grpc_connection_closed();
    m.certificate_expires(at(5000));
    let size = SyncSize { resources: 10, entitlements: 3, grants: 7, file_bytes: Some(2048) };
    let report = SyncReport { kind: "full", outcome: SUCCESS, elapsed: Duration::from_secs(3), size };
    m.sync_finished(&report, at(2000));
    m.task_started("grant");
    m.task_started("grant");
    m.task_finished("grant", "success", Duration::from_millis(300));
    m.provisioning_write("grant", "done");
    m.guard_refused("LAST_ADMINISTRATOR");
    m.directory(Duration::from_millis(2500), 12, 4);
    m.condition("ninja_one", true);
    m
}

/// Value of each sample.
fn samples(text: &str) -> BTreeMap<&str, f64> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| line.rsplit_once(' ').unwrap())
        .map(|(name, value)| (name, value.parse().unwrap()))
        .collect()
}

#[test]
fn a_scrape_shows_what_happened() {
    let text = busy().render();
    let found = samples(&text);
    let expected = [
        ("build_info{version=\"1.2.3\"}", 1.0),
        ("process_start_time_seconds", 1000.0),
        ("rest_requests_total{endpoint=\"users\",outcome=\"success\"}", 1.0),
        ("rest_requests_total{endpoint=\"users\",outcome=\"throttled\"}", 1.0),
        ("rest_request_duration_seconds_count{endpoint=\"users\"}", 2.0),
        ("rest_request_duration_seconds_bucket{le=\"0.05\",endpoint=\"users\"}", 1.0),
        ("rest_retries_total{endpoint=\"users\",reason=\"throttled\"}", 1.0),
        ("rest_throttles_total", 1.0),
        ("rest_throttle_pause_seconds_total", 1.5),
        ("token_refreshes_total{outcome=\"success\"}", 1.0),
        ("grpc_calls_total{method=\"p.Service/Method\",code=\"ok\"}", 1.0),
        ("grpc_call_duration_seconds_sum{method=\"p.Service/Method\"}", 2.0),
        ("grpc_denials_total{reason=\"rate\"}", 1.0),
        ("grpc_connections", 1.0),
        ("grpc_certificate_expiry_timestamp_seconds", 5000.0),
        ("syncs_total{kind=\"full\",outcome=\"success\"}", 1.0),
        ("sync_duration_seconds_sum{kind=\"full\"}", 3.0),
        ("sync_last_success_timestamp_seconds{kind=\"full\"}", 2000.0),
        ("sync_objects{object=\"resources\"}", 10.0),
        ("sync_objects{object=\"entitlements\"}", 3.0),
        ("sync_objects{object=\"grants\"}", 7.0),
        ("sync_file_size_bytes", 2048.0),
        ("tasks_total{kind=\"grant\",outcome=\"success\"}", 1.0),
        ("task_duration_seconds_count{kind=\"grant\"}", 1.0),
        ("tasks_running{kind=\"grant\"}", 1.0),
        ("provisioning_writes_total{operation=\"grant\",outcome=\"done\"}", 1.0),
        ("guard_refusals_total{guard=\"LAST_ADMINISTRATOR\"}", 1.0),
        ("directory_age_seconds", 2.5),
        ("directory_objects{object=\"accounts\"}", 12.0),
        ("directory_objects{object=\"roles\"}", 4.0),
        ("condition_healthy{condition=\"ninja_one\"}", 1.0),
    ];
    for (name, value) in expected {
        assert_eq!(found.get(format!("baton_ninja_one_{name}").as_str()), Some(&value), "{name} in {text}");
    }
    assert!(text.ends_with("# EOF\n"));
}

#[test]
fn a_failed_sync_leaves_what_the_last_good_one_said() {
    let metrics = busy();
    let report = SyncReport {
        kind: "full",
        outcome: "unavailable",
        elapsed: Duration::from_secs(1),
        size: SyncSize::default(),
    };
    metrics.sync_finished(&report, at(3000));
    let text = metrics.render();
    let found = samples(&text);
    assert_eq!(found["baton_ninja_one_sync_last_success_timestamp_seconds{kind=\"full\"}"], 2000.0);
    assert_eq!(found["baton_ninja_one_sync_objects{object=\"grants\"}"], 7.0);
    assert_eq!(found["baton_ninja_one_syncs_total{kind=\"full\",outcome=\"unavailable\"}"], 1.0);
}

#[test]
fn a_scrape_asks_whoever_wants_to_be_asked() {
    let metrics = Metrics::default();
    metrics.at_scrape(|m| m.directory(Duration::from_secs(9), 1, 1));
    assert!(metrics.render().contains("baton_ninja_one_directory_age_seconds 9.0"));
    if cfg!(target_os = "linux") {
        let text = metrics.render();
        assert!(samples(&text)["baton_ninja_one_process_resident_memory_bytes"] > 1e6, "{text}");
        assert!(samples(&text)["baton_ninja_one_process_open_fds"] >= 3.0, "{text}");
    }
}

#[test]
fn the_reference_has_the_names_types_and_labels_of_the_scrape() {
    let metrics = busy();
    let text = metrics.render();
    let mut labels: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for name in samples(&text).into_keys() {
        let (name, set) = name.split_once('{').unwrap_or((name, ""));
        let name =
            ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
        let known = labels.entry(name.to_owned()).or_default();
        let set = set.trim_end_matches('}').split(',').filter_map(|pair| pair.split_once('='));
        known.extend(set.map(|(label, _)| label.to_owned()).filter(|label| label != "le"));
    }
    for row in &metrics.rows {
        let expected: BTreeSet<_> = row.labels.iter().map(|label| (*label).to_owned()).collect();
        assert_eq!(labels.remove(&row.name), Some(expected), "{}", row.name);
        let base = row.name.trim_end_matches("_total").trim_end_matches("_info");
        assert!(text.contains(&format!("# TYPE {base} {}\n", row.kind)), "{}", row.name);
        assert!(!row.help.ends_with('.'), "{}: the format adds a full stop", row.name);
    }
    assert!(labels.is_empty(), "not in the reference: {labels:?}");
}
