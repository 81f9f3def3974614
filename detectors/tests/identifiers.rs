//! Each of the 18 identifiers is found in text, in the ways people and machines write it.

mod common;

use common::{check, check_all, check_clean};

#[test]
fn social_security_numbers_are_found_by_shape_whatever_separates() {
    check_all(&[
        "his «ssn 123-45-6789» was",
        "«ssn 123 45 6789»",
        "«ssn 123.45.6789».",
        "«ssn 123/45/6789»",
        "«ssn 123–45–6789» with en dashes",
        "«ssn 123‑45‑6789» with no-break hyphens",
        "«ssn 123\u{a0}45\u{a0}6789» with no-break spaces",
        "«ssn 123\u{200b}45\u{200b}6789» with spaces of no width",
        "«ssn 123 - 45 - 6789»",
        "(«ssn 123-45-6789»)",
        "x=«ssn 123-45-6789»;",
    ]);
}

#[test]
fn numbers_that_were_never_issued_are_found_too() {
    check_all(&[
        "«ssn 999-12-3456»",
        "«ssn 666-12-3456»",
        "«ssn 000-00-0000»",
        "«ssn 912-70-1234»",
    ]);
}

#[test]
fn nine_bare_digits_are_one_by_label_only() {
    check_all(&[
        "SSN «ssn 123456789»",
        "SSN: «ssn 123456789»",
        "social security number is «ssn 123456789»",
        "SS# «ssn 123456789»",
        "ssn=«ssn 123456789»",
        "<ssn>«ssn 123456789»</ssn>",
        "ITIN «ssn 912701234»",
        "last four of SSN: «ssn 6789»",
        "123456789",
    ]);
}

#[test]
fn telephones_and_faxes_are_found_in_their_groups() {
    check_all(&[
        "call «telephone (212) 555-1234» now",
        "«telephone 212-555-1234»",
        "«telephone 212.555.1234»",
        "«telephone 212 555 1234»",
        "«telephone 1-800-555-1234»",
        "«telephone +1 212 555 1234»",
        "«telephone +1 (212) 555-1234 ext. 12»",
        "«telephone 212-555-1234 x99»",
        "«telephone +44 20 7946 0958»",
        "«telephone +41 (0)38 549 02 90»",
        "reached at «telephone 2125551234»",
        "ward B,«telephone 2125551234»,F",
        "Phone: «telephone 555-1234»",
        "Fax: «fax 212-555-1234»",
        "«fax 212-555-1234» fax",
        "tel: «telephone 0699 868 88 55»",
        "«telephone 781 1704» office, «fax 085 175 7641» fax",
    ]);
}

#[test]
fn dates_are_found_in_more_than_twenty_forms() {
    check_all(&[
        "on «date 2014-03-09» it",
        "«date 2014/03/09»",
        "«date 2014.03.09»",
        "«date 03/09/2014»",
        "«date 3/9/2014»",
        "«date 31/12/2014»",
        "«date 03-09-2014»",
        "«date 9.3.2014»",
        "«date 3/9/14»",
        "«date 03-09-14»",
        "«date 09.03.14»",
        "«date 20140309»",
        "«date 20140309123015»",
        "«date 2014-03-09T12:30:15Z»",
        "«date 2014-03-09 12:30:15.123+02:00» UTC",
        "«date March 9, 2014»",
        "«date March 9th, 2014»",
        "«date Mar 9 2014»",
        "«date Mar. 9, 2014»",
        "«date 9 March 2014»",
        "«date 9th of March, 2014»",
        "«date 09-MAR-2014»",
        "«date 09MAR2014»",
        "«date 2014-Mar-09»",
        "«date March 2014»",
        "«date March 9»",
        "the «date 9th of March»",
        "«date Mar '14»",
        "«date 03/2014»",
        "in «date January»",
        "since «date March»",
        "DOB: «date 030914»",
        "born «date 09/03/80»",
        "«date 3/9/2014 4:15 PM»",
        "seen on «date 3/9», until «date 3/14»",
        "from «date 3/24» on",
        "in «date 3/81»",
        "off work since «date 3/9-3/14»",
        "last seen in «date Mar '81»",
        "«date MAR-81»",
        "«date 03-Mar-81»",
        "the «date third of March»",
        "the «date twenty-first of May»",
        "«date Monday, October 16»",
        "«date Mon 3/9»",
        "«date Wed, 12 Mar 2014»",
        "«date 2014-W10-3»",
        "«date 2014W10»",
        "«date 9 de marzo de 2014»",
        "«date 9 mars 2014»",
        "«date 9. März 2014»",
        "readmitted on «date Tuesday»",
        "pain 6/10, strength 4/5, BP 120/80 on rounds",
        "open on Mondays, 8/16 cores",
        "faxed «date 3/17», and",
    ]);
}

