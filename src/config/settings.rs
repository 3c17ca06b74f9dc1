//! The settings as the rooms use them: plain typed values, grouped by what they are about.

mod sync;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use time::OffsetDateTime;

use super::failure::Failure;
use super::one_shot::OneShot;
use super::resolve::Resolved;
use super::secret::Secret;

pub use sync::{DecoderLimits, Selection, Storage};

/// Everything that can be set.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The `.c1z` file to write or to read.
    pub file: PathBuf,
    /// Writes are allowed; also true when a one-shot operation that writes is asked for.
    pub provisioning: bool,
    /// How writes are guarded.
    pub writes: Writes,
    /// Ticket calls are enabled.
    pub ticketing: bool,
    /// The instance and its credentials, when all of them are known. See [`Settings::require_ninja_one`].
    pub ninja_one: Option<NinjaOne>,
    /// The control plane; its presence means service mode.
    pub control_plane: Option<ControlPlane>,
    /// What a sync reads.
    pub selection: Selection,
    /// What is done to a `.c1z` file, and where temporary files go.
    pub storage: Storage,
    /// The operation asked for instead of a sync. Service mode ignores it.
    pub one_shot: Option<OneShot>,
    /// The gRPC daemon, and how a process stops.
    pub serve: Serve,
    /// The health server.
    pub health: Health,
    /// What is logged and where.
    pub logs: Logs,
    /// The OpenTelemetry collector.
    pub otel: Otel,
    /// The tenant of `demo` and `simulate`.
    pub simulation: Simulation,
}

/// How to reach NinjaOne.
#[derive(Debug, Clone)]
pub struct NinjaOne {
    /// A region key or a URL, as given.
    pub base_url: String,
    /// The application's client id.
    pub client_id: String,
    /// The application's client secret.
    pub client_secret: Secret,
    /// The scopes to ask for; none means whatever the application has.
    pub scopes: Vec<String>,
    /// The path of the token endpoint, if it is not the usual one.
    pub token_path: Option<String>,
    /// A PEM file with further certificate authorities.
    pub ca_file: Option<PathBuf>,
    /// Requests at the same time, at least 1.
    pub max_in_flight: usize,
    /// The longest wait for a connection.
    pub connect_timeout: Duration,
    /// The longest silence within an answer.
    pub read_timeout: Duration,
    /// The longest time for one request as a whole.
    pub total_timeout: Duration,
    /// How old the snapshot of users and roles may be when a sync starts.
    pub directory_max_age: Duration,
}

/// How writes are guarded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Writes {
    /// No write is sent.
    pub dry_run: bool,
    /// Accounts that may be deleted per window; 0 sets no limit.
    pub deletion_limit: usize,
    /// The window of that limit.
    pub deletion_window: Duration,
    /// System Administrators may be deleted.
    pub allow_administrator_deletion: bool,
    /// Memberships that are managed from elsewhere may be revoked.
    pub allow_managed_revocation: bool,
    /// E-mails or ids of accounts that are never deleted or stripped of their roles.
    pub protected_accounts: Vec<String>,
}

/// How to reach the control plane.
#[derive(Debug, Clone)]
pub struct ControlPlane {
    /// The client id, which names the host.
    pub client_id: String,
    /// The client secret.
    pub client_secret: Secret,
    /// Another host, `HOST` or `HOST:PORT`.
    pub host: Option<String>,
    /// A PEM file with further certificate authorities.
    pub ca_file: Option<PathBuf>,
    /// The name of this replica, if not the host name.
    pub host_id: Option<String>,
    /// Tasks at the same time, at least 1.
    pub task_concurrency: usize,
    /// Ask for tasks in batches.
    pub get_tasks: bool,
    /// Keep the previous sync's file.
    pub keep_previous_sync: bool,
}

