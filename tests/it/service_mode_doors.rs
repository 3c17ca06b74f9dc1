//! Service mode over TLS, with the real token request, the real syncer and a simulated NinjaOne; and the real binary.

use std::{
    fs,
    sync::{Arc, Mutex},
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use baton_ninja_one::{
    baton::{
        c1z::{C1z, Choice, Limits},
        readiness::{Readiness, Report, Standing},
        runtime::{Gates, Runtime},
        service_mode::{self, Clock, Connect, SecretFn, ServiceError, Syncs, Tls, TokenEndpoint, Worker},
        sync::Selection,
    },
    ninja_one::{NinjaOne, Options, rest::Client},
    wire::api::task::{ActionListSchemasTask, TaskType},
};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tonic::Code;

use super::support::{
    World,
    binary::{Binary, deployment},
    certificates::{Ca, Pair},
    control_plane::{CLIENT_ID, ControlPlane, Door, Fault, HOST_ID, Key},
    scripted::{options, sync},
};

fn list() -> TaskType {
    TaskType::ActionListSchemas(ActionListSchemasTask::default())
}

struct Running {
    link: tokio::sync::watch::Receiver<Report>,
    shutdown: CancellationToken,
    task: JoinHandle<Result<(), ServiceError>>,
    temp: tempfile::TempDir,
}

/// A worker with everything real, in front of a simulated NinjaOne.
fn start(world: &World, door: &Door, secret: SecretFn, trust: bool) -> Running {
    let client = Client::new(world.client_config()).unwrap();
    let connector =
        NinjaOne::new(client, &Options { directory_max_age: Duration::ZERO, ..Options::default() });
    let runtime = Runtime::new(Arc::new(connector), Gates::default());
    let tls = Tls { extra_ca: trust.then(|| door.ca.clone().into_bytes()) };
    let connect =
        Connect::new(CLIENT_ID.parse().unwrap(), Some(door.authority.clone()), tls, "test/1".into());
    let tokens = TokenEndpoint::new(&connect, secret, Clock::default()).unwrap();
    let plane = service_mode::ControlPlane::new(connect.dial().unwrap(), Arc::new(tokens), HOST_ID.into());
    let temp = tempfile::tempdir().unwrap();
    let files =
        baton_ninja_one::baton::c1z::Options { tmp_dir: Some(temp.path().to_owned()), ..Default::default() };
    let syncs = Syncs::new(Arc::clone(runtime.connector()), Selection::default(), 1, files);
    let condition = Readiness::default().condition("control_plane");
    let link = condition.watch();
    let options = options(3, false, Duration::from_secs(5), temp.path(), condition);
    let worker = Worker::new(Arc::new(plane), runtime, Arc::new(syncs), options);
    let shutdown = CancellationToken::new();
    let told = shutdown.clone();
    let task = tokio::spawn(async move { worker.run(told).await });
    Running { link, shutdown, task, temp }
}

fn fixed(key: &Key) -> SecretFn {
    let secret = key.secret.clone();
    SecretFn::new(move || secret.clone().into())
}

#[tokio::test]
async fn a_sync_of_ninja_one_arrives_as_a_file_that_a_reader_takes() {
    let (world, plane) = (World::small().await, ControlPlane::in_real_time());
    let door = plane.over_tls().await;
    let running = start(&world, &door, fixed(&Key::first()), true);
    let id = plane.offer(sync(""));
    plane.finished(&id).await.success();
    running.shutdown.cancel();
    running.task.await.unwrap().unwrap();
    plane.assert_satisfied();
    assert_eq!(plane.token_requests(), 1);
    assert_eq!(fs::read_dir(running.temp.path()).unwrap().count(), 0);

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("uploaded.c1z");
    fs::write(&path, &plane.uploads()[0].data).unwrap();
    let file = C1z::open(&path, &Limits::default(), None).unwrap();
    let newest = file.choose(&Choice::Default).unwrap();
    let stats = file.stats(&newest.id).unwrap();
    assert!(newest.ended_at.is_some() && stats.resources > 0 && stats.grants > 0, "{stats:?}");
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_not_talked_to() {
    let (world, plane) = (World::small().await, ControlPlane::in_real_time());
    let door = plane.over_tls().await;
    let mut running = start(&world, &door, fixed(&Key::first()), false);
    let told = running.link.wait_for(|l| l.standing != Standing::Pending).await.unwrap().clone();
    assert!(told.message().unwrap().contains("certificate"), "{told:?}");
    assert_eq!((plane.token_requests(), plane.calls().len()), (0, 0));
    running.shutdown.cancel();
    running.task.await.unwrap().unwrap();
}

#[tokio::test]
async fn an_assertion_by_another_key_is_refused_and_ends_service_mode() {
    let (world, plane) = (World::small().await, ControlPlane::in_real_time());
    let door = plane.over_tls().await;
    let running = start(&world, &door, fixed(&Key::second()), true);
    match running.task.await.unwrap().unwrap_err() {
        ServiceError::Refused(status) => {
            assert_eq!(status.code(), Code::Unauthenticated);
            assert_eq!(status.message(), "failed to get token: 401 Unauthorized");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_rotated_secret_is_taken_up_without_a_restart_and_a_broken_one_is_not() {
    let (world, plane) = (World::small().await, ControlPlane::in_real_time());
    let door = plane.over_tls().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    fs::write(&file, Key::first().secret).unwrap();
    let path = file.clone();
    let secret = SecretFn::new(move || fs::read_to_string(&path).unwrap().into());
    let running = start(&world, &door, secret, true);
    plane.answered("GetTask", 1).await;

    fs::write(&file, "half wri").unwrap();
    plane.revoke_tokens();
    let id = plane.offer(list());
    plane.finished(&id).await.success();

    fs::write(&file, Key::second().secret).unwrap();
    plane.expect_key(&Key::second());
    let id = plane.offer(list());
    plane.finished(&id).await.success();
    assert_eq!(plane.token_requests(), 3);
    running.shutdown.cancel();
    running.task.await.unwrap().unwrap();
}

#[tokio::test]
async fn two_replicas_with_the_same_credentials_work_side_by_side() {
    let (world, plane) = (World::small().await, ControlPlane::in_real_time());
    let door = plane.over_tls().await;
    let both = [1, 2].map(|_| start(&world, &door, fixed(&Key::first()), true));
    plane.answered("Hello", 2).await;
    let ids: Vec<_> = (0..6).map(|n| plane.offer(if n % 3 == 0 { sync("") } else { list() })).collect();
    for id in &ids {
        plane.finished(id).await.success();
    }
    for running in both {
        running.shutdown.cancel();
        running.task.await.unwrap().unwrap();
    }
    plane.assert_satisfied();
}

/// The binary with the environment of the vendor's manual.
pub(crate) fn binary(world: &World, door: &Door, args: &[&str]) -> (Binary, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    fs::write(&ca, &door.ca).unwrap();
    let binary = Binary::new(args)
        .against(world)
        .env("BATON_CLIENT_ID", CLIENT_ID)
        .env("BATON_CLIENT_SECRET", &Key::first().secret)
        .env("BATON_C1_API_HOST", &door.authority)
        .env("BATON_HOST_ID", HOST_ID)
        .env("SSL_CERT_FILE", ca.to_str().unwrap());
    (binary, folder)
}

#[tokio::test]
async fn the_binary_serves_grpc_beside_service_mode_when_told_where_and_ends_both_on_a_signal() {
    let (world, plane) = (World::small().await, ControlPlane::in_real_time());
    let door = plane.over_tls().await;
    let (binary, _folder) = binary(&world, &door, &["--listen", "127.0.0.1:0"]);
    let running = binary.listening().await;
    let id = plane.offer(sync(""));
    plane.finished(&id).await.success();
    let channel = tonic::transport::Channel::from_shared(format!("http://{}", running.address)).unwrap();
    let channel = channel.connect().await.unwrap();
    let mut client =
        baton_ninja_one::wire::v2::connector_service_client::ConnectorServiceClient::new(channel);
    client.get_metadata(baton_ninja_one::wire::v2::ConnectorServiceGetMetadataRequest {}).await.unwrap();
    drop(client);
    running.terminate();
    let (code, log) = running.end().await;
    assert_eq!(code, Some(0), "{log}");
    let payload = Key::first().secret.rsplit(':').next().unwrap().to_owned();
    assert!(!log.contains(&payload), "the log holds the client secret");
    plane.assert_satisfied();
}

#[tokio::test]
async fn readiness_tells_an_unreachable_control_plane_from_a_refusal_and_recovers() {
    let (world, plane) = (World::small().await, ControlPlane::in_real_time());
    let door = plane.over_tls().await;
    let args = ["--listen", "127.0.0.1:0", "--health-check", "--health-check-port", "0"];
    let (binary, _folder) = binary(&world, &door, &args);
    let running = binary.listening().await;
    let word = async |wanted: &str| {
        let reached = async {
            loop {
                let (_, body) = super::health::get(running.said("health pages"), "/ready").await;
                let body: serde_json::Value = serde_json::from_str(&body).unwrap();
                if body["details"]["control_plane"]["status"] == wanted {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(super::support::PATIENCE, reached).await.expect(wanted);
    };
    word("ok").await;
    plane.fail("*", usize::MAX, Fault::Code(Code::Unavailable));
    word("control_plane_unreachable").await;
    plane.heal();
    word("ok").await;
    plane.fail("*", usize::MAX, Fault::Code(Code::PermissionDenied));
    word("credentials_refused").await;
    plane.heal();
    word("ok").await;
    assert_eq!(super::health::get(running.said("health pages"), "/live").await.0, 200);
}

/// What a proxy was told before it let each connection through.
type Heads = Arc<Mutex<Vec<String>>>;

/// A proxy that takes `CONNECT` for any host, and takes all of them here; with TLS towards its clients if there is a certificate.
async fn proxy(to: &str, own: Option<&Pair>) -> (u16, Heads) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (port, heads) = (listener.local_addr().unwrap().port(), Heads::default());
    let (to, kept, acceptor) = (to.to_owned(), Arc::clone(&heads), own.map(acceptor));
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let (to, kept, acceptor) = (to.clone(), Arc::clone(&kept), acceptor.clone());
            tokio::spawn(async move {
                match acceptor {
                    None => pass(client, &to, &kept).await,
                    Some(acceptor) => {
                        if let Ok(client) = acceptor.accept(client).await {
                            pass(client, &to, &kept).await;
                        }
                    }
                }
            });
        }
    });
    (port, heads)
}

async fn pass(mut client: impl AsyncRead + AsyncWrite + Unpin, to: &str, heads: &Heads) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(client.read_u8().await.unwrap());
    }
    heads.lock().unwrap().push(String::from_utf8(head).unwrap());
    client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
    let mut server = TcpStream::connect(to).await.unwrap();
    let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
}

fn acceptor(own: &Pair) -> TlsAcceptor {
    let chain = CertificateDer::pem_slice_iter(own.certificate.as_bytes()).collect::<Result<_, _>>().unwrap();
    let key = PrivateKeyDer::from_pem_slice(own.key.as_bytes()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    Arc::new(config.with_no_client_auth().with_single_cert(chain, key).unwrap()).into()
}

#[tokio::test]
async fn token_and_calls_go_through_the_proxy_of_the_environment() {
    let proxys = Ca::new("the proxy's authority");
    let own = proxys.server();
    for (scheme, own) in [("http", None), ("https", Some(&own))] {
        let (world, plane) = (World::small().await, ControlPlane::in_real_time());
        let door = plane.over_tls().await;
        let (port, heads) = proxy(&door.authority, own).await;
        let (binary, folder) = binary(&world, &door, &[]);
        let ca = folder.path().join("proxys.pem");
        fs::write(&ca, &proxys.pem).unwrap();
        let _child = binary
            .env("BATON_C1_API_HOST", "control-plane.test:443")
            .env("BATON_CONTROL_PLANE_CA_FILE", ca.to_str().unwrap())
            .env("HTTPS_PROXY", &format!("{scheme}://ada:open%20sesame@localhost:{port}"))
            .spawn();
        let id = plane.offer(list());
        plane.finished(&id).await.success();
        let heads = heads.lock().unwrap();
        assert_eq!(heads.len(), 2, "{scheme}: one connection for the token, one for the calls");
        for head in &*heads {
            assert!(head.starts_with("CONNECT control-plane.test:443 "), "{scheme}: {head}");
            let credentials = STANDARD.encode("ada:open sesame");
            assert!(head.contains(&format!("Basic {credentials}\r\n")), "{scheme}: {head}");
        }
    }
}

#[tokio::test]
async fn a_proxy_that_nobody_vouches_for_is_told_nothing() {
    let (world, plane) = (World::small().await, ControlPlane::in_real_time());
    let door = plane.over_tls().await;
    let (port, heads) = proxy(&door.authority, Some(&Ca::new("a stranger's").server())).await;
    let (binary, _folder) = binary(&world, &door, &["--health-check", "--health-check-port", "0"]);
    let running = binary
        .env("BATON_C1_API_HOST", "control-plane.test:443")
        .env("HTTPS_PROXY", &format!("https://ada:sesame@localhost:{port}"))
        .telling("health pages")
        .await;
    let told = async {
        loop {
            let (_, body) = super::health::get(running.said("health pages"), "/ready").await;
            if body.contains("control_plane_unreachable") {
                return body;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let told = tokio::time::timeout(super::support::PATIENCE, told).await.unwrap();
    assert!(told.contains("certificate"), "{told}");
    assert!(heads.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_proxy_of_another_kind_is_refused_by_name() {
    let (world, plane) = (World::small().await, ControlPlane::in_real_time());
    let door = plane.over_tls().await;
    let (binary, _folder) = binary(&world, &door, &[]);
    let binary = binary.env("BATON_C1_API_HOST", "control-plane.test:443");
    let output = binary.env("HTTPS_PROXY", "socks5://localhost:1080").output().await;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("socks5") && text.contains("HTTPS_PROXY"), "{text}");
}

#[tokio::test]
async fn a_refusal_ends_the_binary_with_the_code_of_the_refusal() {
    let (world, plane) = (World::small().await, ControlPlane::in_real_time());
    plane.fail("Hello", 100, Fault::Code(Code::PermissionDenied));
    let door = plane.over_tls().await;
    let (binary, _folder) = binary(&world, &door, &[]);
    let output = binary.output().await;
    assert_eq!(output.status.code(), Some(7));
}

#[tokio::test]
async fn malformed_credentials_end_the_binary_before_anything_is_sent() {
    let (world, plane) = (World::small().await, ControlPlane::in_real_time());
    let door = plane.over_tls().await;
    for (name, value, told) in [
        ("BATON_CLIENT_ID", "no-host", "invalid client id: there is no @ in it"),
        ("BATON_CLIENT_SECRET", "a:b:v1:canary", "invalid client secret: its last part"),
    ] {
        let (binary, _folder) = binary(&world, &door, &[]);
        let output = binary.env(name, value).output().await;
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(text.contains(told) && !text.contains("canary"), "{text}");
    }
    assert_eq!((plane.token_requests(), plane.calls().len()), (0, 0));
    assert!(deployment(&world).contains_key("BATON_NINJA_ONE_CLIENT_ID"));
}