#[test]
fn a_year_that_tells_an_age_above_89_goes_with_its_date() {
    let mut scanner = common::scanner();
    scanner.keep_years_from(1936);
    for (text, expected) in [
        ("DOB 02/15/1935", "DOB **/**/****"),
        ("DOB 02/15/1936", "DOB **/**/1936"),
        ("born March 9, 1920", "born ***** *, ****"),
    ] {
        let (mut findings, mut bytes) = (Vec::new(), text.as_bytes().to_vec());
        scanner.scan(&bytes, &mut findings);
        lazaret_detectors::mask::redact_findings(&mut bytes, &findings);
        assert_eq!(String::from_utf8(bytes).unwrap(), expected);
    }
}

#[test]
fn a_year_alone_and_a_plain_may_are_no_dates() {
    common::check_clean(&["in 2014", "since 1999.", "may be 5", "it may", "they march on"]);
}

#[test]
fn ages_above_89_are_found() {
    check_all(&[
        "a «date 92»-year-old man",
        "is «date 90» years old",
        "«date 95» y/o",
        "«date 101» yo ",
        "«name Roe», «date 91» yo, from",
        "age «date 97»",
        "Age: «date 93»",
        "a 89-year-old man",
        "a «date ninety-two» year old man",
        "aged «date one hundred and three»",
        "an eighty-nine year old man",
        "«date 93»F with chest pain",
        "«date 95»yo man",
        "T 98F, 101F",
        "he turned «date 93» in the ward",
    ]);
}

#[test]
fn email_is_grown_both_ways() {
    check_all(&[
        "to «email bob.o'neil+tag@mail.example.co.uk».",
        "<«email bob@example.com»>",
        "mailto:«email bob@example.com»?subject=x",
        "«email jürgen@müller.de»",
        "«email \"bob smith\"@example.com»",
        "«email root@localhost»",
        "«email a-very-long-local-part-that-no-server-would-accept-but-that-names-jane-roe@x.org»",
        "«email a@b.c»",
        "«email bob@[10.0.0.1]»",
    ]);
}

#[test]
fn urls_are_found_whole() {
    check_all(&[
        "see «url https://example.com/p/1?id=7#top».",
        "(«url http://example.com»)",
        "«url ftp://10.1.2.3/x»",
        "«url www.example.com/~bob»,",
        "«url https://a.b/?next=http://c.d/e» f",
        "http://hl7.org/x|«url http://a.b/c»",
        "\"system\":\"http://loinc.org\"",
    ]);
}

#[test]
fn ip_addresses_are_parsed() {
    check_all(&[
        "from «ip_address 10.2.3.4» to",
        "«ip_address 192.168.0.1»:8080",
        "«ip_address 2001:db8::8a2e:370:7334»",
        "«ip_address fe80::1»",
        "version 10.2.3.4",
        "v10.2.3.4",
        "999.2.3.4",
        "1.2.840.113619.2",
        "at 12:30:45",
    ]);
}

#[test]
fn cards_ibans_and_accounts_are_found_by_checksum_or_label() {
    check_all(&[
        "card «account 4111 1111 1111 1111»",
        "«account 4111111111111111»",
        "«account 4111-1111-1111-1111»",
        "«account 378282246310005»",
        "«account 3782 822463 10005»",
        "«account GB82WEST12345698765432»",
        "«account GB82 WEST 1234 5698 7654 32» paid",
        "account number: «account 12345678»",
        "acct # «account 00-1234-5»",
        "routing number «account 021000021»",
        "credit card number is «account 1234567812345678»",
        "lost my card «account 584528792610» today",
    ]);
}

