//! What a site adds to the detectors is found by the whole gateway: in results, whatever their form, and in cells
//! that come in pieces.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod support;

use harness::wire::rows;
use support::Clinic;

/// Nobody's name and no known number: nothing but the site's own rules finds them.
const TABLES: &str = "
    CREATE TABLE remarks AS SELECT n AS remark_id, body FROM (VALUES
        (1, 'moved to bed, chart KX-204-77q, ward round at noon'),
        (2, 'asked for the night lamp'),
        (3, 'KX-204 alone is a form')) v (n, body);
    CREATE TABLE reports AS SELECT 1 AS report_id, repeat('The lungs are clear. ', 60000)
        || 'KX-204-77q' || repeat(' The heart is regular.', 60000) AS body;
";

fn clinic() -> (Clinic, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let terms = folder.path().join("terms.txt");
    std::fs::write(&terms, "night lamp\n").unwrap();
    let clinic = Clinic::with(TABLES, |options| {
        let pattern = r#"[{ name = "chart", expression = '\bKX-\d{3}-\d{2}q\b', identifier = "medical_record" }]"#;
        let dictionary =
            format!(r#"[{{ name = "lamps", file = {terms:?}, identifier = "name" }}]"#);
        options.settings.push(("detectors", "pattern", pattern.to_owned()));
        options.settings.push(("detectors", "dictionary", dictionary));
    });
    (clinic, folder)
}

#[test]
fn a_sites_own_numbers_and_words_are_masked_in_what_comes_back() {
    let (clinic, _folder) = clinic();
    let mut agent = clinic.agent();
    let answer = agent.query("SELECT body FROM remarks ORDER BY remark_id").unwrap();
    let bodies = rows(&answer).into_iter().map(|row| row[0].clone().unwrap()).collect::<Vec<_>>();
    assert_eq!(
        bodies,
        [
            "moved to bed, chart **********, ward round at noon",
            "asked for the **********",
            "KX-204 alone is a form",
        ]
    );

    // A cell that is larger than a buffer is scanned as a stream.
    let answer = agent.query("SELECT body FROM reports").unwrap();
    let body = rows(&answer)[0][0].clone().unwrap();
    let original = clinic.value("SELECT body FROM reports");
    assert_eq!(body, original.replace("KX-204-77q", "**********"));
}
