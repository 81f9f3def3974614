//! What the columns that a value is made of ask for, by the catalog.
//!
//! A name stands for all that it may mean, and the strictest of them counts; what can't be resolved
//! is covered.

use lazaret_detectors::{Class, Identifier, class};
use lazaret_sql::{Calls, How, Input, Lineage};

use crate::{Catalog, Column, Relation, TypeKind, system};

/// What is known of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exposure {
    /// Its values may be seen, and what is computed from them.
    Open,
    /// Its values are scanned, which needs them in one piece.
    Text,
    /// They are scanned member by member: arrays, rows, ranges.
    Members,
    /// They are scanned as what they are: JSON, XML, bytes ...
    Structured,
    /// It is masked, for this class.
    Covered(Class),
    /// It is masked, and a key by its own name: who holds a key may ask for what it stands for.
    Key,
    /// It can't be resolved.
    Unknown,
}

impl Exposure {
    /// Of a column that is scanned.
    pub(crate) fn scanned(column: &Column) -> Self {
        match column.kind {
            TypeKind::Text => Self::Text,
            TypeKind::Array | TypeKind::Composite | TypeKind::Range => Self::Members,
            _ => Self::Structured,
        }
    }

    /// Its values are covered by what a scan finds in them.
    pub(crate) const fn is_scanned(self) -> bool {
        matches!(self, Self::Text | Self::Members | Self::Structured)
    }

    /// How much of a value has to be covered to which this happened.
    pub(crate) fn cover(self, how: How) -> Cover {
        match (self, how) {
            (Self::Open, _) | (_, How::Counted) => Cover::None,
            (of, How::Kept | How::Measured | How::Condition) if of.is_scanned() => Cover::None,
            (Self::Text, How::Recast) | (Self::Members, How::Part) => Cover::None,
            (of, _) if of.is_scanned() => Cover::Null,
            (_, How::Kept) => Cover::Whole,
            _ => Cover::Null,
        }
    }

    /// Of a column that is masked for this class.
    pub(crate) fn covered(relation: &str, column: &Column, class: Class) -> Self {
        const KEY: Class = Class::Direct(Identifier::UniqueCode);
        // What can't be traced has the same class, and is no key.
        let named = || class::by_name(relation, &column.name) == Some(KEY);
        if class == KEY && column.known_class() == KEY && named() {
            Self::Key
        } else {
            Self::Covered(class)
        }
    }
}

/// Tells the exposure of the column of a relation, or of all its columns; false where there is no
/// such relation.
pub(crate) type Lookup<'l> =
    dyn FnMut(Option<&str>, &str, Option<&str>, &mut Vec<Exposure>) -> bool + 'l;

/// What the text's names mean in a catalog, where each column gets what `treat` says.
pub(crate) fn by_catalog<'l>(
    catalog: Option<&'l Catalog>,
    treat: &'l dyn Fn(&Relation, &Column) -> Exposure,
) -> impl FnMut(Option<&str>, &str, Option<&str>, &mut Vec<Exposure>) -> bool + 'l {
    move |schema, name, column, found| {
        let Some(catalog) = catalog else { return false };
        let mut known = false;
        for relation in catalog.resolve(schema, name) {
            known = true;
            let meant =
                relation.columns.iter().filter(|of| column.is_none_or(|name| of.name == name));
            found.extend(meant.map(|column| treat(relation, column)));
        }
        if known || !system::is_relation(schema, name) || system::is_private(schema, name) {
            return known;
        }
        found.push(Exposure::Open);
        true
    }
}

/// All that the name of an input may mean.
pub(crate) fn exposures(input: &Input, lookup: &mut Lookup<'_>) -> Vec<Exposure> {
    let mut found = Vec::new();
    let mut known = true;
    let column = input.column.as_deref();
    for (schema, relation) in &input.relations {
        known &= lookup(schema.as_deref(), relation, column, &mut found);
    }
    if column.is_some_and(|name| SYSTEM_COLUMNS.contains(&name)) {
        found.push(Exposure::Open);
    }
    if !known || input.certain && found.is_empty() {
        found.push(Exposure::Unknown);
    }
    found
}

/// How much of a value has to be covered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Cover {
    /// It gets what its type asks for.
    None,
    /// Masked values are in it as they are.
    Whole,
    /// It was computed from what is masked or only scanned: not even its length or whether it is
    /// there may be told.
    Null,
}

/// Of an expression. `conditions`: what decides which value is shown counts, too; elsewhere the
/// rules of inference have vetted it. What came through one of the `trusted` functions doesn't count.
pub(crate) fn cover(
    lineage: &[Input],
    conditions: bool,
    trusted: Calls,
    lookup: &mut Lookup<'_>,
) -> Cover {
    let inputs = lineage.iter().filter(|input| !input.through.meet(trusted));
    let covers = inputs.map(|input| match input.how {
        How::Counted => Cover::None,
        How::Condition if !conditions => Cover::None,
        how => {
            let exposures = exposures(input, lookup).into_iter();
            exposures.map(|of| of.cover(how)).max().unwrap_or(Cover::None)
        }
    });
    covers.max().unwrap_or(Cover::None)
}

/// Columns that every table has.
const SYSTEM_COLUMNS: &[&str] = &["cmax", "cmin", "ctid", "tableoid", "xmax", "xmin"];

/// A plain column as an input, for what the server names no origin for.
pub(crate) fn plain(relations: &[(Option<String>, String)], name: &str) -> Lineage {
    Lineage::Of(vec![Input {
        relations: relations.to_vec(),
        column: Some(name.to_owned()),
        certain: true,
        how: How::Kept,
        through: Calls::NONE,
    }])
}
