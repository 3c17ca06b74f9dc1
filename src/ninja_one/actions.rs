//! Actions on accounts: what there is, what they take, and what they answer.
//!
//! There is none that disables or enables an account: no call of NinjaOne's API can.

use std::sync::Arc;

use prost_types::{ListValue, Struct, Value, value::Kind};

use super::{
    accounts,
    capabilities::USER,
    provisioning::{Change, Provisioner, WriteError},
    rest::model::{OrganizationId, UserId},
};
use crate::{
    baton::connector::{Call, ConnectorError, argument, resource_id},
    wire::{
        c1::config::v1::{
            BoolField, Constraint, ConstraintKind, Field, ResourceIdField, ResourceIdRules, StringField,
            StringRules, StringSliceField, field::Field as Typed,
        },
        v2::{ActionType, BatonActionSchema},
    },
};

/// Changes names; of an end user also organization and portal access.
pub const UPDATE_PROFILE: &str = "update_profile";
/// Takes an account out of every role.
pub const REMOVE_ALL_ROLES: &str = "remove_all_roles";

/// The schemas of all actions.
pub(super) fn schemas() -> Vec<BatonActionSchema> {
    vec![
        BatonActionSchema {
            name: UPDATE_PROFILE.to_owned(),
            display_name: "Update profile".to_owned(),
            description: "Changes the names of a user, and of an end user also the organization and the portal \
                          access. E-mail and phone cannot be changed through the API"
                .to_owned(),
            arguments: vec![
                user(),
                text("first_name", "First name", "1 to 150 characters"),
                text("last_name", "Last name", "1 to 150 characters"),
                text("organization_id", "Organization", "The numeric id of another home organization; end users only"),
                flag("full_portal_access", "Full portal access", "Sees the whole organization; end users only"),
            ],
            constraints: vec![Constraint {
                kind: ConstraintKind::AtLeastOne.into(),
                field_names: ["first_name", "last_name", "organization_id", "full_portal_access"]
                    .map(str::to_owned)
                    .to_vec(),
                name: "something_to_change".to_owned(),
                ..Default::default()
            }],
            return_types: vec![
                flag("success", "Success", "The profile is as wished"),
                flag("changed", "Changed", "It was not so before"),
            ],
            action_type: vec![ActionType::Account.into(), ActionType::AccountUpdateProfile.into()],
            resource_type_id: String::new(),
        },
        BatonActionSchema {
            name: REMOVE_ALL_ROLES.to_owned(),
            display_name: "Remove all roles".to_owned(),
            description: "Takes a user out of every user role. The account stays enabled, because the API cannot \
                          disable it, and permissions that were given to it by hand in the console may take effect \
                          again. Refused for System Administrators, who need no role"
                .to_owned(),
            arguments: vec![user()],
            return_types: vec![
                flag("success", "Success", "The user is in no role"),
                Field {
                    field: Some(Typed::StringSliceField(StringSliceField::default())),
                    ..field("removed_roles", "Removed roles", "The ids of the roles that the user was taken out of")
                },
            ],
            action_type: vec![ActionType::Account.into()],
            ..Default::default()
        },
    ]
}

/// Carries an action out.
pub(super) async fn invoke(
    provisioner: &Arc<Provisioner>,
    call: &Call,
    name: &str,
    args: &Struct,
) -> Result<Struct, ConnectorError> {
    match name {
        UPDATE_PROFILE => {
            let (user, change) = read_update(args).map_err(WriteError::into_failure)?;
            let updated = provisioner.update(call, user, change).await?;
            Ok(answer([("changed", Kind::BoolValue(updated.changed))]))
        }
        REMOVE_ALL_ROLES => {
            let user = read_user(args).map_err(WriteError::into_failure)?;
            let stripped = provisioner.remove_all_roles(call, user).await?;
            let text = |id: &_| Value { kind: Some(Kind::StringValue(format!("{id}"))) };
            let removed = ListValue { values: stripped.removed.iter().map(text).collect() };
            Ok(answer([("removed_roles", Kind::ListValue(removed))]))
        }
        _ => Err(ConnectorError::no_action(name)),
    }
}

fn answer<const N: usize>(fields: [(&str, Kind); N]) -> Struct {
    let fields = fields.into_iter().chain([("success", Kind::BoolValue(true))]);
    let fields = fields.map(|(name, kind)| (name.to_owned(), Value { kind: Some(kind) }));
    Struct { fields: fields.collect() }
}

fn read_user(args: &Struct) -> Result<UserId, WriteError> {
    let wrong =
        || WriteError::InvalidArguments(vec!["user_id: must name a resource of the type user".to_owned()]);
    let id = argument(args, "user_id").and_then(resource_id).filter(|id| id.resource_type == USER);
    let id = id.ok_or_else(wrong)?;
    accounts::parse_id(&id.resource).ok_or(WriteError::UnknownUser(id.resource))
}

fn read_update(args: &Struct) -> Result<(UserId, Change), WriteError> {
    let user = read_user(args)?;
    let mut mistakes = Vec::new();
    let mut name = |key: &str| {
        let Kind::StringValue(text) = argument(args, key)? else { return None };
        let text = text.trim();
        if text.is_empty() || text.chars().any(char::is_control) {
            mistakes.push(format!("{key}: must not be blank or contain control characters"));
        }
        Some(text.to_owned())
    };
    let (first_name, last_name, organization) =
        (name("first_name"), name("last_name"), name("organization_id"));
    let organization = organization.and_then(|text| {
        let id = accounts::parse_id(&text).map(|id| OrganizationId(id.0));
        if id.is_none() {
            mistakes.push("organization_id: must be the numeric id of an organization".to_owned());
        }
        id
    });
    let full_portal_access = match argument(args, "full_portal_access") {
        Some(Kind::BoolValue(flag)) => Some(*flag),
        _ => None,
    };
    if !mistakes.is_empty() {
        return Err(WriteError::InvalidArguments(mistakes));
    }
    Ok((user, Change { first_name, last_name, organization, full_portal_access }))
}

fn field(name: &str, display_name: &str, description: &str) -> Field {
    Field {
        name: name.to_owned(),
        display_name: display_name.to_owned(),
        description: description.to_owned(),
        ..Default::default()
    }
}

fn user() -> Field {
    let rules = ResourceIdRules { allowed_resource_type_ids: vec![USER.to_owned()] };
    Field {
        is_required: true,
        field: Some(Typed::ResourceIdField(ResourceIdField { rules: Some(rules), ..Default::default() })),
        ..field("user_id", "User", "The technician or end user")
    }
}

fn text(name: &str, display_name: &str, description: &str) -> Field {
    let rules = StringRules { min_len: Some(1), max_len: Some(150), ..Default::default() };
    Field {
        field: Some(Typed::StringField(StringField { rules: Some(rules), ..Default::default() })),
        ..field(name, display_name, description)
    }
}

fn flag(name: &str, display_name: &str, description: &str) -> Field {
    Field { field: Some(Typed::BoolField(BoolField::default())), ..field(name, display_name, description) }
}
