//! What this connector says about itself: its name, its resource types, and what can be done with each.

use super::provisioning;
use crate::{
    baton::{connector::TypeSpec, model::ResourceTypeBuilder},
    wire::v2::{self, resource_type::Trait},
};

/// The resource type of technicians and end users.
pub const USER: &str = "user";
/// The resource type of user roles.
pub const ROLE: &str = "role";

/// Name, description, and what an account is created from.
#[must_use]
pub(super) fn metadata() -> v2::ConnectorMetadata {
    v2::ConnectorMetadata {
        account_creation_schema: Some(provisioning::account_schema()),
        display_name: "NinjaOne".to_owned(),
        description: "Technicians, end users and user roles of a NinjaOne tenant".to_owned(),
        help_url: "https://www.ninjaone.com/docs/".to_owned(),
        ..Default::default()
    }
}

/// The type of users. They carry no entitlements of their own, so nobody needs to ask each of them.
#[must_use]
pub fn user_type() -> v2::ResourceType {
    ResourceTypeBuilder::new(USER, "User", "A technician or an end user")
        .with_trait(Trait::User)
        .annotated(&v2::SkipEntitlementsAndGrants::default())
        .build()
}

/// The type of roles.
#[must_use]
pub fn role_type() -> v2::ResourceType {
    ResourceTypeBuilder::new(ROLE, "Role", "A user role for technicians or for end users")
        .with_trait(Trait::Role)
        .build()
}

/// The types, in the order in which they are synced.
#[must_use]
pub(super) fn types() -> Vec<TypeSpec> {
    vec![
        TypeSpec {
            resource_type: user_type(),
            get: true,
            // NinjaOne makes passwords known to nobody: a new user gets an invitation.
            create_account: vec![v2::CapabilityDetailCredentialOption::NoPassword],
            delete: true,
            ..TypeSpec::default()
        },
        TypeSpec { resource_type: role_type(), get: true, provision: true, ..TypeSpec::default() },
    ]
}
