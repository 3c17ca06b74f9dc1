//! The layer that lets so many calls run at once; more wait for their turn, or for their deadline.
//!
//! It stands behind the door: who is turned away takes nobody's turn.

use std::{
    convert::Infallible,
    sync::Arc,
    task::{Context, Poll},
};

use futures::future::BoxFuture;
use http::{Request, Response};
use tokio::sync::Semaphore;
use tonic::{Status, body::Body};
use tower::{Layer, Service};

use super::observe::is_ours;

/// The layer. Health and reflection do not wait.
#[derive(Clone)]
pub(super) struct Turns(Arc<Semaphore>);

impl Turns {
    pub(super) fn new(at_once: usize) -> Self {
        Self(Arc::new(Semaphore::new(at_once)))
    }
}

impl<S> Layer<S> for Turns {
    type Service = InTurn<S>;

    fn layer(&self, inner: S) -> InTurn<S> {
        InTurn { inner, turns: Arc::clone(&self.0) }
    }
}

/// A service within the layer.
#[derive(Clone)]
pub(super) struct InTurn<S> {
    inner: S,
    turns: Arc<Semaphore>,
}

impl<S> Service<Request<Body>> for InTurn<S>
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
        // The service that was polled ready is the one to call; its clone takes its place.
        let inner = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, inner);
        let turns = is_ours(request.uri().path()).then(|| Arc::clone(&self.turns));
        Box::pin(async move {
            let Some(turns) = turns else { return inner.call(request).await };
            let Ok(_turn) = turns.acquire().await else {
                return Ok(Status::unavailable("the connector is shutting down").into_http());
            };
            inner.call(request).await
        })
    }
}
