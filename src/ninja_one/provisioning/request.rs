//! What a grant or revoke is about. The references inside entitlement and grant count; ids are only compared, never parsed.

use super::error::WriteError;
use crate::{
    baton::model::entitlement_id,
    ninja_one::{
        accounts,
        capabilities::{ROLE, USER},
        rest::model::{RoleId, UserId},
        roles::{ASSIGNED, RoleKey},
    },
    wire::v2,
};

/// A membership that somebody asks about.
pub(super) struct Membership {
    /// As given, for the audit trail.
    pub(super) role: String,
    /// As given.
    pub(super) account: String,
    pub(super) ids: Result<(RoleId, UserId), WriteError>,
}

/// Reads the role and the user, or says what is wrong with them. A principal given by its id alone will do.
pub(super) fn membership(
    entitlement: Option<&v2::Entitlement>,
    principal: Option<&v2::Resource>,
) -> Membership {
    let resource = entitlement.and_then(|e| e.resource.as_ref()).and_then(|r| r.id.as_ref());
    let principal = principal.and_then(|p| p.id.as_ref());
    let text = |id: Option<&v2::ResourceId>| id.map_or_else(String::new, |id| id.resource.clone());
    Membership { role: text(resource), account: text(principal), ids: read(entitlement, resource, principal) }
}

fn read(
    entitlement: Option<&v2::Entitlement>,
    resource: Option<&v2::ResourceId>,
    principal: Option<&v2::ResourceId>,
) -> Result<(RoleId, UserId), WriteError> {
    let unnamed = || WriteError::UnknownEntitlement("an entitlement without a resource".to_owned());
    let entitlement = entitlement.ok_or_else(unnamed)?;
    let resource = resource.filter(|id| id.resource_type == ROLE).ok_or_else(unnamed)?;
    let key = RoleKey::parse(&resource.resource)
        .ok_or_else(|| WriteError::UnknownRole(resource.resource.clone()))?;
    check(entitlement, resource)?;
    let role = match key {
        RoleKey::Role(id) => id,
        RoleKey::SystemAdministrator => return Err(WriteError::SystemAdministratorRole),
    };
    let principal = principal.ok_or_else(|| WriteError::NotAUser("principal without an id".to_owned()))?;
    if principal.resource_type != USER {
        return Err(WriteError::NotAUser(principal.resource_type.clone()));
    }
    let user = accounts::parse_id(&principal.resource);
    Ok((role, user.ok_or_else(|| WriteError::UnknownUser(principal.resource.clone()))?))
}

/// Clients send the whole entitlement or its id and resource only; whatever of it is there has to fit.
fn check(entitlement: &v2::Entitlement, resource: &v2::ResourceId) -> Result<(), WriteError> {
    let expected = entitlement_id(resource, ASSIGNED);
    let id_fits = entitlement.id.is_empty() || entitlement.id == expected;
    let slug_fits = entitlement.slug.is_empty() || entitlement.slug == ASSIGNED;
    let named = !entitlement.id.is_empty() || !entitlement.slug.is_empty();
    if id_fits && slug_fits && named {
        return Ok(());
    }
    let name = if id_fits { &entitlement.slug } else { &entitlement.id };
    Err(WriteError::UnknownEntitlement(format!("{name:?}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resource(resource_type: &str, id: &str) -> v2::Resource {
        let id =
            v2::ResourceId { resource_type: resource_type.into(), resource: id.into(), ..Default::default() };
        v2::Resource { id: Some(id), ..Default::default() }
    }

    fn asked(id: &str, slug: &str, role: &str, principal: (&str, &str)) -> Result<(i32, i32), WriteError> {
        let entitlement = v2::Entitlement {
            id: id.into(),
            slug: slug.into(),
            resource: Some(resource("role", role)),
            ..Default::default()
        };
        let principal = resource(principal.0, principal.1);
        membership(Some(&entitlement), Some(&principal)).ids.map(|(role, user)| (role.0, user.0))
    }

    #[test]
    fn an_entitlement_may_come_whole_or_by_id_or_by_slug() {
        let una = ("user", "21");
        for (id, slug) in [("role:7:assigned", "assigned"), ("role:7:assigned", ""), ("", "assigned")] {
            assert!(matches!(asked(id, slug, "7", una), Ok((7, 21))), "{id} {slug}");
        }
    }

    #[test]
    fn an_entitlement_of_another_role_or_name_is_refused() {
        let una = ("user", "21");
        for (id, slug) in
            [("role:8:assigned", "assigned"), ("role:7:owner", ""), ("role:7:assigned", "owner"), ("", "")]
        {
            let refused = asked(id, slug, "7", una);
            assert!(matches!(refused, Err(WriteError::UnknownEntitlement(_))), "{id} {slug} {refused:?}");
        }
    }

    #[test]
    fn what_can_be_no_role_or_user_of_ninjaone_is_refused_by_name() {
        let una = ("user", "21");
        assert!(matches!(
            asked("role:07:assigned", "", "07", una),
            Err(WriteError::UnknownRole(role)) if role == "07"
        ));
        assert!(matches!(
            asked("role:system-administrator:assigned", "", "system-administrator", una),
            Err(WriteError::SystemAdministratorRole)
        ));
        assert!(matches!(
            asked("role:7:assigned", "", "7", ("user", "+21")),
            Err(WriteError::UnknownUser(user)) if user == "+21"
        ));
        assert!(matches!(
            asked("role:7:assigned", "", "7", ("role", "21")),
            Err(WriteError::NotAUser(other)) if other == "role"
        ));
    }
}
