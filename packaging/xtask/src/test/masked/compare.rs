//! A session as its client saw it beside the same session as the server saw it: what lies between is the gateway.
//!
//! Accepted is that a statement is refused, whole and with the protocol's state told truly; that a value is shown as a
//! mask of itself; and that an error is told in the gateway's words. All else is a difference.

use super::forms::{is_covered_text, is_mask, is_text};
use super::leaks::Texts;
use super::session::{Column, Exchange, Message, Session, Side};

/// What of an exchange isn't as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Difference {
    /// The test whose session it was.
    pub(super) test: String,
    /// The statement, its white space made one blank.
    pub(super) statement: String,
    /// One word for the sort.
    pub(super) sort: &'static str,
    pub(super) detail: String,
}

/// What was compared, to tell that there was something to compare.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    pub(super) statements: u64,
    pub(super) refused: u64,
    pub(super) cells: u64,
    pub(super) masked: u64,
    /// Texts that the gateway says are no SQL.
    pub(super) unreadable: Vec<(String, String)>,
    /// Texts that were shown as they are.
    pub(super) plain: Texts,
}

/// What the gateway sends in place of what it refuses.
const REPLACEMENT: &str = "lazaret: refused";

/// insufficient_privilege, syntax_error, feature_not_supported, program_limit_exceeded
const REFUSALS: [&[u8]; 4] = [b"42501", SYNTAX_ERROR, b"0A000", b"54000"];

const SYNTAX_ERROR: &[u8] = b"42601";

/// Of texts that come from data, in an error that was rebuilt without them.
const WITHHELD: &[u8] = b"The gateway withheld the server's text";

pub(super) struct Comparison<'a> {
    test: &'a str,
    statement: String,
    tally: &'a mut Tally,
    differences: Vec<Difference>,
}

impl<'a> Comparison<'a> {
    /// All differences of a session.
    pub(super) fn of(
        test: &'a str,
        client: &Session,
        server: &Session,
        tally: &'a mut Tally,
    ) -> Vec<Difference> {
        let mut comparison =
            Self { test, statement: String::new(), tally, differences: Vec::new() };
        let (shown, real) = (client.exchanges(), server.exchanges());
        for (shown, real) in shown.iter().zip(&real) {
            comparison.exchange(shown, real);
        }
        comparison.end(&shown, &real);
        if client.told(b'A').len() != server.told(b'A').len() {
            comparison.differ("notifications", "not as many as the server sent");
        }
        comparison.differences
    }

    fn differ(&mut self, sort: &'static str, detail: impl Into<String>) {
        self.differences.push(Difference {
            test: self.test.to_owned(),
            statement: self.statement.clone(),
            sort,
            detail: detail.into(),
        });
    }

    fn exchange(&mut self, shown: &Exchange, real: &Exchange) {
        let text = shown.text();
        self.statement = text.as_deref().map(one_line).unwrap_or_default();
        self.tally.statements += 1;
        if shown.ready() != real.ready() {
            self.differ("state", format!("{:?} became {:?}", real.ready(), shown.ready()));
        }
        if real.text().as_deref() == Some(REPLACEMENT) {
            return self.refused(shown, text);
        }
        if asked(shown) != asked(real) {
            self.differ("request", "the server was asked something else");
        }
        self.answers(&shown.answered, &real.answered);
    }

    /// An error, and that the server is ready: nothing else.
    fn refused(&mut self, shown: &Exchange, text: Option<String>) {
        self.tally.refused += 1;
        let kinds: Vec<u8> = shown.answered.iter().map(|message| message.kind).collect();
        let code = shown.answered.first().map(|first| first.field(b'C')).unwrap_or_default();
        if kinds != *b"EZ" || !REFUSALS.contains(&code) {
            let code = String::from_utf8_lossy(code);
            self.differ("refusal", format!("{} with {code}", shown_kinds(&shown.answered)));
        }
        if let Some(text) = text.filter(|_| code == SYNTAX_ERROR) {
            self.tally.unreadable.push((self.test.to_owned(), text));
        }
    }

    fn answers(&mut self, shown: &[Message], real: &[Message]) {
        let kinds = |messages: &[Message]| messages.iter().map(|m| m.kind).collect::<Vec<_>>();
        if kinds(shown) != kinds(real) {
            let (real, shown) = (shown_kinds(real), shown_kinds(shown));
            return self.differ("messages", format!("{real} became {shown}"));
        }
        let mut columns = Vec::new();
        for (shown, real) in shown.iter().zip(real) {
            match real.kind {
                b'T' => columns = self.description(shown, real),
                b'D' => self.row(&columns, shown, real),
                b'E' | b'N' => self.report(shown, real),
                b'd' => self.copied(shown, real),
                b'C' if !is_covered_text(&real.body, &shown.body) => {
                    self.differ("tag", pair(&real.body, &shown.body));
                }
                b'C' => {}
                _ if shown.body != real.body => {
                    self.differ("body", format!("of a message {}", char::from(real.kind)));
                }
                _ => {}
            }
        }
    }

    /// The columns, and whether they are described as the server did: names may be covered.
    fn description(&mut self, shown: &Message, real: &Message) -> Vec<Column> {
        let (shown, real) = (shown.columns(), real.columns());
        let same = shown.len() == real.len()
            && shown.iter().zip(&real).all(|(shown, real)| {
                shown.field == real.field && is_covered_text(&real.name, &shown.name)
            });
        if !same {
            self.differ("columns", "are described otherwise");
        }
        real
    }

