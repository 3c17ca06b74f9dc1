//! Who may come in, and who may provision.

use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};
use tonic_reflection::pb::v1::{
    ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
    server_reflection_request::MessageRequest,
};

use super::*;

const READER: &str = "reader-token-0123456789";
const WRITER: &str = "writer-token-0123456789";
const NEXT: &str = "another-token-0123456789";

/// Everything that can change something.
const CHANGES: [&str; 10] = [
    "/c1.connector.v2.GrantManagerService/Grant",
    "/c1.connector.v2.GrantManagerService/Revoke",
    "/c1.connector.v2.ResourceManagerService/CreateResource",
    "/c1.connector.v2.ResourceManagerService/DeleteResource",
    "/c1.connector.v2.ResourceDeleterService/DeleteResourceV2",
    "/c1.connector.v2.AccountManagerService/CreateAccount",
    "/c1.connector.v2.CredentialManagerService/RotateCredential",
    "/c1.connector.v2.CredentialManagerService/IssueCredential",
    "/c1.connector.v2.ActionService/InvokeAction",
    "/c1.connector.v2.TicketsService/CreateTicket",
];
/// Reading, beside services that can do more.
const LOOKS: [&str; 4] = [
    METADATA,
    VALIDATE,
    "/c1.connector.v2.ActionService/ListActionSchemas",
    "/c1.connector.v2.ResourceTypesService/ListResourceTypes",
];

fn tokens(files: &Files) -> DoorOptions {
    let text = format!("# who may come in\nreviewer:read:{READER}\nplatform:provision:{WRITER}\n");
    DoorOptions { token_files: vec![files.write("tokens", &text)], patience: patient(), ..Default::default() }
}

async fn refused(channel: &Channel, path: &'static str, token: Option<&str>) -> (Code, String) {
    let status = call(channel, path, token).await.expect_err(path);
    (status.code(), reason(&status))
}

fn code(outcome: &Result<(), Status>) -> Code {
    outcome.as_ref().err().map_or(Code::Ok, Status::code)
}

#[tokio::test]
async fn without_a_known_token_nothing_is_answered() {
    let files = Files::new();
    let house = House::behind(tokens(&files)).await;
    let channel = house.plain().await;
    let unauthenticated = |why: &str| (Code::Unauthenticated, why.to_owned());
    for path in CHANGES.into_iter().chain(LOOKS) {
        assert_eq!(refused(&channel, path, None).await, unauthenticated("NO_CREDENTIALS"), "{path}");
        let almost = &READER[..READER.len() - 1];
        for wrong in ["x", almost, "reviewer", ""] {
            let told = refused(&channel, path, Some(wrong)).await;
            assert_eq!(told, unauthenticated("UNKNOWN_TOKEN"), "{path} {wrong}");
        }
    }
    let mut twice = Request::new(());
    twice.metadata_mut().append("authorization", format!("Bearer {READER}").parse().unwrap());
    twice.metadata_mut().append("authorization", "Bearer other".parse().unwrap());
    assert_eq!(code(&send(&channel, METADATA, None, twice).await), Code::Unauthenticated);
    let mut basic = Request::new(());
    basic.metadata_mut().insert("authorization", format!("Basic {READER}").parse().unwrap());
    assert_eq!(code(&send(&channel, METADATA, None, basic).await), Code::Unauthenticated);

    let line = house.denies(Denial::UnknownToken).await;
    assert_eq!(line["what"], "c1.connector.v2.GrantManagerService/Grant", "{line}");
    assert!(line["peer"].as_str().unwrap().starts_with("127.0.0.1:"), "{line}");
    house.denies(Denial::NoCredentials).await;
    assert!(!house.log().contains(&READER[..READER.len() - 1]), "a token, even a wrong one, is not logged");
}

