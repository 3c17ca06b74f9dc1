//! Where the control plane is, and the channel to it: HTTP/2 over TLS 1.2 or newer, one connection that is made when it is
//! needed, through the proxy that `HTTPS_PROXY` and `NO_PROXY` ask for.

use std::{error::Error as StdError, net::IpAddr, sync::Arc, time::Duration};

use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};

use super::{ClientId, ServiceError, proxy};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
/// The system's own probes find out about a connection that died in silence. HTTP/2 pings would do it sooner, but gRPC servers
/// close connections that ping more often than they like.
const TCP_KEEPALIVE: Duration = Duration::from_secs(60);

/// Whom to trust.
#[derive(Debug, Clone, Default)]
pub struct Tls {
    /// Certificate authorities in PEM, besides the system's (which `SSL_CERT_FILE` and `SSL_CERT_DIR` may replace).
    pub extra_ca: Option<Vec<u8>>,
}

/// Makes a channel; asked again when the one before seems dead.
pub type Dial = Arc<dyn Fn() -> Channel + Send + Sync>;

/// Where the control plane is and how we go there.
#[derive(Debug, Clone)]
pub struct Connect {
    /// Who we are.
    pub id: ClientId,
    /// `HOST` or `HOST:PORT`.
    pub authority: String,
    /// Whom to trust.
    pub tls: Tls,
    /// Our name and version, `name/1.2.3`, for the user agent.
    pub program: String,
}

impl Connect {
    /// The host that the client id names, or another one; a changed host does not change whom our assertions are for.
    #[must_use]
    pub fn new(id: ClientId, other_host: Option<String>, tls: Tls, program: String) -> Self {
        let authority = other_host.unwrap_or_else(|| id.authority().to_owned());
        Self { id, authority, tls, program }
    }

    /// How a channel is made.
    ///
    /// # Errors
    /// When the address makes no URL, or the certificate authorities cannot be loaded.
    pub fn dial(&self) -> Result<Dial, ServiceError> {
        let endpoint = Endpoint::from_shared(format!("https://{}", self.authority));
        let endpoint = endpoint.map_err(|e| self.bad_address(Box::new(e)))?;
        let client = |e: tonic::transport::Error| ServiceError::Client(Box::new(e));
        // The name of the client id leads the user agent, as the control plane knows it.
        let agent = format!("{} {}", self.id.name(), self.program);
        let mut tls = ClientTlsConfig::new().with_native_roots();
        if let Some(pem) = &self.tls.extra_ca {
            tls = tls.ca_certificate(Certificate::from_pem(pem));
        }
        let endpoint = endpoint
            .user_agent(agent)
            .map_err(client)?
            .tls_config(tls)
            .map_err(client)?
            .connect_timeout(CONNECT_TIMEOUT)
            .tcp_nodelay(true)
            .tcp_keepalive(Some(TCP_KEEPALIVE));
        // On this machine no proxy is in between.
        let way = match self.is_loopback() {
            true => None,
            false => proxy::way(endpoint.uri(), &self.tls, CONNECT_TIMEOUT, TCP_KEEPALIVE)?,
        };
        Ok(match way {
            Some(way) => Arc::new(move || endpoint.connect_with_connector_lazy(way.clone())),
            None => Arc::new(move || endpoint.connect_lazy()),
        })
    }

    /// Whether it is on this machine.
    pub(super) fn is_loopback(&self) -> bool {
        let Ok(authority) = self.authority.parse::<http::uri::Authority>() else { return false };
        let host = authority.host().trim_matches(['[', ']']);
        host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }

    pub(super) fn bad_address(&self, source: Box<dyn StdError + Send + Sync>) -> ServiceError {
        ServiceError::Address { address: self.authority.clone(), source }
    }
}
