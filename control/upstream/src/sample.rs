//! Samples of a relation's rows, to tell what its columns hold.
//!
//! Values stay in this process: they are scored, and never shown, logged or written down. A sample
//! of a large table is spread over it, for its first rows may be harmless.

use lazaret_config::Upstream;
use tokio_postgres::{Row, SimpleQueryMessage};

use crate::UpstreamError;
use crate::connection::{Connection, Connector};

/// A longer value is cut: what fills a column shows in its first characters.
const VALUE_CHARACTERS: u32 = 4096;

/// Pages of a large table are drawn so that this many times the rows asked for are expected, for rows
/// lie unevenly.
const SPARE: f64 = 2.0;

const SIZE: &str = "
    SELECT c.reltuples::float8, c.relkind IN ('r', 'm', 'p')
      FROM pg_catalog.pg_class c WHERE c.oid = $1";

/// Reads samples from one database.
pub struct Sampler(Connection);

/// Rows of one relation.
pub struct Sample {
    /// By row, then by column as asked for. NULL is `None`.
    pub rows: Vec<Vec<Option<String>>>,
    /// How many rows the relation is thought to have, if the server knows.
    pub of_rows: Option<f64>,
}

impl Sampler {
    pub async fn connect(upstream: &Upstream, database: &str) -> Result<Self, UpstreamError> {
        let connection = Connector::new(upstream)?.connect(database).await?;
        connection.client.batch_execute("SET default_transaction_read_only = on").await?;
        Ok(Self(connection))
    }

    /// At most `rows` rows of the relation with this OID, which is called `[schema, name]`.
    pub async fn sample(
        &self,
        oid: u32,
        name: [&str; 2],
        columns: &[&str],
        rows: u32,
    ) -> Result<Sample, UpstreamError> {
        let size: Row = self.0.client.query_one(SIZE, &[&oid]).await?;
        let of_rows = Some(size.get::<_, f64>(0)).filter(|known| *known >= 0.0);
        let wanted = f64::from(rows) * SPARE;
        if let Some(known) = of_rows.filter(|known| *known > wanted && size.get(1)) {
            let share = format!(" TABLESAMPLE SYSTEM ({})", 100.0 * wanted / known);
            let spread = self.read(&select(name, columns, &share, rows)).await?;
            if spread.len() >= rows as usize / 2 {
                return Ok(Sample { rows: spread, of_rows });
            }
        }
        Ok(Sample { rows: self.read(&select(name, columns, "", rows)).await?, of_rows })
    }

    /// By the simple protocol, which gives every type as text.
    async fn read(&self, query: &str) -> Result<Vec<Vec<Option<String>>>, UpstreamError> {
        let messages = self.0.client.simple_query(query).await?;
        let rows = messages.iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        });
        let value = |row: &tokio_postgres::SimpleQueryRow, at| row.get(at).map(str::to_owned);
        Ok(rows.map(|row| (0..row.len()).map(|at| value(row, at)).collect()).collect())
    }
}

fn select(name: [&str; 2], columns: &[&str], share: &str, rows: u32) -> String {
    let values = columns.iter().map(|column| {
        let column = quoted(column);
        format!("pg_catalog.left(t.{column}::pg_catalog.text, {VALUE_CHARACTERS})")
    });
    let values = values.collect::<Vec<_>>().join(", ");
    let [schema, relation] = name.map(quoted);
    format!("SELECT {values} FROM {schema}.{relation} AS t{share} LIMIT {rows}")
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
