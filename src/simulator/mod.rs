//! An in-memory NinjaOne over HTTP: for the demo, the tests, the benches, and for people without an account.
//!
//! It is as strict as the public REST API v2 is known to be, and where the API's behaviour is unknown a
//! [`Behaviour`] switch lets a test try both sides. It knows nothing of the rest of the project and has its own
//! small models, so that a wrong model in the connector cannot hide behind the same mistake here.
//!
//! In reading order:
//!
//! - [`Tenant`]: the data, generated ([`Size`]) or built by hand, free to be changed at any time.
//! - [`Simulator`] and [`Options`]: the running server.
//! - [`Faults`]: what goes wrong, where and how often.
//! - [`Request`] and [`Forbidden`]: what the client sent, and what it never should have sent.
//!
//! Left to others: TLS, the network beyond one address, persistence. Nothing here is random.

mod activities;
mod body;
mod caller;
mod control;
mod devices;
mod end_users;
mod errors;
mod faults;
mod field;
mod filter;
mod forbidden;
mod gate;
mod generate;
mod inventory;
mod line;
mod log;
mod names;
mod oauth;
mod options;
mod organizations;
mod paging;
mod params;
mod people;
mod roles;
mod routes;
mod scripts;
mod server;
mod spoil;
mod state;
mod technicians;
mod tenant;
mod tokens;
mod users;
mod views;

#[cfg(test)]
mod tests;

pub use faults::{Fault, FaultRule, Faults, RetryAfter};
pub use field::{Field, Stamp};
pub use forbidden::{Forbidden, Rule};
pub use generate::Size;
pub use inventory::{Activity, ActivityClass, Device, DeviceRole, Location, Organization, Script};
pub use log::Request;
pub use options::{Behaviour, Clock, MemberAnswer, Options, PageOrder, Paging, Repeats};
pub use people::{Member, Role, User, UserKind, Users};
pub use server::Simulator;
pub use tenant::Tenant;
