//! Certificates for a test, each signed by an authority that only the test knows.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, SanType};

/// A certificate and its key, both PEM.
pub struct Pair {
    pub certificate: String,
    pub key: String,
}

/// An authority for test certificates.
pub struct Ca {
    pub pem: String,
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Ca {
    pub fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        Self { pem: issuer.as_ref().pem(), issuer }
    }

    /// A certificate with this common name and these alternative names.
    pub fn issue(&self, common: &str, dns: &[&str], uris: &[&str]) -> Pair {
        let dns: Vec<_> = dns.iter().map(|n| (*n).to_owned()).collect();
        let mut params = CertificateParams::new(dns).unwrap();
        params.subject_alt_names.extend(uris.iter().map(|uri| SanType::URI((*uri).try_into().unwrap())));
        params.distinguished_name.push(DnType::CommonName, common);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap().pem();
        Pair { certificate, key: key.serialize_pem() }
    }

    pub fn server(&self) -> Pair {
        self.issue("the daemon", &["localhost"], &[])
    }
}
