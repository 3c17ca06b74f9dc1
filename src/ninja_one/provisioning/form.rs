//! What an account is created from: the schema that the metadata shows, and the same fields read from a request. Every mistake
//! that can be seen without asking NinjaOne is found here, all of them at once.

mod fields;
mod reader;
#[cfg(test)]
mod tests;

use self::reader::Reader;
use super::error::WriteError;
use crate::{
    ninja_one::rest::model::{OrganizationId, RoleId, UserType},
    wire::v2::AccountInfo,
};

pub(in crate::ninja_one) use fields::schema;

/// An account to be created, as far as it can be checked here.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Form {
    pub(super) kind: UserType,
    pub(super) email: String,
    pub(super) first_name: String,
    pub(super) last_name: String,
    pub(super) phone: Option<String>,
    pub(super) organization: Option<OrganizationId>,
    pub(super) full_portal_access: Option<bool>,
    pub(super) send_invitation: bool,
    pub(super) roles: Vec<RoleId>,
}

impl Form {
    /// Reads the profile; the e-mail may also come as the account's primary e-mail or as its login.
    pub(super) fn read(info: &AccountInfo) -> Result<Self, WriteError> {
        let mut read = Reader { info, mistakes: Vec::new() };
        read.unknown_keys();
        let email = read.email();
        let first_name = read.name("first_name");
        let last_name = read.name("last_name");
        let kind = read.user_type();
        let phone = read.phone();
        let organization = read.organization(kind.as_ref());
        let full_portal_access = read.end_users_only("full_portal_access", kind.as_ref());
        let send_invitation = read.end_users_only("send_invitation", kind.as_ref()).unwrap_or(false);
        let roles = read.roles();
        if !read.mistakes.is_empty() {
            return Err(WriteError::InvalidAccount(read.mistakes));
        }
        let full_portal_access = full_portal_access.filter(|_| kind == Some(UserType::EndUser));
        // A field that is missing has been noted above.
        Ok(Self {
            kind: kind.unwrap_or(UserType::EndUser),
            email,
            first_name,
            last_name,
            phone,
            organization,
            full_portal_access,
            send_invitation,
            roles,
        })
    }
}
