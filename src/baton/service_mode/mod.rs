//! Service mode: the worker of the control plane. It opens outgoing connections only.
//!
//! From the outside in:
//!
//! - [`Worker`]: the life of the daemon: say hello, ask for tasks, carry them out, finish or leave them when told to stop.
//! - `task`: one file per kind of work; every kind ends in an outcome, `finish` tells the control plane.
//! - `slots` and `heartbeat`: how many tasks at once, and staying the owner of a long one.
//! - [`ControlPlane`]: the calls, with token, deadline and a connection that heals.
//! - [`ClientId`], [`ClientSecret`] and `token`: who we are, and how that is proved.
//!
//! What a task does is not decided here: grants, accounts, actions and events go through the
//! [`Runtime`](crate::baton::runtime::Runtime), syncs through a [`SyncJob`].
//!
//! Waiting is done by tokio's timers, so that a paused runtime is a clock; the rest of time and chance is [`Clock`].

mod client_id;
mod clock;
mod connect;
mod control_plane;
mod credential;
mod error;
mod finish;
mod heartbeat;
mod hello;
mod host;
mod inbox;
mod observer;
mod outcome;
mod poll;
mod proxy;
mod scratch;
mod slots;
mod sync_job;
mod syncs;
mod task;
mod task_log;
mod token;
mod token_endpoint;
mod upload;
mod worker;

pub use client_id::ClientId;
pub use clock::Clock;
pub use connect::{Connect, Dial, Tls};
pub use control_plane::ControlPlane;
pub use credential::{ClientSecret, SecretFn};
pub use error::{CredentialError, ServiceError};
pub use hello::Program;
pub use host::{HostFacts, host_id};
pub use observer::{NoObserver, ServiceObserver};
pub use sync_job::{SyncFailure, SyncJob, SyncOrder};
pub use syncs::Syncs;
pub use task_log::{Keeping, TaskLogs};
pub use token::{FetchToken, NewToken};
pub use token_endpoint::TokenEndpoint;
pub use worker::{Options, Worker};
