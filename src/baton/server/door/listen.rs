//! Takes connections: up to the limit, each handshake in a task of its own, so that nobody waits for a slow one.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, mpsc},
    time::{Instant, sleep, timeout_at},
};
use tokio_rustls::TlsAcceptor;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;

use super::{
    Door,
    connection::{Connection, Place},
    denial::{Denial, refuse},
};
use crate::baton::server::ServerObserver;

/// The pause after the system refused to accept, which it does when it runs out of file descriptors.
const BREATH: Duration = Duration::from_millis(100);

/// The connections of a listener, until `stop` or until the stream is dropped; the listener closes then.
pub(in crate::baton::server) fn incoming(
    listener: TcpListener,
    door: Door,
    observer: Arc<dyn ServerObserver>,
    stop: CancellationToken,
) -> ReceiverStream<io::Result<Connection>> {
    let (ready, connections) = mpsc::channel(16);
    let places = Arc::new(Semaphore::new(door.options().max_connections));
    let reception = Arc::new(Reception { door, observer, ready: ready.clone() });
    let work = async move {
        loop {
            let (io, address) = match listener.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    sleep(BREATH).await;
                    continue;
                }
            };
            let Ok(permit) = Arc::clone(&places).try_acquire_owned() else {
                let peer = address.to_string();
                refuse(&*reception.observer, Denial::TooManyConnections, &peer, None, "connection");
                continue;
            };
            let place = Place::new(permit, Arc::clone(&reception.observer));
            tokio::spawn(Arc::clone(&reception).welcome(io, address, place));
        }
    };
    tokio::spawn(async move {
        tokio::select! {
            () = work => {}
            () = stop.cancelled() => {}
            () = ready.closed() => {}
        }
    });
    ReceiverStream::new(connections)
}

struct Reception {
    door: Door,
    observer: Arc<dyn ServerObserver>,
    ready: mpsc::Sender<io::Result<Connection>>,
}

impl Reception {
    async fn welcome(self: Arc<Self>, io: TcpStream, address: SocketAddr, place: Place) {
        let patience = self.door.options().patience;
        let (opens_by, known_by) = (Instant::now() + patience.opening, Instant::now() + patience.stranger);
        if let Err(error) = io.set_nodelay(true) {
            tracing::debug!(%error, "a connection cannot be made prompt");
        }
        let config = self.door.served.borrow().as_ref().map(|served| Arc::clone(&served.config));
        let connection = match config {
            None => Connection::plain(io, address, place),
            Some(config) => match timeout_at(opens_by, TlsAcceptor::from(config).accept(io)).await {
                Ok(Ok(io)) => Connection::tls(io, address, place),
                Ok(Err(error)) => return self.refuse(Denial::Handshake, address, &error.to_string()),
                Err(_) => return self.refuse(Denial::SlowOpening, address, "TLS handshake"),
            },
        };
        let mut connection = connection.opens_by(opens_by);
        if self.door.authenticates() {
            connection = connection.known_by(known_by);
        }
        // Nobody is there to take it only when the daemon stops.
        let _ = self.ready.send(Ok(connection)).await;
    }

    fn refuse(&self, denial: Denial, address: SocketAddr, what: &str) {
        refuse(&*self.observer, denial, &address.to_string(), None, what);
    }
}
