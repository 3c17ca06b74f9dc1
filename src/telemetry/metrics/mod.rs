//! Metrics as one typed struct: a method for everything that is worth counting, and the text that Prometheus reads.
//!
//! It knows no room: whoever has something to count calls a method with plain values, or is asked at each scrape
//! ([`Metrics::at_scrape`]). Labels are fixed words of the program, never what somebody typed: no user names, no ids.
//! docs/metrics.md follows from what is registered here.

mod catalogue;
mod labels;
mod process;

#[cfg(test)]
mod tests;

use std::{
    fmt,
    sync::{Mutex, PoisonError, atomic::AtomicU64},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use prometheus_client::{
    encoding::text::encode,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram, info::Info},
    registry::Registry,
};

use self::{
    catalogue::{Catalogue, Row},
    labels::{
        ByCondition, ByEndpoint, ByEndpointOutcome, ByEndpointReason, ByGuard, ByKind, ByKindOutcome,
        ByMethod, ByMethodCode, ByObject, ByOperationOutcome, ByOutcome, ByReason, Version,
    },
};

/// The content type of [`Metrics::render`].
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// A gauge that may have a fraction.
type Real = Gauge<f64, AtomicU64>;
type Timings<L> = Family<L, Histogram, fn() -> Histogram>;
type Hook = Box<dyn Fn(&Metrics) + Send + Sync>;

/// Everything that is counted.
pub struct Metrics {
    registry: Registry,
    rows: Vec<Row>,
    hooks: Mutex<Vec<Hook>>,
    rest_requests: Family<ByEndpointOutcome, Counter>,
    rest_duration: Timings<ByEndpoint>,
    rest_retries: Family<ByEndpointReason, Counter>,
    rest_throttles: Counter,
    rest_pause: Counter<f64, AtomicU64>,
    token_refreshes: Family<ByOutcome, Counter>,
    grpc_calls: Family<ByMethodCode, Counter>,
    grpc_duration: Timings<ByMethod>,
    grpc_denials: Family<ByReason, Counter>,
    grpc_connections: Gauge,
    certificate_expiry: Real,
    syncs: Family<ByKindOutcome, Counter>,
    sync_duration: Timings<ByKind>,
    sync_last_success: Family<ByKind, Real>,
    sync_objects: Family<ByObject, Gauge>,
    sync_file: Gauge,
    tasks: Family<ByKindOutcome, Counter>,
    task_duration: Timings<ByKind>,
    tasks_running: Family<ByKind, Gauge>,
    writes: Family<ByOperationOutcome, Counter>,
    refusals: Family<ByGuard, Counter>,
    directory_age: Real,
    directory_objects: Family<ByObject, Gauge>,
    conditions: Family<ByCondition, Gauge>,
    memory: Gauge,
    descriptors: Gauge,
}

/// A sync that is over.
#[derive(Debug, Clone, Copy)]
pub struct SyncReport {
    /// What kind of sync: `full`, `partial`, `resources_only`.
    pub kind: &'static str,
    /// How it ended: `success`, or a word for the failure.
    pub outcome: &'static str,
    /// How long it took.
    pub elapsed: Duration,
    /// What it found. Counts only after a success.
    pub size: SyncSize,
}

/// What a sync found.
#[derive(Debug, Clone, Copy, Default)]
pub struct SyncSize {
    /// Resources of all types.
    pub resources: u64,
    /// Entitlements.
    pub entitlements: u64,
    /// Grants.
    pub grants: u64,
    /// Bytes of the file that was written, if one was.
    pub file_bytes: Option<u64>,
}

/// The outcome that counts as a success.
pub const SUCCESS: &str = "success";

