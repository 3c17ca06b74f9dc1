//! A control plane that forgives nothing: every request is held against the contract's rules, tokens and assertions are
//! verified, ids must be known, and each task may be finished once. What it objects to is told when it is dropped.
//!
//! It is reached through memory, where a paused clock can stand for hours, or over TLS with a certificate of its own.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use async_trait::async_trait;
use axum::{Router, extract::State as Extract, http::StatusCode, routing::post};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use baton_ninja_one::{
    baton::{
        ksuid::ksuid,
        service_mode::{Dial, FetchToken, NewToken},
    },
    wire::{
        Validate,
        api::{
            self, Task, baton_service_finish_task_request::FinalState, baton_service_server::BatonService,
            baton_service_server::BatonServiceServer, baton_service_upload_asset_request::Msg,
            task::TaskType,
        },
        google::rpc,
    },
};
use hyper_util::rt::TokioIo;
use jsonwebtoken::{Algorithm, DecodingKey};
use secrecy::SecretString;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::{
    io::DuplexStream,
    net::TcpListener,
    sync::{mpsc, watch},
    time::{Instant, timeout},
};
use tokio_stream::wrappers::{TcpListenerStream, UnboundedReceiverStream};
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::{
    Code, Request, Response, Status, Streaming,
    service::Routes,
    transport::{Endpoint, Identity, Server, ServerTlsConfig, Uri},
};

use super::certificates::Ca;

/// Longer than anything here takes on a paused clock, where waiting costs nothing.
const PATIENCE: Duration = Duration::from_secs(30 * 24 * 3600);
pub const CLIENT_ID: &str = "cool-app-123@tenant.example.com/dir";
pub const HOST_ID: &str = "replica-1";

/// A key pair, as a client secret and as what verifies its signatures.
pub struct Key {
    pub secret: String,
    public: String,
}

impl Key {
    /// The key of RFC 8037, appendix A.1.
    pub fn first() -> Self {
        Self::of("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A", "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")
    }

    /// The key of RFC 8032, section 7.1, test 2.
    pub fn second() -> Self {
        Self::of("TM0Imyj_ltqdtsNG7BFOD1uKMZ81q6Yk2oz27U-4pvs", "PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw")
    }

    fn of(d: &str, x: &str) -> Self {
        let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": x, "d": d}).to_string();
        let secret = format!("secret-token:conductorone.com:v1:{}", URL_SAFE_NO_PAD.encode(jwk));
        Self { secret, public: x.to_owned() }
    }
}

/// A call that came.
#[derive(Debug, Clone)]
pub struct Call {
    pub method: &'static str,
    pub at: Instant,
    pub task_id: String,
    /// How it was answered; `None` while it is not.
    pub code: Option<Code>,
}

/// The next calls of a method that go wrong.
#[derive(Debug, Clone)]
pub enum Fault {
    /// This code instead of an answer.
    Code(Code),
    /// No answer at all.
    Silence,
    /// Carried out, but the answer is this code.
    Lost(Code),
    /// An upload that is refused once so many bytes have come.
    CutAfter(usize),
}

/// One complete upload.
#[derive(Debug, Clone)]
pub struct Upload {
    pub task_id: String,
    pub data: Vec<u8>,
    pub pieces: Vec<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Queued,
    Offered,
    Done,
}

struct Offer {
    task: Task,
    stage: Stage,
    /// Cancelled at this heartbeat, counted from 1.
    cancel_at: usize,
    heartbeats: usize,
    /// The answer to its end got lost, so that it may be told once more.
    lost: bool,
    finish: Option<api::BatonServiceFinishTaskRequest>,
}

struct Script {
    host_id: String,
    offers: Vec<Offer>,
    calls: Vec<Call>,
    faults: Vec<(&'static str, usize, Fault)>,
    uploads: Vec<Upload>,
    tokens: HashMap<String, Instant>,
    /// Tokens that were given out, and the assertions that they were given out for.
    credentials: Vec<String>,
    token_requests: usize,
    nonces: HashSet<String>,
    public_key: String,
    greeted: bool,
    hello: Option<api::BatonServiceHelloRequest>,
    known: Vec<Vec<String>>,
    violations: Vec<String>,
    next_poll: Duration,
    next_heartbeat: Duration,
    token_lifetime: Duration,
}

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

