//! Users: the common list and its two enrichments (section 7).

use std::borrow::Cow;

use serde::Deserialize;

use super::id::{DeviceId, OrganizationId, UserId};
use super::lenient::{self, own, own_all};
use super::open_enum::{InvitationStatus, UserType};

/// A row of `GET /v2/users`.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct User<'a> {
    /// The key of every user path and of role membership. Always there in what a list call hands out.
    #[serde(deserialize_with = "lenient::id")]
    pub id: Option<UserId>,
    /// The key of device ownership.
    #[serde(borrow, deserialize_with = "lenient::text")]
    pub uid: Option<Cow<'a, str>>,
    /// Given name.
    #[serde(borrow, deserialize_with = "lenient::text")]
    pub first_name: Option<Cow<'a, str>>,
    /// Family name.
    #[serde(borrow, deserialize_with = "lenient::text")]
    pub last_name: Option<Cow<'a, str>>,
    /// The login; compare trimmed and case-folded.
    #[serde(borrow, deserialize_with = "lenient::text")]
    pub email: Option<Cow<'a, str>>,
    /// Free text.
    #[serde(borrow, deserialize_with = "lenient::text")]
    pub phone: Option<Cow<'a, str>>,
    /// Whether the login is allowed.
    #[serde(deserialize_with = "lenient::flag")]
    pub enabled: Option<bool>,
    /// System Administrator: a flag, not a role.
    #[serde(deserialize_with = "lenient::flag")]
    pub administrator: Option<bool>,
    /// Access to every organization.
    #[serde(deserialize_with = "lenient::flag")]
    pub permit_all_clients: Option<bool>,
    /// Notified about every organization.
    #[serde(deserialize_with = "lenient::flag")]
    pub notify_all_clients: Option<bool>,
    /// A new password is due at the next login.
    #[serde(deserialize_with = "lenient::flag")]
    pub must_change_pw: Option<bool>,
    /// At least one second factor is enrolled.
    #[serde(deserialize_with = "lenient::flag")]
    pub mfa_configured: Option<bool>,
    /// Technician or end user.
    #[serde(deserialize_with = "lenient::open")]
    pub user_type: Option<UserType>,
    /// What became of the invitation.
    #[serde(deserialize_with = "lenient::open")]
    pub invitation_status: Option<InvitationStatus>,
    /// End users only.
    #[serde(deserialize_with = "lenient::id")]
    pub organization_id: Option<OrganizationId>,
    /// Devices an end user may reach.
    #[serde(deserialize_with = "lenient::ids")]
    pub device_ids: Vec<DeviceId>,
    /// Devices owned.
    #[serde(deserialize_with = "lenient::ids")]
    pub assigned_device_ids: Vec<DeviceId>,
    /// Role **names**, only when asked for. Never a key: grants come from the roles' members.
    #[serde(borrow, deserialize_with = "lenient::texts")]
    pub roles: Vec<Cow<'a, str>>,
}

