//! What the alert rules and the dashboard look at is there: every series, label and label value in their queries is found in scrapes
//! of the real binary at work.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    time::Duration,
};

use baton_ninja_one::{
    simulator::{Fault, RetryAfter},
    wire::{
        api::task::{self, TaskType},
        v2::{self, connector_service_client::ConnectorServiceClient},
    },
};
use serde_json::Value;
use tokio::time::timeout;
use tonic::{Request, transport::Channel};

use crate::{
    deploy_dashboards::{PREFIX, alerts, panels, queries},
    health::get,
    support::{
        PATIENCE, World,
        binary::{Binary, Running},
        control_plane::{CLIENT_ID, ControlPlane, HOST_ID, Key},
        scripted::sync,
        writes::{assigned, by_id},
    },
};

/// Labels that the scraper puts on every series.
const SCRAPERS: [&str; 2] = ["instance", "job"];

type Labels = BTreeMap<String, String>;

/// What a query asks a series for.
#[derive(Debug)]
struct Selector {
    name: String,
    /// Label, operator, value.
    matchers: Vec<(String, String, String)>,
    /// The labels that the query groups by or shows.
    grouped: BTreeSet<String>,
}

/// The selectors of our metrics in a query, each with the groupings around it.
fn selectors(query: &str) -> Vec<Selector> {
    assert!(!query.contains(") by ("), "a grouping behind its argument is not read here: {query}");
    let mut found: Vec<(usize, Selector)> = Vec::new();
    for (at, _) in query.match_indices(PREFIX) {
        let rest = &query[at..];
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        let matchers = rest[end..].strip_prefix('{').map(|rest| rest.split('}').next().unwrap());
        let matchers = matchers.unwrap_or_default().split(',').filter(|m| !m.is_empty()).map(matcher);
        let selector =
            Selector { name: rest[..end].to_owned(), matchers: matchers.collect(), grouped: BTreeSet::new() };
        found.push((at, selector));
    }
    for (at, by) in query.match_indices(" by (") {
        let (labels, rest) = query[at + by.len()..].split_once(')').unwrap();
        let begin = query.len() - rest.len();
        let end = begin + closing(rest);
        for (at, selector) in &mut found {
            if (begin..end).contains(at) {
                selector.grouped.extend(labels.split(',').map(|label| label.trim().to_owned()));
            }
        }
    }
    found.into_iter().map(|(_, selector)| selector).collect()
}

fn matcher(text: &str) -> (String, String, String) {
    let at = text.find(['=', '!']).unwrap_or_else(|| panic!("no matcher: {text}"));
    let (label, rest) = text.split_at(at);
    let (operator, value) = rest.split_once('"').unwrap();
    (label.trim().to_owned(), operator.trim().to_owned(), value.trim_end_matches('"').to_owned())
}

/// Where the bracket closes that the text opens.
fn closing(text: &str) -> usize {
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        depth += i32::from(c == '(') - i32::from(c == ')');
        if depth == 0 && c == ')' {
            return at;
        }
    }
    panic!("a bracket stays open: {text}");
}

/// The series of a scrape.
fn series(scrape: &str) -> Vec<(String, Labels)> {
    let lines = scrape.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let (series, _) = line.rsplit_once(' ').unwrap();
            let (name, labels) = series.split_once('{').unwrap_or((series, ""));
            let pairs = labels.trim_end_matches('}').split("\",").filter(|pair| !pair.is_empty());
            let pair = |pair: &str| {
                let (label, value) = pair.split_once("=\"").unwrap();
                (label.to_owned(), value.trim_end_matches('"').to_owned())
            };
            (name.to_owned(), pairs.map(pair).collect())
        })
        .collect()
}

/// The alternatives that an operator's value names.
fn words<'a>(operator: &str, value: &'a str) -> Vec<&'a str> {
    if operator.ends_with('~') { value.split('|').collect() } else { vec![value] }
}

fn passes(labels: &Labels, (label, operator, value): &(String, String, String)) -> bool {
    let held = labels.get(label).map_or("", String::as_str);
    words(operator, value).contains(&held) != operator.starts_with('!')
}

