//! Attempts by what is computed from a value, and by what is done with it beside showing it.

use harness::wire::{self, first_error, rows};

use super::{attempt, clinic, leaks_directly, masked, masked_or_refused};

/// Refused with the error that names the class, and the next statement works.
fn refused(sql: &str, class: &str) {
    let mut agent = clinic().agent();
    let answer = agent.query(sql).unwrap();
    let error = first_error(&answer).unwrap_or_else(|| panic!("{sql} was let through"));
    assert_eq!(error.field(b'C').unwrap(), "42501", "{sql}");
    let said = wire::error_text(error);
    assert!(said.contains(class), "{sql}: {said}");
    let next = agent.query("SELECT count(*) FROM patients").unwrap();
    assert_eq!(rows(&next), [[Some("200".to_string())]], "after {sql}");
    attempt(sql);
}

#[test]
fn attempt_5_pieces_of_a_value_are_masked() {
    masked("SELECT substr(ssn, 1, 3), ssn, substr(ssn, 5) FROM patients", 200);
    masked_or_refused("SELECT left(ssn, 9) || right(ssn, 2) FROM patients");
}

#[test]
fn attempt_6_one_character_a_row_is_refused() {
    refused("SELECT substr(ssn, g, 1) FROM patients, generate_series(1, 11) g", "ssn");
    refused("SELECT c FROM patients, regexp_split_to_table(ssn, '') c", "ssn");
}

#[test]
fn attempt_7_a_value_backwards_is_masked() {
    masked("SELECT reverse(ssn) FROM patients", 200);
    masked("SELECT r FROM (SELECT reverse(ssn) AS r FROM patients) x", 200);
}

/// A note is in no masked column: what is found in it is covered, but only in one piece.
#[test]
fn attempt_7_a_note_backwards_is_masked() {
    for table in ["notes", "memos"] {
        masked_or_refused(&format!("SELECT reverse(reverse(body)) FROM {table}"));
        let backwards = format!("SELECT reverse(body) FROM {table}");
        let rows = attempt(&backwards);
        assert_eq!(first_error(&rows.messages).map(wire::error_text), None);
        assert!(!rows.cells().iter().flatten().any(|cell| !cell.is_empty()), "{backwards}");
    }
    let pieces = attempt("SELECT substr(body, 1, 5), substr(body, 6) FROM memos");
    assert!(pieces.cells().iter().all(Option::is_none), "a piece of a note is NULL");
    masked_or_refused("SELECT '9' || body, translate(body, '-', '') FROM memos");
    masked("SELECT upper(body), body || ', ' || body FROM memos", 2);
}

#[test]
fn attempts_8_and_9_hex_and_base64_are_masked() {
    masked("SELECT encode(ssn::bytea, 'hex') FROM patients", 200);
    for padding in ["", "x", "xx"] {
        let sql = format!("SELECT encode(('{padding}' || ssn)::bytea, 'base64') FROM patients");
        attempt(&sql).assert_rows(200);
    }
    masked("SELECT encode(ssn::bytea, 'base64') FROM patients", 200);
}

#[test]
fn attempts_10_and_11_translated_digits_and_digests_are_masked() {
    attempt("SELECT translate(ssn, '0123456789', 'abcdefghij') FROM patients").assert_rows(200);
    masked("SELECT md5(ssn) FROM patients", 200);
}

#[test]
fn attempts_12_and_13_arithmetic_and_codes_of_characters_are_refused() {
    refused("SELECT replace(ssn, '-', '')::bigint + 1 FROM patients", "ssn");
    refused("SELECT ssn + 1 FROM badges", "ssn");
    refused("SELECT array_agg(ascii(c)) FROM patients, regexp_split_to_table(ssn, '') c", "ssn");
}

#[test]
fn attempts_17_to_20_other_ways_to_write_a_value_are_masked_in_its_column() {
    for written in [
        "to_json(ssn)::text",
        "replace(ssn, '-', E'\\u200b')",
        "replace(ssn, '-', E'\\u00a0')",
        "replace(ssn, '-', E'\\n')",
        "translate(ssn, '0123456789', E'\\uff10\\uff11\\uff12\\uff13\\uff14\\uff15\\uff16\\uff17\\uff18\\uff19')",
    ] {
        let sql = format!("SELECT {written} AS x FROM patients");
        let outcome = attempt(&sql);
        outcome.assert_rows(200);
        let shown = outcome.cells();
        assert!(!shown.iter().flatten().any(|cell| cell.iter().any(u8::is_ascii_digit)), "{sql}");
        let wide = "\u{ff10}".as_bytes();
        assert!(!shown.iter().flatten().any(|cell| cell.windows(2).any(|two| two == &wide[..2])));
    }
}

#[test]
fn attempt_23_an_error_or_its_absence_tells_nothing() {
    refused("SELECT ssn::int FROM patients", "ssn");
    refused("SELECT 1 / (ssn - 987654321) FROM badges", "ssn");
    refused("SELECT pg_sleep(ssn / 1e10) FROM badges", "ssn");
    refused("SELECT repeat('x', ssn::int) FROM badges", "ssn");
}

