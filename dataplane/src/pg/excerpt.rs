//! What records show of texts and parameters: masked by the detectors, and cut.

use lazaret_detectors::{Finding, Scanner, StreamMasker};
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
        self.excerpt(text, RECORDED_TEXT_BYTES, scanner);
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
            self.excerpt(name, NAME_BYTES, scanner);
            self.name.push_str(&self.text);
        }
    }

    fn quoted(&mut self, value: &[u8], scanner: &mut Scanner) -> String {
        self.text.clear();
        self.excerpt(value, RECORDED_PARAMETER_BYTES, scanner);
        format!("'{}'", self.text)
    }

    /// Masks before it cuts, and looks further than it shows: the beginning of an identifier
    /// would not be found.
    fn excerpt(&mut self, source: &[u8], limit: usize, scanner: &mut Scanner) {
        let seen = source.len().min(limit + StreamMasker::HOLD_BYTES);
        self.bytes.clear();
        self.bytes.extend_from_slice(&source[..seen]);
        cover_text(&mut self.bytes, scanner, &mut self.findings);
        self.bytes.truncate(limit);
        for chunk in self.bytes.utf8_chunks() {
            self.text.push_str(chunk.valid());
        }
    }
}
