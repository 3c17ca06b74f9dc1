//! A control plane that forgives nothing: every request is held against the contract's rules, tokens and assertions are
//! verified, ids must be known, and each task may be finished once. What it objects to is told when it is dropped.
//!
//! It is reached through memory, where a paused clock can stand for hours, or over TLS with a certificate of its own.

mod key;
mod reach;
mod script;
mod service;
mod tokens;

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use baton_ninja_one::{
    baton::ksuid::ksuid,
    wire::{
        api::{self, Task, baton_service_finish_task_request::FinalState, task::TaskType},
        google::rpc,
    },
};
use tokio::{sync::watch, time::timeout};
use tonic::Code;

use self::script::{Offer, Script, Stage};
pub use self::{
    key::Key,
    reach::Door,
    script::{Call, Fault, Upload},
};

/// Longer than anything here takes on a paused clock, where waiting costs nothing.
const PATIENCE: Duration = Duration::from_secs(30 * 24 * 3600);
pub const CLIENT_ID: &str = "cool-app-123@tenant.example.com/dir";
pub const HOST_ID: &str = "replica-1";

/// The control plane. Clones are the same one.
#[derive(Clone)]
pub struct ControlPlane {
    script: Arc<Mutex<Script>>,
    changed: watch::Sender<u64>,
    patience: Duration,
}

impl ControlPlane {
    pub fn new() -> Self {
        let script = Script {
            host_id: HOST_ID.to_owned(),
            offers: Vec::new(),
            calls: Vec::new(),
            faults: Vec::new(),
            uploads: Vec::new(),
            tokens: HashMap::new(),
            credentials: Vec::new(),
            dials: 0,
            token_requests: 0,
            nonces: HashSet::new(),
            public_key: Key::first().public,
            greeted: false,
            hello: None,
            known: Vec::new(),
            violations: Vec::new(),
            next_poll: Duration::from_secs(1),
            next_heartbeat: Duration::from_secs(5),
            token_lifetime: Duration::from_secs(3600),
        };
        Self { script: Arc::new(Mutex::new(script)), changed: watch::Sender::new(0), patience: PATIENCE }
    }

    /// One for a clock that runs: polled often, and not waited for in vain for long.
    pub fn in_real_time() -> Self {
        let plane = Self { patience: super::PATIENCE, ..Self::new() };
        plane.next_poll(Duration::from_millis(5));
        plane
    }

    fn with<T>(&self, f: impl FnOnce(&mut Script) -> T) -> T {
        let outcome = f(&mut self.script.lock().unwrap());
        self.changed.send_modify(|n| *n += 1);
        outcome
    }

    fn look<T>(&self, f: impl FnOnce(&Script) -> T) -> T {
        f(&self.script.lock().unwrap())
    }
}

/// What a test says.
impl ControlPlane {
    /// Tells the connector to come back after this.
    pub fn next_poll(&self, wait: Duration) {
        self.with(|s| s.next_poll = wait);
    }

    /// Tells it when to send the next heartbeat.
    pub fn next_heartbeat(&self, wait: Duration) {
        self.with(|s| s.next_heartbeat = wait);
    }

    /// Gives tokens out for this long.
    pub fn token_lifetime(&self, lifetime: Duration) {
        self.with(|s| s.token_lifetime = lifetime);
    }

    /// Takes calls by the host of this name alone.
    pub fn expect_host(&self, host_id: &str) {
        self.with(|s| host_id.clone_into(&mut s.host_id));
    }

    /// Takes assertions by this key from now on, and no token given out before.
    pub fn expect_key(&self, key: &Key) {
        self.with(|s| {
            s.public_key.clone_from(&key.public);
            s.tokens.clear();
        });
    }

    /// Takes no token given out before.
    pub fn revoke_tokens(&self) {
        self.with(|s| s.tokens.clear());
    }

    /// Has a task to give out.
    pub fn offer(&self, kind: TaskType) -> String {
        self.offer_task(Task { task_type: Some(kind), ..Task::default() }, 0)
    }

    /// Has a task to give out that is cancelled at the given heartbeat.
    pub fn offer_cancelled(&self, kind: TaskType, at_heartbeat: usize) -> String {
        self.offer_task(Task { task_type: Some(kind), ..Task::default() }, at_heartbeat)
    }

    /// Has a task of any shape to give out; it gets an id.
    pub fn offer_task(&self, mut task: Task, cancel_at: usize) -> String {
        task.id = ksuid(SystemTime::now());
        let id = task.id.clone();
        let offer = Offer {
            task,
            stage: Stage::Queued,
            cancel_at,
            heartbeats: 0,
            repeats: 0,
            lost: false,
            finish: None,
        };
        self.with(|s| s.offers.push(offer));
        id
    }

