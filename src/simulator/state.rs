//! What all requests share, and the only place where its locks are taken.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::http::Method;
use bytes::Bytes;
use secrecy::{ExposeSecret, SecretString};

use super::{
    faults::Faults,
    field::Stamp,
    forbidden::{Forbidden, Rule},
    log::Log,
    options::{Behaviour, Clock, Options},
    tenant::Tenant,
    tokens::Tokens,
};

pub(super) type Shared = Arc<State>;

pub(super) struct State {
    pub(super) client_id: String,
    pub(super) client_secret: SecretString,
    pub(super) granted_scopes: Vec<String>,
    pub(super) token_lifetime: Duration,
    pub(super) behaviour: Behaviour,
    pub(super) faults: Faults,
    pub(super) log: Log,
    clock: Clock,
    tenant: RwLock<Tenant>,
    listings: Mutex<HashMap<String, Bytes>>,
    tokens: Mutex<Tokens>,
    forbidden: Mutex<Vec<Forbidden>>,
    created: Mutex<HashSet<i32>>,
    serial: AtomicU64,
}

impl State {
    pub(super) fn new(options: Options, salt: String) -> Self {
        Self {
            client_id: options.client_id,
            client_secret: options.client_secret,
            granted_scopes: options.granted_scopes,
            token_lifetime: options.token_lifetime,
            behaviour: options.behaviour,
            faults: Faults::default(),
            log: Log::new(options.log_limit),
            clock: options.clock,
            tenant: RwLock::new(options.tenant),
            listings: Mutex::default(),
            tokens: Mutex::new(Tokens::salted(salt)),
            forbidden: Mutex::default(),
            created: Mutex::default(),
            serial: AtomicU64::new(0),
        }
    }

    pub(super) fn now(&self) -> Stamp {
        (self.clock)().into()
    }

    pub(super) fn next_serial(&self) -> u64 {
        self.serial.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Looks at the data.
    pub(super) fn read<T>(&self, look: impl FnOnce(&Tenant) -> T) -> T {
        look(&self.tenant.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes the data; every listing is written anew afterwards.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut Tenant) -> T) -> T {
        let mut tenant = self.tenant.write().unwrap_or_else(PoisonError::into_inner);
        lock(&self.listings).clear();
        change(&mut tenant)
    }

    /// A listing, written once per state of the data, so that a benchmark measures its client.
    pub(super) fn listing(&self, key: &str, write: impl FnOnce(&Tenant) -> Vec<u8>) -> Bytes {
        // Read-locked to the end: a change cannot fall between writing the list and keeping it.
        let tenant = self.tenant.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = lock(&self.listings).get(key) {
            return kept.clone();
        }
        let written = Bytes::from(write(&tenant));
        lock(&self.listings).insert(key.to_owned(), written.clone());
        written
    }

    pub(super) fn tokens<T>(&self, look: impl FnOnce(&mut Tokens) -> T) -> T {
        look(&mut lock(&self.tokens))
    }

    pub(super) fn forbid(&self, rule: Rule, method: &Method, path: &str, detail: &str) {
        lock(&self.forbidden).push(Forbidden {
            rule,
            method: method.to_string(),
            path: path.to_owned(),
            detail: detail.to_owned(),
        });
    }

    pub(super) fn forbidden(&self) -> Vec<Forbidden> {
        lock(&self.forbidden).clone()
    }

    pub(super) fn clear_forbidden(&self) {
        lock(&self.forbidden).clear();
    }

    /// Remembers that the API made this account.
    pub(super) fn made(&self, id: i32) {
        lock(&self.created).insert(id);
    }

    pub(super) fn was_made_here(&self, id: i32) -> bool {
        lock(&self.created).contains(&id)
    }

    pub(super) fn holds_secret(&self, text: &str) -> bool {
        text.contains(self.client_secret.expose_secret()) || self.tokens(|tokens| tokens.any_in(text))
    }

    /// The text with the client's secret and all tokens struck out.
    pub(super) fn without_secrets(&self, text: &str) -> String {
        let text = text.replace(self.client_secret.expose_secret(), STRUCK);
        self.tokens(|tokens| tokens.strike(text, STRUCK))
    }
}

pub(super) const STRUCK: &str = "***";

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