    fn row(&mut self, columns: &[Column], shown: &Message, real: &Message) {
        let (shown, real) = (shown.cells(), real.cells());
        if shown.len() != real.len() || real.len() != columns.len() {
            return self.differ("row", "has another number of columns");
        }
        for ((shown, real), column) in shown.iter().zip(&real).zip(columns) {
            self.tally.cells += 1;
            self.tally.masked += u64::from(shown != real);
            if let Some(text) = shown.as_deref().filter(|_| shown == real)
                && is_text(column.type_oid)
            {
                self.tally.plain.add(text, self.test, &self.statement);
            }
            // An expression over masked columns is NULL, whatever its type.
            let is_null = column.is_computed && shown.is_none();
            if !is_null && !is_mask(column.type_oid, real.as_deref(), shown.as_deref()) {
                let text = |cell: &Option<Vec<u8>>| cell.clone().unwrap_or_else(|| b"NULL".into());
                let values = pair(&text(real), &text(shown));
                self.differ("cell", format!("of type {}: {values}", column.type_oid));
            }
        }
    }

    /// An error tells at least what failed, if in other words.
    fn report(&mut self, shown: &Message, real: &Message) {
        let (was, is) = (real.fields(), shown.fields());
        let covered =
            was.len() == is.len() && was.iter().zip(&is).all(|(was, is)| is_covered_text(was, is));
        let rebuilt = shown.field(b'D').starts_with(WITHHELD)
            || shown.field(b'M').ends_with(b"does not exist");
        let states = (real.field(b'C'), shown.field(b'C'));
        let severities = (real.field(b'V'), shown.field(b'V'));
        let told = states.0 == states.1 || matches!(states.1, b"XX000" | b"00000");
        if !(covered || rebuilt && told && severities.0 == severities.1) {
            self.differ("report", pair(&was.join(&b'|'), &is.join(&b'|')));
        }
    }

    /// A row of COPY: its types aren't told, so each value may have any mask.
    fn copied(&mut self, shown: &Message, real: &Message) {
        if shown.body == real.body {
            return;
        }
        self.tally.masked += 1;
        let cells = |message: &Message| -> Vec<Vec<u8>> {
            message.body.split(|byte| matches!(byte, b'\t' | b',' | b'\n')).map(Vec::from).collect()
        };
        let (was, is) = (cells(real), cells(shown));
        let masked = |(was, is): (&Vec<u8>, &Vec<u8>)| {
            let types = [16, 23, 25, 1082, 1186, 1700, 0];
            was == is
                || is == b"\\N"
                || is.is_empty()
                || types.iter().any(|&type_oid| is_mask(type_oid, Some(was), Some(is)))
        };
        // A name with a comma in it is one cell, and read as two above.
        if !is_covered_text(&real.body, &shown.body)
            && (was.len() != is.len() || !was.iter().zip(&is).all(masked))
        {
            self.differ("copy", pair(&real.body, &shown.body));
        }
    }

    /// Both sides end alike: by the client's goodbye, or by the server's last word.
    fn end(&mut self, shown: &[Exchange], real: &[Exchange]) {
        if shown.len() != real.len() {
            let detail = format!("{} exchanges became {}", real.len(), shown.len());
            self.differ("end", detail);
        }
        let Some(last) = shown.last() else { return };
        let said: Vec<&Message> = last.answered.iter().filter(|said| said.kind == b'E').collect();
        let is_fatal = |message: &&&Message| message.field(b'V') == b"FATAL";
        let ours = said.iter().find(is_fatal).map(|fatal| fatal.field(b'M').to_vec());
        let servers = real.last().is_some_and(|last| {
            last.answered.iter().any(|said| said.side == Side::Server && is_fatal(&&said))
        });
        if !last.ends() && !servers {
            let words = String::from_utf8_lossy(&ours.unwrap_or_default()).into_owned();
            self.differ("end", format!("the client did not end the session: {words}"));
        }
    }
}

/// What a client asks. Data of a COPY that failed may be on its way still, and go nowhere.
fn asked(exchange: &Exchange) -> Vec<&Message> {
    let failed = exchange.answered.iter().any(|message| message.kind == b'E');
    let is_copy = |message: &&Message| matches!(message.kind, b'd' | b'c' | b'f');
    let late = exchange.asked.iter().skip_while(is_copy);
    late.filter(|message| !(failed && is_copy(message))).collect()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The types of messages; many of one are shown as one.
fn shown_kinds(messages: &[Message]) -> String {
    let mut kinds: Vec<u8> = messages.iter().map(|message| message.kind).collect();
    kinds.dedup();
    let fields = messages.iter().filter(|message| message.kind == b'E').map(|error| {
        let field = |code| String::from_utf8_lossy(error.field(code)).into_owned();
        format!(" ({}: {})", field(b'C'), field(b'M'))
    });
    String::from_utf8_lossy(&kinds).into_owned() + &fields.collect::<String>()
}

fn pair(was: &[u8], is: &[u8]) -> String {
    format!("{:?} became {:?}", String::from_utf8_lossy(was), String::from_utf8_lossy(is))
}

#[cfg(test)]
mod tests;
