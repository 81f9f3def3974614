//! Attempts on text that nobody classified, in relations without any column of a class. What a scan finds in it
//! is covered, so it may leave in one piece only, and nothing may tell its pieces.

use harness::wire::{self, first_error, rows};

use super::needles::Needles;
use super::{Outcome, attempt, clinic};

/// What stands in `memos`, and in another form in each row of `scraps`.
const NUMBERS: [&str; 2] = ["219-09-9999", "078-05-1120"];

fn needles() -> Needles {
    let list = NUMBERS.join("','");
    let digests = format!("SELECT string_agg(md5(s), ',') FROM unnest(ARRAY['{list}']) s");
    Needles::of(&NUMBERS.map(str::to_owned), clinic().value(&digests).split(','))
}

/// On the server it shows a number in some way; through the gateway in none, be it masked or refused.
fn hidden(sql: &str) -> Outcome {
    let needles = needles();
    let mut direct = clinic().direct();
    direct.query(sql).unwrap();
    assert!(needles.find(direct.received()).is_some(), "{sql} shows nothing, so it tests nothing");
    let mut agent = clinic().agent();
    let messages = agent.query(sql).unwrap();
    for format in [0, 1] {
        let run = [wire::parse("", sql), wire::bind("", "", &[], format), wire::execute("", 0)];
        agent.send_bytes(&[run.concat(), wire::sync()].concat()).unwrap();
        agent.until_ready().unwrap();
    }
    agent.query(&format!("COPY ({sql}) TO STDOUT")).unwrap();
    assert_eq!(needles.find(agent.received()), None, "{sql}");
    Outcome { messages }
}

fn refused(sql: &str, why: &str) {
    let outcome = attempt(sql);
    let error = first_error(&outcome.messages).unwrap_or_else(|| panic!("{sql} was let through"));
    assert_eq!(error.field(b'C').unwrap(), "42501", "{sql}");
    assert!(wire::error_text(error).contains(why), "{sql}: {}", wire::error_text(error));
}

/// 164.514(b)(2)(i)(C), in text as in a column of dates.
#[test]
fn a_year_that_tells_an_age_above_89_is_not_shown() {
    let mut agent = clinic().agent();
    let sql = "SELECT 'born 11/23/1930, DOB 1930-11-23', '{\"dob\":\"1930-11-23\"}'::jsonb, 'seen 2/3/2024'";
    let messages = agent.query(sql).unwrap();
    let shown = format!("{:?}", rows(&messages));
    assert!(!shown.contains("1930") && shown.contains("2024"), "{shown}");
}

#[test]
fn attempt_7_a_generated_column_shows_nothing_of_what_it_is_made_of() {
    for sql in [
        "SELECT turned FROM mirrors",
        "SELECT turned AS t FROM mirrors ORDER BY id",
        "SELECT m FROM (SELECT turned FROM mirrors) m",
        "SELECT m FROM mirrors m",
        "SELECT to_jsonb(m) FROM mirrors m",
    ] {
        hidden(sql);
    }
}

#[test]
fn attempts_7_to_11_what_is_made_of_unclassified_text_shows_nothing_of_it() {
    for made in [
        "reverse(body)",
        "(body).reverse",
        "(m.body).reverse",
        "encode(body::bytea, 'hex')",
        "body::bytea",
        "encode(body::bytea, 'base64')",
        "translate(body, '0123456789', 'abcdefghij')",
        "translate(body, '0123456789', '\u{ff10}\u{ff11}\u{ff12}\u{ff13}\u{ff14}\u{ff15}\u{ff16}\u{ff17}\u{ff18}\u{ff19}')",
        "md5(left(body, 11))",
        "replace(body, '-', '')",
        "regexp_replace(body, '\\D', '', 'g')",
        "concat('4', replace(body, '-', ''))",
        "overlay(replace(body, '-', '') PLACING '' FROM 30)",
        "array_to_string(string_to_array(replace(body, '-', ''), NULL), '')",
        "json_build_object('k', reverse(body))",
        "(SELECT string_agg(c, '' ORDER BY n DESC) FROM string_to_table(body, NULL) WITH ORDINALITY s(c, n))",
        "xmlserialize(CONTENT xmlelement(name x, reverse(body)) AS text)",
        "format('%s', reverse(body))",
        "(ROW(reverse(body))).f1",
        "lag(reverse(body), 0) OVER ()",
    ] {
        hidden(&format!("SELECT {made} FROM memos m"));
    }
}

