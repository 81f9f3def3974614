//! XML: elements and attributes by name. C-CDA's and FHIR's are known; of other vocabularies a name
//! is read as a column's is, by [`class::by_name`].
//!
//! Text is covered between tags and values between quotes, so a document stays well-formed. No
//! parser: a tag that is none is text, and what is not closed is not missed.

use std::ops::Range;

use super::place::Place;
use crate::Identifier;
use crate::bytes::{self, ALNUM, ALPHA};
use crate::class::Class;
use crate::rules::{Found, Meaning};
use crate::window::Window;

const WHY: &str = "xml element";

/// Elements within elements whose names are remembered; deeper ones inherit from the last.
const DEPTH: usize = 24;

/// The longest name of an element or attribute that may mean something.
const NAME_BYTES: usize = 48;

/// What an element is, for its text, its attributes and its children.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Element {
    Other,
    /// A person, an agent or a relative: `name` in it is theirs.
    Person,
    /// Its text and its `value` hold this; so do its children, if they aren't codes.
    Holds(Place),
    /// `extension` holds an identifier.
    Id(Identifier),
    /// Its `value` child is an identifier (FHIR).
    Identifier,
    /// A code, a unit, a state: stays, whatever it stands in.
    Plain,
}

/// What stands at the position.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Between tags.
    Text,
    /// In a tag, behind its name or an attribute.
    Tag,
    /// In a value that is longer than a window, up to this quote.
    Value(u8, Option<Place>),
    /// In text that is longer than a window.
    LongText,
    Cdata,
    /// In what is no element: a closing tag, a comment, a declaration.
    Passing,
}

/// Where the walker stands in a document.
#[derive(Clone, Copy)]
pub(super) struct Walker {
    mode: Mode,
    open: [Element; DEPTH],
    depth: usize,
}

impl Walker {
    pub(super) fn begin(text: &[u8]) -> Option<Self> {
        let second = text.get(1).copied().filter(|_| text.first() == Some(&b'<'))?;
        let opens = bytes::is(second, ALPHA) || matches!(second, b'?' | b'!');
        opens.then_some(Self { mode: Mode::Text, open: [Element::Other; DEPTH], depth: 0 })
    }

    /// Reads on from `at`. Returns where to go on, or nothing behind the end.
    pub(super) fn step(
        &mut self,
        w: &Window<'_>,
        mut at: usize,
        found: &mut Found,
    ) -> Option<usize> {
        let begun = at;
        while at < w.len() {
            let next = match self.mode {
                Mode::Text | Mode::LongText => self.text(w, at, at > begun, found),
                Mode::Tag => self.tag(w, at, at > begun, found),
                Mode::Value(quote, place) => self.rest_of_value(w, at, quote, place, found),
                Mode::Cdata => self.cdata(w, at, found),
                Mode::Passing => Some(self.pass(w, at)),
            };
            match next {
                Some(next) => at = next,
                // Too little of it is seen from here.
                None => return Some(at),
            }
        }
        w.is_full().then_some(at)
    }

    fn top(&self) -> Element {
        let top = self.depth.min(DEPTH).checked_sub(1);
        top.and_then(|top| self.open.get(top)).copied().unwrap_or(Element::Other)
    }

    /// Text up to the next tag, and that tag's name.
    fn text(&mut self, w: &Window<'_>, at: usize, moved: bool, found: &mut Found) -> Option<usize> {
        if w.byte(at) == b'<' {
            if w.is_full() && moved && at + NAME_BYTES + 16 > w.len() {
                return None;
            }
            return Some(self.enter(w, at, found));
        }
        let end = w.skip_while(at, |byte| byte != b'<');
        let is_seen = end < w.len() || !w.is_full();
        if !is_seen && moved && self.mode == Mode::Text {
            return None;
        }
        self.cover(w, at..end, is_seen && self.mode == Mode::Text, self.top(), found);
        self.mode = if is_seen { Mode::Text } else { Mode::LongText };
        Some(end)
    }

