//! Traces and log records at a collector, sent by the real binary.

use baton_ninja_one::wire::v2::{
    ResourcesServiceListResourcesRequest, resources_service_client::ResourcesServiceClient,
};
use opentelemetry_proto::tonic::{
    logs::v1::LogRecord,
    trace::v1::{Span, span::SpanKind, status::StatusCode},
};
use secrecy::ExposeSecret as _;
use tonic::{Request, transport::Channel};
use tonic_health::pb::health_check_response::ServingStatus;

use super::support::{
    World,
    binary::{Binary, Running, text},
    collector::{self, Collector, attribute},
    wait_for,
};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const CALLER: &str = "b7ad6b7169203331";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The daemon, sending what it knows to the collector, in plain.
fn daemon(world: &World, collector: &Collector) -> Binary {
    Binary::new(&["serve", "--listen", "127.0.0.1:0"])
        .against(world)
        .env("BATON_OTEL_COLLECTOR_ENDPOINT", &collector.authority)
        .env("BATON_OTEL_COLLECTOR_ENDPOINT_TLS_INSECURE", "true")
        // Every call asks NinjaOne.
        .env("BATON_DIRECTORY_MAX_AGE", "0s")
}

async fn channel(running: &Running) -> Channel {
    Channel::from_shared(format!("http://{}", running.address)).unwrap().connect().await.unwrap()
}

/// Lists the roles as part of the caller's trace, with a request id.
async fn list_roles(running: &Running, request_id: &str) {
    let mut request = Request::new(ResourcesServiceListResourcesRequest {
        resource_type_id: "role".to_owned(),
        ..Default::default()
    });
    let traceparent = format!("00-{TRACE}-{CALLER}-01");
    request.metadata_mut().insert("traceparent", traceparent.parse().unwrap());
    request.metadata_mut().insert("tracestate", format!("caller={request_id}").parse().unwrap());
    request.metadata_mut().insert("x-request-id", request_id.parse().unwrap());
    let channel = channel(running).await;
    // What the daemon asks NinjaOne at its start is no part of the trace.
    wait_for(&channel, ServingStatus::Serving).await;
    ResourcesServiceClient::new(channel).list_resources(request).await.unwrap();
}

/// Stops the daemon, which hands over what it still has; what it logged.
async fn stopped(running: Running) -> String {
    running.terminate();
    let (code, log) = running.end().await;
    assert_eq!(code, Some(0), "{log}");
    log
}

fn find<'a>(spans: &'a [Span], name: &str) -> &'a Span {
    let names: Vec<_> = spans.iter().map(|span| span.name.as_str()).collect();
    spans.iter().find(|span| span.name == name).unwrap_or_else(|| panic!("{name} is not among {names:?}"))
}

/// Whether one of the spans around it is that one.
fn is_within(span: &Span, wanted: &Span, spans: &[Span]) -> bool {
    span.parent_span_id == wanted.span_id
        || spans
            .iter()
            .find(|around| around.span_id == span.parent_span_id)
            .is_some_and(|around| is_within(around, wanted, spans))
}

#[tokio::test]
async fn a_trace_goes_from_the_callers_span_over_the_call_to_the_request_to_ninja_one() {
    let (world, collector) = (World::small().await, Collector::start().await);
    let running = daemon(&world, &collector).listening().await;
    list_roles(&running, "request-7").await;
    let log = stopped(running).await;

    let spans = collector.spans();
    let call = find(&spans, "c1.connector.v2.ResourcesService/ListResources");
    assert_eq!((hex(&call.trace_id), hex(&call.parent_span_id)), (TRACE.to_owned(), CALLER.to_owned()));
    assert_eq!(call.kind(), SpanKind::Server);
    assert_eq!(attribute(&call.attributes, "request_id"), Some("request-7"));
    assert_eq!(attribute(&call.attributes, "code"), Some("Ok"));
    let in_trace: Vec<&Span> = spans.iter().filter(|span| hex(&span.trace_id) == TRACE).collect();
    let request = in_trace.iter().find(|span| span.name == "GET /v2/user/roles");
    let request = request.unwrap_or_else(|| panic!("no request to NinjaOne in the trace: {in_trace:#?}"));
    assert_eq!(request.kind(), SpanKind::Client);
    assert!(is_within(request, call, &spans), "{in_trace:#?}");
    let probes: Vec<_> = spans.iter().filter(|span| span.kind() == SpanKind::Server).collect();
    assert_eq!(probes.len(), 1, "the health service is not traced: {probes:#?}");
    assert_eq!(attribute(&request.attributes, "outcome"), Some("success"));
    assert!(log.contains("listening"), "{log}");
}

