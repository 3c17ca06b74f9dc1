//! The NinjaOne REST client.
//!
//! Goal: every call the connector makes to NinjaOne's public API v2, with answers that are true: a list is whole or an
//! error, a write is done, refused or admittedly unknown.
//!
//! Two layers. `transport` sends one exchange through authorization, retry, throttle and trace, each a decorator with
//! its own test. Above it one file per noun ([`users`](Client::list_users), technicians, end users, roles,
//! organizations, devices, activities) turns calls into requests and bodies into [`model`] types.
//!
//! Left to others: what a missing role list means for a sync, guards in front of writes, reading back after a lost
//! answer. Nothing here decides about access.
//!
//! Source of truth: the facts file of the NinjaOne API, sections 1 to 10.

mod activities;
mod client;
mod config;
mod devices;
mod end_users;
mod endpoint;
mod error;
mod error_body;
mod error_kind;
mod host;
mod list;
pub mod model;
mod oauth;
mod observer;
mod organizations;
mod paging;
mod reach;
mod roles;
mod secret;
pub mod splitter;
mod technicians;
#[cfg(test)]
mod testing;
mod token;
mod transport;
mod users;

pub use self::activities::{ActivityClass, ActivityQuery};
pub use self::client::{Client, Written};
pub use self::config::{ClientConfig, ConfigError, Grant, RetryPolicy, TokenKeeper};
pub use self::devices::DeviceFilter;
pub use self::end_users::{CreateEndUser, UpdateEndUser};
pub use self::endpoint::Endpoint;
pub use self::error::{Error, Outcome};
pub use self::error_kind::{ErrorKind, TimeoutKind};
pub use self::host::{Host, HostError};
pub use self::observer::{NoObserver, RequestEnd, RequestObserver, RequestReport};
pub use self::reach::{Reached, reach};
pub use self::secret::SecretSource;
pub use self::technicians::{CreateTechnician, UpdateTechnician};
pub use self::token::TokenInfo;
