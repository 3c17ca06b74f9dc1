//! Devices and their owners (section 9.2).

use super::client::{Client, Written};
use super::endpoint::Endpoint;
use super::error::Error;
use super::list;
use super::model::{Device, DeviceId, UserUid};

/// A device filter expression (`df`): terms joined by `and`, such as `org = 5 and class in (MAC)`. Without a status term
/// NinjaOne lists approved devices only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceFilter(pub String);

impl Client {
    /// Walks all devices page by page; `each` is called once per device. A failed page is repeated alone.
    ///
    /// # Errors
    /// As [`list_users`](Self::list_users); [`TooManyPages`](super::ErrorKind::TooManyPages) for a list without end.
    pub async fn list_devices<S, M, F>(
        &self,
        filter: Option<&DeviceFilter>,
        make: M,
        mut each: F,
    ) -> Result<S, Error>
    where
        S: Send,
        M: Fn() -> S + Send,
        F: FnMut(&mut S, Device<'_>) -> Result<(), Error> + Send,
    {
        let mut request = self.list_request(Endpoint::Devices, "/v2/devices");
        request.query.extend(filter.map(|filter| ("df", filter.0.clone())));
        let mut state = make();
        self.pages(request, |bytes, seen| {
            let device: Device<'_> = list::element(bytes)?;
            if seen.is_new(device.id.map(|id| id.0))? { each(&mut state, device) } else { Ok(()) }
        })
        .await?;
        Ok(state)
    }

    /// One device.
    ///
    /// # Errors
    /// [`NotFound`](super::ErrorKind::NotFound).
    pub async fn get_device(&self, id: DeviceId) -> Result<Device<'static>, Error> {
        let request = self.request(Endpoint::Device, format!("/v2/device/{id}"));
        self.read(request, |bytes| {
            let device: Device<'_> = list::element(bytes)?;
            list::require_id(device.id)?;
            Ok(device.into_owned())
        })
        .await
    }

    /// Makes a user the owner of a device, in the place of any other.
    ///
    /// # Errors
    /// See [`Error::outcome`].
    pub async fn set_device_owner(&self, device: DeviceId, owner: &UserUid) -> Result<Written<()>, Error> {
        let request = self.request(Endpoint::SetDeviceOwner, format!("/v2/device/{device}/owner/{owner}"));
        self.write(request, None::<&()>, |_| None).await
    }

    /// Leaves a device without owner.
    ///
    /// # Errors
    /// See [`Error::outcome`].
    pub async fn clear_device_owner(&self, device: DeviceId) -> Result<Written<()>, Error> {
        let request = self.request(Endpoint::ClearDeviceOwner, format!("/v2/device/{device}/owner"));
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
    async fn an_owner_is_set_by_uid_and_cleared_without_one() {
        let uid = UserUid::parse("5b1f0c2e-7a41-4d3a-9c10-000000000012").unwrap();
        let set = format!("POST /v2/device/41/owner/{uid}");
        let ninja = FakeNinja::start()
            .await
            .on(&set, [Reply::new(204, "")])
            .on("DELETE /v2/device/41/owner", [Reply::new(204, "")])
            .on("GET /v2/device/41", [Reply::ok(r#"{"id":41,"systemName":"PC"}"#)]);
        let client = ninja.client();
        client.set_device_owner(DeviceId(41), &uid).await.unwrap();
        client.clear_device_owner(DeviceId(41)).await.unwrap();
        assert_eq!(client.get_device(DeviceId(41)).await.unwrap().label(), "PC");
        assert_eq!(ninja.lines(), [set.as_str(), "DELETE /v2/device/41/owner", "GET /v2/device/41"]);
    }

    #[tokio::test]
    async fn a_filter_goes_with_every_page() {
        let ninja =
            FakeNinja::start().await.on("GET /v2/devices", [Reply::ok(r#"[{"id":1}]"#), Reply::ok("[]")]);
        let filter = DeviceFilter("org = 5".into());
        ninja.client().list_devices(Some(&filter), || (), |(), _| Ok(())).await.unwrap();
        let line = "GET /v2/devices?df=org%20%3D%205&pageSize=500";
        assert_eq!(ninja.lines(), [line.to_owned(), format!("{line}&after=1")]);
    }
}
