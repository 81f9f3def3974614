//! Attempts to get PHI past the gateway, on a real server. Each looks for planted values in every byte that the
//! client received, whatever messages they came in; the numbers are those of the list of attempts that the product
//! promises to withstand.
//!
//! | attempts | where |
//! | --- | --- |
//! | 1 to 4, 14 to 16, 23, 25, 27, 30 to 37, 39 | this file, by number |
//! | 5 to 13, 17 to 20, 23, 24, 26, 27, 38, 40, 41 | `attempts/expressions.rs`, by number |
//! | 5 to 13, 17 to 20, 23, 26, 29 on text that nobody classified | `attempts/unclassed.rs`, by number |
//! | 7 to 19 over random schemas, data and queries | `tests/lineage.rs` |
//! | 3, 17 to 19, 29 in all their forms | `detectors/`, which sees them before any server does |
//! | 22 compressed bodies, 28 kubectl, logs, exec and SFTP | protocols that the gateway doesn't speak yet |

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

#[path = "attempts/expressions.rs"]
mod expressions;
#[path = "lineage/needles.rs"]
mod needles;
mod support;
#[path = "attempts/unclassed.rs"]
mod unclassed;

use std::sync::OnceLock;

use harness::wire::{self, Message, bind, describe, execute, first_error, parse, rows, sync};
use support::relay::Relay;
use support::{Clinic, contains};

/// The gateway that most attempts go against, told of the two classes that names can't tell.
fn clinic() -> &'static Clinic {
    static CLINIC: OnceLock<Clinic> = OnceLock::new();
    CLINIC.get_or_init(|| {
        Clinic::start(|options| {
            options.settings.push(("classes", "\"decoy.codes.code\"", "\"clear\"".into()));
            options.settings.push(("classes", "\"hidden.codes.code\"", "\"name\"".into()));
        })
    })
}

/// What stands in the clinic and must not reach an agent.
fn planted() -> &'static [String] {
    static PLANTED: OnceLock<Vec<String>> = OnceLock::new();
    PLANTED.get_or_init(|| {
        let patients = clinic().value(
            "SELECT concat_ws(E'\\n', ssn, replace(ssn, '-', ''), reverse(ssn), encode(ssn::bytea, 'hex'),
                    encode(ssn::bytea, 'base64'), md5(ssn), mrn, phone, email, address, first_name,
                    CASE WHEN last_name <> 'Xiong' THEN last_name END)
             FROM patients",
        );
        let others = ["987654321", "1931-07-23", "123456789012", "123-45-6789", "999-12-3456",
            "666-45-6789", "219-09-9999", "078-05-1120", "Featherstonehaugh"];
        let mut planted: Vec<String> = patients.lines().map(str::to_string).collect();
        planted.extend(others.map(str::to_string));
        planted.sort();
        planted.dedup();
        planted
    })
}

fn assert_clean(attempt: &str, received: &[u8]) {
    let found = planted().iter().find(|value| contains(received, value));
    assert_eq!(found, None, "{attempt} brought a planted value");
}

/// What an attempt got: rows or a refusal.
struct Outcome {
    messages: Vec<Message>,
}

impl Outcome {
    fn rows(&self) -> usize {
        self.messages.iter().filter(|message| message.kind == b'D').count()
    }

    fn cells(&self) -> Vec<Option<Vec<u8>>> {
        let rows = self.messages.iter().filter(|message| message.kind == b'D');
        rows.flat_map(Message::cells).collect()
    }

    fn assert_rows(&self, expected: usize) {
        let error = first_error(&self.messages).map(wire::error_text);
        assert_eq!(error, None);
        assert_eq!(self.rows(), expected);
    }
}

