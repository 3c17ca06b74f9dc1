//! How fast one client may call: a bucket a client, filled at a steady rate, never with more than one second's worth.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// More clients than any deployment has; what is forgotten beyond it is in the clients' favour.
const MOST_CLIENTS: usize = 10_000;

/// The buckets.
#[derive(Debug)]
pub(super) struct Rate {
    per_second: f64,
    buckets: Mutex<HashMap<String, Bucket>>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    left: f64,
    at: Instant,
}

impl Rate {
    /// So many calls a second; 0 is no limit.
    pub(super) fn new(per_second: u32) -> Self {
        Self { per_second: per_second.into(), buckets: Mutex::default() }
    }

    /// Takes a turn, or says how long to wait for one.
    pub(super) fn take(&self, client: &str, now: Instant) -> Result<(), Duration> {
        if self.per_second == 0.0 {
            return Ok(());
        }
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= MOST_CLIENTS && !buckets.contains_key(client) {
            // A full bucket says no more than a missing one.
            buckets.retain(|_, bucket| self.filled(*bucket, now) < self.per_second);
            if buckets.len() >= MOST_CLIENTS {
                buckets.clear();
            }
        }
        let bucket = buckets.entry(client.to_owned()).or_insert(Bucket { left: self.per_second, at: now });
        let left = self.filled(*bucket, now);
        if left < 1.0 {
            return Err(Duration::from_secs_f64((1.0 - left) / self.per_second));
        }
        *bucket = Bucket { left: left - 1.0, at: now };
        Ok(())
    }

    fn filled(&self, bucket: Bucket, now: Instant) -> f64 {
        let since = now.saturating_duration_since(bucket.at).as_secs_f64();
        (bucket.left + since * self.per_second).min(self.per_second)
    }
}

/// The client of a call without an identity: its address, or its network where one machine has as many addresses as it likes.
pub(super) fn by_address(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

#[cfg(test)]
mod tests {
    // A test that cannot go on says so by panicking.
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    #[test]
    fn a_client_gets_its_rate_and_no_more_and_takes_nothing_from_others() {
        let (rate, start) = (Rate::new(5), Instant::now());
        for _ in 0..5 {
            rate.take("a", start).unwrap();
        }
        let wait = rate.take("a", start).unwrap_err();
        assert!(wait > Duration::from_millis(190) && wait <= Duration::from_millis(200), "{wait:?}");
        rate.take("b", start).unwrap();
        let later = start + Duration::from_millis(201);
        rate.take("a", later).unwrap();
        rate.take("a", later).unwrap_err();
        let much_later = start + Duration::from_secs(3600);
        let allowed = (0..100).filter(|_| rate.take("a", much_later).is_ok()).count();
        assert_eq!(allowed, 5, "an idle hour saves up one second's worth");
    }

    #[test]
    fn no_limit_is_no_limit_and_memory_has_one() {
        let now = Instant::now();
        let free = Rate::new(0);
        assert!((0..10_000).all(|_| free.take("a", now).is_ok()));
        let rate = Rate::new(1);
        for client in 0..3 * MOST_CLIENTS {
            rate.take(&client.to_string(), now).unwrap();
        }
        assert!(rate.buckets.lock().unwrap().len() <= MOST_CLIENTS);
    }

    #[test]
    fn addresses_of_one_network_are_one_client() {
        let of = |text: &str| by_address(text.parse().unwrap());
        assert_eq!(of("10.1.2.3"), "10.1.2.3");
        assert_eq!(of("::ffff:10.1.2.3"), "10.1.2.3");
        assert_eq!(of("2001:db8:1:2::5"), of("2001:db8:1:2:ffff::6"));
        assert_ne!(of("2001:db8:1:2::5"), of("2001:db8:1:3::5"));
    }
}
