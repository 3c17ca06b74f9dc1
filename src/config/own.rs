//! The settings of this connector and of our own commands.
//!
//! The first four are the fields of the vendor's connector. A name starts with `ninja-one-` when it is about the REST API.

use super::command::Verb::{Demo, Diff, Doctor, HealthCheck, Run, Serve as ServeVerb, Show, Simulate};
use super::setting::Heading::{Command, Health, NinjaOne, Provisioning, Serve, Service};
use super::setting::Setting;

pub(super) static SETTINGS: &[Setting] = &[
    Setting::text(
        "ninja-one-base-url",
        NinjaOne,
        "Region key (app, us2, eu, ca, oc, fed) or base URL of the NinjaOne instance",
    )
    .value("REGION|URL")
    .required()
    .form("Region or base URL", "eu"),
    Setting::text("ninja-one-client-id", NinjaOne, "Client id of the API Services application in NinjaOne")
        .value("ID")
        .required()
        .form("Client ID", "Client ID of the API application"),
    Setting::secret("ninja-one-client-secret", NinjaOne, "Client secret of that application")
        .required()
        .form("Client secret", "Client secret of the API application"),
    Setting::text(
        "ninja-one-scope",
        NinjaOne,
        "OAuth scopes to ask for, by space or comma; `none` asks for all the application has",
    )
    .value("SCOPES")
    .default("monitoring management")
    .form("Scopes", "monitoring management"),
    Setting::text("ninja-one-token-path", NinjaOne, "Path of the token endpoint [default: /ws/oauth/token]")
        .value("PATH"),
    Setting::path("ninja-one-ca-file", NinjaOne, "PEM file with further certificate authorities to trust"),
    Setting::int("ninja-one-max-in-flight", NinjaOne, "Requests to NinjaOne at the same time")
        .default("4")
        .range(1, 64),
    Setting::duration("ninja-one-connect-timeout", NinjaOne, "The longest wait for a connection to NinjaOne")
        .default("10s")
        .range(1, 300),
    Setting::duration(
        "ninja-one-read-timeout",
        NinjaOne,
        "The longest silence within an answer from NinjaOne",
    )
    .default("60s")
    .range(1, 1800),
    Setting::duration(
        "directory-max-age",
        NinjaOne,
        "How old the snapshot of users and roles may grow before a new sync reads it again",
    )
    .default("60s")
    .range(0, 86_400),
    Setting::bool(
        "dry-run",
        Provisioning,
        "Send no write; each one is answered with an error that says which request it would be",
    ),
    Setting::int("deletion-limit", Provisioning, "Accounts that may be deleted per window; 0 sets no limit")
        .default("10")
        .range(0, 1_000_000),
    Setting::duration("deletion-window", Provisioning, "The window of the deletion limit")
        .default("1h")
        .range(1, 2_592_000),
    Setting::bool(
        "allow-administrator-deletion",
        Provisioning,
        "Also delete System Administrators, but never the last enabled one",
    ),
    Setting::bool(
        "allow-managed-revocation",
        Provisioning,
        "Also revoke memberships that come from SCIM or a group mapping, although they may come back",
    ),
    Setting::list(
        "protected-accounts",
        Provisioning,
        "E-mails or ids of accounts never to delete or strip of roles, such as the one the client acts as",
    ),
    Setting::path(
        "control-plane-ca-file",
        Service,
        "PEM file with further certificate authorities to trust for the control plane",
    ),
    Setting::address(
        "listen",
        Serve,
        "Where the gRPC daemon listens; port 0 takes a free one; with service mode the daemon only runs if this is given",
    )
    .default("127.0.0.1:9090")
    .only(&[ServeVerb, Run]),
    Setting::path("listen-tls-cert", Serve, "PEM file with the daemon's certificate chain; read again when it changes")
        .only(&[ServeVerb, Run]),
    Setting::path("listen-tls-key", Serve, "PEM file with the private key of that certificate")
        .only(&[ServeVerb, Run]),
    Setting::path(
        "listen-client-ca",
        Serve,
        "PEM file with the authorities of client certificates; nobody then gets in without one",
    )
    .only(&[ServeVerb, Run]),
    Setting::list(
        "listen-allowed-names",
        Serve,
        "Names in client certificates that may come in (DNS name, URI, e-mail address, else common name) [default: all]",
    )
    .value("NAMES")
    .only(&[ServeVerb, Run]),
    Setting::list(
        "listen-provisioners",
        Serve,
        "Names in client certificates that may come in and provision; others may read, or what their token allows if nobody is named",
    )
    .value("NAMES")
    .only(&[ServeVerb, Run]),
    Setting::list(
        "listen-token-file",
        Serve,
        "Files of bearer tokens, one NAME:RIGHTS:TOKEN a line, RIGHTS read or provision; read again when they change; callers need one of them, beside a certificate if that is asked for",
    )
    .value("PATHS")
    .only(&[ServeVerb, Run]),
    Setting::bool(
        "listen-insecure",
        Serve,
        "DANGEROUS: listen beyond this machine even without TLS or without authentication",
    )
    .only(&[ServeVerb, Run]),
    Setting::int("max-connections", Serve, "gRPC connections at the same time; more are closed")
        .default("256")
        .range(1, 100_000)
        .only(&[ServeVerb, Run]),
    Setting::int("client-rate", Serve, "gRPC calls a second that one client may make; 0 is no limit")
        .default("1000")
        .range(0, 1_000_000)
        .only(&[ServeVerb, Run]),
    Setting::duration("shutdown-grace", Serve, "How long work in progress may take to finish after SIGTERM")
        .default("25s")
        .range(0, 3600),
    Setting::int("max-concurrent-requests", Serve, "gRPC requests worked on at the same time; more wait")
        .default("64")
        .range(1, 100_000)
        .only(&[ServeVerb, Run]),
    Setting::address(
        "metrics-listen",
        Health,
        "Where /metrics is served on its own [default: beside /health, if that is served]",
    )
    .only(&[ServeVerb, Run]),
    Setting::address("listen", Command, "Where the simulator listens; port 0 takes a free one")
        .default("127.0.0.1:9091")
        .argument_of(&[Simulate]),
    Setting::int("users", Command, "Users in the simulated tenant")
        .default("120")
        .range(1, 5_000_000)
        .argument_of(&[Demo, Simulate]),
    Setting::int("roles", Command, "User roles in the simulated tenant")
        .default("8")
        .range(0, 100_000)
        .argument_of(&[Demo, Simulate]),
    Setting::int("organizations", Command, "Organizations in the simulated tenant")
        .default("5")
        .range(1, 1_000_000)
        .argument_of(&[Demo, Simulate]),
    Setting::int("devices", Command, "Devices in the simulated tenant")
        .default("40")
        .range(0, 5_000_000)
        .argument_of(&[Demo, Simulate]),
    Setting::int("seed", Command, "Seed of the simulated tenant; the same seed gives the same people")
        .default("1")
        .range(0, i64::MAX)
        .argument_of(&[Demo, Simulate]),
    Setting::text("endpoint", Command, "Which question to ask the health server")
        .value("NAME")
        .default("health")
        .one_of(&["health", "ready", "live"])
        .argument_of(&[HealthCheck]),
    Setting::duration("timeout", Command, "How long to wait for its answer")
        .default("5s")
        .range(1, 3600)
        .argument_of(&[HealthCheck]),
    Setting::bool("json", Command, "Print JSON").argument_of(&[Show, Diff, Doctor]),
    Setting::bool(
        "csv",
        Command,
        "Print CSV; a text that a spreadsheet would take for a formula gets a ' in front",
    )
    .argument_of(&[Show, Diff]),
    Setting::text("type", Command, "Only this resource type").argument_of(&[Show, Diff]),
    Setting::text("role", Command, "Only this role, by name or id").argument_of(&[Show, Diff]),
    Setting::text("user", Command, "Only this user, by name, e-mail or id").argument_of(&[Show, Diff]),
    Setting::text("sync-id", Command, "This sync of the file [default: the latest finished one]")
        .value("ID")
        .argument_of(&[Show]),
    Setting::text(
        "from",
        Command,
        "The earlier sync [default: of one file the last but one, of OLD the latest]",
    )
    .value("SYNC")
    .argument_of(&[Diff]),
    Setting::text("to", Command, "The later sync [default: the latest finished one]")
        .value("SYNC")
        .argument_of(&[Diff]),
];
