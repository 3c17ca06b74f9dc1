//! The gRPC daemon behind TLS and tokens: what callers, scrapers and the kubelet are told, in good times and bad.

use baton_ninja_one::{
    simulator::Fault,
    wire::v2::{
        self, account_manager_service_client::AccountManagerServiceClient,
        connector_service_client::ConnectorServiceClient,
        grant_manager_service_client::GrantManagerServiceClient, grants_service_client::GrantsServiceClient,
        resources_service_client::ResourcesServiceClient,
    },
};
use secrecy::ExposeSecret as _;
use tonic::{
    Request, Status,
    transport::{Certificate, Channel, ClientTlsConfig},
};
use tonic_health::pb::health_check_response::ServingStatus;

use super::{
    place::{READER, WRITER, arguments},
    *,
};
use crate::{
    health::get,
    support::{
        binary::Running,
        wait_for,
        writes::{assigned, by_id},
    },
};

const STRANGER: &str = r#"stranger-canary-"q"\/+&=%<7>"#;

async fn connect(place: &Place, running: &Running) -> Channel {
    let tls =
        ClientTlsConfig::new().ca_certificate(Certificate::from_pem(&place.ca.pem)).domain_name("localhost");
    let endpoint = Channel::from_shared(format!("https://{}", running.address)).unwrap();
    endpoint.tls_config(tls).unwrap().connect().await.unwrap()
}

/// Sends the token along.
fn with(token: &str) -> impl FnMut(Request<()>) -> Result<Request<()>, Status> + Clone {
    let header: tonic::metadata::MetadataValue<_> = format!("Bearer {token}").parse().unwrap();
    move |mut request| {
        request.metadata_mut().insert("authorization", header.clone());
        Ok(request)
    }
}

fn list(resource_type: &str) -> v2::ResourcesServiceListResourcesRequest {
    v2::ResourcesServiceListResourcesRequest { resource_type_id: resource_type.into(), ..Default::default() }
}

fn grant(role: i32, user: i32) -> v2::GrantManagerServiceGrantRequest {
    v2::GrantManagerServiceGrantRequest {
        entitlement: Some(assigned(role)),
        principal: Some(by_id("user", user)),
        ..Default::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_daemon_tells_no_secret_to_anybody() {
    for given in Given::BOTH {
        let mut place = Place::new().await;
        place.secrets.plant("a stranger's token", STRANGER);
        let args = [
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--provisioning",
            "--health-check",
            "--health-check-port",
            "0",
        ];
        let binary = place
            .controlled(&args, given)
            .env("BATON_LISTEN_TLS_CERT", &place.given("tls.crt"))
            .env("BATON_LISTEN_TLS_KEY", &place.given("tls.key"))
            .env("BATON_LISTEN_TOKEN_FILE", &place.given("tokens"));
        let running = binary.listening().await;
        let channel = connect(&place, &running).await;
        wait_for(&channel, ServingStatus::Serving).await;
        let mut caught = Caught::default();
        good_times(&channel, &mut caught).await;
        bad_times(&place, &channel, &mut caught).await;
        for (path, holds) in [
            ("/metrics", "baton_ninja_one_rest_requests_total"),
            ("/health", "status"),
            ("/ready", "ninja_one"),
            ("/live", "alive"),
        ] {
            caught.add(path, get(running.said("health pages"), path).await.1, holds);
        }
        caught.add("arguments", arguments(running.pid()), "--provisioning");
        running.terminate();
        let output = running.output().await;
        caught.add("stdout", output.stdout, "listening on");
        caught.add("stderr", output.stderr, "\"reason\":\"unknown_token\"");
        caught.add(
            "traces and records",
            place.collector.everything(),
            "c1.connector.v2.GrantManagerService/Grant",
        );
        place.nothing_leaked(caught, &[("all.log", "\"operation\":\"grant\""), ("all.log", "shutting down")]);
    }
}

async fn good_times(channel: &Channel, caught: &mut Caught) {
    let mut connector = ConnectorServiceClient::with_interceptor(channel.clone(), with(READER));
    let metadata = connector.get_metadata(v2::ConnectorServiceGetMetadataRequest {}).await.unwrap();
    caught.add("the metadata", format!("{metadata:?}"), "NinjaOne");
    let mut resources = ResourcesServiceClient::with_interceptor(channel.clone(), with(READER));
    let users = resources.list_resources(list("user")).await.unwrap();
    caught.add("the users", format!("{users:?}"), "tess@example.org");
    let mut grants = GrantsServiceClient::with_interceptor(channel.clone(), with(READER));
    let request =
        v2::GrantsServiceListGrantsRequest { resource: Some(by_id("role", 7)), ..Default::default() };
    caught.add("the grants", format!("{:?}", grants.list_grants(request).await.unwrap()), "role:7:assigned");
    let mut writer = GrantManagerServiceClient::with_interceptor(channel.clone(), with(WRITER));
    caught.add(
        "a grant",
        format!("{:?}", writer.grant(grant(5, 22)).await.unwrap()),
        "role:5:assigned:user:22",
    );
}

async fn bad_times(place: &Place, channel: &Channel, caught: &mut Caught) {
    let mut nobody = ResourcesServiceClient::new(channel.clone());
    let told = nobody.list_resources(list("user")).await.unwrap_err();
    caught.add_status("without a token", &told, "NO_CREDENTIALS");
    let mut stranger = ResourcesServiceClient::with_interceptor(channel.clone(), with(STRANGER));
    let told = stranger.list_resources(list("user")).await.unwrap_err();
    caught.add_status("with a strange token", &told, "UNKNOWN_TOKEN");
    let mut reader = GrantManagerServiceClient::with_interceptor(channel.clone(), with(READER));
    caught.add_status("a reader's grant", &reader.grant(grant(5, 21)).await.unwrap_err(), "READ_ONLY");
    let mut writer = GrantManagerServiceClient::with_interceptor(channel.clone(), with(WRITER));
    caught.add_status(
        "a refused grant",
        &writer.grant(grant(7, 22)).await.unwrap_err(),
        "ROLE_TYPE_MISMATCH",
    );
    let mut accounts = AccountManagerServiceClient::with_interceptor(channel.clone(), with(WRITER));
    let account = v2::CreateAccountRequest { account_info: Some(Default::default()), ..Default::default() };
    caught.add_status("no account", &accounts.create_account(account).await.unwrap_err(), "INVALID_ACCOUNT");

    // NinjaOne answers with the token that it was asked with, as an echo for debugging would.
    for token in place.world.ninja_one.given_out() {
        for (kind, body) in [
            (
                "application/json",
                format!(r#"{{"resultCode":"FAILURE","errorMessage":"{}"}}"#, token.expose_secret()),
            ),
            ("text/plain", format!("Bearer {} is not welcome", token.expose_secret())),
        ] {
            let fault = Fault::Answer { status: 400, content_type: kind.into(), body };
            place.world.ninja_one.faults().on("*", "/v2/organizations", fault.clone());
            place.world.ninja_one.faults().on("PATCH", "/v2/user/role/7/add-members", fault);
            let mut connector = ConnectorServiceClient::with_interceptor(channel.clone(), with(READER));
            let told = connector.validate(v2::ConnectorServiceValidateRequest {}).await.unwrap_err();
            caught.add_status("an echo", &told, "baton-ninja-one");
            let told = writer.grant(grant(7, 3)).await.unwrap_err();
            caught.add_status("an echo to a write", &told, "REJECTED");
            place.world.ninja_one.faults().clear();
        }
    }
}
