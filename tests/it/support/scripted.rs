//! A connector that does as its names say, and a service-mode worker around it, reached through memory.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime},
};

use async_trait::async_trait;
use baton_ninja_one::{
    baton::{
        connector::{
            AccountOutcome, Call, Connector, ConnectorError, Events, Granted, NewAccount, Page, PageRequest,
            ResourceQuery, TypeSpec,
        },
        readiness::{Condition, Readiness, Report},
        runtime::{Gates, Runtime},
        service_mode::{
            self, Clock, HostFacts, Keeping, NoObserver, Program, ServiceError, SyncFailure, SyncJob,
            SyncOrder, TaskLogs, Worker,
        },
    },
    wire::{api::task::SyncFullTask, pack, v2},
};
use prost_types::{Any, Struct, Timestamp, Value, value::Kind};
use tokio::{sync::watch, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use tonic::{Code, Status};

use super::control_plane::{ControlPlane, HOST_ID};

/// `wait-7` waits seven seconds, `panic` panics, `refuse` refuses; everything else goes well at once.
async fn act(name: &str) -> Result<(), ConnectorError> {
    if let Some(seconds) = name.strip_prefix("wait-") {
        tokio::time::sleep(Duration::from_secs(seconds.parse().unwrap())).await;
    }
    assert_ne!(name, "panic", "told to");
    if name == "refuse" {
        let refused = ConnectorError::new(Code::FailedPrecondition, "told to refuse");
        return Err(refused.reason("example.org", "TOLD").with("who", "a test"));
    }
    Ok(())
}

/// The connector: users that can be created and deleted, roles that can be granted.
pub struct Scripted {
    types: Vec<TypeSpec>,
    actions: Vec<v2::BatonActionSchema>,
    feeds: Vec<v2::EventFeedMetadata>,
    /// Grants that were begun.
    pub grants: AtomicUsize,
    /// Grants that were brought to their end.
    pub granted: AtomicUsize,
}

impl Scripted {
    fn new() -> Self {
        let kind =
            |id: &str| v2::ResourceType { id: id.into(), display_name: id.into(), ..Default::default() };
        let user = TypeSpec {
            resource_type: kind("user"),
            create_account: vec![v2::CapabilityDetailCredentialOption::NoPassword],
            delete: true,
            ..TypeSpec::default()
        };
        let role = TypeSpec { resource_type: kind("role"), provision: true, ..TypeSpec::default() };
        let action = |name: &str| v2::BatonActionSchema { name: name.into(), ..Default::default() };
        Self {
            types: vec![user, role],
            actions: vec![action("succeed"), action("refuse"), action("wait-7")],
            feeds: vec![v2::EventFeedMetadata { id: "feed".into(), supported_event_types: vec![4] }],
            grants: AtomicUsize::new(0),
            granted: AtomicUsize::new(0),
        }
    }
}

#[async_trait]
impl Connector for Scripted {
    fn metadata(&self) -> v2::ConnectorMetadata {
        v2::ConnectorMetadata { display_name: "Scripted".into(), ..Default::default() }
    }

    fn types(&self) -> &[TypeSpec] {
        &self.types
    }

    async fn validate(&self, _call: &Call) -> Result<Vec<Any>, ConnectorError> {
        Ok(Vec::new())
    }

    async fn resources(
        &self,
        _call: &Call,
        _query: &ResourceQuery,
        _page: &PageRequest,
    ) -> Result<Page<v2::Resource>, ConnectorError> {
        Ok(Page::default())
    }

    async fn resource(
        &self,
        _call: &Call,
        _id: &v2::ResourceId,
    ) -> Result<Option<v2::Resource>, ConnectorError> {
        Ok(None)
    }

    async fn entitlements(
        &self,
        _call: &Call,
        _resource: &v2::Resource,
        _page: &PageRequest,
    ) -> Result<Page<v2::Entitlement>, ConnectorError> {
        Ok(Page::default())
    }

    async fn grants(
        &self,
        _call: &Call,
        _resource: &v2::Resource,
        _page: &PageRequest,
    ) -> Result<Page<v2::Grant>, ConnectorError> {
        Ok(Page::default())
    }

    async fn grant(
        &self,
        call: &Call,
        entitlement: &v2::Entitlement,
        principal: &v2::Resource,
    ) -> Result<Granted, ConnectorError> {
        assert!(call.caller.starts_with("task "), "{call:?}");
        self.grants.fetch_add(1, Ordering::SeqCst);
        act(&principal.id.as_ref().unwrap().resource).await?;
        self.granted.fetch_add(1, Ordering::SeqCst);
        let grant = v2::Grant {
            id: "granted".into(),
            entitlement: Some(entitlement.clone()),
            principal: Some(principal.clone()),
            ..Default::default()
        };
        Ok(Granted { grants: vec![grant], annotations: vec![pack(&v2::GrantAlreadyExists {})] })
    }

    async fn revoke(&self, _call: &Call, grant: &v2::Grant) -> Result<Vec<Any>, ConnectorError> {
        act(&grant.id).await?;
        Ok(vec![pack(&v2::GrantAlreadyRevoked {})])
    }

    async fn create_account(
        &self,
        _call: &Call,
        account: &NewAccount,
    ) -> Result<AccountOutcome, ConnectorError> {
        act(&account.info.login).await?;
        let success = v2::create_account_response::SuccessResult {
            resource: Some(resource("user", "new")),
            is_create_account_result: true,
            ..Default::default()
        };
        let result = v2::create_account_response::Result::Success(success);
        Ok(AccountOutcome { result, annotations: Vec::new() })
    }

    async fn delete_resource(
        &self,
        _call: &Call,
        id: &v2::ResourceId,
        _parent: Option<&v2::ResourceId>,
    ) -> Result<Vec<Any>, ConnectorError> {
        act(&id.resource).await?;
        Ok(vec![pack(&v2::ResourceDoesNotExist {})])
    }

    fn actions(&self) -> &[v2::BatonActionSchema] {
        &self.actions
    }

    async fn invoke_action(
        &self,
        _call: &Call,
        name: &str,
        _args: &Struct,
    ) -> Result<Struct, ConnectorError> {
        act(name).await?;
        let yes = Value { kind: Some(Kind::BoolValue(true)) };
        Ok(Struct { fields: [("success".to_owned(), yes)].into() })
    }

    fn event_feeds(&self) -> &[v2::EventFeedMetadata] {
        &self.feeds
    }

    async fn events(
        &self,
        _call: &Call,
        _feed: &str,
        cursor: &str,
        _start_at: Option<&Timestamp>,
        page_size: u32,
    ) -> Result<Events, ConnectorError> {
        Ok(Events { cursor: format!("{cursor}+{page_size}"), ..Events::default() })
    }
}

pub fn resource(resource_type: &str, id: &str) -> v2::Resource {
    let id =
        v2::ResourceId { resource_type: resource_type.into(), resource: id.into(), ..Default::default() };
    v2::Resource { id: Some(id), ..Default::default() }
}

/// Writes files instead of syncs. The first resource type that is asked for is what it does: `wait-7`, `refuse`, `invariant`
/// (what is wrong is the data), `size-1000` (a file of so many bytes).
#[derive(Default)]
pub struct Files {
    /// Syncs under way.
    pub running: AtomicUsize,
    /// The most at once.
    pub most: AtomicUsize,
}

#[async_trait]
impl SyncJob for Files {
    async fn run(
        &self,
        order: &SyncOrder,
        file: &Path,
        cancel: &CancellationToken,
    ) -> Result<(), SyncFailure> {
        let running = self.running.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(running, Ordering::SeqCst);
        tokio::fs::write(file, "half").await.unwrap();
        let told = order.task.sync_resource_type_ids.first().map_or("", String::as_str);
        let outcome = match cancel.run_until_cancelled(act(told)).await {
            None => {
                Err(SyncFailure { status: Status::cancelled("the sync was cancelled"), permanent: false })
            }
            Some(Err(error)) => {
                Err(SyncFailure { status: error.to_status(SystemTime::UNIX_EPOCH), permanent: false })
            }
            Some(Ok(())) if told == "invariant" => {
                Err(SyncFailure { status: Status::unknown("two roles have one id"), permanent: true })
            }
            Some(Ok(())) => Ok(()),
        };
        let size = told.strip_prefix("size-").map_or(1000, |size| size.parse().unwrap());
        let data: Vec<u8> = (0..size).map(|n: usize| n as u8).collect();
        tokio::fs::write(file, data).await.unwrap();
        self.running.fetch_sub(1, Ordering::SeqCst);
        outcome
    }
}

/// A sync task that does what is told.
pub fn sync(told: &str) -> baton_ninja_one::wire::api::task::TaskType {
    let types = if told.is_empty() { Vec::new() } else { vec![told.to_owned()] };
    let task = SyncFullTask { sync_resource_type_ids: types, ..Default::default() };
    baton_ninja_one::wire::api::task::TaskType::SyncFull(task)
}

/// A worker and all around it.
pub struct Bench {
    pub plane: ControlPlane,
    pub connector: Arc<Scripted>,
    pub files: Arc<Files>,
    pub temp: tempfile::TempDir,
    pub shutdown: CancellationToken,
    pub link: watch::Receiver<Report>,
    worker: Option<JoinHandle<Result<(), ServiceError>>>,
}

/// How a bench is set up.
pub struct Setup {
    pub concurrency: usize,
    pub batches: bool,
    pub gates: Gates,
    pub grace: Duration,
    pub temp: tempfile::TempDir,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            concurrency: 3,
            batches: false,
            gates: Gates { provisioning: true, ticketing: false },
            grace: Duration::from_secs(25),
            temp: tempfile::tempdir().unwrap(),
        }
    }
}

