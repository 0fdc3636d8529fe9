//! Brings the whole server up: database, worker, HTTP; and down again in the right order.

use crate::ambient::Ambient;
use crate::config::{Rate, Role};
use crate::crypto::KeyRing;
use crate::exchange::last_uses::Noting;
use crate::exchange::vendor_log::WritingLog;
use crate::exchange::{Exchange, OpenError, Settings};
use crate::http::server;
use crate::outbox::Running;
use crate::store::StoreError;
use actix_web::dev::ServerHandle;
use ipnet::IpNet;
use std::net::TcpListener;
use std::sync::Arc;
use tokio::task::JoinHandle;
use zeroize::Zeroizing;

/// What to serve, and where.
pub struct Serve {
    /// Address to listen on; port 0 picks a free one.
    pub listen: String,
    /// `sqlite://...` or `postgres://...`.
    pub database_url: String,
    /// Which part of the work this process does.
    pub role: Role,
    /// How others reach the server, where it is not the address.
    pub public_url: Option<String>,
    /// The sealing keys.
    pub ring: KeyRing,
    /// Networks that may be called although not public.
    pub allowed_targets: Vec<IpNet>,
    /// Whether calls to an ATS go only to its own hosts.
    pub pin_callbacks: bool,
    /// How many requests each API key may make, where that is limited.
    pub rate_limit: Option<Rate>,
    /// The key that opens the metrics, where they are not open to all.
    pub metrics_key: Option<Zeroizing<String>>,
}

/// Why the server does not come up.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address is taken, or none.
    #[error("cannot listen on {address}: {error}")]
    Listen {
        /// The address.
        address: String,
        /// The system's words.
        error: std::io::Error,
    },
    /// The exchange does not open.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The worker does not start.
    #[error("the worker does not start: {0}")]
    Worker(#[from] StoreError),
    /// The HTTP server does not start.
    #[error("the HTTP server does not start: {0}")]
    Http(std::io::Error),
}

/// A server that runs.
pub struct Served {
    /// Where it is: `http://127.0.0.1:8080`.
    pub url: String,
    /// Its use cases.
    pub exchange: Exchange,
    worker: Option<Running>,
    noting: Noting,
    log: WritingLog,
    handle: ServerHandle,
    http: JoinHandle<std::io::Result<()>>,
}

/// Brings a server up.
pub async fn start(serve: Serve, ambient: Arc<dyn Ambient>) -> Result<Served, ServeError> {
    let refuse = |error| ServeError::Listen {
        address: serve.listen.clone(),
        error,
    };
    let listener = TcpListener::bind(&serve.listen).map_err(refuse)?;
    let url = format!("http://{}", listener.local_addr().map_err(refuse)?);
    let settings = Settings {
        database_url: serve.database_url,
        ring: serve.ring,
        public_url: serve.public_url.unwrap_or_else(|| url.clone()),
        allowed_targets: serve.allowed_targets,
        pin_callbacks: serve.pin_callbacks,
        metrics_key: serve.metrics_key,
    };
    let exchange = Exchange::open(settings, ambient).await?;
    let worker = match serve.role.sends() {
        true => Some(exchange.start_outbox().await?),
        false => None,
    };
    let (vendor_log, log) = exchange.start_vendor_log();
    let faces = (serve.role, serve.rate_limit);
    let server = server::server(listener, exchange.clone(), faces, vendor_log).map_err(ServeError::Http)?;
    let noting = exchange.start_noting();
    let handle = server.handle();
    let http = tokio::spawn(server);
    Ok(Served {
        url,
        exchange,
        worker,
        noting,
        log,
        handle,
        http,
    })
}

impl Served {
    /// Takes no more requests, lets those under way end and logs them, writes down which keys were used, then lets
    /// the worker end what it is sending.
    pub async fn stop(self) {
        self.handle.stop(true).await;
        if let Err(error) = self.http.await {
            tracing::error!(%error, "the HTTP server did not end well");
        }
        self.log.stop().await;
        self.noting.stop().await;
        if let Some(worker) = self.worker {
            worker.stop().await;
        }
    }
}
