//! Organizations (section 9.1).

use std::borrow::Cow;

use serde::Deserialize;

use super::id::OrganizationId;
use super::lenient::{self, own};

/// A row of `GET /v2/organizations`.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Organization<'a> {
    /// Always there in what the list call hands out.
    #[serde(deserialize_with = "lenient::id")]
    pub id: Option<OrganizationId>,
    /// Display name.
    #[serde(borrow, deserialize_with = "lenient::text")]
    pub name: Option<Cow<'a, str>>,
    /// Free text.
    #[serde(borrow, deserialize_with = "lenient::text")]
    pub description: Option<Cow<'a, str>>,
    /// `AUTOMATIC`, `MANUAL` or `REJECT`; an open enum.
    #[serde(borrow, deserialize_with = "lenient::text")]
    pub node_approval_mode: Option<Cow<'a, str>>,
}

impl Organization<'_> {
    /// The same organization, independent of the body it was read from.
    #[must_use]
    pub fn into_owned(self) -> Organization<'static> {
        Organization {
            id: self.id,
            name: own(self.name),
            description: own(self.description),
            node_approval_mode: own(self.node_approval_mode),
        }
    }
}
