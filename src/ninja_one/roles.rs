//! User roles as resources of the type `role`, each with one entitlement, and who holds it.
//!
//! System Administrator is a flag on an account, not a role of NinjaOne. It is shown as a role of its own, because it is the
//! most powerful thing that anybody can hold there; no call sets or clears the flag, so it is marked immutable.

use prost_types::Any;

use super::{
    accounts::{self, clip},
    capabilities::{ROLE, user_type},
    directory::{Fact, Role, Snapshot},
    position,
    rest::model::RoleId,
};
use crate::{
    baton::{
        connector::{ConnectorError, Page, PageFill, PageRequest},
        model::{self, Built, Profile},
    },
    wire::{pack, v2},
};

/// The slug of the entitlement that every role has.
pub const ASSIGNED: &str = "assigned";
/// The id of the role that stands for the System Administrator flag.
pub const SYSTEM_ADMINISTRATOR: &str = "system-administrator";

/// A role that a resource id may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoleKey {
    /// A role of NinjaOne.
    Role(RoleId),
    /// The flag.
    SystemAdministrator,
}

impl RoleKey {
    /// What the id names; `None` for what no role of ours can be.
    #[must_use]
    pub fn parse(id: &str) -> Option<Self> {
        if id == SYSTEM_ADMINISTRATOR {
            return Some(Self::SystemAdministrator);
        }
        let number: i32 = id.parse().ok()?;
        (number.to_string() == id).then_some(Self::Role(RoleId(number)))
    }

    fn text(self) -> String {
        match self {
            Self::Role(id) => id.to_string(),
            Self::SystemAdministrator => SYSTEM_ADMINISTRATOR.to_owned(),
        }
    }
}

/// A role's id as a resource.
#[must_use]
pub fn resource_id(key: RoleKey) -> v2::ResourceId {
    v2::ResourceId { resource_type: ROLE.to_owned(), resource: key.text(), ..Default::default() }
}

/// A page of roles: NinjaOne's by id, then the System Administrator.
pub(super) fn page(snapshot: &Snapshot, request: &PageRequest) -> Result<Page<v2::Resource>, ConnectorError> {
    let start = position::parse(ROLE, &request.token)?;
    let roles = snapshot.roles_after(start);
    let mut page = PageFill::new(request, roles.len() + 1);
    let mut last = start;
    let next = |last: Option<i32>| last.map(|id| position::after(ROLE, id));
    for role in roles {
        if page.push(resource(&role)).is_err() {
            return Ok(page.finish(next(last)));
        }
        last = Some(role.id().0);
    }
    match page.push(system_administrator()) {
        Ok(()) => Ok(page.finish(None)),
        Err(_) => Ok(page.finish(next(last))),
    }
}

/// One role; `None` when it is not there.
pub(super) fn find(snapshot: &Snapshot, id: &str) -> Option<v2::Resource> {
    match RoleKey::parse(id)? {
        RoleKey::SystemAdministrator => Some(system_administrator()),
        RoleKey::Role(id) => snapshot.role(id).map(|r| resource(&r)),
    }
}

/// A role of NinjaOne.
#[must_use]
pub fn resource(role: &Role<'_>) -> v2::Resource {
    let name = role.name().map_or_else(|| format!("Role {}", role.id()), |n| clip(n, 1024).to_owned());
    let profile = Profile::new()
        .text("role_type", role.kind().map(str::to_lowercase))
        .text("name", role.name())
        .text("description", role.description());
    let built = Built {
        id: resource_id(RoleKey::Role(role.id())),
        display_name: name,
        profile: profile.build(),
        ..Built::default()
    };
    let description = clip(role.description().unwrap_or_default(), 2048).to_owned();
    v2::Resource { description, ..model::role(built) }
}

/// The role that stands for the flag.
#[must_use]
pub fn system_administrator() -> v2::Resource {
    let profile = Profile::new()
        .text("role_type", Some("technician"))
        .text("name", Some("System Administrator"))
        .flag("synthetic", Some(true));
    let built = Built {
        id: resource_id(RoleKey::SystemAdministrator),
        display_name: "System Administrator".to_owned(),
        profile: profile.build(),
        ..Built::default()
    };
    let description = "Full access to the whole tenant; set in the NinjaOne console only".to_owned();
    v2::Resource { description, ..model::role(built) }
}

/// The one entitlement of a role: to hold it.
#[must_use]
pub(super) fn entitlement(key: RoleKey, resource: &v2::Resource) -> v2::Entitlement {
    let mut entitlement = model::assignment(resource, ASSIGNED, &[user_type()]);
    entitlement.display_name = clip(&format!("{} role", resource.display_name), 1024).to_owned();
    entitlement.description =
        clip(&format!("Holds the NinjaOne role {}", resource.display_name), 2048).to_owned();
    if key == RoleKey::SystemAdministrator {
        entitlement.annotations.push(pack(&v2::EntitlementImmutable::default()));
    }
    entitlement
}

/// A page of those who hold a role; `None` when the role is not there.
pub(super) fn grants(
    snapshot: &Snapshot,
    key: RoleKey,
    request: &PageRequest,
) -> Result<Option<Page<v2::Grant>>, ConnectorError> {
    let listing = format!("grants-{}", key.text());
    let start = position::parse(&listing, &request.token)?;
    let role = resource_id(key);
    let page = match key {
        RoleKey::Role(id) => {
            let Some(found) = snapshot.role(id) else { return Ok(None) };
            let members = found.members_after(start);
            let expected = members.len();
            let grants = members.map(|m| (m.account.0, grant(&role, m.account, m.source)));
            fill(&listing, request, expected, grants)
        }
        RoleKey::SystemAdministrator => {
            let administrators =
                snapshot.accounts_after(start).filter(|a| a.fact(Fact::Administrator) == Some(true));
            let grants = administrators.map(|a| (a.id().0, administrator_grant(&role, a.id())));
            fill(&listing, request, 0, grants)
        }
    };
    Ok(Some(page))
}

/// A membership as a grant. Its source, in NinjaOne's word, goes with it.
#[must_use]
pub(super) fn grant(
    role: &v2::ResourceId,
    account: crate::ninja_one::rest::model::UserId,
    source: Option<&str>,
) -> v2::Grant {
    let mut grant = model::grant(role, ASSIGNED, &accounts::resource_id(account));
    grant.annotations.extend(source.map(source_annotation));
    grant
}

fn source_annotation(source: &str) -> Any {
    pack(&v2::GrantMetadata { metadata: Profile::new().text("source", Some(source)).build() })
}

fn administrator_grant(role: &v2::ResourceId, account: crate::ninja_one::rest::model::UserId) -> v2::Grant {
    let mut grant = model::grant(role, ASSIGNED, &accounts::resource_id(account));
    grant.annotations.push(pack(&v2::GrantImmutable::default()));
    grant
}

fn fill(
    listing: &str,
    request: &PageRequest,
    expected: usize,
    grants: impl Iterator<Item = (i32, v2::Grant)>,
) -> Page<v2::Grant> {
    let mut page = PageFill::new(request, expected);
    let mut last = None;
    for (account, grant) in grants {
        if page.push(grant).is_err() {
            return page.finish(last.map(|id| position::after(listing, id)));
        }
        last = Some(account);
    }
    page.finish(None)
}
