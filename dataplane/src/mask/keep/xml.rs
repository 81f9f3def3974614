//! XML. Markup stays, with `x` for what was covered in its names; a reference that was covered in
//! part is covered whole.

use super::Token;

/// `&#x10FFFF;`, and the names of most entities.
const REFERENCE_BYTES: usize = 16;

/// Mends an XML text that comes in pieces. What it holds back is at most one reference.
#[derive(Default)]
pub(in crate::mask) struct XmlKeeper {
    state: State,
    token: Token,
}

#[derive(Clone, Copy, Default)]
enum State {
    #[default]
    Text,
    /// The byte behind a `<`.
    Opened,
    Tag,
    /// A comment, a CDATA section or a declaration.
    Declaration,
    Value {
        quote: u8,
    },
    /// A reference in a text, or in a value.
    Reference {
        quote: Option<u8>,
    },
}

impl XmlKeeper {
    /// Takes the next bytes, as they were and as they are, and appends what is decided.
    pub(in crate::mask) fn push(&mut self, original: &[u8], masked: &[u8], out: &mut Vec<u8>) {
        debug_assert_eq!(original.len(), masked.len(), "masks of findings keep the length");
        for (&original, &masked) in original.iter().zip(masked) {
            self.state = self.step(original, masked, out);
        }
    }

    /// The text ends here.
    pub(in crate::mask) fn finish(&mut self, out: &mut Vec<u8>) {
        self.token.release(out);
        self.state = State::Text;
    }

    fn step(&mut self, original: u8, masked: u8, out: &mut Vec<u8>) -> State {
        match (self.state, original) {
            (State::Text, b'<') => kept(original, out, State::Opened),
            (State::Opened, b'!') => kept(original, out, State::Declaration),
            (State::Opened | State::Tag, b'"' | b'\'') => {
                kept(original, out, State::Value { quote: original })
            }
            (State::Opened | State::Tag | State::Declaration, b'>') => {
                kept(original, out, State::Text)
            }
            (State::Opened | State::Tag, _) => {
                let is_name = original.is_ascii_alphanumeric() || !original.is_ascii();
                let covered = if is_name { b'x' } else { original };
                kept(if original == masked { original } else { covered }, out, State::Tag)
            }
            (State::Declaration, b'-' | b'[' | b']') => kept(original, out, State::Declaration),
            (State::Declaration, _) => kept(masked, out, State::Declaration),
            (State::Value { quote }, _) if original == quote => kept(original, out, State::Tag),
            (State::Text, b'&') => self.hold(original, masked, None),
            (State::Value { quote }, b'&') => self.hold(original, masked, Some(quote)),
            (State::Text | State::Value { .. }, _) => kept(masked, out, self.state),
            (State::Reference { quote }, _) => self.step_reference(quote, original, masked, out),
        }
    }

    fn hold(&mut self, original: u8, masked: u8, quote: Option<u8>) -> State {
        self.token.push(original, masked);
        State::Reference { quote }
    }

    fn step_reference(
        &mut self,
        quote: Option<u8>,
        original: u8,
        masked: u8,
        out: &mut Vec<u8>,
    ) -> State {
        let within = match quote {
            Some(quote) => State::Value { quote },
            None => State::Text,
        };
        let is_part = original.is_ascii_alphanumeric() || matches!(original, b'#' | b';');
        if !is_part || self.token.len() == REFERENCE_BYTES {
            self.token.release(out);
            self.state = within;
            return self.step(original, masked, out);
        }
        self.token.push(original, masked);
        if original != b';' {
            return State::Reference { quote };
        }
        if self.token.is_covered() {
            self.token.replace(out, b'*', b'*');
        } else {
            self.token.release(out);
        }
        within
    }
}

fn kept(byte: u8, out: &mut Vec<u8>, next: State) -> State {
    out.push(byte);
    next
}
