//! What a scrape of a running daemon shows, and what it never shows.

use baton_ninja_one::{telemetry::metrics::Metrics, wire::v2};
use secrecy::ExposeSecret as _;

use super::health::get;
use crate::support::{
    World,
    binary::Binary,
    reference_page, wait_for,
    walk::Walk,
    writes::{assigned, by_id},
};

async fn scrape(args: &[&str], page: &str) -> (World, String) {
    let world = World::small().await;
    let args = [&["serve", "--listen", "127.0.0.1:0"], args].concat();
    let running = Binary::new(&args).against(&world).listening().await;
    let channel = tonic::transport::Channel::from_shared(format!("http://{}", running.address));
    let channel = channel.unwrap().connect().await.unwrap();
    wait_for(&channel, tonic_health::pb::health_check_response::ServingStatus::Serving).await;
    Walk::new(&channel, 0).run().await.unwrap();
    let (status, text) = get(running.said(page), "/metrics").await;
    assert_eq!(status, 200);
    (world, text)
}

#[tokio::test]
async fn a_sync_shows_in_the_metrics() {
    let (world, text) = scrape(&["--health-check", "--health-check-port", "0"], "health pages").await;
    let value = |name: &str| -> f64 {
        let line = text.lines().find(|line| line.starts_with(&format!("baton_ninja_one_{name} ")));
        line.unwrap_or_else(|| panic!("no {name} in {text}")).rsplit_once(' ').unwrap().1.parse().unwrap()
    };
    assert_eq!(value("rest_requests_total{endpoint=\"users\",outcome=\"success\"}"), 1.0);
    assert_eq!(value("token_refreshes_total{outcome=\"success\"}"), 1.0);
    let method = "c1.connector.v2.ResourceTypesService/ListResourceTypes";
    assert_eq!(value(&format!("grpc_calls_total{{method=\"{method}\",code=\"ok\"}}")), 1.0);
    assert_eq!(value("directory_objects{object=\"accounts\"}"), 5.0);
    assert_eq!(value("directory_objects{object=\"roles\"}"), 2.0);
    assert_eq!(value("condition_healthy{condition=\"ninja_one\"}"), 1.0);
    assert_eq!(value("grpc_denials_total{reason=\"unknown_token\"}"), 0.0, "there before it happens");
    assert!(value("process_resident_memory_bytes") > 1e6);

    let secret = world.ninja_one.client_secret().expose_secret();
    for hidden in [secret, world.ninja_one.client_id(), "tess", "Tess", "example.org", "Helpdesk"] {
        assert!(!text.contains(hidden), "{hidden} is in the metrics");
    }
}

#[tokio::test]
async fn writes_and_refusals_show_in_the_metrics() {
    let world = World::small().await;
    let args = ["serve", "--listen", "127.0.0.1:0", "--provisioning", "--metrics-listen", "127.0.0.1:0"];
    let running = Binary::new(&args).against(&world).listening().await;
    let channel = tonic::transport::Channel::from_shared(format!("http://{}", running.address));
    let mut grants = v2::grant_manager_service_client::GrantManagerServiceClient::new(
        channel.unwrap().connect().await.unwrap(),
    );
    let mut grant = async |role: i32, user: i32| {
        let request = v2::GrantManagerServiceGrantRequest {
            entitlement: Some(assigned(role)),
            principal: Some(by_id("user", user)),
            ..Default::default()
        };
        grants.grant(request).await
    };
    grant(5, 22).await.unwrap();
    grant(5, 22).await.unwrap();
    grant(7, 22).await.unwrap_err(); // a role for technicians
    let (_, text) = get(running.said("metrics"), "/metrics").await;
    for (outcome, count) in [("done", 1), ("already", 1), ("refused", 1)] {
        let line =
            format!("provisioning_writes_total{{operation=\"grant\",outcome=\"{outcome}\"}} {count}\n");
        assert!(text.contains(&line), "{line} is not in {text}");
    }
    assert!(text.contains("baton_ninja_one_guard_refusals_total{guard=\""), "{text}");
}

#[tokio::test]
async fn metrics_can_have_an_address_of_their_own() {
    let args = ["--metrics-listen", "127.0.0.1:0", "--health-check", "--health-check-port", "0"];
    let world = World::small().await;
    let args = [&["serve", "--listen", "127.0.0.1:0"][..], &args].concat();
    let running = Binary::new(&args).against(&world).listening().await;
    let (status, text) = get(running.said("metrics"), "/metrics").await;
    assert!(status == 200 && text.ends_with("# EOF\n"), "{text}");
    assert_eq!(get(running.said("metrics"), "/health").await.0, 404);
    assert_eq!(get(running.said("health pages"), "/metrics").await.0, 404);
}

#[test]
fn the_page_on_metrics_is_what_is_registered() {
    reference_page("docs/metrics.md", &Metrics::default().reference_markdown());
}

#[test]
fn the_page_on_configuration_is_the_table_of_settings() {
    reference_page("docs/configuration.md", &baton_ninja_one::config::reference_markdown());
}