    // --- what a test says

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
        let offer = Offer { task, stage: Stage::Queued, cancel_at, heartbeats: 0, lost: false, finish: None };
        self.with(|s| s.offers.push(offer));
        id
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

    // --- what a test sees

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

    // --- how it is reached

    /// A way to it through memory.
    pub fn in_memory(&self) -> Dial {
        let (streams, incoming) = mpsc::unbounded_channel::<std::io::Result<DuplexStream>>();
        let server = Server::builder().add_service(BatonServiceServer::new(self.clone()));
        tokio::spawn(server.serve_with_incoming(UnboundedReceiverStream::new(incoming)));
        let endpoint = Endpoint::from_static("http://in.memory");
        Arc::new(move || {
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

/// Tokens without a request, for a way through memory.
#[async_trait]
impl FetchToken for ControlPlane {
    async fn fetch(&self) -> Result<NewToken, Status> {
        if let Some(Fault::Code(code)) = self.with(|s| {
            s.token_requests += 1;
            s.fault("token")
        }) {
            return Err(Status::new(code, "a fault of the token endpoint"));
        }
        let (token, lifetime) = self.with(Script::issue);
        Ok(NewToken { kind: "Bearer".into(), secret: SecretString::from(token), lifetime: Some(lifetime) })
    }
}

async fn token(
    Extract(plane): Extract<ControlPlane>,
    headers: http::HeaderMap,
    body: String,
) -> (StatusCode, String) {
    plane.with(|s| {
        s.token_requests += 1;
        if s.fault("token").is_some() {
            return (StatusCode::SERVICE_UNAVAILABLE, String::new());
        }
        let kind = headers.get("content-type").and_then(|v| v.to_str().ok()).unwrap_or_default();
        if kind != "application/x-www-form-urlencoded" {
            s.violations.push(format!("the token request is {kind:?}"));
        }
        if let Err(why) = s.judge_token_request(&body) {
            return (StatusCode::UNAUTHORIZED, json!({"error": "invalid_client", "why": why}).to_string());
        }
        let (token, lifetime) = s.issue();
        let answer = json!({"access_token": token, "token_type": "Bearer", "expires_in": lifetime.as_secs()});
        (StatusCode::OK, answer.to_string())
    })
}

impl Script {
    fn offer(&mut self, id: &str) -> Option<&mut Offer> {
        self.offers.iter_mut().find(|o| o.task.id == id)
    }

    fn fault(&mut self, method: &str) -> Option<Fault> {
        let (_, times, fault) =
            self.faults.iter_mut().find(|(m, times, _)| *times > 0 && (*m == method || *m == "*"))?;
        *times -= 1;
        Some(fault.clone())
    }

    fn issue(&mut self) -> (String, Duration) {
        let token = format!("token-{:032x}", rand::random::<u128>());
        self.tokens.insert(token.clone(), Instant::now() + self.token_lifetime);
        self.credentials.push(token.clone());
        (token, self.token_lifetime)
    }

    /// Exactly the request that the contract describes; anything else is refused.
    fn judge_token_request(&mut self, body: &str) -> Result<(), String> {
        let form: Vec<(String, String)> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
        let names: Vec<_> = form.iter().map(|(name, _)| name.as_str()).collect();
        if names != ["client_id", "grant_type", "client_assertion_type", "client_assertion"] {
            return Err(format!("fields {names:?}"));
        }
        let fixed =
            [CLIENT_ID, "client_credentials", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"];
        if form.iter().zip(fixed).any(|((_, value), wanted)| value != wanted) {
            return Err("a fixed field has another value".into());
        }
        let jws = &form[3].1;
        self.credentials.push(jws.clone());
        let (message, signature) = jws.rsplit_once('.').ok_or("no signature")?;
        let key = DecodingKey::from_ed_components(&self.public_key).map_err(|e| e.to_string())?;
        let valid = jsonwebtoken::crypto::verify(signature, message.as_bytes(), &key, Algorithm::EdDSA);
        if !valid.map_err(|e| e.to_string())? {
            return Err("the signature is by another key".into());
        }
        let part =
            |text: &str| -> Value { serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap() };
        let (head, claims) = message.split_once('.').ok_or("no claims")?;
        let (head, claims) = (part(head), part(claims));
        let nonce = head["nonce"].as_str().unwrap_or_default().to_owned();
        if head != json!({"alg": "EdDSA", "nonce": nonce}) || nonce.len() != 32 || !self.nonces.insert(nonce)
        {
            return Err(format!("header {head}"));
        }
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
        let iat = claims["iat"].as_u64().ok_or("no iat")?;
        let wanted = json!({"iss": CLIENT_ID, "sub": CLIENT_ID, "aud": "tenant.example.com", "iat": iat, "nbf": iat - 120, "exp": iat + 120});
        if claims != wanted || now.abs_diff(iat) > 60 {
            return Err(format!("claims {claims}"));
        }
        Ok(())
    }
}

impl ControlPlane {
    /// Notes the call, and refuses it when token, rules or a fault say so.
    async fn begin<M: Validate>(
        &self,
        method: &'static str,
        metadata: &tonic::metadata::MetadataMap,
        message: Option<&M>,
        task_id: &str,
        host_id: &str,
    ) -> Result<(usize, Option<Fault>), Status> {
        let (number, fault) = self.with(|s| {
            s.calls.push(Call { method, at: Instant::now(), task_id: task_id.to_owned(), code: None });
            (s.calls.len() - 1, s.fault(method))
        });
        let token = metadata.get("authorization").and_then(|v| v.to_str().ok()).unwrap_or_default();
        let known = self.with(|s| {
            let token = token.strip_prefix("Bearer ").unwrap_or_default();
            let Some(end) = s.tokens.get(token) else { return false };
            if *end < Instant::now() {
                s.violations.push(format!("{method} with a token that has expired"));
            }
            true
        });
        if !known {
            return Err(self.end(number, Status::unauthenticated("unknown token")));
        }
        match &fault {
            Some(Fault::Code(code)) => {
                return Err(self.end(number, Status::new(*code, "a fault of the control plane")));
            }
            Some(Fault::Silence) => std::future::pending().await,
            Some(Fault::Lost(_) | Fault::CutAfter(_)) | None => {}
        }
        if let Some(Err(violation)) = message.map(Validate::validate) {
            return Err(self.object(number, violation.to_string()));
        }
        if message.is_some() && self.look(|s| s.host_id != host_id) {
            return Err(self.object(number, format!("{method} by the host {host_id:?}")));
        }
        if method != "Hello" && !self.look(|s| s.greeted) {
            return Err(self.object(number, format!("{method} before an accepted Hello")));
        }
        Ok((number, fault))
    }

    /// An answer that was refused for a reason that must not occur.
    fn object(&self, number: usize, why: String) -> Status {
        self.with(|s| s.violations.push(why.clone()));
        self.end(number, Status::invalid_argument(why))
    }

    fn end(&self, number: usize, status: Status) -> Status {
        self.with(|s| s.calls[number].code = Some(status.code()));
        status
    }

    fn answer<M>(&self, number: usize, fault: Option<Fault>, message: M) -> Result<Response<M>, Status> {
        if let Some(Fault::Lost(code)) = fault {
            return Err(self.end(number, Status::new(code, "the answer was lost")));
        }
        self.with(|s| s.calls[number].code = Some(Code::Ok));
        Ok(Response::new(message))
    }

    fn give_out(&self, most: usize) -> Vec<Task> {
        self.with(|s| {
            let queued = s.offers.iter_mut().filter(|o| o.stage == Stage::Queued).take(most);
            queued
                .map(|offer| {
                    offer.stage = Stage::Offered;
                    offer.task.clone()
                })
                .collect()
        })
    }
}

fn wire(duration: Duration) -> Option<prost_types::Duration> {
    prost_types::Duration::try_from(duration).ok()
}

#[async_trait]
impl BatonService for ControlPlane {
    async fn hello(
        &self,
        request: Request<api::BatonServiceHelloRequest>,
    ) -> Result<Response<api::BatonServiceHelloResponse>, Status> {
        let (metadata, _, message) = request.into_parts();
        let (id, host) = (message.task_id.clone(), message.host_id.clone());
        let (number, fault) = self.begin("Hello", &metadata, Some(&message), &id, &host).await?;
        let unknown = self.with(|s| {
            s.greeted = true;
            s.hello = Some(message);
            match s.offer(&id) {
                Some(offer) if matches!(offer.task.task_type, Some(TaskType::Hello(_))) => {
                    offer.stage = Stage::Done;
                    false
                }
                _ => !id.is_empty(),
            }
        });
        if unknown {
            return Err(self.object(number, format!("a Hello for {id}, which is no hello task")));
        }
        self.answer(number, fault, api::BatonServiceHelloResponse::default())
    }

    async fn get_task(
        &self,
        request: Request<api::BatonServiceGetTaskRequest>,
    ) -> Result<Response<api::BatonServiceGetTaskResponse>, Status> {
        let (metadata, _, message) = request.into_parts();
        let (number, fault) = self.begin("GetTask", &metadata, Some(&message), "", &message.host_id).await?;
        let none = || Task {
            id: ksuid(SystemTime::now()),
            task_type: Some(TaskType::None(api::task::NoneTask::default())),
            ..Task::default()
        };
        let task = Some(self.give_out(1).pop().unwrap_or_else(none));
        let (next_poll, next_heartbeat) = self.look(|s| (wire(s.next_poll), wire(s.next_heartbeat)));
        let answer =
            api::BatonServiceGetTaskResponse { task, next_poll, next_heartbeat, ..Default::default() };
        self.answer(number, fault, answer)
    }

    async fn get_tasks(
        &self,
        request: Request<api::BatonServiceGetTasksRequest>,
    ) -> Result<Response<api::BatonServiceGetTasksResponse>, Status> {
        let (metadata, _, message) = request.into_parts();
        let (number, fault) = self.begin("GetTasks", &metadata, Some(&message), "", &message.host_id).await?;
        let tasks = self.give_out(message.page_size as usize);
        self.with(|s| {
            let ids: HashSet<_> = s.offers.iter().map(|o| o.task.id.clone()).collect();
            for id in message.known_task_ids.iter().filter(|id| !ids.contains(*id)) {
                s.violations.push(format!("{id} is said to be known and was never given out"));
            }
            s.known.push(message.known_task_ids);
        });
        let (next_poll, next_heartbeat) = self.look(|s| (wire(s.next_poll), wire(s.next_heartbeat)));
        let answer =
            api::BatonServiceGetTasksResponse { tasks, next_poll, next_heartbeat, ..Default::default() };
        self.answer(number, fault, answer)
    }

    async fn heartbeat(
        &self,
        request: Request<api::BatonServiceHeartbeatRequest>,
    ) -> Result<Response<api::BatonServiceHeartbeatResponse>, Status> {
        let (metadata, _, message) = request.into_parts();
        let id = message.task_id.clone();
        let (number, fault) =
            self.begin("Heartbeat", &metadata, Some(&message), &id, &message.host_id).await?;
        let cancelled = self.with(|s| match s.offer(&id) {
            Some(offer) if offer.stage == Stage::Offered => {
                offer.heartbeats += 1;
                Some(offer.cancel_at > 0 && offer.heartbeats >= offer.cancel_at)
            }
            _ => None,
        });
        let Some(cancelled) = cancelled else {
            return Err(self.object(number, format!("a heartbeat for {id}, which is not given out")));
        };
        let next_heartbeat = self.look(|s| wire(s.next_heartbeat));
        let answer = api::BatonServiceHeartbeatResponse { next_heartbeat, cancelled, ..Default::default() };
        self.answer(number, fault, answer)
    }

    async fn upload_asset(
        &self,
        request: Request<Streaming<api::BatonServiceUploadAssetRequest>>,
    ) -> Result<Response<api::BatonServiceUploadAssetResponse>, Status> {
        let (metadata, _, mut parts) = request.into_parts();
        let begun = self.begin::<api::BatonServiceUploadAssetRequest>("UploadAsset", &metadata, None, "", "");
        let (number, fault) = begun.await?;
        let mut upload = Upload { task_id: String::new(), data: Vec::new(), pieces: Vec::new() };
        let mut checksum = None;
        // A client that breaks off is no violation: a retry follows, or the task was cancelled.
        while let Some(part) = parts.message().await? {
            if let Err(violation) = part.validate() {
                return Err(self.object(number, violation.to_string()));
            }
            match part.msg {
                Some(Msg::Metadata(about)) if upload.task_id.is_empty() && upload.pieces.is_empty() => {
                    let running = self.with(|s| {
                        s.calls[number].task_id.clone_from(&about.task_id);
                        s.offer(&about.task_id).is_some_and(|o| {
                            o.stage == Stage::Offered
                                && matches!(o.task.task_type, Some(TaskType::SyncFull(_)))
                        })
                    });
                    if !running || self.look(|s| s.host_id != about.host_id) {
                        return Err(
                            self.object(number, "an upload for a task that is no running sync".into())
                        );
                    }
                    upload.task_id = about.task_id;
                }
                Some(Msg::Data(piece)) if checksum.is_none() && !upload.task_id.is_empty() => {
                    upload.pieces.push(piece.data.len());
                    upload.data.extend(piece.data);
                    if matches!(fault, Some(Fault::CutAfter(bytes)) if upload.data.len() >= bytes) {
                        return Err(self.end(number, Status::unavailable("cut")));
                    }
                }
                Some(Msg::Eof(eof)) if checksum.is_none() => checksum = Some(eof.sha256_checksum),
                other => return Err(self.object(number, format!("a part out of order: {other:?}"))),
            }
        }
        let Some(checksum) = checksum else {
            return Err(self.end(number, Status::invalid_argument("no end")));
        };
        if checksum != Sha256::digest(&upload.data).as_slice() {
            return Err(self.object(number, "the checksum is another".into()));
        }
        self.with(|s| s.uploads.push(upload));
        self.answer(number, fault, api::BatonServiceUploadAssetResponse::default())
    }

    async fn finish_task(
        &self,
        request: Request<api::BatonServiceFinishTaskRequest>,
    ) -> Result<Response<api::BatonServiceFinishTaskResponse>, Status> {
        let (metadata, _, message) = request.into_parts();
        let id = message.task_id.clone();
        let (number, fault) =
            self.begin("FinishTask", &metadata, Some(&message), &id, &message.host_id).await?;
        let lost = matches!(fault, Some(Fault::Lost(_)));
        let wrong = self.with(|s| {
            let uploaded = s.uploads.iter().any(|u| u.task_id == id);
            let Some(offer) = s.offer(&id) else { return Some("it was never given out") };
            let code = message.status.as_ref().map_or(0, |status| status.code);
            // Told again because the answer was lost.
            if offer.finish.as_ref() == Some(&message) && offer.lost {
                return None;
            }
            let wrong = match &message.final_state {
                Some(FinalState::Success(_)) if code != 0 => Some("a success has a status"),
                Some(FinalState::Success(_))
                    if matches!(offer.task.task_type, Some(TaskType::SyncFull(_))) && !uploaded =>
                {
                    Some("a sync without an upload is no success")
                }
                Some(FinalState::Error(error)) if code == 0 || error.response.is_some() => {
                    Some("an error has a code and no response")
                }
                _ if offer.stage != Stage::Offered => Some("it is not given out, or finished already"),
                _ if matches!(offer.task.task_type, Some(TaskType::Hello(_))) => {
                    Some("a hello task has no end")
                }
                _ => None,
            };
            if wrong.is_none() {
                offer.stage = Stage::Done;
                offer.lost = lost;
                offer.finish = Some(message);
            }
            wrong
        });
        match wrong {
            Some(wrong) => Err(self.object(number, format!("FinishTask for {id}: {wrong}"))),
            None => self.answer(number, fault, api::BatonServiceFinishTaskResponse::default()),
        }
    }
}
