//! Structured payloads in text: what a field holds is told by its place, and what is masked is still
//! a message.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

mod common;

use common::{check, check_all, check_clean, find, masked};

#[test]
fn the_fields_of_an_hl7_message_are_masked_between_their_separators() {
    for end in ["\r", "\n", "\r\n"] {
        check(&HL7.replace('\n', end));
    }
}

const HL7: &str = "MSH|^~\\&|LAB|MERCY|LIS|CLINIC|«date 20140309101530»||ADT^A01^ADT_A01|MSG00001|P|2.5.1\n\
    EVN|A01|«date 201403091015»|||«license 1234»^«name Operator»^«name Olga»\n\
    PID|1||«medical_record 55123»^^^MERCY^MR~«medical_record PQ-9»^^^SSA^PI||«name Roe»^«name Jane»^«name A.»^^^^L|\
    «name Doe»|«date 19800215»|F||2106-3|«geography 12 Main»^^«geography Springfield»^IL^«geography 62704»^USA^H||\
    «telephone 2175550143»^PRN^PH^«email jroe@x.org»||EN|M||«account 887766»|«ssn 123456789»|||2186-5\n\
    NK1|1|«name Roe»^«name John»|SPO^Spouse|«geography 12 Main»^^«geography Springfield»^IL^«geography 62704»|«telephone 5550144»\n\
    PV1|1|I|4E^401^1||||«license 777»^«name House»^«name Gregory»^^^^«name MD»|||MED||||||||V|«account 4711»\n\
    IN1|1|PPO|BC01|BlueCo||||«health_plan GRP7»|«name Acme Inc»|||||||«name Roe»^«name John»|SELF|«date 19791231»\n\
    OBX|1|NM|2345-7^Glucose^LN||182|mg/dL|70-110|H|||F|||«date 20140309»||«license 99»^«name Ray»^«name X»\n\
    OBX|2|XPN|X^Contact^L||«name Roe»^«name Mary»||||||F\n\
    DG1|1||E11.9^Type 2 diabetes^I10|||W\n\
    MRG|«medical_record 44001»^^^MERCY^MR";

#[test]
fn separators_are_those_that_the_header_defines() {
    check(
        "MSH#*!?%#A#B#C#D#«date 20140309»##ADT\rPID#1##«medical_record 55»*!*X##«name Roe»*«name Jane»",
    );
    check(r"MSH|^~\&|A\rPID is no segment here: PID|5");
    // In JSON the line ends are escaped, and the string ends the message.
    check(
        r#"{"hl7":"MSH|^~\\&|A|B|C|D|«date 20140309»||ADT\rPID|1||«medical_record 55»^^^M||«name O\\T\\Roe»^«name J»","b":"Roe"}"#,
    );
    check(
        "note: MSH|^~\\&|A|B|C|D|«date 20140309»\rPID|1||«medical_record 55»||«name Roe»^«name J»\r",
    );
}

#[test]
fn a_field_longer_than_any_window_is_covered_to_its_end() {
    let text = format!("MSH|^~\\&|A\rPID|1||5|||{}||F\rDG1|1||E11.9\r", "Roe ".repeat(2000));
    let masked = masked(&text);
    assert!(!masked.contains("Roe") && masked.ends_with("|F\rDG1|1||E11.9\r"), "{masked}");
}

#[test]
fn the_elements_of_an_x12_claim_are_masked_between_their_separators() {
    let claim = "ISA*00*          *00*          *ZZ*SUBMITTER      *ZZ*RECEIVER       *140309*1015*^*00501*000000905*0*T*:~\
        GS*HC*SENDER*RECEIVER*«date 20140309»*1015*1*X*005010X222A1~ST*837*0021*005010X222A1~\
        NM1*41*2*CLEARING CO*****46*TGJ23~PER*IC*«name JERRY ROE»*TE*«telephone 3055552222»~\
        NM1*85*1*«name HOUSE»*«name GREGORY»****XX*«license 1234567893»~N3*«geography 234 SEAWAY ST»~\
        N4*«geography MIAMI»*FL*«geography 33111»~REF*EI*«unique_code 587654321»~SBR*P*18*«health_plan 2222-SJ»******CI~\
        NM1*IL*1*«name ROE»*«name JANE»*«name A»***MI*«health_plan JS00111223333»~N3*«geography 236 N MAIN ST»~\
        N4*«geography MIAMI»*FL*«geography 33413»~DMG*D8*«date 19430501»*F~REF*SY*«ssn 111223333»~\
        NM1*PR*2*KEY INSURANCE*****PI*999996666~N3*3333 OCEAN~CLM*«account 26463774»*100***11:B:1*Y*A*Y*I~\
        HI*BK:0340*BF:V7389~LX*1~SV1*HC:99213*40*UN*1***1~DTP*472*D8*«date 20061003»~\
        DTP*434*RD8*«date 20140301»-«date 20140309»~SE*42*0021~";
    let text = claim;
    let found = marks(text);
    for kept in
        ["BK:0340", "HC:99213*40*UN*1", "*CLEARING CO*", "*KEY INSURANCE*", "*FL*", "*100***11:B:1"]
    {
        assert!(found.contains(kept), "{kept}: {found}");
    }
    for gone in [
        "ROE",
        "JANE",
        "HOUSE",
        "SEAWAY",
        "MIAMI",
        "26463774",
        "JS0011",
        "111223333",
        "19430501",
        "587654321",
    ] {
        assert!(!found.contains(gone), "{gone}: {found}");
    }
    assert_eq!(found.matches('~').count(), text.matches('~').count());
}