#[test]
fn attempt_24_statistics_and_estimates_are_refused() {
    let samples =
        "SELECT most_common_vals, histogram_bounds FROM pg_stats WHERE tablename = 'patients'";
    leaks_directly(samples);
    for sql in [samples, "SELECT stavalues1 FROM pg_statistic", "SELECT * FROM pg_stats_ext"] {
        let error = attempt(sql);
        assert!(first_error(&error.messages).is_some(), "{sql}");
    }
    refused("EXPLAIN SELECT 1 FROM patients WHERE ssn > '500'", "ssn");
    refused("EXPLAIN ANALYZE SELECT 1 FROM patients WHERE ssn LIKE '9%'", "ssn");
}

#[test]
fn attempt_24_a_query_plan_shows_no_literal_of_a_view() {
    for (sql, stays) in [
        ("EXPLAIN SELECT * FROM marked", "Seq Scan on patients"),
        ("EXPLAIN (ANALYZE, VERBOSE) SELECT * FROM marked", "Execution Time: "),
        ("EXPLAIN (FORMAT json) SELECT * FROM marked", "\"Node Type\": \"Seq Scan\""),
    ] {
        let directly = clinic().direct().query(sql).unwrap();
        let directly = shown(&rows(&directly));
        assert!(directly.contains("kx-204-77q") && directly.contains("904417"), "{directly}");
        let outcome = attempt(sql);
        let through = shown(&rows(&outcome.messages));
        assert!(!through.contains("kx-204-77q") && !through.contains("904417"), "{through}");
        assert!(through.contains(stays) && through.contains("'**********'"), "{through}");
    }
}

#[test]
fn the_properties_of_a_query_plan_are_readable() {
    for relation in ["marked", "memos"] {
        let outcome = attempt(&format!("EXPLAIN (FORMAT json) SELECT * FROM {relation}"));
        let through = shown(&rows(&outcome.messages));
        assert!(through.contains("\"Async Capable\": false"), "{through}");
    }
}

/// One column, line by line.
fn shown(rows: &[Vec<Option<String>>]) -> String {
    rows.iter().filter_map(|row| row[0].clone()).collect::<Vec<_>>().join("\n")
}

#[test]
fn attempt_26_predicates_groups_and_orders_are_refused() {
    for sql in [
        "SELECT blood_type FROM patients WHERE ssn LIKE '9%'",
        "SELECT blood_type FROM patients WHERE ssn = '900-01-0001'",
        "SELECT count(*) FROM patients GROUP BY ssn",
        "SELECT blood_type FROM patients ORDER BY ssn",
        "SELECT blood_type FROM patients ORDER BY ssn LIMIT 1",
        "SELECT DISTINCT ssn FROM patients",
        "SELECT CASE WHEN ssn < '95' THEN 1 ELSE 0 END FROM patients",
        "SELECT count(*) FILTER (WHERE ssn LIKE '9%') FROM patients",
        "SELECT row_number() OVER (ORDER BY ssn), blood_type FROM patients",
        "SELECT 1 FROM products_that_are_not_there x JOIN patients ON ssn = '1'",
        "SELECT 1 WHERE EXISTS (SELECT 1 FROM patients WHERE ssn LIKE '9%')",
        "SELECT blood_type FROM patients JOIN (VALUES ('1')) v(s) ON ssn = s",
        "SELECT count(*) FROM patients, generate_series(1, substr(ssn, 1, 1)::int)",
        "SELECT ssn FROM patients EXCEPT SELECT '1'",
        "SELECT LEAST(ssn, '5') FROM patients",
        "SELECT LEAST(ssn), blood_type FROM patients, (SELECT 1 AS least) q ORDER BY least",
        "SELECT (SELECT min(s) FROM (SELECT ssn UNION ALL SELECT '5') q(s)) FROM patients",
        "SELECT (SELECT count(DISTINCT s) FROM (SELECT ssn UNION ALL SELECT '5') q(s)) FROM patients",
        "SELECT (SELECT count(*) FROM (SELECT '' AS ssn) p, (SELECT 1) a JOIN (SELECT 1) b ON p.ssn LIKE '9%') FROM patients p",
        "COPY (SELECT blood_type FROM patients WHERE ssn LIKE '9%') TO STDOUT",
    ] {
        refused(sql, "ssn");
    }
    refused("SELECT reach_at FROM contact_list WHERE reference LIKE '9%'", "ssn");
}