    fn cdata(&mut self, w: &Window<'_>, at: usize, found: &mut Found) -> Option<usize> {
        let end = w.rest(at).windows(3).position(|it| it == b"]]>").map(|end| at + end);
        let until =
            end.unwrap_or_else(|| w.len().saturating_sub(2 * usize::from(w.is_full())).max(at + 1));
        self.cover(w, at..until, end.is_some(), self.top(), found);
        if end.is_some() {
            self.mode = Mode::Text;
        }
        Some(end.map_or(until, |end| end + 3))
    }

    fn pass(&mut self, w: &Window<'_>, at: usize) -> usize {
        let end = w.skip_while(at, |byte| byte != b'>');
        if end < w.len() {
            self.mode = Mode::Text;
        }
        end + usize::from(end < w.len())
    }

    /// A tag's `<` stands at `at`. Returns where to go on.
    fn enter(&mut self, w: &Window<'_>, at: usize, found: &mut Found) -> usize {
        self.mode = Mode::Text;
        if w.starts_with(at, b"<![CDATA[") {
            self.mode = Mode::Cdata;
            return at + 9;
        }
        match w.byte(at + 1) {
            b'/' => {
                self.depth = self.depth.saturating_sub(1);
                self.mode = Mode::Passing;
                at + 2
            }
            byte if bytes::is(byte, ALPHA | bytes::HIGH) || byte == b'_' => {
                let name = at + 1..w.skip_while(at + 1, is_name_byte);
                let element = self.element(local(w.slice(name.clone())), found);
                if let Some(slot) = self.open.get_mut(self.depth) {
                    *slot = element;
                }
                self.depth += 1;
                self.mode = Mode::Tag;
                name.end
            }
            b'!' | b'?' => {
                self.mode = Mode::Passing;
                at + 2
            }
            _ => at + 1,
        }
    }

    /// Behind a tag's name or an attribute: the next attribute, or the tag's end.
    fn tag(&mut self, w: &Window<'_>, at: usize, moved: bool, found: &mut Found) -> Option<usize> {
        let start = w.skip_while(at, |byte| byte.is_ascii_whitespace());
        if start > at {
            return Some(start);
        }
        match w.byte(at) {
            b'>' => {
                self.mode = Mode::Text;
                return Some(at + 1);
            }
            b'/' => {
                self.depth = self.depth.saturating_sub(usize::from(w.byte(at + 1) == b'>'));
                self.mode = if w.byte(at + 1) == b'>' { Mode::Text } else { Mode::Tag };
                return Some(at + 1 + usize::from(self.mode == Mode::Text));
            }
            byte if !is_name_byte(byte) => {
                self.mode = Mode::Text;
                return Some(at + 1);
            }
            _ => {}
        }
        let name = at..w.skip_while(at, is_name_byte);
        let equals = w.skip_while(name.end, |byte| byte.is_ascii_whitespace());
        let open = w.skip_while(equals + 1, |byte| byte.is_ascii_whitespace());
        let quote = w.byte(open);
        if w.byte(equals) != b'=' || !matches!(quote, b'"' | b'\'') {
            return if w.is_full() && moved && open >= w.len() { None } else { Some(name.end) };
        }
        let close = w.skip_while(open + 1, |byte| byte != quote);
        let is_seen = close < w.len() || !w.is_full();
        if !is_seen && moved {
            return None;
        }
        let place = self.attribute(local(w.slice(name)), found);
        if is_seen {
            if let Some(place) = place {
                place.cover(w, open + 1..close, WHY, found);
            }
            return Some(close + 1);
        }
        self.mode = Mode::Value(quote, place);
        Some(open + 1)
    }

    fn rest_of_value(
        &mut self,
        w: &Window<'_>,
        at: usize,
        quote: u8,
        place: Option<Place>,
        found: &mut Found,
    ) -> Option<usize> {
        let end = w.skip_while(at, |byte| byte != quote);
        if let Some(place) = place {
            Place::Direct(place.identifier()).cover(w, at..end, WHY, found);
        }
        if end < w.len() {
            self.mode = Mode::Tag;
        }
        Some(end + usize::from(end < w.len()))
    }