/// A payload without its marks, masked.
fn marks(marked: &str) -> String {
    masked(&plain(marked))
}

fn plain(marked: &str) -> String {
    let mut text = String::new();
    let mut rest = marked;
    while let Some((before, mark)) = rest.split_once('«') {
        let (value, behind) =
            mark.split_once(' ').and_then(|(_, mark)| mark.split_once('»')).unwrap();
        text.push_str(before);
        text.push_str(value);
        rest = behind;
    }
    text + rest
}

#[test]
fn other_separators_and_other_transactions_of_x12_are_read_too() {
    let enrolment = "ST|834|12345\nN1|P5|ACME CORP|FI|999888777\nINS|Y|18|030|XN|A|||FT\nREF|0F|123456789\n\
        NM1|IL|1|ROE|JANE|P|||34|123456789\nDMG|D8|19400816|F\nDTP|356|D8|19960523\nHD|030||DEN\n";
    let masked = masked(enrolment);
    for gone in ["ACME", "999888777", "123456789", "ROE", "JANE", "0816", "0523"] {
        assert!(!masked.contains(gone), "{gone}: {masked}");
    }
    assert!(
        masked.contains("HD|030||DEN")
            && masked.contains("|1940****|F")
            && masked.contains("INS|Y|18|030|XN")
    );
}

#[test]
fn the_elements_of_a_clinical_document_are_masked_between_their_tags() {
    check(
        "<?xml version=\"1.0\"?><ClinicalDocument xmlns=\"urn:hl7-org:v3\"><id root=\"2.16.840.1\" extension=\"«unique_code TT988»\"/>\
         <code code=\"34133-9\" displayName=\"Summary\"/><effectiveTime value=\"«date 20140309»\"/><recordTarget><patientRole>\
         <id extension=\"«medical_record 998991»\" root=\"2.16.840.1\"/><addr use=\"HP\"><streetAddressLine>«geography 1357 Amber Dr»\
         </streetAddressLine><city>«geography Beaverton»</city><state>OR</state><postalCode>«geography 97867»</postalCode></addr>\
         <telecom value=\"«telephone tel:8162766909»\" use=\"HP\"/><patient><name use=\"L\"><given>«name Isabella»</given>\
         <family>«name Jones»</family></name><administrativeGenderCode code=\"F\"/><birthTime value=\"«date 19750501»\"/></patient>\
         <providerOrganization><name>Clinic</name></providerOrganization></patientRole></recordTarget>\
         <entry><observation><code code=\"2345-7\"/><value xsi:type=\"PQ\" value=\"182\" unit=\"mg/dL\"/><manufacturedMaterial>\
         <name>Aspirin</name></manufacturedMaterial></observation></entry></ClinicalDocument>",
    );
}

#[test]
fn names_of_elements_and_attributes_are_read_as_columns_are() {
    check(
        "<row id=\"7\"><PatientName><First>«name Jane»</First></PatientName><ssn>«ssn 123456789»</ssn><zip>«geography 02115»</zip>\
         <dob>«date 1980-02-15»</dob><lab unit=\"mg\">7.2</lab><note><![CDATA[seen by Dr. «name Smith»]]></note></row>",
    );
    check("<person mrn=\"«medical_record A-77»\" city='«geography Boston»' status=\"ok\"/>");
    check_clean(&[
        "<b>bold</b> & <i>text</i> of 5 < 7",
        "<lab><code>2345-7</code><value>182</value></lab>",
        "<<<>>",
        "<a b='c",
    ]);
}

