//! An OpenTelemetry collector that keeps what it is sent.

use std::sync::{Arc, Mutex};

use opentelemetry_proto::tonic::{
    collector::{
        logs::v1::{
            ExportLogsServiceRequest, ExportLogsServiceResponse,
            logs_service_server::{LogsService, LogsServiceServer},
        },
        trace::v1::{
            ExportTraceServiceRequest, ExportTraceServiceResponse,
            trace_service_server::{TraceService, TraceServiceServer},
        },
    },
    common::v1::{AnyValue, KeyValue, any_value},
    logs::v1::LogRecord,
    resource::v1::Resource,
    trace::v1::Span,
};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::{
    Request, Response, Status,
    metadata::MetadataMap,
    transport::{Identity, Server, ServerTlsConfig},
};

use super::certificates::Ca;

/// The collector; it listens as long as this lives.
pub struct Collector {
    /// `HOST:PORT`.
    pub authority: String,
    /// The authority of its certificate in PEM, if it speaks TLS.
    pub ca: Option<String>,
    kept: Kept,
    _stop: DropGuard,
}

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Sent>>);

#[derive(Default)]
struct Sent {
    resources: Vec<Resource>,
    spans: Vec<Span>,
    records: Vec<LogRecord>,
    authorizations: Vec<String>,
}

impl Sent {
    fn note(&mut self, metadata: &MetadataMap) {
        let given = metadata.get("authorization").and_then(|value| value.to_str().ok());
        self.authorizations.extend(given.map(str::to_owned));
    }
}

impl Collector {
    /// One that speaks plainly.
    pub async fn start() -> Self {
        Self::listen(None).await
    }

    /// One with a certificate of its own.
    pub async fn over_tls() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self::listen(Some(Ca::new("the collector's authority"))).await
    }

    async fn listen(ca: Option<Ca>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let authority = format!("localhost:{}", listener.local_addr().unwrap().port());
        let (kept, stop) = (Kept::default(), CancellationToken::new());
        let mut server = Server::builder();
        let ca = ca.map(|ca| {
            let own = ca.server();
            let identity = Identity::from_pem(own.certificate, own.key);
            server = server.clone().tls_config(ServerTlsConfig::new().identity(identity)).unwrap();
            ca.pem
        });
        let serving = server
            .add_service(TraceServiceServer::new(kept.clone()))
            .add_service(LogsServiceServer::new(kept.clone()))
            .serve_with_incoming_shutdown(TcpListenerStream::new(listener), stop.clone().cancelled_owned());
        tokio::spawn(serving);
        Self { authority, ca, kept, _stop: stop.drop_guard() }
    }

    /// The spans so far.
    pub fn spans(&self) -> Vec<Span> {
        self.kept.0.lock().unwrap().spans.clone()
    }

    /// The log records so far.
    pub fn records(&self) -> Vec<LogRecord> {
        self.kept.0.lock().unwrap().records.clone()
    }

    /// Who has sent something so far.
    pub fn resources(&self) -> Vec<Resource> {
        self.kept.0.lock().unwrap().resources.clone()
    }

    /// How senders have proved who they are, if they did.
    pub fn authorizations(&self) -> Vec<String> {
        self.kept.0.lock().unwrap().authorizations.clone()
    }

    /// All that was sent, as a text to search.
    pub fn everything(&self) -> String {
        format!("{:?} {:?} {:?}", self.resources(), self.spans(), self.records())
    }
}

#[tonic::async_trait]
impl TraceService for Kept {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let mut sent = self.0.lock().unwrap();
        sent.note(request.metadata());
        for of in request.into_inner().resource_spans {
            sent.resources.extend(of.resource);
            sent.spans.extend(of.scope_spans.into_iter().flat_map(|scope| scope.spans));
        }
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

#[tonic::async_trait]
impl LogsService for Kept {
    async fn export(
        &self,
        request: Request<ExportLogsServiceRequest>,
    ) -> Result<Response<ExportLogsServiceResponse>, Status> {
        let mut sent = self.0.lock().unwrap();
        sent.note(request.metadata());
        for of in request.into_inner().resource_logs {
            sent.resources.extend(of.resource);
            sent.records.extend(of.scope_logs.into_iter().flat_map(|scope| scope.log_records));
        }
        Ok(Response::new(ExportLogsServiceResponse::default()))
    }
}

/// A text among attributes.
pub fn attribute<'a>(attributes: &'a [KeyValue], name: &str) -> Option<&'a str> {
    text(attributes.iter().find(|attribute| attribute.key == name)?.value.as_ref())
}

/// A value that is a text.
pub fn text(value: Option<&AnyValue>) -> Option<&str> {
    match value?.value.as_ref()? {
        any_value::Value::StringValue(text) => Some(text),
        _ => None,
    }
}
