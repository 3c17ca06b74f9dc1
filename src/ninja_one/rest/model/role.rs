//! User roles and their members (section 8). Membership decides about access, so here a wrong shape is an error and
//! "not sent" stays apart from "nobody".

use std::borrow::Cow;

use serde::Deserialize;

use super::id::{RoleId, UserId};
use super::lenient::{self, own};
use super::open_enum::UserType;

/// A row of `GET /v2/user/roles`, and the answer of the member calls.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct UserRole<'a> {
    /// Always there in what the list call hands out.
    #[serde(deserialize_with = "lenient::id")]
    pub id: Option<RoleId>,
    /// May repeat across types: never a key.
    #[serde(borrow, deserialize_with = "lenient::text")]
    pub name: Option<Cow<'a, str>>,
    /// Which users it is for.
    #[serde(rename = "type", deserialize_with = "lenient::open")]
    pub role_type: Option<UserType>,
    /// Free text.
    #[serde(borrow, deserialize_with = "lenient::text")]
    pub description: Option<Cow<'a, str>>,
    /// The whole membership. `None`: not sent, which is not the same as an empty role.
    #[serde(borrow)]
    pub members: Option<Vec<RoleMember<'a>>>,
    /// Bare ids, in case an instance sends those as well; no published shape has them.
    #[serde(deserialize_with = "user_ids")]
    pub user_ids: Option<Vec<UserId>>,
}

/// One membership.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RoleMember<'a> {
    /// The same number as the user's id.
    #[serde(deserialize_with = "lenient::id")]
    pub id: Option<UserId>,
    /// The member's login.
    #[serde(borrow, deserialize_with = "lenient::text")]
    pub email: Option<Cow<'a, str>>,
    /// The member's full name.
    #[serde(borrow, deserialize_with = "lenient::text")]
    pub name: Option<Cow<'a, str>>,
    /// How the membership arose; an opaque string.
    #[serde(borrow, deserialize_with = "lenient::text")]
    pub source: Option<Cow<'a, str>>,
}

fn user_ids<'de, D: serde::Deserializer<'de>>(de: D) -> Result<Option<Vec<UserId>>, D::Error> {
    Option::<Vec<i32>>::deserialize(de).map(|ids| ids.map(|ids| ids.into_iter().map(UserId).collect()))
}

impl UserRole<'_> {
    /// The ids of all members, each once, from both places where NinjaOne may put them; `None` when neither was sent.
    #[must_use]
    pub fn member_ids(&self) -> Option<Vec<UserId>> {
        if self.members.is_none() && self.user_ids.is_none() {
            return None;
        }
        let named = self.members.iter().flatten().filter_map(|member| member.id);
        let mut ids: Vec<_> = named.chain(self.user_ids.iter().flatten().copied()).collect();
        ids.sort_unstable();
        ids.dedup();
        Some(ids)
    }

    /// The same role, independent of the body it was read from.
    #[must_use]
    pub fn into_owned(self) -> UserRole<'static> {
        UserRole {
            id: self.id,
            name: own(self.name),
            role_type: self.role_type,
            description: own(self.description),
            members: self.members.map(|members| members.into_iter().map(RoleMember::into_owned).collect()),
            user_ids: self.user_ids,
        }
    }
}

impl RoleMember<'_> {
    /// The same membership, independent of the body it was read from.
    #[must_use]
    pub fn into_owned(self) -> RoleMember<'static> {
        RoleMember { id: self.id, email: own(self.email), name: own(self.name), source: own(self.source) }
    }
}

#[cfg(test)]
mod tests {
    // A test may panic: that is how it fails.
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn role(text: &str) -> Result<UserRole<'_>, serde_json::Error> {
        serde_json::from_str(text)
    }

    #[test]
    fn members_not_sent_are_not_an_empty_role() {
        assert_eq!(role(r#"{"id":1}"#).unwrap().member_ids(), None);
        assert_eq!(role(r#"{"id":1,"members":null}"#).unwrap().member_ids(), None);
        assert_eq!(role(r#"{"id":1,"members":[]}"#).unwrap().member_ids(), Some(vec![]));
    }

    #[test]
    fn user_ids_beside_members_count_and_nobody_counts_twice() {
        let role = role(r#"{"id":1,"members":[{"id":12},{"id":9,"source":7}],"userIds":[12,30]}"#).unwrap();
        assert_eq!(role.member_ids(), Some(vec![UserId(9), UserId(12), UserId(30)]));
        assert_eq!(role.clone().into_owned(), role);
    }

    #[test]
    fn a_membership_of_the_wrong_shape_is_an_error_not_an_empty_role() {
        for text in [
            r#"{"id":1,"members":"none"}"#,
            r#"{"id":1,"members":[null]}"#,
            r#"{"id":1,"members":{}}"#,
            r#"{"id":1,"userIds":["12"]}"#,
        ] {
            assert!(role(text).is_err(), "{text}");
        }
    }
}