    fn cover(
        &self,
        w: &Window<'_>,
        text: Range<usize>,
        is_whole: bool,
        top: Element,
        found: &mut Found,
    ) {
        if let Element::Holds(place) = top {
            let place = if is_whole { place } else { Place::Direct(place.identifier()) };
            place.cover(w, text, WHY, found);
        }
    }

    /// What an attribute of the element on top holds.
    fn attribute(&self, name: &[u8], found: &mut Found) -> Option<Place> {
        match (self.top(), name) {
            (
                _,
                b"use" | b"type" | b"code" | b"system" | b"unit" | b"root" | b"xmlns" | b"lang"
                | b"version",
            ) => None,
            (Element::Holds(place), b"value") => Some(place),
            (Element::Id(identifier), b"extension" | b"value") => Some(Place::Direct(identifier)),
            (Element::Plain, _) => None,
            (_, name) => by_name(name, found),
        }
    }

    /// What an element of this name is, within those that are open.
    fn element(&self, name: &[u8], found: &mut Found) -> Element {
        use Identifier::{Geography, MedicalRecord, Name, Telephone, UniqueCode};
        let holds = |identifier| Element::Holds(Place::Direct(identifier));
        let parent = self.top();
        match name {
            b"state" | b"country" | b"use" | b"type" | b"code" | b"system" | b"unit" | b"rank"
            | b"status" => Element::Plain,
            b"given" | b"family" => holds(Name),
            b"name" if parent == Element::Person => holds(Name),
            b"patient"
            | b"assignedPerson"
            | b"associatedPerson"
            | b"guardianPerson"
            | b"relatedPerson"
            | b"informationRecipient"
            | b"subject"
            | b"patientRole"
            | b"assignedAuthor"
            | b"Patient"
            | b"contact"
            | b"Practitioner"
            | b"RelatedPerson"
            | b"Person"
            | b"guardian"
            | b"maintainingPerson" => Element::Person,
            b"addr" | b"address" => holds(Geography),
            b"postalCode" => Element::Holds(Place::Zip),
            b"telecom" => holds(Telephone),
            b"birthTime" | b"time" | b"effectiveTime" | b"birthDate" | b"deceasedTime"
            | b"deceasedDateTime" => Element::Holds(Place::Date),
            // Bounds of a time, and of a quantity.
            b"low" | b"high" | b"center" | b"start" | b"end"
                if parent == Element::Holds(Place::Date) =>
            {
                parent
            }
            b"period" if matches!(parent, Element::Holds(_)) => Element::Holds(Place::Date),
            b"id" if parent == Element::Person => Element::Id(MedicalRecord),
            b"id" | b"setId" => Element::Id(UniqueCode),
            b"identifier" => Element::Identifier,
            b"value" if parent == Element::Identifier => holds(UniqueCode),
            _ => match (by_name(name, found), parent) {
                (Some(place), _) => Element::Holds(place),
                (None, Element::Holds(Place::Direct(identifier))) => holds(identifier),
                _ => Element::Other,
            },
        }
    }
}

fn by_name(name: &[u8], found: &mut Found) -> Option<Place> {
    if name.len() > NAME_BYTES {
        return None;
    }
    match found.keys.meaning(name)? {
        Meaning::Class(Class::Direct(identifier)) => Some(Place::Direct(identifier)),
        Meaning::Class(Class::Date) => Some(Place::Date),
        Meaning::Class(Class::Zip) => Some(Place::Zip),
        Meaning::Class(Class::Age) => Some(Place::Age),
        Meaning::Class(_) | Meaning::Name | Meaning::Fhir(_) => None,
    }
}

/// A name without its namespace's prefix.
fn local(name: &[u8]) -> &[u8] {
    name.rsplit(|byte| *byte == b':').next().unwrap_or(name)
}

fn is_name_byte(byte: u8) -> bool {
    bytes::is(byte, ALNUM | bytes::HIGH) || matches!(byte, b'_' | b'-' | b'.' | b':')
}
