//! Settings that the deployment names exist and mean what the manifests take them to mean; the real binary runs with them.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use baton_ninja_one::{
    config::{self, Command, Invocation},
    wire::v2::{self, connector_service_client::ConnectorServiceClient},
};
use serde_json::Value;
use tonic::{
    Code,
    transport::{Certificate, Channel, ClientTlsConfig, Identity},
};
use tonic_health::pb::health_check_response::ServingStatus;

use crate::support::{
    World,
    binary::{Binary, Running, deployment},
    certificates::{Ca, Pair},
    manifests::{arguments, container, environment, kind, overlays, pods, rendered},
    names::{Names, variables_in},
    wait_for,
};

/// Every file of a folder, at any depth.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn every_variable_in_the_deployment_is_a_setting() {
    let names = Names::load();
    let mut unknown = Vec::new();
    let mut seen = 0;
    for path in files(Path::new("deploy")) {
        let variables = variables_in(&fs::read_to_string(&path).unwrap());
        seen += variables.len();
        unknown
            .extend(variables.difference(&names.variables).map(|name| format!("{}: {name}", path.display())));
    }
    assert!(seen > 40, "the variables are found");
    assert_eq!(unknown, [""; 0]);
}

/// What an operator fills in, and where the kubelet would put the Secrets.
fn filled(objects: &[Value], template: &Value, mounts: &Path) -> BTreeMap<String, String> {
    let container = container(template);
    let mut variables = environment(objects, container);
    for (name, value) in [
        ("BATON_CLIENT_ID", "connector-1@tenant.example.com/dir"),
        ("BATON_CLIENT_SECRET", "control-plane-secret"),
        ("BATON_NINJA_ONE_BASE_URL", "eu"),
        ("BATON_NINJA_ONE_CLIENT_ID", "application-1"),
        ("BATON_NINJA_ONE_CLIENT_SECRET", "application-secret"),
    ] {
        if let Some(variable) = variables.get_mut(name) {
            value.clone_into(variable);
        }
    }
    for value in variables.values_mut().filter(|value| value.starts_with("/run/secrets/")) {
        let mounted = mounts.join(value.trim_start_matches('/'));
        fs::create_dir_all(mounted.parent().unwrap()).unwrap();
        fs::write(&mounted, "mounted-secret\n").unwrap();
        *value = mounted.to_str().unwrap().to_owned();
    }
    variables
}

/// The settings that the overlay's pod starts with, and what it warns of.
fn settings(overlay: &str) -> (Invocation, u64) {
    let objects = rendered(overlay);
    let (_, template) = pods(&objects)[0];
    let mounts = tempfile::tempdir().unwrap();
    let variables = filled(&objects, template, mounts.path());
    let line = std::iter::once("baton-ninja-one").chain(arguments(container(template))).map(OsString::from);
    let invocation =
        config::parse(line, &variables, mounts.path()).unwrap_or_else(|e| panic!("{overlay}: {e}"));
    (invocation, template["spec"]["terminationGracePeriodSeconds"].as_u64().unwrap())
}

#[test]
fn every_overlay_starts_what_it_says_and_only_the_mesh_is_warned_of() {
    for overlay in overlays() {
        let (Invocation { command, settings, warnings }, _) = settings(&overlay);
        // Plain text beyond the machine is the one thing that has to be said loudly.
        let risky = warnings.iter().filter(|warning| warning.starts_with("--listen-insecure")).count();
        assert_eq!(
            (risky, warnings.len() - risky),
            (usize::from(overlay == "grpc-mesh"), 0),
            "{overlay}: {warnings:?}"
        );
        assert!(settings.one_shot.is_none(), "{overlay}");
        assert!(!settings.provisioning, "{overlay}: writes are off until somebody turns them on");
        assert_eq!(settings.storage.temp_dir.as_deref(), Some(Path::new("/tmp")), "{overlay}");
        assert_eq!(settings.logs.format.as_deref(), Some("json"), "{overlay}");
        let serves = overlay.starts_with("grpc");
        assert_eq!(command, if serves { Command::Serve } else { Command::Run }, "{overlay}");
        let in_service_mode = overlay.starts_with("service-mode");
        assert_eq!(settings.control_plane.is_some(), in_service_mode, "{overlay}");
        if let Some(control_plane) = settings.control_plane {
            assert_eq!(control_plane.host_id.as_deref(), Some("baton-ninja-one"), "{overlay}");
            assert_eq!(control_plane.client_secret.file.is_some(), overlay.ends_with("files"), "{overlay}");
        }
        let by_file = settings.ninja_one.unwrap().client_secret.file.is_some();
        assert_eq!(by_file, ["grpc", "service-mode-files"].contains(&overlay.as_str()), "{overlay}");
    }
}

#[test]
fn the_health_port_and_the_grace_are_the_ones_that_kubernetes_reckons_with() {
    for overlay in overlays() {
        let (Invocation { settings, .. }, termination_grace) = settings(&overlay);
        let spare = Duration::from_secs(termination_grace).checked_sub(settings.serve.shutdown_grace);
        assert!(spare >= Some(Duration::from_secs(5)), "{overlay}: killed before its own grace is over");
        let objects = rendered(&overlay);
        let (object, template) = pods(&objects)[0];
        if kind(object) != "Deployment" {
            continue;
        }
        assert!(settings.health.enabled, "{overlay}");
        assert_eq!(settings.health.bind_address, "0.0.0.0", "{overlay}");
        let ports = container(template)["ports"].as_array().unwrap();
        let health = ports.iter().find(|port| port["name"] == "health").unwrap();
        assert_eq!(health["containerPort"], settings.health.port, "{overlay}");
    }
}

