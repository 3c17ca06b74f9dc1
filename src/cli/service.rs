//! Service mode: the bare command with control-plane credentials; the gRPC daemon beside it when an address is given.

use std::{process::ExitCode, sync::Arc};

use tokio_util::sync::CancellationToken;

use super::{compose, error::CliError, run as bare, serve, station::Station};
use crate::{
    baton::{
        runtime::Runtime,
        service_mode::{
            ClientId, Clock, Connect, ControlPlane, HostFacts, Options, Program, SecretFn, ServiceError,
            Syncs, Tls, TokenEndpoint, Worker, host_id,
        },
    },
    config::{self, Settings},
};

/// Works for the control plane until told to stop.
pub(super) async fn run(
    settings: &Settings,
    control_plane: &config::ControlPlane,
    shutdown: CancellationToken,
) -> Result<ExitCode, CliError> {
    let station = Station::open(settings)?;
    let worker = worker(settings, control_plane, Arc::clone(&station.runtime))?;
    station.follow(worker.link());
    let pages = station.pages(&settings.health, shutdown.clone()).await?;
    let worked = work(settings, &station, worker, shutdown).await;
    pages.stop().await;
    worked.map(|()| ExitCode::SUCCESS)
}

async fn work(
    settings: &Settings,
    station: &Station,
    worker: Worker,
    shutdown: CancellationToken,
) -> Result<(), CliError> {
    // One directory and one client behind both doors; when one of them cannot go on, the other ends in good order.
    let together = shutdown.child_token();
    let working = async {
        let _end = together.clone().drop_guard();
        worker.run(together.clone()).await.map_err(CliError::from)
    };
    if !settings.serve.listen_given {
        return tokio::select! {
            worked = working => worked,
            () = async { station.prove().await; std::future::pending().await } => Ok(()),
        };
    }
    let serving = async {
        let _end = together.clone().drop_guard();
        serve::beside(settings, station, together.clone()).await
    };
    let (worked, served) = tokio::join!(working, serving);
    worked.and(served)
}

fn worker(
    settings: &Settings,
    control_plane: &config::ControlPlane,
    runtime: Arc<Runtime>,
) -> Result<Worker, CliError> {
    for warning in without_effect(settings, control_plane) {
        tracing::warn!("{warning}");
    }
    let (program, clock) = (program(), Clock::default());
    let id: ClientId = control_plane.client_id.parse().map_err(ServiceError::from)?;
    let extra_ca = match &control_plane.ca_file {
        None => None,
        Some(path) => Some(
            std::fs::read(path)
                .map_err(|e| CliError::new(format!("control-plane-ca-file: {}: {e}", path.display())))?,
        ),
    };
    let agent = format!("{}/{}", program.package, program.version);
    let connect = Connect::new(id, control_plane.host.clone(), Tls { extra_ca }, agent);
    let secret = SecretFn::new(compose::current(&control_plane.client_secret));
    let tokens = TokenEndpoint::new(&connect, secret, clock)?;
    let host_id = host_id(control_plane.host_id.as_deref());
    tracing::info!(client_id = %connect.id, host = connect.authority, host_id, "service mode");
    let plane = ControlPlane::new(connect.dial()?, Arc::new(tokens), host_id);

    bare::refuse_other_engines(&settings.storage)?;
    let syncs = Syncs::new(
        Arc::clone(runtime.connector()),
        bare::selection(&settings.selection)?,
        bare::workers(settings.selection.workers),
        bare::storage(&settings.storage),
    );
    let options = Options {
        task_concurrency: control_plane.task_concurrency,
        batches: control_plane.get_tasks,
        grace: settings.serve.shutdown_grace,
        temp_dir: settings.storage.temp_dir.clone().unwrap_or_else(std::env::temp_dir),
        program,
        host: HostFacts::gather(),
        clock,
    };
    Ok(Worker::new(Arc::new(plane), runtime, Arc::new(syncs), options))
}

fn program() -> Program {
    Program {
        toolchain: option_env!("TOOLCHAIN").unwrap_or("rustc").to_owned(),
        package: env!("CARGO_PKG_NAME").to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

/// What the operator asked for and service mode does not do.
fn without_effect(settings: &Settings, control_plane: &config::ControlPlane) -> Vec<&'static str> {
    let all = [
        (
            settings.one_shot.is_some(),
            "service mode is on; the one-shot operation that was asked for is ignored",
        ),
        (
            settings.selection.skip_full,
            "--skip-full-sync has no effect in service mode: an empty sync would take everybody's access away",
        ),
        (
            control_plane.keep_previous_sync,
            "--keep-previous-sync-c1z has no effect: nothing reads the previous file",
        ),
    ];
    all.into_iter().filter(|(asked, _)| *asked).map(|(_, text)| text).collect()
}

impl From<ServiceError> for CliError {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::Refused(status) => {
                let text = format!("the control plane refused this connector: {}", status.message());
                Self::with_code(text, status.code())
            }
            other => Self::new(other.to_string()),
        }
    }
}
