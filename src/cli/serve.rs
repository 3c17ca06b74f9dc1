//! `serve`: the gRPC daemon.

use std::{process::ExitCode, sync::Arc};

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{
    compose,
    error::CliError,
    health::{self, Checker, Pages},
    observe::{self, Counted},
};
use crate::{
    baton::{readiness::Readiness, server},
    config::Settings,
    telemetry::metrics::Metrics,
};

/// Listens, says where, and serves until told to stop.
pub(super) async fn run(settings: &Settings, shutdown: CancellationToken) -> Result<ExitCode, CliError> {
    let metrics = Arc::new(Metrics::default());
    let runtime = compose::runtime(settings, Some(&metrics))?;
    let door = compose::door(&settings.serve)?;
    let readiness = Readiness::default();
    let application = readiness.condition(compose::APPLICATION);
    observe::readiness(&metrics, &readiness);

    let wanted = settings.serve.listen;
    let listener = TcpListener::bind(wanted).await.map_err(|e| {
        CliError::new(format!("listen: cannot listen on {wanted}: {e}; choose another address with --listen"))
    })?;
    let address = listener.local_addr().map_err(CliError::runtime)?;
    let pages = Pages {
        readiness,
        checker: Checker::new(Arc::clone(&runtime), application.clone()),
        metrics: Arc::clone(&metrics),
        stopping: shutdown.clone(),
    };
    let pages = health::Running::start(&settings.health, pages).await?;
    for (what, address) in [("health pages", pages.health), ("metrics", pages.metrics)] {
        if let Some(address) = address {
            println!("{what} on {address}");
            tracing::info!(%address, "{what} are served");
        }
    }
    println!("listening on {address}");
    tracing::info!(
        %address,
        provisioning = settings.provisioning,
        tls = settings.serve.tls.is_some(),
        authentication = door.authenticates(),
        "listening"
    );
    let options = server::Options {
        max_concurrent_requests: settings.serve.max_concurrent_requests,
        grace: settings.serve.shutdown_grace,
        door,
        observer: Counted::new(&metrics),
        application: Some(application),
    };
    let served = server::serve(runtime, listener, options, shutdown).await;
    pages.stop().await;
    served.map_err(|e| CliError::new(e.to_string()))?;
    Ok(ExitCode::SUCCESS)
}
