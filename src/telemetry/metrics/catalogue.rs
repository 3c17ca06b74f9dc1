//! Registers metrics and remembers what they are called, so that docs/metrics.md cannot say anything else.

use std::fmt::Write as _;

use prometheus_client::registry::{Metric, Registry};

use super::Metrics;

/// Every name starts with it.
const PREFIX: &str = "baton_ninja_one";

const INTRODUCTION: &str = "\
# Metrics

This page is generated from what the program registers; a test compares them.

`/metrics` is served beside the health pages (`--health-check`), or on an address of its own (`--metrics-listen`), in the
OpenMetrics text format. A label holds a fixed word: a name of an endpoint, a method, a kind. No label holds a user's name, an id
or anything else that somebody typed.

| Name | Type | Labels | Meaning |
| --- | --- | --- | --- |
";

/// A metric's line in the reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    /// As it is scraped.
    pub(super) name: String,
    pub(super) kind: &'static str,
    pub(super) labels: &'static [&'static str],
    pub(super) help: &'static str,
}

/// A registry that is being filled.
pub(super) struct Catalogue {
    pub(super) registry: Registry,
    pub(super) rows: Vec<Row>,
}

impl Default for Catalogue {
    fn default() -> Self {
        Self { registry: Registry::with_prefix(PREFIX), rows: Vec::new() }
    }
}

impl Catalogue {
    /// A counter or a family of them. The format puts `_total` behind the name.
    pub(super) fn counter<M: Metric + Clone + Default>(
        &mut self,
        name: &'static str,
        help: &'static str,
        labels: &'static [&'static str],
    ) -> M {
        self.add(name, "_total", "counter", help, labels, M::default())
    }

    /// A gauge or a family of them.
    pub(super) fn gauge<M: Metric + Clone + Default>(
        &mut self,
        name: &'static str,
        help: &'static str,
        labels: &'static [&'static str],
    ) -> M {
        self.add(name, "", "gauge", help, labels, M::default())
    }

    /// A family of histograms.
    pub(super) fn histogram<M: Metric + Clone>(
        &mut self,
        name: &'static str,
        help: &'static str,
        labels: &'static [&'static str],
        metric: M,
    ) -> M {
        self.add(name, "", "histogram", help, labels, metric)
    }

    /// Facts as labels of a metric that is always 1. The format puts `_info` behind the name.
    pub(super) fn info(
        &mut self,
        name: &'static str,
        help: &'static str,
        labels: &'static [&'static str],
        metric: impl Metric,
    ) {
        self.note(name, "_info", "info", help, labels);
        self.registry.register(name, help, metric);
    }

    fn add<M: Metric + Clone>(
        &mut self,
        name: &'static str,
        suffix: &str,
        kind: &'static str,
        help: &'static str,
        labels: &'static [&'static str],
        metric: M,
    ) -> M {
        self.note(name, suffix, kind, help, labels);
        self.registry.register(name, help, metric.clone());
        metric
    }

    fn note(
        &mut self,
        name: &str,
        suffix: &str,
        kind: &'static str,
        help: &'static str,
        labels: &'static [&'static str],
    ) {
        self.rows.push(Row { name: format!("{PREFIX}_{name}{suffix}"), kind, labels, help });
    }
}

impl Metrics {
    /// docs/metrics.md.
    #[must_use]
    pub fn reference_markdown(&self) -> String {
        let mut out = INTRODUCTION.to_owned();
        let mut rows = self.rows.clone();
        rows.sort_by(|a, b| a.name.cmp(&b.name));
        for Row { name, kind, labels, help } in rows {
            let labels: Vec<_> = labels.iter().map(|label| format!("`{label}`")).collect();
            // Writing to a String cannot fail.
            let _ = writeln!(out, "| `{name}` | {kind} | {} | {help} |", labels.join(", "));
        }
        out
    }
}
