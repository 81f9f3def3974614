//! What is recorded. Bodies hold no PHI: texts are masked by the detectors before they come here,
//! and exact bytes appear only as salted commitments.
//!
//! Each record type has a struct of its own, so that a field added to one never moves the bytes of
//! another. A body borrows on the way in and is serialised straight into the mapping; a reader gets
//! a [`View`] that lies in the bytes it was read from.

mod fields;

use rkyv::rancor;
use rkyv::ser::allocator::SubAllocator;
use rkyv::ser::writer::Buffer;
use rkyv::with::{AsString, InlineAsBox};
use rkyv::{Archive, Serialize};

pub(crate) use fields::Fields;

/// Findings per identifier, in the order of 45 CFR 164.514(b)(2)(i).
pub type FindingCounts = [u32; 18];

/// First record of a shard's boot.
#[derive(Archive, Serialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Boot<'a> {
    #[rkyv(with = AsString)]
    pub node: &'a str,
    pub boot: u64,
    #[rkyv(with = AsString)]
    pub version: &'a str,
    /// `process` or `power`.
    #[rkyv(with = AsString)]
    pub durability: &'a str,
}

/// Every second, so that silence shows.
#[derive(Archive, Serialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heartbeat {
    pub open_sessions: u32,
    /// Records of this shard and boot so far.
    pub records: u64,
}

/// A client connected and was authenticated.
#[derive(Archive, Serialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionStart<'a> {
    #[rkyv(with = AsString)]
    pub client_address: &'a str,
    #[rkyv(with = AsString)]
    pub claimed_user: &'a str,
    #[rkyv(with = AsString)]
    pub principal: &'a str,
    #[rkyv(with = AsString)]
    pub issuer: &'a str,
    #[rkyv(with = InlineAsBox)]
    pub groups: &'a [String],
    #[rkyv(with = AsString)]
    pub grant: &'a str,
    #[rkyv(with = AsString)]
    pub resource: &'a str,
    #[rkyv(with = AsString)]
    pub database: &'a str,
    #[rkyv(with = AsString)]
    pub application_name: &'a str,
    pub protocol: u32,
    #[rkyv(with = AsString)]
    pub tls: &'a str,
    #[rkyv(with = AsString)]
    pub preset: &'a str,
}

/// A client that was not let in; `reason` is the exact one, which the client is not told.
#[derive(Archive, Serialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionRefused<'a> {
    #[rkyv(with = AsString)]
    pub client_address: &'a str,
    #[rkyv(with = AsString)]
    pub claimed_user: &'a str,
    #[rkyv(with = AsString)]
    pub database: &'a str,
    #[rkyv(with = AsString)]
    pub reason: &'a str,
}

/// A statement and its verdict, before anything goes upstream.
#[derive(Archive, Serialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statement<'a> {
    /// Counts the session's requests from 1; responses name it.
    pub request: u64,
    /// `query`, `parse`, `function_call`, `copy_data` ...
    #[rkyv(with = AsString)]
    pub message: &'a str,
    #[rkyv(with = AsString)]
    pub kind: &'a str,
    /// What a `parse` calls the statement, with PHI masked; else empty.
    #[rkyv(with = AsString)]
    pub name: &'a str,
    /// The text with PHI masked, cut to a limit.
    #[rkyv(with = AsString)]
    pub text: &'a str,
    /// BLAKE3 keyed with the session's salt, over the exact bytes.
    pub commitment: [u8; 32],
    pub bytes: u64,
    pub allowed: bool,
    /// The Cedar policy or the rule that decided.
    #[rkyv(with = AsString)]
    pub rule: &'a str,
    #[rkyv(with = AsString)]
    pub snapshot_hash: &'a str,
}

/// Bind: which statement text runs with which parameters.
#[derive(Archive, Serialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bind<'a> {
    pub request: u64,
    /// The statement that runs, by its name, with PHI masked.
    #[rkyv(with = AsString)]
    pub statement: &'a str,
    /// The parameters with PHI masked, each cut to a limit.
    #[rkyv(with = InlineAsBox)]
    pub parameters: &'a [String],
    pub commitment: [u8; 32],
    pub bytes: u64,
}

/// COPY data from the client.
#[derive(Archive, Serialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct CopyIn {
    pub request: u64,
    pub bytes: u64,
    pub commitment: [u8; 32],
    pub findings: FindingCounts,
}

/// A part of a response, before it leaves.
#[derive(Archive, Serialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunk {
    pub request: u64,
    pub rows: u64,
    pub bytes: u64,
    pub findings: FindingCounts,
    /// BLAKE3 of this request's response bytes up to and with this part, so that what a client got
    /// is known even if the response never ends.
    pub digest: [u8; 32],
}