/// Tries a statement as a simple query, and as an extended one with text and with binary results. No byte that comes
/// back may hold a planted value, and the session must be as good as before.
fn attempt(sql: &str) -> Outcome {
    let mut agent = clinic().agent();
    let simple = agent.query(sql).unwrap();
    for format in [0, 1] {
        let messages =
            [parse("", sql), bind("", "", &[], format), describe(b'P', ""), execute("", 0), sync()];
        agent.send_bytes(&messages.concat()).unwrap();
        agent.until_ready().unwrap();
    }
    assert_eq!(rows(&agent.query("SELECT 'still here'").unwrap()).len(), 1, "after {sql}");
    assert_clean(sql, agent.received());
    Outcome { messages: simple }
}

/// The same on the server, to prove that the attempt would succeed without the gateway.
fn leaks_directly(sql: &str) {
    let mut direct = clinic().direct();
    direct.query(sql).unwrap();
    let found = planted().iter().any(|value| contains(direct.received(), value));
    assert!(found, "{sql} shows nothing on the server itself, so it tests nothing");
}

/// Masked or refused.
fn masked_or_refused(sql: &str) {
    leaks_directly(sql);
    attempt(sql);
}

/// Masked, with as many rows as the server gives.
fn masked(sql: &str, expected: usize) {
    leaks_directly(sql);
    attempt(sql).assert_rows(expected);
}

#[test]
fn attempt_1_an_ssn_split_at_every_byte_of_the_stream_is_masked() {
    let relay = Relay::start(clinic().postgres.port(), 1);
    let upstream = clinic().postgres.url(Clinic::DATABASE);
    let port = clinic().postgres.port();
    let slow = harness::Gateway::start(&harness::GatewayOptions {
        upstream: upstream.replace(&format!(":{port}/"), &format!(":{}/", relay.port())),
        settings: vec![("listen", "allow_plaintext", "true".into())],
        ..Default::default()
    })
    .unwrap();
    let token = slow.token("ci-agent", "agents").unwrap();
    let mut agent = wire::Wire::session(slow.port(), "ci-agent", Clinic::DATABASE, &token).unwrap();
    let messages = agent
        .query("SELECT patient_id, ssn, body FROM patients JOIN notes USING (patient_id) LIMIT 20");
    Outcome { messages: messages.unwrap() }.assert_rows(20);
    assert_clean("one byte at a time", agent.received());
}

#[test]
fn attempt_2_an_ssn_at_the_start_of_a_49_byte_field_is_masked() {
    assert_eq!(clinic().value("SELECT string_agg(length(body)::text, ',') FROM memos"), "49,49");
    masked("SELECT body FROM memos", 2);
}

#[test]
fn attempt_3_ssns_of_sample_data_are_masked_in_an_ssn_column() {
    masked("SELECT * FROM members", 3);
}

#[test]
fn attempt_4_an_alias_does_not_escape() {
    masked("SELECT ssn AS x, last_name AS order_count, email AS a1c FROM patients", 200);
}

#[test]
fn attempt_14_integers_dates_and_numerics_are_masked_in_binary_too() {
    masked("SELECT ssn, born, account FROM badges", 1);
    let mut agent = clinic().agent();
    let sql = "SELECT ssn, born, account FROM badges";
    agent
        .send_bytes(&[parse("", sql), bind("", "", &[], 1), execute("", 0), sync()].concat())
        .unwrap();
    let messages = agent.until_ready().unwrap();
    let cells = messages.iter().find(|message| message.kind == b'D').unwrap().cells();
    let direct = 987_654_321_i64.to_be_bytes();
    assert_ne!(cells[0].as_deref(), Some(&direct[..]), "the SSN as int8");
    // Days from 2000-01-01 to 1931-07-23.
    assert_ne!(cells[1].as_deref(), Some(&(-24_998_i32).to_be_bytes()[..]), "the date");
    if let Some(born) = &cells[1] {
        assert_eq!(born.len(), 4, "a masked date is still a date");
    }
    assert!(!contains(agent.received(), "9012"), "the account");
}

