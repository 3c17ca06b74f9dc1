//! The gRPC door, tried from outside: TLS, client certificates, tokens, rights, limits; each broken once, and each denial found
//! in the audit trail and in the counts.

mod identity;
mod limits;
mod start;
mod tls;

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use baton_ninja_one::{
    baton::{
        connector::{Call, Connector, ConnectorError, Page, PageRequest, ResourceQuery, TypeSpec},
        runtime::{Gates, Runtime},
        server::{self, CallReport, Denial, Door, DoorOptions, Patience, ServerObserver, TlsFiles},
    },
    telemetry::Level,
    wire::v2,
};
use prost::Message;
use tempfile::TempDir;
use tokio::{net::TcpListener, time::timeout};
use tokio_util::sync::CancellationToken;
use tonic::{
    Code, Request, Status,
    transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity},
};
use tracing::subscriber::DefaultGuard;

pub use crate::support::certificates::{Ca, Pair};
use crate::support::{PATIENCE, overhear, reason};

pub const METADATA: &str = "/c1.connector.v2.ConnectorService/GetMetadata";
pub const VALIDATE: &str = "/c1.connector.v2.ConnectorService/Validate";
pub const LIST: &str = "/c1.connector.v2.ResourcesService/ListResources";

/// A connector that remembers who asked.
#[derive(Default)]
struct Stub {
    types: Vec<TypeSpec>,
    callers: Arc<Mutex<Vec<String>>>,
}

#[async_trait::async_trait]
impl Connector for Stub {
    fn metadata(&self) -> v2::ConnectorMetadata {
        v2::ConnectorMetadata { display_name: "Stub".into(), ..Default::default() }
    }

    fn types(&self) -> &[TypeSpec] {
        &self.types
    }

    async fn validate(&self, call: &Call) -> Result<Vec<prost_types::Any>, ConnectorError> {
        self.callers.lock().unwrap().push(call.caller.clone());
        Ok(Vec::new())
    }

    async fn resources(
        &self,
        _: &Call,
        _: &ResourceQuery,
        _: &PageRequest,
    ) -> Result<Page<v2::Resource>, ConnectorError> {
        let resource = v2::Resource { display_name: "x".repeat(1 << 20), ..Default::default() };
        Ok(Page::whole(vec![resource]))
    }

    async fn resource(&self, _: &Call, _: &v2::ResourceId) -> Result<Option<v2::Resource>, ConnectorError> {
        Ok(None)
    }

    async fn entitlements(
        &self,
        _: &Call,
        _: &v2::Resource,
        _: &PageRequest,
    ) -> Result<Page<v2::Entitlement>, ConnectorError> {
        Ok(Page::default())
    }

    async fn grants(
        &self,
        _: &Call,
        _: &v2::Resource,
        _: &PageRequest,
    ) -> Result<Page<v2::Grant>, ConnectorError> {
        Ok(Page::default())
    }
}

/// What the door reported.
#[derive(Default)]
pub struct Seen {
    denials: Mutex<Vec<Denial>>,
    calls: Mutex<Vec<(String, Code)>>,
    open: Mutex<i64>,
    expires: Mutex<Option<SystemTime>>,
}

impl ServerObserver for Seen {
    fn call_ended(&self, report: &CallReport<'_>) {
        self.calls.lock().unwrap().push((report.method.to_owned(), report.code));
    }

    fn denied(&self, denial: Denial) {
        self.denials.lock().unwrap().push(denial);
    }

    fn connection_opened(&self) {
        *self.open.lock().unwrap() += 1;
    }

    fn connection_closed(&self) {
        *self.open.lock().unwrap() -= 1;
    }

    fn certificate_expires(&self, at: SystemTime) {
        *self.expires.lock().unwrap() = Some(at);
    }
}

/// A daemon behind a door. The test must run on one thread: the log that is listened to is the thread's.
pub struct House {
    pub address: SocketAddr,
    pub seen: Arc<Seen>,
    pub callers: Arc<Mutex<Vec<String>>>,
    log: Arc<Mutex<Vec<u8>>>,
    shutdown: CancellationToken,
    _listening: DefaultGuard,
}

impl Drop for House {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

impl House {
    pub async fn behind(mut options: DoorOptions) -> Self {
        let log = Arc::<Mutex<Vec<u8>>>::default();
        let listening = overhear(Level::Warn, Arc::clone(&log));
        options.reload_every = Duration::from_millis(10);
        let resource_type = v2::ResourceType { id: "user".into(), ..Default::default() };
        let stub = Stub { types: vec![TypeSpec { resource_type, ..Default::default() }], ..Stub::default() };
        let (callers, seen) = (Arc::clone(&stub.callers), Arc::<Seen>::default());
        let runtime = Runtime::new(Arc::new(stub), Gates { provisioning: true, ticketing: false });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let observer = Arc::clone(&seen);
        let options =
            server::Options { door: Door::open(options).unwrap(), observer, ..server::Options::default() };
        tokio::spawn(server::serve(runtime, listener, options, shutdown.clone()));
        Self { address, seen, callers, log, shutdown, _listening: listening }
    }

