//! TLS from files: the daemon's certificate, and the authorities of its clients.
//!
//! TLS 1.2 and 1.3, HTTP/2 only. Where there is a client authority, the handshake fails without a certificate of it; whether
//! its name may come in is asked call by call, where the answer can be told.

use std::{
    fmt, fs,
    path::Path,
    sync::Arc,
    time::{Duration, SystemTime},
};

use rustls::{
    RootCertStore, ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::WebPkiClientVerifier,
};
use sha2::{Digest, Sha256};

use super::{DoorError, File, TlsFiles};

/// What new connections are served with.
#[derive(Clone)]
pub(super) struct Served {
    pub(super) config: Arc<ServerConfig>,
    /// Of the files' contents.
    pub(super) fingerprint: [u8; 32],
    /// When the daemon's own certificate ends, as far as it can be read.
    pub(super) expires_at: Option<SystemTime>,
}

impl fmt::Debug for Served {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Served").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

/// Reads the files.
pub(super) fn load(files: &TlsFiles) -> Result<Served, DoorError> {
    // Taken before the files are read: a change in between shows at the next look.
    let fingerprint = fingerprint(files)?;
    let chain = certificates(File::Certificate, &files.certificate)?;
    let key = PrivateKeyDer::from_pem_slice(&read(File::Key, &files.key)?)
        .map_err(|_| DoorError::content(File::Key, &files.key, "holds no private key in PEM form"))?;
    let expires_at = chain.first().and_then(expiry);

    let provider = Arc::new(ring::default_provider());
    let versions = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|e| DoorError::content(File::Certificate, &files.certificate, e.to_string()))?;
    let clients = match &files.client_ca {
        None => versions.with_no_client_auth(),
        Some(path) => {
            let wrong = |why: String| DoorError::content(File::ClientCa, path, why);
            let mut roots = RootCertStore::empty();
            for authority in certificates(File::ClientCa, path)? {
                roots
                    .add(authority)
                    .map_err(|e| wrong(format!("holds a certificate that cannot be used: {e}")))?;
            }
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
                .build()
                .map_err(|e| wrong(format!("cannot be used: {e}")))?;
            versions.with_client_cert_verifier(verifier)
        }
    };
    let mut config = clients.with_single_cert(chain, key).map_err(|e| {
        let why = format!("does not fit the certificate {}: {e}", files.certificate.display());
        DoorError::content(File::Key, &files.key, why)
    })?;
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(Served { config: Arc::new(config), fingerprint, expires_at })
}

/// A mark of the files' contents.
pub(super) fn fingerprint(files: &TlsFiles) -> Result<[u8; 32], DoorError> {
    let mut hash = Sha256::new();
    let ca = files.client_ca.as_deref().map(|path| (File::ClientCa, path));
    for (what, path) in [(File::Certificate, files.certificate.as_path()), (File::Key, files.key.as_path())]
        .into_iter()
        .chain(ca)
    {
        let content = read(what, path)?;
        hash.update(content.len().to_be_bytes());
        hash.update(content);
    }
    Ok(hash.finalize().into())
}

fn certificates(what: File, path: &Path) -> Result<Vec<CertificateDer<'static>>, DoorError> {
    let pem = read(what, path)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    match found {
        Ok(found) if found.is_empty() => {
            Err(DoorError::content(what, path, "holds no certificate in PEM form"))
        }
        Ok(found) => Ok(found),
        Err(error) => Err(DoorError::content(what, path, format!("is not PEM: {error}"))),
    }
}

fn read(what: File, path: &Path) -> Result<Vec<u8>, DoorError> {
    fs::read(path).map_err(|source| DoorError::Read { what, path: path.to_owned(), source })
}

fn expiry(certificate: &CertificateDer<'_>) -> Option<SystemTime> {
    let (_, parsed) = x509_parser::parse_x509_certificate(certificate).ok()?;
    let seconds = u64::try_from(parsed.validity().not_after.timestamp()).ok()?;
    Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
}
