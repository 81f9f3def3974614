//! The types of pg_catalog by OID (`pg_type.dat` of PostgreSQL 10 to 18). Arrays, row types and most
//! pseudo-types are left out.

/// The type of the bounds of a range or multirange type of pg_catalog.
pub fn range_subtype(oid: u32) -> Option<u32> {
    RANGES
        .iter()
        .find(|(range, _, multirange)| *range == oid || *multirange == oid)
        .map(|(_, subtype, _)| *subtype)
}

pub fn is_multirange(oid: u32) -> bool {
    RANGES.iter().any(|(_, _, multirange)| *multirange == oid)
}

pub const BOOL: u32 = 16;
pub const BYTEA: u32 = 17;
pub const CHAR: u32 = 18;
pub const NAME: u32 = 19;
pub const INT8: u32 = 20;
pub const INT2: u32 = 21;
pub const INT2VECTOR: u32 = 22;
pub const INT4: u32 = 23;
pub const REGPROC: u32 = 24;
pub const TEXT: u32 = 25;
pub const OID: u32 = 26;
pub const TID: u32 = 27;
pub const XID: u32 = 28;
pub const CID: u32 = 29;
pub const OIDVECTOR: u32 = 30;
pub const JSON: u32 = 114;
pub const XML: u32 = 142;
pub const PG_NODE_TREE: u32 = 194;
pub const POINT: u32 = 600;
pub const LSEG: u32 = 601;
pub const PATH: u32 = 602;
pub const BOX: u32 = 603;
pub const POLYGON: u32 = 604;
pub const LINE: u32 = 628;
pub const CIDR: u32 = 650;
pub const FLOAT4: u32 = 700;
pub const FLOAT8: u32 = 701;
pub const UNKNOWN: u32 = 705;
pub const CIRCLE: u32 = 718;
pub const MACADDR8: u32 = 774;
pub const MONEY: u32 = 790;
pub const MACADDR: u32 = 829;
pub const INET: u32 = 869;
pub const ACLITEM: u32 = 1033;
pub const BPCHAR: u32 = 1042;
pub const VARCHAR: u32 = 1043;
pub const DATE: u32 = 1082;
pub const TIME: u32 = 1083;
pub const TIMESTAMP: u32 = 1114;
pub const TIMESTAMPTZ: u32 = 1184;
pub const INTERVAL: u32 = 1186;
pub const TIMETZ: u32 = 1266;
pub const BIT: u32 = 1560;
pub const VARBIT: u32 = 1562;
pub const NUMERIC: u32 = 1700;
pub const REFCURSOR: u32 = 1790;
pub const REGPROCEDURE: u32 = 2202;
pub const REGOPER: u32 = 2203;
pub const REGOPERATOR: u32 = 2204;
pub const REGCLASS: u32 = 2205;
pub const REGTYPE: u32 = 2206;
pub const RECORD: u32 = 2249;
pub const CSTRING: u32 = 2275;
pub const VOID: u32 = 2278;
pub const UUID: u32 = 2950;
pub const TXID_SNAPSHOT: u32 = 2970;
pub const PG_LSN: u32 = 3220;
pub const PG_NDISTINCT: u32 = 3361;
pub const PG_DEPENDENCIES: u32 = 3402;
pub const TSVECTOR: u32 = 3614;
pub const TSQUERY: u32 = 3615;
pub const GTSVECTOR: u32 = 3642;
pub const REGCONFIG: u32 = 3734;
pub const REGDICTIONARY: u32 = 3769;
pub const JSONB: u32 = 3802;
pub const INT4RANGE: u32 = 3904;
pub const NUMRANGE: u32 = 3906;
pub const TSRANGE: u32 = 3908;
pub const TSTZRANGE: u32 = 3910;
pub const DATERANGE: u32 = 3912;
pub const INT8RANGE: u32 = 3926;
pub const JSONPATH: u32 = 4072;
pub const REGNAMESPACE: u32 = 4089;
pub const REGROLE: u32 = 4096;
pub const REGCOLLATION: u32 = 4191;
pub const INT4MULTIRANGE: u32 = 4451;
pub const NUMMULTIRANGE: u32 = 4532;
pub const TSMULTIRANGE: u32 = 4533;
pub const TSTZMULTIRANGE: u32 = 4534;
pub const DATEMULTIRANGE: u32 = 4535;
pub const INT8MULTIRANGE: u32 = 4536;
pub const PG_BRIN_BLOOM_SUMMARY: u32 = 4600;
pub const PG_BRIN_MINMAX_MULTI_SUMMARY: u32 = 4601;
pub const PG_MCV_LIST: u32 = 5017;
pub const PG_SNAPSHOT: u32 = 5038;
pub const XID8: u32 = 5069;

/// Range, type of its bounds, multirange.
const RANGES: &[(u32, u32, u32)] = &[
    (INT4RANGE, INT4, INT4MULTIRANGE),
    (NUMRANGE, NUMERIC, NUMMULTIRANGE),
    (TSRANGE, TIMESTAMP, TSMULTIRANGE),
    (TSTZRANGE, TIMESTAMPTZ, TSTZMULTIRANGE),
    (DATERANGE, DATE, DATEMULTIRANGE),
    (INT8RANGE, INT8, INT8MULTIRANGE),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_and_its_multirange_have_the_same_bounds() {
        assert_eq!(range_subtype(TSTZRANGE), Some(TIMESTAMPTZ));
        assert_eq!(range_subtype(TSTZMULTIRANGE), Some(TIMESTAMPTZ));
        assert!(is_multirange(TSTZMULTIRANGE) && !is_multirange(TSTZRANGE));
        assert_eq!(range_subtype(INT4), None);
    }
}
