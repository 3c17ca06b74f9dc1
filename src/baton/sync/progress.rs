//! Telling what a sync is doing: as log lines, or as a line that changes on a terminal.

use std::time::Duration;

use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{Counts, Report};

/// What a sync is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Listing resource types.
    ResourceTypes,
    /// Listing resources.
    Resources,
    /// Multiplying static entitlements over resources.
    StaticEntitlements,
    /// Listing entitlements.
    Entitlements,
    /// Listing grants.
    Grants,
    /// Expanding grants.
    Expansion,
    /// Writing the file.
    Saving,
}

impl Stage {
    /// What is being done, and what is to be said when it is done; operators' tools look for these texts.
    fn texts(self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::ResourceTypes => ("Syncing resource types...", Some("Synced resource types")),
            Self::Resources => ("Syncing resources...", Some("Synced resources")),
            Self::StaticEntitlements => ("Syncing static entitlements...", None),
            Self::Entitlements => ("Syncing entitlements...", Some("Synced entitlements")),
            Self::Grants => ("Syncing grants...", Some("Synced grants")),
            Self::Expansion => ("Expanding grants...", Some("Expanded grants")),
            Self::Saving => ("Saving the sync...", None),
        }
    }

    /// What it counts.
    fn count(self, counts: &Counts) -> u64 {
        match self {
            Self::ResourceTypes => counts.resource_types,
            Self::Resources => counts.resources,
            Self::StaticEntitlements | Self::Entitlements => counts.entitlements,
            Self::Grants => counts.grants,
            Self::Expansion => counts.expanded,
            Self::Saving => counts.resource_types + counts.resources + counts.entitlements + counts.grants,
        }
    }
}

/// Is told what a sync does. Calls come often and must not block.
pub trait Progress: Send + Sync {
    /// A stage begins.
    fn begun(&self, _stage: Stage) {}
    /// Records were put.
    fn counted(&self, _stage: Stage, _counts: &Counts) {}
    /// A stage is over.
    fn ended(&self, _stage: Stage, _counts: &Counts) {}
    /// The sync is finished.
    fn finished(&self, _report: &Report) {}
}

/// Tells nobody.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {}

/// Tells the log, in few lines.
#[derive(Debug, Clone, Copy, Default)]
pub struct LogProgress;

impl Progress for LogProgress {
    fn begun(&self, stage: Stage) {
        tracing::info!("{}", stage.texts().0);
    }

    fn ended(&self, stage: Stage, counts: &Counts) {
        if let Some(text) = stage.texts().1 {
            tracing::info!(count = stage.count(counts), "{text}");
        }
    }

    fn finished(&self, report: &Report) {
        let Report { sync_id, dropped, skipped, duration, .. } = report;
        let seconds = duration.as_secs_f64();
        tracing::info!(%sync_id, dropped, skipped, seconds, "sync data collection complete");
    }
}

/// Tells a person at a terminal: one line on standard error that says what is going on, and one line for each stage done.
#[derive(Debug)]
pub struct TerminalProgress {
    bar: ProgressBar,
}

impl Default for TerminalProgress {
    fn default() -> Self {
        Self::new(ProgressDrawTarget::stderr())
    }
}

impl TerminalProgress {
    /// On a given terminal.
    #[must_use]
    pub fn new(target: ProgressDrawTarget) -> Self {
        let bar = ProgressBar::with_draw_target(None, target);
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(120));
        Self { bar }
    }
}

impl Progress for TerminalProgress {
    fn begun(&self, stage: Stage) {
        self.bar.set_message(stage.texts().0);
    }

    fn counted(&self, stage: Stage, counts: &Counts) {
        let text = stage.texts().0.trim_end_matches('.');
        self.bar.set_message(format!("{text}: {}", HumanCount(stage.count(counts))));
    }

    fn ended(&self, stage: Stage, counts: &Counts) {
        if let Some(text) = stage.texts().1 {
            self.bar.println(format!("{text}: {}", HumanCount(stage.count(counts))));
        }
    }

    fn finished(&self, report: &Report) {
        for warning in &report.warnings {
            self.bar.println(format!("Warning: {warning}"));
        }
        self.bar.finish_and_clear();
    }
}

impl Drop for TerminalProgress {
    fn drop(&mut self) {
        self.bar.finish_and_clear(); // also after a failure: the terminal is left clean
    }
}
