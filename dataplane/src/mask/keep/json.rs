//! JSON (RFC 8259). Punctuation stays; an escape that was covered in part is covered whole; a number
//! that is none with its findings covered becomes 0, with blanks behind it.

use lazaret_detectors::is_json_number;

use super::Token;

/// Puts each key back as it was: a string, escapes and all, with a colon behind it.
pub(super) fn restore_keys(original: &[u8], masked: &mut [u8]) {
    let mut at = 0;
    while let Some(open) = original.iter().skip(at).position(|byte| *byte == b'"') {
        let start = at + open + 1;
        let mut end = start;
        while original.get(end).is_some_and(|byte| *byte != b'"') {
            end += if original[end] == b'\\' { 2 } else { 1 };
        }
        let behind = original.iter().skip(end + 1).find(|byte| !byte.is_ascii_whitespace());
        if behind == Some(&b':') {
            masked[start..end].copy_from_slice(&original[start..end]);
        }
        at = end + 1;
    }
}

/// A longer number is covered digit by digit, so that it need not be held back.
const NUMBER_BYTES: usize = 64;

/// Mends a JSON text that comes in pieces. What it holds back is at most one number or escape.
#[derive(Default)]
pub(in crate::mask) struct JsonKeeper {
    state: State,
    token: Token,
}

#[derive(Clone, Copy, Default)]
enum State {
    #[default]
    Outside,
    InString,
    /// So many bytes of an escape are still to come; more are, if the next is a `u`.
    InEscape {
        missing: usize,
    },
    InNumber,
    /// A number too long to hold.
    InLongNumber {
        is_covered: bool,
    },
}

impl JsonKeeper {
    /// Takes the next bytes, as they were and as they are, and appends what is decided.
    pub(in crate::mask) fn push(&mut self, original: &[u8], masked: &[u8], out: &mut Vec<u8>) {
        debug_assert_eq!(original.len(), masked.len(), "masks of findings keep the length");
        for (&original, &masked) in original.iter().zip(masked) {
            self.step(original, masked, out);
        }
    }

    /// The text ends here.
    pub(in crate::mask) fn finish(&mut self, out: &mut Vec<u8>) {
        match self.state {
            State::InNumber => self.end_number(out),
            State::InEscape { .. } => self.end_escape(out),
            State::Outside | State::InString | State::InLongNumber { .. } => {}
        }
        self.state = State::Outside;
    }

    fn step(&mut self, original: u8, masked: u8, out: &mut Vec<u8>) {
        self.state = match self.state {
            State::Outside => self.step_outside(original, masked, out),
            State::InString => match original {
                b'"' => {
                    out.push(original);
                    State::Outside
                }
                b'\\' => {
                    self.token.push(original, masked);
                    State::InEscape { missing: 1 }
                }
                _ => {
                    out.push(masked);
                    State::InString
                }
            },
            State::InEscape { missing } => {
                let is_unicode = original == b'u' && self.token.len() == 1;
                self.token.push(original, masked);
                match if is_unicode { 4 } else { missing - 1 } {
                    0 => {
                        self.end_escape(out);
                        State::InString
                    }
                    missing => State::InEscape { missing },
                }
            }
            State::InNumber if !is_of_number(original) => {
                self.end_number(out);
                self.step_outside(original, masked, out)
            }
            State::InNumber if self.token.len() == NUMBER_BYTES => {
                let is_covered = self.token.is_covered();
                self.token.replace_digits(is_covered, out);
                self.step_long_number(is_covered, original, masked, out)
            }
            State::InNumber => {
                self.token.push(original, masked);
                State::InNumber
            }
            State::InLongNumber { .. } if !is_of_number(original) => {
                self.step_outside(original, masked, out)
            }
            State::InLongNumber { is_covered } => {
                self.step_long_number(is_covered, original, masked, out)
            }
        };
    }

    fn step_outside(&mut self, original: u8, masked: u8, out: &mut Vec<u8>) -> State {
        match original {
            b'"' => {
                out.push(original);
                State::InString
            }
            b'-' | b'0'..=b'9' => {
                self.token.push(original, masked);
                State::InNumber
            }
            b'{' | b'}' | b'[' | b']' | b':' | b',' | b' ' | b'\t' | b'\n' | b'\r' => {
                out.push(original);
                State::Outside
            }
            _ => {
                out.push(masked);
                State::Outside
            }
        }
    }

    fn step_long_number(
        &mut self,
        was_covered: bool,
        original: u8,
        masked: u8,
        out: &mut Vec<u8>,
    ) -> State {
        let is_covered = was_covered || original != masked;
        out.push(if is_covered && original.is_ascii_digit() { b'0' } else { original });
        State::InLongNumber { is_covered }
    }

    /// A mask may be a number itself, as an age that was capped is.
    fn end_number(&mut self, out: &mut Vec<u8>) {
        if self.token.is_covered() && !is_json_number(self.token.masked.trim_ascii()) {
            self.token.replace(out, b'0', b' ');
        } else {
            self.token.release(out);
        }
    }

    fn end_escape(&mut self, out: &mut Vec<u8>) {
        if self.token.is_covered() {
            self.token.replace(out, b'*', b'*');
        } else {
            self.token.release(out);
        }
    }
}

impl Token {
    /// As it was, or with its first digit a one and the others zeros, since a number can't begin
    /// with two zeros.
    fn replace_digits(&mut self, is_covered: bool, out: &mut Vec<u8>) {
        let mut next = b'1';
        for &byte in &self.original {
            let is_digit = byte.is_ascii_digit();
            out.push(if is_covered && is_digit {
                std::mem::replace(&mut next, b'0')
            } else {
                byte
            });
        }
        self.original.clear();
        self.masked.clear();
    }
}

fn is_of_number(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E')
}
