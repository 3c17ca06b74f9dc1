//! What the simulator promises, proven over a real port.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test fails by panicking

mod activities;
mod control;
mod faults;
mod forbidden;
mod generation;
mod lists;
mod members;
mod shapes;
mod sign_in;
mod writes;

use std::{
    sync::{Arc, Mutex, Once},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use reqwest::{Method, Response, redirect::Policy};
use secrecy::ExposeSecret;
use serde_json::Value;

use super::{Clock, Options, Simulator, Tenant};

const READ: &[&str] = &["monitoring"];
const WRITE: &[&str] = &["monitoring", "management"];

/// Ada administers, Bram and Devon are technicians, Esi and Greta are end users, Hal belongs to SCIM.
fn small() -> Tenant {
    Tenant::empty()
        .organization(2, "Blue Harbor Dental")
        .organization(3, "Quarry Foods")
        .administrator(11, "Ada", "Okafor", "ada@example.com")
        .technician(14, "Devon", "Ashby", "devon@example.com")
        .technician(12, "Bram", "Visser", "bram@example.com")
        .end_user(33, "Greta", "Lind", "greta@example.org", 3)
        .end_user(31, "Esi", "Mensah", "esi@example.org", 2)
        .end_user(35, "Hal", "Sync", "hal@example.org", 2)
        .with_user(35, |user| user.scim_user = true.into())
        .role(201, "Service Desk", "TECHNICIAN")
        .member(201, 12, "MANUAL")
        .member(201, 14, "GROUP_MAPPING")
        .role(301, "Portal Basic", "END_USER")
        .member(301, 31, "MANUAL")
        .device(4102, "HOST-2", 2)
        .device(4101, "HOST-1", 2)
        .device(4103, "HOST-3", 3)
        .device_role(1001, "Windows Workstation")
        .script(146, "Disable local account")
}

struct Desk {
    simulator: Simulator,
    http: reqwest::Client,
}

/// An answer that was read to its end.
struct Reply {
    status: u16,
    headers: reqwest::header::HeaderMap,
    text: String,
}

impl Reply {
    async fn of(response: Response) -> reqwest::Result<Self> {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Ok(Self { status, headers, text: response.text().await? })
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    fn ids(&self) -> Vec<i64> {
        self.json().as_array().expect("a list").iter().map(|item| item["id"].as_i64().unwrap()).collect()
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl Desk {
    async fn open() -> Self {
        Self::with(Options::with(small())).await
    }

    async fn with(options: Options) -> Self {
        static PROVIDER: Once = Once::new();
        PROVIDER.call_once(|| {
            let _ = rustls::crypto::ring::default_provider().install_default();
        });
        let http = reqwest::Client::builder().user_agent("desk/1").redirect(Policy::none()).no_proxy();
        let http = http.build().unwrap();
        Self { simulator: Simulator::start(options).await.unwrap(), http }
    }

    fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        self.http.request(method, format!("{}{path}", self.simulator.url()))
    }

    async fn try_call(
        &self,
        method: &str,
        path: &str,
        scopes: &[&str],
        body: Option<&str>,
    ) -> reqwest::Result<Reply> {
        let token = self.simulator.machine_token(scopes);
        let mut request = self.request(method, path).bearer_auth(token.expose_secret());
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_owned());
        }
        Reply::of(request.send().await?).await
    }

    async fn get(&self, path: &str) -> Reply {
        self.try_call("GET", path, READ, None).await.unwrap()
    }

    async fn send(&self, method: &str, path: &str, body: &str) -> Reply {
        self.try_call(method, path, WRITE, Some(body)).await.unwrap()
    }

    async fn delete(&self, path: &str) -> Reply {
        self.try_call("DELETE", path, WRITE, None).await.unwrap()
    }

    async fn token(&self, form: &[(&str, &str)]) -> Reply {
        let request = self.request("POST", "/ws/oauth/token").form(form);
        Reply::of(request.send().await.unwrap()).await.unwrap()
    }
}

/// A clock that goes only when it is told to.
#[derive(Clone)]
struct Hands(Arc<Mutex<SystemTime>>);

impl Hands {
    fn new() -> (Self, Clock) {
        let hands = Self(Arc::new(Mutex::new(UNIX_EPOCH + Duration::from_secs(1_760_000_000))));
        let same = hands.clone();
        (hands, Arc::new(move || *same.0.lock().unwrap()))
    }

    fn turn(&self, by: Duration) {
        *self.0.lock().unwrap() += by;
    }
}
