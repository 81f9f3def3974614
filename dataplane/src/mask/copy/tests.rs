use lazaret_proto::pg::frame;
use lazaret_sql::{CopyDirection, CopyEnd};
use proptest::prelude::*;

use super::*;
use crate::mask::tests::{column, means, plan, scanner};

const PASS: ColumnPlan = of(TypeKind::Text, Action::Pass);
const WHOLE: ColumnPlan = of(TypeKind::Text, Action::Whole);
const SCAN: ColumnPlan = of(TypeKind::Text, Action::Scan);
const BOOL: ColumnPlan = of(TypeKind::Bool, Action::Whole);
const DATE: ColumnPlan = of(TypeKind::Date, Action::Year);

const fn of(kind: TypeKind, action: Action) -> ColumnPlan {
    ColumnPlan { action, kind, ..NAME }
}

fn copy(format: CopyFormat) -> Copy {
    let is_csv = format == CopyFormat::Csv;
    Copy {
        direction: CopyDirection::Out,
        end: CopyEnd::Client,
        format,
        relation: None,
        columns: Vec::new(),
        delimiter: if is_csv { b',' } else { b'\t' },
        null: if is_csv { String::new() } else { "\\N".to_owned() },
        quote: b'"',
        escape: b'"',
        header: false,
        encoding: None,
        unknown_option: false,
    }
}

/// The payloads that leave when the stream comes in these pieces.
fn payloads(
    copy: &Copy,
    columns: &[ColumnPlan],
    pieces: &[&[u8]],
) -> Result<Vec<Vec<u8>>, MaskError> {
    let mut masker = CopyMasker::new(&plan(columns.iter().copied()), copy);
    let mut scanner = scanner();
    let mut out = Vec::new();
    for piece in pieces {
        masker.push(piece, means(None), &mut scanner, &mut out)?;
    }
    masker.finish()?;
    let mut rest = &out[..];
    let mut payloads = Vec::new();
    while let Some(frame) = frame::whole(rest, frame::MAX_BYTES).unwrap() {
        assert_eq!(frame.tag, b'd');
        payloads.push(frame.body.to_vec());
        rest = &rest[frame.len..];
    }
    assert!(rest.is_empty());
    Ok(payloads)
}

fn masked(copy: &Copy, columns: &[ColumnPlan], stream: &str) -> Result<String, MaskError> {
    let payloads = payloads(copy, columns, &[stream.as_bytes()])?;
    Ok(String::from_utf8(payloads.concat()).unwrap())
}

#[test]
fn a_row_in_text_is_masked_field_by_field() {
    let columns = [PASS, WHOLE, BOOL, DATE, SCAN];
    let stream = "1\tJane\tt\t1980-05-17\tssn 123-45-6789\n2\t\\N\tf\tinfinity\tfine\n";
    let expected = "1\t****\t\\N\t1980-01-01\tssn ***********\n2\t\\N\t\\N\tinfinity\tfine\n";
    assert_eq!(masked(&copy(CopyFormat::Text), &columns, stream).unwrap(), expected);
}

#[test]
fn escapes_in_text_are_read_before_masking_and_written_again() {
    let text = copy(CopyFormat::Text);
    for (stream, expected) in
        [("a\\tb\n", "***\n"), ("\\x41\\101\\\\\n", "***\n"), ("\\N\n", "\\N\n"), ("\n", "\n")]
    {
        assert_eq!(masked(&text, &[WHOLE], stream).unwrap(), expected);
    }
    for stream in ["a\\tb\\n\\\\c\\b\\f\\r\\v\n", "plain\n", "\\.\n"] {
        assert_eq!(masked(&text, &[SCAN], stream).unwrap(), stream);
    }
    // An identifier that is written with escapes is found all the same.
    let hidden = masked(&text, &[SCAN], "\\x6aane.doe@example.com\n").unwrap();
    assert!(!hidden.contains("doe"), "{hidden}");
}

#[test]
fn another_delimiter_is_escaped_where_a_mask_holds_it() {
    let stars = Copy { delimiter: b'*', ..copy(CopyFormat::Text) };
    assert_eq!(masked(&stars, &[PASS, WHOLE], "a\\*b*x\n").unwrap(), "a\\*b*\\*\n");
    let stars = Copy { delimiter: b'*', ..copy(CopyFormat::Csv) };
    assert_eq!(masked(&stars, &[PASS, WHOLE], "a*x\n").unwrap(), "a*\"*\"\n");
}

#[test]
fn a_chosen_null_does_not_tell_which_rows_hold_it() {
    let oracle = Copy { null: "123-45-6789".to_owned(), ..copy(CopyFormat::Text) };
    assert_eq!(masked(&oracle, &[WHOLE], "123-45-6789\n").unwrap(), "***********\n");
    let oracle = Copy { null: "123-45-6789".to_owned(), ..copy(CopyFormat::Csv) };
    assert_eq!(masked(&oracle, &[WHOLE], "\"123-45-6789\"\n").unwrap(), "\"***********\"\n");
    // In csv a value would be quoted.
    assert_eq!(masked(&oracle, &[WHOLE], "123-45-6789\n").unwrap(), "123-45-6789\n");
}

