//! Bad texts get an answer, and never a crash.

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use crate::{ParseError, parse};

use super::syntax_error;

#[test]
fn a_syntax_error_is_answered_as_postgresql_would() {
    for (text, message, position) in [
        ("slect 1", "syntax error at or near \"slect\"", Some(1)),
        ("SELECT", "", None),
        ("SELECT 1 FROM", "syntax error at end of input", Some(14)),
        ("SELECT é é é", "syntax error at or near \"é\"", Some(12)),
        ("SELECT a FROM a WHERE a = = a", "syntax error at or near \"=\"", Some(27)),
        ("SELECT 'a", "unterminated quoted string at or near \"'a\"", Some(8)),
        ("SELECT 1a", "trailing junk after numeric literal at or near \"1a\"", Some(8)),
        ("SELECT sel, sel sel sel", "syntax error at or near \"sel\"", Some(21)),
        ("SELECT 1; SELECT 1 1", "syntax error at or near \"1\"", Some(20)),
    ] {
        if message.is_empty() {
            // A query without columns is one.
            assert!(parse(text).is_ok(), "{text}");
        } else {
            assert_eq!(syntax_error(text), (message.to_owned(), position), "{text}");
        }
    }
}

#[test]
fn an_empty_text_holds_no_statement() {
    for text in ["", " ", ";", " ; ; -- x", "/* x */"] {
        assert_eq!(parse(text), Ok(vec![]), "{text:?}");
    }
}

#[test]
fn nul_is_refused() {
    assert!(matches!(parse("SELECT 1;\0DROP TABLE t"), Err(ParseError::Unparsable(_))));
}

#[test]
fn bytes_that_are_not_utf8_are_refused() {
    for text in [r"SELECT E'\xff'", r"SELECT E'\xc3'", r"SELECT E'\377'"] {
        assert!(parse(text).is_err(), "{text}");
    }
}

#[test]
fn parentheses_without_end_are_refused() {
    for depth in [100_000, 400_000] {
        let text = format!("SELECT {}1{}", "(".repeat(depth), ")".repeat(depth));
        assert_eq!(parse(&text), Err(ParseError::Unparsable("the statement nests too deeply")));
    }
}

/// Chains that the grammar makes into deep trees without a deep stack of its own.
#[test]
fn deep_trees_are_analysed_on_a_small_stack() {
    let links = 50_000;
    let texts = [
        format!("SELECT 1{}", " + 1".repeat(links)),
        format!("SELECT 1{}", "::int".repeat(links)),
        format!("SELECT a{} FROM t", "[1]".repeat(links)),
        format!("SELECT x{}", " COLLATE \"C\"".repeat(links)),
        format!("SELECT 1{}", " UNION SELECT 1".repeat(links)),
        format!("SELECT 1 FROM t{}", " CROSS JOIN t".repeat(links)),
        format!("SELECT 1 WHERE true{}", " AND true OR false".repeat(links)),
        format!("SELECT 1 WHERE a{}", " IS NULL".repeat(links)),
        format!("SELECT {}1", "- ".repeat(3_000)),
        format!("UPDATE t SET a = a{}", " + 1".repeat(links)),
    ];
    let analysed = std::thread::Builder::new().stack_size(512 << 10).spawn(move || {
        for text in &texts {
            let _ = parse(text);
        }
        parse(&texts[0]).map(|statements| statements.len())
    });
    assert_eq!(analysed.unwrap().join().unwrap(), Ok(1));
}

#[test]
fn many_names_cost_no_more_than_their_number() {
    let ctes: Vec<_> = (0..5_000).map(|i| format!("c{i} AS (SELECT * FROM c{})", i + 1)).collect();
    let text = format!("WITH {} SELECT c0.a FROM c0, c1 x, c2 y", ctes.join(", "));
    assert_eq!(super::one(&text).relations.len(), 5_000);
    let text = format!("SELECT {} FROM t", vec!["f(a.b) + a.b"; 20_000].join(", "));
    let statement = super::one(&text);
    assert_eq!((statement.functions.len(), statement.attributes.len()), (2, 1));
}

