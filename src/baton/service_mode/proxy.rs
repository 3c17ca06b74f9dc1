//! The way through a proxy: to it in the clear or with TLS of its own, then `CONNECT`; what is spoken from there on goes end to
//! end and is none of its business.

use std::{sync::Arc, time::Duration};

use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::{
    legacy::connect::{HttpConnector, proxy::Tunnel},
    proxy::matcher::{Intercept, Matcher},
};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject as _},
};

use super::{ServiceError, Tls};

/// A connector that goes through a proxy.
pub(super) type Way = Tunnel<HttpsConnector<HttpConnector>>;

/// The way through the proxy that the environment names for this host, if it names one.
pub(super) fn way(
    to: &http::Uri,
    tls: &Tls,
    patience: Duration,
    keepalive: Duration,
) -> Result<Option<Way>, ServiceError> {
    let Some(proxy) = Matcher::from_env().intercept(to) else { return Ok(None) };
    refuse_other_schemes(&proxy)?;
    let mut connector = HttpConnector::new();
    connector.enforce_http(false);
    connector.set_connect_timeout(Some(patience));
    connector.set_keepalive(Some(keepalive));
    connector.set_nodelay(true);
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(trusting(tls)?)
        .https_or_http()
        .enable_http1()
        .wrap_connector(connector);
    let tunnel = Tunnel::new(proxy.uri().clone(), connector);
    Ok(Some(match proxy.basic_auth() {
        Some(credentials) => tunnel.with_auth(credentials.clone()),
        None => tunnel,
    }))
}

fn refuse_other_schemes(proxy: &Intercept) -> Result<(), ServiceError> {
    match proxy.uri().scheme_str() {
        Some("http" | "https") => Ok(()),
        other => {
            let other = other.unwrap_or("no scheme");
            let text =
                format!("HTTPS_PROXY names a proxy of the kind {other}; write http:// or https:// there");
            Err(ServiceError::Client(text.into()))
        }
    }
}

/// Whom the proxy's certificate may come from: the same as the control plane's.
fn trusting(tls: &Tls) -> Result<ClientConfig, ServiceError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    for certificate in tls.extra_ca.iter().flat_map(|pem| CertificateDer::pem_slice_iter(pem)) {
        let certificate = certificate.map_err(|e| ServiceError::Client(Box::new(e)))?;
        roots.add_parsable_certificates([certificate]);
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|e| ServiceError::Client(Box::new(e)))?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}
