//! What PostgreSQL's own functions do to their arguments. A function that is not here may do
//! anything, and so may one of another schema: names are those of pg_catalog, and whether a name
//! means pg_catalog's is decided where the catalog is known.

use crate::statement::How;

/// What becomes of the arguments in the result.
pub(super) fn effect(schema: Option<&str>, name: &str, arguments: usize) -> How {
    if !matches!(schema, None | Some("pg_catalog")) {
        return How::Computed;
    }
    let whole = KEEPING.contains(&name) || arguments == 1 && TRIMMING.contains(&name);
    if whole {
        How::Kept
    } else if name == "concat_ws" {
        How::Recast
    } else if COUNTING.contains(&name) {
        How::Counted
    } else if arguments == 1 && MEASURING.contains(&name) {
        How::Measured
    } else {
        How::Computed
    }
}

/// Whether neither an error, nor time, nor the number of rows, nor anything outside of the result
/// tells of the arguments. `given`: all but the first are literals.
pub(super) fn is_quiet(schema: Option<&str>, name: &str, arguments: usize, given: bool) -> bool {
    effect(schema, name, arguments) != How::Computed && name != "unnest"
        || matches!(schema, None | Some("pg_catalog"))
            && (QUIET.contains(&name) || given && QUIET_IF_GIVEN.contains(&name))
}

/// The first operand alone may be data.
pub(super) fn is_quiet_operator(schema: Option<&str>, name: &str, given: bool) -> bool {
    let comparison = ["=", "<>", "!=", "<", ">", "<=", ">=", "||"].contains(&name);
    let reading = ["->", "->>", "#>", "#>>", "@>", "?", "~~", "!~~", "~~*", "!~~*", "~", "!~"];
    matches!(schema, None | Some("pg_catalog"))
        && (comparison || given && (reading.contains(&name) || ["~*", "!~*"].contains(&name)))
}

/// Each value is in the result whole and in one piece, so that a scan finds in it what it would
/// find in the column.
const KEEPING: &[&str] = &[
    "any_value",
    "array_agg",
    "array_append",
    "array_cat",
    "array_prepend",
    "array_to_json",
    "first_value",
    "initcap",
    "json_agg",
    "json_array",
    "json_build_array",
    "json_build_object",
    "json_object_agg",
    "jsonb_agg",
    "jsonb_build_array",
    "jsonb_build_object",
    "jsonb_object_agg",
    "lag",
    "last_value",
    "lead",
    "lower",
    "max",
    "min",
    "nth_value",
    "row_to_json",
    "string_agg",
    "to_json",
    "to_jsonb",
    "unnest",
    "upper",
    "xmlagg",
];

/// The same with one argument; another says what to take away.
const TRIMMING: &[&str] = &["btrim", "ltrim", "rtrim"];

/// They tell how many there are.
const COUNTING: &[&str] = &["count", "num_nonnulls", "num_nulls", "pg_typeof"];

/// They tell how much of it there is.
const MEASURING: &[&str] =
    &["bit_length", "char_length", "character_length", "length", "octet_length", "pg_column_size"];

const QUIET: &[&str] = &[
    "ascii",
    "avg",
    "bool_and",
    "bool_or",
    "concat",
    "corr",
    "every",
    "json_object",
    "md5",
    "percentile_cont",
    "percentile_disc",
    "regr_count",
    "reverse",
    "sha224",
    "sha256",
    "sha384",
    "sha512",
    "stddev",
    "stddev_pop",
    "stddev_samp",
    "sum",
    "var_pop",
    "var_samp",
    "variance",
];

/// With literals for all other arguments, they fail for all values or for none.
const QUIET_IF_GIVEN: &[&str] = &[
    "btrim",
    "encode",
    "left",
    "ltrim",
    "overlay",
    "regexp_replace",
    "replace",
    "right",
    "rtrim",
    "split_part",
    "strpos",
    "substr",
    "substring",
    "to_char",
    "translate",
];
