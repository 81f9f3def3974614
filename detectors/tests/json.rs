//! JSON: keys decide beside content, and a masked text is still JSON.

mod common;

use common::{check_all, check_clean, masked};
use proptest::prelude::*;

#[test]
fn the_values_of_identifying_keys_are_found() {
    check_all(&[
        r#"{"ssn": "«ssn 123456789»"}"#,
        r#"{"ssn":«ssn 123456789»}"#,
        r#"{"birthDate":"«date 1980-02-15»"}"#,
        r#"{"family":"«name Roe»","given":["«name Jane»","«name A.»"]}"#,
        r#"{"patient_name" : "«name jane roe»"}"#,
        r#"{"firstName":"«name JANE»","last_name":"«name roe»"}"#,
        r#"{"phone":"«telephone 555 1234»"}"#,
        r#"{"address":{"line":["«geography 12 Main»"],"city":"«geography Boston»","state":"MA"}}"#,
        r#"{"postalCode":"«geography 02115»"}"#,
        r#"{"zip":«geography 2115»}"#,
        r#"{"mrn":"«medical_record AX»"}"#,
        r#"{"memberId":"«health_plan 77»"}"#,
        r#"{"latitude":«geography 42.3»,"longitude":«geography -71.05»}"#,
        r#"{"password":"«unique_code correct horse»"}"#,
        r#"{"name":"«name Jane Roe»"}"#,
        r#"{"dob":"«date 02/15/80»","age":«date 93»}"#,
        r#"{"note":"seen by Dr. «name Smith»\nSSN «ssn 123-45-6789»"}"#,
    ]);
}

