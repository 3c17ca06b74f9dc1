//! Settings that the deployment names exist and mean what the manifests take them to mean.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use baton_ninja_one::config::{self, Command, Invocation};
use serde_json::Value;

use crate::support::{
    manifests::{arguments, container, environment, kind, overlays, pods, rendered},
    names::{Names, variables_in},
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
