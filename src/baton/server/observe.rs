//! The layer around every call: a request id, a span, a report on how it ended, and an answer even when the code behind it
//! panics or the caller is too slow to send or to read.

use std::{
    any::Any,
    convert::Infallible,
    panic::AssertUnwindSafe,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Instant,
};

use bytes::Bytes;
use futures::{FutureExt as _, future::BoxFuture};
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::{Sleep, sleep};
use tokio_util::{
    sync::{CancellationToken, DropGuard},
    task::{TaskTracker, task_tracker::TaskTrackerToken},
};
use tonic::{Code, Status, body::Body};
use tower::{Layer, Service};
use tracing::{Instrument as _, Span, field};

use super::{
    CallReport, ServerObserver,
    door::{Denial, Methods, Patience, Peer, refuse},
    trace_context::continue_trace,
};

/// The header that carries a request id in and out.
const REQUEST_ID: &str = "x-request-id";

/// The pieces in which an answer is handed to HTTP/2. A piece waits until the one before has found room with the peer; a whole
/// answer would be taken at once and kept for a peer that reads nothing, out of sight.
const PIECE: usize = 16 * 1024;
/// What tonic says about a message that is larger than it may be.
const TOO_LARGE: &str = "decoded message length too large";

/// Who calls: the identity, or the address where no identity is asked for. Part of the request's extensions.
#[derive(Debug, Clone)]
pub(super) struct Caller(pub String);

/// The layer. Calls of the health and reflection services are neither counted nor timed nor traced.
#[derive(Clone)]
pub(super) struct Observe {
    /// Calls under way, their answers included until the last byte is on its way.
    pub in_flight: TaskTracker,
    /// The methods that are served.
    pub methods: Arc<Methods>,
    /// How long callers may take.
    pub patience: Patience,
    /// Told how each call ended.
    pub observer: Arc<dyn ServerObserver>,
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

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let path = request.uri().path().to_owned();
        if !is_ours(&path) {
            // Probes come every few seconds, and nobody wants a trace of each.
            return Box::pin(self.inner.call(request));
        }
        // The service that was polled ready is the one to call; its clone takes its place.
        let inner = self.inner.clone();
        let inner = std::mem::replace(&mut self.inner, inner);
        let id = request_id(&request);
        let peer = request.extensions().get::<Peer>().cloned();
        let address = peer.as_ref().map_or_else(|| "unknown".to_owned(), Peer::to_string);
        let method =
            self.around.methods.find(&path).map_or_else(|| Arc::from("other"), |m| Arc::clone(&m.name));
        let span = tracing::info_span!(
            "rpc",
            otel.kind = "server",
            otel.name = %method,
            method = %path,
            request_id = %id,
            peer = %address,
            trace_id = field::Empty,
            code = field::Empty,
            otel.status_code = field::Empty,
        );
        continue_trace(&span, request.headers());
        let around = self.around.clone();
        let (observer, within) = (Arc::clone(&around.observer), span.clone());
        let call = Ending { started: Instant::now(), code: None, method, observer, span: within };
        let request = request.map(|body| around.timed(body, &call.method, &address));
        let work = async move { around.run(inner, request, id, call, peer).await };
        Box::pin(work.instrument(span))
    }
}

impl Observe {
    async fn run<S>(
        &self,
        mut inner: S,
        request: Request<Body>,
        id: HeaderValueText,
        mut call: Ending,
        peer: Option<Peer>,
    ) -> Result<Response<Body>, Infallible>
    where
        S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    {
        let token = self.in_flight.token();
        let work = AssertUnwindSafe(async move { inner.call(request).await });
        let mut response = match work.catch_unwind().await {
            Ok(Ok(response)) => response,
            Ok(Err(never)) => match never {},
            Err(panic) => {
                tracing::error!(panic = panic_text(&*panic), "call panicked");
                Status::internal("Internal Server Error").into_http()
            }
        };
        let mut status = Status::from_header_map(response.headers());
        let too_large = |s: &Status| s.code() == Code::OutOfRange && s.message().contains(TOO_LARGE);
        if status.as_ref().is_some_and(too_large) {
            let peer = peer.as_ref().map_or_else(String::new, Peer::to_string);
            refuse(&*self.observer, Denial::MessageTooLarge, &peer, None, &call.method);
            // The transport's own words carry no reason.
            let told = Denial::MessageTooLarge.status(None);
            response = told.clone().into_http();
            status = Some(told);
        }
        call.code = status.map(|status| status.code());
        if let Ok(value) = HeaderValue::from_str(&id.0) {
            response.headers_mut().insert(REQUEST_ID, value);
        }
        let read = peer.map(|peer| self.read_in_time(peer, Arc::clone(&call.method)));
        Ok(response
            .map(|body| Body::new(Held { body, rest: Bytes::new(), call, _read: read, _token: token })))
    }

