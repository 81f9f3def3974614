//! One cell at a time: carries out its column's action, or gathers it for the scan.

use std::io::Write;
use std::net::{Ipv4Addr, Ipv6Addr};

use lazaret_detectors::{Class, Identifier, Scanner};
use lazaret_policy::{Action, ColumnPlan, Format, TypeKind};

use super::gather::{Cover, Gather};
use super::keep::{Syntax, each_element};
use super::outcome::{Length, Outcome};
use super::score::Scores;
use super::value::Value;
use super::{Counts, Dates, blob, explained, nested, number, typed};

/// Values within values: more than any schema has a use for.
const MAX_DEPTH: usize = 8;

/// Masks cells and gathers those to scan.
#[derive(Default)]
pub(super) struct Cells {
    gather: Gather,
    /// What a value is in text, where it is scanned in another form than its own.
    rendered: Vec<u8>,
}

impl Cells {
    /// Masks a cell in place or gathers it, and lets it tell of the column that it is `scored` for, if
    /// any; `at` is where it will be when
    /// [`cover`](Self::cover) is called.
    pub(super) fn mask(
        &mut self,
        scored: Option<usize>,
        column: &ColumnPlan,
        dates: Dates,
        length: Length,
        cell: &mut [u8],
        at: usize,
    ) -> Outcome {
        let outcome = match column.action {
            Action::Pass => return Outcome::Same,
            Action::Scan | Action::Structure | Action::Properties => {
                if column.action == Action::Structure
                    && explained::cover_literals(column.kind, cell)
                {
                    self.gather.masked(column.class);
                }
                let value = Value {
                    kind: column.kind,
                    type_oid: column.type_oid,
                    format: column.format,
                    bytes: cell,
                    at,
                };
                let mark = self.gather.mark();
                self.gather.column(scored, column.class);
                let outcome = match (column.action, column.kind) {
                    (Action::Structure | Action::Properties, TypeKind::Json) => {
                        self.push_as_is(&value, Cover::Keeping(Syntax::Plan))
                    }
                    _ => self.scan(value, dates, length, 0),
                };
                if outcome == Outcome::Null {
                    self.gather.abandon(mark);
                }
                outcome
            }
            _ => typed::mask(column, dates, length, cell),
        };
        if outcome != Outcome::Same {
            self.gather.masked(column.class);
        }
        outcome
    }

    /// Gathers a value that is within `depth` others, or masks what need not be scanned.
    fn scan(&mut self, value: Value<'_>, dates: Dates, length: Length, depth: usize) -> Outcome {
        use TypeKind as K;
        if value.bytes.is_empty() {
            return Outcome::Same;
        }
        match (value.kind, value.format) {
            (K::Bool | K::Time | K::TimeTz | K::Interval | K::Bit, _) => Outcome::Same,
            (K::Date | K::Timestamp | K::TimestampTz, format) => {
                typed::year(value.kind, format, dates, length, value.bytes)
            }
            (K::Text | K::Enum, _) | (K::Other, Format::Text) => {
                self.push_as_is(&value, Cover::Findings)
            }
            (K::Json, _) | (K::Jsonb, Format::Text) => {
                self.push_as_is(&value, Cover::Keeping(Syntax::Json))
            }
            (K::Jsonb, Format::Binary) => self.scan_jsonb(value),
            (K::Xml, _) => self.push_as_is(&value, Cover::Keeping(Syntax::Xml)),
            (K::Range, Format::Text) => self.push_as_is(&value, Cover::Keeping(Syntax::Elements)),
            (K::Array | K::Composite, Format::Text) => {
                self.push_elements(&value);
                self.push_as_is(&value, Cover::Keeping(Syntax::Elements))
            }
            (K::Array | K::Composite | K::Range, Format::Binary) => {
                self.scan_nested(value, dates, depth)
            }
            (K::TsVector, _) | (K::Other, Format::Binary) => Outcome::Null,
            (K::Bytea, _) => self.scan_blob(value, length),
            (
                K::Int2
                | K::Int4
                | K::Int8
                | K::Oid
                | K::Float4
                | K::Float8
                | K::Numeric
                | K::Money
                | K::Uuid
                | K::Inet
                | K::MacAddr,
                Format::Text,
            ) => self.push_as_is(&value, Cover::Whole(value.kind, Format::Text)),
            (_, Format::Binary) => self.scan_rendered(value),
        }
    }

    /// The lengths around an element stay, so it keeps its own.
    fn scan_nested(&mut self, value: Value<'_>, dates: Dates, depth: usize) -> Outcome {
        if depth == MAX_DEPTH {
            return Outcome::Null;
        }
        nested::walk(value, |element| self.scan(element, dates, Length::Kept, depth + 1))
    }

