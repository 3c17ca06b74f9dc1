//! What machine this is, as far as it says so itself.

use std::{fs, path::Path};

use crate::wire::api::baton_service_hello_request::OsInfo;

/// What a field holds when the machine does not say.
const UNKNOWN: &str = "unknown";
/// The contract's bound on every text, in characters.
const LONGEST: usize = 256;

/// Facts about the machine, for Hello.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostFacts(pub(super) OsInfo);

impl HostFacts {
    /// Asks the machine.
    #[must_use]
    pub fn gather() -> Self {
        Self::gather_below(Path::new("/"))
    }

    fn gather_below(root: &Path) -> Self {
        let read = |path: &str| fs::read_to_string(root.join(path)).ok().and_then(|text| told(&text));
        let release = read("etc/os-release").unwrap_or_default();
        let entry = |key: &str| {
            let value = release.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
            value.map(|v| v.trim_matches(['"', '\''])).and_then(told)
        };
        let os = std::env::consts::OS;
        let platform = entry("ID").unwrap_or_else(|| os.to_owned());
        let or_unknown = |text: Option<String>| text.unwrap_or_else(|| UNKNOWN.to_owned());
        Self(OsInfo {
            hostname: or_unknown(hostname(root)),
            os: os.to_owned(),
            platform_version: or_unknown(entry("VERSION_ID")),
            platform_family: entry("ID_LIKE").unwrap_or_else(|| platform.clone()),
            platform,
            kernel_version: or_unknown(read("proc/sys/kernel/osrelease")),
            kernel_arch: std::env::consts::ARCH.to_owned(),
            virtualization_system: virtualization(root).to_owned(),
        })
    }
}

/// The name of this replica: as configured, else the machine's, else that of the protocol's reference.
#[must_use]
pub fn host_id(configured: Option<&str>) -> String {
    let configured = configured.and_then(told);
    configured.or_else(|| hostname(Path::new("/"))).unwrap_or_else(|| "baton-sdk".to_owned())
}

fn hostname(root: &Path) -> Option<String> {
    let files = ["proc/sys/kernel/hostname", "etc/hostname"];
    let by_file = files.iter().find_map(|path| told(&fs::read_to_string(root.join(path)).ok()?));
    by_file.or_else(|| told(&std::env::var("HOSTNAME").ok()?))
}

/// The text without white space around it, cut to what the contract allows; `None` when nothing is left.
fn told(text: &str) -> Option<String> {
    let text: String = text.trim().chars().take(LONGEST).collect();
    (!text.is_empty()).then_some(text)
}

fn virtualization(root: &Path) -> &'static str {
    let there = |path: &str| root.join(path).exists();
    if there(".dockerenv") {
        "docker"
    } else if there("run/.containerenv") {
        "podman"
    } else if there("var/run/secrets/kubernetes.io") {
        "kubernetes"
    } else if there("sys/hypervisor/type") {
        "xen"
    } else {
        "none"
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a failing unwrap is a failing test

    use super::*;

    #[test]
    fn the_machine_is_described_by_its_own_files() {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in [
            ("etc/os-release", "NAME=\"Debian GNU/Linux\"\nID=debian\nVERSION_ID=\"12\"\n"),
            ("proc/sys/kernel/hostname", "node-7\n"),
            ("proc/sys/kernel/osrelease", "6.1.0-18-amd64\n"),
            (".dockerenv", ""),
        ] {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let HostFacts(facts) = HostFacts::gather_below(root.path());
        assert_eq!(facts.hostname, "node-7");
        assert_eq!((facts.platform.as_str(), facts.platform_version.as_str()), ("debian", "12"));
        assert_eq!(
            (facts.platform_family.as_str(), facts.kernel_version.as_str()),
            ("debian", "6.1.0-18-amd64")
        );
        assert_eq!(facts.virtualization_system, "docker");
    }

    #[test]
    fn what_a_machine_does_not_say_is_unknown_and_never_empty() {
        let root = tempfile::tempdir().unwrap();
        let HostFacts(facts) = HostFacts::gather_below(root.path());
        assert_eq!((facts.platform_version.as_str(), facts.kernel_version.as_str()), (UNKNOWN, UNKNOWN));
        assert_eq!(facts.virtualization_system, "none");
        assert!(
            !facts.platform.is_empty() && !facts.platform_family.is_empty() && !facts.hostname.is_empty()
        );
    }

    #[test]
    fn the_configured_name_goes_before_the_machines_and_is_cut_to_its_bound() {
        assert_eq!(host_id(Some("replica-1")), "replica-1");
        assert_eq!(host_id(Some(&"é".repeat(300))).chars().count(), LONGEST);
        assert_eq!(host_id(Some("  ")), host_id(None));
    }
}
