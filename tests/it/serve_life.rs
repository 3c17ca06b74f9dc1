//! The daemon's life: ready when it works, refusing in the documented words, gone in time.

use std::time::Duration;

use baton_ninja_one::{
    simulator::Fault,
    wire::{api, v2},
};
use tokio::time::timeout;
use tonic::{Code, transport::Channel};
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};

use crate::support::{PATIENCE, World, binary::Binary, wait_for};

async fn connect(address: &str) -> Channel {
    Channel::from_shared(format!("http://{address}")).unwrap().connect().await.unwrap()
}

async fn health(channel: &Channel, service: &str) -> ServingStatus {
    let request = HealthCheckRequest { service: service.into() };
    HealthClient::new(channel.clone()).check(request).await.unwrap().into_inner().status()
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_not_serving_until_it_has_proved_that_it_can_work() {
    let world = World::small().await;
    world.ninja_one.faults().on("GET", "/v2/organizations", Fault::Hold);
    let daemon = world.daemon().await;
    for service in ["", "c1.connector.v2.ConnectorService", "c1.connector.v2.GrantsService"] {
        assert_eq!(health(&daemon.channel, service).await, ServingStatus::NotServing, "{service}");
    }
    world.ninja_one.faults().clear();
    daemon.ready().await;
    assert_eq!(health(&daemon.channel, "c1.connector.v2.GrantsService").await, ServingStatus::Serving);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shutdown_says_so_at_once_ends_watches_and_lets_calls_finish() {
    let world = World::small().await;
    let daemon = world.daemon().await;
    daemon.ready().await;
    let mut health = HealthClient::new(connect(&daemon.address.to_string()).await);
    let mut states = health.watch(HealthCheckRequest::default()).await.unwrap().into_inner();
    assert_eq!(states.message().await.unwrap().unwrap().status(), ServingStatus::Serving);

    world.ninja_one.faults().on("GET", "/v2/users", Fault::Hold);
    let resources = daemon.resources();
    let call = tokio::spawn(async move {
        let mut resources = resources;
        let request = v2::ResourcesServiceListResourcesRequest {
            resource_type_id: "user".into(),
            ..Default::default()
        };
        resources.list_resources(request).await
    });
    let held = async {
        while world.ninja_one.faults().held() == 0 {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, held).await.unwrap();

    daemon.shutdown.cancel();
    assert_eq!(states.message().await.unwrap().unwrap().status(), ServingStatus::NotServing);
    assert!(states.message().await.unwrap().is_none(), "the watch ends with the daemon");
    assert!(!call.is_finished());
    world.ninja_one.faults().clear();
    let users = timeout(PATIENCE, call).await.unwrap().unwrap().unwrap().into_inner().list;
    assert_eq!(users.len(), 5, "the call under way is answered");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_does_not_end_is_cut_off_when_the_grace_is_over() {
    let world = World::small().await.grace(Duration::from_millis(50));
    let mut daemon = world.daemon().await;
    daemon.ready().await;
    world.ninja_one.faults().on("GET", "/v2/users", Fault::Hold);
    let mut resources = daemon.resources();
    let request =
        v2::ResourcesServiceListResourcesRequest { resource_type_id: "user".into(), ..Default::default() };
    let _call = tokio::spawn(async move { resources.list_resources(request).await });
    daemon.shutdown.cancel();
    timeout(PATIENCE, &mut daemon.task).await.expect("the grace is a deadline").unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_binary_serves_and_ends_well_even_with_a_silent_client_holding_a_stream() {
    let world = World::small().await;
    let running = Binary::new(&["serve", "--listen", "127.0.0.1:0", "--log-format", "json"])
        .against(&world)
        .listening()
        .await;
    let channel = connect(&running.address).await;
    wait_for(&channel, ServingStatus::Serving).await;

    // A reflection stream that nobody reads, and a raw connection that never says a word.
    let (_questions, stream) = tokio::sync::mpsc::channel(1);
    let mut reflection =
        tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient::new(channel.clone());
    let _answers =
        reflection.server_reflection_info(tokio_stream::wrappers::ReceiverStream::new(stream)).await.unwrap();
    let _silent = tokio::net::TcpStream::connect(&running.address).await.unwrap();

    running.terminate();
    let (code, log) = running.end().await;
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("shutting down"), "{log}");
    assert!(!log.contains("simulator-secret"), "the secret is in the log: {log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_ends_a_call_and_the_daemon_lives_on() {
    let world = World::small().await;
    let daemon = world.daemon().await;
    daemon.ready().await;
    world.ninja_one.faults().on("GET", "/v2/users", Fault::Hold);
    let mut request = tonic::Request::new(v2::ResourcesServiceListResourcesRequest {
        resource_type_id: "user".into(),
        ..Default::default()
    });
    request.set_timeout(Duration::from_millis(20));
    let late = daemon.resources().list_resources(request).await.unwrap_err();
    assert!(matches!(late.code(), Code::DeadlineExceeded | Code::Cancelled), "{late:?}");
    world.ninja_one.faults().clear();
    assert_eq!(daemon.users().await.unwrap().len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_metadata_says_what_is_there() {
    let world = World::small().await;
    let daemon = world.daemon().await;
    let reply = daemon
        .connector()
        .get_metadata(v2::ConnectorServiceGetMetadataRequest {})
        .await
        .unwrap()
        .into_inner();
    let metadata = reply.metadata.unwrap();
    assert_eq!(metadata.display_name, "NinjaOne");
    let capabilities = metadata.capabilities.unwrap();
    let types: Vec<_> = capabilities
        .resource_type_capabilities
        .iter()
        .map(|t| t.resource_type.as_ref().unwrap().id.as_str())
        .collect();
    assert_eq!(types, ["role", "user"]);
    let mut sorted = capabilities.connector_capabilities.clone();
    sorted.sort_unstable();
    assert_eq!(capabilities.connector_capabilities, sorted);
    let validated = daemon.validate().await.unwrap();
    assert_eq!(validated.sdk_version, "v0.25.0");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_refused_in_the_documented_words() {
    use v2::{
        account_manager_service_client::AccountManagerServiceClient,
        event_service_client::EventServiceClient, grant_manager_service_client::GrantManagerServiceClient,
        resource_getter_service_client::ResourceGetterServiceClient,
        tickets_service_client::TicketsServiceClient,
    };
    let world = World::small().await;
    let daemon = world.daemon().await;
    let channel = || daemon.channel.clone();
    let told = |status: tonic::Status, code: Code, text: &str| {
        assert_eq!((status.code(), status.message()), (code, text));
    };
    let id = |t: &str| {
        Some(v2::ResourceId { resource_type: t.into(), resource: "1".into(), ..Default::default() })
    };

    let list =
        v2::ResourcesServiceListResourcesRequest { resource_type_id: "nope".into(), ..Default::default() };
    let status = daemon.resources().list_resources(list).await.unwrap_err();
    told(status, Code::NotFound, "error: list resources with unknown resource type nope");
    let get = v2::ResourceGetterServiceGetResourceRequest { resource_id: id("nope"), ..Default::default() };
    let status = ResourceGetterServiceClient::new(channel()).get_resource(get).await.unwrap_err();
    told(status, Code::Unimplemented, "error: get resource with unknown resource type nope");
    let get = v2::ResourceGetterServiceGetResourceRequest { resource_id: id("user"), ..Default::default() };
    let status = ResourceGetterServiceClient::new(channel()).get_resource(get).await.unwrap_err();
    assert_eq!(status.code(), Code::NotFound);

    let events = v2::ListEventsRequest { event_feed_id: "nope".into(), ..Default::default() };
    let status = EventServiceClient::new(channel()).list_events(events).await.unwrap_err();
    told(status, Code::NotFound, "error: event feed id nope not found");
    let status = TicketsServiceClient::new(channel())
        .list_ticket_schemas(v2::TicketsServiceListTicketSchemasRequest::default())
        .await
        .unwrap_err();
    told(status, Code::Unknown, "ticketing is not enabled");

    let status = AccountManagerServiceClient::new(channel())
        .create_account(v2::CreateAccountRequest::default())
        .await
        .unwrap_err();
    told(status, Code::FailedPrecondition, "provisioning is not enabled");
    let status = GrantManagerServiceClient::new(channel())
        .grant(v2::GrantManagerServiceGrantRequest::default())
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument, "rules come before the gate: {status:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn with_the_gates_open_what_the_connector_lacks_is_unimplemented() {
    use v2::tickets_service_client::TicketsServiceClient;
    let gates = baton_ninja_one::baton::runtime::Gates { provisioning: true, ticketing: true };
    let world = World::small().await.gates(gates);
    let daemon = world.daemon().await;
    let request = v2::TicketsServiceListTicketSchemasRequest::default();
    let status =
        TicketsServiceClient::new(daemon.channel.clone()).list_ticket_schemas(request).await.unwrap_err();
    assert_eq!((status.code(), status.message()), (Code::Unimplemented, "ticket manager not implemented"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_control_planes_own_services_are_not_served_here() {
    let world = World::small().await;
    let daemon = world.daemon().await;
    let mut client = api::baton_service_client::BatonServiceClient::new(daemon.channel.clone());
    let status = client.get_task(api::BatonServiceGetTaskRequest { host_id: "h".into() }).await;
    assert_eq!(status.unwrap_err().code(), Code::Unimplemented);
}
