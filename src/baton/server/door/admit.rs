//! The layer that asks each call for its caller, its right and its turn.
//!
//! The health service may be asked by anybody; reflection needs an identity like everything else, where identities are asked
//! for at all. What is admitted carries its [`Caller`] on, for the audit trail.

use std::{
    convert::Infallible,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use futures::future::{Either, Ready, ready};
use http::{HeaderMap, Request, Response, header::AUTHORIZATION};
use tokio::time::Instant;
use tonic::{Status, body::Body};
use tower::{Layer, Service};

use super::{
    Door,
    connection::Peer,
    denial::{Denial, refuse},
    identity::Identity,
    rate::{Rate, by_address},
    right::{Methods, Right},
};
use crate::baton::server::{ServerObserver, observe::Caller};

/// The most bytes of a call's headers, counted as HTTP/2 does.
pub(super) const MOST_HEADER_BYTES: usize = 16 * 1024;
/// What HTTP/2 adds to each header when it counts.
const HEADER_OVERHEAD: usize = 32;
const HEALTH: &str = "/grpc.health.v1.Health/";

/// The layer.
#[derive(Clone)]
pub(in crate::baton::server) struct Admit(Arc<Desk>);

struct Desk {
    door: Door,
    methods: Arc<Methods>,
    rate: Rate,
    observer: Arc<dyn ServerObserver>,
}

impl Admit {
    pub(in crate::baton::server) fn new(
        door: Door,
        methods: Arc<Methods>,
        observer: Arc<dyn ServerObserver>,
    ) -> Self {
        let rate = Rate::new(door.options().client_rate);
        Self(Arc::new(Desk { door, methods, rate, observer }))
    }
}

impl<S> Layer<S> for Admit {
    type Service = Admitted<S>;

    fn layer(&self, inner: S) -> Admitted<S> {
        Admitted { inner, desk: Arc::clone(&self.0) }
    }
}

/// A service within the layer.
#[derive(Clone)]
pub(in crate::baton::server) struct Admitted<S> {
    inner: S,
    desk: Arc<Desk>,
}

impl<S> Service<Request<Body>> for Admitted<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Either<S::Future, Ready<Result<Response<Body>, Infallible>>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        match self.desk.admit(&request) {
            Ok(caller) => {
                request.extensions_mut().insert(caller);
                Either::Left(self.inner.call(request))
            }
            Err(status) => Either::Right(ready(Ok(status.into_http()))),
        }
    }
}

/// A denial, with whatever is known about whom.
struct Refusal {
    denial: Denial,
    who: Option<String>,
    wait: Option<Duration>,
}

impl From<Denial> for Refusal {
    fn from(denial: Denial) -> Self {
        Self { denial, who: None, wait: None }
    }
}

impl Desk {
    fn admit(&self, request: &Request<Body>) -> Result<Caller, Status> {
        let peer = request.extensions().get::<Peer>();
        self.judge(request, peer).map_err(|refusal| {
            let address = peer.map_or_else(|| "unknown".to_owned(), Peer::to_string);
            // An unknown path is the caller's own text, and no name for the trail.
            let path = request.uri().path();
            let what = self.methods.find(path).map_or("other", |method| &method.name);
            refuse(&*self.observer, refusal.denial, &address, refusal.who.as_deref(), what);
            refusal.denial.status(refusal.wait)
        })
    }

    fn judge(&self, request: &Request<Body>, peer: Option<&Peer>) -> Result<Caller, Refusal> {
        if header_bytes(request.headers()) > MOST_HEADER_BYTES {
            return Err(Denial::HeadersTooLarge.into());
        }
        let path = request.uri().path();
        let address = peer.map_or_else(|| "unknown".to_owned(), |peer| by_address(peer.ip()));
        if !self.door.authenticates() || path.starts_with(HEALTH) {
            self.turn(&address, None)?;
            return Ok(Caller(peer.map_or_else(|| "unknown".to_owned(), Peer::to_string)));
        }
        let identity = match self.identify(request.headers(), peer) {
            Ok(identity) => identity,
            Err(denial) => {
                // Guessing costs turns.
                self.turn(&address, None)?;
                let names = peer.and_then(Peer::names).map(|names| names.join(" "));
                return Err(Refusal { denial, who: names, wait: None });
            }
        };
        let caller = identity.to_string();
        if let Some(peer) = peer {
            peer.has_been_recognised();
        }
        // What is not served at all is answered as such by whoever looks for it.
        let needed = self.methods.find(path).map_or(Right::Read, |method| method.right);
        if identity.right() < needed {
            return Err(Refusal { denial: Denial::ReadOnly, who: Some(caller), wait: None });
        }
        self.turn(&caller, Some(&caller))?;
        Ok(Caller(caller))
    }

    /// Every proof that is asked for has to be there and good.
    fn identify(&self, headers: &HeaderMap, peer: Option<&Peer>) -> Result<Identity, Denial> {
        let certificate = if self.door.asks_for_certificates() {
            let names = peer.and_then(Peer::names).ok_or(Denial::NoCredentials)?;
            Some(self.door.rules.identify(names)?)
        } else {
            None
        };
        let token = if self.door.asks_for_tokens() { Some(self.owner(headers)?) } else { None };
        match (token, certificate) {
            (Some(token), Some(certificate)) => Ok(token.and(&certificate)),
            (Some(one), None) | (None, Some(one)) => Ok(one),
            (None, None) => Err(Denial::NoCredentials),
        }
    }

    fn owner(&self, headers: &HeaderMap) -> Result<Identity, Denial> {
        let mut given = headers.get_all(AUTHORIZATION).iter();
        let value = given.next().ok_or(Denial::NoCredentials)?;
        if given.next().is_some() {
            return Err(Denial::UnknownToken);
        }
        let token = bearer(value.as_bytes()).ok_or(Denial::UnknownToken)?;
        self.door.tokens.borrow().owner(token).ok_or(Denial::UnknownToken)
    }

    fn turn(&self, client: &str, who: Option<&str>) -> Result<(), Refusal> {
        self.rate.take(client, Instant::now()).map_err(|wait| Refusal {
            denial: Denial::Rate,
            who: who.map(str::to_owned),
            wait: Some(wait),
        })
    }
}

fn header_bytes(headers: &HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len() + HEADER_OVERHEAD).sum()
}

/// The token of an `authorization: Bearer TOKEN` header.
fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = value.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then(|| token.trim_ascii())
}
