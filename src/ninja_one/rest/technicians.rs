//! Technicians (section 7.3). Every write needs a caller who counts as a System Administrator.

use serde::Serialize;

use super::client::{Client, Written};
use super::endpoint::Endpoint;
use super::error::Error;
use super::list;
use super::model::{Technician, UserId};

/// A technician to be made. Fields not given are not sent.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateTechnician {
    /// 1 to 150 characters.
    pub first_name: String,
    /// 1 to 150 characters.
    pub last_name: String,
    /// The login.
    pub email: String,
    /// Free text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
}

/// What of a technician can be changed. Fields not given stay as they are.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateTechnician {
    /// 1 to 150 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    /// 1 to 150 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
}

impl Client {
    /// Streams all technicians, as [`list_users`](Self::list_users) does.
    ///
    /// # Errors
    /// As [`list_users`](Self::list_users); [`NotOffered`](super::ErrorKind::NotOffered) on releases without the call.
    pub async fn list_technicians<S, M, F>(&self, make: M, mut each: F) -> Result<S, Error>
    where
        S: Send,
        M: Fn() -> S + Send,
        F: FnMut(&mut S, Technician<'_>) -> Result<(), Error> + Send,
    {
        let request = self.list_request(Endpoint::Technicians, "/v2/user/technicians");
        self.stream(request, make, move |state, bytes| {
            let technician: Technician<'_> = list::element(bytes)?;
            list::require_id(technician.id)?;
            each(state, technician)
        })
        .await
    }

    /// One technician.
    ///
    /// # Errors
    /// [`NotFound`](super::ErrorKind::NotFound), [`Rejected`](super::ErrorKind::Rejected) for an end user's id.
    pub async fn get_technician(&self, id: UserId) -> Result<Technician<'static>, Error> {
        let request = self.request(Endpoint::Technician, format!("/v2/user/technician/{id}"));
        self.read(request, |bytes| {
            let technician: Technician<'_> = list::element(bytes)?;
            list::require_id(technician.id)?;
            Ok(technician.into_owned())
        })
        .await
    }

    /// Makes a technician, who has no permissions until put into a role.
    ///
    /// # Errors
    /// See [`Error::outcome`]: after `Unknown` look the e-mail up before trying again.
    pub async fn create_technician(
        &self,
        new: &CreateTechnician,
    ) -> Result<Written<Technician<'static>>, Error> {
        let request = self.request(Endpoint::CreateTechnician, "/v2/user/technicians");
        self.write(request, Some(new), |bytes| {
            let technician: Technician<'_> = list::element(bytes).ok()?;
            technician.id.is_some().then(|| technician.into_owned())
        })
        .await
    }

    /// Changes a technician's names. NinjaOne answers without a documented body.
    ///
    /// # Errors
    /// [`InvalidRequest`](super::ErrorKind::InvalidRequest) when nothing is to be changed; else see [`Error::outcome`].
    pub async fn update_technician(
        &self,
        id: UserId,
        change: &UpdateTechnician,
    ) -> Result<Written<()>, Error> {
        if *change == UpdateTechnician::default() {
            return Err(Error::invalid_request("no field of the technician is to be changed"));
        }
        let request = self.request(Endpoint::UpdateTechnician, format!("/v2/user/technician/{id}"));
        self.write(request, Some(change), |_| None).await
    }

    /// Deletes a technician. Repeating it gives [`NotFound`](super::ErrorKind::NotFound).
    ///
    /// # Errors
    /// See [`Error::outcome`].
    pub async fn delete_technician(&self, id: UserId) -> Result<Written<()>, Error> {
        let request = self.request(Endpoint::DeleteTechnician, format!("/v2/user/technician/{id}"));
        self.write(request, None::<&()>, |_| None).await
    }
}

#[cfg(test)]
mod tests {
    // A test may panic: that is how it fails.
    #![allow(clippy::unwrap_used)]

    use super::super::ErrorKind;
    use super::super::testing::{FakeNinja, Reply};
    use super::*;

    #[tokio::test]
    async fn a_technician_is_made_with_the_fields_given_and_no_others() {
        let reply = Reply::ok(r#"{"id":15,"invitationStatus":"PENDING"}"#);
        let ninja = FakeNinja::start().await.on("POST /v2/user/technicians", [reply]);
        let new = CreateTechnician {
            first_name: "A".into(),
            last_name: "B".into(),
            email: "a@example.com".into(),
            phone: None,
        };
        let written = ninja.client().create_technician(&new).await.unwrap();
        assert_eq!(written.answer.unwrap().id, Some(UserId(15)));
        let body = ninja.seen().pop().unwrap().body;
        assert_eq!(body, r#"{"firstName":"A","lastName":"B","email":"a@example.com"}"#);
    }

    #[tokio::test]
    async fn names_are_changed_one_at_a_time_and_nothing_to_change_is_not_sent() {
        let ninja = FakeNinja::start().await.on("PATCH /v2/user/technician/15", [Reply::ok("")]);
        let change = UpdateTechnician { last_name: Some("C".into()), ..UpdateTechnician::default() };
        ninja.client().update_technician(UserId(15), &change).await.unwrap();
        assert_eq!(ninja.seen().pop().unwrap().body, r#"{"lastName":"C"}"#);
        let nothing = ninja.client().update_technician(UserId(15), &UpdateTechnician::default()).await;
        assert!(nothing.unwrap_err().is_certainly_refused());
        assert_eq!(ninja.lines().len(), 1);
    }

    #[tokio::test]
    async fn a_deletion_sends_no_body_and_the_second_one_finds_nothing() {
        let line = "DELETE /v2/user/technician/15";
        let ninja = FakeNinja::start().await.on(line, [Reply::new(204, ""), Reply::new(404, "{}")]);
        ninja.client().delete_technician(UserId(15)).await.unwrap();
        let seen = ninja.seen().pop().unwrap();
        assert!(seen.body.is_empty() && !seen.headers.contains_key("content-type"));
        let again = ninja.client().delete_technician(UserId(15)).await.unwrap_err();
        assert_eq!(again.kind(), &ErrorKind::NotFound);
    }

    #[tokio::test]
    async fn a_forbidden_technician_write_names_the_way_out() {
        let ninja = FakeNinja::start().await.on("DELETE /v2/user/technician/15", [Reply::new(403, "{}")]);
        let error = ninja.client().delete_technician(UserId(15)).await.unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::NotASystemAdministrator);
        assert!(error.to_string().contains("System Administrator"), "{error}");
    }

    #[tokio::test]
    async fn one_technician_is_read_whole_or_not_at_all() {
        let ninja = FakeNinja::start()
            .await
            .on("GET /v2/user/technician/15", [Reply::ok(r#"{"id":15,"scimUser":true}"#)])
            .on("GET /v2/user/technician/16", [Reply::ok("{}")])
            .on("GET /v2/user/technicians", [Reply::ok(r#"[{"id":15}]"#)]);
        let client = ninja.client();
        assert_eq!(client.get_technician(UserId(15)).await.unwrap().scim_user, Some(true));
        let error = client.get_technician(UserId(16)).await.unwrap_err();
        assert!(
            error.to_string().starts_with("GET /v2/user/technician/{id}: unexpected answer at id"),
            "{error}"
        );
        let ids = client.list_technicians(Vec::new, |ids, technician| {
            ids.extend(technician.id);
            Ok(())
        });
        assert_eq!(ids.await.unwrap(), [UserId(15)]);
    }
}
