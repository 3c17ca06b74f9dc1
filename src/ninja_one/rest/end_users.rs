//! End users (section 7.4).

use serde::Serialize;

use super::client::{Client, Written};
use super::endpoint::Endpoint;
use super::error::Error;
use super::list;
use super::model::{EndUser, OrganizationId, UserId};

/// An end user to be made. Fields not given are not sent.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateEndUser {
    /// 1 to 150 characters.
    pub first_name: String,
    /// 1 to 150 characters.
    pub last_name: String,
    /// The login.
    pub email: String,
    /// Free text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// The home organization; not formally required, but send it always.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization_id: Option<OrganizationId>,
    /// Portal access to the whole organization.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub full_portal_access: Option<bool>,
}

/// What of an end user can be changed. Fields not given stay as they are.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateEndUser {
    /// 1 to 150 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    /// 1 to 150 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// Another home organization.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization_id: Option<OrganizationId>,
    /// Portal access to the whole organization.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub full_portal_access: Option<bool>,
}

fn decode(bytes: &[u8]) -> Option<EndUser<'static>> {
    let end_user: EndUser<'_> = list::element(bytes).ok()?;
    end_user.id.is_some().then(|| end_user.into_owned())
}

impl Client {
    /// Streams all end users, as [`list_users`](Self::list_users) does.
    ///
    /// # Errors
    /// As [`list_users`](Self::list_users); [`NotOffered`](super::ErrorKind::NotOffered) on releases without the call.
    pub async fn list_end_users<S, M, F>(&self, make: M, mut each: F) -> Result<S, Error>
    where
        S: Send,
        M: Fn() -> S + Send,
        F: FnMut(&mut S, EndUser<'_>) -> Result<(), Error> + Send,
    {
        let request = self.list_request(Endpoint::EndUsers, "/v2/user/end-users");
        self.stream(request, make, move |state, bytes| {
            let end_user: EndUser<'_> = list::element(bytes)?;
            list::require_id(end_user.id)?;
            each(state, end_user)
        })
        .await
    }

    /// One end user.
    ///
    /// # Errors
    /// [`NotFound`](super::ErrorKind::NotFound), [`Rejected`](super::ErrorKind::Rejected) for a technician's id.
    pub async fn get_end_user(&self, id: UserId) -> Result<EndUser<'static>, Error> {
        let request = self.request(Endpoint::EndUser, format!("/v2/user/end-user/{id}"));
        self.read(request, |bytes| {
            let end_user: EndUser<'_> = list::element(bytes)?;
            list::require_id(end_user.id)?;
            Ok(end_user.into_owned())
        })
        .await
    }

    /// Makes an end user, with an invitation by e-mail if asked for.
    ///
    /// # Errors
    /// See [`Error::outcome`]: after `Unknown` look the e-mail up before trying again.
    pub async fn create_end_user(
        &self,
        new: &CreateEndUser,
        send_invitation: bool,
    ) -> Result<Written<EndUser<'static>>, Error> {
        let mut request = self.request(Endpoint::CreateEndUser, "/v2/user/end-users");
        request.query.push(("sendInvitation", send_invitation.to_string()));
        self.write(request, Some(new), decode).await
    }

    /// Changes an end user.
    ///
    /// # Errors
    /// [`InvalidRequest`](super::ErrorKind::InvalidRequest) when nothing is to be changed; else see [`Error::outcome`].
    pub async fn update_end_user(
        &self,
        id: UserId,
        change: &UpdateEndUser,
    ) -> Result<Written<EndUser<'static>>, Error> {
        if *change == UpdateEndUser::default() {
            return Err(Error::invalid_request("no field of the end user is to be changed"));
        }
        let request = self.request(Endpoint::UpdateEndUser, format!("/v2/user/end-user/{id}"));
        self.write(request, Some(change), decode).await
    }

    /// Deletes an end user. Repeating it gives [`NotFound`](super::ErrorKind::NotFound).
    ///
    /// # Errors
    /// See [`Error::outcome`].
    pub async fn delete_end_user(&self, id: UserId) -> Result<Written<()>, Error> {
        let request = self.request(Endpoint::DeleteEndUser, format!("/v2/user/end-user/{id}"));
        self.write(request, None::<&()>, |_| None).await
    }
}

#[cfg(test)]
mod tests {
    // A test may panic: that is how it fails.
    #![allow(clippy::unwrap_used)]

    use super::super::testing::{FakeNinja, Reply};
    use super::*;

    #[tokio::test]
    async fn an_end_user_is_made_with_the_fields_given_and_an_invitation_only_if_asked_for() {
        let ninja = FakeNinja::start().await.on("POST /v2/user/end-users", [Reply::ok(r#"{"id":35}"#)]);
        let new = CreateEndUser {
            first_name: "A".into(),
            last_name: "B".into(),
            email: "a@example.com".into(),
            organization_id: Some(OrganizationId(2)),
            full_portal_access: Some(false),
            ..CreateEndUser::default()
        };
        for send in [false, true] {
            let written = ninja.client().create_end_user(&new, send).await.unwrap();
            assert_eq!(written.answer.unwrap().id, Some(UserId(35)));
            let seen = ninja.seen().pop().unwrap();
            assert_eq!(seen.line, format!("POST /v2/user/end-users?sendInvitation={send}"));
            let expected = concat!(
                r#"{"firstName":"A","lastName":"B","email":"a@example.com","organizationId":2,"#,
                r#""fullPortalAccess":false}"#
            );
            assert_eq!(seen.body, expected);
        }
    }

    #[tokio::test]
    async fn an_end_user_is_read_changed_and_deleted_on_its_own_path() {
        let path = "/v2/user/end-user/35";
        let ninja = FakeNinja::start()
            .await
            .on(&format!("GET {path}"), [Reply::ok(r#"{"id":35,"fullPortalAccess":true}"#)])
            .on(&format!("PATCH {path}"), [Reply::ok(r#"{"id":35,"organizationId":3}"#)])
            .on(&format!("DELETE {path}"), [Reply::new(204, "")])
            .on("GET /v2/user/end-users", [Reply::ok(r#"[{"id":35}]"#)]);
        let client = ninja.client();
        assert_eq!(client.get_end_user(UserId(35)).await.unwrap().full_portal_access, Some(true));
        let change = UpdateEndUser { organization_id: Some(OrganizationId(3)), ..UpdateEndUser::default() };
        let written = client.update_end_user(UserId(35), &change).await.unwrap();
        assert_eq!(written.answer.unwrap().organization_id, Some(OrganizationId(3)));
        assert_eq!(ninja.seen().pop().unwrap().body, r#"{"organizationId":3}"#);
        assert!(client.update_end_user(UserId(35), &UpdateEndUser::default()).await.is_err());
        client.delete_end_user(UserId(35)).await.unwrap();
        let count = client.list_end_users(
            || 0,
            |count, _| {
                *count += 1;
                Ok(())
            },
        );
        assert_eq!(count.await.unwrap(), 1);
    }
}
