//! What records show of texts and parameters: masked by the detectors, and cut.
//!
//! A text is scanned as a whole, and each of its literals as a cell of its own: a name tells more of
//! itself alone than among SQL. In a pattern (`'%Maria%'`) the wildcards count as blanks.

mod literals;

use lazaret_detectors::{Batch, Finding, Scanner, StreamMasker, mask};
use lazaret_proto::pg::{Format, frontend};

use crate::limits::{RECORDED_PARAMETER_BYTES, RECORDED_TEXT_BYTES};
use crate::mask::cover_text;

/// What a record keeps of a name; PostgreSQL itself keeps less.
const NAME_BYTES: usize = 128;

/// Scratch memory that is used again.
#[derive(Default)]
pub(super) struct Excerpts {
    bytes: Vec<u8>,
    name: String,
    text: String,
    parameters: Vec<String>,
    findings: Vec<Finding>,
    /// The literals of a text, each a cell, and where they begin.
    cells: Batch,
    starts: Vec<usize>,
    /// A literal without its wildcards.
    plain: Vec<u8>,
}

/// What is excerpted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    Sql,
    /// A name, or one value.
    Value,
}

impl Excerpts {
    /// A statement's name, and its text.
    pub(super) fn statement(
        &mut self,
        name: &[u8],
        text: &[u8],
        scanner: &mut Scanner,
    ) -> (&str, &str) {
        self.keep_name(name, scanner);
        self.text.clear();
        self.excerpt(text, Source::Sql, RECORDED_TEXT_BYTES, scanner);
        (&self.name, &self.text)
    }

    /// The statement's name, and the parameters: text in quotes, `NULL`, and binary ones by their
    /// size, for without their types nothing can be found in those.
    pub(super) fn bind(
        &mut self,
        bind: &frontend::Bind<'_>,
        scanner: &mut Scanner,
    ) -> (&str, &[String]) {
        self.keep_name(bind.statement, scanner);
        self.parameters.clear();
        let mut room = RECORDED_TEXT_BYTES;
        for (index, value) in bind.parameters.iter().enumerate() {
            let shown = match value {
                _ if room == 0 => break,
                None => "NULL".to_owned(),
                Some(bytes) if bind.parameter_formats.of(index) == Format::Binary => {
                    format!("<{} bytes>", bytes.len())
                }
                Some(bytes) => self.quoted(bytes, scanner),
            };
            // A record's strings cost a few bytes each beside their text.
            room = room.saturating_sub(shown.len() + 16);
            self.parameters.push(shown);
        }
        (&self.name, &self.parameters)
    }

    fn keep_name(&mut self, name: &[u8], scanner: &mut Scanner) {
        self.name.clear();
        if !name.is_empty() {
            self.text.clear();
            self.excerpt(name, Source::Value, NAME_BYTES, scanner);
            self.name.push_str(&self.text);
        }
    }

    fn quoted(&mut self, value: &[u8], scanner: &mut Scanner) -> String {
        self.text.clear();
        self.excerpt(value, Source::Value, RECORDED_PARAMETER_BYTES, scanner);
        format!("'{}'", self.text)
    }

    /// Masks before it cuts, and looks further than it shows: the beginning of an identifier
    /// would not be found.
    fn excerpt(&mut self, text: &[u8], source: Source, limit: usize, scanner: &mut Scanner) {
        let seen = text.len().min(limit + StreamMasker::HOLD_BYTES);
        self.bytes.clear();
        self.bytes.extend_from_slice(&text[..seen]);
        match source {
            Source::Sql => literals::each(&text[..seen], |place| {
                self.gather(&text[place.clone()], place.start, true)
            }),
            Source::Value => self.gather(&text[..seen], 0, false),
        }
        cover_text(&mut self.bytes, scanner, &mut self.findings);
        self.cover_cells(scanner);
        self.bytes.truncate(limit);
        for chunk in self.bytes.utf8_chunks() {
            self.text.push_str(chunk.valid());
        }
    }

