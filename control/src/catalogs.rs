//! Keeps the snapshot's catalogs true to the upstream: one task per database.
//!
//! A catalog is read at the start, every so often, and when the data plane met something unknown.
//! Such questions are coalesced and paced, and each is answered: by a new snapshot if anything
//! changed, else by the one that stands. While the upstream is away the last catalog stays, and a
//! database that was never read is masked whole.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;

use aws_lc_rs::digest::{Digest, SHA256, digest};
use lazaret_config::{Config, class_name};
use lazaret_policy::{Catalog, DeclaredClass, Preset, RawCatalog};
use lazaret_upstream::{CatalogReader, UpstreamError};
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::{Instant, sleep, timeout};

use crate::health::Health;
use crate::limits::{
    CATALOG_MAX_AGE, CATALOG_REST_LONGEST, UPSTREAM_RETRY_FIRST, UPSTREAM_RETRY_LONGEST,
};
use crate::snapshot::{Publisher, SnapshotError};

#[derive(Debug, thiserror::Error)]
enum RefreshError {
    #[error("{0}; {mend}", mend = .0.mend())]
    Catalog(#[from] UpstreamError),
    #[error("{0}")]
    Snapshot(#[from] SnapshotError),
    #[error("the catalog can't be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("the catalog could not be classified")]
    Compile,
}

/// Starts the refreshers and passes on what the data plane found stale. `unread` counts down as each
/// database has been tried for the first time.
pub(crate) async fn keep(
    reader: CatalogReader,
    config: Config,
    publisher: Arc<Publisher>,
    health: Arc<Health>,
    mut stale: mpsc::Receiver<String>,
    unread: watch::Sender<usize>,
) {
    let mut refreshers = HashMap::new();
    let databases = databases(&config);
    let unread = Arc::new(unread);
    for database in databases {
        let asked = Arc::new(Notify::new());
        refreshers.insert(database.clone(), Arc::clone(&asked));
        let refresher = Refresher {
            database,
            reader: reader.clone(),
            declared: config.policy.declared.clone(),
            publisher: Arc::clone(&publisher),
            health: Arc::clone(&health),
            asked,
            read: None,
        };
        tokio::spawn(refresher.run(Arc::clone(&unread)));
    }
    while let Some(database) = stale.recv().await {
        match refreshers.get(&database) {
            Some(asked) => asked.notify_one(),
            None => publisher.repeat(),
        }
    }
}

/// Those whose catalog is read: none where all is transparent.
pub(crate) fn databases(config: &Config) -> Vec<String> {
    match config.policy.preset {
        Preset::Transparent => Vec::new(),
        _ => config.upstream.databases.clone(),
    }
}

struct Refresher {
    database: String,
    reader: CatalogReader,
    declared: Vec<DeclaredClass>,
    publisher: Arc<Publisher>,
    health: Arc<Health>,
    /// The data plane has met something unknown.
    asked: Arc<Notify>,
    /// What was last published, by its digest.
    read: Option<Digest>,
}

impl Refresher {
    async fn run(mut self, unread: Arc<watch::Sender<usize>>) {
        let mut pause = UPSTREAM_RETRY_FIRST;
        let mut told = None;
        let mut tried = self.read().await;
        unread.send_modify(|count| *count = count.saturating_sub(1));
        loop {
            let began = Instant::now();
            let Err(error) = match tried {
                Ok(_) => {
                    if told.take().is_some() {
                        tracing::info!(
                            database = self.database,
                            "the upstream's catalog can be read again"
                        );
                    }
                    self.keep_reading().await
                }
                Err(error) => Err(error),
            };
            self.health.count_catalog_read(false);
            let (database, error) = (&self.database, error.to_string());
            // Once for each reason, not for each attempt.
            if told.as_ref() != Some(&error) {
                tracing::error!(database, error, "the upstream's catalog can't be read");
            }
            told = Some(error);
            // Nobody need wait for what can't be had.
            self.publisher.repeat();
            if began.elapsed() > UPSTREAM_RETRY_LONGEST {
                pause = UPSTREAM_RETRY_FIRST;
            }
            let until = Instant::now() + pause;
            while timeout(until - Instant::now(), self.asked.notified()).await.is_ok() {
                self.publisher.repeat();
            }
            pause = (pause * 2).min(UPSTREAM_RETRY_LONGEST);
            tried = self.read().await;
        }
    }

    /// From one reading on, until one fails.
    async fn keep_reading(&mut self) -> Result<Infallible, RefreshError> {
        let mut rest = CATALOG_REST_LONGEST;
        loop {
            // A question that came while the catalog was read is kept, for what it saw may be newer.
            sleep(rest).await;
            let is_awaited = timeout(CATALOG_MAX_AGE, self.asked.notified()).await.is_ok();
            let began = Instant::now();
            let has_changed = self.read().await?;
            rest = began.elapsed().min(CATALOG_REST_LONGEST);
            if is_awaited && !has_changed {
                self.publisher.repeat();
            }
        }
    }

    /// Publishes what has changed since the last reading; whether anything has.
    async fn read(&mut self) -> Result<bool, RefreshError> {
        let raw = self.reader.read(&self.database).await?;
        self.health.count_catalog_read(true);
        let fingerprint = fingerprint(&raw)?;
        if self.read.as_ref().is_some_and(|read| read.as_ref() == fingerprint.as_ref()) {
            return Ok(false);
        }
        tracing::info!(
            database = self.database,
            relations = raw.relations.len(),
            columns = raw.columns.len(),
            "the upstream's catalog is read"
        );
        let declared = self.declared.clone();
        let catalog = tokio::task::spawn_blocking(move || Catalog::compile(raw, &declared))
            .await
            .map_err(|_| RefreshError::Compile)?;
        self.warn_of_absent(&catalog);
        self.publisher.set_catalog(self.database.clone(), catalog).await?;
        self.read = Some(fingerprint);
        Ok(true)
    }

    /// A misspelt name in `[classes]` or `[masks]` would protect nothing, without a word.
    fn warn_of_absent(&self, catalog: &Catalog) {
        let database = &self.database;
        for class in self.declared.iter().filter(|class| !catalog.has(class)) {
            let column = class_name::join([&class.schema, &class.relation, &class.column]);
            tracing::warn!(
                database,
                column,
                "[classes] or [masks] names what this database does not have"
            );
        }
    }
}

fn fingerprint(raw: &RawCatalog) -> Result<Digest, serde_json::Error> {
    Ok(digest(&SHA256, &serde_json::to_vec(raw)?))
}
