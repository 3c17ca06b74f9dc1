//! The fakes and helpers: a NinjaOne with a daemon in front of it, a client that walks it as a syncer does, and the real
//! binary.

pub mod binary;
pub mod certificates;
pub mod collector;
pub mod control_plane;
pub mod manifests;
pub mod names;
pub mod scripted;
pub mod walk;
pub mod writes;

use std::{
    net::SocketAddr,
    sync::{Arc, LazyLock},
    time::Duration,
};

use baton_ninja_one::{
    baton::{
        runtime::{Gates, Runtime},
        server,
    },
    ninja_one::{
        NinjaOne, Options, Policy,
        rest::{Client, ClientConfig, Host},
    },
    simulator::{self, Simulator, Tenant},
    telemetry,
    wire::v2,
};
use tokio::{net::TcpListener, task::JoinHandle, time::timeout};
use tokio_util::sync::CancellationToken;
use tonic::{Status, transport::Channel};
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};

/// Longer than anything here takes; only a hang meets it.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A simulated NinjaOne, and how a daemon in front of it is set up.
pub struct World {
    pub ninja_one: Simulator,
    directory_max_age: Duration,
    gates: Gates,
    grace: Duration,
    attempts: u32,
    writes: Policy,
}

impl World {
    /// A NinjaOne with this tenant.
    pub async fn with(tenant: Tenant) -> Self {
        Self::of(simulator::Options::with(tenant)).await
    }

    /// A NinjaOne that behaves as told.
    pub async fn of(options: simulator::Options) -> Self {
        Self {
            ninja_one: Simulator::start(options).await.unwrap(),
            directory_max_age: Duration::from_secs(3600),
            gates: Gates::default(),
            grace: Duration::from_secs(25),
            attempts: 4,
            writes: Policy { read_back_pauses: vec![Duration::ZERO], ..Policy::default() },
        }
    }

    /// A small tenant that has a bit of everything.
    pub async fn small() -> Self {
        Self::with(small_tenant()).await
    }

    /// Every call outside a sync reads the tenant anew.
    pub fn always_fresh(mut self) -> Self {
        self.directory_max_age = Duration::ZERO;
        self
    }

    pub fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    pub fn gates(mut self, gates: Gates) -> Self {
        self.gates = gates;
        self
    }

    /// Writes are on, guarded like this.
    pub fn provisioning(mut self, guard: impl FnOnce(&mut Policy)) -> Self {
        self.gates.provisioning = true;
        guard(&mut self.writes);
        self
    }

    /// The client's settings: the real ones, but with pauses that a test can wait for.
    pub fn client_config(&self) -> ClientConfig {
        let host = Host::parse(&self.ninja_one.url()).unwrap();
        let secret = self.ninja_one.client_secret().clone();
        let mut config = ClientConfig::new(host, self.ninja_one.client_id(), secret);
        config.retry.max_attempts = self.attempts;
        config.retry.base_delay = Duration::from_millis(1);
        config.retry.max_delay = Duration::from_millis(2);
        config.retry.throttle_pause = Duration::from_millis(1);
        config
    }

    /// A daemon in front of it, on a free port.
    pub async fn daemon(&self) -> Daemon {
        self.daemon_with(self.client_config()).await
    }

    /// The same with other client settings.
    pub async fn daemon_with(&self, config: ClientConfig) -> Daemon {
        let client = Client::new(config).unwrap();
        let options = Options { directory_max_age: self.directory_max_age, writes: self.writes.clone() };
        let runtime = Runtime::new(Arc::new(NinjaOne::new(client, &options)), self.gates);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let options = server::Options { grace: self.grace, ..server::Options::default() };
        let task = tokio::spawn(server::serve(runtime, listener, options, shutdown.clone()));
        let channel = Channel::from_shared(format!("http://{address}")).unwrap().connect().await.unwrap();
        Daemon { address, channel, shutdown, task }
    }
}

