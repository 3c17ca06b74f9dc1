//! What goes wrong: settings, credentials, and a NinjaOne that answers with the secret it was sent.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use baton_ninja_one::simulator::Fault;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use super::*;
use crate::{
    health::get,
    support::{PATIENCE, binary::Binary},
};

const WRONG: &str = r#"wrong canary "q"\/+&=%é<5>"#;
const IN_URL: &str = "url-canary-5f2c";
const PROXY: &str = "proxy-canary-%3C6%3E";
const PROXY_DECODED: &str = "proxy-canary-<6>";

#[tokio::test(flavor = "multi_thread")]
async fn a_mistake_in_the_settings_is_told_without_the_secret_in_it() {
    let mut place = Place::new().await;
    place.secrets.plant("a wrong secret", WRONG);
    place.secrets.plant("a password in a URL", IN_URL);
    let quoted = serde_json::Value::from(WRONG);
    let cut_off = place.give("cut-off.yaml", &format!("ninja-one-client-secret: {quoted}\nfile: [\n"));
    let nested = place.give("nested.yaml", &format!("ninja-one-client-secret: {{value: {quoted}}}\n"));
    let listed = place.give("listed.yaml", &format!("ninja-one-client-secret: [{quoted}]\n"));
    let unknown = place.give("unknown.yaml", &format!("ninja-one-secret: {quoted}\n"));
    let endless = place.give("endless", &WRONG.repeat(4000));
    let url = format!("https://user:{IN_URL}@eu.ninjarmm.com");
    let mangled = format!("user:{IN_URL}@eu.ninjarmm.com");
    let packed = format!("a:b:v1:{WRONG}");
    let bad_tokens = place.give("bad-tokens", &format!("reviewer:read:{WRONG}\nplatform:everything:{WRONG}"));
    let (tls, key, other) = (place.given("tls.crt"), place.given("tls.key"), place.ca.server());
    let strange = place.give("strange.key", &other.key);
    let serve = ["serve", "--listen", "127.0.0.1:0"];
    let typo = format!("--ninja-one-client-secrett={WRONG}");
    let secret = "BATON_NINJA_ONE_CLIENT_SECRET";
    let secret_file = "BATON_NINJA_ONE_CLIENT_SECRET_FILE";
    let mut caught = Caught::default();
    for (args, variables, told) in [
        (&[][..], &[("BATON_NINJA_ONE_BASE_URL", url.as_str())][..], "ninja-one-base-url"),
        (&[], &[("BATON_NINJA_ONE_BASE_URL", &mangled)], "ninja-one-base-url"),
        (&["doctor"], &[("BATON_NINJA_ONE_BASE_URL", &url)], "base URL"),
        (&[], &[("BATON_CONFIG_PATH", cut_off.as_str())], "config file"),
        (&[], &[("BATON_CONFIG_PATH", &nested)], "config file"),
        (&[], &[(secret, ""), ("BATON_CONFIG_PATH", &listed)], "takes one value"),
        (&[], &[("BATON_CONFIG_PATH", &unknown)], "unknown key"),
        (&[], &[(secret_file, &strange)], "are both set"),
        (&[], &[(secret, ""), (secret_file, &endless)], "larger than"),
        (&[], &[(secret, ""), (secret_file, "/")], "cannot read"),
        (&[], &[("BATON_CLIENT_ID", "id@host/x"), ("BATON_CLIENT_SECRET", &packed)], "invalid client secret"),
        (&[], &[("BATON_CLIENT_SECRET", &packed)], "missing [client-id]"),
        (&[&typo], &[], "unknown flag"),
        (&["--provisioning=maybe"], &[(secret, WRONG)], "invalid argument"),
        (&serve, &[("BATON_LISTEN_TOKEN_FILE", &bad_tokens)], "line 1"),
        (&serve, &[("BATON_LISTEN_TLS_CERT", &tls), ("BATON_LISTEN_TLS_KEY", &strange)], "does not fit"),
        (&serve, &[("BATON_LISTEN_TLS_CERT", &key), ("BATON_LISTEN_TLS_KEY", &key)], "no certificate"),
        (&serve, &[("BATON_LISTEN_TLS_CERT", &tls), ("BATON_LISTEN_TLS_KEY", &bad_tokens)], "no private key"),
    ] {
        let binary = place.binary(args, Given::InEnvironment);
        let binary = variables.iter().fold(binary, |binary, (name, value)| binary.env(name, value));
        let output = binary.output().await;
        let all = [output.stdout, output.stderr].concat();
        caught.add(format!("{args:?} {:?}", variables.iter().map(|v| v.0).collect::<Vec<_>>()), all, told);
    }
    place.nothing_leaked(caught, &[]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_or_echoed_credential_is_told_without_its_text() {
    let mut place = Place::new().await;
    place.secrets.plant("a wrong secret", WRONG);
    let secret = place::inline().remove("BATON_NINJA_ONE_CLIENT_SECRET").unwrap();
    let form: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let quoted = serde_json::Value::from(secret.as_str());
    let echoes = [
        ("application/json", format!(r#"{{"error":"invalid_client","error_description":{quoted}}}"#)),
        ("application/json", format!(r#"{{"error":{quoted},"incidentId":{quoted}}}"#)),
        ("text/plain", format!("client_secret={form} is wrong")),
        ("text/plain", secret.clone()),
    ];
    let mut caught = Caught::default();
    for args in [&[][..], &["doctor"], &["doctor", "--json"]] {
        let output =
            place.binary(args, Given::InEnvironment).env("BATON_NINJA_ONE_CLIENT_SECRET", WRONG).output();
        let output = output.await;
        let all = [output.stdout, output.stderr].concat();
        caught.add(format!("a wrong secret, {args:?}"), all, "--ninja-one-client-secret");
        for (kind, body) in &echoes {
            place.world.ninja_one.faults().clear();
            let fault = Fault::Answer { status: 400, content_type: (*kind).into(), body: body.clone() };
            place.world.ninja_one.faults().on("POST", "/ws/oauth/token", fault);
            let output = place.binary(args, Given::InFiles).output().await;
            assert_ne!(output.status.code(), Some(0), "{body}");
            let all = [output.stdout, output.stderr].concat();
            caught.add(format!("an echo of {body}, {args:?}"), all, "NinjaOne");
        }
        place.world.ninja_one.faults().clear();
    }
    place.nothing_leaked(caught, &[("all.log", "NinjaOne request ended")]);
}

/// A proxy that says yes and then nothing that makes sense, so that nobody tries again. Keeps what it was told.
async fn proxy() -> (SocketAddr, Arc<Mutex<Vec<u8>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, told) = (listener.local_addr().unwrap(), Arc::<Mutex<Vec<u8>>>::default());
    let kept = Arc::clone(&told);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let kept = Arc::clone(&kept);
            tokio::spawn(async move {
                let mut told = vec![0; 4096];
                let mut answers = ["HTTP/1.1 200 OK\r\n\r\n", "nothing that TLS would say"].into_iter();
                while let Ok(length @ 1..) = stream.read(&mut told).await {
                    kept.lock().unwrap().extend_from_slice(&told[..length]);
                    let _ = stream.write_all(answers.next().unwrap_or_default().as_bytes()).await;
                }
            });
        }
    });
    (address, told)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_password_of_a_proxy_is_told_to_the_proxy_alone() {
    let mut place = Place::new().await;
    let (address, told) = proxy().await;
    let mut caught = Caught::default();
    for scheme in ["http", "https", "socks5"] {
        let proxy = format!("{scheme}://user:{PROXY}@{address}");
        let through = |binary: Binary| {
            binary.env("HTTPS_PROXY", &proxy).env("BATON_NINJA_ONE_BASE_URL", "https://ninja.test")
        };
        for args in [&[][..], &["doctor"], &["doctor", "--json"]].into_iter().filter(|_| scheme != "socks5") {
            let output = through(place.binary(args, Given::InFiles)).output().await;
            let all = [output.stdout, output.stderr].concat();
            caught.add(format!("NinjaOne by {scheme}, {args:?}"), all, "ninja.test");
        }
        let args = ["--health-check", "--health-check-port", "0"];
        let binary = through(place.controlled(&args, Given::InFiles));
        let binary = binary.env("BATON_C1_API_HOST", "control-plane.test:443");
        let output = if scheme == "socks5" {
            binary.output().await
        } else {
            let running = binary.telling("health pages").await;
            let page = || get(running.said("health pages"), "/ready");
            let told = async {
                while !page().await.1.contains("control_plane_unreachable") {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            };
            tokio::time::timeout(PATIENCE, told).await.expect("the page comes to say so");
            caught.add(format!("/ready by {scheme}"), page().await.1, "control_plane_unreachable");
            running.terminate();
            running.output().await
        };
        let all = [output.stdout, output.stderr].concat();
        caught.add(format!("the control plane by {scheme}"), all, "proxy");
    }
    place.secrets.plant("the proxy's password", PROXY);
    place.secrets.plant("the proxy's password, decoded", PROXY_DECODED);
    let told = place.secrets.found_in(&told.lock().unwrap());
    assert!(told.iter().any(|found| found.contains("base64")), "the proxy is told: {told:?}");
    place.nothing_leaked(caught, &[("all.log", "NinjaOne request ended")]);
}