/// What a query looks at and no scrape shows.
fn missing(query: &str, scraped: &[(String, Labels)]) -> Vec<String> {
    let mut missing = Vec::new();
    for mut selector in selectors(query) {
        selector.matchers.retain(|(label, ..)| !SCRAPERS.contains(&label.as_str()));
        let name = &selector.name;
        let ours: Vec<_> =
            scraped.iter().filter(|(known, _)| known == name).map(|(_, labels)| labels).collect();
        for (label, operator, value) in &selector.matchers {
            // A word that is left out has to be one that there is, too.
            for word in words(operator, value) {
                if !ours.iter().any(|labels| labels.get(label).is_some_and(|held| held == word)) {
                    missing.push(format!("{name}{{{label}=\"{word}\"}}"));
                }
            }
        }
        for label in selector.grouped.iter().filter(|label| !SCRAPERS.contains(&label.as_str())) {
            if !ours.iter().any(|labels| labels.contains_key(label)) {
                missing.push(format!("{name} by {label}"));
            }
        }
        if !ours.iter().any(|labels| selector.matchers.iter().all(|matcher| passes(labels, matcher))) {
            missing.push(format!("{name} as in {query}"));
        }
    }
    missing
}

#[tokio::test(flavor = "multi_thread")]
async fn every_series_label_and_value_that_is_looked_at_is_in_a_real_scrape() {
    let mut scraped = series(&of_the_worker().await);
    scraped.extend(series(&of_refused_credentials().await));
    let queries = queries();
    let seen: usize = queries.iter().map(|query| selectors(query).len()).sum();
    assert!(seen > 40, "the selectors are read: {seen}");
    let missing: BTreeSet<_> = queries.iter().flat_map(|query| missing(query, &scraped)).collect();
    assert!(missing.is_empty(), "in no scrape: {missing:#?}");
}

#[test]
fn a_series_a_label_and_a_value_that_are_not_there_are_each_seen() {
    let there = "baton_ninja_one_syncs_total{kind=\"full\",outcome=\"success\"} 1\n\
                 baton_ninja_one_syncs_total{kind=\"full\",outcome=\"error\"} 1\n# EOF\n";
    let scraped = series(there);
    for (query, wanted) in [
        ("sum(rate(baton_ninja_one_syncs_total{outcome=\"success\"}[5m]))", 0),
        (
            "sum by (kind) (rate(baton_ninja_one_syncs_total{instance=~\"$instance\",outcome!~\"success|error\"}[5m]))",
            1,
        ),
        ("sum by (kind) (rate(baton_ninja_one_syncs_total{outcome!=\"succes\"}[5m]))", 1),
        ("sum by (sort) (rate(baton_ninja_one_syncs_total[5m]))", 1),
        ("sum by (sort) (rate(up[5m])) / sum(rate(baton_ninja_one_syncs_total[5m]))", 0),
        ("baton_ninja_one_sync_total", 1),
        ("baton_ninja_one_syncs_total{outcome=~\"error|failure\"}", 1),
    ] {
        let told = missing(query, &scraped);
        assert_eq!(told.len(), wanted, "{query}: {told:?}");
    }
}

#[test]
fn a_text_shows_only_labels_that_its_query_leaves() {
    let mut shown: Vec<(String, String, &str)> = Vec::new();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    for alert in alerts() {
        let annotations = alert["annotations"].as_object().unwrap().values().map(text).collect();
        shown.push((text(&alert["expr"]), annotations, "$labels."));
    }
    for panel in panels() {
        for target in panel["targets"].as_array().unwrap() {
            shown.push((text(&target["expr"]), text(&target["legendFormat"]), "{{"));
        }
    }
    let mut seen = 0;
    for (query, text, mark) in shown {
        let aggregates = ["sum", "min", "max", "count", "absent"]
            .iter()
            .any(|f| query.contains(&format!("{f}(")) || query.contains(&format!("{f} by (")));
        let left: BTreeSet<_> = if aggregates {
            selectors(&query).into_iter().flat_map(|selector| selector.grouped).collect()
        } else {
            SCRAPERS.map(str::to_owned).into()
        };
        for (at, _) in text.match_indices(mark) {
            let rest = text[at + mark.len()..].trim_start();
            let label = rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap();
            // `{{ $value }}` and `{{ $labels.x }}` begin with a dollar.
            assert!(label.is_empty() || left.contains(label), "{label} is not left by {query}");
            seen += usize::from(!label.is_empty());
        }
    }
    assert!(seen > 25, "the labels are found: {seen}");
}

