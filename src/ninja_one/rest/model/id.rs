//! Ids as types, so that a role's number cannot be taken for a user's.

use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;

use serde::Serialize;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident($int:ty);)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(pub $int);

        impl From<$int> for $name {
            fn from(id: $int) -> Self {
                Self(id)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = ParseIntError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    )*};
}

ids! {
    /// A technician or end user: one number space for both.
    UserId(i32);
    /// A user role (not a device role).
    RoleId(i32);
    /// An organization.
    OrganizationId(i32);
    /// A device.
    DeviceId(i32);
    /// An activity.
    ActivityId(i64);
}

/// A user's UUID, the key of device ownership, in lower case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserUid(String);

impl UserUid {
    /// Reads `8-4-4-4-12` hexadecimal digits; `None` for anything else, since it goes into a path.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_lowercase();
        let dashes = [8, 13, 18, 23];
        let fits = text.len() == 36
            && text.bytes().enumerate().all(|(at, byte)| match dashes.contains(&at) {
                true => byte == b'-',
                false => byte.is_ascii_hexdigit(),
            });
        fits.then_some(Self(text))
    }

    /// The UUID in lower case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UserUid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_uuid_may_go_into_a_path() {
        let uid = UserUid::parse("5B1F0C2E-7a41-4d3a-9c10-000000000011");
        assert_eq!(uid.as_ref().map(UserUid::as_str), Some("5b1f0c2e-7a41-4d3a-9c10-000000000011"));
        for wrong in ["", "..", "5b1f0c2e7a414d3a9c10000000000011", "5b1f0c2e-7a41-4d3a-9c10-00000000001/"] {
            assert_eq!(UserUid::parse(wrong), None, "{wrong}");
        }
    }
}
