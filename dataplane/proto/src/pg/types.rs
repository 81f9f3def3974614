//! The types of pg_catalog by OID (`pg_type.dat` of PostgreSQL 10 to 18). Row types and most
//! pseudo-types are left out.

/// A type of pg_catalog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Builtin {
    pub oid: u32,
    /// typname
    pub name: &'static str,
    /// typarray; 0 where there is none.
    pub array_oid: u32,
}

pub fn builtin(oid: u32) -> Option<&'static Builtin> {
    let at = BUILTIN.binary_search_by_key(&oid, |builtin| builtin.oid).ok()?;
    BUILTIN.get(at)
}

/// The type of the elements of an array type of pg_catalog.
pub fn element_of(array_oid: u32) -> Option<u32> {
    if array_oid == 0 {
        return None;
    }
    BUILTIN.iter().find(|builtin| builtin.array_oid == array_oid).map(|builtin| builtin.oid)
}

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

macro_rules! builtins {
    ($($name:ident = $oid:literal, $typname:literal, $array:literal;)*) => {
        $(pub const $name: u32 = $oid;)*

        /// Sorted by OID.
        const BUILTIN: &[Builtin] =
            &[$(Builtin { oid: $oid, name: $typname, array_oid: $array }),*];
    };
}

builtins! {
    BOOL = 16, "bool", 1000;
    BYTEA = 17, "bytea", 1001;
    CHAR = 18, "char", 1002;
    NAME = 19, "name", 1003;
    INT8 = 20, "int8", 1016;
    INT2 = 21, "int2", 1005;
    INT2VECTOR = 22, "int2vector", 1006;
    INT4 = 23, "int4", 1007;
    REGPROC = 24, "regproc", 1008;
    TEXT = 25, "text", 1009;
    OID = 26, "oid", 1028;
    TID = 27, "tid", 1010;
    XID = 28, "xid", 1011;
    CID = 29, "cid", 1012;
    OIDVECTOR = 30, "oidvector", 1013;
    JSON = 114, "json", 199;
    XML = 142, "xml", 143;
    PG_NODE_TREE = 194, "pg_node_tree", 0;
    POINT = 600, "point", 1017;
    LSEG = 601, "lseg", 1018;
    PATH = 602, "path", 1019;
    BOX = 603, "box", 1020;
    POLYGON = 604, "polygon", 1027;
    LINE = 628, "line", 629;
    CIDR = 650, "cidr", 651;
    FLOAT4 = 700, "float4", 1021;
    FLOAT8 = 701, "float8", 1022;
    UNKNOWN = 705, "unknown", 0;
    CIRCLE = 718, "circle", 719;
    MACADDR8 = 774, "macaddr8", 775;
    MONEY = 790, "money", 791;
    MACADDR = 829, "macaddr", 1040;
    INET = 869, "inet", 1041;
    ACLITEM = 1033, "aclitem", 1034;
    BPCHAR = 1042, "bpchar", 1014;
    VARCHAR = 1043, "varchar", 1015;
    DATE = 1082, "date", 1182;
    TIME = 1083, "time", 1183;
    TIMESTAMP = 1114, "timestamp", 1115;
    TIMESTAMPTZ = 1184, "timestamptz", 1185;
    INTERVAL = 1186, "interval", 1187;
    TIMETZ = 1266, "timetz", 1270;
    BIT = 1560, "bit", 1561;
    VARBIT = 1562, "varbit", 1563;
    NUMERIC = 1700, "numeric", 1231;
    REFCURSOR = 1790, "refcursor", 2201;
    REGPROCEDURE = 2202, "regprocedure", 2207;
    REGOPER = 2203, "regoper", 2208;
    REGOPERATOR = 2204, "regoperator", 2209;
    REGCLASS = 2205, "regclass", 2210;
    REGTYPE = 2206, "regtype", 2211;
    RECORD = 2249, "record", 2287;
    CSTRING = 2275, "cstring", 1263;
    VOID = 2278, "void", 0;
    UUID = 2950, "uuid", 2951;
    TXID_SNAPSHOT = 2970, "txid_snapshot", 2949;
    PG_LSN = 3220, "pg_lsn", 3221;
    PG_NDISTINCT = 3361, "pg_ndistinct", 0;
    PG_DEPENDENCIES = 3402, "pg_dependencies", 0;
    TSVECTOR = 3614, "tsvector", 3643;
    TSQUERY = 3615, "tsquery", 3645;
    GTSVECTOR = 3642, "gtsvector", 3644;
    REGCONFIG = 3734, "regconfig", 3735;
    REGDICTIONARY = 3769, "regdictionary", 3770;
    JSONB = 3802, "jsonb", 3807;
    INT4RANGE = 3904, "int4range", 3905;
    NUMRANGE = 3906, "numrange", 3907;
    TSRANGE = 3908, "tsrange", 3909;
    TSTZRANGE = 3910, "tstzrange", 3911;
    DATERANGE = 3912, "daterange", 3913;
    INT8RANGE = 3926, "int8range", 3927;
    JSONPATH = 4072, "jsonpath", 4073;
    REGNAMESPACE = 4089, "regnamespace", 4090;
    REGROLE = 4096, "regrole", 4097;
    REGCOLLATION = 4191, "regcollation", 4192;
    INT4MULTIRANGE = 4451, "int4multirange", 6150;
    NUMMULTIRANGE = 4532, "nummultirange", 6151;
    TSMULTIRANGE = 4533, "tsmultirange", 6152;
    TSTZMULTIRANGE = 4534, "tstzmultirange", 6153;
    DATEMULTIRANGE = 4535, "datemultirange", 6155;
    INT8MULTIRANGE = 4536, "int8multirange", 6157;
    PG_BRIN_BLOOM_SUMMARY = 4600, "pg_brin_bloom_summary", 0;
    PG_BRIN_MINMAX_MULTI_SUMMARY = 4601, "pg_brin_minmax_multi_summary", 0;
    PG_MCV_LIST = 5017, "pg_mcv_list", 0;
    PG_SNAPSHOT = 5038, "pg_snapshot", 5039;
    XID8 = 5069, "xid8", 271;
}

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
    fn the_table_is_sorted_so_that_each_type_is_found() {
        assert!(BUILTIN.is_sorted_by_key(|builtin| builtin.oid));
        for expected in BUILTIN {
            assert_eq!(builtin(expected.oid), Some(expected));
        }
    }

    #[test]
    fn an_array_knows_its_elements_and_a_range_its_bounds() {
        assert_eq!(element_of(1009), Some(TEXT));
        assert_eq!(element_of(TEXT), None);
        assert_eq!(element_of(0), None);
        assert_eq!(range_subtype(TSTZRANGE), Some(TIMESTAMPTZ));
        assert_eq!(range_subtype(TSTZMULTIRANGE), Some(TIMESTAMPTZ));
        assert_eq!(range_subtype(INT4), None);
    }
}
