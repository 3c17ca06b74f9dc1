//! Builders for what a connector answers with, so that ids, mirrored fields and annotations come out the same everywhere.
//!
//! Identifiers are plain concatenations and can only be compared, never parsed: the references inside entitlements and
//! grants are what counts.

mod bid;
mod grant;
mod profile;
mod resource;

pub use bid::{Bid, BidError};
pub use grant::{assignment, entitlement_id, grant, grant_id};
pub use profile::{Profile, timestamp};
pub use resource::{Built, ResourceTypeBuilder, role, user};