/// The gRPC daemon, and how a process stops.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Serve {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// How long work in progress may take after SIGTERM.
    pub shutdown_grace: Duration,
    /// The address was given: beside service mode, the daemon runs only then.
    pub listen_given: bool,
    /// Requests worked on at the same time, at least 1.
    pub max_concurrent_requests: usize,
    /// The daemon's certificate chain and its private key.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// The authorities of client certificates; only with TLS.
    pub client_ca: Option<PathBuf>,
    /// Names in client certificates that may come in; none named means all.
    pub allowed_names: Vec<String>,
    /// Names in client certificates that may also provision.
    pub provisioners: Vec<String>,
    /// Files of bearer tokens.
    pub token_files: Vec<PathBuf>,
    /// Connections at the same time, at least 1.
    pub max_connections: usize,
    /// Calls a second and client; 0 is no limit.
    pub client_rate: u32,
}

impl Serve {
    /// Whether callers have to say who they are.
    #[must_use]
    pub fn authenticates(&self) -> bool {
        self.client_ca.is_some() || !self.token_files.is_empty()
    }
}

/// The health server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// It runs.
    pub enabled: bool,
    /// Its port.
    pub port: u16,
    /// Its address: an IP address or a host name.
    pub bind_address: String,
    /// Where metrics are served on their own, instead of beside the health pages.
    pub metrics_listen: Option<SocketAddr>,
}

/// What is logged and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logs {
    /// As given; an unknown one means info.
    pub level: String,
    /// When debug falls back to info.
    pub debug_expires_at: Option<OffsetDateTime>,
    /// As given; none depends on the terminal, an unknown one means JSON.
    pub format: Option<String>,
    /// Files to write to instead of stderr.
    pub paths: Vec<PathBuf>,
}

/// The OpenTelemetry collector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Otel {
    /// Where it is.
    pub endpoint: Option<String>,
    /// A PEM file to trust.
    pub tls_cert_path: Option<PathBuf>,
    /// A PEM text to trust.
    pub tls_cert: Option<String>,
    /// Without TLS.
    pub tls_insecure: bool,
    /// Send no traces.
    pub tracing_disabled: bool,
    /// Send no logs.
    pub logging_disabled: bool,
}

/// A simulated tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Simulation {
    /// Where the simulator listens.
    pub listen: SocketAddr,
    /// Users.
    pub users: usize,
    /// User roles.
    pub roles: usize,
    /// Organizations.
    pub organizations: usize,
    /// Devices.
    pub devices: usize,
    /// The same seed gives the same tenant.
    pub seed: u64,
}

impl Settings {
    /// The NinjaOne settings, for a command that cannot go on without.
    ///
    /// # Errors
    /// The settings that are missing. [`parse`](super::parse()) has refused this already for the commands that need them.
    pub fn require_ninja_one(&self) -> Result<&NinjaOne, Failure> {
        self.ninja_one.as_ref().ok_or_else(|| {
            Failure::error(
                "required flag(s) \"ninja-one-base-url\", \"ninja-one-client-id\", \"ninja-one-client-secret\" not set",
            )
        })
    }

    pub(super) fn build(found: &Resolved, warnings: &mut Vec<String>) -> Self {
        let control_plane = control_plane(found);
        let one_shot = OneShot::choose(found);
        // In service mode the one-shot flags are ignored, and so must be what they would allow.
        let local = one_shot.as_ref().filter(|_| control_plane.is_none());
        Self {
            file: found.path("file").unwrap_or_default(),
            provisioning: found.bool("provisioning") || local.is_some_and(OneShot::implies_provisioning),
            writes: Writes {
                dry_run: found.bool("dry-run"),
                deletion_limit: found.number("deletion-limit"),
                deletion_window: found.duration("deletion-window"),
                allow_administrator_deletion: found.bool("allow-administrator-deletion"),
                allow_managed_revocation: found.bool("allow-managed-revocation"),
                protected_accounts: found.list("protected-accounts"),
            },
            ticketing: found.bool("ticketing") || local.is_some_and(OneShot::implies_ticketing),
            ninja_one: ninja_one(found),
            control_plane,
            selection: Selection::build(found),
            storage: Storage::build(found),
            one_shot,
            serve: serve(found, warnings),
            health: Health {
                enabled: found.bool("health-check"),
                port: found.number("health-check-port"),
                bind_address: found.text("health-check-bind-address"),
                metrics_listen: found.is_set("metrics-listen").then(|| found.address("metrics-listen")),
            },
            logs: logs(found, warnings),
            otel: Otel {
                endpoint: found.optional("otel-collector-endpoint"),
                tls_cert_path: found.path("otel-collector-endpoint-tls-cert-path"),
                tls_cert: found.optional("otel-collector-endpoint-tls-cert"),
                tls_insecure: found.bool("otel-collector-endpoint-tls-insecure"),
                tracing_disabled: found.bool("otel-tracing-disabled"),
                logging_disabled: found.bool("otel-logging-disabled"),
            },
            simulation: Simulation {
                listen: found.address("listen"),
                users: found.number("users"),
                roles: found.number("roles"),
                organizations: found.number("organizations"),
                devices: found.number("devices"),
                seed: found.number("seed"),
            },
        }
    }
}

