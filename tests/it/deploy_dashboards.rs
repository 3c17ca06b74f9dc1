//! The dashboard and the alert rules: they read metrics that the program has, and every alert says what to do.

use std::{collections::BTreeSet, fs, path::Path};

use serde_json::Value;

use crate::support::manifests::documents;

const ALERTS: &str = "deploy/prometheus/alerts.yaml";
const DASHBOARD: &str = "deploy/grafana/dashboard.json";
pub const PREFIX: &str = "baton_ninja_one_";

fn dashboard() -> Value {
    serde_json::from_str(&fs::read_to_string(DASHBOARD).unwrap()).unwrap()
}

/// The alert rules.
pub fn alerts() -> Vec<Value> {
    let rules = documents(Path::new(ALERTS)).remove(0);
    let groups = rules["groups"].as_array().unwrap().iter();
    groups.flat_map(|group| group["rules"].as_array().unwrap().clone()).collect()
}

/// The panels that show something, rows left out.
pub fn panels() -> Vec<Value> {
    let all = dashboard()["panels"].as_array().unwrap().clone();
    all.into_iter().filter(|panel| panel["type"] != "row").collect()
}

/// Every query of both.
pub fn queries() -> Vec<String> {
    let text = |value: &Value| value["expr"].as_str().unwrap().to_owned();
    let mut found: Vec<_> = alerts().iter().map(text).collect();
    found.extend(
        panels()
            .iter()
            .flat_map(|panel| panel["targets"].as_array().unwrap().iter().map(text).collect::<Vec<_>>()),
    );
    found
}

/// The metrics that a query reads, as they are documented: a histogram without its series' endings.
fn metrics(query: &str) -> BTreeSet<String> {
    let words = query.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let ours = words.filter(|word| word.starts_with(PREFIX));
    let bare = |word: &str| {
        let ends = ["_bucket", "_sum", "_count"];
        ends.iter().find_map(|end| word.strip_suffix(end)).unwrap_or(word).to_owned()
    };
    ours.map(bare).collect()
}

#[test]
fn every_metric_that_is_looked_at_is_documented() {
    let used: BTreeSet<_> = queries().iter().flat_map(|query| metrics(query)).collect();
    assert!(used.len() > 15, "{used:?}");
    let documented = fs::read_to_string("docs/metrics.md").unwrap();
    let missing: Vec<_> = used.iter().filter(|name| !documented.contains(&format!("`{name}`"))).collect();
    assert!(missing.is_empty(), "not in docs/metrics.md: {missing:?}");
}

#[test]
fn every_query_reads_our_metrics_and_is_whole() {
    for query in queries() {
        assert!(!metrics(&query).is_empty() || query.contains("up{"), "{query}");
        for (open, close) in [('(', ')'), ('{', '}'), ('[', ']')] {
            let count = |c| query.matches(c).count();
            assert_eq!(count(open), count(close), "{query}");
        }
        // A counter by itself only says how long the process runs.
        for name in metrics(&query).iter().filter(|name| name.ends_with("_total")) {
            let used = ["rate(", "increase("].iter().any(|f| query.contains(&format!("{f}{name}")));
            assert!(used, "{query}: {name} without a rate");
        }
    }
}

#[test]
fn every_alert_says_what_happened_and_where_to_read_on() {
    let guide = fs::read_to_string("docs/operations.md").unwrap();
    let anchors: BTreeSet<_> = guide
        .lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| {
            line.trim_start_matches('#')
                .trim()
                .to_lowercase()
                .replace(' ', "-")
                .replace(['`', ',', ':', '.', '\''], "")
        })
        .collect();
    let mut names = BTreeSet::new();
    for alert in alerts() {
        let name = alert["alert"].as_str().unwrap();
        assert!(names.insert(name.to_owned()), "{name} twice");
        assert!(alert["for"].is_string(), "{name}: an alert for a blink wakes people for nothing");
        let severity = alert["labels"]["severity"].as_str().unwrap();
        assert!(["critical", "warning", "info"].contains(&severity), "{name}: {severity}");
        for text in ["summary", "description"] {
            assert!(alert["annotations"][text].is_string(), "{name}: {text}");
        }
        let runbook = alert["annotations"]["runbook"].as_str().unwrap_or_else(|| panic!("{name}: runbook"));
        let anchor =
            runbook.strip_prefix("docs/operations.md#").unwrap_or_else(|| panic!("{name}: {runbook}"));
        assert!(anchors.contains(anchor), "{name}: no heading for {anchor} in {anchors:?}");
        assert!(guide.contains(&format!("`{name}`")), "{name} is not in docs/operations.md");
    }
    assert!(names.len() > 8, "{names:?}");
}

#[test]
fn the_dashboard_has_a_place_a_title_and_an_explanation_for_every_panel() {
    let mut taken = BTreeSet::new();
    let mut ids = BTreeSet::new();
    for panel in panels() {
        let title = panel["title"].as_str().unwrap();
        assert!(panel["description"].as_str().is_some_and(|text| text.len() > 10), "{title}");
        assert!(panel["fieldConfig"]["defaults"]["unit"].is_string(), "{title}: a number without a unit");
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{title}: its id is taken");
        assert_eq!(panel["datasource"]["uid"], "${datasource}", "{title}");
        let place = |key: &str| panel["gridPos"][key].as_u64().unwrap();
        assert!(place("x") + place("w") <= 24, "{title}");
        for x in place("x")..place("x") + place("w") {
            for y in place("y")..place("y") + place("h") {
                assert!(taken.insert((x, y)), "{title} covers another panel");
            }
        }
    }
    assert!(ids.len() > 12);
}
