//! What is recorded. Bodies hold no PHI: texts are masked by the detectors before they come here,
//! and exact bytes appear only as salted commitments.
//!
//! Each record type has a struct of its own, so that a field added to one never moves the bytes of
//! another. A body borrows on the way in and is serialised straight into the mapping; a reader gets
//! a [`View`] that lies in the bytes it was read from.

use rkyv::rancor;
use rkyv::ser::allocator::SubAllocator;
use rkyv::ser::writer::Buffer;
use rkyv::with::{AsString, InlineAsBox};
use rkyv::{Archive, Serialize};

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

/// One list of all record types, so that frame, body and view can't drift apart. The numbers are
/// part of the format: they are never given twice.
macro_rules! records {
    ($($number:literal $name:ident $(<$life:lifetime>)?,)*) => {
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

        /// The body of a record where it was read, validated.
        #[derive(Clone, Copy)]
        pub enum View<'a> { $($name(&'a rkyv::Archived<$name $(<$life>)?>),)* }

        impl<'a> View<'a> {
            pub(crate) fn read(kind: RecordType, body: &'a [u8]) -> Result<Self, rancor::Failure> {
                match kind { $(RecordType::$name => rkyv::api::low::access(body).map(Self::$name),)* }
            }
        }
    };
}

records! {
    1 Boot<'a>,
    2 Heartbeat,
    3 SessionStart<'a>,
    4 SessionRefused<'a>,
    5 Statement<'a>,
    6 Bind<'a>,
    7 CopyIn,
    8 Chunk,
    9 Response<'a>,
    10 Cancel<'a>,
    11 SessionEnd<'a>,
    12 SegmentEnd,
    13 Recovery,
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
