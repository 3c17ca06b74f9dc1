//! What the client is told from outside, as plain values. Flags, environment and files are left to the settings.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use secrecy::SecretString;
use thiserror::Error;

use super::host::Host;
use super::observer::{NoObserver, RequestObserver};
use super::secret::SecretSource;

/// How the client gets its token.
#[derive(Clone)]
#[non_exhaustive]
pub enum Grant {
    /// Machine-to-machine: the app acts as itself.
    ClientCredentials,
    /// With user context: the app acts as the user who signed in (section 2.4).
    RefreshToken {
        /// The refresh token to start from. A value that changes replaces whatever was rotated meanwhile.
        token: SecretSource,
        /// Keeps a rotated refresh token; asked before the access token is used.
        keeper: Option<TokenKeeper>,
    },
}

/// Stores a rotated refresh token where the next start finds it.
pub type TokenKeeper =
    Arc<dyn Fn(&SecretString) -> Result<(), Box<dyn StdError + Send + Sync>> + Send + Sync>;

impl fmt::Debug for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ClientCredentials => "ClientCredentials",
            Self::RefreshToken { .. } => "RefreshToken([redacted])",
        })
    }
}

/// Everything the client needs to know. Start from [`ClientConfig::new`] and change fields.
#[derive(Clone)]
pub struct ClientConfig {
    /// The tenant's host.
    pub host: Host,
    /// The client app's id.
    pub client_id: String,
    /// The client app's secret; asked for each token. May be empty for an app without one.
    pub client_secret: SecretSource,
    /// How to get tokens. Default: client credentials.
    pub grant: Grant,
    /// Scopes to ask for; empty sends none. Default: `monitoring`, `management`. Not sent with a refresh token.
    pub scopes: Vec<String>,
    /// Default: `/ws/oauth/token`.
    pub token_path: String,
    /// Tried once when `token_path` gives a 404 that is not JSON. Default: `/oauth/token`.
    pub token_path_fallback: Option<String>,
    /// Patience for connecting, TLS included. Default: 10 s.
    pub connect_timeout: Duration,
    /// Patience between two reads. Default: 60 s.
    pub read_timeout: Duration,
    /// Patience for one attempt, body included. Default: 300 s.
    pub request_timeout: Duration,
    /// Requests at a time. Default: 4.
    pub max_in_flight: usize,
    /// Bytes of a list body. Default: 1 GiB; lists are streamed, so this bounds a runaway, not memory.
    pub max_list_body: u64,
    /// Bytes of any other body. Default: 16 MiB.
    pub max_body: u64,
    /// Elements asked for per page of organizations and devices. Default: 500.
    pub page_size: u32,
    /// Pages after which a list is believed to be endless. Default: 10,000.
    pub max_pages: u32,
    /// When to try again.
    pub retry: RetryPolicy,
    /// PEM certificates trusted beside the system's.
    pub extra_ca: Option<Vec<u8>>,
    /// Default: `baton-ninja-one/VERSION`.
    pub user_agent: String,
    /// Told about every exchange.
    pub observer: Arc<dyn RequestObserver>,
    /// Told of every secret that NinjaOne hands out, before it is used, so that it can be kept out of what is written.
    pub hide: fn(&SecretString),
}