/// The response is complete.
#[derive(Archive, Serialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Response<'a> {
    pub request: u64,
    pub rows: u64,
    pub bytes: u64,
    pub findings: FindingCounts,
    /// BLAKE3 of all response bytes of this request, as sent to the client (plaintext).
    pub digest: [u8; 32],
    /// `complete`, `error` with its SQLSTATE, `cancelled`, `disconnected` ...
    #[rkyv(with = AsString)]
    pub outcome: &'a str,
}

/// A CancelRequest: for which session, or for none that is known.
#[derive(Archive, Serialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cancel<'a> {
    #[rkyv(with = AsString)]
    pub client_address: &'a str,
    pub found: bool,
}

/// The session is over.
#[derive(Archive, Serialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionEnd<'a> {
    #[rkyv(with = AsString)]
    pub reason: &'a str,
    pub requests: u64,
    pub rows: u64,
    /// Bytes that the kernel accepted for the client.
    pub bytes_to_client: u64,
    pub bytes_from_client: u64,
    pub findings: FindingCounts,
}

/// The last record of a segment: the next one carries on.
#[derive(Archive, Serialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentEnd {
    /// Records of this segment, this one included.
    pub records: u64,
}

/// The last record of a segment whose process died, written by control.
#[derive(Archive, Serialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recovery {
    /// Bytes behind the last whole record: one that was being written.
    pub torn_bytes: u64,
    /// Records that were committed and can't be read: only a power cut at level `process`, or a
    /// damaged disk, makes this other than 0.
    pub lost_records: u64,
}

/// One list of all record types, so that frame, body, view and fields can't drift apart. The numbers
/// are part of the format: they are never given twice. In brackets, each in order: the facts, which are
/// committed to together, the texts and the lists of texts.
macro_rules! records {
    ($($number:literal $name:ident $(<$life:lifetime>)? = $archived:ident
        [$($fact:ident)*] [$($text:ident)*] [$($list:ident)*],)*) => {
        /// The frame's record type.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u16)]
        pub enum RecordType { $($name = $number,)* }

        impl RecordType {
            pub(crate) fn from_number(number: u16) -> Option<Self> {
                match number { $($number => Some(Self::$name),)* _ => None }
            }
        }

        /// The body of a record on its way in.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Body<'a> { $($name($name $(<$life>)?),)* }

        impl Body<'_> {
            pub fn record_type(&self) -> RecordType {
                match self { $(Self::$name(_) => RecordType::$name,)* }
            }

            /// Writes the body and answers its length; an error means that it doesn't fit.
            pub(crate) fn serialize(
                &self,
                out: Buffer<'_>,
                scratch: SubAllocator<'_>,
            ) -> Result<usize, rancor::Failure> {
                match self { $(Self::$name(body) => write(body, out, scratch),)* }
            }
        }

        $(impl<'a> From<$name $(<$life>)?> for Body<'a> {
            fn from(body: $name $(<$life>)?) -> Self { Self::$name(body) }
        })*

        /// Of each record type its number, its name and where its fields lie.
        #[cfg(test)]
        fn layouts() -> Vec<(u16, &'static str, Vec<tests::Field>)> {
            vec![$({
                type Root<'a> = rkyv::Archived<$name $(<$life>)?>;
                let mut fields = vec![
                    $(tests::fact(stringify!($fact), std::mem::offset_of!(Root<'_>, $fact), |it: &Root<'_>| &it.$fact),)*
                    $(tests::field(stringify!($text), std::mem::offset_of!(Root<'_>, $text), |it: &Root<'_>| &it.$text),)*
                    $(tests::field(stringify!($list), std::mem::offset_of!(Root<'_>, $list), |it: &Root<'_>| &it.$list),)*
                ];
                fields.sort_by_key(|field| field.offset);
                ($number, stringify!($name), fields)
            },)*]
        }

        /// The body of a record where it was read, validated.
        #[derive(Clone, Copy)]
        pub enum View<'a> { $($name(&'a rkyv::Archived<$name $(<$life>)?>),)* }

        impl<'a> View<'a> {
            pub(crate) fn read(kind: RecordType, body: &'a [u8]) -> Result<Self, rancor::Failure> {
                match kind { $(RecordType::$name => rkyv::api::low::access(body).map(Self::$name),)* }
            }

            /// Writes the record's fields in their canonical form.
            pub(crate) fn fields(&self, out: &mut Fields) {
                out.clear();
                match self { $(Self::$name($archived { $($fact,)* $($text,)* $($list,)* }) => {
                    $(out.fact($fact);)*
                    out.end_of_facts();
                    $(out.field($text);)*
                    $(out.field($list);)*
                })* }
            }
        }
    };
}