    /// A cell was masked elsewhere.
    pub(super) fn masked(&mut self, class: Class) {
        self.gather.masked(class);
    }

    pub(super) fn is_full(&self) -> bool {
        self.gather.is_full()
    }

    pub(super) fn clear(&mut self) {
        self.gather.clear();
    }

    /// Scans what was gathered, covers the findings in `bytes`, and says what was masked.
    pub(super) fn cover(
        &mut self,
        bytes: &mut [u8],
        dates: Dates,
        scores: &mut Scores,
        scanner: &mut Scanner,
    ) -> Counts {
        self.gather.cover(bytes, dates, scores, scanner)
    }

    fn push_as_is(&mut self, value: &Value<'_>, cover: Cover) -> Outcome {
        self.gather.push(value.bytes, value.at, value.bytes.len(), cover);
        Outcome::Same
    }

    /// Each element by itself, as in binary: what a cell of its own tells doesn't show beside others.
    fn push_elements(&mut self, value: &Value<'_>) {
        each_element(value.bytes, |element| {
            let (start, len) = (value.at + element.start, element.len());
            let cover = Cover::Keeping(Syntax::Elements);
            self.gather.push(&value.bytes[element], start, len, cover);
        });
    }

    /// There is a version before the text, and only 1 is known.
    fn scan_jsonb(&mut self, value: Value<'_>) -> Outcome {
        let [1, text @ ..] = value.bytes else {
            return Outcome::Null;
        };
        self.gather.push(text, value.at + 1, text.len(), Cover::Keeping(Syntax::Json));
        Outcome::Same
    }

    fn scan_blob(&mut self, value: Value<'_>, length: Length) -> Outcome {
        self.rendered.clear();
        if !blob::decode(value.format, value.bytes, &mut self.rendered) {
            return Outcome::Null;
        }
        if blob::is_opaque(&self.rendered) {
            self.gather.found(Identifier::Photograph);
            return match length {
                Length::MayShrink => Outcome::Null,
                Length::Kept => blob::whole(value.format, value.bytes),
            };
        }
        let cover = Cover::Whole(TypeKind::Bytea, value.format);
        self.gather.push(&self.rendered, value.at, value.bytes.len(), cover);
        Outcome::Same
    }

    /// Scans what a binary value is in text.
    fn scan_rendered(&mut self, value: Value<'_>) -> Outcome {
        self.rendered.clear();
        if !render(value.kind, value.bytes, &mut self.rendered) {
            return Outcome::Null;
        }
        let cover = Cover::Whole(value.kind, Format::Binary);
        self.gather.push(&self.rendered, value.at, value.bytes.len(), cover);
        Outcome::Same
    }
}

/// Appends what a binary value is in text; false where it can't be one of its type.
fn render(kind: TypeKind, bytes: &[u8], out: &mut Vec<u8>) -> bool {
    use TypeKind as K;
    let written = match kind {
        K::Int2 | K::Int4 | K::Int8 | K::Money => match number::read_int(Format::Binary, bytes) {
            Some(value) => write!(out, "{value}"),
            None => return false,
        },
        K::Oid => match bytes.try_into() {
            Ok(oid) => write!(out, "{}", u32::from_be_bytes(oid)),
            Err(_) => return false,
        },
        K::Float4 | K::Float8 => match number::read_float(bytes) {
            Some(value) => write!(out, "{value}"),
            None => return false,
        },
        K::Numeric => return number::render_numeric(bytes, out),
        K::Uuid => match bytes.try_into() {
            Ok(uuid) => {
                let hex = format!("{:032x}", u128::from_be_bytes(uuid));
                let group = |range| hex.get(range).unwrap_or_default();
                write!(
                    out,
                    "{}-{}-{}-{}-{}",
                    group(0..8),
                    group(8..12),
                    group(12..16),
                    group(16..20),
                    group(20..32)
                )
            }
            Err(_) => return false,
        },
        K::Inet => match bytes {
            [_, _, _, 4, address @ ..] => match <[u8; 4]>::try_from(address) {
                Ok(address) => write!(out, "{}", Ipv4Addr::from(address)),
                Err(_) => return false,
            },
            [_, _, _, 16, address @ ..] => match <[u8; 16]>::try_from(address) {
                Ok(address) => write!(out, "{}", Ipv6Addr::from(address)),
                Err(_) => return false,
            },
            _ => return false,
        },
        K::MacAddr => bytes
            .iter()
            .enumerate()
            .try_for_each(|(at, byte)| write!(out, "{}{byte:02x}", if at == 0 { "" } else { ":" })),
        _ => return false,
    };
    written.is_ok()
}