#[test]
fn record_and_plan_numbers_are_found_by_label_and_shape() {
    check_all(&[
        "MRN: «medical_record 00-12-34»",
        "MRN «medical_record 1234567»",
        "mrn#«medical_record A123456»",
        "medical record number «medical_record 123456»",
        "Patient ID: «medical_record P-10023»",
        "\"mrn\":\"«medical_record 123456»\"",
        "«health_plan 1EG4TE5MK73»",
        "HICN «health_plan 123456789A»",
        "«health_plan 1EG4-TE5-MK73»",
        "Member ID: «health_plan XYZ123456789»",
        "policy no. «health_plan 12/345-A»",
        "Subscriber #: «health_plan 0012345»",
    ]);
}

#[test]
fn licences_vehicles_and_devices_are_found() {
    check_all(&[
        "«license AB1234563» is a DEA number",
        "DEA# «license AB1234564»",
        "NPI: «license 1234567893»",
        "driver's license number is «license F162823540116»",
        "Passport no: «license X79835501X»",
        "«vehicle 1M8GDM9AXKP042788»",
        "VIN: «vehicle 1M8GDM9A1KP042788»",
        "license plate number «vehicle 7ABC123»",
        "IMEI: «device 490154203237518»",
        "«device 00:1A:2b:3c:4D:5e»",
        "«device aa-bb-cc-dd-ee-0f»",
        "serial number: «device SN-00123»",
        "UDI: «device 00844588003288»",
    ]);
}

#[test]
fn places_are_found_down_from_the_state() {
    check_all(&[
        "lives at «geography 12 Main Street»",
        "«geography 1600 Pennsylvania Ave NW, Washington, DC» «geography 20500»",
        "«geography 784 Stamm Lock Unit 46»",
        "«geography 455 Labadie Underpass Suite 69»",
        "«geography 90 Whitchurch Road»",
        "«geography PO Box 123»",
        "«geography P.O. Box 9»",
        "«geography Boston», MA «geography 02115»",
        "«geography Boston», MA «geography 02115-1234»",
        "Address: «geography 688 rue du Centre 320, Lyon»\nSex: F",
        "she lives at «geography 86036 Esplanadi 4».",
        "zip code «geography 02115»",
        "zip «geography 1017 XA»",
        "ZIP: «geography 02115»",
        "lat: «geography 42.36877»",
        "\"lat\": «geography 42.36877», \"lon\": «geography -71.15»",
    ]);
}

#[test]
fn names_are_found_by_what_stands_around_them() {
    check_all(&[
        "Dr. «name Smith» saw",
        "Mr. «name John Q. Public» was",
        "MRS. «name JANE ROE»",
        "dr. «name smith»",
        "Patient: «name Roe, Jane A.»\nAge: 40",
        "Name: «name Jane Roe»",
        "signed by «name Jane Roe», MD",
        "«name Jane Roe», MD",
        "his wife «name Mary» and",
        "my name is «name jane»",
        "Ms. «name O'Brien-Smith» denies",
        "Dear «name Jane»,",
        "Miss «name Maynard46 Mosciski958» came",
    ]);
}

#[test]
fn secrets_unique_codes_and_images_are_found() {
    check_all(&[
        "«unique_code 3edac2e3-d223-6fae-d515-daf96ef6bc76»",
        "key «unique_code AKIAIOSFODNN7EXAMPLE»",
        "«unique_code ghp_abcdefghijklmnopqrstuvwxyz0123456789»",
        "password: «unique_code hunter2»",
        "«photograph data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACNbyblAAAAHElEQVQI12P4»",
    ]);
    check(
        "«unique_code -----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA1\nabc+/=\n-----END»\
         «unique_code  RSA PRIVATE KEY-----»",
    );
}

#[test]
fn names_are_found_with_nothing_around_them() {
    check_all(&[
        "then «name Maria Lopez» came in",
        "«name Wacława Adamska» and «name Shintarou Hamaguchi» agreed",
        "seen with «name Jürgen» today",
        "«name Ludwig van Beethoven» was deaf",
        "«name O'Brien» and «name McConnan» left",
        "«name Mary K. Johnson» called",
        "«name Johnson, Mary K» is here",
        "we told «name Mark» that",
        "«name Rose» said no",
        "Hi «name Grace», thanks",
        "«name Justin Beet» paid",
        "«name Maria»'s mother had asthma",
    ]);
}