fn ninja_one(found: &Resolved) -> Option<NinjaOne> {
    Some(NinjaOne {
        base_url: found.optional("ninja-one-base-url")?,
        client_id: found.optional("ninja-one-client-id")?,
        client_secret: found.secret("ninja-one-client-secret")?,
        scopes: scopes(&found.text("ninja-one-scope")),
        token_path: found.optional("ninja-one-token-path"),
        ca_file: found.path("ninja-one-ca-file"),
        max_in_flight: found.number("ninja-one-max-in-flight"),
        connect_timeout: found.duration("ninja-one-connect-timeout"),
        read_timeout: found.duration("ninja-one-read-timeout"),
        total_timeout: Duration::from_secs(found.number("http-timeout-seconds")),
        directory_max_age: found.duration("directory-max-age"),
    })
}

/// An empty environment variable counts as not set, so asking for no scope needs a word.
fn scopes(text: &str) -> Vec<String> {
    if text.trim() == "none" {
        return Vec::new();
    }
    let parts = text.split(|c: char| c == ',' || c.is_whitespace());
    parts.filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

fn control_plane(found: &Resolved) -> Option<ControlPlane> {
    Some(ControlPlane {
        client_id: found.optional("client-id")?,
        client_secret: found.secret("client-secret")?,
        host: found.optional("c1-api-host"),
        ca_file: found.path("control-plane-ca-file"),
        host_id: found.optional("host-id"),
        task_concurrency: found.number("task-concurrency"),
        get_tasks: found.bool("get-tasks"),
        keep_previous_sync: found.bool("keep-previous-sync-c1z"),
    })
}

fn serve(found: &Resolved, warnings: &mut Vec<String>) -> Serve {
    let serve = Serve {
        listen: found.address("listen"),
        listen_given: found.is_set("listen"),
        shutdown_grace: found.duration("shutdown-grace"),
        max_concurrent_requests: found.number("max-concurrent-requests"),
        tls: found.path("listen-tls-cert").zip(found.path("listen-tls-key")),
        client_ca: found.path("listen-client-ca"),
        allowed_names: found.list("listen-allowed-names"),
        provisioners: found.list("listen-provisioners"),
        token_files: found.list("listen-token-file").into_iter().map(PathBuf::from).collect(),
        max_connections: found.number("max-connections"),
        client_rate: found.number("client-rate"),
    };
    if found.bool("listen-insecure") && (serve.tls.is_none() || !serve.authenticates()) {
        warnings.push(
            "--listen-insecure: whoever reaches the gRPC port may be able to read everything, and to change it if \
             provisioning is on"
                .to_owned(),
        );
    }
    serve
}

fn logs(found: &Resolved, warnings: &mut Vec<String>) -> Logs {
    let debug_expires_at = found.optional("log-level-debug-expires-at").and_then(|text| {
        let parsed = OffsetDateTime::parse(&text, &time::format_description::well_known::Rfc3339).ok();
        if parsed.is_none() {
            warnings
                .push(format!("log-level-debug-expires-at: {text:?} is not an RFC 3339 time and is ignored"));
        }
        parsed
    });
    Logs {
        level: found.text("log-level"),
        debug_expires_at,
        format: found.optional("log-format"),
        paths: found.list("log-path").into_iter().map(PathBuf::from).collect(),
    }
}