impl Bench {
    /// A worker for this control plane, at work.
    pub fn start(plane: &ControlPlane, setup: Setup) -> Self {
        let connector = Arc::new(Scripted::new());
        let runtime = Runtime::new(Arc::clone(&connector) as Arc<dyn Connector>, setup.gates);
        let calls =
            service_mode::ControlPlane::new(plane.in_memory(), Arc::new(plane.clone()), HOST_ID.into());
        let files = Arc::new(Files::default());
        let condition = Readiness::default().condition("control_plane");
        let link = condition.watch();
        let options = options(setup.concurrency, setup.batches, setup.grace, setup.temp.path(), condition);
        let worker = Worker::new(Arc::new(calls), runtime, Arc::clone(&files) as Arc<dyn SyncJob>, options);
        let shutdown = CancellationToken::new();
        let told = shutdown.clone();
        let worker = Some(tokio::spawn(async move { worker.run(told).await }));
        Self { plane: plane.clone(), connector, files, temp: setup.temp, shutdown, link, worker }
    }

    /// How it ended.
    pub async fn ended(&mut self) -> Result<(), ServiceError> {
        self.worker.take().unwrap().await.unwrap()
    }

    /// Tells it to stop, and looks whether all was well: no objection of the control plane, no file left.
    pub async fn stop(mut self) {
        self.shutdown.cancel();
        self.ended().await.unwrap();
        self.assert_clean();
    }

    pub fn assert_clean(&self) {
        self.plane.assert_satisfied();
        let left: Vec<_> = std::fs::read_dir(self.temp.path()).unwrap().map(|e| e.unwrap().path()).collect();
        assert!(left.is_empty(), "left behind: {left:?}");
    }
}

/// A worker's options, without chance.
pub fn options(
    concurrency: usize,
    batches: bool,
    grace: Duration,
    temp: &Path,
    condition: Condition,
) -> service_mode::Options {
    service_mode::Options {
        task_concurrency: concurrency,
        batches,
        grace,
        temp_dir: temp.to_owned(),
        program: Program { toolchain: "rustc 1".into(), package: "scripted".into(), version: "0.0.1".into() },
        host: HostFacts::gather(),
        clock: Clock { chance: || 0.5, ..Clock::default() },
        condition,
        observer: Arc::new(NoObserver),
        task_logs: Arc::new(NoLogs),
    }
}

/// No task keeps a log.
struct NoLogs;

impl TaskLogs for NoLogs {
    fn keep(&self, _: &tracing::Span, _: &Path) -> std::io::Result<Keeping> {
        Err(std::io::Error::other("this bench keeps no logs"))
    }
}