impl ClientConfig {
    /// The defaults around what has none.
    #[must_use]
    pub fn new(host: Host, client_id: impl Into<String>, client_secret: impl Into<SecretSource>) -> Self {
        Self {
            host,
            client_id: client_id.into(),
            client_secret: client_secret.into(),
            grant: Grant::ClientCredentials,
            scopes: vec!["monitoring".into(), "management".into()],
            token_path: "/ws/oauth/token".into(),
            token_path_fallback: Some("/oauth/token".into()),
            connect_timeout: Duration::from_secs(10),
            read_timeout: Duration::from_secs(60),
            request_timeout: Duration::from_secs(300),
            max_in_flight: 4,
            max_list_body: 1 << 30,
            max_body: 16 << 20,
            page_size: 500,
            max_pages: 10_000,
            retry: RetryPolicy::default(),
            extra_ca: None,
            user_agent: concat!("baton-ninja-one/", env!("CARGO_PKG_VERSION")).into(),
            observer: Arc::new(NoObserver),
            hide: |_| {},
        }
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if self.client_id.trim().is_empty() {
            return Err(ConfigError::NoClientId);
        }
        if matches!(self.grant, Grant::ClientCredentials) && self.client_secret.is_blank() {
            return Err(ConfigError::NoClientSecret);
        }
        for scope in &self.scopes {
            // RFC 6749, appendix A.4.
            let allowed = |byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
            if scope.is_empty() || !scope.bytes().all(allowed) {
                return Err(ConfigError::Scope { scope: scope.clone() });
            }
            if scope == "offline_access" && matches!(self.grant, Grant::ClientCredentials) {
                return Err(ConfigError::OfflineAccess);
            }
        }
        for path in [Some(&self.token_path), self.token_path_fallback.as_ref()].into_iter().flatten() {
            if !path.starts_with('/') || path.starts_with("//") || path.contains(['?', '#', '@', ' ']) {
                return Err(ConfigError::TokenPath { path: path.clone() });
            }
        }
        if HeaderValue::from_str(&self.user_agent).is_err() {
            return Err(ConfigError::UserAgent);
        }
        let counts = [
            ("max_in_flight", self.max_in_flight == 0),
            ("page_size", self.page_size == 0),
            ("max_pages", self.max_pages == 0),
            ("max_list_body", self.max_list_body == 0),
            ("max_body", self.max_body == 0),
            ("connect_timeout", self.connect_timeout.is_zero()),
            ("read_timeout", self.read_timeout.is_zero()),
            ("request_timeout", self.request_timeout.is_zero()),
            ("retry.max_attempts", self.retry.max_attempts == 0),
        ];
        match counts.into_iter().find(|(_, zero)| *zero) {
            Some((name, _)) => Err(ConfigError::Zero { name }),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for ClientConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientConfig")
            .field("host", &self.host)
            .field("client_id", &self.client_id)
            .field("grant", &self.grant)
            .field("scopes", &self.scopes)
            .field("token_path", &self.token_path)
            .field("max_in_flight", &self.max_in_flight)
            .field("retry", &self.retry)
            .finish_non_exhaustive()
    }
}

/// When a failed attempt is repeated, and how long to wait.
#[derive(Debug, Clone)]
pub struct RetryPolicy {
    /// Attempts in all, the first included. Default: 4.
    pub max_attempts: u32,
    /// The first pause; each further one is twice as long. Default: 2 s.
    pub base_delay: Duration,
    /// The longest pause, also when NinjaOne asks for more. Default: 60 s.
    pub max_delay: Duration,
    /// The pause of all requests after a 429 that names none. Default: 5 s.
    pub throttle_pause: Duration,
    /// No attempt starts when this much time has passed since the first. Default: 300 s.
    pub deadline: Duration,
    /// Randomness in `0.0..1.0`: a pause lasts between half and all of its length.
    pub jitter: fn() -> f64,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            max_attempts: 4,
            base_delay: Duration::from_secs(2),
            max_delay: Duration::from_secs(60),
            throttle_pause: Duration::from_secs(5),
            deadline: Duration::from_secs(300),
            jitter: rand::random::<f64>,
        }
    }
}

/// Why a client cannot be made.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// No client id.
    #[error("the client id is empty; set --ninja-one-client-id")]
    NoClientId,
    /// No client secret.
    #[error("the client secret is empty; set --ninja-one-client-secret")]
    NoClientSecret,
    /// A scope with characters that none has.
    #[error("{scope:?} is not a scope; --ninja-one-scope takes names such as monitoring and management")]
    Scope {
        /// The scope given.
        scope: String,
    },
    /// A scope that client credentials must not ask for.
    #[error(
        "the scope offline_access is not for client credentials: some regions then refuse the token; leave it out"
    )]
    OfflineAccess,
    /// A token path that is not a plain absolute path.
    #[error("the token path {path:?} must be an absolute path such as /ws/oauth/token")]
    TokenPath {
        /// The path given.
        path: String,
    },
    /// A user agent that is no header value.
    #[error("the user agent contains characters that a header cannot carry")]
    UserAgent,
    /// A limit that would stop everything.
    #[error("{name} must not be zero")]
    Zero {
        /// The field.
        name: &'static str,
    },
    /// The extra certificates cannot be read.
    #[error("the extra certificate authority is not a list of PEM certificates")]
    ExtraCa(#[source] Option<Box<dyn StdError + Send + Sync>>),
    /// TLS or the HTTP client cannot be set up.
    #[error("the HTTPS client cannot be set up (are the system's certificate authorities installed?)")]
    Http(#[source] Box<dyn StdError + Send + Sync>),
}