#[test]
fn attempt_15_arrays_rows_and_ranges_do_not_escape() {
    masked_or_refused("SELECT ARRAY[ssn, last_name] FROM patients");
    masked_or_refused("SELECT ROW(ssn, first_name) FROM patients");
    masked_or_refused("SELECT patients FROM patients");
    masked_or_refused("SELECT ARRAY[ROW(ssn)] FROM patients");
    masked_or_refused("SELECT daterange(born, born + 1) FROM badges");
    masked_or_refused("SELECT int8range(ssn, ssn + 1) FROM badges");
}

#[test]
fn attempt_15_what_is_in_a_stored_row_type_a_range_or_a_tsvector_does_not_escape() {
    for column in ["who", "others", "words", "stay", "stays", "line", "line::text", "(who).last"] {
        masked(&format!("SELECT {column} FROM guests"), 1);
        for format in ["text", "csv"] {
            masked_or_refused(&format!(
                "COPY (SELECT {column} FROM guests) TO STDOUT (FORMAT {format})"
            ));
        }
    }
    masked_or_refused("COPY guests TO STDOUT (FORMAT binary)");
}

#[test]
fn attempt_16_json_xml_and_hstore_do_not_escape() {
    masked_or_refused("SELECT row_to_json(p) FROM patients p");
    masked_or_refused("SELECT to_jsonb(p) FROM patients p");
    masked_or_refused("SELECT json_agg(ssn) FROM patients");
    masked_or_refused("SELECT xmlagg(xmlelement(name s, ssn)) FROM patients");
    masked_or_refused("SELECT hstore(p) FROM patients p");
    masked("SELECT body FROM documents", 100);
}

#[test]
fn attempt_23_errors_notices_settings_and_notifications_do_not_escape() {
    masked_or_refused("SELECT ssn::int FROM patients");
    masked_or_refused("SELECT last_name::date FROM patients");
    masked_or_refused("INSERT INTO members SELECT 9, ssn FROM members WHERE member_no = 1");
    masked_or_refused("SELECT shout(ssn) FROM patients LIMIT 1");
    masked_or_refused("SELECT set_config('application_name', ssn, false) FROM patients LIMIT 1");
    let sql = "LISTEN leak; SELECT pg_notify('leak', ssn) FROM patients LIMIT 1; SELECT 1";
    masked_or_refused(sql);
}

#[test]
fn attempt_25_copy_and_cursors_do_not_escape() {
    for format in ["text", "csv", "binary"] {
        masked_or_refused(&format!("COPY patients TO STDOUT (FORMAT {format})"));
        masked_or_refused(&format!(
            "COPY (SELECT ssn AS x, body FROM patients JOIN notes USING (patient_id)) TO STDOUT (FORMAT {format})"
        ));
    }
    masked_or_refused(
        "BEGIN; DECLARE c CURSOR FOR SELECT ssn, email FROM patients; FETCH ALL FROM c; COMMIT",
    );
}

#[test]
fn attempt_25_the_function_call_message_and_replication_are_refused() {
    let mut agent = clinic().agent();
    let oid: u32 = clinic().value("SELECT 'ssn_of'::regproc::oid").parse().unwrap();
    // FunctionCall: ssn_of('1') with text arguments and a text result.
    let mut body = oid.to_be_bytes().to_vec();
    body.extend([0, 1, 0, 0, 0, 1, 0, 0, 0, 1, b'1', 0, 0]);
    agent.send(b'F', &body).unwrap();
    let answer = agent.until_ready().unwrap();
    assert!(first_error(&answer).is_some());
    assert_eq!(rows(&agent.query("SELECT 'still here'").unwrap()).len(), 1);
    assert_clean("the function-call message", agent.received());

    let mut replica = wire::Wire::connect(clinic().gateway.port()).unwrap();
    let parameters =
        [("user", "ci-agent"), ("database", Clinic::DATABASE), ("replication", "database")];
    let refused = replica.start(&parameters, &clinic().token());
    assert!(refused.is_err(), "a replication session began");
}

