//! The Baton runtime: everything that is the same for every application.
//!
//! Goal: whoever writes a connector implements [`connector::Connector`] and gets the gRPC daemon, the `.c1z` file, the
//! one-shot command line and service mode. Layers, from the application outwards:
//!
//! - [`connector`]: the port, the one trait between this room and an application.
//! - [`model`]: builders for what a connector answers with: resources, traits, entitlements, grants, ids.
//! - [`runtime`]: one answer for every door: rules, gates and documented refusals in front of the connector.
//! - [`readiness`]: named conditions: what others have to provide before work can be done.
//! - [`server`]: the gRPC daemon.
//! - [`c1z`]: the `.c1z` file, written in bulk and replaced as a whole, read with its memory bounded.
//! - [`local`]: one-shot work from the command line.
//! - [`sync`]: walks a connector in protocol order into a sink, such as a `.c1z` file.
//! - [`service_mode`]: the control plane's worker.

pub mod c1z;
pub mod connector;
pub mod ksuid;
pub mod local;
pub mod model;
mod patience;
pub mod readiness;
pub mod runtime;
pub mod server;
pub mod service_mode;
pub mod sync;
