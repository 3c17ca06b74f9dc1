//! Organizations (section 9.1).

use super::client::Client;
use super::endpoint::Endpoint;
use super::error::Error;
use super::list;
use super::model::Organization;

impl Client {
    /// The cheapest proof that token and monitoring scope work: asks for one organization, tells whether there is one.
    ///
    /// # Errors
    /// As any call.
    pub async fn probe(&self) -> Result<bool, Error> {
        let mut request = self.request(Endpoint::Organizations, "/v2/organizations");
        request.query.push(("pageSize", "1".into()));
        let count = self.stream(
            request,
            || 0_u32,
            |count, _| {
                *count = count.saturating_add(1);
                Ok(())
            },
        );
        Ok(count.await? > 0)
    }

    /// Walks all organizations page by page; `each` is called once per organization. A failed page is repeated alone.
    ///
    /// # Errors
    /// As [`list_users`](Self::list_users); [`TooManyPages`](super::ErrorKind::TooManyPages) for a list without end.
    pub async fn list_organizations<S, M, F>(&self, make: M, mut each: F) -> Result<S, Error>
    where
        S: Send,
        M: Fn() -> S + Send,
        F: FnMut(&mut S, Organization<'_>) -> Result<(), Error> + Send,
    {
        let request = self.list_request(Endpoint::Organizations, "/v2/organizations");
        let mut state = make();
        self.pages(request, |bytes, seen| {
            let organization: Organization<'_> = list::element(bytes)?;
            if seen.is_new(organization.id.map(|id| id.0))? { each(&mut state, organization) } else { Ok(()) }
        })
        .await?;
        Ok(state)
    }
}

#[cfg(test)]
mod tests {
    // A test may panic: that is how it fails.
    #![allow(clippy::unwrap_used)]

    use super::super::testing::{FakeNinja, Reply};

    #[tokio::test]
    async fn the_probe_asks_for_one_organization_and_insists_on_a_list() {
        let replies = [Reply::ok("[]"), Reply::ok(r#"[{"id":1}]"#), Reply::ok("{}")];
        let ninja = FakeNinja::start().await.on("GET /v2/organizations", replies);
        let client = ninja.client();
        assert!(!client.probe().await.unwrap());
        assert!(client.probe().await.unwrap());
        assert!(client.probe().await.is_err());
        assert_eq!(ninja.lines()[0], "GET /v2/organizations?pageSize=1");
    }

    #[tokio::test]
    async fn organizations_come_page_by_page() {
        let replies =
            [Reply::ok(r#"[{"id":1,"name":"A"}]"#), Reply::ok(r#"[{"id":2,"name":"B"}]"#), Reply::ok("[]")];
        let ninja = FakeNinja::start().await.on("GET /v2/organizations", replies);
        let client = ninja.client();
        let names = client.list_organizations(String::new, |names, organization| {
            names.extend(organization.name.as_deref());
            Ok(())
        });
        assert_eq!(names.await.unwrap(), "AB");
    }
}
