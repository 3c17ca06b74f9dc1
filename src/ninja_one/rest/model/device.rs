//! Devices, as far as an identity review asks (section 9.2).

use std::borrow::Cow;

use serde::Deserialize;

use super::id::{DeviceId, OrganizationId};
use super::lenient::{self, own};
use super::time::EpochSeconds;

/// A row of `GET /v2/devices`.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Device<'a> {
    /// Always there in what the list call hands out.
    #[serde(deserialize_with = "lenient::id")]
    pub id: Option<DeviceId>,
    /// UUID.
    #[serde(borrow, deserialize_with = "lenient::text")]
    pub uid: Option<Cow<'a, str>>,
    /// The owner's [`User::uid`](super::User::uid); contacts may own devices too.
    #[serde(borrow, deserialize_with = "lenient::text")]
    pub assigned_owner_uid: Option<Cow<'a, str>>,
    /// The device it runs on.
    #[serde(deserialize_with = "lenient::id")]
    pub parent_device_id: Option<DeviceId>,
    /// Whose device it is.
    #[serde(deserialize_with = "lenient::id")]
    pub organization_id: Option<OrganizationId>,
    /// Where it stands.
    #[serde(deserialize_with = "lenient::id")]
    pub location_id: Option<i32>,
    /// `WINDOWS_SERVER`, `MAC` and many more; an open enum.
    #[serde(borrow, deserialize_with = "lenient::text")]
    pub node_class: Option<Cow<'a, str>>,
    /// The device role.
    #[serde(deserialize_with = "lenient::id")]
    pub node_role_id: Option<i32>,
    /// `PENDING`, `APPROVED` and others; an open enum.
    #[serde(borrow, deserialize_with = "lenient::text")]
    pub approval_status: Option<Cow<'a, str>>,
    /// Whether it is out of reach.
    #[serde(deserialize_with = "lenient::flag")]
    pub offline: Option<bool>,
    /// The name given by people.
    #[serde(borrow, deserialize_with = "lenient::text")]
    pub display_name: Option<Cow<'a, str>>,
    /// The name the system has.
    #[serde(borrow, deserialize_with = "lenient::text")]
    pub system_name: Option<Cow<'a, str>>,
    /// The DNS name.
    #[serde(borrow, deserialize_with = "lenient::text")]
    pub dns_name: Option<Cow<'a, str>>,
    /// The NetBIOS name.
    #[serde(borrow, deserialize_with = "lenient::text")]
    pub netbios_name: Option<Cow<'a, str>>,
    /// When it was enrolled.
    #[serde(deserialize_with = "lenient::epoch")]
    pub created: Option<EpochSeconds>,
    /// When it was last heard of.
    #[serde(deserialize_with = "lenient::epoch")]
    pub last_contact: Option<EpochSeconds>,
    /// When its record last changed.
    #[serde(deserialize_with = "lenient::epoch")]
    pub last_update: Option<EpochSeconds>,
}

impl Device<'_> {
    /// What to call it: display name, else system name, else DNS name, else the id.
    #[must_use]
    pub fn label(&self) -> String {
        let names = [&self.display_name, &self.system_name, &self.dns_name];
        let name = names.into_iter().flatten().find(|name| !name.trim().is_empty());
        match (name, self.id) {
            (Some(name), _) => name.clone().into_owned(),
            (None, Some(id)) => id.to_string(),
            (None, None) => String::new(),
        }
    }

    /// The same device, independent of the body it was read from.
    #[must_use]
    pub fn into_owned(self) -> Device<'static> {
        Device {
            id: self.id,
            uid: own(self.uid),
            assigned_owner_uid: own(self.assigned_owner_uid),
            parent_device_id: self.parent_device_id,
            organization_id: self.organization_id,
            location_id: self.location_id,
            node_class: own(self.node_class),
            node_role_id: self.node_role_id,
            approval_status: own(self.approval_status),
            offline: self.offline,
            display_name: own(self.display_name),
            system_name: own(self.system_name),
            dns_name: own(self.dns_name),
            netbios_name: own(self.netbios_name),
            created: self.created,
            last_contact: self.last_contact,
            last_update: self.last_update,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_called_by_the_first_name_it_has() {
        let device = |display: &'static str, system: &'static str| Device {
            id: Some(DeviceId(7)),
            display_name: Some(display.into()),
            system_name: Some(system.into()),
            ..Device::default()
        };
        assert_eq!(device("Desk", "PC1").label(), "Desk");
        assert_eq!(device(" ", "PC1").label(), "PC1");
        assert_eq!(device("", "").label(), "7");
    }
}
