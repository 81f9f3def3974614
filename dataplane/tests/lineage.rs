//! Random schemas, data and queries: nothing of a masked column reaches the client, in any way in which a value
//! can be written, and what is not masked does.
//!
//! Each case is a query of a seeded generator, asked as a simple query, in binary, and by COPY in its three formats.
//! `LINEAGE_CASES` asks for more of them than the few hundred of a plain run.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

#[path = "lineage/generate.rs"]
mod generate;
#[path = "lineage/needles.rs"]
mod needles;
mod support;

use generate::{Random, Schema};
use harness::wire::{Message, Wire, bind, describe, execute, first_error, parse, rows, sync};
use needles::Needles;
use support::Clinic;

const SCHEMAS: u32 = 4;
const CASES_OF_A_SCHEMA: u32 = 50;

struct Tally {
    asked: usize,
    refused: usize,
    /// Queries whose masked values the server shows.
    would_leak: usize,
    /// Cells of unmasked columns that came through as they are.
    clear: usize,
}

#[test]
fn nothing_of_a_masked_column_comes_through_whatever_the_query() {
    let cases = std::env::var("LINEAGE_CASES").ok().and_then(|cases| cases.parse().ok());
    let cases: u32 = cases.unwrap_or(SCHEMAS * CASES_OF_A_SCHEMA);
    let schemas: Vec<Schema> = (0..SCHEMAS).map(|seed| Schema::random(u64::from(seed))).collect();
    let sql: String = schemas.iter().map(Schema::sql).collect();
    let clinic = Clinic::with(&sql, |options| {
        for schema in &schemas {
            for (column, class) in schema.classes() {
                let column: &'static str = column.leak();
                options.settings.push(("classes", column, format!("\"{class}\"")));
            }
        }
    });
    let mut tally = Tally { asked: 0, refused: 0, would_leak: 0, clear: 0 };
    for (seed, schema) in (0_u64..).zip(&schemas) {
        let list = schema.secrets().join("','");
        let digests = format!("SELECT string_agg(md5(s), ',') FROM unnest(ARRAY['{list}']) s");
        let digests = clinic.value(&digests);
        let needles = Needles::of(schema.secrets(), digests.split(','));
        let mut random = Random::new(seed + 1000);
        let (mut agent, mut direct) = (clinic.agent(), clinic.direct());
        for _ in 0..cases / SCHEMAS {
            let sql = schema.query(&mut random);
            try_query(&sql, schema, &needles, &mut agent, &mut direct, &mut tally);
        }
    }
    assert!(tally.would_leak * 3 > tally.asked, "{} of {} leak", tally.would_leak, tally.asked);
    assert!(tally.refused * 2 < tally.asked, "{} of {} refused", tally.refused, tally.asked);
    assert!(tally.clear > tally.asked, "{} clear cells in {}", tally.clear, tally.asked);
}

fn try_query(
    sql: &str,
    schema: &Schema,
    needles: &Needles,
    agent: &mut Wire<std::net::TcpStream>,
    direct: &mut Wire<std::net::TcpStream>,
    tally: &mut Tally,
) {
    let before = direct.received().len();
    let expected = direct.query(sql).unwrap();
    assert_eq!(first_error(&expected).map(harness::wire::error_text), None, "{sql}");
    tally.asked += 1;
    tally.would_leak += usize::from(needles.find(&direct.received()[before..]).is_some());

    let before = agent.received().len();
    let answer = agent.query(sql).unwrap();
    if first_error(&answer).is_some() {
        tally.refused += 1;
    } else {
        let (shown, all) = (rows(&answer), rows(&expected));
        assert_eq!(shown.len(), all.len(), "{sql}");
        tally.clear += clear(&shown, schema);
    }
    let binary = [parse("", sql), bind("", "", &[], 1), describe(b'P', ""), execute("", 0), sync()];
    agent.send_bytes(&binary.concat()).unwrap();
    let _: Vec<Message> = agent.until_ready().unwrap();
    for format in ["text", "csv", "binary"] {
        agent.query(&format!("COPY ({sql}) TO STDOUT (FORMAT {format})")).unwrap();
    }
    let leak = needles.find(&agent.received()[before..]);
    assert_eq!(leak, None, "{sql}");
}

/// Cells that hold a value of an unmasked column as it is.
fn clear(rows: &[Vec<Option<String>>], schema: &Schema) -> usize {
    let cells = rows.iter().flatten().flatten();
    cells.filter(|cell| schema.is_clear(cell)).count()
}
