//! Fetching listings from a connector: page by page, again after a temporary failure, several at once.

use std::{
    collections::{HashSet, VecDeque},
    future::Future,
    sync::Arc,
};

use prost_types::Any;
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;
use tonic::Code;
use tracing::Instrument;

use super::{SyncError, listing::Listing};
use crate::{
    baton::{
        c1z::is,
        connector::{Call, Connector, ConnectorError, Page, PageRequest},
        patience::{may_pass, pause},
    },
    wire::{unpack, v2},
};

/// Pages that a listing fetches ahead.
const AHEAD: usize = 1;
/// What one reply may enqueue.
const MAX_TOKENS: usize = 1024;
const MAX_TOKEN_BYTES: usize = 1 << 20;
const MAX_TOKENS_BYTES: usize = 16 << 20;

/// How to reach the connector, within one sync.
#[derive(Clone)]
pub(super) struct Fetch {
    pub(super) connector: Arc<dyn Connector>,
    pub(super) call: Call,
}

/// Pages of a listing as they come in; dropped, the listing stops.
pub(super) struct Pages<T> {
    pub(super) name: String,
    pages: mpsc::Receiver<Result<Page<T>, ConnectorError>>,
    /// Taken once its end has been looked at.
    task: Option<AbortOnDropHandle<()>>,
}

impl<T> Pages<T> {
    /// The next page, or why there is none; `None` after the last.
    ///
    /// Cancel safe: no page is lost.
    pub(super) async fn next(&mut self) -> Option<Result<Page<T>, ConnectorError>> {
        if let Some(page) = self.pages.recv().await {
            return Some(page);
        }
        // No more pages come from a task that has died either, and what came before would pass for all there is.
        let ended = self.task.as_mut()?.await;
        self.task = None;
        let died = ended.err()?;
        let message = format!("{}: the listing broke off; this is a bug of the connector", self.name);
        Some(Err(ConnectorError::new(Code::Internal, message).caused_by(died)))
    }

    /// A failure of this listing.
    pub(super) fn failed(&self, source: ConnectorError) -> SyncError {
        SyncError::connector(&self.name, source)
    }
}

impl Fetch {
    /// Begins a listing on a task of its own, a page ahead of whoever takes the pages.
    pub(super) fn start<L: Listing>(&self, listing: L) -> Pages<L::Item> {
        let (sender, pages) = mpsc::channel(AHEAD);
        let name = listing.name();
        let this = self.clone();
        let task = async move {
            if let Err(error) = this.all(&listing, &sender).await {
                let _ = sender.send(Err(error)).await;
            }
        };
        let task = tokio::spawn(task.in_current_span());
        Pages { name, pages, task: Some(AbortOnDropHandle::new(task)) }
    }

    /// All pages of a listing: those that follow each other, then those that were enqueued.
    async fn all<L: Listing>(
        &self,
        listing: &L,
        to: &mpsc::Sender<Result<Page<L::Item>, ConnectorError>>,
    ) -> Result<(), ConnectorError> {
        let mut queue = VecDeque::from([String::new()]);
        let mut seen = HashSet::new();
        while let Some(token) = queue.pop_front() {
            let mut chain = HashSet::from([token.clone()]);
            let mut request = PageRequest::in_process().next(token);
            loop {
                let page = self.retry(|| listing.page(self, &request)).await?;
                for token in enqueued(&page.annotations)? {
                    // The same token leads to the same pages.
                    if seen.insert(token.clone()) {
                        queue.push_back(token);
                    }
                }
                let next = page.next.clone().filter(|next| !next.is_empty());
                if to.send(Ok(page)).await.is_err() {
                    return Ok(()); // nobody listens any more
                }
                let Some(next) = next else { break };
                if !chain.insert(next.clone()) {
                    let message = format!(
                        "{}: the next page token is unchanged, so the listing would never end; \
                         this is a bug of the connector",
                        listing.name()
                    );
                    return Err(ConnectorError::new(Code::Internal, message));
                }
                if !seen.insert(next.clone()) {
                    break; // another chain leads there, or will
                }
                request = request.next(next);
            }
        }
        Ok(())
    }

    /// One resource by id.
    pub(super) async fn resource(&self, id: &v2::ResourceId) -> Result<Option<v2::Resource>, ConnectorError> {
        self.retry(|| self.connector.resource(&self.call, id)).await
    }

    /// Tries until it works or fails for good. A failure that says how long to wait is waited for as long, within bounds.
    async fn retry<T, F: Future<Output = Result<T, ConnectorError>>>(
        &self,
        mut call: impl FnMut() -> F,
    ) -> Result<T, ConnectorError> {
        let mut attempt = 1;
        loop {
            match call().await {
                Err(error) if may_pass(&error) => pause(&error, attempt).await,
                result => return result,
            }
            attempt += 1;
        }
    }
}

/// The tokens that a reply enqueues.
fn enqueued(annotations: &[Any]) -> Result<Vec<String>, ConnectorError> {
    let error =
        |text: String| Err(ConnectorError::new(Code::Internal, format!("page tokens to enqueue: {text}")));
    let mut found = annotations.iter().filter(|a| is::<v2::EnqueuePageTokens>(a));
    let Some(any) = found.next() else { return Ok(Vec::new()) };
    if found.next().is_some() {
        return error("a reply has more than one list of them".to_owned());
    }
    let Some(v2::EnqueuePageTokens { page_tokens, .. }) = unpack(any) else {
        return error("the list does not parse".to_owned());
    };
    if page_tokens.len() > MAX_TOKENS {
        return error(format!("{} in a reply, {MAX_TOKENS} are allowed", page_tokens.len()));
    }
    if page_tokens.iter().any(|t| t.is_empty() || t.len() > MAX_TOKEN_BYTES) {
        return error(format!("one is empty or longer than {MAX_TOKEN_BYTES} bytes"));
    }
    if page_tokens.iter().map(String::len).sum::<usize>() > MAX_TOKENS_BYTES {
        return error(format!("more than {MAX_TOKENS_BYTES} bytes in a reply"));
    }
    let distinct: HashSet<_> = page_tokens.iter().collect();
    if distinct.len() < page_tokens.len() {
        return error("one is there twice in a reply".to_owned());
    }
    Ok(page_tokens)
}
