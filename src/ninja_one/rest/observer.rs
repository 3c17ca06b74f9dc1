//! The hook for metrics: what happened on the wire, as plain values. Counting is left to `telemetry`.

use std::time::Duration;

use super::endpoint::Endpoint;
use super::error::Error;

/// Told about every exchange. Every method does nothing unless overridden, must be quick, and must not panic.
pub trait RequestObserver: Send + Sync + 'static {
    /// One attempt on the wire ended, the token call included.
    fn request_finished(&self, _report: &RequestReport<'_>) {}
    /// A failed attempt will be repeated after `delay`.
    fn retry_scheduled(&self, _endpoint: Endpoint, _error: &Error, _delay: Duration) {}
    /// NinjaOne throttles: no request starts during `pause`.
    fn throttled(&self, _pause: Duration) {}
    /// A token was asked for: `None` when one came.
    fn token_refreshed(&self, _failure: Option<&Error>) {}
}

/// Counts nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoObserver;

impl RequestObserver for NoObserver {}

/// One attempt, when it is over.
#[derive(Debug, Clone, Copy)]
pub struct RequestReport<'a> {
    /// Which call.
    pub endpoint: Endpoint,
    /// How it ended.
    pub end: RequestEnd<'a>,
    /// From the first byte sent to the last one read, connecting included.
    pub elapsed: Duration,
    /// 1 for the first try.
    pub attempt: u32,
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy)]
pub enum RequestEnd<'a> {
    /// With a 2xx status and a whole body.
    Success {
        /// The HTTP status.
        status: u16,
    },
    /// With an error.
    Failure(&'a Error),
    /// The caller went away before the end.
    Cancelled,
}

impl RequestEnd<'_> {
    /// A stable label: `success`, `cancelled`, or the error's own.
    #[must_use]
    pub fn label(&self) -> &'static str {
        match self {
            Self::Success { .. } => "success",
            Self::Failure(error) => error.kind().label(),
            Self::Cancelled => "cancelled",
        }
    }
}
