//! The connector: NinjaOne as resources, entitlements and grants.
//!
//! Layers, from NinjaOne outwards: [`rest`] speaks its API, [`directory`] holds one consistent state of the tenant,
//! [`accounts`] and [`roles`] turn that into the messages of the contract, `provisioning` and [`actions`] write, and
//! [`NinjaOne`] is the whole behind the runtime's port. What each id, slug and profile key means is written down in docs/data-model.md; once released, none of
//! them changes its meaning.

pub mod accounts;
pub mod actions;
pub mod capabilities;
mod connector;
pub mod directory;
mod failure;
mod position;
mod provisioning;
pub mod rest;
pub mod roles;
mod validate;

pub use connector::{NinjaOne, Options};
pub use failure::{DOMAIN, errors_page};
pub use provisioning::{Clock, Policy, WriteListener};