#[test]
fn a_row_in_csv_keeps_its_quotes() {
    let csv = copy(CopyFormat::Csv);
    let columns = [PASS, WHOLE, BOOL, SCAN];
    let stream = "1,\"Jane \"\"J\"\" Doe\",t,\"a,b\nssn 123-45-6789\"\n\"x\"\"y\",,f,\"\"\n";
    let expected = "1,\"************\",,\"a,b\nssn ***********\"\n\"x\"\"y\",,,\"\"\n";
    assert_eq!(masked(&csv, &columns, stream).unwrap(), expected);
}

#[test]
fn another_escape_in_csv_is_kept() {
    let csv = Copy { escape: b'\\', quote: b'\'', ..copy(CopyFormat::Csv) };
    assert_eq!(masked(&csv, &[SCAN], "'it\\'s \\\\ fine'\n").unwrap(), "'it\\'s \\\\ fine'\n");
    assert_eq!(masked(&csv, &[WHOLE], "'it\\'s \\\\'\n").unwrap(), "'******'\n");
}

#[test]
fn the_names_of_a_header_line_are_scanned() {
    for format in [CopyFormat::Text, CopyFormat::Csv] {
        let with_header = Copy { header: true, ..copy(format) };
        let sep = char::from(with_header.delimiter);
        let stream = format!("id{sep}jane.doe@example.com\n1{sep}x\n");
        let masked = masked(&with_header, &[PASS, WHOLE], &stream).unwrap();
        assert!(masked.starts_with(&format!("id{sep}")) && masked.ends_with(&format!("1{sep}*\n")));
        assert!(!masked.contains("doe"), "{masked}");
    }
}

#[test]
fn a_table_without_columns_has_empty_rows() {
    assert_eq!(masked(&copy(CopyFormat::Text), &[], "\n\n").unwrap(), "\n\n");
    assert_eq!(masked(&copy(CopyFormat::Csv), &[], "\n\n").unwrap(), "\n\n");
}

#[test]
fn a_row_that_does_not_match_its_plan_is_refused() {
    for format in [CopyFormat::Text, CopyFormat::Csv] {
        let sep = char::from(copy(format).delimiter);
        let found = |stream: String, planned: &[ColumnPlan]| {
            let error = masked(&copy(format), planned, &stream).unwrap_err();
            (stream.matches(sep).count() + 1, error)
        };
        for (stream, planned) in [
            (format!("a{sep}b\n"), &[WHOLE][..]),
            ("a\n".to_owned(), &[WHOLE, WHOLE]),
            ("a\n".to_owned(), &[]),
        ] {
            let (fields, error) = found(stream, planned);
            assert_eq!(error, MaskError::Columns { found: fields, planned: planned.len() });
        }
    }
}

#[test]
fn what_is_not_in_the_announced_format_is_refused() {
    for (format, stream) in [
        (CopyFormat::Text, "a"),
        (CopyFormat::Text, "a\\\n"),
        (CopyFormat::Csv, "a"),
        (CopyFormat::Csv, "\"a\n"),
    ] {
        let error = masked(&copy(format), &[WHOLE], stream).unwrap_err();
        assert_eq!(error, MaskError::CopyFormat, "{stream}");
    }
}

#[test]
fn a_row_beyond_the_limit_is_refused() {
    let row = "x".repeat(ROW_IN_MEMORY_BYTES + 1);
    let error = masked(&copy(CopyFormat::Text), &[WHOLE], &row).unwrap_err();
    assert_eq!(error, MaskError::RowTooLarge);
}

const BINARY_HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";

fn binary_row(values: &[Option<&[u8]>]) -> Vec<u8> {
    let mut out = Vec::new();
    lazaret_proto::pg::backend::data_row(&mut out, values.iter().copied());
    out.split_off(5)
}

#[test]
fn a_row_in_binary_is_masked_value_by_value() {
    let columns = [PASS, WHOLE, BOOL, SCAN];
    let rows = [
        binary_row(&[Some(b"1"), Some(b"Jane"), Some(&[1]), Some(b"ssn 123-45-6789")]),
        binary_row(&[None, None, None, Some(b"")]),
    ];
    let stream = [BINARY_HEADER, &rows[0], &rows[1], b"\xff\xff"].concat();
    let expected = [
        BINARY_HEADER.to_vec(),
        binary_row(&[Some(b"1"), Some(b"****"), None, Some(b"ssn ***********")]),
        rows[1].clone(),
        b"\xff\xff".to_vec(),
    ];
    let binary = copy(CopyFormat::Binary);
    assert_eq!(payloads(&binary, &columns, &[&stream]).unwrap(), expected);
    for split in 0..stream.len() {
        let pieces = [&stream[..split], &stream[split..]];
        assert_eq!(payloads(&binary, &columns, &pieces).unwrap(), expected, "split at {split}");
    }
}

