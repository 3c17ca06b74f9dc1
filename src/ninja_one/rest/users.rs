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

#[cfg(test)]
mod tests {
    // A test may panic: that is how it fails.
    #![allow(clippy::unwrap_used)]

    use super::super::ErrorKind;
    use super::super::testing::{FakeNinja, Reply};
    use super::*;

    async fn ids(ninja: &FakeNinja) -> Result<Vec<i32>, Error> {
        ninja
            .client()
            .list_users(true, Vec::new, |ids, user| {
                ids.extend(user.id.map(|id| id.0));
                Ok(())
            })
            .await
    }

    async fn users(replies: impl IntoIterator<Item = Reply>) -> (Result<Vec<i32>, Error>, FakeNinja) {
        let ninja = FakeNinja::start().await.on("GET /v2/users", replies);
        (ids(&ninja).await, ninja)
    }

    #[tokio::test]
    async fn users_arrive_in_order_and_the_token_goes_with_the_request() {
        let (result, ninja) = users([Reply::ok(r#"[{"id":12,"roles":["a"]}, {"id":11}]"#)]).await;
        assert_eq!(result.unwrap(), [12, 11]);
        assert_eq!(ninja.lines(), ["GET /v2/users?includeRoles=true"]);
        assert_eq!(ninja.seen()[1].headers["authorization"], "Bearer canary-token-1");
    }

    #[tokio::test]
    async fn a_list_cut_midway_starts_over_with_a_fresh_state() {
        let (result, ninja) = users([
            Reply::ok(r#"[{"id":1},{"id":2},"#).then_cut(),
            Reply::ok(r#"[{"id":1},{"id":2},{"#),
            Reply::new(502, "<html>"),
            Reply::ok(r#"[{"id":2},{"id":3}]"#),
        ])
        .await;
        assert_eq!(result.unwrap(), [2, 3]);
        assert_eq!(ninja.lines().len(), 4);
    }

    #[tokio::test]
    async fn an_empty_list_is_a_list_but_no_body_is_not() {
        assert_eq!(users([Reply::ok("[]")]).await.0.unwrap(), [0; 0]);
        for reply in [Reply::new(204, ""), Reply::ok(""), Reply::ok(" \n")] {
            assert_eq!(users([reply]).await.0.unwrap_err().kind(), &ErrorKind::EmptyAnswer);
        }
    }

    #[tokio::test]
    async fn what_cannot_be_believed_is_named_with_its_place_and_not_repeated() {
        for (body, text) in [
            (r#"[{"id":1},{"email":"x"}]"#, "element 1 at id: missing, or not a 32-bit integer"),
            (r#"[{"id":1},{"id":"2"}]"#, "element 1 at id: missing, or not a 32-bit integer"),
            (r#"[{"id":1},null]"#, "element 1: expected an object, found 'n'"),
            (r#"[[11]]"#, "element 0: expected an object, found '['"),
            (r#"[{"id":1,}]"#, "element 0"),
            (r#"[{"id":1}]]"#, "unexpected data after the end of the array of 1 elements"),
            (r#"{"users":[]}"#, "expected an array, found '{'"),
        ] {
            let (result, ninja) = users([Reply::ok(body).header("x-nj-request-id", "r-9")]).await;
            let text_of = result.unwrap_err().to_string();
            assert!(text_of.starts_with("GET /v2/users: ") && text_of.contains(text), "{text_of}");
            assert!(text_of.ends_with("(HTTP 200, request r-9)"), "{text_of}");
            assert_eq!(ninja.lines().len(), 1, "{body}");
        }
    }

    #[tokio::test]
    async fn a_caller_that_rejects_an_element_ends_the_list_with_its_own_reason() {
        let ninja = FakeNinja::start().await.on("GET /v2/users", [Reply::ok(r#"[{"id":1},{"id":1}]"#)]);
        let result = ninja
            .client()
            .list_users(
                false,
                || 0,
                |count, _| {
                    *count += 1;
                    if *count > 1 { Err(Error::rejected_element("seen before")) } else { Ok(()) }
                },
            )
            .await;
        let error = result.unwrap_err();
        assert_eq!(error.to_string(), "GET /v2/users: element 1: seen before (HTTP 200)");
    }

    #[tokio::test]
    async fn a_revoked_token_is_renewed_within_the_call() {
        let ninja = FakeNinja::start()
            .await
            .on("POST /ws/oauth/token", [Reply::token("a"), Reply::token("b")])
            .on("GET /v2/users", [Reply::new(401, r#"{"error":"not_authenticated"}"#), Reply::ok("[]")]);
        ids(&ninja).await.unwrap();
        let bearers: Vec<_> =
            ninja.seen().iter().filter_map(|seen| seen.headers.get("authorization").cloned()).collect();
        assert_eq!(bearers, ["Bearer a", "Bearer b"]);
    }

    #[tokio::test]
    async fn a_list_in_html_or_throttled_is_asked_for_again() {
        let (result, ninja) = users([
            Reply::ok("<html>slow down</html>"),
            Reply::new(429, "").header("retry-after", "0"),
            Reply::ok(r#"[{"id":5}]"#).header("content-type", "text/plain"),
        ])
        .await;
        assert_eq!(result.unwrap(), [5]);
        assert_eq!(ninja.lines().len(), 3);
    }

    #[tokio::test]
    async fn the_users_of_one_organization_have_their_own_path() {
        let ninja =
            FakeNinja::start().await.on("GET /v2/organization/7/end-users", [Reply::ok(r#"[{"id":5}]"#)]);
        let client = ninja.client();
        let count = client.list_organization_end_users(
            OrganizationId(7),
            false,
            || 0,
            |count, _| {
                *count += 1;
                Ok(())
            },
        );
        assert_eq!(count.await.unwrap(), 1);
        assert_eq!(ninja.lines(), ["GET /v2/organization/7/end-users"]);
    }
}
