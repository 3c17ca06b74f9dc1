//! The one-shot operations of the bare command.

use std::{process::ExitCode, sync::Arc};

use prost_types::Timestamp;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use super::{compose, error::CliError};
use crate::{
    baton::local::{Local, LocalError, Source},
    config::{OneShot, Settings},
    wire::v2,
};

/// Carries the operation out.
pub(super) async fn run(operation: &OneShot, settings: &Settings) -> Result<ExitCode, CliError> {
    let runtime = compose::runtime(settings, None)?;
    let source = Source {
        path: settings.file.clone(),
        limits: super::run::limits(settings.storage.decoder),
        tmp_dir: settings.storage.temp_dir.clone(),
    };
    let local = Local::new(Arc::clone(&runtime), source);
    let outcome = match operation {
        OneShot::Grant { entitlement, principal, principal_type } => {
            local.grant(entitlement, principal, principal_type.as_deref()).await
        }
        OneShot::Revoke { grant } => local.revoke(grant).await,
        OneShot::CreateAccount { login, email, profile, resource_type } => {
            let [login, email, profile, of_type] =
                [login, email, profile, resource_type].map(Option::as_deref);
            local.create_account(login, email, profile, of_type).await
        }
        OneShot::Delete { resource, resource_type } => local.delete(resource, resource_type.as_deref()).await,
        OneShot::RotateCredentials { resource, resource_type } => {
            local.rotate_credentials(resource, resource_type.as_deref())
        }
        OneShot::Events { feed, start_at, cursor } => {
            let start = start(start_at.as_deref())?;
            local.events(feed.as_deref(), cursor.as_deref(), start, &mut std::io::stdout()).await
        }
        OneShot::InvokeAction { name, arguments, resource_type } => {
            local.invoke_action(name, arguments, resource_type.as_deref()).await
        }
        OneShot::ListActionSchemas { resource_type } => local.list_action_schemas(resource_type.as_deref()),
        OneShot::CreateTicket { .. }
        | OneShot::BulkCreateTicket { .. }
        | OneShot::ListTicketSchemas
        | OneShot::GetTicket { .. } => {
            let request = v2::TicketsServiceListTicketSchemasRequest::default();
            runtime.tickets(&request).map_err(LocalError::from)
        }
        OneShot::DiffSyncs { .. } => {
            return Err(CliError::new(
                "diff-syncs: not offered here; `baton-ninja-one diff` compares two syncs",
            ));
        }
        OneShot::CompactSyncs { .. } => {
            return Err(CliError::new("compact-syncs: not offered here; the baton tool compacts files"));
        }
    };
    // A write that outlived its caller is brought to its end before the process leaves.
    runtime.drain().await;
    outcome?;
    Ok(ExitCode::SUCCESS)
}

/// The first moment of interest: as given, else a day ago.
fn start(given: Option<&str>) -> Result<Timestamp, CliError> {
    let moment = match given {
        None => OffsetDateTime::now_utc() - Duration::DAY,
        Some(text) => OffsetDateTime::parse(text, &Rfc3339)
            .map_err(|e| CliError::new(format!("event-feed-start-at: {text:?} is no RFC 3339 time: {e}")))?,
    };
    Ok(Timestamp { seconds: moment.unix_timestamp(), nanos: 0 })
}
