//! What PostgreSQL's own functions do to their arguments. A function that is not here may do
//! anything, and so may one of another schema: names are those of pg_catalog, and whether a name
//! means pg_catalog's is decided where the catalog is known.

use crate::statement::How;

/// What becomes of the arguments in the result.
pub(super) fn effect(schema: Option<&str>, name: &str, arguments: usize) -> How {
    if !is_system(schema) {
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
        || is_system(schema) && (QUIET.contains(&name) || given && QUIET_IF_GIVEN.contains(&name))
}

/// Whether a call gives one value, which is made of its arguments alone.
pub(super) fn is_plain(schema: Option<&str>, name: &str, arguments: usize) -> bool {
    let known = ["like_escape", "now", "similar_to_escape"].contains(&name);
    !is_set(schema, name) && (is_quiet(schema, name, arguments, true) || is_system(schema) && known)
}

/// Whether how many rows there are, or how long they take, tells of the arguments.
pub(super) fn is_set(schema: Option<&str>, name: &str) -> bool {
    is_system(schema) && (SETS.contains(&name) || name.starts_with("pg_sleep"))
}

/// Whether a function gives the pieces of its first argument and nothing else.
pub(super) fn takes_apart(schema: Option<&str>, name: &str) -> bool {
    is_set(schema, name) && !name.starts_with("generate_") && !name.starts_with("pg_sleep")
}

/// Whether such a function gives a column of its own or its alias's name, and no other.
pub(super) fn is_of_one_column(schema: Option<&str>, name: &str) -> bool {
    // An array of rows gives a column for each field.
    let several = name == "unnest" || name.contains("_each") || name.ends_with("_to_recordset");
    is_set(schema, name) && !several
}

/// Whether an aggregate gives the value that compares as it says.
pub(super) fn chooses(schema: Option<&str>, name: &str) -> bool {
    is_system(schema) && matches!(name, "max" | "min")
}

/// Whether the argument at a place is a key of JSON, which no scan takes for a value; and of two that are the
/// same `jsonb` keeps one.
pub(super) fn is_key(name: &str, at: usize) -> bool {
    name.ends_with("_build_object") && at.is_multiple_of(2)
        || name.ends_with("_object_agg") && at == 0
}

/// Whether other statements or sessions can read the arguments.
pub(super) fn passes_on(name: &str) -> bool {
    PASSING.contains(&name) || name.contains("_advisory_")
}

fn is_system(schema: Option<&str>) -> bool {
    matches!(schema, None | Some("pg_catalog"))
}

/// What becomes of operands in the result of an operator.
pub(super) fn operation(schema: Option<&str>, name: &str) -> Operation {
    match name {
        _ if !is_system(schema) => Operation::Other,
        "=" | "<>" | "!=" => Operation::Equality,
        "->" | "->>" | "#>" | "#>>" => Operation::Path,
        "<" | ">" | "<=" | ">=" | "@>" | "<@" | "?" | "?|" | "?&" | "@@" | "~~" | "!~~" | "~~*"
        | "!~~*" | "~" | "!~" | "~*" | "!~*" | "^@" => Operation::Comparison,
        _ => Operation::Other,
    }
}

/// What an operator does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    /// Tells whether two values are the same.
    Equality,
    /// Tells whether one matches the other.
    Comparison,
    /// Takes what is at a place.
    Path,
    Other,
}

/// The first operand alone may be data.
pub(super) fn is_quiet_operator(schema: Option<&str>, name: &str, given: bool) -> bool {
    let comparison = ["=", "<>", "!=", "<", ">", "<=", ">=", "||"].contains(&name);
    let reading = ["->", "->>", "#>", "#>>", "@>", "?", "~~", "!~~", "~~*", "!~~*", "~", "!~"];
    is_system(schema)
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

/// They give as many rows as their arguments say.
const SETS: &[&str] = &[
    "generate_series",
    "generate_subscripts",
    "json_array_elements",
    "json_array_elements_text",
    "json_each",
    "json_each_text",
    "json_object_keys",
    "json_to_recordset",
    "jsonb_array_elements",
    "jsonb_array_elements_text",
    "jsonb_each",
    "jsonb_each_text",
    "jsonb_object_keys",
    "jsonb_path_query",
    "jsonb_to_recordset",
    "regexp_matches",
    "regexp_split_to_table",
    "string_to_table",
    "unnest",
];

/// Settings, notifications and sequences keep them; so do advisory locks.
const PASSING: &[&str] = &["nextval", "pg_notify", "set_config", "setseed", "setval"];
