//! State that outlives control: `state.db`, SQLite through sqlx.
//!
//! What must not be forgotten (the boot counter, a snapshot's version) is committed before the call
//! returns. Notes about grants are written behind, many to a transaction, for a login does not wait
//! for a disk. Nothing here is evidence.

mod vault;

use std::path::Path;
use std::time::{Duration, SystemTime};

use lazaret_policy::Grant;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Row, SqlitePool};
use tokio::sync::mpsc;

use crate::limits::{GRANTS_KEPT, SNAPSHOTS_KEPT, STORE_QUEUE};

#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    #[error("state.db: {0}")]
    Sql(#[from] sqlx::Error),
    #[error("state.db can't be brought up to date: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    #[error("state.db holds a number that is out of range")]
    Range,
    #[error("the system gives no random numbers")]
    Random,
}

/// A handle; clones share the database.
#[derive(Clone)]
pub(crate) struct Store {
    pool: SqlitePool,
    notes: mpsc::Sender<Note>,
}

enum Note {
    Admitted { grant: Grant, client_address: String, claimed_user: String, at_ms: i64 },
    Ended { grant: String, at_ms: i64 },
}

impl Store {
    pub(crate) async fn open(path: &Path) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(5));
        // SQLite has one writer; a second connection would only wait for it.
        let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await?;
        sqlx::migrate!().run(&pool).await?;
        let (notes, queue) = mpsc::channel(STORE_QUEUE);
        tokio::spawn(write_behind(pool.clone(), queue));
        Ok(Self { pool, notes })
    }

    /// The next start's number, committed.
    pub(crate) async fn begin_boot(&self, shards: u16) -> Result<u64, StoreError> {
        let row = sqlx::query(
            "INSERT INTO boots (boot, shards, started_at_ms)
             SELECT coalesce(max(boot), 0) + 1, ?, ? FROM boots RETURNING boot",
        )
        .bind(i64::from(shards))
        .bind(now_ms())
        .fetch_one(&self.pool)
        .await?;
        u64::try_from(row.try_get::<i64, _>(0)?).map_err(|_| StoreError::Range)
    }

    /// A boot that is in use and was forgotten, committed.
    pub(crate) async fn recall_boot(&self, boot: u64, shards: u16) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO boots (boot, shards, started_at_ms) VALUES (?, ?, ?)")
            .bind(i64::try_from(boot).map_err(|_| StoreError::Range)?)
            .bind(i64::from(shards))
            .bind(now_ms())
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// The last start's number.
    pub(crate) async fn last_boot(&self) -> Result<Option<u64>, StoreError> {
        let row = sqlx::query("SELECT max(boot) FROM boots").fetch_one(&self.pool).await?;
        let boot: Option<i64> = row.try_get(0)?;
        boot.map(|boot| u64::try_from(boot).map_err(|_| StoreError::Range)).transpose()
    }

    /// The version of a snapshot that is about to be published, committed.
    pub(crate) async fn begin_snapshot(&self, hash: &str) -> Result<u64, StoreError> {
        let row = sqlx::query(
            "INSERT INTO snapshots (version, hash, published_at_ms)
             SELECT coalesce(max(version), 0) + 1, ?, ? FROM snapshots RETURNING version",
        )
        .bind(hash)
        .bind(now_ms())
        .fetch_one(&self.pool)
        .await?;
        let version = row.try_get::<i64, _>(0)?;
        sqlx::query("DELETE FROM snapshots WHERE version <= ?")
            .bind(version.saturating_sub(SNAPSHOTS_KEPT))
            .execute(&self.pool)
            .await?;
        u64::try_from(version).map_err(|_| StoreError::Range)
    }

    pub(crate) async fn note_admitted(
        &self,
        grant: Grant,
        client_address: String,
        claimed_user: String,
    ) {
        let note = Note::Admitted { grant, client_address, claimed_user, at_ms: now_ms() };
        self.note(note).await;
    }

    pub(crate) async fn note_ended(&self, grant: String) {
        self.note(Note::Ended { grant, at_ms: now_ms() }).await;
    }

    async fn note(&self, note: Note) {
        if self.notes.send(note).await.is_err() {
            tracing::error!("the store's writer is gone; a note about a grant is lost");
        }
    }
}