/// A row of `GET /v2/user/technicians`, and the answer of the technician calls.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Technician<'a> {
    /// The same number as [`User::id`].
    #[serde(deserialize_with = "lenient::id")]
    pub id: Option<UserId>,
    /// The key of device ownership.
    #[serde(borrow, deserialize_with = "lenient::text")]
    pub uid: Option<Cow<'a, str>>,
    /// Whether the login is allowed.
    #[serde(deserialize_with = "lenient::flag")]
    pub enabled: Option<bool>,
    /// Given name.
    #[serde(borrow, deserialize_with = "lenient::text")]
    pub first_name: Option<Cow<'a, str>>,
    /// Family name.
    #[serde(borrow, deserialize_with = "lenient::text")]
    pub last_name: Option<Cow<'a, str>>,
    /// The login.
    #[serde(borrow, deserialize_with = "lenient::text")]
    pub email: Option<Cow<'a, str>>,
    /// Free text.
    #[serde(borrow, deserialize_with = "lenient::text")]
    pub phone: Option<Cow<'a, str>>,
    /// A new password is due at the next login.
    #[serde(deserialize_with = "lenient::flag")]
    pub must_change_pw: Option<bool>,
    /// At least one second factor is enrolled.
    #[serde(deserialize_with = "lenient::flag")]
    pub mfa_configured: Option<bool>,
    /// The account belongs to SCIM.
    #[serde(deserialize_with = "lenient::flag")]
    pub scim_user: Option<bool>,
    /// Free text; `NATIVE` and `SSO` are named.
    #[serde(borrow, deserialize_with = "lenient::text")]
    pub auth_type: Option<Cow<'a, str>>,
    /// Technician, as far as known.
    #[serde(deserialize_with = "lenient::open")]
    pub user_type: Option<UserType>,
    /// What became of the invitation.
    #[serde(deserialize_with = "lenient::open")]
    pub invitation_status: Option<InvitationStatus>,
    /// Notified about every organization.
    #[serde(deserialize_with = "lenient::flag")]
    pub notify_all_clients: Option<bool>,
    /// System Administrator.
    #[serde(deserialize_with = "lenient::flag")]
    pub administrator: Option<bool>,
    /// Devices owned.
    #[serde(deserialize_with = "lenient::ids")]
    pub assigned_device_ids: Vec<DeviceId>,
    /// Role names; expected to be absent here.
    #[serde(borrow, deserialize_with = "lenient::texts")]
    pub roles: Vec<Cow<'a, str>>,
}

impl Technician<'_> {
    /// The same technician, independent of the body it was read from.
    #[must_use]
    pub fn into_owned(self) -> Technician<'static> {
        Technician {
            id: self.id,
            uid: own(self.uid),
            enabled: self.enabled,
            first_name: own(self.first_name),
            last_name: own(self.last_name),
            email: own(self.email),
            phone: own(self.phone),
            must_change_pw: self.must_change_pw,
            mfa_configured: self.mfa_configured,
            scim_user: self.scim_user,
            auth_type: own(self.auth_type),
            user_type: self.user_type,
            invitation_status: self.invitation_status,
            notify_all_clients: self.notify_all_clients,
            administrator: self.administrator,
            assigned_device_ids: self.assigned_device_ids,
            roles: own_all(self.roles),
        }
    }
}

/// A row of `GET /v2/user/end-users`, and the answer of the end-user calls.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EndUser<'a> {
    /// The same number as [`User::id`].
    #[serde(deserialize_with = "lenient::id")]
    pub id: Option<UserId>,
    /// The key of device ownership.
    #[serde(borrow, deserialize_with = "lenient::text")]
    pub uid: Option<Cow<'a, str>>,
    /// Whether the login is allowed.
    #[serde(deserialize_with = "lenient::flag")]
    pub enabled: Option<bool>,
    /// Given name.
    #[serde(borrow, deserialize_with = "lenient::text")]
    pub first_name: Option<Cow<'a, str>>,
    /// Family name.
    #[serde(borrow, deserialize_with = "lenient::text")]
    pub last_name: Option<Cow<'a, str>>,
    /// The login.
    #[serde(borrow, deserialize_with = "lenient::text")]
    pub email: Option<Cow<'a, str>>,
    /// Free text.
    #[serde(borrow, deserialize_with = "lenient::text")]
    pub phone: Option<Cow<'a, str>>,
    /// The home organization.
    #[serde(deserialize_with = "lenient::id")]
    pub organization_id: Option<OrganizationId>,
    /// Portal access to the whole organization.
    #[serde(deserialize_with = "lenient::flag")]
    pub full_portal_access: Option<bool>,
    /// A new password is due at the next login.
    #[serde(deserialize_with = "lenient::flag")]
    pub must_change_pw: Option<bool>,
    /// At least one second factor is enrolled.
    #[serde(deserialize_with = "lenient::flag")]
    pub mfa_configured: Option<bool>,
    /// The account belongs to SCIM.
    #[serde(deserialize_with = "lenient::flag")]
    pub scim_user: Option<bool>,
    /// Free text; `NATIVE` and `SSO` are named.
    #[serde(borrow, deserialize_with = "lenient::text")]
    pub auth_type: Option<Cow<'a, str>>,
    /// What became of the invitation.
    #[serde(deserialize_with = "lenient::open")]
    pub invitation_status: Option<InvitationStatus>,
    /// Devices owned.
    #[serde(deserialize_with = "lenient::ids")]
    pub assigned_device_ids: Vec<DeviceId>,
    /// Devices the user may reach; [`User::device_ids`] is the same.
    #[serde(deserialize_with = "lenient::ids")]
    pub accessible_device_ids: Vec<DeviceId>,
    /// Role names; expected to be absent here.
    #[serde(borrow, deserialize_with = "lenient::texts")]
    pub roles: Vec<Cow<'a, str>>,
}

