//! The Baton wire contract in Rust: the messages, clients and servers generated from `proto/`, their validation rules, and
//! their JSON form. Everything else in the project speaks these types.

// Generated code answers to its generator, not to our lints.
#[allow(
    missing_docs,
    unreachable_pub,
    rust_2018_idioms,
    clippy::all,
    clippy::unwrap_used,
    clippy::clone_on_ref_ptr
)]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/wire.rs"));
}
mod any;
mod json;
mod validate;

pub use any::{ANY_PREFIX, find, pack, unpack};
pub use generated::{baton, c1, google};
pub use json::{from_json, pool, to_json};
pub use validate::{Validate, Violation};

pub use c1::connector::v2;
pub use c1::connectorapi::baton::v1 as api;

/// The compiled contract, as a serialised `google.protobuf.FileDescriptorSet`, for reflection and for tests.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/wire.bin"));
