//! Where the collector is, and whom to trust there.

use std::time::Duration;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};

/// For a connection and for each batch.
const PATIENCE: Duration = Duration::from_secs(10);

/// The way to a collector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// `HOST:PORT`, or a URL of scheme `http` or `https`. Without a scheme TLS is spoken unless `insecure`.
    pub endpoint: String,
    /// TLS is not wanted.
    pub insecure: bool,
    /// PEM certificates to trust instead of the system's.
    pub certificate: Option<Vec<u8>>,
}

/// Why nothing can be sent to the collector. Its texts begin with the setting that is wrong.
#[derive(Debug, thiserror::Error)]
pub enum CollectorError {
    /// The endpoint is no address.
    #[error("otel-collector-endpoint: {0:?} is not HOST:PORT, http://HOST:PORT or https://HOST:PORT")]
    Endpoint(String),
    /// The settings contradict each other.
    #[error(
        "otel-collector-endpoint: https asks for TLS and otel-collector-endpoint-tls-insecure forbids it; \
         leave one of them out"
    )]
    Contradiction,
    /// The certificate is not one.
    #[error("otel-collector-endpoint-tls-cert: no certificate in PEM form was found in it")]
    Certificate,
    /// TLS cannot be set up.
    #[error("otel-collector-endpoint: TLS cannot be set up: {0}")]
    Tls(#[source] tonic::transport::Error),
    /// The exporter refuses its settings.
    #[error(
        "the exporter for the OpenTelemetry collector cannot be set up; look at the OTEL_* variables: {0}"
    )]
    Exporter(#[from] opentelemetry_otlp::ExporterBuildError),
}

impl Reach {
    /// A channel that connects when it is needed, and again when it has to.
    pub(super) fn channel(&self) -> Result<Channel, CollectorError> {
        let (tls, address) = match self.endpoint.split_once("://") {
            Some(("http", address)) => (false, address),
            Some(("https", _)) if self.insecure => return Err(CollectorError::Contradiction),
            Some(("https", address)) => (true, address),
            Some(_) => return Err(self.not_an_address()),
            None => (!self.insecure, self.endpoint.as_str()),
        };
        let address = address.trim_end_matches('/');
        let scheme = if tls { "https" } else { "http" };
        let uri: http::Uri = format!("{scheme}://{address}").parse().map_err(|_| self.not_an_address())?;
        let plain = uri.port().is_some() && uri.path() == "/" && !address.contains('@');
        if !plain || uri.host().is_none_or(str::is_empty) {
            return Err(self.not_an_address());
        }
        let mut endpoint = Endpoint::from(uri).connect_timeout(PATIENCE).timeout(PATIENCE);
        if tls {
            endpoint = endpoint.tls_config(self.trust()?).map_err(CollectorError::Tls)?;
        }
        Ok(endpoint.connect_lazy())
    }

    fn trust(&self) -> Result<ClientTlsConfig, CollectorError> {
        let Some(pem) = &self.certificate else { return Ok(ClientTlsConfig::new().with_native_roots()) };
        let certificates = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
        if certificates.is_ok_and(|found| !found.is_empty()) {
            Ok(ClientTlsConfig::new().ca_certificate(Certificate::from_pem(pem)))
        } else {
            Err(CollectorError::Certificate)
        }
    }

    fn not_an_address(&self) -> CollectorError {
        // What stands before an @ may be a password.
        let shown = self.endpoint.rsplit_once('@').map_or(self.endpoint.as_str(), |(_, address)| address);
        CollectorError::Endpoint(shown.to_owned())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a failing unwrap is a failing test

    use super::*;

    fn error(endpoint: &str, insecure: bool, certificate: Option<&str>) -> Option<String> {
        let certificate = certificate.map(|pem| pem.as_bytes().to_vec());
        let reach = Reach { endpoint: endpoint.to_owned(), insecure, certificate };
        reach.channel().err().map(|error| error.to_string())
    }

    #[tokio::test]
    async fn an_address_is_one_with_a_port_and_nothing_behind_it() {
        for good in ["collector:4317", "http://collector:4317", "https://[::1]:4317/", "10.0.0.7:4317"] {
            assert_eq!(error(good, false, None), None, "{good}");
        }
        for bad in ["", "collector", "ftp://collector:21", "http://collector:4317/v1/traces", "http://:4317"]
        {
            let error = error(bad, false, None).expect(bad);
            assert!(error.starts_with("otel-collector-endpoint: "), "{error}");
        }
    }

    #[tokio::test]
    async fn a_password_in_an_address_is_not_repeated() {
        let error = error("https://user:hunter22@collector:4317", false, None).unwrap();
        assert!(!error.contains("hunter22") && error.contains("collector:4317"), "{error}");
    }

    #[tokio::test]
    async fn tls_is_asked_for_or_not_but_never_both() {
        assert_eq!(error("collector:4317", true, None), None);
        assert!(error("https://collector:4317", true, None).unwrap().contains("leave one of them out"));
        assert!(error("collector:4317", false, Some("no PEM")).unwrap().contains("tls-cert"));
    }
}
