//! Which settings belong together and which exclude each other, with the reference's texts.

use super::command::Verb;
use super::failure::{Problems, Stage};
use super::resolve::Resolved;

const TOGETHER: [&[&str]; 8] = [
    &["grant-entitlement", "grant-principal"],
    &["client-id", "client-secret"],
    &["listen-tls-cert", "listen-tls-key"],
    &["create-ticket", "ticket-template-path"],
    &["bulk-create-ticket", "bulk-ticket-template-path"],
    &["get-ticket", "ticket-id"],
    &["diff-syncs", "base-sync-id", "applied-sync-id"],
    &["compact-syncs", "compact-sync-ids", "compact-file-paths", "compact-output-path"],
];

/// In the order in which the reference checks them; of two that catch the same flags it reports the first.
const EXCLUSIVE: [&[&str]; 3] = [
    &[
        "grant-entitlement",
        "revoke-grant",
        "create-account-email",
        "delete-resource-type",
        "rotate-credentials-type",
        "event-feed",
        "diff-syncs",
        "compact-syncs",
        "list-ticket-schemas",
    ],
    &[
        "grant-entitlement",
        "revoke-grant",
        "create-account-login",
        "delete-resource",
        "rotate-credentials",
        "event-feed",
        "create-ticket",
        "get-ticket",
        "list-ticket-schemas",
        "bulk-create-ticket",
    ],
    &["json", "csv"],
];

/// Checks the groups.
pub(super) fn check(verb: Verb, found: &Resolved, problems: &mut Problems) {
    if verb.needs_ninja_one() {
        for group in TOGETHER {
            let mut missing: Vec<_> = group.iter().filter(|name| !found.is_set(name)).copied().collect();
            missing.sort_unstable();
            if !missing.is_empty() && missing.len() < group.len() {
                problems.add(
                    Stage::Relation,
                    format!(
                        "if any flags in the group [{}] are set they must all be set; missing [{}]",
                        group.join(" "),
                        missing.join(" ")
                    ),
                );
            }
        }
    }
    let mut told = Vec::new();
    for group in EXCLUSIVE {
        let mut set: Vec<_> = group.iter().filter(|name| found.is_set(name)).copied().collect();
        set.sort_unstable();
        if set.len() > 1 && !told.contains(&set) {
            problems.add(
                Stage::Relation,
                format!(
                    "if any flags in the group [{}] are set none of the others can be; [{}] were all set",
                    group.join(" "),
                    set.join(" ")
                ),
            );
            told.push(set);
        }
    }
    if verb == Verb::Serve || (verb == Verb::Run && found.is_set("listen")) {
        door(found, problems);
    }
    if verb == Verb::Run && found.bool("skip-grants") && !found.is_set("sync-resources") {
        problems.add(Stage::Relation, "skip-grants can only be set within a targeted sync");
    }
}

/// The gRPC daemon is open to others only behind TLS and with authentication, or loudly.
fn door(found: &Resolved, problems: &mut Problems) {
    let (tls, certificates) = (found.is_set("listen-tls-cert"), found.is_set("listen-client-ca"));
    if certificates && !tls {
        problems.add(Stage::Relation, "listen-client-ca needs TLS: set listen-tls-cert and listen-tls-key");
    }
    for name in ["listen-allowed-names", "listen-provisioners"] {
        if found.is_set(name) && !certificates {
            problems.add(
                Stage::Relation,
                format!("{name} is about client certificates: set listen-client-ca as well"),
            );
        }
    }
    let address = found.address("listen");
    let open = !address.ip().to_canonical().is_loopback() && !found.bool("listen-insecure");
    let authenticates = certificates || found.is_set("listen-token-file");
    let missing = match (tls, authenticates) {
        (true, true) => return,
        (false, true) => "TLS (--listen-tls-cert, --listen-tls-key)",
        (true, false) => "authentication (--listen-client-ca or --listen-token-file)",
        (false, false) => {
            "TLS (--listen-tls-cert, --listen-tls-key) and authentication (--listen-client-ca or --listen-token-file)"
        }
    };
    if open {
        problems.add(
            Stage::Relation,
            format!(
                "--listen {address} is open to other machines and lacks {missing}; add it, listen on 127.0.0.1, or take \
                 the risk with --listen-insecure"
            ),
        );
    }
}
