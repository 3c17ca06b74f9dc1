//! The shutdown signal: SIGTERM or an interrupt; a second one ends the process at once.

use tokio_util::sync::CancellationToken;

use super::error::CliError;

/// A token that is cancelled by the first signal.
///
/// # Errors
/// When the operating system does not let us listen.
pub(super) fn shutdown() -> Result<CancellationToken, CliError> {
    let token = CancellationToken::new();
    let told = token.clone();
    let mut signals = Signals::new().map_err(CliError::runtime)?;
    tokio::spawn(async move {
        signals.next().await;
        tracing::info!("told to stop");
        told.cancel();
        signals.next().await;
        tracing::warn!("told to stop again, leaving at once");
        std::process::exit(130);
    });
    Ok(token)
}

#[cfg(unix)]
struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        // Without a handler the default applies: the process ends.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
