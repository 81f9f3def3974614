//! The upstream catalog as control reads it, and the classes that configuration declares.

use serde::{Deserialize, Serialize};

use crate::Mask;

/// What our own configuration declares of a column: its class (`public.patients.note = "clear"`), its
/// mask, or both.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeclaredClass {
    pub schema: String,
    pub relation: String,
    /// `*` for every column.
    pub column: String,
    /// A name that `Class::from_name` knows; empty where none is declared.
    pub class: String,
    pub mask: Option<Mask>,
}

/// pg_class
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RawRelation {
    pub oid: u32,
    pub schema: String,
    pub name: String,
    /// relkind
    pub kind: char,
    /// pg_get_viewdef, for views and materialized views.
    pub definition: Option<String>,
    /// Parents by pg_inherits (partitions and inheritance).
    pub parents: Vec<u32>,
    /// Comments and security labels, which may only raise a class.
    pub labels: Vec<String>,
}

/// pg_attribute, of live columns with attnum > 0: of relations, and of row types that have none.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RawColumn {
    pub relation: u32,
    pub attnum: i16,
    pub name: String,
    pub type_oid: u32,
    pub generated: bool,
    /// What a generated column is made of: attnums of its own relation, by pg_depend.
    pub made_of: Vec<i16>,
    /// Comments and security labels.
    pub labels: Vec<String>,
}

/// pg_type, of types outside pg_catalog and of arrays, ranges and domains anywhere
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RawType {
    pub oid: u32,
    pub name: String,
    /// typtype: b base, c composite, d domain, e enum, p pseudo, r range, m multirange
    pub kind: char,
    /// typbasetype of a domain, typelem of an array, rngsubtype of a range; 0 without.
    pub base: u32,
    /// typrelid of a composite: its fields are the columns of that; 0 without.
    pub relation: u32,
}

/// Code outside pg_catalog (and information_schema), by the names that call it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RawFunction {
    pub schema: String,
    pub name: String,
    /// `f`: a function or procedure (pg_proc). `a`: one that `t.name` calls as well, for its first
    /// argument is of a composite or pseudo type and the others, if any, have defaults. `o`: an
    /// operator (pg_operator), and `c`: a type that a cast (pg_cast) converts from or to, where the
    /// function behind it is written in another language than C: what C functions of extensions
    /// such as citext do to their operands touches no table. For the same reason an extension's
    /// function is left out if pg_catalog has one of its name (citext's `max`).
    pub kind: char,
    /// Of `f` and `a`: the fewest arguments that it can be called with.
    pub least_arguments: i16,
    /// The most, among them those that CALL states for OUT. `None`: it is variadic.
    pub most_arguments: Option<i16>,
    /// pg_aggregate has it.
    pub aggregate: bool,
}

/// The upstream catalog as read, before classification.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct RawCatalog {
    pub relations: Vec<RawRelation>,
    pub columns: Vec<RawColumn>,
    pub types: Vec<RawType>,
    pub functions: Vec<RawFunction>,
    /// pg_proc.proname in pg_catalog: an unqualified name that is not here is taken for foreign code.
    pub builtin_functions: Vec<String>,
    /// pg_operator.oprname in pg_catalog, and of operators anywhere whose function is written in C.
    pub builtin_operators: Vec<String>,
    /// The role's default search_path, resolved to schema names.
    pub search_path: Vec<String>,
}
