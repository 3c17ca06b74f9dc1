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
    /// As [`list_users`](Self::list_users), also for a member without an id; [`NotOffered`](super::ErrorKind::NotOffered) on releases without user roles.
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
        self.stream(request, make, move |state, bytes| each(state, decode(bytes)?)).await
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
            let role = decode(bytes).ok()?;
            // An answer about another role, or without members, proves nothing about this one.
            (role.id == Some(asked) && role.member_ids().is_some()).then(|| role.into_owned())
        })
        .await
    }
}

/// A role. One member that cannot be told from another would be one member less.
fn decode(bytes: &[u8]) -> Result<UserRole<'_>, Error> {
    let role: UserRole<'_> = list::element(bytes)?;
    list::require_id(role.id)?;
    for (at, member) in role.members.iter().flatten().enumerate() {
        list::require_id_at(member.id, || format!("members[{at}].id"))?;
    }
    Ok(role)
}

#[cfg(test)]
mod tests {
    // A test may panic: that is how it fails.
    #![allow(clippy::unwrap_used)]

    use super::super::testing::{FakeNinja, Reply};
    use super::super::{ErrorKind, Outcome};
    use super::*;

    const ADD: &str = "PATCH /v2/user/role/201/add-members";

    async fn add(
        replies: impl IntoIterator<Item = Reply>,
    ) -> (Result<Written<UserRole<'static>>, Error>, FakeNinja) {
        let ninja = FakeNinja::start().await.on(ADD, replies);
        (ninja.client().add_member(RoleId(201), UserId(12)).await, ninja)
    }

    #[tokio::test]
    async fn a_member_change_sends_one_id_in_a_bare_array_and_reads_the_role_back() {
        let reply = Reply::ok(r#"{"id":201,"name":"Desk","members":[{"id":12,"source":"X"}]}"#);
        let (written, ninja) = add([reply.header("x-nj-request-id", "r-2")]).await;
        let written = written.unwrap();
        assert_eq!(written.request_id.as_deref(), Some("r-2"));
        assert_eq!(written.answer.unwrap().member_ids(), Some(vec![UserId(12)]));
        let seen = ninja.seen().pop().unwrap();
        assert_eq!((seen.line.as_str(), seen.body.as_str()), (ADD, "[12]"));
        assert_eq!(seen.headers["content-type"], "application/json");
    }

    #[tokio::test]
    async fn an_accepted_change_whose_answer_proves_nothing_has_no_answer() {
        for body in ["", "true", "{}", r#"{"id":201}"#, r#"{"id":202,"members":[{"id":12}]}"#, "{\"id\":201,"]
        {
            assert_eq!(add([Reply::ok(body)]).await.0.unwrap().answer, None, "{body}");
        }
        let ninja =
            FakeNinja::start().await.on("PATCH /v2/user/role/201/remove-members", [Reply::new(204, "")]);
        let written = ninja.client().remove_member(RoleId(201), UserId(12)).await.unwrap();
        assert_eq!((written.status, written.answer), (204, None));
    }

    #[tokio::test]
    async fn a_change_whose_answer_was_lost_is_unknown_and_not_repeated() {
        for reply in [
            Reply::new(500, ""),
            Reply::new(502, "<html>"),
            Reply::ok("<html>"),
            Reply::ok(r#"{"id":201"#).then_cut(),
            Reply::new(302, "").header("location", "https://example.com/"),
        ] {
            let (result, ninja) = add([reply.clone()]).await;
            assert_eq!(result.unwrap_err().outcome(), Outcome::Unknown, "{reply:?}");
            assert_eq!(ninja.lines().len(), 1, "{reply:?}");
        }
    }

    #[tokio::test]
    async fn a_throttled_change_is_repeated_because_it_was_refused() {
        let role = r#"{"id":201,"members":[]}"#;
        let (result, ninja) = add([Reply::new(429, "<html>"), Reply::ok(role)]).await;
        assert!(result.unwrap().answer.is_some());
        assert_eq!(ninja.lines().len(), 2);
    }

    #[tokio::test]
    async fn a_write_waits_for_a_token_as_long_as_a_read_would() {
        let ninja = FakeNinja::start()
            .await
            .on("POST /ws/oauth/token", [Reply::new(503, ""), Reply::token("a")])
            .on(ADD, [Reply::new(204, "")]);
        assert!(ninja.client().add_member(RoleId(201), UserId(12)).await.is_ok());
        assert_eq!(ninja.lines().len(), 1);
    }

    #[tokio::test]
    async fn a_release_without_user_roles_says_so() {
        let body = r#"{"resultCode":"FAILURE","errorMessage":"HTTP 404 Not Found"}"#;
        let ninja = FakeNinja::start().await.on("GET /v2/user/roles", [Reply::new(404, body)]);
        let result = ninja.client().list_user_roles(Some(&UserType::EndUser), || (), |(), _| Ok(())).await;
        assert_eq!(result.unwrap_err().kind(), &ErrorKind::NotOffered);
        assert_eq!(ninja.lines(), ["GET /v2/user/roles?roleType=END_USER"]);
    }

    #[tokio::test]
    async fn a_member_of_the_wrong_shape_is_named_with_its_path() {
        let body = r#"[{"id":1,"members":[]},{"id":2,"members":[{"id":3},null]}]"#;
        let ninja = FakeNinja::start().await.on("GET /v2/user/roles", [Reply::ok(body)]);
        let error = ninja.client().list_user_roles(None, || (), |(), _| Ok(())).await.unwrap_err();
        assert!(error.to_string().starts_with("GET /v2/user/roles: element 1 at members[1]: "), "{error}");
    }
}
