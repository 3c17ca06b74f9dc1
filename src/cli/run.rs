//! The bare command: what the official connector does when it is started without a subcommand. With control-plane
//! credentials it is the worker of the control plane; else it does one thing and ends: a one-shot operation, or a sync into
//! a file.

use std::{io::IsTerminal as _, process::ExitCode, str::FromStr as _, sync::Arc};

use indicatif::ProgressDrawTarget;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use super::{compose, error::CliError, one_shot, service};
use crate::{
    baton::{
        c1z::{self, Limits, Store},
        model::Bid,
        sync::{Expansion, LogProgress, Progress, Selection, Syncer, TerminalProgress},
    },
    config::{self, Settings},
    telemetry::Logs,
};

/// Does what the settings ask for.
pub(super) async fn run(
    settings: &Settings,
    logs: &Logs,
    shutdown: CancellationToken,
) -> Result<ExitCode, CliError> {
    if let Some(control_plane) = &settings.control_plane {
        return service::run(settings, control_plane, logs, shutdown).await;
    }
    if settings.serve.listen_given {
        tracing::warn!(
            "--listen has no effect without service mode; for a gRPC daemon, use the command serve"
        );
    }
    if let Some(operation) = &settings.one_shot {
        return one_shot::run(operation, settings).instrument(tracing::info_span!("one_shot")).await;
    }
    sync(settings, shutdown).instrument(tracing::info_span!("sync")).await
}

/// Syncs into the file.
async fn sync(settings: &Settings, shutdown: CancellationToken) -> Result<ExitCode, CliError> {
    refuse_other_engines(&settings.storage)?;
    let selection = selection(&settings.selection)?;
    let ninja_one = settings.require_ninja_one().map_err(|e| CliError::new(e.to_string()))?;
    let connector = Arc::new(compose::connector(ninja_one, &settings.writes, None)?);
    let store =
        Store::open(&settings.file, storage(&settings.storage)).map_err(|e| CliError::new(e.to_string()))?;
    let progress: Arc<dyn Progress> = if std::io::stderr().is_terminal() {
        Arc::new(TerminalProgress::new(ProgressDrawTarget::stderr()))
    } else {
        Arc::new(LogProgress)
    };
    let syncer = Syncer::new(connector)
        .selection(selection)
        .expansion(Expansion::from_env(&|name| std::env::var(name).ok()))
        .progress(progress)
        .workers(workers(settings.selection.workers))
        .caller("command line");
    let (report, saved) = syncer.run(store, &shutdown).await?;
    tracing::info!(
        file = %settings.file.display(),
        sync_id = %report.sync_id,
        bytes = saved.bytes,
        seconds = report.duration.as_secs_f64(),
        "file written"
    );
    Ok(ExitCode::SUCCESS)
}

/// Refuses a format that we cannot write.
pub(super) fn refuse_other_engines(wanted: &config::Storage) -> Result<(), CliError> {
    if wanted.engine.as_deref() == Some("pebble") {
        return Err(CliError::new(
            "storage-engine: this connector writes version 1 files (sqlite), which every reader takes; \
             leave storage-engine out or set it to sqlite",
        ));
    }
    Ok(())
}

/// What to sync, as the flags say it.
pub(super) fn selection(wanted: &config::Selection) -> Result<Selection, CliError> {
    let bids = wanted.resources.iter().map(|text| Bid::from_str(text));
    let targeted =
        bids.collect::<Result<Vec<_>, _>>().map_err(|e| CliError::new(format!("sync-resources: {e}")))?;
    if wanted.skip_grants && targeted.is_empty() {
        return Err(CliError::new("skip-grants can only be set within a targeted sync"));
    }
    Ok(Selection {
        resource_types: (!wanted.resource_types.is_empty()).then(|| wanted.resource_types.clone()),
        skip_entitlements_and_grants: wanted.skip_entitlements_and_grants,
        skip_grants: wanted.skip_grants,
        targeted,
        skip_full_sync: wanted.skip_full,
        external_resources: wanted.external_file.clone(),
        ..Selection::default()
    })
}

/// How files are written, as the flags say it.
pub(super) fn storage(wanted: &config::Storage) -> c1z::Options {
    c1z::Options {
        tmp_dir: wanted.temp_dir.clone(),
        keep_syncs: wanted.keep_syncs,
        skip_cleanup: wanted.skip_cleanup,
        limits: limits(wanted.decoder),
        ..c1z::Options::default()
    }
}

/// What a file may cost to read, as the environment says it.
pub(super) fn limits(wanted: config::DecoderLimits) -> Limits {
    Limits {
        max_decoded: wanted.decoded_bytes,
        max_memory: wanted.memory_bytes,
        fail_fast: !wanted.ignore_declared_size,
    }
}

/// -1 lets us choose, 0 is one after the other.
pub(super) fn workers(wanted: i64) -> usize {
    match usize::try_from(wanted) {
        Ok(n) => n.max(1),
        Err(_) => std::thread::available_parallelism().map_or(1, usize::from),
    }
}