#[tokio::test]
async fn log_records_arrive_with_their_level_fields_and_trace() {
    let (world, collector) = (World::small().await, Collector::start().await);
    let running = daemon(&world, &collector).env("BATON_LOG_LEVEL", "debug").listening().await;
    list_roles(&running, "request-8").await;
    let log = stopped(running).await;

    let records = collector.records();
    let said = |what: &str| records.iter().find(|record| collector::text(record.body.as_ref()) == Some(what));
    let listening = said("listening").expect("the start is told");
    assert_eq!((listening.severity_text.as_str(), listening.severity_number), ("INFO", 9));
    let of_trace = |record: &&LogRecord| hex(&record.trace_id) == TRACE;
    let ended = records.iter().filter(of_trace).find(|record| record.severity_text == "DEBUG");
    let ended = ended.expect("what is said within the call belongs to its trace");
    assert_eq!(attribute(&ended.attributes, "request_id"), Some("request-8"));
    let service = collector.resources();
    assert!(!service.is_empty());
    for resource in &service {
        assert_eq!(attribute(&resource.attributes, "service.name"), Some("baton-ninja-one"));
    }
    // The line of the log names the trace, so that one leads to the other.
    let of_trace = format!(r#""trace_id":"{TRACE}""#);
    let line = log.lines().find(|line| line.contains("NinjaOne request ended") && line.contains(&of_trace));
    assert!(line.is_some_and(|line| !line.contains("otel.")), "{log}");
}

#[tokio::test]
async fn a_failed_request_is_an_error_in_its_trace() {
    let (world, collector) = (World::small().await, Collector::start().await);
    let running =
        daemon(&world, &collector).env("BATON_NINJA_ONE_CLIENT_SECRET", "not the secret").listening().await;
    let request =
        ResourcesServiceListResourcesRequest { resource_type_id: "role".to_owned(), ..Default::default() };
    ResourcesServiceClient::new(channel(&running).await).list_resources(request).await.unwrap_err();
    stopped(running).await;
    let spans = collector.spans();
    let token = spans.iter().find(|span| span.name.starts_with("POST ")).expect("the token request");
    assert_eq!(token.status.as_ref().map(|status| status.code()), Some(StatusCode::Error), "{token:?}");
}

#[tokio::test]
async fn each_signal_can_be_switched_off() {
    for (off, spans, records) in
        [("BATON_OTEL_TRACING_DISABLED", false, true), ("BATON_OTEL_LOGGING_DISABLED", true, false)]
    {
        let (world, collector) = (World::small().await, Collector::start().await);
        let running = daemon(&world, &collector).env(off, "true").listening().await;
        list_roles(&running, "request").await;
        stopped(running).await;
        assert_eq!(
            (!collector.spans().is_empty(), !collector.records().is_empty()),
            (spans, records),
            "{off}"
        );
    }
}

#[tokio::test]
async fn no_secret_reaches_the_collector_even_if_a_caller_sends_it() {
    let (world, collector) = (World::small().await, Collector::start().await);
    let headers = "x-tenant=7,authorization=Bearer%20canary-header-9";
    let running = daemon(&world, &collector)
        .env("BATON_LOG_LEVEL", "trace")
        .env("OTEL_EXPORTER_OTLP_HEADERS", headers)
        .listening()
        .await;
    let secret = world.ninja_one.client_secret().expose_secret().to_owned();
    for sent in [&secret, "canary-header-9"] {
        list_roles(&running, sent).await;
    }
    let token = world.ninja_one.given_out().last().unwrap().expose_secret().to_owned();
    list_roles(&running, &token).await;
    let log = stopped(running).await;
    assert!(collector.authorizations().iter().all(|given| given == "Bearer canary-header-9"));
    assert!(!collector.authorizations().is_empty(), "the header is not sent");
    for told in [collector.everything(), log] {
        assert!(told.contains("[redacted]"), "{told}");
        for secret in [&*secret, "canary-header-9", &*token] {
            assert!(!told.contains(secret), "a secret was sent");
        }
    }
}

#[tokio::test]
async fn a_one_shot_sync_is_a_trace_and_is_handed_over_before_the_process_ends() {
    let (world, collector) = (World::small().await, Collector::start().await);
    let endpoint = format!("http://{}", collector.authority);
    let output =
        Binary::new(&[]).against(&world).env("BATON_OTEL_COLLECTOR_ENDPOINT", &endpoint).output().await;
    assert!(output.status.success(), "{}", text(&output.stderr));
    let spans = collector.spans();
    let sync = find(&spans, "sync");
    assert!(sync.parent_span_id.is_empty());
    let users = find(&spans, "GET /v2/users");
    assert!(users.trace_id == sync.trace_id && is_within(users, sync, &spans), "{spans:#?}");
}

#[tokio::test]
async fn a_collector_over_tls_is_trusted_by_its_certificate_and_by_nothing_else() {
    let (world, collector) = (World::small().await, Collector::over_tls().await);
    let ca = collector.ca.clone().unwrap();
    let sync = || Binary::new(&[]).against(&world).env("BATON_OTEL_COLLECTOR_ENDPOINT", &collector.authority);
    let output = sync().output().await;
    let log = text(&output.stderr);
    assert!(output.status.success() && collector.spans().is_empty(), "{log}");
    assert!(log.contains("the OpenTelemetry collector cannot be reached"), "{log}");

    let output = sync().env("BATON_OTEL_COLLECTOR_ENDPOINT_TLS_CERT", &ca).output().await;
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(!collector.spans().is_empty() && !collector.records().is_empty());
}

#[tokio::test]
async fn a_collector_that_is_not_there_costs_a_warning_and_not_the_work() {
    let world = World::small().await;
    // Bound and not listening: refused for as long as it lives.
    let nobody = tokio::net::TcpSocket::new_v4().unwrap();
    nobody.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = nobody.local_addr().unwrap().to_string();
    let output = Binary::new(&["--otel-collector-endpoint-tls-insecure"])
        .against(&world)
        .env("BATON_OTEL_COLLECTOR_ENDPOINT", &address)
        .output()
        .await;
    let log = text(&output.stderr);
    assert!(output.status.success() && log.contains("file written"), "{log}");
    assert_eq!(
        log.matches("the OpenTelemetry collector cannot be reached").count(),
        2,
        "one for each signal: {log}"
    );
}

#[tokio::test]
async fn settings_of_the_collector_that_cannot_be_are_refused_by_name() {
    let world = World::small().await;
    for (settings, told) in [
        (&[("BATON_OTEL_COLLECTOR_ENDPOINT", "collector")][..], "otel-collector-endpoint: \"collector\""),
        (
            &[
                ("BATON_OTEL_COLLECTOR_ENDPOINT", "https://collector:4317"),
                ("BATON_OTEL_COLLECTOR_ENDPOINT_TLS_INSECURE", "true"),
            ],
            "otel-collector-endpoint-tls-insecure",
        ),
        (
            &[
                ("BATON_OTEL_COLLECTOR_ENDPOINT", "collector:4317"),
                ("BATON_OTEL_COLLECTOR_ENDPOINT_TLS_CERT_PATH", "/nowhere/ca.pem"),
            ],
            "otel-collector-endpoint-tls-cert-path: /nowhere/ca.pem",
        ),
    ] {
        let binary = settings.iter().fold(Binary::new(&[]).against(&world), |b, (n, v)| b.env(n, v));
        let output = binary.output().await;
        let log = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{log}");
        assert!(log.contains(told), "{log}");
    }
}

#[tokio::test]
async fn without_a_collector_the_log_still_names_the_callers_trace() {
    let world = World::small().await;
    let running = Binary::new(&["serve", "--listen", "127.0.0.1:0"])
        .against(&world)
        .env("BATON_LOG_LEVEL", "debug")
        .listening()
        .await;
    list_roles(&running, "request-9").await;
    let log = stopped(running).await;
    let line = log.lines().find(|line| line.contains("call answered")).expect("a line");
    assert!(line.contains(&format!(r#""trace_id":"{TRACE}""#)), "{line}");
}
