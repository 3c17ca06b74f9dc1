//! What every long-running command has around it: metrics, conditions and the health pages.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::{
    compose,
    error::CliError,
    health::{self, Checker, Pages},
    observe,
    print::say,
};
use crate::{
    baton::{
        readiness::{Condition, Readiness},
        runtime::Runtime,
    },
    config::Settings,
    telemetry::metrics::Metrics,
};

/// The name of the condition that NinjaOne can be used.
const APPLICATION: &str = "ninja_one";

/// A runtime, and who is told about it.
pub(super) struct Daemon {
    pub(super) runtime: Arc<Runtime>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) readiness: Readiness,
    /// That NinjaOne can be used.
    pub(super) application: Condition,
}

impl Daemon {
    pub(super) fn new(settings: &Settings) -> Result<Self, CliError> {
        let metrics = Arc::new(Metrics::default());
        let runtime = compose::runtime(settings, Some(&metrics))?;
        let readiness = Readiness::default();
        let application = readiness.condition(APPLICATION);
        observe::readiness(&metrics, &readiness);
        Ok(Self { runtime, metrics, readiness, application })
    }

    /// The health pages and the metrics, where the settings want them.
    pub(super) async fn pages(
        &self,
        settings: &Settings,
        shutdown: &CancellationToken,
    ) -> Result<health::Running, CliError> {
        let pages = Pages {
            readiness: self.readiness.clone(),
            checker: Checker::new(Arc::clone(&self.runtime), self.application.clone()),
            metrics: Arc::clone(&self.metrics),
            stopping: shutdown.clone(),
        };
        let pages = health::Running::start(&settings.health, pages).await?;
        for (what, address) in [("health pages", pages.health), ("metrics", pages.metrics)] {
            if let Some(address) = address {
                say(format_args!("{what} on {address}"));
                tracing::info!(%address, "{what} are served");
            }
        }
        Ok(pages)
    }
}
