//! One connection: plain or TLS, with what is known about its peer, and with a way to cut it from outside.

use std::{
    fmt,
    io::{self, ErrorKind},
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    sync::OwnedSemaphorePermit,
    time::{Instant, Sleep, sleep_until},
};
use tokio_rustls::server::TlsStream;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tonic::transport::server::Connected;

use super::{
    denial::{Denial, refuse},
    identity::names,
};
use crate::baton::server::ServerObserver;

/// The first words of HTTP/2 and the frame that has to follow them.
const OPENING_BYTES: usize = 24 + 9;

/// Who is at the other end, as far as the transport knows; part of each request's extensions.
#[derive(Clone)]
pub(in crate::baton::server) struct Peer(Arc<Inner>);

struct Inner {
    address: SocketAddr,
    /// The names in the client certificate, when one was shown.
    names: Option<Vec<String>>,
    known: AtomicBool,
    cut: CancellationToken,
}

impl Peer {
    fn new(address: SocketAddr, names: Option<Vec<String>>) -> Self {
        Self(Arc::new(Inner { address, names, known: AtomicBool::new(false), cut: CancellationToken::new() }))
    }

    pub(super) fn ip(&self) -> IpAddr {
        self.0.address.ip()
    }

    pub(super) fn names(&self) -> Option<&[String]> {
        self.0.names.as_deref()
    }

    /// A call with valid credentials came.
    pub(super) fn has_been_recognised(&self) {
        self.0.known.store(true, Ordering::Relaxed);
    }

    /// Ends the connection, whatever is under way on it.
    pub(in crate::baton::server) fn cut(&self) {
        self.0.cut.cancel();
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.address.fmt(f)
    }
}

/// A place among the connections that may be open; given back when dropped.
pub(super) struct Place {
    _permit: OwnedSemaphorePermit,
    observer: Arc<dyn ServerObserver>,
}

impl Place {
    pub(super) fn new(permit: OwnedSemaphorePermit, observer: Arc<dyn ServerObserver>) -> Self {
        observer.connection_opened();
        Self { _permit: permit, observer }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.observer.connection_closed();
    }
}

enum Io {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// An accepted connection.
pub(in crate::baton::server) struct Connection {
    io: Io,
    peer: Peer,
    cut: Pin<Box<WaitForCancellationFutureOwned>>,
    /// Bytes of the opening still to come, and until when.
    opening: Option<(usize, Pin<Box<Sleep>>)>,
    /// Until when a call with valid credentials has to come.
    stranger: Option<Pin<Box<Sleep>>>,
    place: Place,
}

impl Connection {
    pub(super) fn plain(io: TcpStream, address: SocketAddr, place: Place) -> Self {
        Self::new(Io::Plain(io), Peer::new(address, None), place)
    }

    pub(super) fn tls(io: TlsStream<TcpStream>, address: SocketAddr, place: Place) -> Self {
        let certificate = io.get_ref().1.peer_certificates().and_then(|chain| chain.first());
        let peer = Peer::new(address, certificate.map(names));
        Self::new(Io::Tls(Box::new(io)), peer, place)
    }

    fn new(io: Io, peer: Peer, place: Place) -> Self {
        let cut = Box::pin(peer.0.cut.clone().cancelled_owned());
        Self { io, peer, cut, opening: None, stranger: None, place }
    }

    /// Closes it unless its first words have come by then.
    pub(super) fn opens_by(mut self, at: Instant) -> Self {
        self.opening = Some((OPENING_BYTES, Box::pin(sleep_until(at))));
        self
    }

    /// Closes it unless a call with valid credentials has come by then.
    pub(super) fn known_by(mut self, at: Instant) -> Self {
        self.stranger = Some(Box::pin(sleep_until(at)));
        self
    }

    /// Why it has to end now.
    fn over(&mut self, cx: &mut Context<'_>) -> Option<io::Error> {
        if self.cut.as_mut().poll(cx).is_ready() {
            return Some(io::Error::new(ErrorKind::ConnectionAborted, "cut"));
        }
        if let Some((_, patience)) = &mut self.opening
            && patience.as_mut().poll(cx).is_ready()
        {
            return Some(self.deny(Denial::SlowOpening));
        }
        if let Some(patience) = &mut self.stranger
            && patience.as_mut().poll(cx).is_ready()
        {
            self.stranger = None;
            if !self.peer.0.known.load(Ordering::Relaxed) {
                return Some(self.deny(Denial::Stranger));
            }
        }
        None
    }

    fn deny(&self, denial: Denial) -> io::Error {
        // Said once: whatever is polled after this finds the connection cut.
        refuse(&*self.place.observer, denial, &self.peer.to_string(), None, "connection");
        self.peer.cut();
        io::Error::new(ErrorKind::TimedOut, denial.label())
    }
}

impl Connected for Connection {
    type ConnectInfo = Peer;

    fn connect_info(&self) -> Peer {
        self.peer.clone()
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Some(error) = self.over(cx) {
            return Poll::Ready(Err(error));
        }
        let before = buffer.filled().len();
        let read = match &mut self.io {
            Io::Plain(io) => Pin::new(io).poll_read(cx, buffer),
            Io::Tls(io) => Pin::new(&mut **io).poll_read(cx, buffer),
        };
        if let Some((missing, _)) = &mut self.opening {
            *missing = missing.saturating_sub(buffer.filled().len() - before);
            if *missing == 0 {
                self.opening = None;
            }
        }
        read
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.io {
            Io::Plain(io) => Pin::new(io).poll_write(cx, bytes),
            Io::Tls(io) => Pin::new(&mut **io).poll_write(cx, bytes),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.io {
            Io::Plain(io) => Pin::new(io).poll_flush(cx),
            Io::Tls(io) => Pin::new(&mut **io).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.cut.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Ok(())); // a peer that does not read is not waited for
        }
        match &mut self.io {
            Io::Plain(io) => Pin::new(io).poll_shutdown(cx),
            Io::Tls(io) => Pin::new(&mut **io).poll_shutdown(cx),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut self.io {
            Io::Plain(io) => Pin::new(io).poll_write_vectored(cx, buffers),
            Io::Tls(io) => Pin::new(&mut **io).poll_write_vectored(cx, buffers),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match &self.io {
            Io::Plain(io) => io.is_write_vectored(),
            Io::Tls(io) => io.is_write_vectored(),
        }
    }
}
