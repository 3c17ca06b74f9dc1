//! What every long-running command stands on: one runtime (so one directory and one client), its metrics, the conditions it
//! depends on, and the pages that show them.

use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

use super::{
    compose,
    error::CliError,
    health::{Checker, Pages, Running},
    observe,
};
use crate::{
    baton::{
        readiness::{Condition, Readiness, Standing},
        runtime::Runtime,
        service_mode::Link,
    },
    config::{self, Settings},
    telemetry::metrics::Metrics,
};

/// The name of the condition that NinjaOne can be used.
const APPLICATION: &str = "ninja_one";
/// The name of the condition that the control plane can be reached.
const CONTROL_PLANE: &str = "control_plane";
/// The first and the longest wait between attempts to validate at the start.
const REVALIDATE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// A runtime and what tells about it.
pub(super) struct Station {
    pub(super) metrics: Arc<Metrics>,
    pub(super) runtime: Arc<Runtime>,
    pub(super) application: Condition,
    readiness: Readiness,
    checker: Arc<Checker>,
}

impl Station {
    /// Puts together what the settings describe. Nothing is asked of anybody yet.
    pub(super) fn open(settings: &Settings) -> Result<Self, CliError> {
        let metrics = Arc::new(Metrics::default());
        let runtime = compose::runtime(settings, &metrics)?;
        let readiness = Readiness::default();
        let application = readiness.condition(APPLICATION);
        observe::readiness(&metrics, &readiness);
        let checker = Checker::new(Arc::clone(&runtime), application.clone());
        Ok(Self { metrics, runtime, application, readiness, checker })
    }

    /// Serves the health pages and the metrics, where they are wanted, and says where.
    pub(super) async fn pages(
        &self,
        settings: &config::Health,
        stopping: CancellationToken,
    ) -> Result<Running, CliError> {
        let pages = Pages {
            readiness: self.readiness.clone(),
            checker: Arc::clone(&self.checker),
            metrics: Arc::clone(&self.metrics),
            stopping,
        };
        let pages = Running::start(settings, pages).await?;
        for (what, address) in [("health pages", pages.health), ("metrics", pages.metrics)] {
            if let Some(address) = address {
                println!("{what} on {address}");
                tracing::info!(%address, "{what} are served");
            }
        }
        Ok(pages)
    }

    /// Validates until it works once, so that readiness is known without the gRPC daemon, which does so itself.
    pub(super) async fn prove(&self) {
        let mut wait = REVALIDATE.0;
        while self.checker.standing(Duration::ZERO).await != Standing::Good {
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(REVALIDATE.1);
        }
    }

    /// Keeps the condition of the control plane in step with the worker's link to it.
    pub(super) fn follow(&self, mut link: tokio::sync::watch::Receiver<Link>) {
        let condition = self.readiness.condition(CONTROL_PLANE);
        tokio::spawn(async move {
            loop {
                let standing = match *link.borrow_and_update() {
                    Link::Starting => Standing::Pending,
                    Link::Up => Standing::Good,
                    Link::Down => Standing::Unreachable("the control plane does not answer".to_owned()),
                    Link::Stopped => {
                        Standing::Unreachable("the connection to the control plane has ended".to_owned())
                    }
                };
                condition.set(standing);
                if link.changed().await.is_err() {
                    return;
                }
            }
        });
    }
}
