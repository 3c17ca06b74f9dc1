//! What people look after: organizations, locations, devices, scripts, and the log of what happened.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::field::{Field, Stamp};

/// A customer organization.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Organization {
    /// Numeric id, the page key.
    pub id: i32,
    /// Name.
    #[serde(skip_serializing_if = "Field::is_absent")]
    pub name: Field<String>,
    /// Free text.
    #[serde(skip_serializing_if = "Field::is_absent")]
    pub description: Field<String>,
    /// `AUTOMATIC`, `MANUAL`, `REJECT`, or a value nobody knows yet.
    #[serde(skip_serializing_if = "Field::is_absent")]
    pub node_approval_mode: Field<String>,
    /// More properties, sent as they are.
    #[serde(flatten)]
    pub extra: BTreeMap<String, Value>,
}

/// A site of an organization.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Location {
    /// Numeric id.
    pub id: i32,
    /// Name.
    pub name: String,
    /// Street.
    pub address: Field<String>,
    /// Free text.
    pub description: Field<String>,
    /// The organization it belongs to; sent in the flat list only.
    #[serde(skip)]
    pub organization_id: i32,
}

/// A managed device.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Device {
    /// Numeric id, the page key.
    pub id: i32,
    /// UUID.
    pub uid: String,
    /// `uid` of the owner; absent when nobody owns it.
    #[serde(skip_serializing_if = "Field::is_absent")]
    pub assigned_owner_uid: Field<String>,
    /// Organization.
    #[serde(skip_serializing_if = "Field::is_absent")]
    pub organization_id: Field<i32>,
    /// Location.
    #[serde(skip_serializing_if = "Field::is_absent")]
    pub location_id: Field<i32>,
    /// `WINDOWS_SERVER` and 32 more.
    #[serde(skip_serializing_if = "Field::is_absent")]
    pub node_class: Field<String>,
    /// A device role, see [`DeviceRole`].
    #[serde(skip_serializing_if = "Field::is_absent")]
    pub node_role_id: Field<i32>,
    /// `APPROVED`, `PENDING`, or a value nobody knows yet.
    #[serde(skip_serializing_if = "Field::is_absent")]
    pub approval_status: Field<String>,
    /// Whether the agent is out of reach.
    #[serde(skip_serializing_if = "Field::is_absent")]
    pub offline: Field<bool>,
    /// Name given by a person.
    #[serde(skip_serializing_if = "Field::is_absent")]
    pub display_name: Field<String>,
    /// Name the system has.
    #[serde(skip_serializing_if = "Field::is_absent")]
    pub system_name: Field<String>,
    /// Name in DNS.
    #[serde(skip_serializing_if = "Field::is_absent")]
    pub dns_name: Field<String>,
    /// When it was enrolled.
    #[serde(skip_serializing_if = "Field::is_absent")]
    pub created: Field<Stamp>,
    /// When it last spoke.
    #[serde(skip_serializing_if = "Field::is_absent")]
    pub last_contact: Field<Stamp>,
    /// Tags.
    #[serde(skip_serializing_if = "Field::is_absent")]
    pub tags: Field<Vec<String>>,
    /// More properties, sent in every shape.
    #[serde(flatten)]
    pub extra: BTreeMap<String, Value>,
    /// More properties, sent in the detailed shape only.
    #[serde(skip)]
    pub detail: BTreeMap<String, Value>,
}

impl Device {
    /// An approved Windows workstation.
    pub fn new(id: i32, name: &str, organization: i32) -> Self {
        let detail = [
            ("ipAddresses", Value::from(vec![format!("192.0.2.{}", id.rem_euclid(250) + 1)])),
            ("publicIP", Value::from("198.51.100.7")),
            ("notes", Value::Array(Vec::new())),
            ("deviceType", Value::from("AgentDevice")),
        ];
        Self {
            id,
            uid: format!("c3d94e70-18b2-4f6d-8e55-{id:012x}"),
            assigned_owner_uid: Field::Absent,
            organization_id: organization.into(),
            location_id: Field::Absent,
            node_class: "WINDOWS_WORKSTATION".into(),
            node_role_id: 1001.into(),
            approval_status: "APPROVED".into(),
            offline: false.into(),
            display_name: Field::Absent,
            system_name: name.into(),
            dns_name: format!("{}.example.com", name.to_lowercase()).into(),
            created: Stamp { seconds: 1_741_700_000, nanos: 123_456_000 }.into(),
            last_contact: Stamp { seconds: 1_759_000_000, nanos: 500_000_000 }.into(),
            tags: Vec::new().into(),
            extra: BTreeMap::new(),
            detail: detail.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
        }
    }
}

/// A device role of `GET /v2/roles`, which is not a user role.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeviceRole {
    /// Numeric id.
    pub id: i32,
    /// Name.
    pub name: String,
    /// Free text.
    pub description: Field<String>,
    /// The class of devices it is for.
    pub node_class: String,
    /// Whether the tenant made it.
    pub custom: bool,
    /// When it was made.
    pub created: Stamp,
}

/// A script of the library.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Script {
    /// Numeric id.
    pub id: i32,
    /// Name.
    pub name: String,
    /// Free text.
    pub description: Field<String>,
    /// Whether it may be run.
    pub active: bool,
    /// `powershell`, `sh`, ...
    pub language: String,
}

/// What `class` asks for on the activity log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActivityClass {
    /// The service itself.
    System,
    /// A device.
    Device,
    /// A person.
    User,
}

/// One entry of the activity log.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Activity {
    /// 64-bit id, growing with time.
    pub id: i64,
    /// When it happened.
    pub activity_time: Stamp,
    /// Which `class` finds it; never sent.
    #[serde(skip)]
    pub class: ActivityClass,
    /// `SYSTEM`, `ACTION`, ...
    pub activity_type: String,
    /// Such as `END_USER_CREATED_API`.
    pub status_code: String,
    /// Words for the code.
    pub status: String,
    /// The actor.
    #[serde(skip_serializing_if = "Field::is_absent")]
    pub user_id: Field<i32>,
    /// The device.
    #[serde(skip_serializing_if = "Field::is_absent")]
    pub device_id: Field<i32>,
    /// What it is about.
    #[serde(skip_serializing_if = "Field::is_absent")]
    pub subject: Field<String>,
    /// One line for people.
    pub message: String,
    /// `System`, `Action`, ...
    #[serde(rename = "type")]
    pub type_name: String,
    /// More properties, sent as they are.
    #[serde(flatten)]
    pub extra: BTreeMap<String, Value>,
}
