//! Puts the token on a request, and renews it once when NinjaOne no longer knows it.

use std::sync::Arc;

use async_trait::async_trait;

use super::super::error::{Error, ErrorKind};
use super::super::token::{Token, TokenSource};
use super::{Answer, Request, Sink, Transport};

/// The layer.
pub(in super::super) struct Authorize<T: ?Sized> {
    tokens: TokenSource,
    inner: Arc<T>,
}

impl<T: Transport + ?Sized> Authorize<T> {
    pub(in super::super) fn new(inner: Arc<T>, tokens: TokenSource) -> Self {
        Self { tokens, inner }
    }

    async fn send_with(
        &self,
        token: &Token,
        request: &Request,
        sink: &mut dyn Sink,
    ) -> Result<Answer, Error> {
        let request = Request { bearer: Some(token.secret.clone()), ..request.clone() };
        self.inner.send(&request, sink).await
    }
}

#[async_trait]
impl<T: Transport + ?Sized> Transport for Authorize<T> {
    async fn send(&self, request: &Request, sink: &mut dyn Sink) -> Result<Answer, Error> {
        let token = self.tokens.token().await?;
        match self.send_with(&token, request, sink).await {
            // A 401 came before anything was done, so repeating is safe for a write too. Missing privileges are another
            // kind: no new token would help there.
            Err(error) if *error.kind() == ErrorKind::NotAuthenticated => {
                let token = self.tokens.renewed(&token).await?;
                self.send_with(&token, request, sink).await
            }
            result => result,
        }
    }
}
