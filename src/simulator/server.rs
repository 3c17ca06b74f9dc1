//! The running simulator and what a test may ask of it.

use std::{
    fmt,
    future::IntoFuture,
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use secrecy::SecretString;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use super::{
    faults::Faults,
    forbidden::{Forbidden, Rule},
    line::{Cut, Lines},
    log::Request,
    options::Options,
    routes,
    state::{Shared, State},
    tenant::Tenant,
    tokens::Grant,
};

static STARTED: AtomicU64 = AtomicU64::new(0);

/// A NinjaOne that listens on one address until it is dropped or shut down.
pub struct Simulator {
    state: Shared,
    address: SocketAddr,
    stop: CancellationToken,
    task: Option<JoinHandle<io::Result<()>>>,
}

impl Simulator {
    /// Binds the address of the options and serves in the background of the current Tokio runtime.
    ///
    /// # Errors
    ///
    /// When the address cannot be bound.
    pub async fn start(options: Options) -> io::Result<Self> {
        let listener = TcpListener::bind(options.listen).await?;
        Self::serve(listener, options)
    }

    /// Serves on a listener that is bound already; `Options::listen` is not looked at.
    ///
    /// # Errors
    ///
    /// When the listener has no address.
    pub fn serve(listener: TcpListener, options: Options) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let stop = CancellationToken::new();
        let control = options.control;
        let state =
            Arc::new(State::new(options, format!("{address} {}", STARTED.fetch_add(1, Ordering::Relaxed))));
        let app = routes::router(&state, control);
        let lines = Lines { listener, stop: stop.child_token() };
        let server = axum::serve(lines, app.into_make_service_with_connect_info::<Cut>())
            .with_graceful_shutdown(stop.clone().cancelled_owned());
        let task = tokio::spawn(server.into_future());
        Ok(Self { state, address, stop, task: Some(task) })
    }

    /// The base URL, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The bound address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Id of the only API application.
    pub fn client_id(&self) -> &str {
        &self.state.client_id
    }

    /// Secret of the only API application.
    pub fn client_secret(&self) -> &SecretString {
        &self.state.client_secret
    }

    /// Looks at the data or changes it, as if somebody else had done so in the console.
    pub fn with_tenant<T>(&self, change: impl FnOnce(&mut Tenant) -> T) -> T {
        self.state.change(change)
    }

    /// Looks at the data without changing it; cheap, whatever its size.
    pub fn read_tenant<T>(&self, look: impl FnOnce(&Tenant) -> T) -> T {
        self.state.read(look)
    }

    /// A copy of the data.
    pub fn tenant(&self) -> Tenant {
        self.state.read(Tenant::clone)
    }

    /// The faults; see [`Faults::on`].
    pub fn faults(&self) -> &Faults {
        &self.state.faults
    }

    /// All requests so far, oldest first, token requests among them.
    pub fn requests(&self) -> Vec<Request> {
        self.state.log.all()
    }

    /// The writes among the requests, whether carried out or not; token requests are none.
    pub fn writes(&self) -> Vec<Request> {
        self.requests().into_iter().filter(Request::is_write).collect()
    }

    /// How many requests had this method and exactly this path.
    pub fn count(&self, method: &str, path: &str) -> usize {
        self.state.log.count(method, path)
    }

    /// Empties the request log.
    pub fn clear_requests(&self) {
        self.state.log.clear();
    }

    /// Every rule a client broke so far; a correct client leaves this empty.
    pub fn forbidden(&self) -> Vec<Forbidden> {
        self.state.forbidden()
    }

    /// The broken rules alone, in order.
    pub fn broken_rules(&self) -> Vec<Rule> {
        self.forbidden().into_iter().map(|forbidden| forbidden.rule).collect()
    }

    /// Empties the list of broken rules.
    pub fn clear_forbidden(&self) {
        self.state.clear_forbidden();
    }

    /// Every token and code given out so far, for a test that looks for them where they do not belong.
    pub fn given_out(&self) -> Vec<SecretString> {
        self.state.tokens(|tokens| tokens.all().map(|token| token.as_str().into()).collect())
    }

    /// Makes every access token given out so far useless.
    pub fn revoke_tokens(&self) {
        self.state.tokens(|tokens| tokens.revoke_all_access());
    }

    /// Makes every refresh token given out so far useless.
    pub fn revoke_refresh_tokens(&self) {
        self.state.tokens(|tokens| tokens.revoke_all_refresh());
    }

    /// An access token as an application gets one by client credentials.
    pub fn machine_token(&self, scopes: &[&str]) -> SecretString {
        self.access(scopes, None)
    }

    /// An access token of a person who signed in.
    pub fn user_token(&self, user: i32, scopes: &[&str]) -> SecretString {
        self.access(scopes, Some(user))
    }

    /// A refresh token of a person who signed in with these scopes and `offline_access`.
    pub fn refresh_token(&self, user: i32, scopes: &[&str]) -> SecretString {
        let mut grant = grant(scopes, Some(user));
        grant.scopes.push("offline_access".to_owned());
        self.state.tokens(|tokens| tokens.issue_refresh(grant)).into()
    }

    fn access(&self, scopes: &[&str], user: Option<i32>) -> SecretString {
        let (now, lifetime) = (self.state.now(), self.state.token_lifetime);
        self.state.tokens(|tokens| tokens.issue_access(grant(scopes, user), now, lifetime)).into()
    }

    /// Stops at once: open connections end, the address is free when this returns.
    pub async fn shutdown(mut self) {
        self.stop.cancel();
        if let Some(task) = self.task.take() {
            // The server ends when told to; how it ended concerns nobody any more.
            let _ = task.await;
        }
    }
}

fn grant(scopes: &[&str], user: Option<i32>) -> Grant {
    Grant { scopes: scopes.iter().map(|&scope| scope.to_owned()).collect(), user, public: false }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl fmt::Debug for Simulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulator").field("address", &self.address).finish_non_exhaustive()
    }
}
