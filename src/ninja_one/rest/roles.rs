//! User roles and their members (section 8). Device roles are another call, which nothing here makes.

use super::client::{Client, Written};
use super::endpoint::Endpoint;
use super::error::Error;
use super::list;
use super::model::{RoleId, UserId, UserRole, UserType};

impl Client {
    /// Streams all user roles with their members, as [`list_users`](Self::list_users) does; `role_type` narrows the list.
    ///
    /// # Errors
    /// As [`list_users`](Self::list_users); [`NotOffered`](super::ErrorKind::NotOffered) on releases without user roles.
    pub async fn list_user_roles<S, M, F>(
        &self,
        role_type: Option<&UserType>,
        make: M,
        mut each: F,
    ) -> Result<S, Error>
    where
        S: Send,
        M: Fn() -> S + Send,
        F: FnMut(&mut S, UserRole<'_>) -> Result<(), Error> + Send,
    {
        let mut request = self.list_request(Endpoint::UserRoles, "/v2/user/roles");
        request.query.extend(role_type.map(|role_type| ("roleType", role_type.as_str().to_owned())));
        self.stream(request, make, move |state, bytes| {
            let role: UserRole<'_> = list::element(bytes)?;
            list::require_id(role.id)?;
            each(state, role)
        })
        .await
    }

    /// Puts one user into a role. The answer is the role after the change, when NinjaOne sends it.
    ///
    /// # Errors
    /// See [`Error::outcome`]. What NinjaOne says to a user who is a member already is unknown: read first.
    pub async fn add_member(&self, role: RoleId, user: UserId) -> Result<Written<UserRole<'static>>, Error> {
        self.change_member(Endpoint::AddRoleMembers, format!("/v2/user/role/{role}/add-members"), role, user)
            .await
    }

    /// Takes one user out of a role. The answer is the role after the change, when NinjaOne sends it.
    ///
    /// # Errors
    /// See [`Error::outcome`]. What NinjaOne says to a user who is no member is unknown: read first.
    pub async fn remove_member(
        &self,
        role: RoleId,
        user: UserId,
    ) -> Result<Written<UserRole<'static>>, Error> {
        let path = format!("/v2/user/role/{role}/remove-members");
        self.change_member(Endpoint::RemoveRoleMembers, path, role, user).await
    }

    async fn change_member(
        &self,
        endpoint: Endpoint,
        path: String,
        asked: RoleId,
        user: UserId,
    ) -> Result<Written<UserRole<'static>>, Error> {
        // One id per call: whether one bad id fails all of several is unknown.
        self.write(self.request(endpoint, path), Some(&[user]), |bytes| {
            let role: UserRole<'_> = list::element(bytes).ok()?;
            // An answer about another role, or without members, proves nothing about this one.
            (role.id == Some(asked) && role.member_ids().is_some()).then(|| role.into_owned())
        })
        .await
    }
}