#[test]
fn attempts_5_6_and_13_pieces_of_unclassified_text_are_null() {
    for made in
        ["(body).ascii", "substr(body, 1, 1)", "get_byte(body::bytea, 0)", "strpos(body, '9')"]
    {
        let outcome = attempt(&format!("SELECT {made} FROM memos"));
        outcome.assert_rows(2);
        assert!(outcome.cells().iter().all(Option::is_none), "{made}");
    }
    for sql in [
        "SELECT c FROM memos, regexp_split_to_table(body, '') c",
        "SELECT (string_to_array(body, NULL))[n] FROM memos, generate_series(1, 11) n",
    ] {
        assert!(attempt(sql).cells().iter().all(Option::is_none), "{sql}");
    }
}

/// A table of letters for digits, whatever it is made of.
#[test]
fn attempt_10_unclassified_text_is_not_translated_by_joins_or_conditions() {
    let table = "(VALUES ('0','a'),('1','b'),('2','c'),('5','f'),('7','h'),('8','i'),('9','j'),('-','-')) v(c, x)";
    let digits = "generate_series(1, 11) n";
    for sql in [
        format!("SELECT string_agg(x, '' ORDER BY n) FROM memos, {digits}, {table} WHERE substr(body, n, 1) = c GROUP BY memo_id"),
        format!("SELECT string_agg(x, '' ORDER BY n) FROM memos CROSS JOIN {digits} JOIN {table} ON substr(body, n, 1) IN (c) GROUP BY memo_id"),
        format!("SELECT string_agg(x, '' ORDER BY n) FROM (SELECT memo_id, n, substr(body, n, 1) AS c FROM memos, {digits}) q JOIN {table} USING (c) GROUP BY memo_id"),
        format!("SELECT string_agg(x, '' ORDER BY n) FROM (SELECT memo_id, n, substr(body, n, 1) AS c FROM memos, {digits}) q NATURAL JOIN {table} GROUP BY memo_id"),
        format!("SELECT string_agg((SELECT x FROM {table} WHERE substr(body, n, 1) LIKE c), '' ORDER BY n) FROM memos, {digits} GROUP BY memo_id"),
        format!("SELECT string_agg(x, '' ORDER BY n) FROM memos, {digits}, {table} WHERE body LIKE repeat('_', n - 1) || c || '%' GROUP BY memo_id"),
        format!(
            "SELECT string_agg(CASE substr(body, n, 1) WHEN '0' THEN 'a' WHEN '2' THEN 'c' WHEN '1' THEN 'b' WHEN '9' THEN 'j'
                WHEN '-' THEN '-' END, '' ORDER BY n) FROM memos, {digits} GROUP BY memo_id"
        ),
    ] {
        let outcome = hidden(&sql);
        assert!(first_error(&outcome.messages).is_some(), "{sql} was let through");
    }
}

#[test]
fn attempt_13_how_many_rows_there_are_tells_no_piece_of_unclassified_text() {
    for sql in [
        "SELECT (SELECT count(*) FROM generate_series(1, ascii(substr(body, 1, 1)))) FROM memos",
        "SELECT (SELECT count(n) FROM generate_series(1, ascii(body)) n) FROM memos",
        "SELECT generate_series(1, ascii(body)) FROM memos",
        "SELECT 1 FROM memos LIMIT (SELECT ascii(body) FROM memos LIMIT 1)",
        "SELECT dense_rank() OVER (ORDER BY substr(body, 1, 1)) FROM memos",
        "SELECT count(*) FROM memos GROUP BY substr(body, 1, 1)",
        "SELECT pg_sleep(ascii(body) / 1e6) FROM memos",
    ] {
        refused(sql, "pieces of text");
    }
}

#[test]
fn attempt_26_unclassified_text_is_found_by_what_the_client_wrote_down() {
    for (sql, expected) in [
        ("SELECT memo_id FROM memos WHERE body LIKE '%card%' ORDER BY body", 1),
        ("SELECT memo_id FROM memos WHERE left(body, 3) = 'abc' OR upper(body) = 'X'", 0),
        ("SELECT a.memo_id FROM memos a JOIN memos b ON a.body = b.body", 2),
        ("SELECT CASE WHEN body ILIKE '%old%' THEN 'old' ELSE 'other' END FROM memos", 2),
        ("SELECT body->>'x' FROM documents WHERE body->>'x' = 'y'", 0),
    ] {
        attempt(sql).assert_rows(expected);
    }
}