records! {
    1 Boot<'a> = ArchivedBoot [node boot version durability] [] [],
    2 Heartbeat = ArchivedHeartbeat [open_sessions records] [] [],
    3 SessionStart<'a> = ArchivedSessionStart [protocol tls preset] [
        client_address claimed_user principal issuer grant resource database application_name
    ] [groups],
    4 SessionRefused<'a> = ArchivedSessionRefused [] [
        client_address claimed_user database reason
    ] [],
    5 Statement<'a> = ArchivedStatement [
        request message kind commitment bytes allowed rule snapshot_hash
    ] [name text] [],
    6 Bind<'a> = ArchivedBind [request commitment bytes] [statement] [parameters],
    7 CopyIn = ArchivedCopyIn [request bytes commitment findings] [] [],
    8 Chunk = ArchivedChunk [request rows bytes findings digest] [] [],
    9 Response<'a> = ArchivedResponse [request rows bytes findings digest outcome] [] [],
    10 Cancel<'a> = ArchivedCancel [found] [client_address] [],
    11 SessionEnd<'a> = ArchivedSessionEnd [
        requests rows bytes_to_client bytes_from_client findings
    ] [reason] [],
    12 SegmentEnd = ArchivedSegmentEnd [records] [] [],
    13 Recovery = ArchivedRecovery [torn_bytes lost_records] [] [],
}

impl View<'_> {
    /// Whether it tells of the shard, and of no session.
    pub(crate) fn is_the_shards_own(&self) -> bool {
        use View::{Boot, Heartbeat, Recovery, SegmentEnd};
        matches!(self, Boot(_) | Heartbeat(_) | SegmentEnd(_) | Recovery(_))
    }
}

fn write<'s, 'b, T>(
    body: &T,
    out: Buffer<'b>,
    scratch: SubAllocator<'s>,
) -> Result<usize, rancor::Failure>
where
    T: Serialize<rkyv::api::low::LowSerializer<Buffer<'b>, SubAllocator<'s>, rancor::Failure>>,
{
    rkyv::api::low::to_bytes_in_with_alloc(body, out, scratch).map(|written| written.len())
}

#[cfg(test)]
mod tests {
    use super::fields::Canonical;
    use super::*;

    pub(super) struct Field {
        name: &'static str,
        pub(super) offset: usize,
        kind: (&'static str, usize, usize),
    }

    pub(super) fn field<Root, T: Canonical>(
        name: &'static str,
        offset: usize,
        _: impl Fn(&Root) -> &T,
    ) -> Field {
        Field { name, offset, kind: T::KIND }
    }

    /// A text among the facts is a word.
    pub(super) fn fact<Root, T: Canonical>(
        name: &'static str,
        offset: usize,
        get: impl Fn(&Root) -> &T,
    ) -> Field {
        let mut fact = field(name, offset, get);
        if fact.kind.0 == "text" {
            fact.kind.0 = "word";
        }
        fact
    }

    /// The table of FORMAT.md, made from the code.
    fn table() -> String {
        let mut table = String::from("| type | record | fields |\n| --- | --- | --- |\n");
        for (number, name, fields) in layouts() {
            let fields: Vec<_> =
                fields.iter().map(|field| format!("{} {}", field.name, field.kind.0)).collect();
            table.push_str(&format!("| {number} | `{name}` | {} |\n", fields.join(", ")));
        }
        table
    }

    #[test]
    fn fields_lie_where_the_format_page_says() {
        for (_, name, fields) in layouts() {
            let mut end = 0_usize;
            for Field { name: field, offset, kind: (_, size, alignment) } in fields {
                assert_eq!(offset, end.next_multiple_of(alignment), "{name}.{field}");
                end = offset + size;
            }
        }
    }

    #[test]
    fn the_format_page_lists_the_fields_of_each_record() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/FORMAT.md");
        let page = std::fs::read_to_string(path).unwrap();
        let (before, rest) = page.split_once("<!-- records -->\n").unwrap();
        let (_, after) = rest.split_once("<!-- end of records -->\n").unwrap();
        let current =
            format!("{before}<!-- records -->\n{}<!-- end of records -->\n{after}", table());
        if std::env::var_os("UPDATE_FORMAT").is_some() {
            std::fs::write(path, &current).unwrap();
        }
        assert!(page == current, "FORMAT.md is not current: run its test with UPDATE_FORMAT=1");
    }
}
