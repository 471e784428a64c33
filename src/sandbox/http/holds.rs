//! Calls that are held, so that a client can be killed while one is in a known state. Reports when
//! a call is held, and releases it when its client disconnects or on command.

use std::fmt;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;

use crate::sandbox::troubles::HoldAt;

/// Maximum number of reports that may wait for their reader.
const UNHEARD: usize = 64;

/// A call that is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    ordinal: u64,
    at: HoldAt,
}

impl fmt::Display for Held {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "holding call {} {}", self.ordinal, self.at.word())
    }
}

/// Everything that is held.
#[derive(Debug)]
pub(crate) struct Holds {
    /// Releases held calls.
    go_on: Notify,
    /// Lets in the calls that wait.
    open: Notify,
    /// Number of replies after which all calls wait.
    shut: AtomicUsize,
    tell: mpsc::Sender<Held>,
    told: Mutex<Option<mpsc::Receiver<Held>>>,
}

impl Holds {
    pub(crate) fn new() -> Holds {
        let (tell, told) = mpsc::channel(UNHEARD);
        Holds {
            go_on: Notify::new(),
            open: Notify::new(),
            shut: AtomicUsize::new(0),
            tell,
            told: Mutex::new(Some(told)),
        }
    }

    /// The channel of reports about held calls; can be taken once.
    pub(crate) fn told(&self) -> Option<mpsc::Receiver<Held>> {
        let mut receiver = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        receiver.take()
    }

    /// Releases everything that is held now.
    pub(crate) fn go_on(&self) {
        self.shut.store(0, Ordering::SeqCst);
        self.go_on.notify_waiters();
        self.open.notify_waiters();
    }

    /// Whether the portal accepts calls.
    pub(crate) fn is_open(&self) -> bool {
        self.shut.load(Ordering::SeqCst) == 0
    }

    /// Waits while the portal accepts no calls.
    pub(crate) async fn pass(&self) {
        loop {
            let opening = self.open.notified();
            if self.is_open() {
                return;
            }
            opening.await;
        }
    }

    /// Holds a call; its future is dropped when its client disconnects.
    pub(crate) async fn hold(&self, ordinal: u64, at: HoldAt) {
        let going = self.go_on.notified();
        let _ = self.tell.try_send(Held { ordinal, at });
        going.await;
    }

    /// Accepts no more calls, from before a reply is sent until its client has disconnected or the
    /// portal is told to continue.
    pub(crate) fn shut(&self) {
        let _ = self.shut.fetch_add(1, Ordering::SeqCst);
    }

    /// The part of [`Holds::shut`] that waits: `sent` completes when the reply has been sent,
    /// `left` when its connection is gone.
    pub(crate) async fn shut_after(
        &self,
        ordinal: u64,
        sent: CancellationToken,
        left: CancellationToken,
    ) {
        let going = self.go_on.notified();
        tokio::pin!(going);
        tokio::select! {
            () = sent.cancelled() => {
                let at = HoldAt::Answered;
                let _ = self.tell.try_send(Held { ordinal, at });
            }
            () = left.cancelled() => {}
        }
        tokio::select! {
            () = going => return,
            () = left.cancelled() => {}
        }
        let _ = self
            .shut
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |shut| {
                Some(shut.saturating_sub(1))
            });
        self.open.notify_waiters();
    }
}
