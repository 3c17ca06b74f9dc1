//! The calls this client knows, as one small enum: the label of metrics and spans, and the key for what an answer means.

use std::fmt;

use http::Method;

macro_rules! endpoints {
    ($($(#[$doc:meta])* $name:ident = $method:ident $path:literal, $label:literal;)*) => {
        /// One kind of call, without its ids: safe as a metric label.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Endpoint { $($(#[$doc])* $name,)* }

        impl Endpoint {
            /// Every endpoint, for metrics that want all their series from the start.
            pub const ALL: &'static [Endpoint] = &[$(Endpoint::$name,)*];

            /// The HTTP method.
            #[must_use]
            pub fn method(self) -> Method {
                match self { $(Self::$name => Method::$method,)* }
            }

            /// The path with placeholders in the place of ids.
            #[must_use]
            pub fn template(self) -> &'static str {
                match self { $(Self::$name => $path,)* }
            }

            /// A stable label in snake case.
            #[must_use]
            pub fn label(self) -> &'static str {
                match self { $(Self::$name => $label,)* }
            }
        }
    };
}

endpoints! {
    /// The token call. Its path is a setting.
    Token = POST "/ws/oauth/token", "token";
    /// All users.
    Users = GET "/v2/users", "users";
    /// The end users of one organization.
    OrganizationEndUsers = GET "/v2/organization/{id}/end-users", "organization_end_users";
    /// All technicians.
    Technicians = GET "/v2/user/technicians", "technicians";
    /// One technician.
    Technician = GET "/v2/user/technician/{id}", "technician";
    /// A new technician.
    CreateTechnician = POST "/v2/user/technicians", "create_technician";
    /// New names for a technician.
    UpdateTechnician = PATCH "/v2/user/technician/{id}", "update_technician";
    /// A technician's end.
    DeleteTechnician = DELETE "/v2/user/technician/{id}", "delete_technician";
    /// All end users.
    EndUsers = GET "/v2/user/end-users", "end_users";
    /// One end user.
    EndUser = GET "/v2/user/end-user/{id}", "end_user";
    /// A new end user.
    CreateEndUser = POST "/v2/user/end-users", "create_end_user";
    /// New values for an end user.
    UpdateEndUser = PATCH "/v2/user/end-user/{id}", "update_end_user";
    /// An end user's end.
    DeleteEndUser = DELETE "/v2/user/end-user/{id}", "delete_end_user";
    /// All user roles with their members.
    UserRoles = GET "/v2/user/roles", "user_roles";
    /// A user joins a role.
    AddRoleMembers = PATCH "/v2/user/role/{id}/add-members", "add_role_members";
    /// A user leaves a role.
    RemoveRoleMembers = PATCH "/v2/user/role/{id}/remove-members", "remove_role_members";
    /// Organizations, page by page.
    Organizations = GET "/v2/organizations", "organizations";
    /// Devices, page by page.
    Devices = GET "/v2/devices", "devices";
    /// One device.
    Device = GET "/v2/device/{id}", "device";
    /// A device gets an owner.
    SetDeviceOwner = POST "/v2/device/{id}/owner/{uid}", "set_device_owner";
    /// A device loses its owner.
    ClearDeviceOwner = DELETE "/v2/device/{id}/owner", "clear_device_owner";
    /// Activities, newest first.
    Activities = GET "/v2/activities", "activities";
}

impl Endpoint {
    /// Whether the call changes something in NinjaOne.
    #[must_use]
    pub fn is_write(self) -> bool {
        self != Self::Token && self.method() != Method::GET
    }

    /// Whether a 404 can only mean that this NinjaOne release lacks the call: no id stands in its path, and it belongs
    /// to the family that older releases do without (section 1, `fed`).
    pub(super) fn missing_on_old_releases(self) -> bool {
        matches!(
            self,
            Self::Technicians
                | Self::EndUsers
                | Self::UserRoles
                | Self::CreateTechnician
                | Self::CreateEndUser
        )
    }

    pub(super) fn writes_technicians(self) -> bool {
        matches!(self, Self::CreateTechnician | Self::UpdateTechnician | Self::DeleteTechnician)
    }

    pub(super) fn changes_members(self) -> bool {
        matches!(self, Self::AddRoleMembers | Self::RemoveRoleMembers)
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method(), self.template())
    }
}