/// A name is looked for among all columns of the result, and among all that an alias names: a text of a megabyte
/// has a hundred thousand of each, and the tests would not end.
#[test]
fn many_names_among_many_columns_cost_no_more_than_their_number() {
    let sorted = |column: &str, last: &str| {
        let (columns, sorts) = (vec![column; 100_000].join(", "), vec![last; 100_000].join(", "));
        let text = format!("SELECT {columns}, z FROM t ORDER BY {sorts}");
        super::one(&text).kind
    };
    assert_eq!(sorted("a", "z"), crate::Kind::Select);
    assert_eq!(sorted("a", "y"), crate::Kind::Select);
    let casts = format!("SELECT a{} FROM t", "::text".repeat(50_000));
    let text = format!("SELECT {} FROM ({casts}) q", vec!["x"; 50_000].join(", "));
    assert_eq!(super::one(&text).relations.len(), 1);
    let named: Vec<_> = (0..50_000).map(|column| format!("c{column}")).collect();
    let (named, read) = (named.join(", "), vec!["x"; 50_000].join(", "));
    for text in [
        format!("SELECT {read} FROM (SELECT 1) q({named})"),
        format!("WITH q({named}) AS (SELECT 1) SELECT {read} FROM q"),
        format!("SELECT {read} FROM f() q({named})"),
        format!("WITH RECURSIVE q({named}) AS (SELECT 1) CYCLE {read} SET m USING p SELECT 1"),
    ] {
        assert_eq!(super::one(&text).kind, crate::Kind::Select);
    }
}

/// Nested queries whose columns may each come from two others: 2^40 paths.
#[test]
fn columns_that_branch_are_given_up() {
    let mut query = "SELECT 1 AS a FROM t".to_owned();
    for _ in 0..40 {
        query = format!("SELECT a FROM ({query}) x, (SELECT b FROM t) y");
    }
    let mut wide = "SELECT * FROM t".to_owned();
    for _ in 0..12 {
        wide = format!("SELECT a FROM ({wide}) x, ({wide}) y");
    }
    assert_eq!(super::one(&query).relations.len(), 1);
    assert_eq!(super::one(&wide).relations.len(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2_000,
        rng_seed: RngSeed::Fixed(1),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn no_text_of_sql_words_panics(words in prop::collection::vec(prop::sample::select(WORDS), 1..24)) {
        let _ = parse(&words.join(" "));
    }

    #[test]
    fn no_text_at_all_panics(text in ".{0,60}") {
        let _ = parse(&text);
    }
}

const WORDS: &[&str] = &[
    "SELECT",
    "FROM",
    "WHERE",
    "t",
    "a",
    "*",
    ",",
    "(",
    ")",
    "1",
    "'x'",
    "AS",
    "WITH",
    "RECURSIVE",
    "UNION",
    "JOIN",
    "ON",
    "USING",
    "INSERT",
    "INTO",
    "VALUES",
    "UPDATE",
    "SET",
    "=",
    "DELETE",
    "RETURNING",
    "CREATE",
    "TABLE",
    "VIEW",
    "FUNCTION",
    "f",
    ".",
    "COPY",
    "TO",
    "STDOUT",
    "EXPLAIN",
    "ANALYZE",
    "DECLARE",
    "c",
    "CURSOR",
    "FOR",
    "GRANT",
    "ALTER",
    "DROP",
    "COMMENT",
    "IS",
    "$1",
    "::",
    "int",
    "[",
    "]",
    "STATISTICS",
    "OPERATOR",
    "+",
    "MERGE",
    "WHEN",
    "MATCHED",
    "THEN",
    ";",
    "LATERAL",
    "ROWS",
    "JSON_TABLE",
    "COLUMNS",
    "XMLTABLE",
    "PASSING",
    "E'\\xc3'",
    "\"q\"",
    "ALL",
];
