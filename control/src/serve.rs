//! Puts the parts together, runs them, and takes them down in order.

use std::fs::File;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use lazaret_audit::SigningKey;
use lazaret_config::{Config, Layout, Problems};
use lazaret_upstream::{CatalogReader, UpstreamError};
use rustix::fs::{FlockOperation, flock};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, timeout};

use crate::admission::Gate;
use crate::catalogs;
use crate::client::HttpError;
use crate::health::Health;
use crate::http::{self, DevelopmentIssuer};
use crate::identity::Identity;
use crate::limits::{LINK_QUEUE, LOCK_POLL, LOCK_TIMEOUT, POLICY_POLL, SETTLE_TIMEOUT};
use crate::link::{self, Office};
use crate::segments::{Custodian, Custody, CustodyError, Witnesses};
use crate::snapshot::{Publisher, SnapshotError};
use crate::store::{Store, StoreError};
use crate::upstream;

/// Why control can't begin.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ServeError {
    #[error("no folder: {0}")]
    Folder(io::Error),
    #[error("no runtime: {0}")]
    Runtime(io::Error),
    #[error("{0}")]
    Config(#[from] Problems),
    #[error("another control holds {0}")]
    Running(PathBuf),
    #[error("{path}: {error}")]
    File { path: PathBuf, error: io::Error },
    #[error("can't listen on {address}: {error}")]
    Listen { address: SocketAddr, error: io::Error },
    #[error("{path}: {error}")]
    SealKey { path: PathBuf, error: lazaret_audit::KeyError },
    #[error("{0}")]
    Custody(#[from] CustodyError),
    #[error("{0}")]
    Store(#[from] StoreError),
    #[error("{0}")]
    Snapshot(#[from] SnapshotError),
    #[error("identity: {0}")]
    Identity(#[from] HttpError),
    #[error("witnesses: {0}")]
    Witness(HttpError),
    #[error("upstream: {0}")]
    Upstream(#[from] UpstreamError),
    #[error("metrics: {0}")]
    Metrics(#[from] prometheus::Error),
    #[error("{path} is not a key set: {error}")]
    KeySet { path: PathBuf, error: serde_json::Error },
}

pub(crate) async fn serve(config: Config) -> Result<(), ServeError> {
    let _lock = lock(&config.layout).await?;
    let health = Arc::new(Health::new()?);
    let store = Store::open(&config.layout.state()).await?;
    let publisher = Publisher::open(&config, store.clone(), Arc::clone(&health)).await?;
    let publisher = Arc::new(publisher);
    let custodian = open_custodian(&config, &health).await?;
    let socket = config.layout.control_socket();
    let listener = link::bind(&socket).map_err(failing(&socket))?;
    let address = config.listen.control;
    let http_listener =
        TcpListener::bind(address).await.map_err(|error| ServeError::Listen { address, error })?;
    let router = http::router(Arc::clone(&health), development_issuer(&config)?);
    let (stale, stale_queue) = mpsc::channel(LINK_QUEUE);
    let (count, unread) = watch::channel(catalogs::databases(&config).len());
    tokio::spawn(catalogs::keep(
        CatalogReader::new(&config.upstream)?,
        config.clone(),
        Arc::clone(&publisher),
        Arc::clone(&health),
        stale_queue,
        count,
    ));
    tokio::spawn(upstream::watch(
        CatalogReader::new(&config.upstream)?,
        config.upstream.name.clone(),
        config.upstream.database.clone(),
        Arc::clone(&health),
    ));
    let office = Arc::new(Office {
        gate: gate(&config, store.clone())?,
        store,
        custodian: custodian.clone(),
        snapshots: publisher.subscribe(),
        stale,
        unread,
        health,
        config,
    });

    let (drain, draining) = watch::channel(false);
    let link = tokio::spawn(link::serve(listener, Arc::clone(&office), draining));
    tokio::spawn(async move { axum::serve(http_listener, router).await });
    tokio::spawn(watch_policies(publisher));
    tracing::info!(http = %address, socket = %socket.display(), "control is up");

    termination().await.map_err(ServeError::Runtime)?;
    let drain_time = Duration::from_millis(office.config.limits.drain_ms);
    tracing::info!(within_s = drain_time.as_secs(), "draining");
    drain.send_replace(true);
    if timeout(drain_time + DRAIN_SLACK, link).await.is_err() {
        tracing::warn!("the data plane did not drain in time");
    }
    match timeout(SETTLE_TIMEOUT, custodian.settle()).await {
        Ok(Ok(())) => tracing::info!("all segments are shipped"),
        Ok(Err(error)) => tracing::error!(%error, "segments are left for the next start"),
        Err(_) => tracing::error!("segments are left for the next start: shipping takes too long"),
    }
    Ok(())
}

/// For the data plane's last messages, behind its own deadline.
const DRAIN_SLACK: Duration = Duration::from_secs(5);

/// One control per folder; the lock ends with the process, however it ends. One whose parent was killed may
/// still be about to.
async fn lock(layout: &Layout) -> Result<File, ServeError> {
    let path = layout.control_lock();
    let file = File::create(&path).map_err(failing(&path))?;
    let take = || flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok();
    if !take() {
        tracing::info!(path = %path.display(), "waiting for another control to end");
        let deadline = Instant::now() + LOCK_TIMEOUT;
        while !take() {
            if Instant::now() >= deadline {
                return Err(ServeError::Running(path));
            }
            sleep(LOCK_POLL).await;
        }
    }
    Ok(file)
}

async fn open_custodian(config: &Config, health: &Arc<Health>) -> Result<Custodian, ServeError> {
    let path = config.layout.seal_key();
    let key = SigningKey::read(&path).map_err(|error| ServeError::SealKey { path, error })?;
    let custody = Custody {
        segment_folder: config.recording.folder.clone(),
        shipping_folder: config.recording.ship_to.clone(),
        segment_bytes: config.recording.segment_bytes,
        witnesses: Witnesses::new(&config.recording.witnesses, health)
            .map_err(ServeError::Witness)?,
    };
    Ok(Custodian::open(custody, key).await?)
}

fn gate(config: &Config, store: Store) -> Result<Gate, ServeError> {
    let identity = Identity::new(&config.issuers)?;
    let upstream = &config.upstream;
    Ok(Gate::new(identity, store, upstream.name.clone(), upstream.databases.clone()))
}

fn development_issuer(config: &Config) -> Result<Option<DevelopmentIssuer>, ServeError> {
    let Some(issuer) = config.issuers.iter().find(|issuer| issuer.development) else {
        return Ok(None);
    };
    let path = config.layout.development_issuer_jwks();
    tracing::warn!(
        issuer = issuer.url,
        "THIS GATEWAY TRUSTS A DEVELOPMENT ISSUER: whoever can read keys/ can be anyone. Never with \
         real data."
    );
    let text = std::fs::read(&path).map_err(failing(&path))?;
    let jwks = serde_json::from_slice(&text).map_err(|error| ServeError::KeySet { path, error })?;
    Ok(Some(DevelopmentIssuer { url: issuer.url.clone(), jwks }))
}

/// Looks at the folder each second, and at once on SIGHUP.
async fn watch_policies(publisher: Arc<Publisher>) {
    let mut hangups = signal(SignalKind::hangup()).ok();
    loop {
        match &mut hangups {
            Some(hangups) => drop(timeout(POLICY_POLL, hangups.recv()).await),
            None => tokio::time::sleep(POLICY_POLL).await,
        }
        publisher.reload_policies().await;
    }
}

async fn termination() -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

fn failing(path: &Path) -> impl FnOnce(io::Error) -> ServeError {
    let path = path.to_owned();
    move |error| ServeError::File { path, error }
}