/// Takes what has gathered and commits it at once.
async fn write_behind(pool: SqlitePool, mut queue: mpsc::Receiver<Note>) {
    let mut notes = Vec::new();
    while queue.recv_many(&mut notes, STORE_QUEUE).await > 0 {
        if let Err(error) = write(&pool, &notes).await {
            tracing::error!(%error, notes = notes.len(), "notes about grants are lost");
        }
        notes.clear();
    }
}

async fn write(pool: &SqlitePool, notes: &[Note]) -> Result<(), sqlx::Error> {
    let mut transaction = pool.begin().await?;
    for note in notes {
        let statement = match note {
            Note::Admitted { grant, client_address, claimed_user, at_ms } => sqlx::query(
                "INSERT INTO grants (id, principal, issuer, groups, resource, database,
                                     client_address, claimed_user, admitted_at_ms, expires_at_ms)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(&grant.id)
            .bind(&grant.principal)
            .bind(&grant.issuer)
            .bind(grant.groups.join("\n"))
            .bind(&grant.resource)
            .bind(&grant.database)
            .bind(client_address)
            .bind(claimed_user)
            .bind(at_ms)
            .bind(i64::try_from(grant.expires_at_ms).unwrap_or(i64::MAX)),
            Note::Ended { grant, at_ms } => {
                sqlx::query("DELETE FROM vault WHERE grant_id = ?")
                    .bind(grant)
                    .execute(&mut *transaction)
                    .await?;
                sqlx::query("UPDATE grants SET ended_at_ms = ? WHERE id = ?")
                    .bind(at_ms)
                    .bind(grant)
            }
        };
        statement.execute(&mut *transaction).await?;
    }
    let kept_ms = i64::try_from(GRANTS_KEPT.as_millis()).unwrap_or(i64::MAX);
    let kept_since_ms = now_ms().saturating_sub(kept_ms);
    // Of sessions whose end nobody told, or that came to ask after it.
    sqlx::query(
        "DELETE FROM vault WHERE grant_id IN (SELECT id FROM grants WHERE expires_at_ms < ?)",
    )
    .bind(kept_since_ms)
    .execute(&mut *transaction)
    .await?;
    sqlx::query("DELETE FROM grants WHERE expires_at_ms < ? AND ended_at_ms IS NOT NULL")
        .bind(kept_since_ms)
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn boots_and_versions_count_on_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.db");
        let store = Store::open(&path).await.unwrap();
        assert_eq!(store.last_boot().await.unwrap(), None);
        assert_eq!(store.begin_boot(2).await.unwrap(), 1);
        assert_eq!(store.begin_boot(2).await.unwrap(), 2);
        assert_eq!(store.begin_snapshot("a").await.unwrap(), 1);
        drop(store);
        let store = Store::open(&path).await.unwrap();
        assert_eq!(store.last_boot().await.unwrap(), Some(2));
        assert_eq!(store.begin_boot(2).await.unwrap(), 3);
        assert_eq!(store.begin_snapshot("a").await.unwrap(), 2);
    }

    #[tokio::test]
    async fn a_grant_is_noted_with_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("state.db")).await.unwrap();
        let grant = Grant {
            id: "g".into(),
            principal: "ci".into(),
            issuer: "https://issuer.example".into(),
            groups: vec!["a".into(), "b".into()],
            resource: "warehouse".into(),
            database: "main".into(),
            expires_at_ms: u64::MAX,
        };
        let Store { pool, notes } = store.clone();
        store.note_admitted(grant, "192.0.2.1:5".into(), "alice".into()).await;
        store.note_ended("g".into()).await;
        drop((store, notes));
        // The writer holds the pool until the last note is written.
        let row = loop {
            let row = sqlx::query("SELECT groups FROM grants WHERE ended_at_ms IS NOT NULL")
                .fetch_optional(&pool)
                .await
                .unwrap();
            match row {
                Some(row) => break row,
                None => tokio::task::yield_now().await,
            }
        };
        assert_eq!(row.get::<String, _>(0), "a\nb");
    }
}
