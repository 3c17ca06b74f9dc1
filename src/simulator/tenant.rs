//! The data of one NinjaOne, and the sentences that build a small one by hand.
//!
//! Everything is public and may be changed while the simulator runs. What NinjaOne derives is derived when an answer
//! is written: a user's role names, a member's name and e-mail, the devices a user owns.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{
    field::{Field, Stamp},
    inventory::{Activity, ActivityClass, Device, DeviceRole, Location, Organization, Script},
    people::{Member, Role, User, UserKind, Users},
};

/// The data of one NinjaOne.
#[derive(Debug, Clone, Default)]
pub struct Tenant {
    /// Technicians and end users, in the order of the listings.
    pub users: Users,
    /// User roles.
    pub roles: Vec<Role>,
    /// Organizations.
    pub organizations: Vec<Organization>,
    /// Locations of all organizations.
    pub locations: Vec<Location>,
    /// Devices.
    pub devices: Vec<Device>,
    /// Device roles.
    pub device_roles: Vec<DeviceRole>,
    /// Library scripts.
    pub scripts: Vec<Script>,
    /// The activity log, oldest first.
    pub activities: Vec<Activity>,
}

impl Tenant {
    /// A tenant with nothing in it.
    pub fn empty() -> Self {
        Self::default()
    }

    /// Adds a technician.
    #[must_use]
    pub fn technician(mut self, id: i32, first: &str, last: &str, email: &str) -> Self {
        self.users.insert(User::new(UserKind::Technician, id, first, last, email));
        self
    }

    /// Adds a technician who is a System Administrator.
    #[must_use]
    pub fn administrator(mut self, id: i32, first: &str, last: &str, email: &str) -> Self {
        let mut user = User::new(UserKind::Technician, id, first, last, email);
        user.administrator = true.into();
        user.permit_all_clients = true.into();
        self.users.insert(user);
        self
    }

    /// Adds an end user of an organization.
    #[must_use]
    pub fn end_user(mut self, id: i32, first: &str, last: &str, email: &str, organization: i32) -> Self {
        let mut user = User::new(UserKind::EndUser, id, first, last, email);
        user.organization_id = organization.into();
        self.users.insert(user);
        self
    }

    /// Changes one account while building; an unknown id changes nothing.
    #[must_use]
    pub fn with_user(mut self, id: i32, change: impl FnOnce(&mut User)) -> Self {
        if let Some(user) = self.users.get_mut(id) {
            change(user);
        }
        self
    }

    /// Adds a user role; `role_type` is `TECHNICIAN`, `END_USER` or anything else.
    #[must_use]
    pub fn role(mut self, id: i32, name: &str, role_type: &str) -> Self {
        self.roles.push(Role {
            id,
            name: name.into(),
            role_type: role_type.into(),
            description: Field::Null,
            members: Vec::new(),
            hide_members: false,
            extra: BTreeMap::new(),
        });
        self
    }

    /// Adds a membership without any check; an unknown role changes nothing.
    #[must_use]
    pub fn member(mut self, role: i32, user: i32, source: &str) -> Self {
        if let Some(role) = self.find_role_mut(role) {
            role.members.push(Member { user, source: source.into() });
        }
        self
    }

    /// Adds an organization with one location of the same id.
    #[must_use]
    pub fn organization(mut self, id: i32, name: &str) -> Self {
        self.organizations.push(Organization {
            id,
            name: name.into(),
            description: Field::Null,
            node_approval_mode: "AUTOMATIC".into(),
            extra: BTreeMap::new(),
        });
        self.locations.push(Location {
            id,
            name: "Main Office".to_owned(),
            address: Field::Null,
            description: Field::Null,
            organization_id: id,
        });
        self
    }

    /// Adds an approved workstation.
    #[must_use]
    pub fn device(mut self, id: i32, name: &str, organization: i32) -> Self {
        self.devices.push(Device::new(id, name, organization));
        self
    }

    /// Adds a device role.
    #[must_use]
    pub fn device_role(mut self, id: i32, name: &str) -> Self {
        self.device_roles.push(DeviceRole {
            id,
            name: name.to_owned(),
            description: Field::Null,
            node_class: "WINDOWS_WORKSTATION".to_owned(),
            custom: false,
            created: Stamp::seconds(1_577_836_800),
        });
        self
    }

    /// Adds a library script.
    #[must_use]
    pub fn script(mut self, id: i32, name: &str) -> Self {
        self.scripts.push(Script {
            id,
            name: name.to_owned(),
            description: Field::Null,
            active: true,
            language: "powershell".to_owned(),
        });
        self
    }

    /// The user role with this id.
    pub fn find_role(&self, id: i32) -> Option<&Role> {
        self.roles.iter().find(|role| role.id == id)
    }

    /// The user role with this id, to be changed.
    pub fn find_role_mut(&mut self, id: i32) -> Option<&mut Role> {
        self.roles.iter_mut().find(|role| role.id == id)
    }

    /// Whether the account is a member of the role.
    pub fn is_member(&self, role: i32, user: i32) -> bool {
        self.find_role(role).is_some_and(|role| role.has(user))
    }

    /// Takes an account out, with its memberships.
    pub fn remove_user(&mut self, id: i32) -> Option<User> {
        let user = self.users.remove(id)?;
        for role in &mut self.roles {
            role.members.retain(|member| member.user != id);
        }
        Some(user)
    }

    /// Appends to the activity log and gives the new entry for more to be said; its id is the next one.
    pub fn note(&mut self, time: Stamp, class: ActivityClass, code: &str, message: &str) -> &mut Activity {
        let id = self.activities.last().map_or(FIRST_ACTIVITY, |last| last.id + ACTIVITY_STEP);
        let (activity_type, type_name) =
            if class == ActivityClass::Device { ("ACTION", "Action") } else { ("SYSTEM", "System") };
        let mut status = code.replace('_', " ").to_lowercase();
        if let Some(first) = status.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        let place = self.activities.len();
        self.activities.push(Activity {
            id,
            activity_time: time,
            class,
            activity_type: activity_type.to_owned(),
            status_code: code.to_owned(),
            status,
            user_id: Field::Absent,
            device_id: Field::Absent,
            subject: Field::Absent,
            message: message.to_owned(),
            type_name: type_name.to_owned(),
            extra: BTreeMap::from([("data".to_owned(), Value::Object(Map::new()))]),
        });
        &mut self.activities[place]
    }
}

const FIRST_ACTIVITY: i64 = 500_100_000;
const ACTIVITY_STEP: i64 = 10;
