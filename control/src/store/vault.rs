//! The vault: random tokens, each for one digest of a value, for as long as there is need.
//!
//! Control knows digests and not the key that they were made with, so it can't tell what a token stands for, nor
//! try values out. A token is committed before it is given out: what a client has seen is never made anew.

use std::collections::HashMap;

use lazaret_link::{Hex, ValueDigest, VaultToken};
use sqlx::{Row, SqliteConnection};

use super::{Store, StoreError};
use crate::limits::VAULT_BYTES;

impl Store {
    /// The tokens of these digests, in their order; new ones for those that had none, as long as there is room.
    pub(crate) async fn tokens(
        &self,
        grant: Option<&str>,
        digests: &[ValueDigest],
    ) -> Result<Vec<Option<VaultToken>>, StoreError> {
        self.tokens_within(VAULT_BYTES, grant, digests).await
    }

    async fn tokens_within(
        &self,
        room: i64,
        grant: Option<&str>,
        digests: &[ValueDigest],
    ) -> Result<Vec<Option<VaultToken>>, StoreError> {
        let mut transaction = self.pool.begin().await?;
        let mut known = find(&mut transaction, digests).await?;
        let unknown = digests.iter().filter(|digest| !known.contains_key(*digest));
        let made = make(unknown.copied())?;
        if !made.is_empty() && has_room(&mut transaction, room).await? {
            insert(&mut transaction, grant, &made).await?;
            known.extend(made);
        }
        transaction.commit().await?;
        Ok(digests.iter().map(|digest| known.get(digest).copied()).collect())
    }
}

async fn find(
    connection: &mut SqliteConnection,
    digests: &[ValueDigest],
) -> Result<HashMap<ValueDigest, VaultToken>, StoreError> {
    let rows = sqlx::query(
        "SELECT digest, token FROM vault WHERE digest IN (SELECT value FROM json_each(?))",
    )
    .bind(json(&digests)?)
    .fetch_all(connection)
    .await?;
    let pair = |row: &sqlx::sqlite::SqliteRow| {
        let (digest, token): (String, String) = (row.try_get(0)?, row.try_get(1)?);
        let pair = Hex::from_digits(&digest).zip(Hex::from_digits(&token));
        pair.ok_or(StoreError::Range)
    };
    rows.iter().map(pair).collect()
}

fn make(
    digests: impl Iterator<Item = ValueDigest>,
) -> Result<HashMap<ValueDigest, VaultToken>, StoreError> {
    let made = digests.map(|digest| {
        let mut token = [0; 16];
        aws_lc_rs::rand::fill(&mut token).map_err(|_| StoreError::Random)?;
        Ok((digest, Hex(token)))
    });
    made.collect()
}

/// Pages that are free count as room.
async fn has_room(connection: &mut SqliteConnection, room: i64) -> Result<bool, StoreError> {
    let row = sqlx::query(
        "SELECT (page_count - freelist_count) * page_size
         FROM pragma_page_count(), pragma_freelist_count(), pragma_page_size()",
    )
    .fetch_one(connection)
    .await?;
    let used: i64 = row.try_get(0)?;
    if used >= room {
        tracing::error!(used, "state.db is full: values without a token are covered");
    }
    Ok(used < room)
}

async fn insert(
    connection: &mut SqliteConnection,
    grant: Option<&str>,
    made: &HashMap<ValueDigest, VaultToken>,
) -> Result<(), StoreError> {
    let pairs: Vec<_> = made.iter().collect();
    sqlx::query(
        "INSERT INTO vault (digest, token, grant_id)
         SELECT value ->> 0, value ->> 1, ? FROM json_each(?)",
    )
    .bind(grant)
    .bind(json(&pairs)?)
    .execute(connection)
    .await?;
    Ok(())
}

fn json(value: &impl serde::Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|_| StoreError::Range)
}

#[cfg(test)]
mod tests {
    use lazaret_policy::Grant;

    use super::*;

    fn digests(numbers: impl IntoIterator<Item = u8>) -> Vec<ValueDigest> {
        numbers.into_iter().map(|number| Hex([number; 32])).collect()
    }

    #[tokio::test]
    async fn a_value_has_one_token_also_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.db");
        let store = Store::open(&path).await.unwrap();
        let first = store.tokens(None, &digests([1, 2, 1])).await.unwrap();
        assert!(first.iter().all(Option::is_some));
        assert!(first[0] == first[2] && first[0] != first[1]);
        drop(store);
        let store = Store::open(&path).await.unwrap();
        let again = store.tokens(None, &digests([3, 2, 1])).await.unwrap();
        assert!(again[1] == first[1] && again[2] == first[0]);
        assert!(!first.contains(&again[0]));
    }

    #[tokio::test]
    async fn a_full_vault_gives_out_what_it_has_and_makes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("state.db")).await.unwrap();
        let first = store.tokens(None, &digests([1])).await.unwrap();
        let full = store.tokens_within(0, None, &digests([1, 2])).await.unwrap();
        assert!(full[0] == first[0] && full[1].is_none());
    }

    #[tokio::test]
    async fn a_token_of_a_grant_ends_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("state.db")).await.unwrap();
        let kept = store.tokens(None, &digests([1])).await.unwrap();
        let ended = store.tokens(Some("g"), &digests([2])).await.unwrap();
        let other = store.tokens(Some("h"), &digests([3])).await.unwrap();
        store.note_admitted(grant("g"), String::new(), String::new()).await;
        store.note_ended("g".to_owned()).await;
        let count = || async {
            let row = sqlx::query("SELECT count(*) FROM vault").fetch_one(&store.pool).await;
            row.unwrap().get::<i64, _>(0)
        };
        while count().await > 2 {
            tokio::task::yield_now().await;
        }
        assert!(store.tokens(None, &digests([1])).await.unwrap() == kept);
        assert!(store.tokens(Some("h"), &digests([3])).await.unwrap() == other);
        assert!(store.tokens(Some("g"), &digests([2])).await.unwrap() != ended);
    }

    fn grant(id: &str) -> Grant {
        Grant {
            id: id.to_owned(),
            principal: "ci".to_owned(),
            issuer: "https://issuer.example".to_owned(),
            groups: Vec::new(),
            resource: "warehouse".to_owned(),
            database: "main".to_owned(),
            expires_at_ms: u64::MAX,
        }
    }
}
