//! Where a secret comes from: asked anew each time it is needed, so that a mounted file may rotate under a running
//! process. Reading and watching files is left to the settings.

use std::fmt;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};

/// A secret that is fetched when it is used, never kept.
#[derive(Clone)]
pub struct SecretSource(Arc<dyn Fn() -> SecretString + Send + Sync>);

impl SecretSource {
    /// A source that asks `read` each time. `read` must be quick: it runs inside a request.
    pub fn new(read: impl Fn() -> SecretString + Send + Sync + 'static) -> Self {
        Self(Arc::new(read))
    }

    /// The secret as it is now.
    #[must_use]
    pub fn get(&self) -> SecretString {
        (self.0)()
    }

    pub(super) fn is_blank(&self) -> bool {
        self.get().expose_secret().trim().is_empty()
    }
}

impl From<SecretString> for SecretSource {
    fn from(secret: SecretString) -> Self {
        Self::new(move || secret.clone())
    }
}

impl fmt::Debug for SecretSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretSource([redacted])")
    }
}
