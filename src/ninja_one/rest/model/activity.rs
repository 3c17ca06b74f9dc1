//! Activities: the feed of what happened (section 10). Pages are small, so these own their text.

use serde::Deserialize;

use super::id::{ActivityId, DeviceId, UserId};
use super::lenient;
use super::time::EpochSeconds;

/// A page of `GET /v2/activities`, newest first.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ActivityPage {
    /// Described as the account's newest id; for paging use the ids of the page instead.
    #[serde(default, deserialize_with = "lenient::long_id")]
    pub last_activity_id: Option<ActivityId>,
    /// The entries. A page without this key is an error, not an empty one.
    pub activities: Vec<Activity>,
}

impl ActivityPage {
    /// The `older_than` of the next page towards the past.
    #[must_use]
    pub fn smallest_id(&self) -> Option<ActivityId> {
        self.activities.iter().filter_map(|activity| activity.id).min()
    }

    /// What a feed remembers as its `newer_than`.
    #[must_use]
    pub fn largest_id(&self) -> Option<ActivityId> {
        self.activities.iter().filter_map(|activity| activity.id).max()
    }
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Activity {
    /// Grows with time.
    #[serde(deserialize_with = "lenient::long_id")]
    pub id: Option<ActivityId>,
    /// When.
    #[serde(deserialize_with = "lenient::epoch")]
    pub activity_time: Option<EpochSeconds>,
    /// On which device, if on one.
    #[serde(deserialize_with = "lenient::id")]
    pub device_id: Option<DeviceId>,
    /// An open enum.
    #[serde(deserialize_with = "lenient::string")]
    pub severity: Option<String>,
    /// An open enum.
    #[serde(deserialize_with = "lenient::string")]
    pub priority: Option<String>,
    /// Ties the entries of one job together.
    #[serde(deserialize_with = "lenient::string")]
    pub series_uid: Option<String>,
    /// An open enum.
    #[serde(deserialize_with = "lenient::string")]
    pub activity_type: Option<String>,
    /// What happened, as a code (`END_USER_DELETED_API`); an open enum of hundreds.
    #[serde(deserialize_with = "lenient::string")]
    pub status_code: Option<String>,
    /// What happened, in words.
    #[serde(deserialize_with = "lenient::string")]
    pub status: Option<String>,
    /// An open enum.
    #[serde(deserialize_with = "lenient::string")]
    pub activity_result: Option<String>,
    /// What it came from.
    #[serde(deserialize_with = "lenient::string")]
    pub source_name: Option<String>,
    /// Short text.
    #[serde(deserialize_with = "lenient::string")]
    pub subject: Option<String>,
    /// Who did it.
    #[serde(deserialize_with = "lenient::id")]
    pub user_id: Option<UserId>,
    /// Long text.
    #[serde(deserialize_with = "lenient::string")]
    pub message: Option<String>,
    /// Free text.
    #[serde(rename = "type", deserialize_with = "lenient::string")]
    pub kind: Option<String>,
    /// Anything.
    pub data: serde_json::Value,
}