#[test]
fn a_pod_whose_secret_is_not_filled_in_says_what_is_missing() {
    let objects = rendered("service-mode");
    let (_, template) = pods(&objects)[0];
    let variables = environment(&objects, container(template));
    let failure = config::parse(["baton-ninja-one".into()], &variables, Path::new("/")).unwrap_err();
    for name in ["ninja-one-base-url", "ninja-one-client-id", "ninja-one-client-secret"] {
        assert!(failure.text.contains(name), "{failure}");
    }
}

/// The binary as the overlay's pod runs it, in front of this NinjaOne, with its Secrets mounted below a folder. The machine that the
/// tests share has neither the pod's addresses nor its volumes.
fn pod(overlay: &str, world: &World, mounts: &Path) -> Binary {
    let objects = rendered(overlay);
    let (_, template) = pods(&objects)[0];
    let mut variables = environment(&objects, container(template));
    variables.extend(deployment(world).into_iter().map(|(name, value)| (name.to_owned(), value)));
    let mounted: Vec<_> =
        variables.keys().filter_map(|name| name.strip_suffix("_FILE")).map(str::to_owned).collect();
    for name in mounted {
        let value = variables.remove(&name).unwrap();
        fs::write(mounts.join(&name), format!("{value}\n")).unwrap();
    }
    for path in variables.values_mut().filter(|value| value.starts_with("/run/secrets/")) {
        *path = mounts.join(Path::new(&path).file_name().unwrap()).to_str().unwrap().to_owned();
    }
    for (name, value) in [
        ("BATON_LISTEN", "127.0.0.1:0"),
        ("BATON_HEALTH_CHECK_BIND_ADDRESS", "127.0.0.1"),
        ("BATON_HEALTH_CHECK_PORT", "0"),
        ("BATON_TMPDIR", mounts.to_str().unwrap()),
    ] {
        variables.insert(name.to_owned(), value.to_owned());
    }
    let start = Binary::new(&arguments(container(template)));
    variables.iter().fold(start, |binary, (name, value)| binary.env(name, value))
}

async fn ends_well(running: Running) {
    running.terminate();
    let (code, log) = running.end().await;
    assert_eq!(code, Some(0), "{log}");
    assert!(log.lines().all(|line| line.starts_with('{')), "a log line that is not JSON: {log}");
    assert!(!log.contains("simulator-secret"), "the secret is in the log: {log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_binary_serves_with_the_environment_of_the_grpc_overlay_in_a_mesh() {
    let (world, mounts) = (World::small().await, tempfile::tempdir().unwrap());
    let running = pod("grpc-mesh", &world, mounts.path()).listening().await;
    let endpoint = Channel::from_shared(format!("http://{}", running.address)).unwrap();
    wait_for(&endpoint.connect().await.unwrap(), ServingStatus::Serving).await;
    ends_well(running).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_binary_lets_in_only_whom_the_grpc_overlay_names() {
    let (world, mounts) = (World::small().await, tempfile::tempdir().unwrap());
    let (ours, theirs) = (Ca::new("ours"), Ca::new("theirs"));
    let own = ours.server();
    for (name, text) in [("tls.crt", &own.certificate), ("tls.key", &own.key), ("ca.crt", &ours.pem)] {
        fs::write(mounts.path().join(name), text).unwrap();
    }
    let running = pod("grpc", &world, mounts.path())
        .env("BATON_LISTEN_ALLOWED_NAMES", "reviews.example.org")
        .listening()
        .await;
    let connect = |identity: Option<Pair>| {
        let mut tls =
            ClientTlsConfig::new().ca_certificate(Certificate::from_pem(&ours.pem)).domain_name("localhost");
        if let Some(Pair { certificate, key }) = identity {
            tls = tls.identity(Identity::from_pem(certificate, key));
        }
        let endpoint = Channel::from_shared(format!("https://{}", running.address)).unwrap();
        async move { endpoint.tls_config(tls).unwrap().connect().await }
    };
    let metadata = |channel: Channel| async move {
        ConnectorServiceClient::new(channel).get_metadata(v2::ConnectorServiceGetMetadataRequest {}).await
    };
    let named = connect(Some(ours.issue("x", &["reviews.example.org"], &[]))).await.unwrap();
    metadata(named).await.unwrap();
    let other = connect(Some(ours.issue("x", &["other.example.org"], &[]))).await.unwrap();
    assert_eq!(metadata(other).await.unwrap_err().code(), Code::PermissionDenied);
    for identity in [None, Some(theirs.issue("x", &["reviews.example.org"], &[]))] {
        // TLS 1.3 may tell the client of a refusal only with its first call.
        if let Ok(channel) = connect(identity).await {
            metadata(channel).await.unwrap_err();
        }
    }
    ends_well(running).await;
}