#[test]
fn a_binary_stream_that_is_not_one_is_refused() {
    let refused = |stream: &[u8]| payloads(&copy(CopyFormat::Binary), &[WHOLE], &[stream]).err();
    let with_flags = [&BINARY_HEADER[..11], &[0, 1, 0, 0, 0, 0, 0, 0]].concat();
    let with_extension = [&BINARY_HEADER[..11], &[0, 0, 0, 0, 0, 0, 0, 1, 7]].concat();
    let negative = [BINARY_HEADER, &[0, 1, 0xff, 0xff, 0xff, 0xfe]].concat();
    let negative_count = [BINARY_HEADER, &[0xff, 0xfe]].concat();
    let behind_the_end = [BINARY_HEADER, &[0xff, 0xff, 0]].concat();
    let unfinished = [BINARY_HEADER, &[0, 1, 0, 0, 0, 9]].concat();
    for stream in [
        &b"not a signature at all"[..],
        &with_flags,
        &with_extension,
        &negative,
        &negative_count,
        &behind_the_end,
        &unfinished,
    ] {
        assert_eq!(refused(stream), Some(MaskError::CopyFormat), "{stream:?}");
    }
}

/// Text that a server would write: values with their delimiters and quotes escaped.
fn encoded(copy: &Copy, rows: &[Vec<Option<String>>]) -> Vec<u8> {
    let syntax: Box<dyn Syntax> = match copy.format {
        CopyFormat::Text => Box::new(Text::new(copy)),
        CopyFormat::Csv => Box::new(Csv::new(copy)),
        CopyFormat::Binary => Box::new(Binary::default()),
    };
    let mut out = match copy.format {
        CopyFormat::Binary => BINARY_HEADER.to_vec(),
        CopyFormat::Text | CopyFormat::Csv => Vec::new(),
    };
    for row in rows {
        syntax.begin_row(row.len(), &mut out);
        for (index, value) in row.iter().enumerate() {
            if index > 0 {
                syntax.separate(&mut out);
            }
            syntax.encode(value.as_ref().map(String::as_bytes), false, &mut out);
        }
        syntax.end_row(&mut out);
    }
    out
}

fn value() -> impl Strategy<Value = Option<String>> {
    prop::option::of(prop_oneof![
        "[a-z,\"'\\\\\t\n\r]{0,8}",
        Just("ssn 123-45-6789".to_owned()),
        Just("jane.doe@example.com".to_owned()),
        Just("1980-05-17".to_owned()),
    ])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..Default::default() })]

    #[test]
    fn a_stream_is_masked_alike_wherever_it_is_split(
        format in prop::sample::select(&[CopyFormat::Text, CopyFormat::Csv, CopyFormat::Binary][..]),
        rows in prop::collection::vec(prop::collection::vec(value(), 3), 1..4),
    ) {
        let copy = copy(format);
        let columns = [SCAN, WHOLE, column(TypeKind::Text, Format::Text, Action::Year)];
        let stream = encoded(&copy, &rows);
        let whole = payloads(&copy, &columns, &[&stream]).unwrap();
        for split in 0..stream.len() {
            let pieces = [&stream[..split], &stream[split..]];
            prop_assert_eq!(&payloads(&copy, &columns, &pieces).unwrap(), &whole);
        }
        let bytes: Vec<&[u8]> = stream.chunks(1).collect();
        prop_assert_eq!(&payloads(&copy, &columns, &bytes).unwrap(), &whole);
    }

    #[test]
    fn what_passes_is_the_same_byte_for_byte(
        format in prop::sample::select(&[CopyFormat::Text, CopyFormat::Csv, CopyFormat::Binary][..]),
        rows in prop::collection::vec(prop::collection::vec(value(), 3), 1..4),
    ) {
        let copy = copy(format);
        let stream = encoded(&copy, &rows);
        let out = payloads(&copy, &[PASS; 3], &[&stream]).unwrap().concat();
        prop_assert_eq!(out, stream);
    }

    #[test]
    fn random_bytes_are_rows_or_refused(
        format in prop::sample::select(&[CopyFormat::Text, CopyFormat::Csv, CopyFormat::Binary][..]),
        stream in prop::collection::vec(prop_oneof![Just(b'\n'), Just(b'"'), Just(b'\\'), 0_u8..4, any::<u8>()], 0..60),
    ) {
        let stream = match format {
            CopyFormat::Binary => [BINARY_HEADER, &stream].concat(),
            CopyFormat::Text | CopyFormat::Csv => stream,
        };
        drop(payloads(&copy(format), &[WHOLE], &[&stream]));
    }
}