#[test]
fn attempt_27_views_ctes_unions_functions_and_copies_do_not_escape() {
    masked("SELECT * FROM contact_list", 200);
    masked_or_refused("WITH c AS (SELECT ssn AS x FROM patients) SELECT x FROM c");
    masked_or_refused("SELECT ssn FROM patients UNION ALL SELECT email FROM patients");
    masked_or_refused("SELECT x FROM (SELECT max(ssn) AS x FROM patients) s");
    masked_or_refused("SELECT ssn_of(7)");
    masked_or_refused("SELECT who, reference FROM people()");
    masked_or_refused("CREATE TEMP TABLE t AS SELECT ssn AS x FROM patients; SELECT x FROM t");
    masked_or_refused("SELECT ssn AS x INTO TEMP u FROM patients; SELECT x FROM u");
}

#[test]
fn attempt_30_a_statement_executed_from_cache_without_describe_is_masked() {
    for format in [0, 1] {
        let mut agent = clinic().agent();
        agent
            .send_bytes(&[parse("s", "SELECT ssn, email FROM patients"), sync()].concat())
            .unwrap();
        agent.until_ready().unwrap();
        for _ in 0..3 {
            agent
                .send_bytes(&[bind("", "s", &[], format), execute("", 0), sync()].concat())
                .unwrap();
            Outcome { messages: agent.until_ready().unwrap() }.assert_rows(200);
        }
        assert_clean("a cached statement", agent.received());
    }
}

#[test]
fn attempt_30_a_suspended_portal_keeps_its_masks() {
    let mut agent = clinic().agent();
    let sql = "SELECT ssn, email FROM patients";
    let mut messages = vec![parse("", sql), bind("p", "", &[], 0)];
    messages.extend((0..10).map(|_| execute("p", 20)));
    messages.push(sync());
    agent.send_bytes(&messages.concat()).unwrap();
    Outcome { messages: agent.until_ready().unwrap() }.assert_rows(200);
    assert_clean("a portal in pieces", agent.received());
}

#[test]
fn attempt_31_a_nine_megabyte_comment_does_not_hide_a_drop() {
    let mut agent = clinic().agent();
    let sql = format!("/* {} */ DROP TABLE members", "x".repeat(9 << 20));
    let answer = agent.query(&sql).unwrap();
    assert!(first_error(&answer).is_some());
    assert_eq!(clinic().value("SELECT count(*) FROM pg_class WHERE relname = 'members'"), "1");
    assert_eq!(rows(&agent.query("SELECT 'still here'").unwrap()).len(), 1);
}

#[test]
fn attempt_32_an_allowed_and_a_denied_statement_in_one_segment_get_each_its_own_outcome() {
    let mut agent = clinic().agent();
    let queries = ["SELECT 'first'", "DROP TABLE members", "SELECT 'third'"];
    let together: Vec<u8> =
        queries.iter().flat_map(|sql| wire::frame(b'Q', &wire::text(sql))).collect();
    agent.send_bytes(&together).unwrap();
    let answers = [(); 3].map(|()| agent.until_ready().unwrap());
    assert_eq!(rows(&answers[0]), [[Some("first".to_string())]]);
    assert_eq!(first_error(&answers[1]).unwrap().field(b'C').unwrap(), "42501");
    assert_eq!(rows(&answers[2]), [[Some("third".to_string())]]);
    assert_eq!(clinic().value("SELECT count(*) FROM members"), "3");
}

#[test]
fn attempt_32_in_a_pipeline_what_follows_a_denied_statement_is_skipped_to_the_sync() {
    let mut agent = clinic().agent();
    let run = |sql| [parse("", sql), bind("", "", &[], 0), execute("", 0)].concat();
    let pipeline = [
        run("SELECT 'before'"),
        run("DELETE FROM members"),
        run("SELECT 'skipped'"),
        sync(),
        run("SELECT 'after'"),
        sync(),
    ];
    agent.send_bytes(&pipeline.concat()).unwrap();
    let first = agent.until_ready().unwrap();
    assert_eq!(rows(&first), [[Some("before".to_string())]]);
    assert_eq!(first_error(&first).unwrap().field(b'C').unwrap(), "42501");
    assert_eq!(wire::status(&first), Some('I'));
    let second = agent.until_ready().unwrap();
    assert_eq!(rows(&second), [[Some("after".to_string())]]);
    assert_eq!(clinic().value("SELECT count(*) FROM members"), "3");
}

