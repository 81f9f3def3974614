//! What is no identifier passes as it is: the gateway is of no use if it masks the medicine.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod support;

use harness::wire::{bind, describe, execute, parse, rows, sync};
use support::Clinic;

/// The agent's rows equal the server's, as text and in binary.
fn untouched(sql: &str) {
    let clinic = Clinic::shared();
    let (mut agent, mut direct) = (clinic.agent(), clinic.direct());
    let (masked, original) = (agent.query(sql).unwrap(), direct.query(sql).unwrap());
    assert!(!rows(&original).is_empty(), "{sql} gives no rows");
    assert_eq!(rows(&masked), rows(&original), "{sql}");
    let extended =
        [parse("", sql), bind("", "", &[], 1), describe(b'P', ""), execute("", 0), sync()].concat();
    for wire in [&mut agent, &mut direct] {
        wire.send_bytes(&extended).unwrap();
    }
    let cells = |messages: &[harness::wire::Message]| {
        let rows = messages.iter().filter(|message| message.kind == b'D');
        rows.map(harness::wire::Message::cells).collect::<Vec<_>>()
    };
    let (masked, original) = (agent.until_ready().unwrap(), direct.until_ready().unwrap());
    assert_eq!(cells(&masked), cells(&original), "{sql}, in binary");
}

#[test]
fn diagnosis_codes_pass() {
    untouched("SELECT icd10 FROM encounters ORDER BY encounter_id");
    untouched("SELECT icd10 FROM analyzers ORDER BY analyzer_id");
}

#[test]
fn observation_codes_pass() {
    untouched("SELECT loinc, name FROM observations ORDER BY observation_id");
}

#[test]
fn drug_codes_pass() {
    untouched("SELECT ndc, name, dose_mg FROM medications ORDER BY medication_id");
}

#[test]
fn laboratory_values_and_units_pass() {
    untouched("SELECT value, unit FROM observations ORDER BY observation_id");
}

#[test]
fn a_version_in_a_version_column_passes() {
    untouched("SELECT firmware_version FROM analyzers ORDER BY analyzer_id");
}

#[test]
fn an_order_number_that_fails_luhn_passes() {
    untouched("SELECT order_id FROM analyzers ORDER BY analyzer_id");
}

#[test]
fn age_89_passes() {
    untouched("SELECT age FROM analyzers ORDER BY analyzer_id");
}

#[test]
fn counts_and_sums_pass() {
    untouched("SELECT count(*) FROM patients");
    untouched("SELECT count(*) FROM notes");
    untouched("SELECT kind, count(*) FROM encounters GROUP BY kind ORDER BY kind");
    untouched("SELECT sum(value), avg(value), max(value) FROM observations");
    untouched("SELECT kind, count(*), sum(charge) FROM encounters GROUP BY kind ORDER BY kind");
    untouched("SELECT count(ssn), count(DISTINCT last_name) FROM patients");
    untouched(
        "SELECT blood_type, round(100.0 * count(*) / sum(count(*)) OVER (), 1) FROM patients GROUP BY 1 ORDER BY 1",
    );
}

#[test]
fn constants_and_the_catalog_pass() {
    untouched("SELECT 1, 'text', NULL, true, 1.5::numeric");
    untouched("SELECT version()");
    untouched("SELECT relname, relkind FROM pg_class WHERE relname LIKE 'pg_am%' ORDER BY 1");
}
