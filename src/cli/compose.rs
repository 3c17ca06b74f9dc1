//! Where settings become parts: the one place that puts client, connector and runtime together.

use std::sync::Arc;

use super::error::CliError;
use crate::{
    baton::runtime::{Gates, Runtime},
    config::{self, Secret, Settings},
    ninja_one::{
        NinjaOne, Options,
        rest::{Client, ClientConfig, Host, SecretSource},
    },
    telemetry,
};

/// The connector that the settings describe.
pub(super) fn connector(settings: &config::NinjaOne) -> Result<NinjaOne, CliError> {
    let client = client(settings)?;
    Ok(NinjaOne::new(client, &Options { directory_max_age: settings.directory_max_age }))
}

/// The runtime that the settings describe.
pub(super) fn runtime(settings: &Settings) -> Result<Arc<Runtime>, CliError> {
    let ninja_one = settings.require_ninja_one().map_err(|e| CliError::new(e.to_string()))?;
    let gates = Gates { provisioning: settings.provisioning, ticketing: settings.ticketing };
    Ok(Runtime::new(Arc::new(connector(ninja_one)?), gates))
}

/// The REST client that the settings describe.
pub(super) fn client(settings: &config::NinjaOne) -> Result<Client, CliError> {
    Client::new(client_config(settings)?).map_err(|e| CliError::new(e.to_string()))
}

/// How that client is set up.
pub(super) fn client_config(settings: &config::NinjaOne) -> Result<ClientConfig, CliError> {
    let named = |name: &str, error: &dyn std::fmt::Display| CliError::new(format!("{name}: {error}"));
    let host = Host::parse(&settings.base_url).map_err(|e| named("ninja-one-base-url", &e))?;
    let mut wanted = ClientConfig::new(host, settings.client_id.as_str(), secret(&settings.client_secret));
    wanted.scopes.clone_from(&settings.scopes);
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
    telemetry::redact::register_secret(&known.value);
    let known = known.clone();
    SecretSource::new(move || match known.read_again() {
        Ok(current) => {
            telemetry::redact::register_secret(&current.value);
            current.value
        }
        Err(error) => {
            tracing::warn!(%error, "using the secret read before");
            known.value.clone()
        }
    })
}

/// A connector that is never connected, for what can be said without a tenant.
pub(super) fn unconnected() -> Result<NinjaOne, CliError> {
    let host = Host::parse("app").map_err(|e| CliError::new(e.to_string()))?;
    let nothing = secrecy::SecretString::from("none");
    let client =
        Client::new(ClientConfig::new(host, "none", nothing)).map_err(|e| CliError::new(e.to_string()))?;
    Ok(NinjaOne::new(client, &Options::default()))
}
