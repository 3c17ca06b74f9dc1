//! Fakes for this room's tests: a NinjaOne that answers what a test tells it to, and a transport without a network.

// A test may panic: that is how it fails.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::body::{Body as HttpBody, Bytes};
use axum::extract::Request as HttpRequest;
use axum::http::{HeaderMap, Response};
use futures::{StreamExt as _, stream};
use secrecy::SecretString;
use tokio::net::TcpListener;

use super::transport::{Answer, Request, Sink, Transport};
use super::{Client, ClientConfig, Error, Host, RetryPolicy};

pub(super) const SECRET: &str = "canary-client-secret";

/// An answer in a script.
#[derive(Debug, Clone)]
pub(super) struct Reply {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: String,
    end: End,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum End {
    Whole,
    Cut,
    Hang,
}

impl Reply {
    pub(super) fn new(status: u16, body: impl Into<String>) -> Self {
        let headers = vec![("content-type", "application/json".into())];
        Self { status, headers, body: body.into(), end: End::Whole }
    }

    pub(super) fn ok(body: impl Into<String>) -> Self {
        Self::new(200, body)
    }

    pub(super) fn token(token: &str) -> Self {
        Self::ok(format!(
            r#"{{"access_token":"{token}","token_type":"Bearer","expires_in":3600,"scope":"monitoring management"}}"#
        ))
    }

    pub(super) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value.into()));
        self
    }

    /// The connection closes after the body, before the answer's proper end.
    pub(super) fn then_cut(mut self) -> Self {
        self.end = End::Cut;
        self
    }

    /// Nothing comes after the body, and the connection stays open.
    pub(super) fn then_hang(mut self) -> Self {
        self.end = End::Hang;
        self
    }

    fn into_response(self) -> Response<HttpBody> {
        let mut response = Response::builder().status(self.status);
        for (name, value) in &self.headers {
            response = response.header(*name, value);
        }
        let start = stream::iter([Ok::<_, std::io::Error>(Bytes::from(self.body.clone()))]);
        let body = match self.end {
            End::Whole => HttpBody::from(self.body),
            End::Cut => HttpBody::from_stream(start.chain(stream::once(async {
                // A pause lets the bytes before the cut reach the client.
                tokio::time::sleep(Duration::from_millis(20)).await;
                Err(std::io::Error::other("cut"))
            }))),
            End::Hang => HttpBody::from_stream(start.chain(stream::pending())),
        };
        response.body(body).unwrap()
    }
}

/// A request that the fake saw.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    /// `METHOD /path?query`.
    pub(super) line: String,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

/// Answers by `METHOD /path`, in the order of its script; the last answer of a path repeats. Tokens are given freely
/// unless the script says otherwise.
pub(super) struct FakeNinja {
    pub(super) url: String,
    script: Arc<Mutex<HashMap<String, VecDeque<Reply>>>>,
    log: Arc<Mutex<Vec<Seen>>>,
}

impl FakeNinja {
    pub(super) async fn start() -> Self {
        let script = Arc::new(Mutex::new(HashMap::new()));
        let log = Arc::new(Mutex::new(Vec::new()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (answers, seen) = (Arc::clone(&script), Arc::clone(&log));
        let app = Router::new().fallback(move |request: HttpRequest| {
            let (answers, seen) = (Arc::clone(&answers), Arc::clone(&seen));
            async move { answer(request, &answers, &seen).await }
        });
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, script, log }
    }

    pub(super) fn on(self, line: &str, replies: impl IntoIterator<Item = Reply>) -> Self {
        self.script.lock().unwrap().insert(line.to_owned(), replies.into_iter().collect());
        self
    }

    pub(super) fn seen(&self) -> Vec<Seen> {
        self.log.lock().unwrap().clone()
    }

    /// The lines of all requests but those for a token.
    pub(super) fn lines(&self) -> Vec<String> {
        self.seen().into_iter().map(|seen| seen.line).filter(|line| !line.contains("/oauth/token")).collect()
    }

    pub(super) fn count(&self, line: &str) -> usize {
        self.seen().iter().filter(|seen| seen.line == line).count()
    }

    pub(super) fn config(&self) -> ClientConfig {
        let secret = SecretString::from(SECRET);
        let mut config = ClientConfig::new(Host::parse(&self.url).unwrap(), "client-1", secret);
        config.retry = RetryPolicy {
            base_delay: Duration::from_millis(1),
            throttle_pause: Duration::from_millis(1),
            max_delay: Duration::from_millis(2),
            ..RetryPolicy::default()
        };
        config
    }

    pub(super) fn client(&self) -> Client {
        Client::new(self.config()).unwrap()
    }
}

async fn answer(
    request: HttpRequest,
    script: &Mutex<HashMap<String, VecDeque<Reply>>>,
    log: &Mutex<Vec<Seen>>,
) -> Response<HttpBody> {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let line = format!("{} {}", parts.method, parts.uri);
    let key = format!("{} {}", parts.method, parts.uri.path());
    let body = String::from_utf8(body.to_vec()).unwrap();
    log.lock().unwrap().push(Seen { line: line.clone(), headers: parts.headers, body });
    let mut script = script.lock().unwrap();
    let replies = if script.contains_key(&line) { script.get_mut(&line) } else { script.get_mut(&key) };
    let reply = match replies {
        Some(replies) if replies.len() > 1 => replies.pop_front(),
        Some(replies) => replies.front().cloned(),
        None if key == "POST /ws/oauth/token" => Some(Reply::token("canary-token-1")),
        None => None,
    };
    reply.unwrap_or_else(|| panic!("the fake has no answer for {line}")).into_response()
}

/// A transport that plays back results, each after a pause.
pub(super) struct Script {
    results: Mutex<VecDeque<Result<Answer, Error>>>,
    pause: Duration,
    pub(super) sent: Mutex<Vec<Request>>,
    pub(super) in_flight: Mutex<(usize, usize)>,
}

impl Script {
    pub(super) fn new(results: impl IntoIterator<Item = Result<Answer, Error>>) -> Self {
        let results = Mutex::new(results.into_iter().collect());
        Self { results, pause: Duration::ZERO, sent: Mutex::default(), in_flight: Mutex::default() }
    }

    pub(super) fn slow(mut self, pause: Duration) -> Self {
        self.pause = pause;
        self
    }

    pub(super) fn sends(&self) -> usize {
        self.sent.lock().unwrap().len()
    }

    /// The most requests that were in flight at once.
    pub(super) fn peak(&self) -> usize {
        self.in_flight.lock().unwrap().1
    }
}

pub(super) fn fine() -> Result<Answer, Error> {
    Ok(Answer { status: 200, request_id: None })
}

struct Flight<'a>(&'a Script);

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        self.0.in_flight.lock().unwrap().0 -= 1;
    }
}

#[async_trait]
impl Transport for Arc<Script> {
    async fn send(&self, request: &Request, sink: &mut dyn Sink) -> Result<Answer, Error> {
        self.sent.lock().unwrap().push(request.clone());
        {
            let mut in_flight = self.in_flight.lock().unwrap();
            in_flight.0 += 1;
            in_flight.1 = in_flight.1.max(in_flight.0);
        }
        let _flight = Flight(self);
        tokio::time::sleep(self.pause).await;
        sink.restart();
        self.results.lock().unwrap().pop_front().unwrap_or_else(fine)
    }
}
