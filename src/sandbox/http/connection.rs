//! The portal's end of a TCP connection, which can break off in the middle of a reply on command.
//! This allows troubles that no HTTP server would cause by itself: the server above writes whole
//! replies and knows nothing about it.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep};
use tokio_util::sync::CancellationToken;

/// Maximum number of open connections; more have to wait.
const MOST: usize = 1_024;

/// How long a connection may go without a whole request head: longer than clients keep
/// connections that they don't use.
const PATIENCE: Duration = Duration::from_secs(120);

/// Accepts connections that can break off.
#[derive(Debug)]
pub(crate) struct Door {
    listener: TcpListener,
    room: Arc<Semaphore>,
}

impl Door {
    pub(crate) fn new(listener: TcpListener) -> Door {
        Door {
            listener,
            room: Arc::new(Semaphore::new(MOST)),
        }
    }
}

impl Listener for Door {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        // The semaphore is never closed.
        let place = Arc::clone(&self.room).acquire_owned().await.ok();
        let (stream, address) = <TcpListener as Listener>::accept(&mut self.listener).await;
        // Replies are written whole; holding back their last packet only costs time.
        let _ = stream.set_nodelay(true);
        (
            Connection {
                stream,
                ending: Ending::default(),
                is_dirty: false,
                patience: Box::pin(tokio::time::sleep(PATIENCE)),
                _place: place,
            },
            address,
        )
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// How the reply that is written next will end; shared with the code that answers.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ending(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    cut: Mutex<Cut>,
    /// Cancelled when the next reply has been sent.
    out: Mutex<Option<CancellationToken>>,
    gone: CancellationToken,
    /// Whether a request has been received and not answered yet.
    is_busy: AtomicBool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Cut {
    #[default]
    None,
    /// Nothing is written, and the connection is reset.
    Reset,
    /// After the head and this many bytes of the body.
    Body(usize),
    /// After this many bytes.
    Bytes(usize),
}

impl Connected<IncomingStream<'_, Door>> for Ending {
    fn connect_info(stream: IncomingStream<'_, Door>) -> Ending {
        stream.io().ending.clone()
    }
}

impl Ending {
    /// A request has been received completely, except for its body.
    pub(crate) fn heard(&self) {
        self.0.is_busy.store(true, Ordering::Relaxed);
    }

    /// The next reply is not written, and the client sees a reset.
    pub(crate) fn reset(&self) {
        self.set(Cut::Reset);
    }

    /// The next reply ends after its head and `body` bytes of its body.
    pub(crate) fn truncate(&self, body: usize) {
        self.set(Cut::Body(body));
    }

    /// Is cancelled when the next reply has been written.
    pub(crate) fn sent(&self) -> CancellationToken {
        let token = CancellationToken::new();
        let mut out = self.0.out.lock().unwrap_or_else(PoisonError::into_inner);
        *out = Some(token.clone());
        token
    }

    /// Is cancelled when the connection is closed, whoever closes it.
    pub(crate) fn gone(&self) -> CancellationToken {
        self.0.gone.clone()
    }

    fn set(&self, cut: Cut) {
        *self.0.cut.lock().unwrap_or_else(PoisonError::into_inner) = cut;
    }

    /// The state before `buf` is written: the head ends with its blank line, and the server writes
    /// a head in one piece.
    fn before(&self, buf: &[u8]) -> Cut {
        let mut cut = self.0.cut.lock().unwrap_or_else(PoisonError::into_inner);
        if let Cut::Body(body) = *cut {
            let head = buf.windows(4).position(|window| window == b"\r\n\r\n");
            *cut = head.map_or(Cut::Body(body), |place| Cut::Bytes(place + 4 + body));
        }
        *cut
    }

    fn written(&self, n_bytes: usize) {
        let mut cut = self.0.cut.lock().unwrap_or_else(PoisonError::into_inner);
        if let Cut::Bytes(left) = *cut {
            *cut = Cut::Bytes(left.saturating_sub(n_bytes));
        }
    }

    fn flushed(&self) {
        self.0.is_busy.store(false, Ordering::Relaxed);
        let mut out = self.0.out.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(token) = out.take() {
            token.cancel();
        }
    }
}

/// A TCP stream with an ending.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    ending: Ending,
    /// Whether something was written since the last flush.
    is_dirty: bool,
    /// Elapses when nothing was received for too long.
    patience: Pin<Box<Sleep>>,
    _place: Option<OwnedSemaphorePermit>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.ending.0.gone.cancel();
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let is_busy = self.ending.0.is_busy.load(Ordering::Relaxed);
        if !is_busy && self.patience.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

/// Not vectored, so that head and body arrive in one buffer.
impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let allowed = match self.ending.before(buf) {
            Cut::Reset => {
                // Closing with a linger of zero sends a reset instead of a normal close.
                let _ = self.stream.set_zero_linger();
                return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
            }
            Cut::Bytes(0) => return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
            Cut::Bytes(left) => left.min(buf.len()),
            Cut::None | Cut::Body(_) => buf.len(),
        };
        let n_bytes = ready!(Pin::new(&mut self.stream).poll_write(cx, &buf[..allowed]))?;
        self.ending.written(n_bytes);
        self.is_dirty = true;
        Poll::Ready(Ok(n_bytes))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
        if std::mem::take(&mut self.is_dirty) {
            self.ending.flushed();
            self.patience.as_mut().reset(Instant::now() + PATIENCE);
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_request_that_never_ends_is_not_waited_for_forever() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let mut door = Door::new(listener);
        let mut client = TcpStream::connect(address).await.expect("a connection");
        client.write_all(b"GET / HTTP/1.1").await.expect("sent");
        let (mut connection, _) = Listener::accept(&mut door).await;
        let mut bytes = [0; 64];
        let begun = Instant::now();
        let ended = loop {
            match connection.read(&mut bytes).await {
                Ok(_) => {}
                Err(error) => break error,
            }
        };
        assert_eq!(ended.kind(), io::ErrorKind::TimedOut);
        assert!(begun.elapsed() <= PATIENCE + Duration::from_secs(1));
    }

    #[tokio::test]
    async fn connections_beyond_the_most_wait_until_one_is_closed() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let mut door = Door::new(listener);
        let full = u32::try_from(MOST - 2).expect("a number");
        let others = Arc::clone(&door.room).acquire_many_owned(full).await;
        let mut clients = Vec::new();
        let mut open = Vec::new();
        for _ in 0..2 {
            clients.push(TcpStream::connect(address).await.expect("a connection"));
            open.push(Listener::accept(&mut door).await);
        }
        clients.push(
            TcpStream::connect(address)
                .await
                .expect("the system takes it"),
        );
        let mut next = std::pin::pin!(Listener::accept(&mut door));
        assert!(futures::poll!(&mut next).is_pending());
        drop(open.pop());
        let (_connection, from) = next.await;
        assert_eq!(from, clients[2].local_addr().expect("an address"));
        drop(others);
    }
}
