//! The classified catalog of one database, and what names and OIDs mean in it.

use std::collections::{BTreeMap, HashMap};

use lazaret_detectors::Class;
use serde::{Deserialize, Serialize};

use crate::classify::classify;
use crate::code::Code;
use crate::types::built_in;
use crate::{DeclaredClass, Mask, RawCatalog, RawType, TypeKind};

/// A classified column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    pub attnum: i16,
    pub name: String,
    pub type_oid: u32,
    pub kind: TypeKind,
    pub generated: bool,
    /// A name that `Class::from_name` knows, or empty for unclassified.
    pub class: String,
    /// Its own, by configuration.
    pub mask: Option<Mask>,
}

impl Column {
    pub(crate) fn known_class(&self) -> Class {
        if self.class.is_empty() {
            Class::Unclassified
        } else {
            Class::from_name(&self.class).unwrap_or(Class::UNTRACED)
        }
    }
}

/// A classified relation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Relation {
    pub oid: u32,
    pub schema: String,
    pub name: String,
    /// By attnum, ascending; dropped columns are missing.
    pub columns: Vec<Column>,
    /// Holds at least one column that is masked, or is a view over such a relation.
    pub masked: bool,
}

impl Relation {
    pub fn column(&self, attnum: i16) -> Option<&Column> {
        let index = self.columns.binary_search_by_key(&attnum, |column| column.attnum).ok()?;
        self.columns.get(index)
    }

    pub fn column_named(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }
}

/// The classified catalog of one database.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(from = "Stored")]
pub struct Catalog {
    relations: Vec<Relation>,
    /// Kinds of the types that initdb did not make.
    types: BTreeMap<u32, TypeKind>,
    code: Code,
    #[serde(skip)]
    by_oid: HashMap<u32, usize>,
    #[serde(skip)]
    by_name: HashMap<String, Vec<usize>>,
}

/// What a snapshot holds of a [`Catalog`]; the indexes are made anew.
#[derive(Deserialize)]
struct Stored {
    relations: Vec<Relation>,
    types: BTreeMap<u32, TypeKind>,
    code: Code,
}

impl From<Stored> for Catalog {
    fn from(Stored { relations, types, code }: Stored) -> Self {
        let by_oid = relations.iter().enumerate().map(|(index, of)| (of.oid, index)).collect();
        let mut by_name: HashMap<String, Vec<usize>> = HashMap::with_capacity(relations.len());
        for (index, relation) in relations.iter().enumerate() {
            by_name.entry(relation.name.clone()).or_default().push(index);
        }
        Self { relations, types, code, by_oid, by_name }
    }
}

impl Catalog {
    /// Classifies: by origin (views by their definitions, recursively; partitions by their
    /// parents), by declared class, by type and by name. Labels raise, never lower.
    pub fn compile(raw: RawCatalog, declared: &[DeclaredClass]) -> Self {
        let code = Code::of(&raw);
        let types = user_types(&raw);
        let relations = classify(&raw, declared, &code, &|oid| kind_of(&types, oid));
        Stored { relations, types, code }.into()
    }

    pub fn relation(&self, oid: u32) -> Option<&Relation> {
        self.relations.get(*self.by_oid.get(&oid)?)
    }

    pub fn relations(&self) -> &[Relation] {
        &self.relations
    }

    /// All that a name may mean: the one relation if schema-qualified, else the union over all
    /// schemas.
    pub fn resolve<'c>(
        &'c self,
        schema: Option<&'c str>,
        name: &str,
    ) -> impl Iterator<Item = &'c Relation> {
        let named = self.by_name.get(name).map(Vec::as_slice).unwrap_or_default();
        named
            .iter()
            .filter_map(|&index| self.relations.get(index))
            .filter(move |relation| schema.is_none_or(|schema| relation.schema == schema))
    }

    /// Whether there is anything that the declaration is about.
    pub fn has(&self, declared: &DeclaredClass) -> bool {
        let mut relations = self.resolve(Some(&declared.schema), &declared.relation);
        let column = declared.column.as_str();
        relations.any(|relation| column == "*" || relation.column_named(column).is_some())
    }

    /// Resolves domains, arrays and ranges to what their values look like.
    pub fn type_kind(&self, type_oid: u32) -> TypeKind {
        kind_of(&self.types, type_oid).unwrap_or(TypeKind::Other)
    }

    pub(crate) fn code(&self) -> &Code {
        &self.code
    }
}

fn kind_of(types: &BTreeMap<u32, TypeKind>, oid: u32) -> Option<TypeKind> {
    built_in(oid).or_else(|| types.get(&oid).copied())
}

/// A domain over a domain is rare; a longer chain is masked whole.
const DOMAIN_DEPTH: usize = 16;

fn user_types(raw: &RawCatalog) -> BTreeMap<u32, TypeKind> {
    let by_oid: HashMap<u32, _> = raw.types.iter().map(|of| (of.oid, of)).collect();
    raw.types.iter().map(|of| (of.oid, user_type(&by_oid, of.oid, DOMAIN_DEPTH))).collect()
}

fn user_type(types: &HashMap<u32, &RawType>, oid: u32, depth: usize) -> TypeKind {
    if let Some(kind) = built_in(oid) {
        return kind;
    }
    let (Some(of), Some(depth)) = (types.get(&oid), depth.checked_sub(1)) else {
        return TypeKind::Other;
    };
    match of.kind {
        'd' => user_type(types, of.base, depth),
        'e' => TypeKind::Enum,
        'c' => TypeKind::Composite,
        'r' | 'm' => TypeKind::Range,
        'b' if of.base != 0 => match user_type(types, of.base, depth) {
            TypeKind::TsVector => TypeKind::TsVector,
            _ => TypeKind::Array,
        },
        // citext is text in all but comparison.
        'b' if of.name == "citext" => TypeKind::Text,
        _ => TypeKind::Other,
    }
}
