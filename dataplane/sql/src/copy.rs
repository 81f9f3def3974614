//! COPY and its options.

use pg_raw_parse::Node;
use pg_raw_parse::nodes::{CopyStmt, DefElem};

use crate::constant;
use crate::names;
use crate::statement::{Copy, CopyDirection, CopyEnd, CopyFormat};

/// The options as written; a default depends on the format, so they are read in two steps.
#[derive(Default)]
struct Options<'a> {
    format: Option<CopyFormat>,
    delimiter: Option<&'a str>,
    null: Option<&'a str>,
    quote: Option<&'a str>,
    escape: Option<&'a str>,
    header: bool,
    encoding: Option<&'a str>,
    unknown: bool,
}

pub(crate) fn analyse(copy: &CopyStmt) -> Copy {
    let mut options = Options::default();
    for option in copy.options() {
        options.read(option);
    }
    let format = options.format.unwrap_or(CopyFormat::Text);
    let csv = format == CopyFormat::Csv;
    let quote = Options::byte(options.quote, b'"');
    let delimiter = Options::byte(options.delimiter, if csv { b',' } else { b'\t' });
    let escape = Options::byte(options.escape, quote.0);
    Copy {
        direction: if copy.is_from { CopyDirection::In } else { CopyDirection::Out },
        end: match copy.filename() {
            _ if copy.is_program => CopyEnd::Program,
            Some(_) => CopyEnd::File,
            None => CopyEnd::Client,
        },
        format,
        relation: copy
            .relation()
            .map(names::relation)
            .map(|(schema, name)| (schema.map(str::to_owned), name.to_owned())),
        columns: copy.attlist().iter().filter_map(Node::as_str).map(str::to_owned).collect(),
        delimiter: delimiter.0,
        null: options.null.unwrap_or(if csv { "" } else { "\\N" }).to_owned(),
        quote: quote.0,
        escape: escape.0,
        header: options.header,
        encoding: options.encoding.map(str::to_owned),
        unknown_option: options.unknown || quote.1 || delimiter.1 || escape.1,
    }
}

impl<'a> Options<'a> {
    fn read(&mut self, option: &'a DefElem) {
        let text = text(option.arg());
        match option.defname().unwrap_or_default() {
            "format" => match text {
                Some("text") => self.format = Some(CopyFormat::Text),
                Some("csv") => self.format = Some(CopyFormat::Csv),
                Some("binary") => self.format = Some(CopyFormat::Binary),
                _ => self.unknown = true,
            },
            "delimiter" => self.delimiter = self.known(text),
            "null" => self.null = self.known(text),
            "quote" => self.quote = self.known(text),
            "escape" => self.escape = self.known(text),
            "encoding" => self.encoding = self.known(text),
            "header" => match header(option.arg()) {
                Some(header) => self.header = header,
                None => self.unknown = true,
            },
            // They change which cells are quoted, or how rows are read, never what a cell means.
            "force_quote" | "force_not_null" | "force_null" | "freeze" | "default" | "on_error"
            | "log_verbosity" | "reject_limit" => {}
            _ => self.unknown = true,
        }
    }

    fn known(&mut self, text: Option<&'a str>) -> Option<&'a str> {
        self.unknown |= text.is_none();
        text
    }

    /// One byte, and whether the text is anything else.
    fn byte(text: Option<&str>, default: u8) -> (u8, bool) {
        match text.map(str::as_bytes) {
            None => (default, false),
            Some(&[byte]) => (byte, false),
            Some(_) => (default, true),
        }
    }
}

fn text<'a>(argument: Node<'a>) -> Option<&'a str> {
    argument.as_str().or_else(|| constant::string(argument))
}

/// As the server reads it: a boolean, 0 or 1, or `match`; nothing at all is true.
fn header(argument: Node<'_>) -> Option<bool> {
    match argument {
        Node::None => Some(true),
        Node::Integer(number) if number.ival == 0 => Some(false),
        Node::Integer(number) if number.ival == 1 => Some(true),
        Node::Boolean(value) => Some(value.boolval),
        argument => match text(argument)?.to_ascii_lowercase().as_str() {
            "true" | "on" | "match" => Some(true),
            "false" | "off" => Some(false),
            _ => None,
        },
    }
}