/// A running daemon and a connection to it.
pub struct Daemon {
    pub address: SocketAddr,
    pub channel: Channel,
    pub shutdown: CancellationToken,
    pub task: JoinHandle<Result<(), server::ServeError>>,
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

impl Daemon {
    pub fn connector(&self) -> v2::connector_service_client::ConnectorServiceClient<Channel> {
        v2::connector_service_client::ConnectorServiceClient::new(self.channel.clone())
    }

    pub fn resources(&self) -> v2::resources_service_client::ResourcesServiceClient<Channel> {
        v2::resources_service_client::ResourcesServiceClient::new(self.channel.clone())
    }

    /// What `Validate` says.
    pub async fn validate(&self) -> Result<v2::ConnectorServiceValidateResponse, Status> {
        Ok(self.connector().validate(v2::ConnectorServiceValidateRequest {}).await?.into_inner())
    }

    /// The users, on one page, outside any sync.
    pub async fn users(&self) -> Result<Vec<v2::Resource>, Status> {
        let request = v2::ResourcesServiceListResourcesRequest {
            resource_type_id: "user".into(),
            ..Default::default()
        };
        Ok(self.resources().list_resources(request).await?.into_inner().list)
    }

    /// Waits until the daemon says that it is ready.
    pub async fn ready(&self) {
        wait_for(&self.channel, ServingStatus::Serving).await;
    }
}

/// Waits until the health service says this.
pub async fn wait_for(channel: &Channel, wanted: ServingStatus) {
    let mut health = HealthClient::new(channel.clone());
    let mut states = health.watch(HealthCheckRequest::default()).await.unwrap().into_inner();
    let reached =
        async { while states.message().await.unwrap().expect("the watch goes on").status() != wanted {} };
    timeout(PATIENCE, reached).await.expect("the health service says so");
}

/// Three technicians (one of them a System Administrator), two end users, two roles.
pub fn small_tenant() -> Tenant {
    Tenant::empty()
        .organization(1, "Harbour Works")
        .administrator(3, "Root", "Admin", "root@example.org")
        .technician(12, "Tess", "North", "tess@example.org")
        .technician(11, "Theo", "South", "theo@example.org")
        .end_user(21, "Una", "East", "una@example.com", 1)
        .end_user(22, "Umar", "West", "umar@example.com", 1)
        .role(7, "Helpdesk", "TECHNICIAN")
        .role(5, "Portal", "END_USER")
        .member(7, 12, "DIRECT")
        .member(7, 11, "SCIM")
        .member(5, 21, "DIRECT")
}

/// The stable reason in a status, from its `google.rpc.ErrorInfo`.
pub fn reason(status: &Status) -> String {
    use baton_ninja_one::wire::{google::rpc, unpack};
    use prost::Message as _;
    let whole = rpc::Status::decode(status.details()).unwrap();
    whole.details.iter().find_map(unpack::<rpc::ErrorInfo>).map(|info| info.reason).unwrap_or_default()
}

/// Lets `output` hear what this thread logs, for as long as the guard lives.
pub fn overhear(
    level: telemetry::Level,
    output: impl telemetry::Output,
) -> tracing::subscriber::DefaultGuard {
    // With a single listener in the process, whichever thread comes first to a line of code decides for all threads whether
    // it is heard, also a thread that hears nothing. A second listener makes each be asked.
    static SECOND: LazyLock<tracing::Dispatch> =
        LazyLock::new(|| tracing::Dispatch::new(tracing_subscriber::registry()));
    LazyLock::force(&SECOND);
    let (subscriber, _) = telemetry::subscriber(level, telemetry::Format::Json, output);
    tracing::subscriber::set_default(subscriber)
}

/// A page of docs/ must be what the program says; `UPDATE_DOCS=1` writes it.
pub fn reference_page(path: &str, wanted: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, wanted).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == wanted, "{} is out of date; run the tests with UPDATE_DOCS=1", path.display());
}
