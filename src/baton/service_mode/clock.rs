//! Wall-clock time and chance, from outside. Waiting is left to tokio's timers.

use std::time::{Duration, SystemTime};

/// Where the time and random numbers come from.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    /// The time of day.
    pub now: fn() -> SystemTime,
    /// A number from 0 up to 1.
    pub chance: fn() -> f64,
}

impl Default for Clock {
    fn default() -> Self {
        Self { now: SystemTime::now, chance: rand::random }
    }
}

impl Clock {
    /// A wait, up to a fifth shorter or longer, so that many replicas do not knock in step.
    pub(super) fn jittered(self, wait: Duration) -> Duration {
        wait.mul_f64(0.8 + 0.4 * (self.chance)().clamp(0.0, 1.0))
    }
}
