//! One exchange: whom it trusts, what it follows, how it ends.

// A test may panic: that is how it fails.
#![allow(clippy::unwrap_used)]

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use secrecy::SecretString;

use super::super::super::endpoint::Endpoint;
use super::super::super::testing::{FakeNinja, Reply, SECRET};
use super::super::Buffer;
use super::*;

async fn get(config: &ClientConfig, limit: u64) -> (Result<Answer, Error>, Buffer) {
    let http = Http::new(config).unwrap();
    let mut sink = Buffer::default();
    let result = http.send(&Request::new(Endpoint::Users, "/v2/users", limit), &mut sink).await;
    (result, sink)
}

async fn error(reply: Reply) -> Error {
    let ninja = FakeNinja::start().await.on("GET /v2/users", [reply]);
    let mut config = ninja.config();
    config.read_timeout = Duration::from_millis(200);
    get(&config, 100).await.0.unwrap_err()
}

#[tokio::test]
async fn a_whole_body_reaches_the_sink_with_the_request_id_beside_it() {
    let reply = Reply::ok("[1, 2]").header("x-nj-request-id", "r-1").header("content-type", "text/plain");
    let ninja = FakeNinja::start().await.on("GET /v2/users", [reply]);
    let (answer, sink) = get(&ninja.config(), 6).await;
    assert_eq!(answer.unwrap().request_id.as_deref(), Some("r-1"));
    assert_eq!(sink.bytes, b"[1, 2]");
    let seen = &ninja.seen()[0];
    assert_eq!(seen.headers["accept"], "application/json");
    assert!(seen.headers["user-agent"].to_str().unwrap().starts_with("baton-ninja-one/"));
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_only_its_host_is_named() {
    let elsewhere = FakeNinja::start().await;
    let location = format!("{}/v2/users?token=canary", elsewhere.url);
    let error = error(Reply::new(307, "").header("location", location)).await;
    assert_eq!(error.kind(), &ErrorKind::Redirect { to: elsewhere.url.clone() });
    assert!(!error.to_string().contains("canary"));
    assert!(elsewhere.seen().is_empty());
}

#[tokio::test]
async fn a_page_for_people_is_no_answer_whatever_its_status_and_type() {
    let page = " <html><title>Wait</title></html>";
    for (status, label) in [(200, "throttled"), (403, "throttled"), (503, "gateway")] {
        let error = error(Reply::new(status, page)).await;
        assert_eq!((error.kind().label(), error.text()), (label, Some("Wait")), "{status}");
        assert!(!error.is_certainly_refused());
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_stalls_or_is_too_large_is_an_error_of_its_own() {
    assert_eq!(error(Reply::ok("[{\"id\":1},").then_cut()).await.kind().label(), "truncated");
    let stalled = error(Reply::ok("[").then_hang()).await;
    assert_eq!(stalled.kind(), &ErrorKind::Timeout { which: TimeoutKind::Read });
    let large = "x".repeat(101);
    for reply in [Reply::ok(&*large), Reply::ok(&*large).then_hang()] {
        assert_eq!(error(reply).await.kind(), &ErrorKind::BodyTooLarge { limit: 100 });
    }
}

#[tokio::test]
async fn the_whole_exchange_has_its_own_patience() {
    let ninja = FakeNinja::start().await.on("GET /v2/users", [Reply::ok("[").then_hang()]);
    let mut config = ninja.config();
    config.request_timeout = Duration::from_millis(100);
    let error = get(&config, 100).await.0.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Timeout { which: TimeoutKind::Total });
    assert!(!error.is_retryable() && !error.is_certainly_refused());
}

fn config(host: &str) -> ClientConfig {
    ClientConfig::new(Host::parse(host).unwrap(), "client-1", SecretString::from(SECRET))
}

#[tokio::test]
async fn without_a_listener_nothing_was_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = get(&config(&host), 1).await.0.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Connect { host });
    assert!(error.is_certainly_refused() && error.is_retryable());
}

/// Serves one TLS connection after another with a certificate of a certificate authority of its own, whose PEM it
/// returns.
fn tls_server() -> (String, String) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca_key = KeyPair::generate().unwrap();
    let ca_pem = params.self_signed(&ca_key).unwrap().pem();
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let leaf = leaf.signed_by(&key, &Issuer::new(params, ca_key)).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let tls = ServerConfig::builder().with_no_client_auth();
    let tls = Arc::new(tls.with_single_cert(vec![leaf.der().clone()], key).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    std::thread::spawn(move || {
        for socket in listener.incoming().flatten() {
            let connection = ServerConnection::new(Arc::clone(&tls)).unwrap();
            let mut stream = StreamOwned::new(connection, socket);
            // A client that does not trust the certificate hangs up here.
            if stream.read(&mut [0; 4096]).is_ok() {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]");
            }
        }
    });
    (host, ca_pem)
}

#[tokio::test]
async fn an_extra_certificate_authority_is_trusted_and_without_it_the_error_says_tls() {
    let (host, ca) = tls_server();
    let mut config = config(&host);
    let error = get(&config, 10).await.0.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Tls { host });
    assert!(error.is_certainly_refused() && !error.is_retryable());
    config.extra_ca = Some(ca.into_bytes());
    let (answer, sink) = get(&config, 10).await;
    assert_eq!(answer.unwrap().status, 200);
    assert_eq!(sink.bytes, b"[]");
}

#[test]
fn an_extra_certificate_authority_that_is_none_is_refused() {
    for pem in ["", "hello", "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n"] {
        let mut config = config("eu");
        config.extra_ca = Some(pem.as_bytes().to_vec());
        assert!(matches!(Http::new(&config), Err(ConfigError::ExtraCa(_))), "{pem}");
    }
}
