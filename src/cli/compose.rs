//! Where settings become parts: the one place that puts client, connector and runtime together.

use std::sync::Arc;

use secrecy::SecretString;

use super::{
    error::CliError,
    observe::{self, Counted},
};
use crate::{
    baton::{
        runtime::{Gates, Runtime},
        server::{Door, DoorOptions, File, TlsFiles},
    },
    config::{self, Secret, Settings},
    ninja_one::{
        NinjaOne, Options, Policy,
        rest::{Client, ClientConfig, Host, SecretSource},
    },
    telemetry::{self, metrics::Metrics},
};

/// The connector that the settings describe. What it does is counted where metrics are kept.
pub(super) fn connector(
    settings: &config::NinjaOne,
    writes: &config::Writes,
    metrics: Option<&Arc<Metrics>>,
) -> Result<NinjaOne, CliError> {
    let client = client(settings, metrics)?;
    let writes = Policy {
        dry_run: writes.dry_run,
        deletion_limit: writes.deletion_limit,
        deletion_window: writes.deletion_window,
        allow_administrator_deletion: writes.allow_administrator_deletion,
        allow_managed_revocation: writes.allow_managed_revocation,
        protected_accounts: writes.protected_accounts.clone(),
        listener: metrics.map(observe::writes).unwrap_or_default(),
        ..Policy::default()
    };
    Ok(NinjaOne::new(client, &Options { directory_max_age: settings.directory_max_age, writes }))
}

/// The runtime that the settings describe.
pub(super) fn runtime(settings: &Settings, metrics: Option<&Arc<Metrics>>) -> Result<Arc<Runtime>, CliError> {
    let ninja_one = settings.require_ninja_one().map_err(|e| CliError::new(e.to_string()))?;
    let gates = Gates { provisioning: settings.provisioning, ticketing: settings.ticketing };
    let connector = Arc::new(connector(ninja_one, &settings.writes, metrics)?);
    if let Some(metrics) = metrics {
        observe::directory(metrics, &connector);
    }
    Ok(Runtime::new(connector, gates))
}

/// The door that the settings describe, its files read.
pub(super) fn door(settings: &config::Serve) -> Result<Door, CliError> {
    let tls = settings.tls.as_ref().map(|(certificate, key)| TlsFiles {
        certificate: certificate.clone(),
        key: key.clone(),
        client_ca: settings.client_ca.clone(),
    });
    let options = DoorOptions {
        tls,
        allowed_names: settings.allowed_names.clone(),
        provisioners: settings.provisioners.clone(),
        token_files: settings.token_files.clone(),
        max_connections: settings.max_connections,
        client_rate: settings.client_rate,
        ..DoorOptions::default()
    };
    Door::open(options).map_err(|error| {
        let name = match error.file() {
            File::Certificate => "listen-tls-cert",
            File::Key => "listen-tls-key",
            File::ClientCa => "listen-client-ca",
            File::Tokens => "listen-token-file",
        };
        CliError::new(format!("{name}: {error}"))
    })
}

/// The REST client that the settings describe.
pub(super) fn client(
    settings: &config::NinjaOne,
    metrics: Option<&Arc<Metrics>>,
) -> Result<Client, CliError> {
    Client::new(client_config(settings, metrics)?).map_err(|e| CliError::new(e.to_string()))
}

/// How that client is set up.
pub(super) fn client_config(
    settings: &config::NinjaOne,
    metrics: Option<&Arc<Metrics>>,
) -> Result<ClientConfig, CliError> {
    let named = |name: &str, error: &dyn std::fmt::Display| CliError::new(format!("{name}: {error}"));
    let host = Host::parse(&settings.base_url).map_err(|e| named("ninja-one-base-url", &e))?;
    let mut wanted = ClientConfig::new(host, settings.client_id.as_str(), secret(&settings.client_secret));
    wanted.scopes.clone_from(&settings.scopes);
    wanted.hide = |token| telemetry::redact::register_newest("NinjaOne", token);
    if let Some(metrics) = metrics {
        wanted.observer = Counted::new(metrics);
    }
    if let Some(path) = &settings.token_path {
        wanted.token_path.clone_from(path);
        wanted.token_path_fallback = None;
    }
    wanted.max_in_flight = settings.max_in_flight;
    wanted.connect_timeout = settings.connect_timeout;
    wanted.read_timeout = settings.read_timeout;
    wanted.request_timeout = settings.total_timeout;
    if let Some(path) = &settings.ca_file {
        let read = std::fs::read(path)
            .map_err(|e| named("ninja-one-ca-file", &format!("{}: {e}", path.display())))?;
        wanted.extra_ca = Some(read);
    }
    Ok(wanted)
}

/// A secret that is read again when it is needed, so that a mounted file can rotate; what it is never reaches a log line.
fn secret(known: &Secret) -> SecretSource {
    SecretSource::new(current(known))
}

/// A secret as it is now, each time it is asked for.
pub(super) fn current(known: &Secret) -> impl Fn() -> SecretString + Send + Sync + 'static {
    telemetry::redact::register_secret(&known.value);
    let known = known.clone();
    move || match known.read_again() {
        Ok(current) => {
            telemetry::redact::register_newest("settings", &current.value);
            current.value
        }
        Err(error) => {
            tracing::warn!(%error, "using the secret read before");
            known.value.clone()
        }
    }
}

/// A connector that is never connected, for what can be said without a tenant.
pub(super) fn unconnected() -> Result<NinjaOne, CliError> {
    let host = Host::parse("app").map_err(|e| CliError::new(e.to_string()))?;
    let nothing = secrecy::SecretString::from("none");
    let client =
        Client::new(ClientConfig::new(host, "none", nothing)).map_err(|e| CliError::new(e.to_string()))?;
    Ok(NinjaOne::new(client, &Options::default()))
}
