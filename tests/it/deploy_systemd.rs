//! The systemd units: as hardened as the pods, each as much as the others.

use std::{collections::BTreeMap, ffi::OsString, fs, path::Path};

use baton_ninja_one::config::{self, Command};

const SERVICES: [&str; 3] =
    ["baton-ninja-one.service", "baton-ninja-one-grpc.service", "baton-ninja-one-sync.service"];

/// The `[Service]` settings; one that is set several times has several values.
fn service(name: &str) -> BTreeMap<String, Vec<String>> {
    let text = fs::read_to_string(Path::new("deploy/systemd").join(name)).unwrap();
    let (_, section) = text.split_once("[Service]\n").unwrap();
    let section = section.split("\n[").next().unwrap();
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in section.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (key, value) = line.split_once('=').unwrap_or_else(|| panic!("{name}: {line}"));
        found.entry(key.to_owned()).or_default().push(value.to_owned());
    }
    found
}

/// From what a pod may do to the settings that hold a service to it.
const HARDENING: &[(&str, &[&str])] = &[
    ("DynamicUser", &["yes"]),
    ("NoNewPrivileges", &["yes"]),
    ("CapabilityBoundingSet", &[""]),
    ("AmbientCapabilities", &[""]),
    ("ProtectSystem", &["strict"]),
    ("ProtectHome", &["yes"]),
    ("PrivateTmp", &["yes"]),
    ("PrivateDevices", &["yes"]),
    ("PrivateUsers", &["yes"]),
    ("ProtectClock", &["yes"]),
    ("ProtectControlGroups", &["yes"]),
    ("ProtectHostname", &["yes"]),
    ("ProtectKernelLogs", &["yes"]),
    ("ProtectKernelModules", &["yes"]),
    ("ProtectKernelTunables", &["yes"]),
    ("ProtectProc", &["invisible"]),
    ("RestrictAddressFamilies", &["AF_INET AF_INET6 AF_UNIX"]),
    ("RestrictNamespaces", &["yes"]),
    ("RestrictSUIDSGID", &["yes"]),
    ("LockPersonality", &["yes"]),
    ("MemoryDenyWriteExecute", &["yes"]),
    ("SystemCallArchitectures", &["native"]),
    ("SystemCallFilter", &["@system-service", "~@privileged @resources"]),
    ("UMask", &["0077"]),
    ("MemoryMax", &["256M"]),
    ("LimitCORE", &["0"]),
];

#[test]
fn every_unit_is_held_to_what_a_pod_may_do() {
    for name in SERVICES {
        let found = service(name);
        for (key, values) in HARDENING {
            assert_eq!(found.get(*key).map(Vec::as_slice).unwrap_or_default(), *values, "{name}: {key}");
        }
        for loose in ["User", "ReadWritePaths", "PermissionsStartOnly"] {
            assert!(!found.contains_key(loose), "{name}: {loose}");
        }
    }
}

#[test]
fn every_unit_runs_a_command_that_exists_with_its_secrets_from_files() {
    for (name, wanted) in SERVICES.into_iter().zip([Command::Run, Command::Serve, Command::Run]) {
        let found = service(name);
        let credentials = tempfile::tempdir().unwrap();
        let mut variables: BTreeMap<_, _> =
            [("BATON_NINJA_ONE_BASE_URL", "eu"), ("BATON_NINJA_ONE_CLIENT_ID", "application-1")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into();
        if name == SERVICES[0] {
            variables.insert("BATON_CLIENT_ID".into(), "connector-1@tenant.example.com/dir".into());
        }
        for credential in &found["LoadCredential"] {
            let (id, path) = credential.split_once(':').unwrap();
            assert!(path.starts_with("/etc/baton-ninja-one/"), "{name}: {path}");
            fs::write(credentials.path().join(id), "secret\n").unwrap();
        }
        for pair in found["Environment"].iter().flat_map(|line| line.split(' ')) {
            let (key, value) = pair.split_once('=').unwrap();
            variables.insert(key.to_owned(), value.replace("%d", credentials.path().to_str().unwrap()));
        }
        let line = found["ExecStart"][0].split(' ').map(OsString::from);
        let parsed =
            config::parse(line, &variables, Path::new("/")).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(parsed.warnings, [""; 0], "{name}");
        assert_eq!(parsed.command, wanted, "{name}");
        assert_eq!(parsed.settings.control_plane.is_some(), name == SERVICES[0], "{name}");
        assert!(parsed.settings.ninja_one.unwrap().client_secret.file.is_some(), "{name}");
        let stop: u64 = found["TimeoutStopSec"][0].parse().unwrap();
        assert!(
            stop > parsed.settings.serve.shutdown_grace.as_secs(),
            "{name}: killed before its own grace is over"
        );
        if name == SERVICES[2] {
            let state = format!("/var/lib/{}/", found["StateDirectory"][0]);
            assert!(parsed.settings.file.starts_with(&state), "{name}: {}", parsed.settings.file.display());
        }
    }
}

#[test]
fn two_daemons_on_one_machine_do_not_share_a_port() {
    let port = |name: &str| {
        let pairs = service(name)["Environment"].join(" ");
        pairs.split(' ').find_map(|pair| pair.strip_prefix("BATON_HEALTH_CHECK_PORT=").map(str::to_owned))
    };
    assert_ne!(port(SERVICES[0]), port(SERVICES[1]));
}