#[test]
fn attempt_23_errors_about_unclassified_text_tell_nothing_of_it() {
    for sql in [
        "SELECT reverse(body)::int FROM memos",
        "SELECT replace(body, '-', '')::date FROM memos",
        "SELECT 1 FROM memos WHERE reverse(body)::int > 5",
        "SELECT CASE WHEN reverse(body)::int > 5 THEN 1 END FROM memos",
        "SELECT 1 FROM memos ORDER BY reverse(body)::int",
    ] {
        hidden(sql);
    }
}

#[test]
fn attempt_23_settings_and_notifications_take_no_unclassified_text() {
    for sql in [
        "LISTEN leak; SELECT pg_notify('leak', reverse(body)) FROM memos; SELECT 1",
        "SELECT set_config('my.x', reverse(body), false) FROM memos LIMIT 1; SHOW my.x",
        "SELECT set_config('my.x', (SELECT reverse(body) FROM memos LIMIT 1), false); SELECT current_setting('my.x')",
    ] {
        hidden(sql);
    }
    for sql in [
        "SELECT pg_notify('leak', body) FROM memos",
        "SELECT set_config('search_path', body, false) FROM memos",
        "SELECT pg_advisory_lock(ascii(body)) FROM memos",
        "SELECT (ascii(body)).pg_advisory_lock FROM memos",
    ] {
        refused(sql, "other sessions");
    }
}

#[test]
fn attempts_17_to_20_numbers_in_disguise_are_found_in_unclassified_text() {
    let plain = attempt("SELECT body FROM scraps");
    plain.assert_rows(10);
    for cell in plain.cells().into_iter().flatten() {
        let text = String::from_utf8(cell).unwrap();
        assert!(!text.chars().any(|c| c.is_numeric() || c == 'M'), "{text}");
    }
    for made in [
        "upper(body)",
        "to_json(body)",
        "ARRAY[body]",
        "ROW(body)",
        "row_to_json(s)",
        "json_build_object(body, 1)",
        "string_agg(body, ', ') OVER ()",
    ] {
        // JSON writes the newline and the escape of rows 7 and 8 as escapes of its own.
        let rows = if made.contains("json") { "scrap_no NOT IN (7, 8)" } else { "true" };
        let outcome = attempt(&format!("SELECT {made} FROM scraps s WHERE {rows}"));
        outcome.assert_rows(if made.contains("json") { 8 } else { 10 });
        for cell in outcome.cells().into_iter().flatten() {
            let text = String::from_utf8_lossy(&cell).into_owned();
            assert!(
                !text.contains("9999") && !text.contains("3939") && !text.contains("OTk5"),
                "{made}: {text}"
            );
            assert!(!text.contains('\u{ff19}') && !text.contains('\u{669}'), "{made}: {text}");
        }
    }
}

#[test]
fn attempt_29_pictures_and_documents_are_covered_whatever_they_are_in() {
    let needles = Needles::of(&["Featherstonehaugh".to_owned()], std::iter::empty());
    for made in [
        "payload",
        "link",
        "ARRAY[payload]",
        "ROW(payload)",
        "to_json(payload)",
        "row_to_json(s)",
        "xmlelement(name x, payload)",
        "json_build_object('a', link)",
        "encode(payload, 'base64')",
        "payload::text",
        "max(link) OVER ()",
    ] {
        let sql = format!("SELECT {made} FROM scans s");
        let mut direct = clinic().direct();
        direct.query(&sql).unwrap();
        assert!(needles.find(direct.received()).is_some(), "{sql} tests nothing");
        let mut agent = clinic().agent();
        let answer = agent.query(&sql).unwrap();
        assert_eq!(rows(&answer).len(), 4, "{sql}");
        for format in [0, 1] {
            let run =
                [wire::parse("", &sql), wire::bind("", "", &[], format), wire::execute("", 0)];
            agent.send_bytes(&[run.concat(), wire::sync()].concat()).unwrap();
            agent.until_ready().unwrap();
        }
        for format in ["text", "csv", "binary"] {
            agent.query(&format!("COPY ({sql}) TO STDOUT (FORMAT {format})")).unwrap();
        }
        assert_eq!(needles.find(agent.received()), None, "{sql}");
    }
}
