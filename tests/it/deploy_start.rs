//! The real binary as an overlay's pod starts it: with the arguments and the environment of the manifest and its Secrets filled in,
//! asked on the paths of its probes, and stopped as the kubelet stops it.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use baton_ninja_one::wire::{
    api::task::{self, TaskType},
    v2::{self, connector_service_client::ConnectorServiceClient},
};
use serde_json::Value;
use tempfile::TempDir;
use tokio::time::timeout;
use tonic::{
    Code,
    transport::{Certificate, Channel, ClientTlsConfig, Identity},
};
use tonic_health::pb::health_check_response::ServingStatus;

use crate::{
    health::get,
    support::{
        PATIENCE, World,
        binary::{Binary, Running, deployment},
        certificates::{Ca, Pair},
        control_plane::{CLIENT_ID, ControlPlane, Door, Key},
        manifests::{NAME, arguments, container, environment, pods, rendered},
        scripted::sync,
        wait_for,
        writes::{assigned, by_id},
    },
};

/// A pod of an overlay, and where its volumes are on the machine that the tests share.
struct Pod {
    template: Value,
    variables: BTreeMap<String, String>,
    mounts: TempDir,
    temp: TempDir,
    /// What the root file system is: nothing may be written there.
    root: TempDir,
    /// Where on this machine the control plane is that the pod would find by its name.
    way: Vec<(&'static str, String)>,
}

impl Pod {
    /// With the Secrets filled in for this NinjaOne.
    fn of(overlay: &str, world: &World) -> Self {
        let objects = rendered(overlay);
        let (_, template) = pods(&objects)[0];
        let variables = environment(&objects, container(template));
        let folder = || tempfile::tempdir().unwrap();
        let pod = Self {
            template: template.clone(),
            variables,
            mounts: folder(),
            temp: folder(),
            root: folder(),
            way: Vec::new(),
        };
        deployment(world).iter().fold(pod, |pod, (name, value)| pod.fill(name, value))
    }

    /// With the credentials for this control plane filled in.
    fn controlled(mut self, plane: &ControlPlane, door: &Door) -> Self {
        plane.expect_host(NAME);
        let authority = self.mounts.path().join("authority.pem");
        fs::write(&authority, &door.ca).unwrap();
        self.way = vec![
            ("BATON_C1_API_HOST", door.authority.clone()),
            ("SSL_CERT_FILE", authority.to_str().unwrap().to_owned()),
        ];
        self.fill("BATON_CLIENT_ID", CLIENT_ID).fill("BATON_CLIENT_SECRET", &Key::first().secret)
    }

    /// Fills a key of a Secret in: as a variable, or where the pod finds it as a file.
    fn fill(mut self, name: &str, value: &str) -> Self {
        if let Some(path) = self.variables.get(&format!("{name}_FILE")) {
            fs::write(self.mounted(path), format!("{value}\n")).unwrap();
        } else {
            assert!(self.variables.contains_key(name), "{name} is no key of this overlay");
            self.variables.insert(name.to_owned(), value.to_owned());
        }
        self
    }

    /// Where on this machine the file is that the pod has at this path.
    fn mounted(&self, path: &str) -> PathBuf {
        let path = self.mounts.path().join(Path::new(path).strip_prefix("/run/secrets").unwrap());
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        path
    }

    /// As the kubelet starts it. Only ports, addresses and folders are other ones: the machine is not the pod's own.
    fn start(&self) -> Binary {
        let mut binary = Binary::new(&arguments(container(&self.template))).within(self.root.path());
        for (name, value) in &self.variables {
            let mounted = value.starts_with("/run/secrets/").then(|| self.mounted(value));
            let value = mounted.as_ref().map_or(value.as_str(), |path| path.to_str().unwrap());
            binary = match name.as_str() {
                "BATON_LISTEN" => binary.env(name, "127.0.0.1:0"),
                "BATON_HEALTH_CHECK_BIND_ADDRESS" => binary.env(name, "127.0.0.1"),
                "BATON_TMPDIR" => binary.env(name, self.temp.path().to_str().unwrap()),
                _ => binary.env(name, value),
            };
        }
        let binary = binary.env("BATON_HEALTH_CHECK_PORT", "0");
        self.way.iter().fold(binary, |binary, (name, value)| binary.env(name, value))
    }

    /// Asks what the kubelet asks until every probe is satisfied.
    async fn is_probed_well(&self, running: &Running) {
        let container = container(&self.template);
        for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
            let Some(path) = container[probe]["httpGet"]["path"].as_str() else {
                let channel = Channel::from_shared(format!("http://{}", running.address)).unwrap();
                wait_for(&channel.connect().await.unwrap(), ServingStatus::Serving).await;
                continue;
            };
            let satisfied = async {
                while get(running.said("health pages"), path).await.0 != 200 {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            };
            timeout(PATIENCE, satisfied).await.unwrap_or_else(|_| panic!("{probe} on {path}"));
        }
        let annotations = &self.template["metadata"]["annotations"];
        let (status, text) =
            get(running.said("health pages"), annotations["prometheus.io/path"].as_str().unwrap()).await;
        assert!(status == 200 && text.contains("baton_ninja_one_build_info"), "{text}");
    }