    /// Gives a task out at so many further polls, although it is under way.
    pub fn offer_over_and_over(&self, id: &str, polls: usize) {
        self.with(|s| s.offer(id).expect("a known task").repeats = polls);
    }

    /// Gives a task out once more, as after its timer.
    pub fn offer_again(&self, id: &str) {
        self.with(|s| s.offer(id).expect("a known task").stage = Stage::Queued);
    }

    /// The next calls of a method (`*` for all, `token` for tokens) go wrong.
    pub fn fail(&self, method: &'static str, times: usize, fault: Fault) {
        self.with(|s| s.faults.push((method, times, fault)));
    }

    /// Everything works again.
    pub fn heal(&self) {
        self.with(|s| s.faults.clear());
    }
}

/// What a test sees.
impl ControlPlane {
    /// The calls so far.
    pub fn calls(&self) -> Vec<Call> {
        self.look(|s| s.calls.clone())
    }

    /// The calls of one method so far.
    pub fn calls_of(&self, method: &str) -> Vec<Call> {
        self.look(|s| s.calls.iter().filter(|c| c.method == method).cloned().collect())
    }

    pub fn uploads(&self) -> Vec<Upload> {
        self.look(|s| s.uploads.clone())
    }

    pub fn token_requests(&self) -> usize {
        self.look(|s| s.token_requests)
    }

    /// How often a way through memory was prepared.
    pub fn dials(&self) -> usize {
        self.look(|s| s.dials)
    }

    /// Every token given out so far, and every assertion that came for one.
    pub fn credentials(&self) -> Vec<String> {
        self.look(|s| s.credentials.clone())
    }

    /// The last Hello that was accepted.
    pub fn hello(&self) -> api::BatonServiceHelloRequest {
        self.look(|s| s.hello.clone()).expect("a Hello")
    }

    /// The ids that each batch request named as known.
    pub fn known(&self) -> Vec<Vec<String>> {
        self.look(|s| s.known.clone())
    }

    /// How the task was finished, if it was.
    pub fn finish_of(&self, id: &str) -> Option<api::BatonServiceFinishTaskRequest> {
        self.look(|s| s.offers.iter().find(|o| o.task.id == id)?.finish.clone())
    }

    /// Waits until it is so.
    pub async fn until(&self, what: &str, so: impl Fn(&Self) -> bool) {
        let mut changes = self.changed.subscribe();
        let waiting = async {
            while !so(self) {
                changes.changed().await.unwrap();
            }
        };
        if timeout(self.patience, waiting).await.is_err() {
            panic!("{what} never happened; {:#?}", self.calls());
        }
    }

    /// Waits until a call of the method has been answered so many times.
    pub async fn answered(&self, method: &str, times: usize) {
        let so = |p: &Self| p.calls_of(method).iter().filter(|c| c.code == Some(Code::Ok)).count() >= times;
        self.until(method, so).await;
    }

    /// Waits until the task has been given out.
    pub async fn given_out(&self, id: &str) {
        let given = |s: &Script| s.offers.iter().any(|o| o.task.id == id && o.stage != Stage::Queued);
        self.until("the task is given out", |p| p.look(given)).await;
    }

    /// Waits until the task is finished.
    pub async fn finished(&self, id: &str) -> Finished {
        self.until("the task is finished", |p| p.finish_of(id).is_some()).await;
        Finished(self.finish_of(id).unwrap())
    }

    /// Fails with what was wrong with the requests so far.
    pub fn assert_satisfied(&self) {
        let violations = self.look(|s| s.violations.clone());
        assert!(violations.is_empty(), "{violations:#?}");
    }
}

/// How a task was finished, with questions.
#[derive(Debug)]
pub struct Finished(pub api::BatonServiceFinishTaskRequest);

impl Finished {
    /// Code, message and whether it is final.
    pub fn error(&self) -> (i32, String, bool) {
        match (&self.0.status, &self.0.final_state) {
            (Some(status), Some(FinalState::Error(error))) => {
                (status.code, status.message.clone(), error.non_retryable)
            }
            other => panic!("not an error: {other:?}"),
        }
    }

    pub fn status(&self) -> rpc::Status {
        self.0.status.clone().expect("a status")
    }

    pub fn success(&self) -> &api::baton_service_finish_task_request::Success {
        match &self.0.final_state {
            Some(FinalState::Success(success)) => success,
            other => panic!("not a success: {other:?} {:?}", self.0.status),
        }
    }
}
