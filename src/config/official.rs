//! The settings of the reference SDK, as every connector built with it takes them.
//!
//! Source of truth: sections 2.1 to 2.3 and 8 of the reference's command line. Names, kinds, defaults and shorthands never
//! change; the help texts are ours.

use super::setting::Heading::{
    Files, Health, Logs, NinjaOne, OneShot, Provisioning, Service, Sync, Telemetry,
};
use super::setting::Setting;

const UNUSED_BY_REFERENCE: &str = "the reference registers it and never reads it; use --invoke-action";

pub(super) static SETTINGS: &[Setting] = &[
    Setting::path("file", Sync, "The .c1z file to write, or to read for a one-shot operation and for `show`")
        .short('f')
        .default("sync.c1z"),
    Setting::text(
        "client-id",
        Service,
        "Client id at the control plane; with the secret it turns on service mode",
    )
    .value("ID"),
    Setting::secret("client-secret", Service, "Client secret at the control plane"),
    Setting::bool("provisioning", Provisioning, "Allow writes: grant, revoke, create and delete accounts")
        .short('p'),
    Setting::bool("ticketing", Provisioning, "Enable ticket calls").hidden(),
    Setting::text("log-level", Logs, "What to log: debug, info, warn or error")
        .value("LEVEL")
        .default("info")
        .ops("Log level"),
    Setting::text(
        "log-level-debug-expires-at",
        Logs,
        "When to fall back from debug to info, as an RFC 3339 time",
    )
    .value("TIME")
    .ops("Log level debug expires at"),
    Setting::int("session-store-maximum-size", Files, "The most bytes that the session store may hold")
        .default("15728640")
        .hidden()
        .ops("Session store maximum size")
        .without_effect("this connector keeps no session store"),
    Setting::text(
        "otel-collector-endpoint",
        Telemetry,
        "OpenTelemetry collector for traces and logs: HOST:PORT, or a URL (OTLP over gRPC)",
    )
    .value("ADDR")
    .ops("OTel collector endpoint"),
    Setting::path("otel-collector-endpoint-tls-cert-path", Telemetry, "PEM file to trust for the collector")
        .hidden()
        .ops("OTel collector TLS certificate path"),
    Setting::text(
        "otel-collector-endpoint-tls-cert",
        Telemetry,
        "Certificate to trust for the collector, inline",
    )
    .value("PEM")
    .hidden()
    .ops("OTel collector TLS certificate"),
    Setting::bool("otel-collector-endpoint-tls-insecure", Telemetry, "Speak to the collector without TLS")
        .hidden()
        .ops("OTel collector without TLS"),
    Setting::bool("otel-tracing-disabled", Telemetry, "Send the collector no traces")
        .hidden()
        .ops("Disable OTel tracing"),
    Setting::bool("otel-logging-disabled", Telemetry, "Send the collector no logs")
        .hidden()
        .ops("Disable OTel logging"),
    Setting::bool("health-check", Health, "Serve /health, /ready and /live over HTTP").ops("Health check"),
    Setting::int("health-check-port", Health, "Port of the health server")
        .value("PORT")
        .default("8081")
        .range(0, 65535)
        .ops("Health check port"),
    Setting::text("health-check-bind-address", Health, "Address of the health server")
        .value("IP")
        .default("127.0.0.1")
        .hidden()
        .ops("Health check bind address"),
    Setting::int(
        "http-timeout-seconds",
        NinjaOne,
        "The most seconds that one request to NinjaOne may take; 0 means the default",
    )
    .value("SECONDS")
    .default("300")
    .range(1, 1800)
    .zero_is_default()
    .ops("HTTP timeout in seconds"),
    Setting::text("log-format", Logs, "json or console [default: console on a terminal, else json]")
        .value("FORMAT"),
    Setting::list("log-path", Logs, "Files to log to instead of stderr").value("PATHS"),
    Setting::path(
        "c1z-temp-dir",
        Files,
        "Directory for temporary files [default: $BATON_TMPDIR, else the system's]",
    )
    .value("DIR")
    .hidden(),
    Setting::text("storage-engine", Sync, "Format of a new .c1z file; unset means sqlite")
        .value("ENGINE")
        .one_of(&["", "sqlite", "pebble"]),
    Setting::text("auth-method", Service, "Which group of credential fields to use")
        .hidden()
        .without_effect("there is one way to authenticate at NinjaOne here, and so nothing to choose"),
    Setting::int("workers", Sync, "Parallel sync workers: -1 chooses, 0 means one after the other")
        .default("0")
        .range(-1, 1024)
        .hidden(),
    Setting::bool("parallel-sync", Sync, "Deprecated")
        .hidden()
        .without_effect("it is deprecated; --workers is its successor"),
    Setting::int(
        "task-concurrency",
        Service,
        "Tasks that service mode works on at the same time; short ones do not wait for syncs",
    )
    .default("3")
    .range(1, 100),
    Setting::bool("keep-previous-sync-c1z", Sync, "Keep the previous sync's file in service mode").hidden(),
    Setting::bool("skip-full-sync", Sync, "Record an empty finished sync and read nothing"),
    Setting::list("sync-resources", Sync, "Sync only these resources, as BIDs (bid:r:...)").value("BIDS"),
    Setting::list("sync-resource-types", Sync, "Sync only these resource types").value("TYPES"),
    Setting::bool("skip-entitlements-and-grants", Sync, "Sync resources only"),
    Setting::bool("skip-grants", Sync, "Leave out the grants of a targeted sync").hidden(),
    Setting::path("external-resource-c1z", Sync, "A .c1z file whose users and groups may hold grants here")
        .hidden(),
    Setting::text(
        "external-resource-entitlement-id-filter",
        Sync,
        "Take only the external principals that hold this entitlement",
    )
    .value("ID")
    .hidden(),
    Setting::list("external-resource-traits", Sync, "Traits of the external principals to take")
        .default("user,group")
        .hidden(),
    Setting::text("grant-entitlement", OneShot, "Grant this entitlement").value("ID").hidden(),
    Setting::text("grant-principal", OneShot, "The principal who receives the grant").value("ID").hidden(),
    Setting::text("grant-principal-type", OneShot, "The principal's resource type").value("TYPE").hidden(),
    Setting::text("revoke-grant", OneShot, "Revoke this grant").value("ID").hidden(),
    Setting::text("create-account-login", OneShot, "Create an account with this login")
        .value("LOGIN")
        .hidden(),
    Setting::text("create-account-email", OneShot, "The new account's e-mail address")
        .value("EMAIL")
        .hidden(),
    Setting::text("create-account-profile", OneShot, "The new account's profile, a JSON object")
        .value("JSON")
        .hidden(),
    Setting::text("create-account-resource-type", OneShot, "The new account's resource type")
        .value("TYPE")
        .hidden(),
    Setting::text("delete-resource", OneShot, "Delete the resource with this id").value("ID").hidden(),
    Setting::text("delete-resource-type", OneShot, "Its resource type").value("TYPE").hidden(),
    Setting::text("rotate-credentials", OneShot, "Rotate the credentials of this resource")
        .value("ID")
        .hidden(),
    Setting::text("rotate-credentials-type", OneShot, "Its resource type").value("TYPE").hidden(),
    Setting::bool_text("event-feed", OneShot, "Print the events of a feed").hidden(),
    Setting::text("event-feed-id", OneShot, "The feed to read").value("ID").hidden(),
    Setting::text("event-feed-start-at", OneShot, "First moment of interest, RFC 3339 [default: a day ago]")
        .value("TIME")
        .hidden(),
    Setting::text("event-feed-cursor", OneShot, "Where an earlier read stopped").value("CURSOR").hidden(),
    Setting::bool("create-ticket", OneShot, "Create a ticket").hidden(),
    Setting::path("ticket-template-path", OneShot, "The ticket, as JSON").hidden(),
    Setting::bool("bulk-create-ticket", OneShot, "Create several tickets").hidden(),
    Setting::path("bulk-ticket-template-path", OneShot, "The tickets, as JSON").hidden(),
    Setting::bool("get-ticket", OneShot, "Read a ticket").hidden(),
    Setting::text("ticket-id", OneShot, "The ticket to read").value("ID").hidden(),
    Setting::bool("list-ticket-schemas", OneShot, "List ticket schemas").hidden(),
    Setting::text("invoke-action", OneShot, "Invoke this action and wait for its end").value("NAME").hidden(),
    Setting::text("invoke-action-args", OneShot, "The action's arguments, a JSON object")
        .value("JSON")
        .default("{}")
        .hidden(),
    Setting::text("invoke-action-resource-type", OneShot, "The resource type that the action belongs to")
        .value("TYPE")
        .hidden(),
    Setting::bool("list-action-schemas", OneShot, "List the actions and their arguments").hidden(),
    Setting::text(
        "list-action-schemas-resource-type",
        OneShot,
        "List the actions of this resource type only",
    )
    .value("TYPE")
    .hidden(),
    Setting::text("list-resource-actions", OneShot, "Unused").hidden().without_effect(UNUSED_BY_REFERENCE),
    Setting::text("invoke-resource-action", OneShot, "Unused").hidden().without_effect(UNUSED_BY_REFERENCE),
    Setting::text("invoke-resource-action-resource-type", OneShot, "Unused")
        .hidden()
        .without_effect(UNUSED_BY_REFERENCE),
    Setting::text("invoke-resource-action-args", OneShot, "Unused")
        .hidden()
        .without_effect(UNUSED_BY_REFERENCE),
    Setting::bool("diff-syncs", OneShot, "Add the difference of two syncs to the file").hidden(),
    Setting::text("base-sync-id", OneShot, "The earlier sync").value("ID").hidden(),
    Setting::text("applied-sync-id", OneShot, "The later sync").value("ID").hidden(),
    Setting::bool("compact-syncs", OneShot, "Merge syncs into a new file").hidden(),
    Setting::list("compact-sync-ids", OneShot, "The syncs to merge").value("IDS").hidden(),
    Setting::list("compact-file-paths", OneShot, "The files that hold them").value("PATHS").hidden(),
    Setting::path("compact-output-path", OneShot, "The file to write").hidden(),
    Setting::text(
        "c1-api-host",
        Service,
        "Another control-plane host than the client id names, HOST or HOST:PORT",
    )
    .value("HOST")
    .environment_only(),
    Setting::text("host-id", Service, "Name of this replica at the control plane [default: the host name]")
        .value("NAME")
        .environment_only(),
    Setting::bool("get-tasks", Service, "Ask the control plane for tasks in batches").environment_only(),
    Setting::path("tmpdir", Files, "Directory for temporary files [default: the system's]")
        .value("DIR")
        .environment_only(),
    Setting::int("keep-sync-count", Files, "Full syncs to keep in a .c1z file")
        .default("2")
        .range(1, 1_000_000)
        .environment_only(),
    Setting::bool("skip-cleanup", Files, "Keep every earlier sync in a .c1z file").environment_only(),
    Setting::int("decoder-max-decoded-size-mb", Files, "The most MiB that a .c1z file may unpack to")
        .default("10240")
        .range(1, 1 << 40)
        .environment_only(),
    Setting::int("decoder-max-memory-mb", Files, "The most MiB of memory for unpacking a .c1z file")
        .default("128")
        .range(1, 1 << 40)
        .environment_only(),
    Setting::bool(
        "disable-fcs-fail-fast",
        Files,
        "Unpack first and then refuse a .c1z file that declares too much",
    )
    .environment_only(),
];