#[test]
fn attempt_33_after_a_denied_statement_the_next_one_works() {
    let mut agent = clinic().agent();
    for sql in [
        "DROP TABLE patients",
        "UPDATE patients SET ssn = ''",
        "TRUNCATE notes",
        "GRANT ALL ON patients TO PUBLIC",
    ] {
        let answer = agent.query(sql).unwrap();
        assert_eq!(first_error(&answer).unwrap().field(b'C').unwrap(), "42501", "{sql}");
        assert_eq!(wire::status(&answer), Some('I'), "{sql}");
        let next = agent.query("SELECT count(*) FROM patients").unwrap();
        assert_eq!(rows(&next), [[Some("200".to_string())]], "after {sql}");
    }
    agent.query("BEGIN").unwrap();
    let denied = agent.query("DROP TABLE patients").unwrap();
    assert_eq!(wire::status(&denied), Some('E'), "a denied statement aborts its transaction");
    let ended = agent.query("ROLLBACK").unwrap();
    assert_eq!(wire::status(&ended), Some('I'));
}

#[test]
fn attempt_34_a_mask_is_not_written_back_over_the_data() {
    let policy = "@id(\"writes\") @keys(\"unique_code\")
        permit (principal in Group::\"agents\", action, resource);";
    let clinic = Clinic::start(|options| options.policy = Some(policy.to_owned()));
    let patients =
        || clinic.value("SELECT md5(string_agg(p::text, '' ORDER BY patient_id)) FROM patients p");
    let before = patients();
    let mut agent = clinic.agent();
    let read = agent.query("SELECT ssn FROM patients WHERE patient_id = 1").unwrap();
    let mask = rows(&read)[0][0].clone().unwrap();
    let literal = format!("UPDATE patients SET ssn = '{mask}' WHERE patient_id = 1");
    let with_literal = agent.query(&literal).unwrap();
    let update = "UPDATE patients SET ssn = $1 WHERE patient_id = 1";
    let messages = [parse("", update), bind("", "", &[&mask], 0), execute("", 0), sync()];
    agent.send_bytes(&messages.concat()).unwrap();
    let with_parameter = agent.until_ready().unwrap();
    for answer in [with_literal, with_parameter] {
        let error = first_error(&answer).unwrap();
        assert!(contains(&error.body, "a mask can't be written"), "{error:?}");
    }
    let known = "UPDATE patients SET blood_type = $$O$$ WHERE patient_id = -1";
    assert!(first_error(&agent.query(known).unwrap()).is_none(), "a write without a mask");
    assert_eq!(before, patients());
}

#[test]
fn attempt_35_a_search_path_changed_under_a_cached_statement_does_not_escape() {
    let mut agent = clinic().agent();
    let set = |agent: &mut wire::Wire<_>, path: &str| {
        agent.query(&format!("SET search_path = {path}")).unwrap()
    };
    set(&mut agent, "decoy");
    agent.send_bytes(&[parse("s", "SELECT code FROM codes"), sync()].concat()).unwrap();
    agent.until_ready().unwrap();
    let run = [bind("", "s", &[], 0), execute("", 0), sync()].concat();
    agent.send_bytes(&run).unwrap();
    agent.until_ready().unwrap();
    set(&mut agent, "hidden");
    agent.send_bytes(&run).unwrap();
    agent.until_ready().unwrap();
    assert_clean("another search_path", agent.received());
}

#[test]
fn attempt_36_a_users_own_count_is_not_the_safe_one() {
    let own = "CREATE FUNCTION public.count(text) RETURNS text LANGUAGE sql AS 'SELECT $1'";
    let clinic = Clinic::with(own, |_| ());
    let mut agent = clinic.agent();
    agent.query("SELECT public.count(ssn) FROM patients").unwrap();
    agent.query("SET search_path = public, pg_catalog").unwrap();
    agent.query("SELECT count(ssn) FROM patients").unwrap();
    assert_clean("count(text) before pg_catalog's", agent.received());
    // No star can mean it, whatever the path.
    let counted = agent.query("SELECT count(*) FROM patients").unwrap();
    assert_eq!(rows(&counted), [[Some("200".to_string())]]);
}

#[test]
fn attempt_36_a_users_own_count_of_a_star_is_not_the_safe_one() {
    let own = "CREATE FUNCTION pick(bigint) RETURNS bigint LANGUAGE sql AS
                   'SELECT max(replace(ssn, ''-'', '''')::bigint) FROM public.patients';
               CREATE AGGREGATE public.count(*) (SFUNC = pick, STYPE = bigint)";
    let clinic = Clinic::with(own, |_| ());
    let star = "SELECT count(*) FROM patients";
    let stolen = "SELECT max(replace(ssn, '-', '')) FROM patients";
    let (mut agent, stolen) = (clinic.agent(), clinic.value(stolen));
    for path in ["public, pg_catalog", "pg_catalog, public"] {
        agent.query(&format!("SET search_path = {path}")).unwrap();
        assert_eq!(rows(&agent.query(star).unwrap()).len(), 1, "{path}");
    }
    assert!(!contains(agent.received(), &stolen), "count(*) before pg_catalog's");
    let mut direct = clinic.direct();
    direct.query("SET search_path = public, pg_catalog").unwrap();
    direct.query(star).unwrap();
    assert!(contains(direct.received(), &stolen), "the attempt tests nothing");
}

#[test]
fn attempt_37_settings_that_change_what_a_text_means_are_refused() {
    let mut agent = clinic().agent();
    for sql in [
        "SET standard_conforming_strings = off",
        "SELECT set_config('standard_conforming_strings', 'off', false)",
        "SET client_encoding = 'SJIS'",
        "SET NAMES 'GBK'",
        "SET backslash_quote = on; SET client_encoding TO BIG5",
    ] {
        let answer = agent.query(sql).unwrap();
        assert!(first_error(&answer).is_some(), "{sql} was let through");
    }
    let shown = agent.query("SHOW standard_conforming_strings").unwrap();
    assert_eq!(rows(&shown), [[Some("on".to_string())]]);
    for (name, value) in
        [("client_encoding", "SJIS"), ("options", "-c standard_conforming_strings=off")]
    {
        let mut wire = wire::Wire::connect(clinic().gateway.port()).unwrap();
        let parameters = [("user", "ci-agent"), ("database", Clinic::DATABASE), (name, value)];
        if wire.start(&parameters, &clinic().token()).is_err() {
            continue;
        }
        let shown = wire.query("SHOW standard_conforming_strings").unwrap();
        assert_eq!(rows(&shown), [[Some("on".to_string())]], "{name}={value}");
        let shown = wire.query("SHOW client_encoding").unwrap();
        assert_eq!(rows(&shown), [[Some("UTF8".to_string())]], "{name}={value}");
    }
}

#[test]
fn attempt_39_data_in_an_sqlstate_or_in_the_name_of_anything_does_not_escape() {
    let mut agent = clinic().agent();
    let answer = agent.query("SELECT smuggle(ssn) FROM patients WHERE patient_id = 1").unwrap();
    let error = first_error(&answer).unwrap();
    let digits = clinic()
        .value("SELECT substr(replace(ssn, '-', ''), 1, 5) FROM patients WHERE patient_id = 1");
    assert_ne!(error.field(b'C').unwrap(), digits);
    assert_clean("an error made of an SSN", agent.received());

    let ssn = clinic().value("SELECT ssn FROM patients WHERE patient_id = 1");
    masked_or_refused(&format!("SELECT 1 AS \"{ssn}\""));
}
