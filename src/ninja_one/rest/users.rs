//! Users of both types in one list (sections 7.1 and 7.2).

use super::client::Client;
use super::endpoint::Endpoint;
use super::error::Error;
use super::list;
use super::model::{OrganizationId, User};

impl Client {
    /// Streams all technicians and end users into a state: `each` is called once per user, in NinjaOne's order. When an
    /// attempt fails midway the list starts over with a new state, so a state never mixes two attempts.
    ///
    /// # Errors
    /// Besides what any call may say: [`Decode`](super::ErrorKind::Decode) for an element without an id or that is no
    /// object, [`EmptyAnswer`](super::ErrorKind::EmptyAnswer) for no body, and whatever `each` returns, unretried.
    ///
    /// # Cancel safety
    /// Dropping the future abandons the request; nothing is left behind.
    pub async fn list_users<S, M, F>(&self, include_roles: bool, make: M, each: F) -> Result<S, Error>
    where
        S: Send,
        M: Fn() -> S + Send,
        F: FnMut(&mut S, User<'_>) -> Result<(), Error> + Send,
    {
        let mut request = self.list_request(Endpoint::Users, "/v2/users");
        if include_roles {
            request.query.push(("includeRoles", "true".into()));
        }
        self.users(request, make, each).await
    }

    /// Streams the end users of one organization, as [`list_users`](Self::list_users) does.
    ///
    /// # Errors
    /// As [`list_users`](Self::list_users); [`NotFound`](super::ErrorKind::NotFound) for an unknown organization.
    pub async fn list_organization_end_users<S, M, F>(
        &self,
        organization: OrganizationId,
        include_roles: bool,
        make: M,
        each: F,
    ) -> Result<S, Error>
    where
        S: Send,
        M: Fn() -> S + Send,
        F: FnMut(&mut S, User<'_>) -> Result<(), Error> + Send,
    {
        let path = format!("/v2/organization/{organization}/end-users");
        let mut request = self.list_request(Endpoint::OrganizationEndUsers, path);
        if include_roles {
            request.query.push(("includeRoles", "true".into()));
        }
        self.users(request, make, each).await
    }

    async fn users<S, M, F>(
        &self,
        request: super::transport::Request,
        make: M,
        mut each: F,
    ) -> Result<S, Error>
    where
        S: Send,
        M: Fn() -> S + Send,
        F: FnMut(&mut S, User<'_>) -> Result<(), Error> + Send,
    {
        self.stream(request, make, move |state, bytes| {
            let user: User<'_> = list::element(bytes)?;
            list::require_id(user.id)?;
            each(state, user)
        })
        .await
    }
}