#[tokio::test]
async fn a_reader_reads_and_changes_nothing() {
    let files = Files::new();
    let house = House::behind(tokens(&files)).await;
    let channel = house.plain().await;
    for path in LOOKS {
        let outcome = call(&channel, path, Some(READER)).await;
        assert!(
            !matches!(code(&outcome), Code::Unauthenticated | Code::PermissionDenied),
            "{path} {outcome:?}"
        );
    }
    for path in CHANGES {
        let told = refused(&channel, path, Some(READER)).await;
        assert_eq!(told, (Code::PermissionDenied, "READ_ONLY".to_owned()), "{path}");
        let told = call(&channel, path, Some(WRITER)).await;
        assert!(!matches!(code(&told), Code::Unauthenticated | Code::PermissionDenied), "{path} {told:?}");
    }
    let line = house.denies(Denial::ReadOnly).await;
    assert_eq!((&line["asked_by"], &line["level"]), (&"token:reviewer".into(), &"warn".into()), "{line}");
    let calls = house.seen.calls.lock().unwrap().clone();
    let denied = calls.iter().filter(|(_, code)| *code == Code::PermissionDenied).count();
    assert_eq!(denied, CHANGES.len(), "a denied call is counted like any other: {calls:?}");
}

#[tokio::test]
async fn the_audit_trail_learns_who_called() {
    let files = Files::new();
    let house = House::behind(tokens(&files)).await;
    let channel = house.plain().await;
    call(&channel, VALIDATE, Some(READER)).await.unwrap();
    assert_eq!(house.callers.lock().unwrap().last().unwrap(), "token:reviewer");

    let open = House::behind(DoorOptions::default()).await;
    call(&open.plain().await, VALIDATE, None).await.unwrap();
    let caller = open.callers.lock().unwrap().last().cloned().unwrap();
    assert!(caller.starts_with("127.0.0.1:"), "{caller}");
}

