use lazaret_proto::pg::{backend, frame};

use super::*;
use crate::mask::RowMasker;
use crate::mask::tests::{column, iso, plan, scanner};

/// Text too large to hold, with an identifier at its start, in its middle and at its end.
fn large_text() -> Vec<u8> {
    let filler = "lorem ipsum dolor sit amet, ".repeat(6_000);
    format!("ssn 123-45-6789 {filler} mail jane.doe@example.com {filler} ssn 123-45-6789")
        .into_bytes()
}

fn frame_of(cells: &[Option<&[u8]>]) -> Vec<u8> {
    let mut out = Vec::new();
    backend::data_row(&mut out, cells.iter().copied());
    out
}

/// What leaves when the row comes in pieces of that size.
fn masked(plan: &Plan, row: &[u8], piece: usize) -> Result<(Vec<u8>, Counts), MaskError> {
    let header = frame::peek(row, frame::MAX_BYTES).unwrap().unwrap();
    let mut large = LargeRow::begin(plan, iso(), header)?;
    let mut scanner = scanner();
    let mut out = Vec::new();
    let mut counts = Counts::default();
    for piece in row.chunks(piece) {
        counts.add(&large.push(piece, &mut scanner, &mut out)?);
    }
    assert_eq!(large.missing(), 0);
    Ok((out, counts))
}

fn text(action: Action) -> ColumnPlan {
    column(TypeKind::Text, Format::Text, action)
}

/// A row whose masks keep its lengths is the same, large or in memory.
fn assert_masked_as_in_memory(columns: &[ColumnPlan], cells: &[Option<&[u8]>], piece: usize) {
    let plan = plan(columns.iter().copied());
    let row = frame_of(cells);
    let mut expected = row.clone();
    let mut masker = RowMasker::default();
    assert_eq!(masker.row(&plan, iso(), &mut expected, 0, 0), Ok(row.len()));
    let expected_counts =
        masker.cover(&mut expected, iso(), &mut Scores::default(), &mut scanner());
    let (out, counts) = masked(&plan, &row, piece).unwrap();
    assert!(out == expected, "in pieces of {piece}");
    assert_eq!(counts, expected_counts);
}

#[test]
fn a_large_text_is_covered_as_if_it_were_in_memory() {
    let large = large_text();
    let columns = [text(Action::Pass), text(Action::Scan), text(Action::Scan), text(Action::Whole)];
    let cells = [Some(&b"7"[..]), Some(&large), Some(b"ssn 123-45-6789"), None];
    for piece in [1_000, 4_096, 65_536, large.len() * 2] {
        assert_masked_as_in_memory(&columns, &cells, piece);
    }
}

#[test]
fn a_large_text_is_covered_alike_at_each_split_of_its_edges() {
    let large = large_text();
    let plan = plan([text(Action::Scan), text(Action::Whole)]);
    let row = frame_of(&[Some(&large), Some(b"Jane")]);
    let (expected, _) = masked(&plan, &row, row.len()).unwrap();
    let header = frame::peek(&row, frame::MAX_BYTES).unwrap().unwrap();
    let mut scanner = scanner();
    for split in (0..40).chain(row.len() - 40..row.len()) {
        let mut large = LargeRow::begin(&plan, iso(), header).unwrap();
        let mut out = Vec::new();
        large.push(&row[..split], &mut scanner, &mut out).unwrap();
        large.push(&row[split..], &mut scanner, &mut out).unwrap();
        assert!(out == expected, "split at {split}");
    }
}

#[test]
fn a_large_value_masked_whole_is_valid_and_as_long() {
    let large = vec![b'7'; ROW_IN_MEMORY_BYTES + 1];
    let whole = |kind, format| {
        let plan = plan([column(kind, format, Action::Whole)]);
        let (out, counts) = masked(&plan, &frame_of(&[Some(&large)]), 65_536).unwrap();
        assert_eq!(out.len(), 11 + large.len());
        assert_eq!(counts.cells_masked, 1);
        out[11..].to_vec()
    };
    assert!(whole(TypeKind::Text, Format::Text).iter().all(|&byte| byte == b'*'));
    assert!(whole(TypeKind::Bytea, Format::Binary).iter().all(|&byte| byte == 0));
    assert!(whole(TypeKind::Bytea, Format::Text).iter().all(|&byte| byte == b'*'));
    let json = whole(TypeKind::Json, Format::Text);
    assert!(serde_json::from_slice::<String>(&json).is_ok());
    let jsonb = whole(TypeKind::Jsonb, Format::Binary);
    assert_eq!(jsonb[0], 1);
    assert!(serde_json::from_slice::<String>(&jsonb[1..]).is_ok());
}

#[test]
fn large_json_stays_json() {
    let rows: Vec<_> =
        (0..8_000).map(|n| format!(r#"{{"phone": 415555{n:04}, "n": 1.5}}"#)).collect();
    let text = format!("[{}]", rows.join(", "));
    assert!(text.len() > ROW_IN_MEMORY_BYTES);
    let plan = plan([column(TypeKind::Json, Format::Text, Action::Scan)]);
    let (out, _) = masked(&plan, &frame_of(&[Some(text.as_bytes())]), 1_000).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&out[11..]).unwrap();
    assert_eq!(json.as_array().unwrap().len(), 8_000);
    assert!(!out.windows(6).any(|window| window == b"415555"));
}

#[test]
fn a_plan_with_a_mask_that_does_not_keep_the_length_is_refused_at_the_start() {
    let header = frame::FrameHeader { tag: b'D', len: 1 << 20 };
    let refused = |column: ColumnPlan| {
        LargeRow::begin(&plan([text(Action::Scan), column]), iso(), header).err()
    };
    for kind in [TypeKind::Enum, TypeKind::Array, TypeKind::Other] {
        let whole = column(kind, Format::Text, Action::Whole);
        assert_eq!(refused(whole), Some(MaskError::TooLarge(1)));
    }
    let array = column(TypeKind::Array, Format::Binary, Action::Scan);
    assert_eq!(refused(array), Some(MaskError::TooLarge(1)));
    for kind in [TypeKind::Bool, TypeKind::Date, TypeKind::Bytea, TypeKind::Uuid] {
        assert_eq!(refused(column(kind, Format::Text, Action::Whole)), None);
    }
    let dates = Dates::new(b"German", 0);
    let date = plan([column(TypeKind::Date, Format::Text, Action::Year)]);
    assert_eq!(LargeRow::begin(&date, dates, header).err(), Some(MaskError::TooLarge(0)));
}

#[test]
fn a_large_value_of_a_small_type_is_refused() {
    let large = vec![b'7'; ROW_IN_MEMORY_BYTES + 1];
    let plan = plan([column(TypeKind::Int4, Format::Text, Action::Whole)]);
    let error = masked(&plan, &frame_of(&[Some(&large)]), 65_536).unwrap_err();
    assert_eq!(error, MaskError::Value(0));
}

#[test]
fn a_row_that_does_not_add_up_is_refused() {
    let row = frame_of(&[Some(b"Jane"), Some(b"Doe")]);
    let refused = |row: &[u8], columns: usize| {
        masked(&plan(vec![text(Action::Whole); columns]), row, 3).map(|_| ()).unwrap_err()
    };
    assert_eq!(refused(&row, 1), MaskError::Columns { found: 2, planned: 1 });
    for length in [3_i32, 5, -2, i32::MAX] {
        let mut row = row.clone();
        row[7..11].copy_from_slice(&length.to_be_bytes());
        assert_eq!(refused(&row, 2), MaskError::Lengths, "{length}");
    }
}
