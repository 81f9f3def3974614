//! Rows 8 to 18 of 45 CFR 164.514(b)(2)(i), one test each: the forms that people and machines
//! write, and beside them what only comes near.

mod common;

use common::{check_all, check_clean};

#[test]
fn medical_record_numbers_are_found_by_label_and_behind_a_name() {
    check_all(&[
        "MRN: «medical_record S259210»   Sex: F",
        "MRN «medical_record 00648173» seen",
        "MR# «medical_record 55-12-09»",
        "Chart # «medical_record 448812»",
        "Accession: «medical_record CT-20-00481»",
        "Encounter no. «unique_code 4471902»",
        "Patient ID «medical_record P-10023»",
        "specimen received from «name Ortega, Roberto» («medical_record 10944552»).",
    ]);
    check_clean(&[
        "Hypertensive disorder (38341003)",
        "Acute Pharyngitis (363746003)",
        "chart 12 of 14",
        "record 45 was kept",
    ]);
}

#[test]
fn health_plan_numbers_are_found_with_or_without_a_word_for_number() {
    check_all(&[
        "Medicare «health_plan 1EG4-TE5-MK73»",
        "«health_plan 1EG4TE5MK72» on the card",
        "Medicaid «health_plan W276948923»",
        "policy «health_plan KCV703004322»,",
        "member «health_plan PCDKQ7792» called",
        "HICN: «health_plan 123-45-6789-A»",
        "Group No: «health_plan 70899-6804»",
        "Subscriber: «health_plan 0012345»",
    ]);
    check_clean(&[
        "Policy: 30-day readmission",
        "Medicare Part B, 80 % covered",
        "insurance until 2014",
        "0SG4TE5MK73",
    ]);
}

#[test]
fn accounts_and_cards_are_found_by_checksum_or_label() {
    check_all(&[
        "account «account 21461774».",
        "acct «account 90201-9643»",
        "Account: «account 1060199084»",
        "invoice «account INV204417»",
        "«account 5555 5555 5555 4444»",
        "«account 6011-1111-1111-1117»",
        "«account 371449635398431»",
        "IBAN «account DE89 3704 0044 0532 0130 00»",
        "routing «account 021000021»",
    ]);
    check_clean(&[
        "order id 79927398710",
        "order 4111111111111112",
        "account for 12 of 30",
        "into account 3 times",
        "card 2 of 3",
    ]);
}

#[test]
fn certificates_and_licences_are_found_by_checksum_or_label() {
    check_all(&[
        "DEA «license AF2779809»",
        "NPI «license 1245319599»",
        "driver's license «license W7051776».",
        "driver's license «license A364-6113-0873»",
        "License: «license 27190650»",
        "passport «license 533401822» was",
    ]);
    check_clean(&["license expired in 2014", "a certificate of 2 pages", "licensed 12 beds"]);
}

#[test]
fn vehicles_are_found_by_check_digit_or_label() {
    check_all(&[
        "VIN «vehicle 1HGCM82633A004352»",
        "license plate «vehicle LTJ-3939».",
        "plate «vehicle 97UT9» left",
        "plates: «vehicle 39O-C67»",
    ]);
    check_clean(&[
        "Vehicle: 2014 sedan",
        "a 6-hole plate, 3.5 mm",
        "plate 4 was removed",
        "1HGCM82633A004353",
    ]);
}

#[test]
fn devices_are_found_by_udi_imei_and_serial_number() {
    check_all(&[
        "UDI: «device (01)00844588003288(17)141120(10)7654321D(21)10987654d321».",
        "«device (01) 00844588003288 (21) 1237»",
        "«device 010084458800328817141120107654321D»",
        "S/N «device JP734809»)",
        "serial no. «device 804-0159-PZ»",
        "serial «device 100-2354-JP»",
        "IMEI of the loaned handset «device 490154203237518»",
        "tablet «device 35-209900-176148-1»",
        "«device 00:1A:2b:3c:4D:5e»",
    ]);
    check_clean(&[
        "(01) of (12) items",
        "the device was placed in 2014",
        "490154203237518",
        "implant 3.5 mm",
        "tablet 490154203237519",
    ]);
}

#[test]
fn urls_and_internet_addresses_are_found_and_versions_are_not() {
    check_all(&[
        "see «url https://portal.example.org/p/7?id=3».",
        "«url www.example.org/~roe»",
        "from «ip_address 203.0.113.9»:443",
        "«ip_address 2001:db8:85a3::8a2e:370:7334»",
        "host «ip_address ::ffff:192.0.2.128»",
    ]);
    check_clean(&["version 10.2.3.4", "OID 1.2.840.10008.5.1", "at 12:30:45", "10.2.3"]);
}

#[test]
fn templates_and_images_are_found_by_what_they_begin_with() {
    check_all(&[
        "«photograph data:image/jpeg;base64,/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAAMCAgICAgMCAgIDAwMDBAYEBAQEBAgGBgUGCQgKCgkICQk»",
        "«photograph iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACNbyblAAAAHElEQVQI12P4»",
        "fingerprint no. «biometric FP-20441»",
    ]);
    check_clean(&["a photograph was taken", "fingerprint clearance is due"]);
}

#[test]
fn other_numbers_that_are_unique_are_found() {
    check_all(&[
        "«unique_code 3edac2e3-d223-6fae-d515-daf96ef6bc76»",
        "trial «unique_code NCT01234567»",
        "Authorization «unique_code 2545465059» valid",
        "Claim number: «unique_code 57079-8785»",
        "Rx # «unique_code 7730291»",
        "confirmation «unique_code XK7741Q»",
        "ID: «unique_code 4417-2231»",
    ]);
    check_clean(&["trial of 12 weeks", "claim 99213", "subject 14 withdrew", "SNOMED 44054006"]);
}
