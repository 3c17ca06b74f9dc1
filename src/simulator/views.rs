//! The shapes of accounts and roles in answers. Each names its fields as the API does and borrows the data.

use std::collections::{BTreeMap, HashMap};

use serde::{Serialize, Serializer, ser::SerializeSeq};
use serde_json::{Map, Value};

use super::{
    field::Field,
    inventory::Device,
    people::{Role, User, Users},
};

/// What is derived from the rest of the tenant for one account.
#[derive(Default)]
pub(super) struct Owned<'a>(HashMap<&'a str, Vec<i32>>);

impl<'a> Owned<'a> {
    pub(super) fn of(devices: &'a [Device]) -> Self {
        let mut owned: HashMap<&str, Vec<i32>> = HashMap::new();
        for device in devices {
            if let Some(uid) = device.assigned_owner_uid.value() {
                owned.entry(uid).or_default().push(device.id);
            }
        }
        Self(owned)
    }

    fn by(&self, user: &User) -> &[i32] {
        self.0.get(user.uid.as_str()).map_or(&[], Vec::as_slice)
    }
}

/// Role names by account.
pub(super) fn role_names(roles: &[Role]) -> HashMap<i32, Vec<&str>> {
    let mut names: HashMap<i32, Vec<&str>> = HashMap::new();
    for role in roles {
        for member in &role.members {
            names.entry(member.user).or_default().push(role.name.text());
        }
    }
    names
}

macro_rules! shapes {
    ($($(#[$doc:meta])* struct $name:ident { $($plain:ident: $plain_type:ty,)* ; $($field:ident: $type:ty,)* })*) => {
        $($(#[$doc])*
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        pub(super) struct $name<'a> {
            $($plain: $plain_type,)*
            $(#[serde(skip_serializing_if = "Field::is_absent")] $field: Field<$type>,)*
            #[serde(flatten)]
            extra: &'a BTreeMap<String, Value>,
        })*
    };
}

shapes! {
    /// `User`, of `/v2/users` and an organization's end users.
    struct UserView {
        id: i32, uid: &'a str, assigned_device_ids: &'a [i32], ;
        first_name: &'a String, last_name: &'a String, email: &'a String, phone: &'a String, enabled: &'a bool,
        administrator: &'a bool, permit_all_clients: &'a bool, notify_all_clients: &'a bool,
        must_change_pw: &'a bool, mfa_configured: &'a bool, user_type: &'a String,
        invitation_status: &'a String, organization_id: &'a i32, device_ids: &'a Vec<i32>,
        tags: &'a Vec<String>, fields: &'a Map<String, Value>, roles: &'a [&'a str],
    }
    /// `Technician`, of the technician paths; it has no roles and no organization.
    struct TechnicianView {
        id: i32, uid: &'a str, assigned_device_ids: &'a [i32], ;
        enabled: &'a bool, first_name: &'a String, last_name: &'a String, email: &'a String, phone: &'a String,
        must_change_pw: &'a bool, mfa_configured: &'a bool, scim_user: &'a bool, auth_type: &'a String,
        user_type: &'a String, invitation_status: &'a String, notify_all_clients: &'a bool,
        administrator: &'a bool,
    }
    /// `EndUser`, of the end-user paths; it has no `userType` and no `administrator`.
    struct EndUserView {
        id: i32, uid: &'a str, assigned_device_ids: &'a [i32], ;
        enabled: &'a bool, first_name: &'a String, last_name: &'a String, email: &'a String, phone: &'a String,
        organization_id: &'a i32, full_portal_access: &'a bool, must_change_pw: &'a bool,
        mfa_configured: &'a bool, scim_user: &'a bool, auth_type: &'a String, invitation_status: &'a String,
        accessible_device_ids: &'a Vec<i32>,
    }
}

/// `names` is `None` when role names were not asked for.
pub(super) fn user<'a>(
    user: &'a User,
    owned: &'a Owned<'a>,
    names: Option<&'a HashMap<i32, Vec<&'a str>>>,
) -> UserView<'a> {
    UserView {
        id: user.id,
        uid: &user.uid,
        assigned_device_ids: owned.by(user),
        first_name: user.first_name.as_ref(),
        last_name: user.last_name.as_ref(),
        email: user.email.as_ref(),
        phone: user.phone.as_ref(),
        enabled: user.enabled.as_ref(),
        administrator: user.administrator.as_ref(),
        permit_all_clients: user.permit_all_clients.as_ref(),
        notify_all_clients: user.notify_all_clients.as_ref(),
        must_change_pw: user.must_change_password.as_ref(),
        mfa_configured: user.mfa_configured.as_ref(),
        user_type: user.user_type.as_ref(),
        invitation_status: user.invitation_status.as_ref(),
        organization_id: user.organization_id.as_ref(),
        device_ids: user.device_ids.as_ref(),
        tags: user.tags.as_ref(),
        fields: user.fields.as_ref(),
        roles: match names {
            None => Field::Absent,
            Some(names) => Field::Value(names.get(&user.id).map_or(&[], Vec::as_slice)),
        },
        extra: &user.extra,
    }
}