#[test]
fn the_paths_of_fhir_are_masked_where_they_hold_somebody() {
    check_all(&[
        r#"{"resourceType":"Patient","id":"«unique_code p1»","identifier":[{"use":"usual","system":"urn:oid:1.2","value":"«unique_code 12-Q»"}]}"#,
        r#"{"identifier":[{"system":"http://hl7.org/fhir/sid/us-ssn","value":"«ssn 444222222»"},{"value":"«unique_code Z9»"}]}"#,
        r#"{"telecom":[{"system":"phone","value":"«telephone 5555 6473»","use":"work"},{"value":"«email jr at x»","system":"email"}]}"#,
        r#"{"name":[{"use":"official","text":"«name P. J. Q.»"}],"address":[{"text":"«geography 5 Elm»"}],"photo":[{"data":"«photograph AAAA»"}]}"#,
        r#"{"subject":{"reference":"Patient/«unique_code f001»","display":"«name P. van»"},"performer":[{"display":"«name A. L.»"}]}"#,
        r#"{"resourceType":"Patient","text":{"status":"generated","div":"«name <div>Q. \"Z\"</div>»"},"x":1}"#,
    ]);
    check_clean(&[
        r#"{"code":{"coding":[{"system":"http://loinc.org","code":"2345-7","display":"Glucose"}],"text":"Glucose"}}"#,
        r#"{"valueQuantity":{"value":6.3,"unit":"mmol/l","system":"http://unitsofmeasure.org"},"id":"a1"}"#,
        r#"{"resourceType":"ValueSet","id":"codes","text":{"div":"<div>codes</div>"},"data":"x","value":"high"}"#,
        r#"{"medicationReference":{"reference":"med0301","display":"Aspirin"}}"#,
    ]);
}

#[test]
fn files_are_covered_whole_raw_and_encoded() {
    let raw: [&[u8]; 8] = [
        b"\xff\xd8\xff\xe0\0\x10JFIF",
        b"\x89PNG\r\n\x1a\n",
        b"GIF89a",
        b"%PDF-1.7\n",
        b"PK\x03\x04",
        b"\x1f\x8b\x08",
        b"FMR\0 20\0",
        b"II*\0",
    ];
    for magic in raw {
        let file = [magic, &[7, 0, 255, b'"'].repeat(900)].concat();
        let mut masked = file.clone();
        lazaret_detectors::mask::redact_findings(&mut masked, &find(&file));
        assert!(masked.iter().all(|byte| *byte == b'*'), "{magic:?}");
    }
    let dicom = [&[0; 128][..], b"DICM\x02\0\0\0UL\x04\0"].concat();
    assert_eq!(find(&dicom).len(), 1);
    let body = "AAAQSkZJRgABAQAAAQABAAD".repeat(3);
    check_all(&[
        &format!("\"photo\": \"«photograph /9j/4{body}»\""),
        &format!("<img src=\"«photograph data:image/gif;base64,R0lGODlh{body}»\">"),
        &format!("file «photograph UEsDBBQA{body}»."),
        &format!("\\x«photograph 1f8b0800{}»", "00ff".repeat(20)),
        &format!("minutiae «biometric Rk1SACAy{body}»"),
        &format!("«photograph {}4449434d{}»", "0".repeat(256), "02aa".repeat(30)),
    ]);
}

#[test]
fn masked_payloads_are_masked_alike_in_any_pieces() {
    let (mut scanner, mut masker) = (common::scanner(), lazaret_detectors::StreamMasker::new());
    let xml = format!(
        "<doc><addr>{}</addr><name a='{}'>x</name></doc>",
        "<city>Boston</city>".repeat(90),
        "y".repeat(3000)
    );
    for text in
        [plain(HL7).repeat(3), xml, format!("MSH|^~\\&|A\rPID|1||5|||{}|F\r", "Roe^".repeat(900))]
    {
        let whole = masked(&text);
        for size in [1, 7, 100, 1500] {
            let mut out = Vec::new();
            for piece in text.as_bytes().chunks(size) {
                masker.push(&mut scanner, piece, &mut out);
            }
            masker.finish(&mut scanner, &mut out);
            assert_eq!(String::from_utf8_lossy(&out), whole);
        }
        assert!(find(text.as_bytes()).is_sorted_by(|one, next| one.end <= next.start));
    }
}