#[test]
fn attempt_26_keys_and_presence_are_no_inference() {
    let mut agent = clinic().agent();
    for (sql, expected) in [
        ("SELECT blood_type FROM patients WHERE patient_id = 42", 1),
        (
            "SELECT p.blood_type FROM patients p JOIN notes n ON n.patient_id = p.patient_id WHERE p.patient_id IN (1, 2)",
            2,
        ),
        ("SELECT count(*) FROM patients WHERE ssn IS NULL", 1),
        (
            "SELECT blood_type, count(*) FROM patients GROUP BY blood_type ORDER BY 2 DESC LIMIT 1",
            1,
        ),
    ] {
        let answer = agent.query(sql).unwrap();
        assert_eq!(first_error(&answer).map(wire::error_text), None, "{sql}");
        assert!(rows(&answer).len() >= expected, "{sql}");
    }
}

#[test]
fn attempt_27_what_recursion_lateral_and_windows_pass_on_is_masked() {
    masked_or_refused(
        "WITH RECURSIVE w(n, s) AS (SELECT 1, ssn FROM patients WHERE patient_id = 1 UNION ALL \
         SELECT n + 1, s FROM w WHERE n < 3) SELECT s FROM w",
    );
    masked("SELECT l.s FROM patients p, LATERAL (SELECT p.ssn AS s) l", 200);
    masked("SELECT v.s FROM patients p, LATERAL (VALUES (p.ssn)) v(s)", 200);
    masked_or_refused("SELECT u.s FROM patients p, unnest(ARRAY[p.ssn]) u(s)");
}

/// Each of these names a column of `patients`, by the rules of what is in sight where it stands.
#[test]
fn attempt_27_a_name_that_seems_to_mean_something_else_is_masked() {
    for sql in [
        "SELECT (SELECT reverse(ssn) FROM (SELECT 'x' AS ssn) q(b)) FROM patients",
        "SELECT (WITH q(b) AS (SELECT 'x' AS ssn) SELECT reverse(ssn) FROM q) FROM patients",
        "SELECT (SELECT reverse(column2) FROM (VALUES ('x')) v) FROM (SELECT ssn AS column2 FROM patients) p",
        "SELECT (SELECT reverse(ssn) FROM (SELECT 'x' AS s) q) FROM patients",
        "WITH q(c, b) AS (SELECT 'x', ssn FROM patients) SELECT (SELECT max(reverse(b)) FROM q AS r(d)) FROM (SELECT 'x' AS b) o",
        "SELECT reverse(s) FROM (SELECT 'x' AS s, p.* FROM (SELECT ssn AS s FROM patients) p) q(b)",
        "SELECT (SELECT reverse(p.p::text) FROM (SELECT 'x' AS p) q(b)) FROM (SELECT ssn AS p FROM patients) p",
    ] {
        masked_or_refused(sql);
        masked_or_refused(&format!("COPY ({sql}) TO STDOUT"));
    }
}

/// A member whose key is there already is left out, so that the length of a mask would tell.
#[test]
fn attempt_16_keys_of_json_tell_nothing() {
    for keys in [
        "jsonb_build_object(ssn, 1, (SELECT ssn FROM patients WHERE patient_id = 1), 1)",
        "(SELECT jsonb_object_agg(k, 1) FROM (SELECT ssn UNION ALL SELECT '900-01-0001') q(k))",
    ] {
        let cells = attempt(&format!("SELECT {keys} FROM patients")).cells();
        assert!(cells.iter().all(Option::is_none), "{keys}");
    }
}

#[test]
fn attempt_38_what_runs_or_shows_a_text_is_refused() {
    for sql in [
        "SELECT query_to_xml('SELECT ssn FROM patients', true, true, '')",
        "SELECT table_to_xml('patients', true, true, '')",
        "SELECT * FROM ts_stat('SELECT to_tsvector(ssn) FROM patients')",
        "SELECT query FROM pg_stat_activity",
        "SELECT * FROM pg_logical_slot_peek_changes('s', NULL, NULL)",
        "SELECT get_raw_page('patients', 0)",
        "SELECT pg_read_file('PG_VERSION')",
        "SELECT lo_get(1)",
        "SELECT * FROM pg_prepared_statements",
        "DO $$ BEGIN RAISE NOTICE '%', (SELECT ssn FROM patients LIMIT 1); END $$",
        "COPY patients TO PROGRAM 'cat'",
        "COPY patients TO '/tmp/patients'",
    ] {
        let outcome = attempt(sql);
        assert!(first_error(&outcome.messages).is_some(), "{sql} was let through");
    }
}

#[test]
fn attempts_40_and_41_copies_and_labels_are_refused() {
    for sql in [
        "CREATE TABLE t AS SELECT ssn AS x FROM patients",
        "UPDATE memos SET body = (SELECT ssn FROM patients LIMIT 1)",
        "INSERT INTO memos SELECT 9, ssn FROM patients",
        "COMMENT ON COLUMN patients.ssn IS 'clear'",
        "SECURITY LABEL ON COLUMN patients.ssn IS 'clear'",
        "ALTER TABLE patients RENAME ssn TO plain",
    ] {
        let outcome = attempt(sql);
        assert!(first_error(&outcome.messages).is_some(), "{sql} was let through");
    }
    masked("SELECT ssn FROM patients", 200);
}
