//! The layer around every call: a request id, a span, a place among those that may run at once, and an answer even when the
//! code behind it panics.

use std::{
    any::Any,
    convert::Infallible,
    panic::AssertUnwindSafe,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Instant,
};

use futures::{FutureExt as _, future::BoxFuture};
use http::{HeaderValue, Request, Response};
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::sync::Semaphore;
use tokio_util::task::{TaskTracker, task_tracker::TaskTrackerToken};
use tonic::{Status, body::Body, transport::server::TcpConnectInfo};
use tower::{Layer, Service};
use tracing::Instrument as _;

/// The header that carries a request id in and out.
const REQUEST_ID: &str = "x-request-id";

/// Who calls, as far as the transport knows; part of the request's extensions.
#[derive(Debug, Clone)]
pub(super) struct Caller(pub String);

/// The layer. Calls of the health and reflection services are neither counted nor made to wait.
#[derive(Clone)]
pub(super) struct Observe {
    /// How many calls may run at once; more wait for their turn, or for their deadline.
    pub turns: Arc<Semaphore>,
    /// Calls under way, their answers included until the last byte is on its way.
    pub in_flight: TaskTracker,
}

impl<S> Layer<S> for Observe {
    type Service = Observed<S>;

    fn layer(&self, inner: S) -> Observed<S> {
        Observed { inner, around: self.clone() }
    }
}

/// A service within the layer.
#[derive(Clone)]
pub(super) struct Observed<S> {
    inner: S,
    around: Observe,
}

impl<S> Service<Request<Body>> for Observed<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        // The service that was polled ready is the one to call; its clone takes its place.
        let inner = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, inner);
        let path = request.uri().path().to_owned();
        if is_ours(&path) {
            let around = self.around.clone();
            let id = request_id(&request);
            let peer = peer(&request);
            let span = tracing::info_span!("rpc", method = %path, request_id = %id, peer = %peer);
            request.extensions_mut().insert(Caller(peer));
            let work = async move { around.run(inner, request, id).await };
            Box::pin(work.instrument(span))
        } else {
            Box::pin(async move { inner.call(request).await })
        }
    }
}

impl Observe {
    async fn run<S>(
        &self,
        mut inner: S,
        request: Request<Body>,
        id: HeaderValueText,
    ) -> Result<Response<Body>, Infallible>
    where
        S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    {
        let token = self.in_flight.token();
        let started = Instant::now();
        let Ok(_turn) = self.turns.acquire().await else {
            return Ok(Status::unavailable("the connector is shutting down").into_http());
        };
        let answer = AssertUnwindSafe(inner.call(request)).catch_unwind().await;
        let mut response = match answer {
            Ok(Ok(response)) => response,
            Ok(Err(never)) => match never {},
            Err(panic) => {
                tracing::error!(panic = panic_text(&*panic), "call panicked");
                Status::internal("Internal Server Error").into_http()
            }
        };
        let status = response.headers().get("grpc-status").and_then(|s| s.to_str().ok()).unwrap_or("0");
        tracing::debug!(
            status,
            elapsed_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            "call answered"
        );
        if let Ok(value) = HeaderValue::from_str(&id.0) {
            response.headers_mut().insert(REQUEST_ID, value);
        }
        Ok(response.map(|body| Body::new(Held { body, _token: token })))
    }
}

/// Services of the contract, as opposed to health and reflection.
fn is_ours(path: &str) -> bool {
    !path.starts_with("/grpc.")
}

/// A text that is fit for a header and for a log line.
struct HeaderValueText(String);

impl std::fmt::Display for HeaderValueText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// The caller's own request id when it is a sane one, else a new one.
fn request_id(request: &Request<Body>) -> HeaderValueText {
    let given = request.headers().get(REQUEST_ID).and_then(|v| v.to_str().ok());
    let sane = |id: &&str| (1..=128).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic());
    HeaderValueText(
        given.filter(sane).map_or_else(|| format!("{:032x}", rand::random::<u128>()), str::to_owned),
    )
}

fn peer(request: &Request<Body>) -> String {
    let info = request.extensions().get::<TcpConnectInfo>();
    info.and_then(TcpConnectInfo::remote_addr).map_or_else(|| "unknown".to_owned(), |addr| addr.to_string())
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

/// A body that counts as a call under way until it is sent or dropped.
struct Held {
    body: Body,
    _token: TaskTrackerToken,
}

impl HttpBody for Held {
    type Data = <Body as HttpBody>::Data;
    type Error = <Body as HttpBody>::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
