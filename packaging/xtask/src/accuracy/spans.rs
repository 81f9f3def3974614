//! Texts with labelled spans: `[{"full_text", "spans": [{"entity_type", "start_position", "end_position"}]}]`,
//! positions in characters.
//!
//! A span counts as found when every character of it that is a letter or digit lies in some finding. The texts are
//! scanned as one, with blank lines between them.

use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::path::Path;
use std::process::Command;

use harness::tree;
use serde_json::Value;

use super::Score;
use crate::error::TaskError;

/// Labels that name somebody, or lead to one, by themselves. Titles, nationalities, organisations and ages below 90 don't;
/// places and dates may be countries and years.
const DIRECT: [&str; 11] = [
    "PERSON",
    "STREET_ADDRESS",
    "PHONE_NUMBER",
    "EMAIL_ADDRESS",
    "CREDIT_CARD",
    "IBAN_CODE",
    "US_SSN",
    "US_DRIVER_LICENSE",
    "IP_ADDRESS",
    "DOMAIN_NAME",
    "ZIP_CODE",
];

/// Enough that no rule looks from one text into the next.
const BETWEEN: &str = "\n\n\n\n";

struct Document {
    place: Range<usize>,
    spans: Vec<(String, Range<usize>)>,
}

pub(super) fn score(file: &Path) -> Result<Vec<Score>, TaskError> {
    let text = fs::read_to_string(file).map_err(TaskError::io("reading labelled texts"))?;
    let labelled: Value = serde_json::from_str(&text)
        .map_err(|error| TaskError::Unexpected(format!("{}: {error}", file.display())))?;
    let (text, documents) = joined(&labelled)
        .ok_or_else(|| TaskError::Unexpected(format!("{}: not labelled texts", file.display())))?;
    Ok(scores(&text, &documents, &detect(&text)?))
}

/// The findings of `lazaret detect`, as one mark for each byte.
fn detect(text: &str) -> Result<Vec<bool>, TaskError> {
    let file = tempfile::NamedTempFile::new().map_err(TaskError::io("making a file"))?;
    fs::write(file.path(), text).map_err(TaskError::io("writing the texts"))?;
    let mut command = Command::new(tree::binary("lazaret")?);
    let output = harness::run(command.args(["detect", "--json"]).arg(file.path()))?;
    let mut found = vec![false; text.len()];
    for line in output.lines() {
        let finding: Value = serde_json::from_str(line)
            .map_err(|error| TaskError::Unexpected(format!("lazaret detect --json: {error}")))?;
        let offset = |key: &str| finding[key].as_u64().and_then(|at| usize::try_from(at).ok());
        if let (Some(start), Some(end)) = (offset("start"), offset("end")) {
            found.get_mut(start..end).into_iter().flatten().for_each(|mark| *mark = true);
        }
    }
    Ok(found)
}

fn joined(labelled: &Value) -> Option<(String, Vec<Document>)> {
    let (mut text, mut documents) = (String::new(), Vec::new());
    for entry in labelled.as_array()? {
        let own = entry["full_text"].as_str()?;
        let bytes: Vec<usize> = own.char_indices().map(|(at, _)| at).chain([own.len()]).collect();
        let start = text.len();
        let at = |value: &Value| {
            let position = usize::try_from(value.as_u64()?).ok()?;
            bytes.get(position).map(|byte| start + byte)
        };
        let span = |span: &Value| {
            let range = at(&span["start_position"])?..at(&span["end_position"])?;
            Some((span["entity_type"].as_str()?.to_string(), range))
        };
        let spans = entry["spans"].as_array()?.iter().map(span).collect::<Option<Vec<_>>>()?;
        text.push_str(own);
        documents.push(Document { place: start..text.len(), spans });
        text.push_str(BETWEEN);
    }
    Some((text, documents))
}

fn scores(text: &str, documents: &[Document], found: &[bool]) -> Vec<Score> {
    let covered = |span: &Range<usize>| {
        let letters = text[span.clone()].char_indices().filter(|(_, c)| c.is_alphanumeric());
        letters.map(|(at, _)| at).all(|at| found[span.start + at])
    };
    let mut by_type: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut clean = 0;
    let mut marked = vec![false; found.len()];
    for document in documents {
        let mut leaks = false;
        for (kind, span) in &document.spans {
            let (hit, all) = by_type.entry(kind).or_default();
            let is_covered = covered(span);
            *hit += usize::from(is_covered);
            *all += 1;
            leaks |= !is_covered && DIRECT.contains(&kind.as_str());
            marked[span.clone()].fill(true);
        }
        clean += usize::from(!leaks);
    }
    let within = documents.iter().flat_map(|document| document.place.clone());
    let (mut right, mut all) = (0, 0);
    for at in within.filter(|at| found[*at]) {
        all += 1;
        right += usize::from(marked[at]);
    }
    let mut scores = vec![
        Score::share("documents without a direct identifier", clean, documents.len()),
        Score::share("precision by character", right, all),
    ];
    for (kind, (hit, all)) in by_type {
        let sort = if DIRECT.contains(&kind) { "found" } else { "found, not direct" };
        scores.push(Score::share(format!("{kind} {sort}"), hit, all));
    }
    scores.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_counts_when_all_its_letters_are_found() {
        let labelled = serde_json::json!([
            { "full_text": "ü Ann Lee, dial", "spans": [
                { "entity_type": "PERSON", "start_position": 2, "end_position": 9 } ] },
            { "full_text": "Bob", "spans": [
                { "entity_type": "PERSON", "start_position": 0, "end_position": 3 } ] },
        ]);
        let (text, documents) = joined(&labelled).unwrap();
        let mut found = vec![false; text.len()];
        // "Ann" and "Lee" without the space between them, and a word too many.
        for range in [3..6, 7..10, 12..16] {
            found[range].fill(true);
        }
        let scores = scores(&text, &documents, &found);
        let of = |name: &str| scores.iter().find(|score| score.name == name).unwrap().value;
        assert!((of("PERSON found") - 0.5).abs() < 1e-9);
        assert!((of("documents without a direct identifier") - 0.5).abs() < 1e-9);
        assert!((of("precision by character") - 0.6).abs() < 1e-9);
    }
}