    /// To be scanned by itself: a literal, and what it is without its wildcards, if it has any. `_` in the
    /// middle stands for itself far more often than for any character: `patient_id`.
    fn gather(&mut self, literal: &[u8], start: usize, as_is: bool) {
        if as_is {
            self.cells.push(literal);
            self.starts.push(start);
        }
        let is_end = |byte: &u8| matches!(byte, b'%' | b'_' | b' ');
        let lead = literal.iter().take_while(|byte| is_end(byte)).count();
        let trail = literal.iter().rev().take_while(|byte| is_end(byte)).count();
        let Some(inner) = literal.get(lead..literal.len() - trail) else { return };
        if inner.len() < literal.len() || inner.contains(&b'%') {
            self.plain.clear();
            self.plain.extend(inner.iter().map(|byte| if *byte == b'%' { b' ' } else { *byte }));
            self.cells.push(&self.plain);
            self.starts.push(start + lead);
        }
    }

    fn cover_cells(&mut self, scanner: &mut Scanner) {
        if self.cells.is_empty() {
            return;
        }
        for found in scanner.scan_batch(&self.cells) {
            let start = self.starts.get(found.cell as usize).copied().unwrap_or_default();
            if let Some(cell) = self.bytes.get_mut(start..) {
                mask::redact_findings(cell, &[found.finding]);
            }
        }
        self.cells.clear();
        self.starts.clear();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, LazyLock};

    use lazaret_detectors::Pack;

    use super::*;

    fn scanner() -> Scanner {
        static PACK: LazyLock<Arc<Pack>> = LazyLock::new(|| Pack::load(None).unwrap());
        Scanner::new(&PACK).unwrap()
    }

    fn recorded(text: &str) -> String {
        let mut excerpts = Excerpts::default();
        excerpts.statement(b"", text.as_bytes(), &mut scanner()).1.to_owned()
    }

    #[test]
    fn a_name_in_a_pattern_is_not_recorded() {
        for (text, expected) in [
            (
                "SELECT 1 FROM t WHERE note LIKE '%Maria%'",
                "SELECT 1 FROM t WHERE note LIKE '%*****%'",
            ),
            (
                "SELECT 1 FROM t WHERE note ILIKE 'maria lopez%'",
                "SELECT 1 FROM t WHERE note ILIKE '***********%'",
            ),
            (
                "SELECT 1 FROM t WHERE n LIKE '%Maria%Lopez_'",
                "SELECT 1 FROM t WHERE n LIKE '%***********_'",
            ),
            (
                "SELECT 1 FROM t WHERE n LIKE E'%\\'Maria%' AND b",
                "SELECT 1 FROM t WHERE n LIKE E'%\\'*****%' AND b",
            ),
            ("SELECT $$_Maria%$$", "SELECT $$_*****%$$"),
            (
                "SELECT 1 FROM t WHERE name = 'kowalczyk'",
                "SELECT 1 FROM t WHERE name = '*********'",
            ),
        ] {
            assert_eq!(recorded(text), expected);
        }
    }

    #[test]
    fn a_pattern_that_names_nobody_is_recorded() {
        for text in [
            "SELECT relname FROM pg_class WHERE relname LIKE 'pg_am%'",
            "SELECT 1 FROM t WHERE note LIKE '%asthma%' AND code LIKE 'E11.%'",
            "SELECT '%', '_', '', '%%' -- it's",
        ] {
            assert_eq!(recorded(text), text);
        }
    }

    #[test]
    fn a_name_in_a_parameter_that_is_a_pattern_is_not_recorded() {
        let mut excerpts = Excerpts::default();
        excerpts.text.clear();
        assert_eq!(excerpts.quoted(b"%Maria%", &mut scanner()), "'%*****%'");
        assert_eq!(excerpts.quoted(b"100%", &mut scanner()), "'100%'");
    }
}
