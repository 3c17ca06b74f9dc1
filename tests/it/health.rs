//! Health over HTTP, as a kubelet asks, and the command that asks without any other tool.

use std::time::Duration;

use baton_ninja_one::simulator::Fault;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use crate::support::{
    PATIENCE, World,
    binary::{Binary, Running},
};

const SERVE: [&str; 6] = ["serve", "--listen", "127.0.0.1:0", "--health-check", "--health-check-port", "0"];

async fn serving(world: &World) -> Running {
    Binary::new(&SERVE).against(world).listening().await
}

/// Status and body of a page.
pub async fn get(address: &str, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    timeout(PATIENCE, stream.read_to_string(&mut answer)).await.expect("an answer").unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

async fn page(running: &Running, path: &str) -> (u16, Value) {
    let (status, body) = get(running.said("health pages"), path).await;
    (status, serde_json::from_str(&body).unwrap())
}

/// Asks until the page says this.
async fn until(running: &Running, path: &str, wanted: impl Fn(u16, &Value) -> bool) -> Value {
    let reached = async {
        loop {
            let (status, body) = page(running, path).await;
            if wanted(status, &body) {
                return body;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, reached).await.expect("the page comes to say so")
}

async fn probe(args: &[&str]) -> (Option<i32>, String, String) {
    let output = Binary::new(&[&["health-check"], args].concat()).output().await;
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[tokio::test]
async fn a_working_connector_is_healthy_ready_and_alive() {
    let world = World::small().await;
    let running = serving(&world).await;
    let body = until(&running, "/ready", |status, _| status == 200).await;
    assert_eq!((&body["status"], &body["details"]["ninja_one"]["status"]), (&"ready".into(), &"ok".into()));
    assert!(body["timestamp"].as_str().unwrap().ends_with('Z'), "{body}");
    let (status, body) = page(&running, "/health").await;
    assert_eq!((status, &body["status"]), (200, &"healthy".into()), "{body}");
    let (status, body) = page(&running, "/live").await;
    assert_eq!((status, &body["status"]), (200, &"alive".into()));
    assert_eq!(get(running.said("health pages"), "/other").await.0, 404);

    let port = running.said("health pages").rsplit_once(':').unwrap().1;
    for endpoint in ["health", "ready", "live"] {
        let (code, out, _) = probe(&["--endpoint", endpoint, "--health-check-port", port]).await;
        assert_eq!(code, Some(0), "{endpoint}");
        assert!(out.contains("\"status\""), "{out}");
    }
}

#[tokio::test]
async fn an_unreachable_ninja_one_and_refused_credentials_are_told_apart_and_neither_kills() {
    for (fault, path, method, word) in [
        (Fault::Redirect("https://example.org".into()), "/v2/organizations", "GET", "ninja_one_unreachable"),
        (Fault::MissingScope { status: 403 }, "/v2/organizations", "GET", "credentials_refused"),
    ] {
        let world = World::small().await;
        world.ninja_one.faults().on(method, path, fault);
        let running = serving(&world).await;
        let body =
            until(&running, "/ready", |_, body| body["details"]["ninja_one"]["status"] != "pending").await;
        assert_eq!(
            (&body["status"], &body["details"]["ninja_one"]["status"]),
            (&"not_ready".into(), &word.into())
        );
        assert!(!body["details"]["ninja_one"]["message"].as_str().unwrap().is_empty());
        let (status, body) = page(&running, "/health").await;
        assert_eq!((status, &body["status"]), (503, &"unhealthy".into()));
        assert_eq!(page(&running, "/live").await.0, 200, "liveness depends on nobody");
        let port = running.said("health pages").rsplit_once(':').unwrap().1;
        let (code, _, err) = probe(&["--endpoint", "ready", "--health-check-port", port]).await;
        assert_eq!(code, Some(14));
        assert!(err.contains("HTTP status 503") && err.contains(word), "{err}");

        world.ninja_one.faults().clear();
        until(&running, "/ready", |status, _| status == 200).await;
    }
}

#[tokio::test]
async fn probes_do_not_hammer_ninja_one() {
    let world = World::small().await;
    let running = serving(&world).await;
    until(&running, "/ready", |status, _| status == 200).await;
    world.ninja_one.clear_requests();
    let asked = futures::future::join_all((0..40).map(|_| page(&running, "/health"))).await;
    assert!(asked.iter().all(|(status, _)| *status == 200));
    futures::future::join_all((0..40).map(|_| page(&running, "/ready"))).await;
    for _ in 0..20 {
        page(&running, "/health").await;
        page(&running, "/ready").await;
    }
    let count = world.ninja_one.count("GET", "/v2/organizations");
    assert!((1..=2).contains(&count), "{count} validations for 120 probes");
}

#[tokio::test]
async fn with_nothing_listening_the_probe_says_so_as_the_reference_does() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port().to_string();
    drop(free);
    let (code, out, err) = probe(&["--health-check-port", &port]).await;
    assert_eq!((code, out.as_str()), (Some(14), ""));
    let mut lines = err.lines();
    assert_eq!(
        lines.next().unwrap(),
        format!(
            "health check failed: Get \"http://127.0.0.1:{port}/health\": rpc error: code = Unavailable desc = connection \
             refused"
        )
    );
    assert!(lines.next().unwrap().contains(&format!("127.0.0.1:{port}")), "{err}");
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_given_up() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = silent.local_addr().unwrap().port().to_string();
    let (code, _, err) = probe(&["--health-check-port", &port, "--timeout", "1"]).await;
    assert_eq!(code, Some(4), "{err}");
}

#[tokio::test]
async fn a_taken_address_is_named_with_its_flags() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let world = World::small().await;
    let args = ["serve", "--listen", "127.0.0.1:0", "--health-check", "--health-check-port", &port];
    let output = Binary::new(&args).against(&world).output().await;
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(told.contains("--health-check-port") && told.contains(&port), "{told}");
}
