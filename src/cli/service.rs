//! Service mode: the bare command with control-plane credentials; the gRPC daemon beside it when an address is given.

use std::{process::ExitCode, sync::Arc, time::Duration};

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;
use tonic::Status;

use super::{compose, daemon::Daemon, error::CliError, observe::Counted, run as bare, serve};
use crate::{
    baton::{
        connector::Call,
        readiness::{Condition, Standing},
        runtime::Runtime,
        service_mode::{
            ClientId, Clock, Connect, ControlPlane, FetchToken, HostFacts, NewToken, Options, Program,
            SecretFn, ServiceError, Syncs, Tls, TokenEndpoint, Worker, host_id,
        },
        sync::Expansion,
    },
    config::{self, Settings},
    telemetry::{Logs, redact},
};

/// The name of the condition that the control plane answers.
const CONTROL_PLANE: &str = "control_plane";
/// The first and the longest wait between attempts to validate at the start.
const REVALIDATE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// Works for the control plane until told to stop.
pub(super) async fn run(
    settings: &Settings,
    control_plane: &config::ControlPlane,
    logs: &Logs,
    shutdown: CancellationToken,
) -> Result<ExitCode, CliError> {
    let daemon = Daemon::new(settings)?;
    let worker = worker(settings, control_plane, &daemon, logs)?;
    let listening = match settings.serve.listen_given {
        true => Some(serve::Listening::bind(settings).await?),
        false => None,
    };
    let pages = daemon.pages(settings, &shutdown).await?;
    let outcome = together(settings, &daemon, worker, listening, shutdown).await;
    pages.stop().await;
    outcome?;
    Ok(ExitCode::SUCCESS)
}

/// Works, and serves gRPC if wanted.
async fn together(
    settings: &Settings,
    daemon: &Daemon,
    worker: Worker,
    listening: Option<serve::Listening>,
    shutdown: CancellationToken,
) -> Result<(), CliError> {
    let Some(listening) = listening else {
        // Nobody else finds out whether NinjaOne can be used before the first sync.
        let proving = CancellationToken::new();
        let _stop_proving = proving.clone().drop_guard();
        let (runtime, application) = (Arc::clone(&daemon.runtime), daemon.application.clone());
        tokio::spawn(async move { proving.run_until_cancelled(prove(runtime, application)).await });
        return Ok(worker.run(shutdown).await?);
    };
    // One directory and one client behind both doors; when one of them cannot go on, the other ends in good order.
    let together = shutdown.child_token();
    let working = async {
        let _end = together.clone().drop_guard();
        worker.run(together.clone()).await.map_err(CliError::from)
    };
    let serving = async {
        let _end = together.clone().drop_guard();
        listening.serve(settings, daemon, together.clone()).await
    };
    let (worked, served) = tokio::join!(working, serving);
    worked.and(served)
}

/// Validates until it works once.
async fn prove(runtime: Arc<Runtime>, application: Condition) {
    let call = Call { caller: "start".to_owned(), ..Call::default() };
    let (mut wait, longest) = REVALIDATE;
    loop {
        let outcome = runtime.validate(&call).await;
        application.set(Standing::of(&outcome));
        if outcome.is_ok() {
            return;
        }
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(longest);
    }
}

fn worker(
    settings: &Settings,
    control_plane: &config::ControlPlane,
    daemon: &Daemon,
    logs: &Logs,
) -> Result<Worker, CliError> {
    for warning in without_effect(settings, control_plane) {
        tracing::warn!("{warning}");
    }
    // What is wrong with the settings is told before anything is made of them.
    bare::refuse_other_engines(&settings.storage)?;
    let selection = bare::selection(&settings.selection)?;
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
    let plane = ControlPlane::new(connect.dial()?, Arc::new(Hidden(tokens)), host_id);

    let syncs = Syncs::new(
        Arc::clone(daemon.runtime.connector()),
        selection,
        bare::workers(settings.selection.workers),
        bare::storage(&settings.storage),
    )
    .expansion(Expansion::from_env(&|name| std::env::var(name).ok()))
    .observer(Counted::new(&daemon.metrics));
    let options = Options {
        task_concurrency: control_plane.task_concurrency,
        batches: control_plane.get_tasks,
        grace: settings.serve.shutdown_grace,
        temp_dir: settings.storage.temp_dir.clone().unwrap_or_else(std::env::temp_dir),
        program,
        host: HostFacts::gather(),
        clock,
        condition: daemon.readiness.condition(CONTROL_PLANE),
        observer: Counted::new(&daemon.metrics),
        task_logs: Arc::new(logs.clone()),
    };
    Ok(Worker::new(Arc::new(plane), Arc::clone(&daemon.runtime), Arc::new(syncs), options))
}

/// Tokens that are kept out of what is written.
struct Hidden(TokenEndpoint);

#[async_trait]
impl FetchToken for Hidden {
    async fn fetch(&self) -> Result<NewToken, Status> {
        let token = self.0.fetch().await?;
        redact::register_newest("control plane", &token.secret);
        Ok(token)
    }
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
