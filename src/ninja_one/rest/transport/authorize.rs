//! Puts the token on a request, and renews it once when NinjaOne no longer knows it.

use std::sync::Arc;

use async_trait::async_trait;

use super::super::error::Error;
use super::super::error_kind::ErrorKind;
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

#[cfg(test)]
mod tests {
    // A test may panic: that is how it fails.
    #![allow(clippy::unwrap_used)]

    use std::sync::atomic::{AtomicU32, Ordering};

    use secrecy::{ExposeSecret, SecretString};

    use super::super::super::endpoint::Endpoint;
    use super::super::super::observer::NoObserver;
    use super::super::super::testing::{Script, fine};
    use super::super::super::token::{FetchToken, NewToken};
    use super::super::Buffer;
    use super::*;

    #[derive(Default)]
    struct Numbered(AtomicU32);

    #[async_trait]
    impl FetchToken for Numbered {
        async fn fetch(&self) -> Result<NewToken, Error> {
            let number = self.0.fetch_add(1, Ordering::SeqCst) + 1;
            Ok(NewToken { secret: SecretString::from(format!("t{number}")), lifetime: None, scopes: None })
        }
    }

    async fn run(results: Vec<Result<Answer, Error>>) -> (Result<Answer, Error>, Vec<String>) {
        let script = Arc::new(Script::new(results));
        let tokens = TokenSource::new(Arc::new(Numbered::default()), Arc::new(NoObserver));
        let authorize = Authorize::new(Arc::new(Arc::clone(&script)), tokens);
        let result = authorize.send(&Request::new(Endpoint::Users, "/", 1), &mut Buffer::default()).await;
        let sent = script.sent.lock().unwrap();
        let bearers = sent.iter().map(|sent| sent.bearer.as_ref().unwrap().expose_secret().to_owned());
        (result, bearers.collect())
    }

    fn refusal(kind: ErrorKind) -> Result<Answer, Error> {
        Err(Error::new(kind))
    }

    #[tokio::test]
    async fn a_token_that_is_not_accepted_is_renewed_once() {
        let (result, bearers) = run(vec![refusal(ErrorKind::NotAuthenticated), fine()]).await;
        assert!(result.is_ok());
        assert_eq!(bearers, ["t1", "t2"]);
        let (result, bearers) =
            run(vec![refusal(ErrorKind::NotAuthenticated), refusal(ErrorKind::NotAuthenticated), fine()])
                .await;
        assert_eq!(result.unwrap_err().kind(), &ErrorKind::NotAuthenticated);
        assert_eq!(bearers, ["t1", "t2"]);
    }

    #[tokio::test]
    async fn missing_privileges_never_renew_a_token() {
        for kind in [ErrorKind::InsufficientPrivileges, ErrorKind::Forbidden, ErrorKind::UserContextRequired]
        {
            let (result, bearers) = run(vec![refusal(kind.clone())]).await;
            assert_eq!((result.unwrap_err().kind(), bearers.len()), (&kind, 1));
        }
    }
}