#[tokio::test]
async fn a_token_can_be_replaced_without_a_gap_and_stops_working_when_it_is_gone() {
    let files = Files::new();
    let house = House::behind(tokens(&files)).await;
    let channel = house.plain().await;
    call(&channel, METADATA, Some(READER)).await.unwrap();

    files.write("tokens", &format!("reviewer:read:{READER}\nreviewer:read:{NEXT}\n"));
    let works = async |token: &str| call(&channel, METADATA, Some(token)).await.is_ok();
    let until = async |token: &'static str, wanted: bool| {
        let reached = async {
            while works(token).await != wanted {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(PATIENCE, reached).await.expect("the file is read again");
    };
    until(NEXT, true).await;
    assert!(works(READER).await, "both work while both are there");
    files.write("tokens", &format!("reviewer:read:{NEXT}\n"));
    until(READER, false).await;
    assert!(works(NEXT).await);

    // A file that is broken or gone changes nothing.
    files.write("tokens", "reviewer:everything:short");
    eventually(|| house.log().contains("keeping the credentials")).await;
    assert!(works(NEXT).await && !works(READER).await);
}

#[tokio::test]
async fn health_is_for_everybody_and_reflection_is_not() {
    let files = Files::new();
    let house = House::behind(tokens(&files)).await;
    let channel = house.plain().await;
    HealthClient::new(channel.clone()).check(HealthCheckRequest::default()).await.unwrap();

    let ask = async |token: Option<&str>| {
        let question = ServerReflectionRequest {
            host: String::new(),
            message_request: Some(MessageRequest::ListServices(String::new())),
        };
        let mut request = Request::new(tokio_stream::once(question));
        if let Some(token) = token {
            request.metadata_mut().insert("authorization", format!("bearer {token}").parse().unwrap());
        }
        ServerReflectionClient::new(channel.clone()).server_reflection_info(request).await.map(|_| ())
    };
    assert_eq!(code(&ask(None).await), Code::Unauthenticated);
    assert_eq!(code(&ask(Some(READER)).await), Code::Ok);
    let unknown = "/c1.connector.v2.SchemaService/GetSchema";
    assert_eq!(refused(&channel, unknown, None).await.0, Code::Unauthenticated);
    assert_eq!(refused(&channel, unknown, Some(READER)).await.0, Code::Unimplemented);
    let other = house.seen.calls.lock().unwrap().iter().filter(|(method, _)| method == "other").count();
    assert_eq!(other, 2, "what is not served has no name of its own in the counts");
}

#[tokio::test]
async fn a_client_certificate_is_an_identity_with_the_rights_of_its_name() {
    let (ca, stranger, files) = (Ca::new("ours"), Ca::new("another"), Files::new());
    let house = House::behind(DoorOptions {
        tls: Some(files.tls(&ca.server(), Some(&ca))),
        allowed_names: vec!["reader.example.org".into()],
        provisioners: vec!["spiffe://house/platform".into()],
        patience: patient(),
        ..Default::default()
    })
    .await;
    let grant = CHANGES[0];

    assert!(!comes_through(house.tls(&ca, None).await).await, "nobody comes in without a certificate");
    house.denies(Denial::Handshake).await;

    let reader = ca.issue("x", &["Reader.example.org"], &[]);
    let reader = house.tls(&ca, Some(&reader)).await.unwrap();
    call(&reader, VALIDATE, None).await.unwrap();
    assert_eq!(house.callers.lock().unwrap().last().unwrap(), "certificate:Reader.example.org");
    assert_eq!(refused(&reader, grant, None).await.0, Code::PermissionDenied);

    let platform = ca.issue("x", &[], &["spiffe://house/platform"]);
    let platform = house.tls(&ca, Some(&platform)).await.unwrap();
    call(&platform, METADATA, None).await.unwrap();
    assert_eq!(refused(&platform, grant, None).await.0, Code::InvalidArgument, "it gets as far as the rules");

    // The common name must not help where there are alternative names.
    let posing = ca.issue("reader.example.org", &["other.example.org"], &[]);
    let posing = house.tls(&ca, Some(&posing)).await.unwrap();
    let told = refused(&posing, METADATA, None).await;
    assert_eq!(told, (Code::PermissionDenied, "NAME_NOT_ALLOWED".to_owned()));
    let line = house.denies(Denial::NameNotAllowed).await;
    assert_eq!(line["asked_by"], "other.example.org", "{line}");

    // A certificate of another authority does not get through the handshake.
    let forged = stranger.issue("x", &["reader.example.org"], &[]);
    let before = house.denials().len();
    assert!(!comes_through(house.tls(&ca, Some(&forged)).await).await);
    eventually(|| house.denials()[before..].contains(&Denial::Handshake)).await;
}

/// Whether the daemon answers a call. A refused certificate shows with the first one only.
async fn comes_through(connected: Result<Channel, tonic::transport::Error>) -> bool {
    match connected {
        Err(_) => false,
        Ok(channel) => {
            call(&channel, METADATA, None).await.map_or_else(|status| !reason(&status).is_empty(), |()| true)
        }
    }
}

#[tokio::test]
async fn with_certificates_and_tokens_both_are_needed_and_both_have_to_allow() {
    let (ca, files) = (Ca::new("ours"), Files::new());
    let house = House::behind(DoorOptions {
        tls: Some(files.tls(&ca.server(), Some(&ca))),
        provisioners: vec!["platform".into()],
        ..tokens(&files)
    })
    .await;
    let grant = CHANGES[0];
    assert!(!comes_through(house.tls(&ca, None).await).await);
    let platform = house.tls(&ca, Some(&ca.issue("platform", &[], &[]))).await.unwrap();
    let other = house.tls(&ca, Some(&ca.issue("other", &[], &[]))).await.unwrap();
    assert_eq!(
        refused(&platform, METADATA, None).await,
        (Code::Unauthenticated, "NO_CREDENTIALS".to_owned())
    );
    assert_eq!(refused(&platform, METADATA, Some("wrong")).await.0, Code::Unauthenticated);
    call(&platform, VALIDATE, Some(READER)).await.unwrap();
    assert_eq!(house.callers.lock().unwrap().last().unwrap(), "token:reviewer certificate:platform");
    assert_eq!(refused(&platform, grant, Some(READER)).await.0, Code::PermissionDenied, "the token reads");
    assert_eq!(refused(&other, grant, Some(WRITER)).await.0, Code::PermissionDenied, "the certificate reads");
    assert_eq!(
        refused(&platform, grant, Some(WRITER)).await.0,
        Code::InvalidArgument,
        "it gets to the rules"
    );
}

#[tokio::test]
async fn a_stranger_does_not_keep_a_connection() {
    let files = Files::new();
    let patience = Patience { stranger: Duration::from_millis(100), ..patient() };
    let house = House::behind(DoorOptions { patience, ..tokens(&files) }).await;
    let friend = house.plain().await;
    call(&friend, METADATA, Some(READER)).await.unwrap();
    let stranger = house.plain().await;
    refused(&stranger, METADATA, None).await;
    house.denies(Denial::Stranger).await;
    eventually(|| *house.seen.open.lock().unwrap() == 1).await;
    call(&friend, METADATA, Some(READER)).await.expect("whoever is known stays");
    assert_eq!(house.denials().iter().filter(|d| **d == Denial::Stranger).count(), 1);
}