pub(super) fn technician<'a>(user: &'a User, owned: &'a Owned<'a>) -> TechnicianView<'a> {
    TechnicianView {
        id: user.id,
        uid: &user.uid,
        assigned_device_ids: owned.by(user),
        enabled: user.enabled.as_ref(),
        first_name: user.first_name.as_ref(),
        last_name: user.last_name.as_ref(),
        email: user.email.as_ref(),
        phone: user.phone.as_ref(),
        must_change_pw: user.must_change_password.as_ref(),
        mfa_configured: user.mfa_configured.as_ref(),
        scim_user: user.scim_user.as_ref(),
        auth_type: user.auth_type.as_ref(),
        user_type: user.user_type.as_ref(),
        invitation_status: user.invitation_status.as_ref(),
        notify_all_clients: user.notify_all_clients.as_ref(),
        administrator: user.administrator.as_ref(),
        extra: &user.extra,
    }
}

pub(super) fn end_user<'a>(user: &'a User, owned: &'a Owned<'a>) -> EndUserView<'a> {
    EndUserView {
        id: user.id,
        uid: &user.uid,
        assigned_device_ids: owned.by(user),
        enabled: user.enabled.as_ref(),
        first_name: user.first_name.as_ref(),
        last_name: user.last_name.as_ref(),
        email: user.email.as_ref(),
        phone: user.phone.as_ref(),
        organization_id: user.organization_id.as_ref(),
        full_portal_access: user.full_portal_access.as_ref(),
        must_change_pw: user.must_change_password.as_ref(),
        mfa_configured: user.mfa_configured.as_ref(),
        scim_user: user.scim_user.as_ref(),
        auth_type: user.auth_type.as_ref(),
        invitation_status: user.invitation_status.as_ref(),
        accessible_device_ids: user.device_ids.as_ref(),
        extra: &user.extra,
    }
}

/// `UserRole` with its members spelled out; `without` leaves some of them away.
#[derive(Serialize)]
pub(super) struct RoleView<'a> {
    id: i32,
    #[serde(skip_serializing_if = "Field::is_absent")]
    name: Field<&'a String>,
    #[serde(rename = "type", skip_serializing_if = "Field::is_absent")]
    role_type: Field<&'a String>,
    #[serde(skip_serializing_if = "Field::is_absent")]
    description: Field<&'a String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    members: Option<Members<'a>>,
    #[serde(flatten)]
    extra: &'a BTreeMap<String, Value>,
}

pub(super) fn role<'a>(role: &'a Role, users: &'a Users, without: &'a [i32]) -> RoleView<'a> {
    RoleView {
        id: role.id,
        name: role.name.as_ref(),
        role_type: role.role_type.as_ref(),
        description: role.description.as_ref(),
        members: (!role.hide_members).then_some(Members { role, users, without }),
        extra: &role.extra,
    }
}

struct Members<'a> {
    role: &'a Role,
    users: &'a Users,
    without: &'a [i32],
}

#[derive(Serialize)]
struct MemberView<'a> {
    id: i32,
    #[serde(skip_serializing_if = "Field::is_absent")]
    email: Field<&'a String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Field::is_absent")]
    source: Field<&'a String>,
}

impl Serialize for Members<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        for member in self.role.members.iter().filter(|member| !self.without.contains(&member.user)) {
            let user = self.users.get(member.user);
            list.serialize_element(&MemberView {
                id: member.user,
                email: user.map_or(Field::Absent, |user| user.email.as_ref()),
                name: user.map(User::full_name),
                source: member.source.as_ref(),
            })?;
        }
        list.end()
    }
}

/// A JSON list straight into bytes.
pub(super) fn list<T: Serialize>(items: impl IntoIterator<Item = T>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(4096);
    bytes.push(b'[');
    for (place, item) in items.into_iter().enumerate() {
        if place > 0 {
            bytes.push(b',');
        }
        one_into(&mut bytes, &item);
    }
    bytes.push(b']');
    bytes
}

/// One JSON value as bytes.
pub(super) fn one(item: &impl Serialize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(512);
    one_into(&mut bytes, item);
    bytes
}

fn one_into(bytes: &mut Vec<u8>, item: &impl Serialize) {
    let start = bytes.len();
    if serde_json::to_writer(&mut *bytes, item).is_err() {
        // Only a map with keys that are no strings could fail, and there is none.
        bytes.truncate(start);
        bytes.extend_from_slice(b"null");
    }
}
