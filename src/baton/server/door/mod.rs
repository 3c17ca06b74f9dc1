//! The door: who may come in, how much of it, and how fast.
//!
//! From the wire inwards: `listen` takes connections up to a limit and shakes hands by the files of `tls`; `connection`
//! is one of them, and can be cut; `admit` asks each call for its caller (`identity`, `tokens`), its right (`right`)
//! and its turn (`rate`). Who is turned away is told so, counted, and written to the audit trail (`denial`).
//!
//! Files are read again while the daemon runs: a new certificate serves new connections and cuts none; a token that is
//! taken out of its file stops working with the next call.

mod admit;
mod connection;
mod denial;
mod files;
mod identity;
mod listen;
mod page;
mod rate;
mod right;
mod tls;
mod tokens;

use std::{
    fmt, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use tokio::sync::watch;

use self::{identity::CertificateRules, tls::Served, tokens::Tokens};

pub(super) use self::{admit::Admit, connection::Peer, denial::refuse, listen::incoming, right::Methods};
pub use denial::Denial;
pub use page::denials_page;

/// Who may come in, and how much of it. Whatever is asked for is needed: with client certificates and tokens, a caller needs
/// both, and may do what both allow. The default lets everybody in, which is fit for a loopback address.
#[derive(Debug, Clone)]
pub struct DoorOptions {
    /// TLS; plaintext without.
    pub tls: Option<TlsFiles>,
    /// Names of client certificates that may come in; none named means every certificate of the authority.
    pub allowed_names: Vec<String>,
    /// Names of client certificates that may also provision; they need not be among the allowed ones.
    pub provisioners: Vec<String>,
    /// Files with lines `NAME:RIGHTS:TOKEN`.
    pub token_files: Vec<PathBuf>,
    /// Connections at a time; more are closed at once.
    pub max_connections: usize,
    /// Calls per second and client; 0 is no limit.
    pub client_rate: u32,
    /// How often the files are looked at.
    pub reload_every: Duration,
    /// How long clients may take.
    pub patience: Patience,
}

impl Default for DoorOptions {
    fn default() -> Self {
        Self {
            tls: None,
            allowed_names: Vec::new(),
            provisioners: Vec::new(),
            token_files: Vec::new(),
            max_connections: 256,
            client_rate: 0,
            reload_every: Duration::from_secs(5),
            patience: Patience::default(),
        }
    }
}

/// The files of TLS, all PEM.
#[derive(Debug, Clone)]
pub struct TlsFiles {
    /// The certificate chain, the daemon's own first.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// The authorities of client certificates; with one nobody gets in without a certificate.
    pub client_ca: Option<PathBuf>,
}

/// How long clients may take. Whoever takes longer loses the connection.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// From the connection to the first words of HTTP/2, the TLS handshake included.
    pub opening: Duration,
    /// From the connection to the first call with valid credentials, where credentials are asked for.
    pub stranger: Duration,
    /// From a call's headers to the end of its message.
    pub request: Duration,
    /// From an answer's first byte to its last.
    pub answer: Duration,
    /// How long a connection lives; it then ends as soon as no call is under way.
    pub age: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            opening: Duration::from_secs(10),
            stranger: Duration::from_secs(60),
            request: Duration::from_secs(30),
            answer: Duration::from_secs(60),
            age: Duration::from_secs(3600),
        }
    }
}

/// Why the door cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum DoorError {
    /// A file cannot be read.
    #[error("cannot read the {what} {}: {source}", path.display())]
    Read {
        /// Which file.
        what: File,
        /// Where.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A file does not hold what it should.
    #[error("the {what} {} {why}", path.display())]
    Content {
        /// Which file.
        what: File,
        /// Where.
        path: PathBuf,
        /// What is wrong, as the end of a sentence.
        why: String,
    },
}

impl DoorError {
    /// The file it is about.
    #[must_use]
    pub fn file(&self) -> File {
        match self {
            Self::Read { what, .. } | Self::Content { what, .. } => *what,
        }
    }

    fn content(what: File, path: &Path, why: impl Into<String>) -> Self {
        Self::Content { what, path: path.to_owned(), why: why.into() }
    }
}

/// A file of the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum File {
    /// The daemon's certificate chain.
    Certificate,
    /// Its private key.
    Key,
    /// The authorities of client certificates.
    ClientCa,
    /// Tokens.
    Tokens,
}

impl fmt::Display for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Certificate => "TLS certificate file",
            Self::Key => "TLS key file",
            Self::ClientCa => "file of client certificate authorities",
            Self::Tokens => "token file",
        })
    }
}

/// The door, with its files read.
#[derive(Debug, Clone)]
pub struct Door {
    options: Arc<DoorOptions>,
    rules: Arc<CertificateRules>,
    served: watch::Sender<Option<Served>>,
    tokens: watch::Sender<Arc<Tokens>>,
}

impl Default for Door {
    fn default() -> Self {
        Self::of(DoorOptions::default(), None, Tokens::default())
    }
}

impl Door {
    /// Reads the files.
    ///
    /// # Errors
    /// The first file that cannot be used.
    pub fn open(options: DoorOptions) -> Result<Self, DoorError> {
        let served = options.tls.as_ref().map(tls::load).transpose()?;
        let tokens = Tokens::load(&options.token_files)?;
        Ok(Self::of(options, served, tokens))
    }

    fn of(options: DoorOptions, served: Option<Served>, tokens: Tokens) -> Self {
        Self {
            rules: Arc::new(CertificateRules::new(
                &options.allowed_names,
                &options.provisioners,
                !options.token_files.is_empty(),
            )),
            options: Arc::new(options),
            served: watch::Sender::new(served),
            tokens: watch::Sender::new(Arc::new(tokens)),
        }
    }

    pub(super) fn options(&self) -> &DoorOptions {
        &self.options
    }

    /// Whether callers have to say who they are.
    #[must_use]
    pub fn authenticates(&self) -> bool {
        self.asks_for_tokens() || self.asks_for_certificates()
    }

    pub(super) fn asks_for_tokens(&self) -> bool {
        !self.options.token_files.is_empty()
    }

    pub(super) fn asks_for_certificates(&self) -> bool {
        self.options.tls.as_ref().is_some_and(|tls| tls.client_ca.is_some())
    }
}
