//! What records show of texts and parameters: masked by the detectors, and cut.

use lazaret_detectors::{Finding, Scanner, StreamMasker};
use lazaret_proto::pg::{Format, frontend};

use crate::limits::{RECORDED_PARAMETER_BYTES, RECORDED_TEXT_BYTES};
use crate::mask::cover_text;

/// Scratch memory that is used again.
#[derive(Default)]
pub(super) struct Excerpts {
    bytes: Vec<u8>,
    text: String,
    parameters: Vec<String>,
    findings: Vec<Finding>,
}

impl Excerpts {
    pub(super) fn statement(&mut self, text: &[u8], scanner: &mut Scanner) -> &str {
        self.text.clear();
        self.excerpt(text, RECORDED_TEXT_BYTES, scanner);
        &self.text
    }

    /// Text parameters in quotes, `NULL`, and binary ones by their size: without their types
    /// nothing can be found in those.
    pub(super) fn parameters(
        &mut self,
        bind: &frontend::Bind<'_>,
        scanner: &mut Scanner,
    ) -> &[String] {
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
        &self.parameters
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