impl Default for Metrics {
    fn default() -> Self {
        Self::new(env!("CARGO_PKG_VERSION"), SystemTime::now())
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

/// From a fast answer of a cache to the longest that a request may take.
fn request_buckets() -> Histogram {
    Histogram::new([0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0])
}

/// From a small tenant to the largest.
fn work_buckets() -> Histogram {
    Histogram::new([0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0])
}

fn timings<L: Clone + Eq + std::hash::Hash>(buckets: fn() -> Histogram) -> Timings<L> {
    Family::new_with_constructor(buckets)
}

impl Metrics {
    /// Metrics of a process of this version that started then.
    #[must_use]
    pub fn new(version: &'static str, started: SystemTime) -> Self {
        let mut c = Catalogue::default();
        c.info("build", "The version that runs", &["version"], Info::new(Version { version }));
        let start: Real =
            c.gauge("process_start_time_seconds", "When the process started, as Unix time", &[]);
        start.set(unix(started));
        Self {
            hooks: Mutex::default(),
            rest_requests: c.counter(
                "rest_requests",
                "Requests to NinjaOne, each attempt on its own; outcome is `success`, `cancelled` or the kind of failure",
                &["endpoint", "outcome"],
            ),
            rest_duration: c.histogram(
                "rest_request_duration_seconds",
                "How long requests to NinjaOne took, whatever their outcome",
                &["endpoint"],
                timings(request_buckets),
            ),
            rest_retries: c.counter(
                "rest_retries",
                "Requests to NinjaOne that were repeated, by what had gone wrong",
                &["endpoint", "reason"],
            ),
            rest_throttles: c.counter("rest_throttles", "How often NinjaOne asked for a pause", &[]),
            rest_pause: c.counter(
                "rest_throttle_pause_seconds",
                "The pauses that NinjaOne asked for, added up",
                &[],
            ),
            token_refreshes: c.counter(
                "token_refreshes",
                "Access tokens asked for; outcome is `success` or the kind of failure",
                &["outcome"],
            ),
            grpc_calls: c.counter("grpc_calls", "gRPC calls by their status code", &["method", "code"]),
            grpc_duration: c.histogram(
                "grpc_call_duration_seconds",
                "How long gRPC calls took, to the last byte of the answer",
                &["method"],
                timings(request_buckets),
            ),
            grpc_denials: c.counter(
                "grpc_denials",
                "Calls and connections that were turned away at the gRPC door",
                &["reason"],
            ),
            grpc_connections: c.gauge("grpc_connections", "gRPC connections that are open", &[]),
            certificate_expiry: c.gauge(
                "grpc_certificate_expiry_timestamp_seconds",
                "When the gRPC door's certificate ends, as Unix time; 0 without TLS",
                &[],
            ),
            syncs: c.counter("syncs", "Syncs that ended", &["kind", "outcome"]),
            sync_duration: c.histogram(
                "sync_duration_seconds",
                "How long syncs took, whatever their outcome",
                &["kind"],
                timings(work_buckets),
            ),
            sync_last_success: c.gauge(
                "sync_last_success_timestamp_seconds",
                "When the last successful sync ended, as Unix time",
                &["kind"],
            ),
            sync_objects: c.gauge(
                "sync_objects",
                "What the last successful sync found: `resources`, `entitlements`, `grants`",
                &["object"],
            ),
            sync_file: c.gauge("sync_file_size_bytes", "The size of the last file that a sync wrote", &[]),
            tasks: c.counter("tasks", "Tasks of the control plane that ended", &["kind", "outcome"]),
            task_duration: c.histogram(
                "task_duration_seconds",
                "How long tasks of the control plane took",
                &["kind"],
                timings(work_buckets),
            ),
            tasks_running: c.gauge("tasks_running", "Tasks of the control plane under way", &["kind"]),
            writes: c.counter(
                "provisioning_writes",
                "Changes that somebody asked for, by what came of them",
                &["operation", "outcome"],
            ),
            refusals: c.counter(
                "guard_refusals",
                "Changes that were refused before anything was sent, by their reason in docs/errors.md",
                &["guard"],
            ),
            directory_age: c.gauge(
                "directory_age_seconds",
                "How old the newest snapshot of users and roles is; 0 without one",
                &[],
            ),
            directory_objects: c.gauge(
                "directory_objects",
                "What the newest snapshot holds: `accounts`, `roles`",
                &["object"],
            ),
            conditions: c.gauge(
                "condition_healthy",
                "1 for a condition of readiness that holds, else 0",
                &["condition"],
            ),
            memory: c.gauge("process_resident_memory_bytes", "Resident memory", &[]),
            descriptors: c.gauge("process_open_fds", "Open file descriptors", &[]),
            rows: c.rows,
            registry: c.registry,
        }
    }

    /// One attempt of a request to NinjaOne ended.
    pub fn rest_request(&self, endpoint: &'static str, outcome: &'static str, elapsed: Duration) {
        self.rest_requests.get_or_create(&ByEndpointOutcome { endpoint, outcome }).inc();
        self.rest_duration.get_or_create(&ByEndpoint { endpoint }).observe(elapsed.as_secs_f64());
    }

    /// A request to NinjaOne will be repeated, because of this.
    pub fn rest_retry(&self, endpoint: &'static str, reason: &'static str) {
        self.rest_retries.get_or_create(&ByEndpointReason { endpoint, reason }).inc();
    }

    /// NinjaOne asked for a pause.
    pub fn rest_throttled(&self, pause: Duration) {
        self.rest_throttles.inc();
        self.rest_pause.inc_by(pause.as_secs_f64());
    }

    /// A token was asked for.
    pub fn token_refreshed(&self, outcome: &'static str) {
        self.token_refreshes.get_or_create(&ByOutcome { outcome }).inc();
    }

    /// A gRPC call ended. `method` must be one of the served ones, not what a caller wrote.
    pub fn grpc_call(&self, method: &str, code: &'static str, elapsed: Duration) {
        let method = method.to_owned();
        self.grpc_calls.get_or_create(&ByMethodCode { method: method.clone(), code }).inc();
        self.grpc_duration.get_or_create(&ByMethod { method }).observe(elapsed.as_secs_f64());
    }

    /// Somebody was turned away.
    pub fn grpc_denied(&self, reason: &'static str) {
        self.grpc_denials.get_or_create(&ByReason { reason }).inc();
    }

    /// A denial that has not happened yet, so that its first time shows as an increase.
    pub fn expect_denial(&self, reason: &'static str) {
        drop(self.grpc_denials.get_or_create(&ByReason { reason }));
    }

    /// A gRPC connection was taken.
    pub fn grpc_connection_opened(&self) {
        self.grpc_connections.inc();
    }

    /// A gRPC connection is over.
    pub fn grpc_connection_closed(&self) {
        self.grpc_connections.dec();
    }

    /// The certificate that is served ends then.
    pub fn certificate_expires(&self, at: SystemTime) {
        self.certificate_expiry.set(unix(at));
    }

    /// A sync ended, at this time.
    pub fn sync_finished(&self, report: &SyncReport, at: SystemTime) {
        let SyncReport { kind, outcome, elapsed, size } = *report;
        self.syncs.get_or_create(&ByKindOutcome { kind, outcome }).inc();
        self.sync_duration.get_or_create(&ByKind { kind }).observe(elapsed.as_secs_f64());
        if outcome != SUCCESS {
            return;
        }
        self.sync_last_success.get_or_create(&ByKind { kind }).set(unix(at));
        for (object, count) in
            [("resources", size.resources), ("entitlements", size.entitlements), ("grants", size.grants)]
        {
            self.sync_objects.get_or_create(&ByObject { object }).set(signed(count));
        }
        if let Some(bytes) = size.file_bytes {
            self.sync_file.set(signed(bytes));
        }
    }

    /// A task of the control plane began.
    pub fn task_started(&self, kind: &'static str) {
        self.tasks_running.get_or_create(&ByKind { kind }).inc();
    }

    /// A task of the control plane ended.
    pub fn task_finished(&self, kind: &'static str, outcome: &'static str, elapsed: Duration) {
        self.tasks_running.get_or_create(&ByKind { kind }).dec();
        self.tasks.get_or_create(&ByKindOutcome { kind, outcome }).inc();
        self.task_duration.get_or_create(&ByKind { kind }).observe(elapsed.as_secs_f64());
    }

    /// A change was asked for, and this came of it.
    pub fn provisioning_write(&self, operation: &'static str, outcome: &'static str) {
        self.writes.get_or_create(&ByOperationOutcome { operation, outcome }).inc();
    }

    /// A guard refused a change.
    pub fn guard_refused(&self, guard: &'static str) {
        self.refusals.get_or_create(&ByGuard { guard }).inc();
    }

    /// What the newest snapshot of the tenant is like.
    pub fn directory(&self, age: Duration, accounts: usize, roles: usize) {
        self.directory_age.set(age.as_secs_f64());
        for (object, count) in [("accounts", accounts), ("roles", roles)] {
            self.directory_objects.get_or_create(&ByObject { object }).set(signed(count as u64));
        }
    }

    /// Whether a condition of readiness holds.
    pub fn condition(&self, condition: &'static str, holds: bool) {
        self.conditions.get_or_create(&ByCondition { condition }).set(holds.into());
    }

    /// Calls `hook` before each scrape, for what is measured rather than counted. It must be quick.
    pub fn at_scrape(&self, hook: impl Fn(&Self) + Send + Sync + 'static) {
        self.hooks.lock().unwrap_or_else(PoisonError::into_inner).push(Box::new(hook));
    }

    /// Everything, in the OpenMetrics text format.
    #[must_use]
    pub fn render(&self) -> String {
        for hook in self.hooks.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            hook(self);
        }
        if let Some(bytes) = process::resident_memory() {
            self.memory.set(signed(bytes));
        }
        if let Some(count) = process::open_descriptors() {
            self.descriptors.set(signed(count));
        }
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

fn unix(at: SystemTime) -> f64 {
    at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
