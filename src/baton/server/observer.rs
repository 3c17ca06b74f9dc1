//! The hook for metrics: what happened at the daemon's door and behind it, as plain values. Counting is left to others.

use std::{
    fmt,
    time::{Duration, SystemTime},
};

use tonic::Code;

use super::door::Denial;

/// Told what happens. Every method does nothing unless overridden, must be quick, and must not panic.
pub trait ServerObserver: Send + Sync + 'static {
    /// A call ended, its answer sent or given up.
    fn call_ended(&self, _report: &CallReport<'_>) {}
    /// Somebody was turned away.
    fn denied(&self, _denial: Denial) {}
    /// A connection was taken.
    fn connection_opened(&self) {}
    /// A connection is over.
    fn connection_closed(&self) {}
    /// The certificate that is served ends then.
    fn certificate_expires(&self, _at: SystemTime) {}
}

impl fmt::Debug for dyn ServerObserver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServerObserver")
    }
}

/// Counts nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoObserver;

impl ServerObserver for NoObserver {}

/// One call of the contract's services, when it is over.
#[derive(Debug, Clone, Copy)]
pub struct CallReport<'a> {
    /// `package.Service/Method`, or `other` for what is not served.
    pub method: &'a str,
    /// How it ended; `Cancelled` also when the caller went away.
    pub code: Code,
    /// From its headers to the last byte of its answer.
    pub elapsed: Duration,
}
