//! The tenant's host: a region key or a URL, normalised (section 1). A tenant lives on exactly one.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;
use url::{Host as UrlHost, Url};

/// Region keys and their hosts.
const REGIONS: [(&str, &str); 7] =
    [("app", "app"), ("us", "app"), ("us2", "us2"), ("eu", "eu"), ("ca", "ca"), ("oc", "oc"), ("fed", "fed")];

/// What people paste after the origin, longest first.
const SUFFIXES: [&str; 5] = ["/ws/api/v2", "/api/v2", "/v2", "/api", "/ws"];

/// The origin of a NinjaOne tenant: scheme, host and port, nothing else.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Host(Url);

/// Why a base URL is refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum HostError {
    /// Nothing was given.
    #[error("the base URL is empty; give a region ({regions}) or a URL such as https://eu.ninjarmm.com", regions = region_list())]
    Empty,
    /// Neither a region key nor a URL.
    #[error("{given:?} is neither a region ({regions}) nor a URL such as https://eu.ninjarmm.com", regions = region_list())]
    NotAUrl {
        /// What was given.
        given: String,
    },
    /// A scheme other than https, on a host that is not this machine.
    #[error("the base URL must start with https:// (http:// is for loopback only), not {scheme}://")]
    NotHttps {
        /// The scheme given.
        scheme: String,
    },
    /// User name or password in the URL.
    #[error("the base URL must not carry a user name or password")]
    Userinfo,
    /// A query or fragment in the URL.
    #[error("the base URL must not carry a query or a fragment")]
    QueryOrFragment,
    /// A path that is not one of NinjaOne's prefixes.
    #[error("the base URL must end after the host name; leave out {path:?}")]
    Path {
        /// The path given.
        path: String,
    },
}

fn region_list() -> String {
    REGIONS.map(|(key, _)| key).join(", ")
}

impl Host {
    /// Reads a region key (`eu`) or a URL (`https://eu.ninjarmm.com/ws/api/v2/`).
    ///
    /// # Errors
    /// See [`HostError`]. The text never repeats a password.
    pub fn parse(given: &str) -> Result<Self, HostError> {
        let given = given.trim();
        if given.is_empty() {
            return Err(HostError::Empty);
        }
        let region = REGIONS.iter().find(|(key, _)| key.eq_ignore_ascii_case(given));
        let text = match region {
            Some((_, host)) => format!("https://{host}.ninjarmm.com"),
            None => given.to_owned(),
        };
        // Without `//` there may still be a password in it (`user:secret@host`), so such a text is not repeated.
        let quotable = || if given.contains('@') { "[...]".to_owned() } else { given.to_owned() };
        if !text.contains("://") {
            return Err(HostError::NotAUrl { given: quotable() });
        }
        let mut url = Url::parse(&text).map_err(|_| HostError::NotAUrl { given: quotable() })?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(HostError::Userinfo);
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(HostError::QueryOrFragment);
        }
        if url.host().is_none() {
            return Err(HostError::NotAUrl { given: quotable() });
        }
        if url.scheme() != "https" && !(url.scheme() == "http" && is_loopback(&url)) {
            return Err(HostError::NotHttps { scheme: url.scheme().to_owned() });
        }
        let path = url.path().trim_end_matches('/');
        let rest = SUFFIXES.iter().find_map(|suffix| path.strip_suffix(suffix)).unwrap_or(path);
        if !rest.is_empty() {
            return Err(HostError::Path { path: url.path().to_owned() });
        }
        url.set_path("/");
        Ok(Self(url))
    }

    /// The origin without a trailing slash, such as `https://eu.ninjarmm.com`.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.0.as_str().trim_end_matches('/')
    }

    /// Whether the host is this machine. Then plain http is allowed and no proxy is asked.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.0)
    }

    /// Whether the connection is encrypted.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// The URL of an absolute path (which this client builds from ids alone) and query pairs. Values are encoded with
    /// `%20`, never `+` (section 6).
    pub(super) fn url(&self, path: &str, query: &[(&'static str, String)]) -> Url {
        let mut url = self.0.clone();
        url.set_path(path);
        if !query.is_empty() {
            let encode = |text: &str| -> String {
                url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
            };
            let pairs: Vec<_> =
                query.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
            url.set_query(Some(&pairs.join("&")));
        }
        url
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(UrlHost::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(UrlHost::Ipv4(ip)) => ip.is_loopback(),
        Some(UrlHost::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

impl FromStr for Host {
    type Err = HostError;

    fn from_str(given: &str) -> Result<Self, Self::Err> {
        Self::parse(given)
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.origin())
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Host({})", self.origin())
    }
}

#[cfg(test)]
mod tests {
    // A test may panic: that is how it fails.
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_region_key_and_every_pasted_form_of_a_url_name_the_same_origin() {
        for given in [
            "eu",
            " EU ",
            "https://eu.ninjarmm.com",
            "https://eu.ninjarmm.com/",
            "https://eu.ninjarmm.com/ws",
            "https://EU.ninjarmm.com/api",
            "https://eu.ninjarmm.com/v2/",
            "https://eu.ninjarmm.com/api/v2",
            "https://eu.ninjarmm.com:443/ws/api/v2/",
        ] {
            assert_eq!(Host::parse(given).unwrap().origin(), "https://eu.ninjarmm.com", "{given}");
        }
        assert_eq!(Host::parse("us").unwrap(), Host::parse("app").unwrap());
        assert_eq!(Host::parse("us2").unwrap().origin(), "https://us2.ninjarmm.com");
    }

    #[test]
    fn plain_http_is_for_loopback_only() {
        for given in ["http://127.0.0.1:1234", "http://localhost:1", "http://[::1]:9/v2"] {
            assert!(Host::parse(given).unwrap().is_loopback(), "{given}");
        }
        for given in ["http://eu.ninjarmm.com", "ftp://eu.ninjarmm.com", "http://127.0.0.1.example.com"] {
            assert!(matches!(Host::parse(given), Err(HostError::NotHttps { .. })), "{given}");
        }
    }

    #[test]
    fn what_does_not_belong_into_a_base_url_is_refused_and_no_password_is_repeated() {
        assert_eq!(Host::parse("  "), Err(HostError::Empty));
        assert_eq!(Host::parse("https://me:hunter2@eu.ninjarmm.com"), Err(HostError::Userinfo));
        assert_eq!(Host::parse("https://eu.ninjarmm.com/?a=b"), Err(HostError::QueryOrFragment));
        assert_eq!(Host::parse("https://eu.ninjarmm.com/#a"), Err(HostError::QueryOrFragment));
        assert!(matches!(Host::parse("https://eu.ninjarmm.com/oauth"), Err(HostError::Path { .. })));
        for given in ["eu.ninjarmm.com", "mars", "me:hunter2@eu.ninjarmm.com", "https://me:hunter2@"] {
            let error = Host::parse(given).unwrap_err();
            assert!(matches!(error, HostError::NotAUrl { .. }), "{given}: {error}");
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn query_values_are_encoded_with_percent_twenty() {
        let host = Host::parse("eu").unwrap();
        let url = host.url("/v2/devices", &[("df", "org = 1 & class+x".into()), ("pageSize", "5".into())]);
        assert_eq!(
            url.as_str(),
            "https://eu.ninjarmm.com/v2/devices?df=org%20%3D%201%20%26%20class%2Bx&pageSize=5"
        );
    }
}
