//! How PostgreSQL's types are written, as far as masks care.

use serde::{Deserialize, Serialize};

/// How a type's values are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum TypeKind {
    Bool,
    Int2,
    Int4,
    Int8,
    Oid,
    Float4,
    Float8,
    Numeric,
    Money,
    Text,
    Enum,
    Bytea,
    Date,
    Time,
    TimeTz,
    Timestamp,
    TimestampTz,
    Interval,
    Uuid,
    Json,
    Jsonb,
    Xml,
    Inet,
    MacAddr,
    Bit,
    Array,
    Composite,
    Range,
    /// tsvector, tsquery and arrays of them: lexemes, which a scan can't put together again.
    TsVector,
    /// Anything else: masked whole by NULL where it must be masked.
    Other,
}

impl TypeKind {
    /// Values in which text can stand, so that nothing but a scan tells what they hold.
    pub(crate) const fn is_text_like(self) -> bool {
        matches!(
            self,
            Self::Text
                | Self::Bytea
                | Self::Json
                | Self::Jsonb
                | Self::Xml
                | Self::Inet
                | Self::MacAddr
                | Self::Array
                | Self::Composite
                | Self::Range
                | Self::TsVector
                | Self::Other
        )
    }

    pub(crate) const fn is_date(self) -> bool {
        matches!(self, Self::Date | Self::Timestamp | Self::TimestampTz)
    }
}

/// OIDs below this were given by initdb: the objects of pg_catalog and information_schema.
pub(crate) const FIRST_USER_OID: u32 = 16_384;

/// The kind of a type of pg_catalog (pg_type.dat, stable across versions).
pub const fn built_in(oid: u32) -> Option<TypeKind> {
    Some(match oid {
        16 => TypeKind::Bool,
        17 => TypeKind::Bytea,
        // char, name, text, bpchar, varchar, unknown, cstring, refcursor, pg_node_tree, aclitem
        18 | 19 | 25 | 1042 | 1043 | 705 | 2275 | 1790 | 194 | 1033 => TypeKind::Text,
        20 => TypeKind::Int8,
        21 => TypeKind::Int2,
        23 => TypeKind::Int4,
        26 => TypeKind::Oid,
        114 => TypeKind::Json,
        142 => TypeKind::Xml,
        650 | 869 => TypeKind::Inet,
        700 => TypeKind::Float4,
        701 => TypeKind::Float8,
        774 | 829 => TypeKind::MacAddr,
        790 => TypeKind::Money,
        1082 => TypeKind::Date,
        1083 => TypeKind::Time,
        1114 => TypeKind::Timestamp,
        1184 => TypeKind::TimestampTz,
        1186 => TypeKind::Interval,
        1266 => TypeKind::TimeTz,
        1560 | 1562 => TypeKind::Bit,
        1700 => TypeKind::Numeric,
        // record, and the row types of pg_type, pg_attribute, pg_proc and pg_class
        2249 | 71 | 75 | 81 | 83 => TypeKind::Composite,
        2950 => TypeKind::Uuid,
        // tsvector, tsquery, and their arrays
        3614 | 3615 | 3643 | 3645 => TypeKind::TsVector,
        3802 => TypeKind::Jsonb,
        3904 | 3906 | 3908 | 3910 | 3912 | 3926 => TypeKind::Range,
        // The multiranges of the same.
        4451 | 4532 | 4533 | 4534 | 4535 | 4536 => TypeKind::Range,
        // anyarray and the arrays of the above
        2277 | 143 | 199 | 629 | 651 | 719 | 775 | 791 | 1000..=1003 | 1005 | 1007..=1022 => {
            TypeKind::Array
        }
        1027 | 1028 | 1034 | 1040 | 1041 | 1115 | 1182 | 1183 | 1185 | 1187 | 1231 | 1263 => {
            TypeKind::Array
        }
        1270 | 1561 | 1563 | 2201 | 2287 | 2951 | 3807 | 3905 | 3907 | 3909 | 3911 => {
            TypeKind::Array
        }
        3913 | 3927 | 6150..=6157 => TypeKind::Array,
        // Known, and of no kind that a mask treats: geometry, jsonpath ...
        600..=604 | 628 | 718 | 4072 => TypeKind::Other,
        oid if is_inert(oid) => TypeKind::Other,
        _ => return None,
    })
}

/// Types whose values are the server's own numbers and names of its objects, or nothing: tid, xid,
/// cid, the reg types, LSNs, snapshots, int2vector and oidvector, void, trigger.
pub(crate) const fn is_inert(oid: u32) -> bool {
    matches!(
        oid,
        22 | 24 | 27 | 28 | 29 | 30 | 2202
            ..=2206 | 2278 | 2279 | 2970 | 3220 | 3734 | 3769 | 4089 | 4096 | 4191 | 5038 | 5069
    )
}