#[test]
fn names_are_found_where_case_tells_nothing() {
    check_all(&[
        "my neighbour «name rubija» came by yesterday",
        "Yesterday maria said that «name john smith» was seen.",
        "PT SEEN WITH «name ROSALINDA» TODAY, DENIES CHEST PAIN, LUNGS CLEAR",
        "Chart of «name SMITH, JOHN» in the clinic",
    ]);
    common::check_clean(&[
        "PATIENT DENIES CHEST PAIN, SHORTNESS OF BREATH AND PALPITATIONS. LUNGS CLEAR TO AUSCULTATION.",
        "the patient denies chest pain and the lungs are clear to auscultation bilaterally.",
    ]);
}

#[test]
fn eponyms_drugs_and_headings_are_no_names() {
    common::check_clean(&[
        "Parkinson's disease, Crohn's disease and Hodgkin lymphoma",
        "positive Babinski sign, negative Murphy sign, Glasgow Coma Scale 15",
        "Foley catheter in place, Foley removed",
        "Started Lisinopril and Metoprolol Succinate; stopped Xarelto.",
        "Review Of Systems: Negative. Past Medical History: Asthma.",
        "Loratadine 5 MG Chewable Tablet",
        "Acute viral pharyngitis (disorder)",
        "May take Tylenol. Will follow up soon.",
        "Hgb 13.5, HbA1c 7.2, WBC 7.5, eGFR 58",
        "Spanish interpreter used on Tuesdays",
        "Naïve cells. Façade intact. Jalapeño soup, crème brûlée and purée at the Café.",
    ]);
}

#[test]
fn addresses_of_other_countries_are_found_to_their_end() {
    check_all(&[
        "at «geography Hauptstraße 12, 10115 Berlin» since",
        "«geography 214 Pavlou Drandaki» is far",
        "ship to «geography Via Tasso 129, Napoli, Italy» today",
        "Please send it to «geography 31 rue de la Paix, Paris, France».",
        "«geography 12 Main Street\n Suite 321\n Springfield, IL» «geography 62704»\nDOB",
        "«geography PSC 7951, Box 9972\nAPO AA 69974»",
        "he lived on «geography Maple Grove Street» then",
        "take 2 Tylenol at 9 or Lisinopril 10 mg",
    ]);
}

#[test]
fn telephones_are_found_as_other_countries_dial_them() {
    check_all(&[
        "under «telephone 024 971 50 30» or «telephone 03.93.92.16.85»",
        "«telephone 07700 900 123»",
    ]);
}

#[test]
fn numbers_that_a_note_begins_with_or_that_have_a_line_for_themselves_are_records() {
    let note = "was admitted with chest pain and seen by cardiology, see below";
    check_all(&[
        format!("«medical_record 62458697»\n«medical_record MR814622»\n«medical_record 25-28-69»\n{note}").as_str(),
        format!("«medical_record 433-4232» | CH | «medical_record 211496309292» | | «medical_record 898319236» | {note}").as_str(),
        "Seen today\n«medical_record 00513213»\nin room 12",
        "opened record «medical_record 80-23-77» at noon",
        "SPECIMEN «unique_code S36-69487» SENT. Please quote «unique_code V77871257» now",
    ]);
    check_clean(&[
        "62458697",
        "10023948\n20023949\n30023950",
        "12\n245000\n17",
        "245000 | 17 | 12",
    ]);
}

#[test]
fn days_with_dashes_are_dates_where_a_word_leads_to_them() {
    check_all(&[
        "Date of service: «date 3-6-35»",
        "seen «date 9-10-66» in clinic",
        "transferred on «date 04-11» for it",
        "next visit «date 09-04».",
        "DISCHARGED ON: «date 1/13» AT NOON",
        "Dr. «name Stone» «date 6/12».",
    ]);
    check_clean(&[
        "on 2-3 liters",
        "on 10-12 mg",
        "sections 1-2-10 and 1-2-3",
        "Motor 5/5, pain 4/10.",
    ]);
}

#[test]
fn a_town_stands_behind_its_street_and_its_label() {
    check_all(&[
        "Is it still «geography 810 Lake Ave in Concord»?",
        "moved to «geography 2095 Salazar Dr in Riverside».",
        "city: «geography Mobile»\nstate: NC",
    ]);
    check_clean(&["city: unknown", "in Reading the note"]);
}
