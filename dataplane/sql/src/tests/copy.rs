//! COPY and its options, in the syntax of every version.

use crate::{Copy, CopyDirection, CopyEnd, CopyFormat};

use super::one;

fn copy(text: &str) -> Copy {
    one(text).copy.unwrap_or_else(|| panic!("{text}"))
}

#[test]
fn the_defaults_follow_the_format() {
    let text = copy("COPY s.t (a, b) TO STDOUT");
    assert_eq!(
        text,
        Copy {
            direction: CopyDirection::Out,
            end: CopyEnd::Client,
            format: CopyFormat::Text,
            relation: Some((Some("s".into()), "t".into())),
            columns: vec!["a".into(), "b".into()],
            delimiter: b'\t',
            null: "\\N".into(),
            quote: b'"',
            escape: b'"',
            header: false,
            encoding: None,
            unknown_option: false,
        }
    );
    let csv = copy("COPY (SELECT 1) TO STDOUT (FORMAT csv, QUOTE '''')");
    assert_eq!((csv.format, csv.relation, csv.columns), (CopyFormat::Csv, None, vec![]));
    assert_eq!((csv.delimiter, csv.null.as_str(), csv.quote, csv.escape), (b',', "", b'\'', b'\''));
    assert_eq!(copy("COPY t FROM PROGRAM 'x'").end, CopyEnd::Program);
    assert_eq!(copy("COPY t FROM 'x'").end, CopyEnd::File);
    assert_eq!(copy("COPY t FROM STDIN").direction, CopyDirection::In);
}

#[test]
fn old_and_new_syntax_mean_the_same() {
    let new = "COPY t TO STDOUT WITH (FORMAT csv, DELIMITER ';', NULL 'x', HEADER true, QUOTE '!', \
               ESCAPE '\\', FORCE_QUOTE (a))";
    let old = "COPY t TO STDOUT WITH DELIMITER ';' NULL 'x' CSV HEADER QUOTE '!' ESCAPE '\\' \
               FORCE QUOTE a";
    assert_eq!(copy(new), copy(old));
    assert!(copy(new).header && !copy(new).unknown_option);
    assert_eq!(copy("COPY BINARY t TO STDOUT").format, CopyFormat::Binary);
    assert_eq!(copy("COPY t TO STDOUT USING DELIMITERS '|'").delimiter, b'|');
}

#[test]
fn a_header_is_read_as_the_server_reads_it() {
    for (option, header) in [
        ("HEADER", true),
        ("HEADER on", true),
        ("HEADER 1", true),
        ("HEADER 'TRUE'", true),
        ("HEADER match", true),
        ("HEADER off", false),
        ("HEADER 0", false),
        ("HEADER false", false),
    ] {
        let read = copy(&format!("COPY t FROM STDIN (FORMAT csv, {option})"));
        assert_eq!((read.header, read.unknown_option), (header, false), "{option}");
    }
}

#[test]
fn what_is_not_known_is_told() {
    for (options, unknown) in [
        ("FORCE_NULL (a), FREEZE, ON_ERROR ignore, LOG_VERBOSITY verbose, DEFAULT 'x'", false),
        ("REJECT_LIMIT 5, FORCE_NOT_NULL *", false),
        ("ENCODING 'SJIS'", false),
        ("FORMAT parquet", true),
        ("FORMAT", true),
        ("DELIMITER 'ab'", true),
        ("DELIMITER ''", true),
        ("QUOTE 'é'", true),
        ("HEADER maybe", true),
        ("HEADER 2", true),
        ("COMPRESSION gzip", true),
    ] {
        let read = copy(&format!("COPY t FROM STDIN ({options})"));
        assert_eq!(read.unknown_option, unknown, "{options}");
    }
    assert_eq!(copy("COPY t TO STDOUT (ENCODING 'LATIN1')").encoding.as_deref(), Some("LATIN1"));
}