    /// It ends before it would be killed, with nothing to say but JSON and nothing left behind.
    async fn stops_well(&self, running: Running) {
        let grace = self.template["spec"]["terminationGracePeriodSeconds"].as_u64().unwrap();
        let told = Instant::now();
        running.terminate();
        let (code, log) = running.end().await;
        assert!(told.elapsed() < Duration::from_secs(grace), "killed after {grace} s");
        assert_eq!(code, Some(0), "{log}");
        assert!(log.lines().all(|line| line.starts_with('{')), "a log line that is not JSON: {log}");
        assert!(!log.contains("simulator-secret"), "the secret is in the log: {log}");
        for folder in [&self.temp, &self.root] {
            let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().path()).collect();
            assert!(left.is_empty(), "{left:?}");
        }
    }
}

fn grant() -> TaskType {
    let (entitlement, principal) = (Some(assigned(5)), Some(by_id("user", 22)));
    TaskType::Grant(task::GrantTask { entitlement, principal, ..Default::default() })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pod_in_service_mode_says_hello_syncs_answers_its_probes_and_stops_in_time() {
    for overlay in ["service-mode", "service-mode-files"] {
        let (world, plane) = (World::small().await, ControlPlane::in_real_time());
        let door = plane.over_tls().await;
        let pod = Pod::of(overlay, &world).controlled(&plane, &door);
        let running = pod.start().telling("health pages").await;
        let id = plane.offer(sync(""));
        plane.finished(&id).await.success();
        assert_eq!(plane.hello().host_id, NAME, "{overlay}");
        assert_eq!(plane.uploads().len(), 1, "{overlay}");

        // Until somebody fills it in otherwise, nothing is written.
        let id = plane.offer(grant());
        let (code, text, _) = plane.finished(&id).await.error();
        assert!(code == 9 && text.contains("provisioning is not enabled"), "{overlay}: {text}");

        pod.is_probed_well(&running).await;
        pod.stops_well(running).await;
        plane.assert_satisfied();
        assert!(world.ninja_one.writes().is_empty(), "{overlay}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pod_whose_provisioning_is_filled_in_carries_a_grant_out() {
    let (world, plane) = (World::small().await, ControlPlane::in_real_time());
    let door = plane.over_tls().await;
    let pod = Pod::of("service-mode", &world).controlled(&plane, &door).fill("BATON_PROVISIONING", "true");
    let running = pod.start().telling("health pages").await;
    let id = plane.offer(grant());
    plane.finished(&id).await.success();
    assert!(world.ninja_one.read_tenant(|tenant| tenant.is_member(5, 22)));
    pod.stops_well(running).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pod_in_a_mesh_serves_plain_grpc_and_answers_its_probes() {
    let world = World::small().await;
    let pod = Pod::of("grpc-mesh", &world);
    let running = pod.start().listening().await;
    let channel =
        Channel::from_shared(format!("http://{}", running.address)).unwrap().connect().await.unwrap();
    ConnectorServiceClient::new(channel).validate(v2::ConnectorServiceValidateRequest {}).await.unwrap();
    pod.is_probed_well(&running).await;
    pod.stops_well(running).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pod_of_the_grpc_overlay_lets_in_only_whom_it_names_and_answers_its_probes() {
    let world = World::small().await;
    let pod = Pod::of("grpc", &world).fill("BATON_LISTEN_ALLOWED_NAMES", "reviews.example.org");
    let (ours, theirs) = (Ca::new("ours"), Ca::new("theirs"));
    let own = ours.server();
    for (setting, text) in [
        ("BATON_LISTEN_TLS_CERT", &own.certificate),
        ("BATON_LISTEN_TLS_KEY", &own.key),
        ("BATON_LISTEN_CLIENT_CA", &ours.pem),
    ] {
        fs::write(pod.mounted(&pod.variables[setting]), text).unwrap();
    }
    let running = pod.start().listening().await;
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
    metadata(named.clone()).await.unwrap();
    wait_for(&named, ServingStatus::Serving).await;
    drop(named);
    let other = connect(Some(ours.issue("x", &["other.example.org"], &[]))).await.unwrap();
    assert_eq!(metadata(other).await.unwrap_err().code(), Code::PermissionDenied);
    for identity in [None, Some(theirs.issue("x", &["reviews.example.org"], &[]))] {
        // TLS 1.3 may tell the client of a refusal only with its first call.
        if let Ok(channel) = connect(identity).await {
            metadata(channel).await.unwrap_err();
        }
    }
    pod.is_probed_well(&running).await;
    pod.stops_well(running).await;
}