async fn scrape(running: &Running) -> String {
    let (status, text) = get(running.said("health pages"), "/metrics").await;
    assert_eq!(status, 200);
    text
}

async fn connector(running: &Running) -> ConnectorServiceClient<Channel> {
    let endpoint = Channel::from_shared(format!("http://{}", running.address)).unwrap();
    ConnectorServiceClient::new(endpoint.connect().await.unwrap())
}

/// A worker of the control plane with a gRPC door beside it: syncs and grants that work and that do not, a pause that NinjaOne asks
/// for, a caller who goes away.
async fn of_the_worker() -> String {
    let (world, plane) = (World::small().await, ControlPlane::in_real_time());
    let door = plane.over_tls().await;
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    fs::write(&ca, &door.ca).unwrap();
    let args = ["--listen", "127.0.0.1:0", "--provisioning", "--health-check", "--health-check-port", "0"];
    let running = Binary::new(&args)
        .against(&world)
        .env("BATON_CLIENT_ID", CLIENT_ID)
        .env("BATON_CLIENT_SECRET", &Key::first().secret)
        .env("BATON_C1_API_HOST", &door.authority)
        .env("BATON_HOST_ID", HOST_ID)
        .env("SSL_CERT_FILE", ca.to_str().unwrap())
        .listening()
        .await;
    let pause = Fault::TooManyRequests { retry_after: Some(RetryAfter::Seconds(1)) };
    world.ninja_one.faults().on("GET", "/v2/users", pause).times(1);
    let grant = |role: i32| {
        let (entitlement, principal) = (Some(assigned(role)), Some(by_id("user", 22)));
        TaskType::Grant(task::GrantTask { entitlement, principal, ..Default::default() })
    };
    // A role for technicians, and a type that does not exist, are refused.
    for task in [sync(""), grant(5), grant(7), sync("nope")] {
        let id = plane.offer(task);
        plane.finished(&id).await;
    }
    let mut connector = connector(&running).await;
    connector.get_metadata(v2::ConnectorServiceGetMetadataRequest {}).await.unwrap();
    world.ninja_one.faults().on("GET", "/v2/organizations", Fault::Hold);
    let mut hasty = Request::new(v2::ConnectorServiceValidateRequest {});
    hasty.set_timeout(Duration::from_millis(100));
    connector.validate(hasty).await.unwrap_err();
    let told = async {
        loop {
            let text = scrape(&running).await;
            if text.contains("outcome=\"cancelled\"") {
                return text;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, told).await.expect("the request that was given up is counted")
}

/// A daemon whose credentials NinjaOne refuses for one reason after the other.
async fn of_refused_credentials() -> String {
    let world = World::small().await;
    let args = ["serve", "--listen", "127.0.0.1:0", "--health-check", "--health-check-port", "0"];
    let answer = |status: u16, body: &str| Fault::Answer {
        status,
        content_type: "application/json".into(),
        body: body.into(),
    };
    let faults = [
        Fault::WrongRegion,
        answer(401, r#"{"error":"invalid_client"}"#),
        answer(400, r#"{"error":"invalid_scope"}"#),
        answer(400, r#"{"resultCode":"FAILURE","errorMessage":"who knows"}"#),
    ];
    world.ninja_one.faults().on("POST", "/ws/oauth/token", faults[0].clone());
    let running = Binary::new(&args).against(&world).listening().await;
    let mut connector = connector(&running).await;
    for fault in faults {
        world.ninja_one.faults().clear();
        world.ninja_one.faults().on("POST", "/ws/oauth/token", fault);
        connector.validate(v2::ConnectorServiceValidateRequest {}).await.unwrap_err();
    }
    scrape(&running).await
}