impl EndUser<'_> {
    /// The same end user, independent of the body it was read from.
    #[must_use]
    pub fn into_owned(self) -> EndUser<'static> {
        EndUser {
            id: self.id,
            uid: own(self.uid),
            enabled: self.enabled,
            first_name: own(self.first_name),
            last_name: own(self.last_name),
            email: own(self.email),
            phone: own(self.phone),
            organization_id: self.organization_id,
            full_portal_access: self.full_portal_access,
            must_change_pw: self.must_change_pw,
            mfa_configured: self.mfa_configured,
            scim_user: self.scim_user,
            auth_type: own(self.auth_type),
            invitation_status: self.invitation_status,
            assigned_device_ids: self.assigned_device_ids,
            accessible_device_ids: self.accessible_device_ids,
            roles: own_all(self.roles),
        }
    }
}

#[cfg(test)]
mod tests {
    // A test may panic: that is how it fails.
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_plain_string_borrows_from_the_body_and_an_escaped_one_does_not() {
        let user: User<'_> =
            serde_json::from_str(r#"{"firstName":"Ada","lastName":"O\u0027Kafor"}"#).unwrap();
        assert!(matches!(user.first_name, Some(Cow::Borrowed("Ada"))));
        assert!(matches!(user.last_name, Some(Cow::Owned(ref name)) if name == "O'Kafor"));
    }

    #[test]
    fn nulls_wrong_types_unknown_fields_and_unknown_enum_values_do_not_fail_a_user() {
        let user: User<'_> = serde_json::from_str(
            r#"{"id":7,"email":5,"enabled":"yes","administrator":null,"userType":"ROBOT","invitationStatus":{},
                "organizationId":3000000000,"deviceIds":null,"assignedDeviceIds":[1,"2",null,3],"roles":{"a":[1]},
                "phone":["x"],"mfaConfigured":true,"novelty":{"deep":[1,{}]}}"#,
        )
        .unwrap();
        let expected = User {
            id: Some(UserId(7)),
            user_type: Some(UserType::Other("ROBOT".into())),
            assigned_device_ids: vec![DeviceId(1), DeviceId(3)],
            mfa_configured: Some(true),
            ..User::default()
        };
        assert_eq!(user, expected);
    }

    #[test]
    fn an_owned_record_says_what_the_borrowed_one_said() {
        let text = r#"{"id":11,"uid":"u","enabled":true,"firstName":"A","lastName":"B","email":"e","phone":"p",
            "mustChangePw":false,"mfaConfigured":true,"scimUser":true,"authType":"SSO","userType":"TECHNICIAN",
            "invitationStatus":"PENDING","notifyAllClients":true,"administrator":true,"assignedDeviceIds":[1],
            "roles":["r"],"organizationId":2,"fullPortalAccess":true,"accessibleDeviceIds":[4]}"#;
        let technician: Technician<'_> = serde_json::from_str(text).unwrap();
        assert_eq!(technician.clone().into_owned(), technician);
        let end_user: EndUser<'_> = serde_json::from_str(text).unwrap();
        assert_eq!(end_user.clone().into_owned(), end_user);
        assert_eq!(end_user.accessible_device_ids, [DeviceId(4)]);
    }
}