    /// Cuts the connection of a caller who does not read the answer. The guard goes with the answer.
    fn read_in_time(&self, peer: Peer, method: Arc<str>) -> DropGuard {
        let sent = CancellationToken::new();
        let guard = sent.clone().drop_guard();
        let (observer, patience) = (Arc::clone(&self.observer), self.patience.answer);
        let watch = async move {
            if tokio::time::timeout(patience, sent.cancelled()).await.is_err() {
                refuse(&*observer, Denial::SlowReader, &peer.to_string(), None, &method);
                peer.cut();
            }
        };
        tokio::spawn(watch.in_current_span());
        guard
    }

    /// The request's message, which has to come in time.
    fn timed(&self, body: Body, method: &Arc<str>, peer: &str) -> Body {
        Body::new(Timed {
            body,
            patience: Box::pin(sleep(self.patience.request)),
            observer: Arc::clone(&self.observer),
            method: Arc::clone(method),
            peer: peer.to_owned(),
        })
    }
}

/// A call whose end is told when this is dropped. Without a code its caller went away.
struct Ending {
    started: Instant,
    code: Option<Code>,
    method: Arc<str>,
    observer: Arc<dyn ServerObserver>,
    span: Span,
}

/// Codes that say that the server failed, and not the caller, as the conventions of OpenTelemetry divide them.
fn at_fault(code: Code) -> bool {
    matches!(
        code,
        Code::Unknown
            | Code::DeadlineExceeded
            | Code::Unimplemented
            | Code::Internal
            | Code::Unavailable
            | Code::DataLoss
    )
}

impl Drop for Ending {
    fn drop(&mut self) {
        let (elapsed, code) = (self.started.elapsed(), self.code.unwrap_or(Code::Cancelled));
        self.observer.call_ended(&CallReport { method: &self.method, code, elapsed });
        self.span.record("code", field::debug(code));
        if at_fault(code) {
            self.span.record("otel.status_code", "error");
        }
        let elapsed_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
        self.span.in_scope(|| tracing::debug!(elapsed_ms, "call answered"));
    }
}

/// Services of the contract, as opposed to health and reflection.
pub(super) fn is_ours(path: &str) -> bool {
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

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

/// A body that counts as a call under way until it is sent or dropped.
struct Held {
    body: Body,
    /// What of the body has come and has not been handed on.
    rest: Bytes,
    call: Ending,
    _read: Option<DropGuard>,
    _token: TaskTrackerToken,
}

impl HttpBody for Held {
    type Data = <Body as HttpBody>::Data;
    type Error = <Body as HttpBody>::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        if self.rest.is_empty() {
            let frame = match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
                Some(Ok(frame)) => frame,
                other => return Poll::Ready(other),
            };
            if let Some(code) = frame.trailers_ref().and_then(code_of) {
                self.call.code = Some(code);
            }
            match frame.into_data() {
                Ok(data) => self.rest = data,
                Err(other) => return Poll::Ready(Some(Ok(other))),
            }
        }
        let piece = self.rest.len().min(PIECE);
        Poll::Ready(Some(Ok(Frame::data(self.rest.split_to(piece)))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (rest, hint) = (self.rest.len() as u64, self.body.size_hint());
        let mut whole = SizeHint::new();
        if let Some(upper) = hint.upper() {
            whole.set_upper(upper + rest);
        }
        whole.set_lower(hint.lower() + rest);
        whole
    }
}

fn code_of(trailers: &HeaderMap) -> Option<Code> {
    trailers.get("grpc-status").map(|value| Code::from_bytes(value.as_bytes()))
}

/// A request's message with a deadline for its last byte.
struct Timed {
    body: Body,
    patience: Pin<Box<Sleep>>,
    observer: Arc<dyn ServerObserver>,
    method: Arc<str>,
    peer: String,
}

impl HttpBody for Timed {
    type Data = <Body as HttpBody>::Data;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        if frame.is_pending() && self.patience.as_mut().poll(cx).is_ready() {
            refuse(&*self.observer, Denial::SlowSender, &self.peer, None, &self.method);
            return Poll::Ready(Some(Err(Denial::SlowSender.status(None))));
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
