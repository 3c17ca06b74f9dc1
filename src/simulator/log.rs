//! What the client sent and what it was told. Tokens and secrets never enter the log.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use serde::Serialize;

/// One request as it came in.
#[derive(Debug, Clone, Serialize)]
pub struct Request {
    /// Number since the start, from 1.
    pub number: u64,
    /// Method.
    pub method: String,
    /// Path, without the query.
    pub path: String,
    /// Query as it came, without the question mark; empty when there was none.
    pub query: String,
    /// Body of a write as text, with secrets and tokens struck out; `None` for reads.
    pub body: Option<String>,
    /// Whether there was an `Authorization` header.
    pub authorization: bool,
    /// `User-Agent`.
    pub user_agent: Option<String>,
    /// Status the client was told; `None` while it waits, and for ever when the connection ended without an answer.
    pub status: Option<u16>,
    /// Whether a write was carried out, whatever the client was told.
    pub applied: bool,
    /// Whether a fault struck.
    pub fault: bool,
    /// The `x-nj-request-id` of the answer.
    pub request_id: String,
}

impl Request {
    /// Whether it was a write of the API proper, tokens aside.
    pub fn is_write(&self) -> bool {
        self.method != "GET" && self.method != "HEAD" && !self.path.ends_with("/oauth/token")
    }
}

pub(super) struct Log {
    entries: Mutex<VecDeque<Request>>,
    limit: usize,
}

impl Log {
    pub(super) fn new(limit: usize) -> Self {
        Self { entries: Mutex::default(), limit: limit.max(1) }
    }

    pub(super) fn begin(&self, request: Request) {
        self.with(|entries| {
            if entries.len() == self.limit {
                entries.pop_front();
            }
            entries.push_back(request);
        });
    }

    pub(super) fn edit(&self, number: u64, change: impl FnOnce(&mut Request)) {
        self.with(|entries| {
            // Recent requests are the ones that change, so the search starts at the end.
            if let Some(entry) = entries.iter_mut().rev().find(|entry| entry.number == number) {
                change(entry);
            }
        });
    }

    pub(super) fn all(&self) -> Vec<Request> {
        self.with(|entries| entries.iter().cloned().collect())
    }

    pub(super) fn count(&self, method: &str, path: &str) -> usize {
        self.with(|entries| {
            entries.iter().filter(|entry| entry.method == method && entry.path == path).count()
        })
    }

    pub(super) fn clear(&self) {
        self.with(VecDeque::clear);
    }

    fn with<T>(&self, look: impl FnOnce(&mut VecDeque<Request>) -> T) -> T {
        look(&mut self.entries.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
