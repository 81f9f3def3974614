//! The snapshot that the data plane decides by: put together, checked, numbered, published.
//!
//! A change of policies is published whole or not at all: what does not compile leaves the old
//! snapshot in force. Versions come from the store and never repeat. The hash covers what decides
//! (resource, preset, masks, policies, declared classes), not the catalog, which the upstream can change.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use lazaret_config::{Config, PolicyFilesError, read_policies};
use lazaret_policy::{Catalog, DeclaredClass, Engine, EngineError, Mask, Preset, Snapshot};
use serde::Serialize;
use tokio::sync::{Mutex, watch};

use crate::health::Health;
use crate::store::{Store, StoreError};

#[derive(Debug, thiserror::Error)]
pub(crate) enum SnapshotError {
    #[error("{0}")]
    Policies(#[from] PolicyFilesError),
    #[error("{0}")]
    Engine(#[from] EngineError),
    #[error("{0}")]
    Store(#[from] StoreError),
    #[error("what decides can't be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

pub(crate) struct Publisher {
    resource: String,
    preset: Preset,
    masks: BTreeMap<String, Mask>,
    folder: PathBuf,
    declared: Vec<DeclaredClass>,
    store: Store,
    health: Arc<Health>,
    published: watch::Sender<Arc<Snapshot>>,
    /// One change at a time; what it holds is what was last refused, so as to say it once.
    changing: Mutex<Option<BTreeMap<String, String>>>,
}

/// What the hash covers, in the order in which it is written.
#[derive(Serialize)]
struct Deciding<'a> {
    resource: &'a str,
    preset: Preset,
    masks: &'a BTreeMap<String, Mask>,
    policies: &'a BTreeMap<String, String>,
    declared: &'a [DeclaredClass],
}

impl Publisher {
    /// Refuses to begin with policies that don't compile.
    pub(crate) async fn open(
        config: &Config,
        store: Store,
        health: Arc<Health>,
    ) -> Result<Self, SnapshotError> {
        let policies = read_policies(&config.policy.folder)?;
        let first = Snapshot {
            version: 0,
            hash: String::new(),
            resource: config.upstream.name.clone(),
            preset: config.policy.preset,
            masks: config.policy.masks.clone(),
            policies: BTreeMap::new(),
            declared: config.policy.declared.clone(),
            catalogs: BTreeMap::new(),
        };
        let publisher = Self {
            resource: config.upstream.name.clone(),
            preset: config.policy.preset,
            masks: config.policy.masks.clone(),
            folder: config.policy.folder.clone(),
            declared: config.policy.declared.clone(),
            store,
            health,
            published: watch::Sender::new(Arc::new(first)),
            changing: Mutex::new(None),
        };
        publisher.publish(policies, BTreeMap::new()).await?;
        Ok(publisher)
    }

    pub(crate) fn subscribe(&self) -> watch::Receiver<Arc<Snapshot>> {
        self.published.subscribe()
    }

    /// Publishes the folder's policies if they changed. A refusal is logged once for each content.
    pub(crate) async fn reload_policies(&self) {
        let mut refused = self.changing.lock().await;
        let policies = match read_policies(&self.folder) {
            Ok(policies) => policies,
            Err(error) => {
                tracing::error!(%error, "the policies can't be read; the old ones stay");
                return;
            }
        };
        let current = self.current();
        if current.policies == policies || refused.as_ref() == Some(&policies) {
            return;
        }
        let published = self.publish(policies.clone(), current.catalogs.clone()).await;
        self.health.count_policy_reload(published.is_ok());
        *refused = match published {
            Ok(()) => None,
            Err(error) => {
                tracing::error!(%error, "the changed policies are refused whole; the old ones stay");
                Some(policies)
            }
        };
    }

    /// Publishes a database's catalog.
    pub(crate) async fn set_catalog(
        &self,
        database: String,
        catalog: Catalog,
    ) -> Result<(), SnapshotError> {
        let _changing = self.changing.lock().await;
        let current = self.current();
        let mut catalogs = current.catalogs.clone();
        catalogs.insert(database, catalog);
        self.publish(current.policies.clone(), catalogs).await
    }

    /// Sends the snapshot that stands once more: an answer to those who wait for one.
    pub(crate) fn repeat(&self) {
        self.published.send_modify(|_| {});
    }

    fn current(&self) -> Arc<Snapshot> {
        Arc::clone(&self.published.borrow())
    }

    async fn publish(
        &self,
        policies: BTreeMap<String, String>,
        catalogs: BTreeMap<String, Catalog>,
    ) -> Result<(), SnapshotError> {
        let hash = self.hash(&policies)?;
        let mut snapshot = Snapshot {
            version: 0,
            hash,
            resource: self.resource.clone(),
            preset: self.preset,
            masks: self.masks.clone(),
            policies,
            declared: self.declared.clone(),
            catalogs,
        };
        if self.current().policies != snapshot.policies {
            compile(&snapshot)?;
        }
        snapshot.version = self.store.begin_snapshot(&snapshot.hash).await?;
        let (version, hash) = (snapshot.version, &snapshot.hash);
        tracing::info!(
            version,
            hash,
            policies = snapshot.policies.len(),
            "a snapshot is published"
        );
        self.health.set_snapshot_version(version);
        self.published.send_replace(Arc::new(snapshot));
        Ok(())
    }

    fn hash(&self, policies: &BTreeMap<String, String>) -> Result<String, SnapshotError> {
        let deciding = Deciding {
            resource: &self.resource,
            preset: self.preset,
            masks: &self.masks,
            policies,
            declared: &self.declared,
        };
        let digest = digest(&SHA256, &serde_json::to_vec(&deciding)?);
        Ok(digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

/// As each shard will: what fails here would fail there.
fn compile(snapshot: &Snapshot) -> Result<(), EngineError> {
    let without_catalogs = Snapshot { catalogs: BTreeMap::new(), ..snapshot.clone() };
    Engine::compile(Arc::new(without_catalogs)).map(drop)
}
