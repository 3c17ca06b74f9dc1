//! Keeps what was read from files fresh, for as long as it is polled.

use std::{sync::Arc, time::SystemTime};

use tokio::time::{MissedTickBehavior, interval};

use super::{Door, DoorError, tls, tokens::Tokens};
use crate::baton::server::ServerObserver;

impl Door {
    /// Looks at the files again and again. A file that cannot be used leaves what was read before in force, and is
    /// complained about once.
    pub(in crate::baton::server) async fn keep_fresh(self, observer: Arc<dyn ServerObserver>) {
        if self.options.tls.is_none() && self.options.token_files.is_empty() {
            return;
        }
        let mut ticks = interval(self.options.reload_every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut complaint = None;
        loop {
            self.tell_expiry(&*observer);
            ticks.tick().await;
            let again = self.clone();
            let Ok(read) = tokio::task::spawn_blocking(move || again.read_again()).await else { continue };
            let told = read.err().map(|error| error.to_string());
            if let Some(error) = told.as_deref().filter(|_| told != complaint) {
                tracing::warn!(error, "keeping the credentials that were read before");
            }
            complaint = told;
        }
    }

    fn read_again(&self) -> Result<(), DoorError> {
        // Each on its own: a broken token file must not hold up a certificate.
        let served = self.read_tls();
        let tokens = Tokens::load(&self.options.token_files).map(|tokens| {
            let changed = self.tokens.send_if_modified(|known| {
                let new = **known != tokens;
                if new {
                    *known = Arc::new(tokens);
                }
                new
            });
            if changed {
                tracing::info!(tokens = self.tokens.borrow().len(), "tokens read again");
            }
        });
        served.and(tokens)
    }

    fn read_tls(&self) -> Result<(), DoorError> {
        let Some(files) = &self.options.tls else { return Ok(()) };
        let print = tls::fingerprint(files)?;
        if self.served.borrow().as_ref().is_some_and(|served| served.fingerprint == print) {
            return Ok(());
        }
        let served = tls::load(files)?;
        tracing::info!(expires_at = %expiry(served.expires_at), "TLS certificate read again");
        self.served.send_replace(Some(served));
        Ok(())
    }

    fn tell_expiry(&self, observer: &dyn ServerObserver) {
        if let Some(at) = self.served.borrow().as_ref().and_then(|served| served.expires_at) {
            observer.certificate_expires(at);
        }
    }
}

fn expiry(at: Option<SystemTime>) -> String {
    at.map_or_else(|| "unknown".to_owned(), |at| prost_types::Timestamp::from(at).to_string())
}
