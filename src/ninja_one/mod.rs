//! The connector: NinjaOne as resources, entitlements and grants.

pub mod rest;
