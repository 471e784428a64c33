//! Starting and stopping: binds the port, locks and opens the state, serves until it is
//! stopped.

pub(crate) mod state_lock;
pub(crate) mod reset;
pub(crate) mod peek;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::api::Portal;
use super::clock::Clock;
use super::http::call_log::CallLog;
use super::http::connection::{Door, Ending};
use super::http::entry;
use super::http::entry::Site;
use super::http::front::Front;
use super::http::holds::{Held, Holds};
use super::http::limits::Allowance;
use super::http::pages::Pages;
use super::http::tokens::Tokens;
use super::options::{Data, Options};
use super::portal_state::{PortalState, PortalStateError, Setting};
use super::troubles::{Trouble, Troubles};
use state_lock::{LockError, StateLock};

/// How long a stop waits for calls in flight before it closes the state.
const GRACE: Duration = Duration::from_secs(2);

/// Why a portal did not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// Another portal has the state open.
    #[error("the sandbox state {} is in use by {}", path.display(), owner(*holder))]
    Held {
        /// The state file.
        path: PathBuf,
        /// The process that has it, if known.
        holder: Option<u32>,
    },
    /// Something else listens on the port.
    #[error("port {0} is taken")]
    PortTaken(u16),
    /// The port cannot be bound for another reason.
    #[error("cannot listen on port {port}")]
    Listen {
        /// The requested port.
        port: u16,
        /// What the system says.
        source: io::Error,
    },
    /// The state cannot be read or created.
    #[error("cannot open the sandbox state {path}")]
    Open {
        /// The state file, or `:memory:`.
        path: String,
        /// What went wrong.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

fn owner(holder: Option<u32>) -> String {
    holder.map_or_else(
        || "another process".to_owned(),
        |id| format!("process {id}"),
    )
}

/// A running portal. Dropping it stops it too, without waiting.
#[derive(Debug)]
pub struct Sandbox {
    address: SocketAddr,
    front: Arc<Front>,
    pages: Arc<Pages>,
    stopping: CancellationToken,
    serving: JoinHandle<()>,
}

impl Sandbox {
    /// Starts a portal inside the current tokio runtime. It answers as soon as
    /// this returns.
    pub async fn start(options: Options) -> Result<Sandbox, StartError> {
        let (listener, address) = bind(options.port).await?;
        let data = options.data.clone();
        let front = Arc::new(front(options)?);
        let pages = Arc::new(Pages::new().map_err(|source| cannot_open(&data, source))?);
        let site = Site {
            front: Arc::clone(&front),
            pages: Arc::clone(&pages),
        };
        let app = Router::new()
            .fallback(entry::serve)
            .with_state(Arc::new(site));
        let service = app.into_make_service_with_connect_info::<Ending>();
        let stopping = CancellationToken::new();
        let stopped = stopping.clone().cancelled_owned();
        let serving = tokio::spawn(async move {
            // Serving never fails: an error of a connection ends only that connection.
            let _ = axum::serve(Door::new(listener), service)
                .with_graceful_shutdown(stopped)
                .await;
        });
        Ok(Sandbox {
            address,
            front,
            pages,
            stopping,
            serving,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address in the form for clients, without a trailing slash.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The address of its pages, with the key that opens them until it stops.
    pub fn pages(&self) -> String {
        format!("{}{}", self.base_url(), self.pages.way_in())
    }

    /// The token that it accepts.
    pub fn token(&self) -> &str {
        self.front.tokens.own()
    }

    /// The channel of reports about calls held by a trouble; can be taken once.
    pub fn held(&self) -> Option<mpsc::Receiver<Held>> {
        self.front.holds.told()
    }

    /// Releases all calls that are held.
    pub fn go_on(&self) {
        self.front.holds.go_on();
    }

    /// Stops: calls in flight are answered, then the state is closed and its file is free for
    /// others. Connections that do not end within 2 s are left with a closed portal.
    pub async fn stop(mut self) {
        self.stopping.cancel();
        if tokio::time::timeout(GRACE, &mut self.serving)
            .await
            .is_err()
        {
            self.serving.abort();
        }
        self.front.portal.close();
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.stopping.cancel();
    }
}

/// Loopback only, always: the portal has one shared token, no encryption, and
/// people's tickets in it; nothing outside this machine may reach it.
async fn bind(port: u16) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::AddrInUse => StartError::PortTaken(port),
        _ => StartError::Listen { port, source },
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

fn front(options: Options) -> Result<Front, StartError> {
    let lock = lock(&options.data)?;
    let switches = options.switches;
    let clock = match switches.day_ends.0 {
        Some(time) => Clock::before_midnight(time),
        None => Clock::start(),
    };
    let lags = options.troubles.iter().filter_map(Trouble::search_lag);
    let setting = Setting {
        data: &options.data,
        switches: switches.clone(),
        longest_lag: lags.fold(switches.search_lag.0, Duration::max),
        seed: options.seed,
        seed_tickets: options.seed_tickets,
        like: options.like.as_ref(),
    };
    let state = PortalState::open(setting, &clock.now().iso())
        .map_err(|error: PortalStateError| cannot_open(&options.data, error))?;
    let token = match options.token {
        Some(token) => token,
        None => state
            .own_token()
            .map_err(|error| cannot_open(&options.data, error))?,
    };
    let daily = switches.daily_limit.0;
    Ok(Front {
        portal_id: state.portal_id,
        portal: Portal::new(state, lock),
        tokens: Tokens::new(token),
        clock,
        allowance: Mutex::new(Allowance::new(options.rate, switches.search_rate.0, daily)),
        troubles: Troubles::new(options.troubles, options.seed),
        holds: Holds::new(),
        log: CallLog::default(),
    })
}

fn lock(data: &Data) -> Result<Option<StateLock>, StartError> {
    let Data::File(path) = data else {
        return Ok(None);
    };
    match StateLock::take(path) {
        Ok(lock) => Ok(Some(lock)),
        Err(LockError::Held { holder }) => Err(StartError::Held {
            path: path.clone(),
            holder,
        }),
        Err(LockError::Io(error)) => Err(cannot_open(data, error)),
    }
}

fn cannot_open(data: &Data, source: impl std::error::Error + Send + Sync + 'static) -> StartError {
    let path = match data {
        Data::Memory => ":memory:".to_owned(),
        Data::File(path) => path.display().to_string(),
    };
    StartError::Open {
        path,
        source: Box::new(source),
    }
}
