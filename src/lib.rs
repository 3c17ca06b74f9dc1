//! The Baton connector for NinjaOne: who can do what there, and the means to change it.
//!
//! In reading order:
//!
//! - [`wire`]: the Baton messages, their validation rules and their JSON form.
//! - [`baton`]: the Baton runtime. It has never heard of NinjaOne; its door is the trait
//!   `Connector`.
//! - [`ninja_one`]: the connector behind that door: NinjaOne's REST API as resources, entitlements and grants.
//! - [`simulator`]: an in-memory NinjaOne over HTTP, for the demo, the tests and the benches.
//! - [`config`] and [`telemetry`]: settings, logs, traces and metrics, as plain values that know no room.
//! - [`cli`]: the commands, and how results are printed.

pub mod baton;
pub mod cli;
pub mod config;
pub mod ninja_one;
pub mod simulator;
pub mod telemetry;
pub mod wire;
