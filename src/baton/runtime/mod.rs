//! One answer for every door.
//!
//! The gRPC services, service mode and the one-shot command line all speak to a [`Runtime`]: it checks a request against the
//! rules of the contract, then the provisioning gate, then whether the connector has the ability at all, and only then calls
//! the connector. Messages and order are those of the reference, so that a client cannot tell the doors apart.

mod about;
mod actions;
mod arguments;
mod events;
mod listing;
mod provisioning;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::SystemTime,
};

use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;
use tonic::Status;

use self::actions::ActionRuns;
use crate::{
    baton::connector::{Connector, ConnectorError, TypeSpec},
    wire::Validate,
};

pub use about::SDK_VERSION;

/// How many writes may be under way at once in the process; more wait for their turn.
const WRITES_AT_ONCE: usize = 16;

/// What the operator has switched on.
#[derive(Debug, Clone, Copy, Default)]
pub struct Gates {
    /// Grants, revokes, accounts and resources may be changed.
    pub provisioning: bool,
    /// Tickets may be listed and created.
    pub ticketing: bool,
}

/// A connector, ready to be served.
pub struct Runtime {
    connector: Arc<dyn Connector>,
    gates: Gates,
    actions: ActionRuns,
    writes: TaskTracker,
    turns: Arc<Semaphore>,
    validated: AtomicBool,
}

impl Runtime {
    /// Serves a connector behind the gates.
    #[must_use]
    pub fn new(connector: Arc<dyn Connector>, gates: Gates) -> Arc<Self> {
        let turns = Arc::new(Semaphore::new(WRITES_AT_ONCE));
        let (actions, writes) = (ActionRuns::default(), TaskTracker::new());
        Arc::new(Self { connector, gates, actions, writes, turns, validated: AtomicBool::new(false) })
    }

    /// The connector behind it.
    #[must_use]
    pub fn connector(&self) -> &Arc<dyn Connector> {
        &self.connector
    }

    /// What the operator has switched on.
    #[must_use]
    pub fn gates(&self) -> Gates {
        self.gates
    }

    /// Whether the connector has proved once that it can work.
    #[must_use]
    pub fn has_validated(&self) -> bool {
        self.validated.load(Ordering::Acquire)
    }

    /// Resolves when no write is under way any more; none may begin after this.
    ///
    /// Cancel safe: dropping it leaves the writes running.
    pub async fn drain(&self) {
        self.turns.close();
        self.writes.close();
        self.writes.wait().await;
    }

    fn spec(&self, resource_type: &str) -> Option<&TypeSpec> {
        self.connector.types().iter().find(|t| t.resource_type.id == resource_type)
    }

    /// The type, or the documented refusal of a listing.
    fn listed(&self, what: &str, resource_type: &str) -> Result<&TypeSpec, Status> {
        let unknown =
            || Status::not_found(format!("error: {what} with unknown resource type {resource_type}"));
        self.spec(resource_type).ok_or_else(unknown)
    }
}

/// Refuses a request that breaks a rule of the contract.
fn check<M: Validate>(request: &M) -> Result<(), Status> {
    request.validate().map_err(|violation| Status::invalid_argument(violation.to_string()))
}

/// The connector's failure as the caller sees it; what lies behind it goes to the log.
fn failed(doing: &str, error: ConnectorError) -> Status {
    let prefixed = error.prefixed(doing);
    tracing::warn!(
        code = ?prefixed.code(),
        reason = prefixed.reason_code(),
        error = %prefixed,
        cause = prefixed.chain().as_deref().unwrap_or_default(),
        "call failed"
    );
    prefixed.to_status(SystemTime::now())
}