    /// A plaintext connection.
    pub async fn plain(&self) -> Channel {
        self.endpoint("http").connect().await.unwrap()
    }

    pub fn endpoint(&self, scheme: &str) -> Endpoint {
        Channel::from_shared(format!("{scheme}://{}", self.address)).unwrap()
    }

    /// A TLS connection that trusts this authority, with a client certificate if there is one.
    pub async fn tls(&self, trusted: &Ca, own: Option<&Pair>) -> Result<Channel, tonic::transport::Error> {
        let mut config = ClientTlsConfig::new()
            .ca_certificate(Certificate::from_pem(&trusted.pem))
            .domain_name("localhost");
        if let Some(own) = own {
            config = config.identity(Identity::from_pem(&own.certificate, &own.key));
        }
        self.endpoint("https").tls_config(config)?.connect().await
    }

    /// The denials until now.
    pub fn denials(&self) -> Vec<Denial> {
        self.seen.denials.lock().unwrap().clone()
    }

    /// Waits for a denial, which has to be in the audit trail as well.
    pub async fn denies(&self, denial: Denial) -> serde_json::Value {
        eventually(|| self.denials().contains(&denial)).await;
        let log = String::from_utf8(self.log.lock().unwrap().clone()).unwrap();
        let lines = log.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        lines
            .filter(|line| line["msg"] == "denied" && line["outcome"] == "denied")
            .find(|line| line["reason"] == denial.label())
            .unwrap_or_else(|| panic!("no audit line for {denial:?} in {log}"))
    }

    pub fn log(&self) -> String {
        String::from_utf8(self.log.lock().unwrap().clone()).unwrap()
    }
}

/// Patience for a test: only the one that is tried runs out.
pub fn patient() -> Patience {
    Patience { opening: PATIENCE, stranger: PATIENCE, request: PATIENCE, answer: PATIENCE, age: PATIENCE }
}

/// Waits until it is so.
pub async fn eventually(so: impl Fn() -> bool) {
    let reached = async {
        while !so() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    timeout(PATIENCE, reached).await.expect("it comes to that");
}

/// One unary call, of which only the outcome matters.
pub async fn call(channel: &Channel, path: &'static str, token: Option<&str>) -> Result<(), Status> {
    send(channel, path, token, Request::new(())).await
}

/// The same with a message of any kind.
pub async fn send<M: Message + Default + 'static>(
    channel: &Channel,
    path: &'static str,
    token: Option<&str>,
    mut request: Request<M>,
) -> Result<(), Status> {
    if let Some(token) = token {
        let value = format!("Bearer {token}").parse().unwrap();
        request.metadata_mut().insert("authorization", value);
    }
    let mut client = tonic::client::Grpc::new(channel.clone());
    client.ready().await.map_err(|e| Status::unavailable(e.to_string()))?;
    let path = http::uri::PathAndQuery::from_static(path);
    let work = client.unary(request, path, tonic_prost::ProstCodec::<M, ()>::default());
    let outcome = timeout(PATIENCE, work).await.expect("an answer comes").map(|_| ());
    outcome.inspect_err(is_documented)
}

/// Whatever reason a caller is told, docs/errors.md has its row.
pub fn is_documented(status: &Status) {
    let reason = reason(status);
    let row = format!("| `{reason}` |");
    assert!(reason.is_empty() || include_str!("../../../docs/errors.md").contains(&row), "{reason}");
}

/// A request for the users, whose answer is large.
pub fn users() -> Request<v2::ResourcesServiceListResourcesRequest> {
    Request::new(v2::ResourcesServiceListResourcesRequest {
        resource_type_id: "user".into(),
        ..Default::default()
    })
}

/// The files of a door.
pub struct Files(TempDir);

impl Files {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        // As a mounted secret changes: all at once.
        let (new, path) = (self.path("new"), self.path(name));
        fs::write(&new, text).unwrap();
        fs::rename(&new, &path).unwrap();
        path
    }

    /// The daemon's certificate, and the authority of its clients.
    pub fn tls(&self, served: &Pair, client_ca: Option<&Ca>) -> TlsFiles {
        TlsFiles {
            certificate: self.write("cert.pem", &served.certificate),
            key: self.write("key.pem", &served.key),
            client_ca: client_ca.map(|ca| self.write("ca.pem", &ca.pem)),
        }
    }

    pub fn folder(&self) -> &Path {
        self.0.path()
    }
}
