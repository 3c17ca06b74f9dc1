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
