//! The way to the host: proxy, names, connection, clocks. Nothing secret is sent.

use std::time::Duration;

use time::OffsetDateTime;
use tokio::time::timeout;

use super::{
    refused,
    report::{Finding, Report},
};
use crate::ninja_one::rest::{ClientConfig, reach};

/// More than the second that a `Date` header is exact to, and the way of an answer.
const TOLERABLE_SKEW: Duration = Duration::from_secs(60);

/// Checks the way.
pub(super) async fn check(config: &ClientConfig, report: &mut Report) {
    let proxy = (!config.host.is_loopback()).then(proxy).flatten();
    if let Some((variable, proxy)) = &proxy {
        report.say("proxy", Finding::fine(format!("requests go through {proxy}, as {variable} says")));
    }
    report.say("dns", dns(config, proxy.is_some()).await);
    match reach(config).await {
        Ok(reached) => {
            let sure =
                if config.host.is_https() { "a trusted TLS connection" } else { "plain http on loopback" };
            let millis = reached.elapsed.as_millis();
            let saw = format!("{sure}; {} {} within {millis} ms", reached.version, reached.status);
            report.say("connection", Finding::fine(saw));
            report.say("clock", clock(OffsetDateTime::now_utc(), reached.date));
        }
        Err(error) => {
            report.say("connection", refused(&error));
            report.say("clock", Finding::skipped("there was no answer to compare with"));
        }
    }
}

async fn dns(config: &ClientConfig, through_proxy: bool) -> Finding {
    let Ok(url) = url::Url::parse(config.host.origin()) else {
        return Finding::skipped("the base URL names no host");
    };
    let port = url.port_or_known_default().unwrap_or(443);
    let name = match url.host() {
        Some(url::Host::Domain(name)) => name.to_owned(),
        Some(address) => {
            return Finding::fine(format!("{address} is an address, there is nothing to look up"));
        }
        None => return Finding::skipped("the base URL names no host"),
    };
    let failed = |why: String| {
        let saw = format!("{name}: {why}");
        if through_proxy {
            Finding::odd(saw, "nothing, as long as the proxy can look the name up")
        } else {
            Finding::broken(
                saw,
                "check --ninja-one-base-url for a typing mistake, then DNS from this machine",
            )
        }
    };
    match timeout(config.connect_timeout, tokio::net::lookup_host((name.as_str(), port))).await {
        Err(_) => failed(format!("no answer within {} s", config.connect_timeout.as_secs())),
        Ok(Err(error)) => failed(error.to_string()),
        Ok(Ok(addresses)) => {
            let mut found: Vec<_> = addresses.map(|a| a.ip().to_string()).collect();
            found.sort();
            found.dedup();
            match found.len() {
                0 => failed("it has no address".to_owned()),
                _ => Finding::fine(format!("{name} is {}", found.join(", "))),
            }
        }
    }
}

/// The variable that names a proxy for https, and the proxy without its credentials.
fn proxy() -> Option<(&'static str, String)> {
    let given = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
    let (variable, value) = given.into_iter().find_map(|name| {
        std::env::var(name).ok().filter(|value| !value.trim().is_empty()).map(|value| (name, value))
    })?;
    // All that stands before the last @ may be a password, whatever else is wrong with the text.
    let shown = value.rsplit('@').next().unwrap_or_default().to_owned();
    Some((variable, shown))
}

/// Compares the clocks. Tokens live for a time rather than until one, so a wrong clock stops no sync.
fn clock(ours: OffsetDateTime, theirs: Option<OffsetDateTime>) -> Finding {
    let Some(theirs) = theirs else {
        return Finding::odd("the answer carried no date", "nothing; compare this machine's clock by hand");
    };
    let skew = (ours - theirs).unsigned_abs();
    let side = if ours > theirs { "ahead of" } else { "behind" };
    if skew <= TOLERABLE_SKEW {
        return Finding::fine(format!(
            "this machine and the host agree to within {} s",
            skew.as_secs().max(1)
        ));
    }
    Finding::odd(
        format!("this machine's clock is {} s {side} the host's", skew.as_secs()),
        "set the clock by NTP: the control plane refuses credentials with a wrong time, and times in logs and files are off",
    )
}

#[cfg(test)]
mod tests {
    // A test may panic: that is how it fails.
    #![allow(clippy::unwrap_used)]

    use time::macros::datetime;

    use super::super::report::Outcome;
    use super::*;

    #[test]
    fn a_clock_that_is_off_is_told_with_the_side_and_the_seconds() {
        let ours = datetime!(2026-03-01 12:00:00 UTC);
        let told = |theirs| {
            let finding = clock(ours, Some(theirs));
            (finding.outcome, finding.saw)
        };
        assert_eq!(told(datetime!(2026-03-01 12:00:59 UTC)).0, Outcome::Fine);
        let (outcome, saw) = told(datetime!(2026-03-01 11:55:00 UTC));
        assert_eq!(
            (outcome, saw.as_str()),
            (Outcome::Odd, "this machine's clock is 300 s ahead of the host's")
        );
        assert!(told(datetime!(2026-03-01 12:02:00 UTC)).1.contains("120 s behind"));
        assert_eq!(clock(ours, None).outcome, Outcome::Odd);
    }
}