#[test]
fn a_name_is_found_whatever_the_keys_beside_it_are() {
    for name in ["will patel", "grace schulz", "jane roe", "Will Patel", "WILL PATEL"] {
        for key in ["Hunter Brown", "jane roe", "JOHN LONG", "Status"] {
            for text in [
                format!(r#"{{"name":"{name}","{key}":1}}"#),
                format!(r#"{{"{key}": {{"ward": 5}}, "name": "{name}"}}"#),
            ] {
                assert!(!masked(&text).contains(name), "{text}");
            }
        }
    }
    check_clean(&[
        r#"{"name":"grace period","Status":1}"#,
        r#"{"name":"sodium chloride","Status":1}"#,
        r#"{"name":"will","Status":1}"#,
    ]);
}

#[test]
fn what_stands_between_commas_is_a_number_by_its_syntax_alone() {
    check_all(&[
        r#"{"row":"«name Johanna»,«ssn 123-45-6789»,«telephone 212-555-1234»,F"}"#,
        r#"{"row":["«name Johanna»,«ssn 123-45-6789»,1"]}"#,
        "[«ssn 123-45-6789»,1]",
        "[«date 1950-03-17»,«date 1960-01-02»)",
        r#"{"(«name Johanna»,«date 1950-03-17»,1)"}"#,
        r#"{"seen":"on,«date 2014-03-09»,again"}"#,
        r#"{"to":"call: «telephone 2125551234», he said"}"#,
        r#"{"at":"lat: «geography 42.3601, -71.0589», F"}"#,
        r#"{"to":["call","call: «telephone 2125551234», he said"]}"#,
        r#"{"to":"{\"call\": «telephone 2125551234», \"at\": 5}"}"#,
    ]);
    check_clean(&[
        "[2125551234,1]",
        r#"["", 2125551234]"#,
        r#"{"a":["x","y"],"b":[2125551234, 3125551234]}"#,
        r#"{"a":1,"b":{"c":[[0,1.5],[2125551234,-2e3]]}}"#,
    ]);
}

#[test]
fn a_number_that_may_stand_in_a_string_is_covered_as_one() {
    let masked = masked(&format!("[{}2125551234 ]", "12, ".repeat(60)));
    serde_json::from_str::<Vec<u64>>(&masked).unwrap();
    assert!(masked.ends_with("12,          0 ]"), "{masked}");
}

#[test]
fn the_values_of_other_keys_are_not() {
    check_clean(&[
        r#"{"status":"final","code":"E11.9","value":7.2,"unit":"%"}"#,
        r#"{"product_name":"Aspirin","table_name":"patients"}"#,
        r#"{"name":"Aspirin"}"#,
        r#"{"age":42,"birthYear":1980}"#,
        r#"{"family":"","given":[],"ssn":null,"name":{"use":"official"}}"#,
        r#"{"phone_type":"home","city_count":12}"#,
        r#"{"count":2345678901,"id":4000000000}"#,
        r#"{"patient":null,"name":true,"provider":{"id":1},"January":3}"#,
        r#"{"value":0.1874567282498737,"x":-3.1874567282498737e37}"#,
    ]);
}

#[test]
fn every_usual_way_to_write_a_key_is_known() {
    for key in [
        "ssn",
        "SSN",
        "social_security_number",
        "socialSecurityNumber",
        "fname",
        "firstName",
        "last_name",
        "LastName",
        "patientName",
        "emergency_contact_name",
        "maidenName",
        "vorname",
        "nachname",
        "apellidos",
        "prenom",
        "l_name",
        "pt_nm",
        "kin",
        "next_of_kin",
        "nok_contact",
        "employer",
        "guardian",
        "socsec",
        "ss_num",
        "tin",
        "nhs",
        "nhsNumber",
        "plate",
        "device_sn",
        "yob",
        "mrn",
        "medicalRecordNumber",
        "address",
        "address_line_1",
        "streetAddress",
        "city",
        "county",
        "zip",
        "zipCode",
        "postal_code",
        "latitude",
        "lat",
        "lon",
        "phone",
        "homePhone",
        "mobile",
        "phone1",
        "fax",
        "faxNumber",
        "email",
        "emailAddress",
        "url",
        "clientIp",
        "ip_address",
        "vin",
        "licensePlate",
        "license_no",
        "drivers_license",
        "passportNumber",
        "npi",
        "account_number",
        "bankAccount",
        "creditCardNumber",
        "iban",
        "policy_no",
        "policyNumber",
        "memberId",
        "member_id",
        "subscriberId",
        "medicare_id",
        "device_serial",
        "serialNumber",
        "macAddress",
        "udi",
        "fingerprint",
        "photo",
        "patient_id",
        "patientId",
        "password",
        "dob",
        "birth_date",
        "birthDate",
        "dateOfBirth",
        "deathDate",
        "admission_date",
        "dischargeDate",
    ] {
        let text = format!(r#"{{"{key}":"Zyx Wvu"}}"#);
        assert_eq!(masked(&text), format!(r#"{{"{key}":"*******"}}"#), "{key}");
    }
}

#[test]
fn what_is_covered_leaves_valid_json() {
    for text in [
        r#"{"ssn":123456789,"card":4111111111111111,"zip":2115,"lat":-42.5,"phone":2125551234}"#,
        r#"{"family":"R\u00e9 \"Ace\" Roe\n","given":["\\","\"","A\tB"]}"#,
        r#"[4111111111111111, "4111111111111111", {"a":"x\\123-45-6789\\"}]"#,
        r#"{"note":"\n123-45-6789\nbob@example.com\u0041 \nhttp://x.y/\u0041\n"}"#,
        r#"{"note":{"ssn":"password=\\"}}"#,
        r#"{"age":104,"birthDate":19800215,"dob":"Feb 1980"}"#,
    ] {
        let masked = masked(text);
        serde_json::from_str::<serde_json::Value>(text).unwrap();
        serde_json::from_str::<serde_json::Value>(&masked)
            .unwrap_or_else(|error| panic!("{error}: {masked}"));
        assert!(!masked.contains("6789") && !masked.contains("1111") && !masked.contains("Roe"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_json_stays_json(value in any_json()) {
        let text = value.to_string();
        let masked = masked(&text);
        prop_assert!(serde_json::from_str::<serde_json::Value>(&masked).is_ok(), "{text}\n{masked}");
    }
}

fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let keys = prop::sample::select(vec![
        "ssn",
        "family",
        "given",
        "name",
        "birthDate",
        "zip",
        "age",
        "lat",
        "note",
        "value",
        "phone",
        "x",
        "mrn",
        "a\\\"b",
    ]);
    let text = prop::collection::vec(prop::sample::select(TEXTS.to_vec()), 0..5)
        .prop_map(|it| it.concat());
    let leaf = prop_oneof![
        text.prop_map(serde_json::Value::from),
        any::<i64>().prop_map(serde_json::Value::from),
        prop::sample::select(vec![
            4_111_111_111_111_111_u64,
            123_456_789,
            2115,
            97,
            104,
            20_140_309,
            2_125_551_234,
            1980
        ])
        .prop_map(serde_json::Value::from),
        any::<f32>().prop_map(|it| serde_json::json!(it)),
    ];
    let object = move |inner: BoxedStrategy<serde_json::Value>| {
        prop::collection::vec((keys.clone(), inner.clone()), 1..5)
            .prop_map(|pairs| {
                pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
            })
            .prop_map(serde_json::Value::Object)
            .boxed()
    };
    let inner = leaf.prop_recursive(4, 32, 4, move |inner| {
        prop_oneof![
            object(inner.clone().boxed()),
            prop::collection::vec(inner, 0..4).prop_map(serde_json::Value::Array),
        ]
    });
    prop::collection::vec(inner, 1..4).prop_map(|values| serde_json::json!({"entry": values}))
}

const TEXTS: &[&str] = &[
    "123-45-6789",
    "\n",
    "\"",
    "\\",
    "é",
    " ",
    "bob@x.com",
    "http://x.y/z",
    "2014-03-09",
    "Dr. Smith",
    "Roe",
    "\u{1}",
    "\t",
    "4111111111111111",
    "(212) 555-1234",
    "MRN 1234",
    "password=",
    "12 Main Street",
    "AKIAIOSFODNN7EXAMPLE",
    "n",
    "u0041",
    "\\u0031\\u0032\\u0033-45-6789",
    "\"ssn\":123456789",
    "MTIzLTQ1LTY3ODk=",
    "&#49;23-45-6789",
    "MSH|^~\\&|A\rPID|1||7||Roe^Jane",
    "ST*837*1~NM1*IL*1*ROE*JANE~",
    "１２３-45-6789",
];
