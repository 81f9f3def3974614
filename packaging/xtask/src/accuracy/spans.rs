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

/// Ends the name of a score of labels that [`DIRECT`] lacks.
pub(super) const NOT_DIRECT: &str = "found, not direct";

/// Labels that name somebody, or lead to one, by themselves. Titles, nationalities, organisations and ages below 90 don't;
/// places and dates may be countries and years; what is labelled as a town or a day is none.
const DIRECT: [&str; 22] = [
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
    "TOWN",
    "COORDINATES",
    "DATE",
    "AGE_ABOVE_89",
    "MEDICAL_RECORD_NUMBER",
    "HEALTH_PLAN_NUMBER",
    "ACCOUNT_NUMBER",
    "LICENSE_NUMBER",
    "VEHICLE_NUMBER",
    "DEVICE_NUMBER",
    "OTHER_CODE",
];

/// Enough line ends that no rule looks from one text into the next.
const BETWEEN_BYTES: usize = 1024;

/// Labelled texts, one behind the other.
pub(super) struct Texts {
    pub(super) joined: String,
    documents: Vec<Document>,
}

struct Document {
    place: Range<usize>,
    spans: Vec<(String, Range<usize>)>,
}

impl Texts {
    pub(super) fn read(file: &Path) -> Result<Self, TaskError> {
        let text = fs::read_to_string(file).map_err(TaskError::io("reading labelled texts"))?;
        let labelled: Value = serde_json::from_str(&text)
            .map_err(|error| TaskError::Unexpected(format!("{}: {error}", file.display())))?;
        Self::of(&labelled)
            .ok_or_else(|| TaskError::Unexpected(format!("{}: not labelled texts", file.display())))
    }

    fn of(labelled: &Value) -> Option<Self> {
        let (mut joined, mut documents) = (String::new(), Vec::new());
        for entry in labelled.as_array()? {
            let own = entry["full_text"].as_str()?;
            let bytes = byte_offsets(own);
            let start = joined.len();
            let at = |value: &Value| {
                let position = usize::try_from(value.as_u64()?).ok()?;
                bytes.get(position).map(|byte| start + byte)
            };
            let span = |span: &Value| {
                let range = at(&span["start_position"])?..at(&span["end_position"])?;
                Some((span["entity_type"].as_str()?.to_string(), range))
            };
            let spans = entry["spans"].as_array()?.iter().map(span).collect::<Option<Vec<_>>>()?;
            joined.push_str(own);
            documents.push(Document { place: start..joined.len(), spans });
            joined.push_str(&"\n".repeat(BETWEEN_BYTES));
        }
        Some(Self { joined, documents })
    }

    /// Each text by itself.
    pub(super) fn each(&self) -> impl Iterator<Item = &str> {
        self.documents.iter().map(|document| &self.joined[document.place.clone()])
    }

    /// One mark for each byte of the joined texts, set where a finding is: its characters in the
    /// text of this number.
    pub(super) fn marks(&self, found: impl Iterator<Item = (usize, Range<usize>)>) -> Vec<bool> {
        let mut marks = vec![false; self.joined.len()];
        for (number, characters) in found {
            let Some(document) = self.documents.get(number) else { continue };
            let bytes = byte_offsets(&self.joined[document.place.clone()]);
            let at =
                |character: usize| bytes.get(character).map(|byte| document.place.start + byte);
            if let (Some(start), Some(end)) = (at(characters.start), at(characters.end)) {
                marks.get_mut(start..end).into_iter().flatten().for_each(|mark| *mark = true);
            }
        }
        marks
    }

    /// Scores what was found; their names begin with `whose`.
    pub(super) fn scores(&self, found: &[bool], whose: &str) -> Vec<Score> {
        let covered = |span: &Range<usize>| {
            let text = &self.joined[span.clone()];
            let letters = text.char_indices().filter(|(_, c)| c.is_alphanumeric());
            letters.map(|(at, _)| at).all(|at| found[span.start + at])
        };
        let mut by_type: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
        let mut clean = 0;
        let mut marked = vec![false; found.len()];
        for document in &self.documents {
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
        let within = self.documents.iter().flat_map(|document| document.place.clone());
        let (mut right, mut all) = (0, 0);
        for at in within.filter(|at| found[*at]) {
            all += 1;
            right += usize::from(marked[at]);
        }
        let name = |what: &str| format!("{whose}{what}");
        let mut scores = vec![
            Score::share(
                name("documents without a direct identifier"),
                clean,
                self.documents.len(),
            ),
            Score::share(name("precision by character"), right, all),
        ];
        for (kind, (hit, all)) in by_type {
            let sort = if DIRECT.contains(&kind) { "found" } else { NOT_DIRECT };
            scores.push(Score::share(name(&format!("{kind} {sort}")), hit, all));
        }
        scores.into_iter().flatten().collect()
    }
}

/// Where each character begins, and where the text ends.
fn byte_offsets(text: &str) -> Vec<usize> {
    text.char_indices().map(|(at, _)| at).chain([text.len()]).collect()
}

/// The findings of `lazaret detect`, as one mark for each byte.
pub(super) fn detect(text: &str) -> Result<Vec<bool>, TaskError> {
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
        let texts = Texts::of(&labelled).unwrap();
        let mut found = vec![false; texts.joined.len()];
        // "Ann" and "Lee" without the space between them, and a word too many.
        for range in [3..6, 7..10, 12..16] {
            found[range].fill(true);
        }
        let scores = texts.scores(&found, "");
        let of = |name: &str| scores.iter().find(|score| score.name == name).unwrap().value;
        assert!((of("PERSON found") - 0.5).abs() < 1e-9);
        assert!((of("documents without a direct identifier") - 0.5).abs() < 1e-9);
        assert!((of("precision by character") - 0.6).abs() < 1e-9);
    }

    #[test]
    fn what_a_peer_finds_is_told_in_characters() {
        let labelled = serde_json::json!([
            { "full_text": "none", "spans": [] },
            { "full_text": "ü Ann", "spans": [] },
        ]);
        let texts = Texts::of(&labelled).unwrap();
        let marks = texts.marks([(1, 2..5)].into_iter());
        let marked: String = texts
            .joined
            .bytes()
            .zip(marks)
            .filter(|(_, it)| *it)
            .map(|(byte, _)| char::from(byte))
            .collect();
        assert_eq!(marked, "Ann");
    }
}
