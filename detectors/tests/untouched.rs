//! What must pass untouched: codes, measurements and counts that only look like identifiers.

mod common;

use common::check_clean;
use lazaret_detectors::{Batch, Class, Identifier, class};

#[test]
fn codes_of_medicine_pass() {
    check_clean(&[
        "ICD-10 E11.9, I10 and Z79.4",
        "E11.9",
        "LOINC 2345-7 and 718-7, 4548-4",
        "2345-7",
        "NDC 0002-8215-01",
        "0002-8215-01",
        "00002821501",
        "NDC 00002-8215-01",
        "CPT 99213, HCPCS J1815",
        "SNOMED 44054006",
        "RxNorm 860975",
    ]);
}

#[test]
fn laboratory_values_pass() {
    check_clean(&[
        "BP 120/80 mmHg, HR 72, RR 16, T 98.6 F, SpO2 98%",
        "Na 140, K 4.2, Cl 103, CO2 24, BUN 15, Cr 0.9, Glu 95",
        "HbA1c 7.2 %, LDL 131 mg/dL (ref 0-100)",
        "WBC 7.5 x10^3/uL, Hgb 13.5 g/dL, Plt 250",
        "metformin 500 mg PO BID, insulin glargine 20 units at night",
        "eGFR 58 mL/min/1.73m2",
        "took 2 tablets 3 times per day for 10 days",
        "pH 7.35-7.45, pCO2 35-45",
        "1:128 titer, 5'10\", 180 lb, BMI 25.8",
    ]);
}

#[test]
fn versions_orders_counts_and_sums_pass() {
    check_clean(&[
        "version 10.2.3.4",
        "firmware version: 10.2.3.4",
        "order 4111111111111112",
        "order id 79927398710",
        "89 years old, age 89",
        "a 45-year-old man",
        "count 12345, sum 98765432, total 1234567.89",
        "1,234,567 rows in 12.5 s",
        "123456789",
        "$1,234.56 of $20000",
        "10 20 3000",
        "100 20 3000 45 12",
        "step 1.2.3 of 4.5",
        "room 12, bed 3, floor 4",
        "f(x) = 3.14159265358979",
        "0.1234567890123456",
        "1e10 and 0x1F",
    ]);
}

#[test]
fn a_version_passes_in_a_column_of_versions_and_an_address_elsewhere() {
    let mut batch = Batch::default();
    batch.push_of(b"10.2.3.4", class::by_name("analyzers", "firmware_version").unwrap());
    batch.push(b"10.2.3.4");
    batch.push_of(b"10.2.3.4 for 123-45-6789", Class::Version);
    let mut scanner = common::scanner();
    let found = scanner.scan_batch(&batch).iter().map(|it| (it.cell, it.finding.identifier));
    let expected = [(1, Identifier::IpAddress), (2, Identifier::Ssn)];
    assert!(found.eq(expected));
}

#[test]
fn plain_text_passes() {
    check_clean(&[
        "The patient was seen today and is doing well. He denies chest pain.",
        "Patient reports pain in the lower back; provider will follow up.",
        "Vitals stable. Plan: continue metformin, recheck in three months.",
        "Having considered the ideal plan, long lateral views were taken.",
        "class Foo::Bar { a: b }",
        "meet @ 5, cost @ scale",
        "either/or, and/or, n/a, w/o",
        "SELECT count(*) FROM t WHERE a = 1",
        "Mr. and Mrs. were not named",
        "insurance was verified and the account closed",
        "Policy: 30-day readmission. Subject: lab results",
        "instructed to: take meds with food",
        "insulin 20 unit 3 times per day",
        "Patient Education Materials were given",
        "his mother had diabetes; father with CAD",
        "PostgreSQL 15.18 (Debian 15.18-0+deb12u1) on x86_64-pc-linux-gnu",
        "Served by Qwertz 2.11 since the upgrade of last week",
        "Acme Widget",
        "Xylophonix",
    ]);
}
