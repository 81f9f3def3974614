use lazaret_proto::pg::backend;
use lazaret_proto::pg::frame;

use super::*;
use crate::mask::tests::{column, means, plan, scanner};
use crate::mask::{Grown, MaskError, RowMasker, Scores};

/// What becomes of rows by this plan; each value of the answer is a cell.
fn masked(columns: &[ColumnPlan], rows: &[&[Option<&[u8]>]]) -> Vec<Vec<Option<Vec<u8>>>> {
    let mut input = Vec::new();
    for row in rows {
        backend::data_row(&mut input, row.iter().copied());
    }
    let end = input.len();
    input.extend_from_slice(b"Z\0\0\0\x05I");
    let (mut out, plan) = (Vec::new(), plan(columns.iter().copied()));
    let masker = &mut RowMasker::default();
    let grown = masker
        .grown(&plan, means(None), &input, &mut Scores::default(), &mut scanner(), &mut out)
        .unwrap();
    let Grown::Rows { taken, rows: built, .. } = grown else { panic!("no token is wanted") };
    assert_eq!((taken, built), (end, rows.len() as u64));
    read(&out)
}

fn read(mut rest: &[u8]) -> Vec<Vec<Option<Vec<u8>>>> {
    let mut rows = Vec::new();
    while let Some(frame) = frame::whole(rest, frame::MAX_BYTES).unwrap() {
        let Ok(backend::Message::DataRow(row)) = backend::Message::decode(frame) else {
            panic!("no row");
        };
        rows.push(row.iter().map(|cell| cell.map(<[u8]>::to_vec)).collect());
        rest = &rest[frame.len..];
    }
    assert!(rest.is_empty());
    rows
}

#[test]
fn a_fixed_width_says_nothing_of_the_length_and_rows_grow_by_it() {
    let columns = [
        column(TypeKind::Text, Format::Text, Action::Fixed),
        column(TypeKind::Text, Format::Text, Action::Scan),
        column(TypeKind::Int4, Format::Text, Action::Pass),
    ];
    let rows: [&[Option<&[u8]>]; 3] = [
        &[Some(b"Jo"), Some(b"ssn 123-45-6789"), Some(b"7")],
        &[Some(b""), None, None],
        &[None, Some(b"fine"), Some(b"8")],
    ];
    let masked = masked(&columns, &rows);
    let fixed = Some(FIXED.to_vec());
    assert_eq!(masked[0][..], [fixed.clone(), Some(b"ssn ***********".into()), Some(b"7".into())]);
    assert_eq!(masked[1][..], [fixed, None, None]);
    assert_eq!(masked[2][..], [None, Some(b"fine".into()), Some(b"8".into())]);
}

#[test]
fn a_fixed_width_is_a_value_of_its_type() {
    for (kind, format, value, expected) in [
        (TypeKind::Json, Format::Text, &b"7"[..], Some(&b"\"********\""[..])),
        (TypeKind::Jsonb, Format::Binary, b"\x017", Some(b"\x01\"********\"")),
        (TypeKind::Int4, Format::Text, b"1234567", Some(b"0")),
        (TypeKind::Int4, Format::Binary, &[1; 4], Some(&[0; 4])),
        (TypeKind::Numeric, Format::Text, b"1.50", Some(b"0")),
        (TypeKind::Date, Format::Text, b"1980-05-17", None),
        (TypeKind::Inet, Format::Text, b"10.1.2.3", None),
        (TypeKind::Array, Format::Text, b"{a}", None),
    ] {
        let columns = [column(kind, format, Action::Fixed)];
        let masked = masked(&columns, &[&[Some(value)]]);
        assert_eq!(masked[0][0].as_deref(), expected, "{kind:?}");
    }
}

#[test]
fn a_malformed_row_is_an_error_wherever_it_is_cut() {
    let mut row = Vec::new();
    backend::data_row(&mut row, [Some(&b"Jane"[..]), None].into_iter());
    let text = column(TypeKind::Text, Format::Text, Action::Fixed);
    let plan = plan([text, text]);
    for end in frame::HEADER_BYTES..row.len() {
        let mut cut = row[..end].to_vec();
        let length = u32::try_from(end - 1).unwrap();
        cut[1..5].copy_from_slice(&length.to_be_bytes());
        let error = RowMasker::default().grown(
            &plan,
            means(None),
            &cut,
            &mut Scores::default(),
            &mut scanner(),
            &mut Vec::new(),
        );
        assert!(matches!(error, Err(MaskError::CopyFormat | MaskError::Columns { .. })), "{end}");
    }
}
