//! Access tokens, refresh tokens and codes that were given out. They are opaque, and live in memory only.

use std::{collections::HashMap, time::Duration};

use sha2::{Digest, Sha256};

use super::field::Stamp;

/// What a token allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Grant {
    pub(super) scopes: Vec<String>,
    /// The person who signed in; `None` for client credentials.
    pub(super) user: Option<i32>,
    /// The application has no secret (PKCE).
    pub(super) public: bool,
}

impl Grant {
    pub(super) fn has(&self, scope: &str) -> bool {
        self.scopes.iter().any(|held| held == scope)
    }
}

/// A code on its way through a browser.
#[derive(Debug, Clone)]
pub(super) struct Code {
    pub(super) grant: Grant,
    pub(super) redirect_uri: String,
    pub(super) challenge: Option<String>,
    pub(super) expires: Stamp,
}

/// What is known about a refresh token.
pub(super) enum Refresh {
    Good(Grant),
    Spent,
    Unknown,
}

struct Access {
    grant: Grant,
    expires: Stamp,
    revoked: bool,
}

/// All of them.
pub(super) struct Tokens {
    salt: String,
    access: HashMap<String, Access>,
    refresh: HashMap<String, Option<Grant>>,
    codes: HashMap<String, Code>,
    last: u64,
}

/// What is known about an access token.
pub(super) enum Standing {
    Good(Grant),
    Bad,
    Foreign,
}

impl Tokens {
    /// The salt keeps the tokens of two simulators apart.
    pub(super) fn salted(salt: String) -> Self {
        Self { salt, access: HashMap::new(), refresh: HashMap::new(), codes: HashMap::new(), last: 0 }
    }

    pub(super) fn issue_access(&mut self, grant: Grant, now: Stamp, lifetime: Duration) -> String {
        let text = self.text("access");
        self.access.insert(text.clone(), Access { grant, expires: later(now, lifetime), revoked: false });
        text
    }

    pub(super) fn issue_refresh(&mut self, grant: Grant) -> String {
        let text = self.text("refresh");
        self.refresh.insert(text.clone(), Some(grant));
        text
    }

    pub(super) fn issue_code(&mut self, code: Code) -> String {
        let text = self.text("code");
        self.codes.insert(text.clone(), code);
        text
    }

    /// A code works once.
    pub(super) fn take_code(&mut self, text: &str) -> Option<Code> {
        self.codes.remove(text)
    }

    pub(super) fn standing(&self, text: &str, now: Stamp) -> Standing {
        match self.access.get(text) {
            None => Standing::Foreign,
            Some(access) if access.revoked || access.expires <= now => Standing::Bad,
            Some(access) => Standing::Good(access.grant.clone()),
        }
    }

    pub(super) fn refresh(&self, text: &str) -> Refresh {
        match self.refresh.get(text) {
            None => Refresh::Unknown,
            Some(None) => Refresh::Spent,
            Some(Some(grant)) => Refresh::Good(grant.clone()),
        }
    }

    pub(super) fn spend(&mut self, text: &str) {
        self.refresh.insert(text.to_owned(), None);
    }

    pub(super) fn revoke(&mut self, text: &str) {
        if let Some(access) = self.access.get_mut(text) {
            access.revoked = true;
        }
    }

    pub(super) fn revoke_all_access(&mut self) {
        self.access.values_mut().for_each(|access| access.revoked = true);
    }

    pub(super) fn revoke_all_refresh(&mut self) {
        self.refresh.values_mut().for_each(|grant| *grant = None);
    }

    pub(super) fn any_in(&self, text: &str) -> bool {
        // Every token starts alike, which spares the search in all ordinary texts.
        text.contains(PREFIX) && self.all().any(|token| text.contains(token.as_str()))
    }

    pub(super) fn strike(&self, text: String, mark: &str) -> String {
        if !text.contains(PREFIX) {
            return text;
        }
        self.all().fold(text, |text, token| text.replace(token.as_str(), mark))
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &String> {
        self.access.keys().chain(self.refresh.keys()).chain(self.codes.keys())
    }

    fn text(&mut self, kind: &str) -> String {
        self.last += 1;
        let digest = Sha256::digest(format!("{kind} {} {}", self.salt, self.last));
        let tail: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        format!("{PREFIX}{kind}.{tail}")
    }
}

const PREFIX: &str = "simulated-";

pub(super) fn later(now: Stamp, by: Duration) -> Stamp {
    (now.time() + by).into()
}
