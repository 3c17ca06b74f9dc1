//! The ways to the control plane: through memory, or over TLS on loopback.

use std::sync::Arc;

use axum::{Router, routing::post};
use baton_ninja_one::{baton::service_mode::Dial, wire::api::baton_service_server::BatonServiceServer};
use hyper_util::rt::TokioIo;
use tokio::{io::DuplexStream, net::TcpListener, sync::mpsc};
use tokio_stream::wrappers::{TcpListenerStream, UnboundedReceiverStream};
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::{
    service::Routes,
    transport::{Endpoint, Identity, Server, ServerTlsConfig, Uri},
};

use super::{super::certificates::Ca, ControlPlane, tokens::token};

impl ControlPlane {
    /// A way to it through memory.
    pub fn in_memory(&self) -> Dial {
        let (streams, incoming) = mpsc::unbounded_channel::<std::io::Result<DuplexStream>>();
        let server = Server::builder().add_service(BatonServiceServer::new(self.clone()));
        tokio::spawn(server.serve_with_incoming(UnboundedReceiverStream::new(incoming)));
        let (endpoint, plane) = (Endpoint::from_static("http://in.memory"), self.clone());
        Arc::new(move || {
            plane.with(|s| s.dials += 1);
            let streams = streams.clone();
            let connect = tower::service_fn(move |_: Uri| {
                let streams = streams.clone();
                async move {
                    let (ours, theirs) = tokio::io::duplex(64 * 1024);
                    let gone = |_| std::io::Error::other("the control plane is gone");
                    streams.send(Ok(theirs)).map_err(gone)?;
                    Ok::<_, std::io::Error>(TokioIo::new(ours))
                }
            });
            endpoint.connect_with_connector_lazy(connect)
        })
    }

    /// A port on loopback, with TLS.
    pub async fn over_tls(&self) -> Door {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let ca = Ca::new("the control plane's authority");
        let own = ca.issue("the control plane", &["localhost", "control-plane.test"], &[]);

        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let authority = format!("localhost:{}", listener.local_addr().unwrap().port());
        let tokens = Router::new().route("/auth/v1/token", post(token)).with_state(self.clone());
        let routes = Routes::from(tokens).add_service(BatonServiceServer::new(self.clone()));
        let stop = CancellationToken::new();
        let server = Server::builder()
            .tls_config(ServerTlsConfig::new().identity(Identity::from_pem(own.certificate, own.key)))
            .unwrap()
            .add_routes(routes)
            .serve_with_incoming_shutdown(TcpListenerStream::new(listener), stop.clone().cancelled_owned());
        tokio::spawn(server);
        Door { authority, ca: ca.pem, _stop: stop.drop_guard() }
    }
}

/// Where the control plane listens, as long as this lives.
pub struct Door {
    /// `HOST:PORT`.
    pub authority: String,
    /// The certificate authority, in PEM.
    pub ca: String,
    _stop: DropGuard,
}
