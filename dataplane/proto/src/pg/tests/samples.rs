//! One message of each kind and more, as bytes. Where a builder exists it is used; the rest is
//! written by hand.

use super::super::backend::{self, Field};
use super::super::error::{Report, Severity};
use super::super::frontend;
use super::super::sqlstate::SqlState;
use super::super::startup::{self, Version};
use super::super::{Format, types};

pub(super) fn startup() -> Vec<Vec<u8>> {
    let parameters: [(&[u8], &[u8]); 3] =
        [(b"user", b"me"), (b"database", b""), (b"_pq_.grease", b"1")];
    let mut full = Vec::new();
    startup::startup(&mut full, Version::V3_2, parameters);
    let mut empty = Vec::new();
    startup::startup(&mut empty, Version::V3_0, []);
    vec![
        full,
        empty,
        b"\0\0\0\x08\x04\xd2\x16\x2f".to_vec(),
        b"\0\0\0\x08\x04\xd2\x16\x30".to_vec(),
        b"\0\0\0\x10\x04\xd2\x16\x2e\0\0\x12\x34\x01\x02\x03\x04".to_vec(),
        [&b"\0\0\0\x2c\x04\xd2\x16\x2e\0\0\x12\x34"[..], &[7; 32]].concat(),
    ]
}

pub(super) fn frontend() -> Vec<Vec<u8>> {
    let built = |build: &dyn Fn(&mut Vec<u8>)| {
        let mut out = Vec::new();
        build(&mut out);
        out
    };
    vec![
        built(&|out| {
            let parameters = [Some(&b"1"[..]), None, Some(b"")];
            let formats = [Format::Text, Format::Text, Format::Binary];
            let results = [Format::Binary];
            frontend::bind(out, b"portal", b"stmt", &formats, parameters.into_iter(), &results);
        }),
        built(&|out| frontend::bind(out, b"", b"", &[], std::iter::empty(), &[])),
        built(&|out| frontend::parse(out, b"stmt", b"select $1", &[types::INT4, 0])),
        built(&|out| frontend::parse(out, b"", b"", &[])),
        built(&|out| frontend::password(out, b"secret")),
        built(&|out| frontend::sasl_initial(out, "SCRAM-SHA-256", b"n,,n=,r=abc")),
        built(&|out| frontend::sasl_response(out, b"c=biws,r=abcdef,p=x")),
        frame(b'C', b"Sstmt\0"),
        frame(b'C', b"P\0"),
        frame(b'd', b"1\tx\n"),
        frame(b'd', b""),
        frame(b'c', b""),
        frame(b'f', b"reason\0"),
        frame(b'D', b"Sstmt\0"),
        frame(b'D', b"Pportal\0"),
        frame(b'E', b"portal\0\0\0\0\x64"),
        frame(b'H', b""),
        frame(b'F', b"\0\0\x03\xe8\0\x01\0\x01\0\x02\0\0\0\x01a\xff\xff\xff\xff\0\x01"),
        frame(b'Q', b"select 1\0"),
        frame(b'Q', b"\0"),
        frame(b'S', b""),
        frame(b'X', b""),
    ]
}

pub(super) fn backend() -> Vec<Vec<u8>> {
    let built = |build: &dyn Fn(&mut Vec<u8>)| {
        let mut out = Vec::new();
        build(&mut out);
        out
    };
    let error = Report::error(SqlState::UNDEFINED_TABLE, "relation \"x\" does not exist")
        .position(15)
        .field(b'F', "parse_relation.c");
    let notice = Report::new(Severity::Notice, SqlState::WARNING, "look");
    vec![
        frame(b'R', b"\0\0\0\0"),
        frame(b'R', b"\0\0\0\x02"),
        frame(b'R', b"\0\0\0\x03"),
        frame(b'R', b"\0\0\0\x05salt"),
        frame(b'R', b"\0\0\0\x07"),
        frame(b'R', b"\0\0\0\x08gss"),
        frame(b'R', b"\0\0\0\x09"),
        frame(b'R', b"\0\0\0\x0aSCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0"),
        frame(b'R', b"\0\0\0\x0br=abcdef,s=QQ==,i=4096"),
        frame(b'R', b"\0\0\0\x0cv=QQ=="),
        frame(b'R', b"\0\0\0\x63new"),
        frame(b'K', b"\0\0\x12\x34\x01\x02\x03\x04"),
        frame(b'K', &[7; 36]),
        frame(b'2', b""),
        frame(b'3', b""),
        frame(b'C', b"SELECT 1\0"),
        frame(b'W', b"\0\0\0"),
        frame(b'd', b"1\tx\n"),
        frame(b'c', b""),
        frame(b'G', b"\0\0\x02\0\0\0\0"),
        frame(b'H', b"\x01\0\x02\0\x01\0\x01"),
        built(&|out| {
            let cells = [Some(&b"1"[..]), None, Some(b"")];
            backend::data_row(out, cells.into_iter());
        }),
        built(&|out| backend::data_row(out, std::iter::empty())),
        frame(b'I', b""),
        built(&|out| error.encode(out)),
        frame(b'V', b"\xff\xff\xff\xff"),
        frame(b'V', b"\0\0\0\x011"),
        built(&|out| {
            backend::negotiate_protocol_version(out, Version::V3_2, &[b"_pq_.grease", b"_pq_.x"]);
        }),
        frame(b'n', b""),
        built(&|out| notice.encode(out)),
        frame(b'A', b"\0\0\x12\x34channel\0payload\0"),
        built(&|out| backend::parameter_description(out, &[types::INT4, types::TEXT])),
        frame(b'S', b"TimeZone\0UTC\0"),
        frame(b'1', b""),
        frame(b's', b""),
        frame(b'Z', b"I"),
        frame(b'Z', b"T"),
        frame(b'Z', b"E"),
        built(&|out| backend::row_description(out, [field("id", 1), field("", 0)].into_iter())),
        built(&|out| backend::row_description(out, std::iter::empty())),
    ]
}

fn field(name: &str, attnum: i16) -> Field<'_> {
    Field {
        name: name.as_bytes(),
        table_oid: 16_384,
        attnum,
        type_oid: types::INT4,
        type_len: 4,
        type_modifier: -1,
        format: Format::Binary,
    }
}

fn frame(tag: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).unwrap();
    [&[tag][..], &length.to_be_bytes(), body].concat()
}
