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
