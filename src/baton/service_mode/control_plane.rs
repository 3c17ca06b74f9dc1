//! The calls to the control plane: each with the token, a deadline and a connection that heals.

use std::{
    fmt,
    future::Future,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use futures::Stream;
use tokio::time::timeout;
use tonic::{Code, Request, Response, Status, transport::Channel};

use super::{
    FetchToken,
    connect::Dial,
    token::{Token, Tokens},
};
use crate::wire::api::{self, baton_service_client::BatonServiceClient as Client};

/// For calls that carry little.
const DEADLINE: Duration = Duration::from_secs(30);
/// A poll may be held open by the control plane until there is something to do.
const POLL_DEADLINE: Duration = Duration::from_secs(90);
/// For one attempt at an upload, however large.
const UPLOAD_DEADLINE: Duration = Duration::from_secs(3600);
/// A task quotes whole resources, and a batch holds up to a hundred of them.
const LARGEST_ANSWER: usize = 16 * 1024 * 1024;

/// The control plane as we call it. Shared by all tasks.
pub struct ControlPlane {
    dial: Dial,
    channel: RwLock<Channel>,
    tokens: Tokens,
    host_id: String,
}

impl fmt::Debug for ControlPlane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ControlPlane").field("host_id", &self.host_id).finish_non_exhaustive()
    }
}

impl ControlPlane {
    /// Calls over the channels of `dial`, with the tokens of `tokens`, in the name of the replica `host_id`. Must be made within
    /// a tokio runtime; nothing is sent yet.
    #[must_use]
    pub fn new(dial: Dial, tokens: Arc<dyn FetchToken>, host_id: String) -> Self {
        let channel = RwLock::new(dial());
        Self { dial, channel, tokens: Tokens::new(tokens), host_id }
    }

    /// The name of this replica.
    pub(super) fn host_id(&self) -> String {
        self.host_id.clone()
    }

    pub(super) async fn hello(&self, mut request: api::BatonServiceHelloRequest) -> Result<(), Status> {
        request.host_id = self.host_id();
        self.call(DEADLINE, &request, |mut c, r| async move { c.hello(r).await }).await.map(drop)
    }

    pub(super) async fn get_task(&self) -> Result<api::BatonServiceGetTaskResponse, Status> {
        let request = api::BatonServiceGetTaskRequest { host_id: self.host_id() };
        self.call(POLL_DEADLINE, &request, |mut c, r| async move { c.get_task(r).await }).await
    }

    pub(super) async fn get_tasks(
        &self,
        page_size: u32,
        known_task_ids: Vec<String>,
    ) -> Result<api::BatonServiceGetTasksResponse, Status> {
        let host_id = self.host_id();
        let request =
            api::BatonServiceGetTasksRequest { host_id, page_size, known_task_ids, ..Default::default() };
        self.call(POLL_DEADLINE, &request, |mut c, r| async move { c.get_tasks(r).await }).await
    }

    pub(super) async fn heartbeat(
        &self,
        task_id: &str,
    ) -> Result<api::BatonServiceHeartbeatResponse, Status> {
        let (host_id, task_id) = (self.host_id(), task_id.to_owned());
        let request = api::BatonServiceHeartbeatRequest { host_id, task_id, ..Default::default() };
        self.call(DEADLINE, &request, |mut c, r| async move { c.heartbeat(r).await }).await
    }

    pub(super) async fn finish(&self, request: &api::BatonServiceFinishTaskRequest) -> Result<(), Status> {
        self.call(DEADLINE, request, |mut c, r| async move { c.finish_task(r).await }).await.map(drop)
    }

    /// Sends one asset. The stream is made anew when the token proves to be refused.
    pub(super) async fn upload<S>(&self, parts: impl Fn() -> S) -> Result<(), Status>
    where
        S: Stream<Item = api::BatonServiceUploadAssetRequest> + Send + 'static,
    {
        let send = |channel: Client<Channel>, token: Token| {
            let request = authorized(parts(), &token, UPLOAD_DEADLINE);
            let mut client = channel;
            async move { client.upload_asset(request).await }
        };
        self.attempts(UPLOAD_DEADLINE, send).await.map(drop)
    }

    async fn call<Q, A, F>(
        &self,
        deadline: Duration,
        message: &Q,
        send: impl Fn(Client<Channel>, Request<Q>) -> F,
    ) -> Result<A, Status>
    where
        Q: Clone,
        F: Future<Output = Result<Response<A>, Status>>,
    {
        self.attempts(deadline, |client, token| send(client, authorized(message.clone(), &token, deadline)))
            .await
    }

    /// Once, and once more with another token if the first one is refused.
    async fn attempts<A, F>(
        &self,
        deadline: Duration,
        send: impl Fn(Client<Channel>, Token) -> F,
    ) -> Result<A, Status>
    where
        F: Future<Output = Result<Response<A>, Status>>,
    {
        let token = self.tokens.current().await?;
        match self.within(deadline, send(self.client(), token.clone())).await {
            Err(status) if status.code() == Code::Unauthenticated => {
                let other = self.tokens.renewed(&token).await?;
                self.within(deadline, send(self.client(), other)).await
            }
            outcome => outcome,
        }
    }

    async fn within<A>(
        &self,
        deadline: Duration,
        call: impl Future<Output = Result<Response<A>, Status>>,
    ) -> Result<A, Status> {
        if let Ok(answer) = timeout(deadline, call).await {
            return answer.map(Response::into_inner);
        }
        // Nothing came back at all: the connection may be dead without knowing it.
        *self.channel.write().unwrap_or_else(PoisonError::into_inner) = (self.dial)();
        let text = format!("the control plane did not answer within {} s", deadline.as_secs());
        Err(Status::deadline_exceeded(text))
    }

    fn client(&self) -> Client<Channel> {
        let channel = self.channel.read().unwrap_or_else(PoisonError::into_inner).clone();
        Client::new(channel).max_decoding_message_size(LARGEST_ANSWER)
    }
}

/// How much longer the other side is told that a call holds. The transport keeps that time as well, and a connection is only
/// replaced when it is we who have lost patience.
const SLACK: Duration = Duration::from_secs(5);

fn authorized<Q>(message: Q, token: &Token, deadline: Duration) -> Request<Q> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", token.header());
    request.set_timeout(deadline + SLACK);
    request
}
