//! Gives every column of a catalog its class.
//!
//! A table's column: what configuration declares, for the relation or for one that it shares rows
//! with by inheritance; else by its type and its name. A view's column: the class of the column
//! that its definition plainly passes on. An expression, of a view or of a generated column, is
//! masked whole if it is made of what is masked, or computed from what is only scanned, and so is
//! what can't be followed. Labels come last,
//! and only raise.

use std::collections::{HashMap, HashSet};

use lazaret_detectors::{Class, Identifier, class};
use lazaret_sql::{Access, Calls, Input, Kind, Lineage, Outputs, Source, Statement};

use crate::code::Code;
use crate::lineage::{self, Exposure};
use crate::{
    Column, DeclaredClass, Mask, RawCatalog, RawColumn, RawRelation, RawType, Relation, TypeKind,
};
use crate::{labels, system};

/// A view over a view over ... deeper than this is masked whole.
const VIEW_DEPTH: usize = 64;

/// Types within types deeper than this are masked whole.
const TYPE_DEPTH: usize = 16;

/// All relations with their columns, in the catalog's order.
pub(crate) fn classify(
    raw: &RawCatalog,
    declared: &[DeclaredClass],
    code: &Code,
    kind_of: &dyn Fn(u32) -> Option<TypeKind>,
) -> Vec<Relation> {
    let mut classifier = Classifier::new(raw, declared, code, kind_of);
    for relation in &raw.relations {
        classifier.relation(relation.oid, VIEW_DEPTH);
    }
    let mut done = classifier.done;
    raw.relations.iter().filter_map(|relation| done.remove(&relation.oid)).collect()
}

/// What is known of a column: its class, and its own mask by configuration.
#[derive(Clone, Copy)]
struct Held {
    class: Class,
    mask: Option<Mask>,
}

impl Held {
    const UNTRACED: Self = Self { class: Class::UNTRACED, mask: None };

    fn raise(self, other: Self) -> Self {
        Self { class: self.class.raise(other.class), mask: join([self.mask, other.mask]) }
    }
}

impl From<Class> for Held {
    fn from(class: Class) -> Self {
        Self { class, mask: None }
    }
}

struct Classifier<'r> {
    code: &'r Code,
    kind_of: &'r dyn Fn(u32) -> Option<TypeKind>,
    relations: HashMap<u32, &'r RawRelation>,
    by_name: HashMap<&'r str, Vec<u32>>,
    /// By attnum, ascending.
    columns: HashMap<u32, Vec<&'r RawColumn>>,
    declared: HashMap<(&'r str, &'r str), Vec<&'r DeclaredClass>>,
    types: HashMap<u32, &'r RawType>,
    families: HashMap<u32, Vec<u32>>,
    done: HashMap<u32, Relation>,
    in_progress: HashSet<u32>,
}

impl<'r> Classifier<'r> {
    fn new(
        raw: &'r RawCatalog,
        declared: &'r [DeclaredClass],
        code: &'r Code,
        kind_of: &'r dyn Fn(u32) -> Option<TypeKind>,
    ) -> Self {
        let mut by_name: HashMap<&str, Vec<u32>> = HashMap::new();
        for relation in &raw.relations {
            by_name.entry(&relation.name).or_default().push(relation.oid);
        }
        let mut columns: HashMap<u32, Vec<&RawColumn>> = HashMap::new();
        for column in &raw.columns {
            columns.entry(column.relation).or_default().push(column);
        }
        for columns in columns.values_mut() {
            columns.sort_by_key(|column| column.attnum);
        }
        let mut by_relation: HashMap<(&str, &str), Vec<&DeclaredClass>> = HashMap::new();
        for class in declared {
            by_relation.entry((&class.schema, &class.relation)).or_default().push(class);
        }
        Self {
            code,
            kind_of,
            relations: raw.relations.iter().map(|relation| (relation.oid, relation)).collect(),
            by_name,
            columns,
            declared: by_relation,
            types: raw.types.iter().map(|of| (of.oid, of)).collect(),
            families: families(&raw.relations),
            done: HashMap::with_capacity(raw.relations.len()),
            in_progress: HashSet::new(),
        }
    }

    /// Classifies a relation once; `None` if its definition leads back to it.
    fn relation(&mut self, oid: u32, depth: usize) -> Option<&Relation> {
        if !self.done.contains_key(&oid) {
            if depth == 0 || !self.in_progress.insert(oid) {
                return None;
            }
            let raw = *self.relations.get(&oid)?;
            let relation = match raw.kind {
                'v' | 'm' => self.view(raw, depth - 1),
                // The rows of a TOAST table are pieces of another's values.
                't' => self.finish(raw, |_| Held::UNTRACED, false),
                _ => self.table(raw),
            };
            self.in_progress.remove(&oid);
            self.done.insert(oid, relation);
        }
        self.done.get(&oid)
    }

    fn table(&self, raw: &'r RawRelation) -> Relation {
        let members = self.family(raw);
        let held = |column: &RawColumn| {
            let masks = members.iter().map(|member| self.declared_mask(member, &column.name));
            Held { class: self.shared(&members, column), mask: join(masks.filter(Option::is_some)) }
        };
        let mut relation = self.finish(raw, held, false);
        self.cover_generated(raw, &members, &mut relation);
        relation
    }

    /// A generated column is an expression, and masked as a view's would be.
    fn cover_generated(
        &self,
        raw: &RawRelation,
        members: &[&RawRelation],
        relation: &mut Relation,
    ) {
        for column in self.columns.get(&raw.oid).into_iter().flatten() {
            let is_declared =
                || members.iter().any(|of| self.declared_class(of, &column.name).is_some());
            let is_open = |of: &Column| matches!(exposure(relation, of), Exposure::Open);
            let mut sources =
                relation.columns.iter().filter(|of| column.made_of.contains(&of.attnum));
            if sources.all(is_open) || is_declared() {
                continue;
            }
            relation.masked = true;
            let made = relation.columns.iter_mut().filter(|of| of.attnum == column.attnum);
            for made in made {
                made.class = made.known_class().raise(Class::UNTRACED).name().to_owned();
            }
        }
    }

    fn family(&self, raw: &'r RawRelation) -> Vec<&'r RawRelation> {
        let family = self.families.get(&raw.oid).map(Vec::as_slice).unwrap_or_default();
        let members = family.iter().filter_map(|oid| self.relations.get(oid).copied());
        if family.is_empty() { vec![raw] } else { members.collect() }
    }

    /// Rows of a child are read through its parents, so a column is what any of them says it is.
    fn shared(&self, members: &[&RawRelation], column: &RawColumn) -> Class {
        let declared = members
            .iter()
            .filter_map(|member| self.declared_class(member, &column.name))
            .reduce(Class::raise);
        declared.unwrap_or_else(|| {
            let named = members.iter().map(|member| self.told(member, column));
            named.reduce(Class::raise).unwrap_or_default()
        })
    }

    fn declared_class(&self, relation: &RawRelation, column: &str) -> Option<Class> {
        let key = (relation.schema.as_str(), relation.name.as_str());
        let declared = self.declared.get(&key)?;
        let found = find_declared(declared, column, |of| !of.class.is_empty())?;
        Some(Class::from_name(&found.class).unwrap_or(Class::UNTRACED))
    }

    fn declared_mask(&self, relation: &RawRelation, column: &str) -> Option<Mask> {
        let key = (relation.schema.as_str(), relation.name.as_str());
        find_declared(self.declared.get(&key)?, column, |of| of.mask.is_some())?.mask
    }

    /// The class that type and name tell.
    fn told(&self, relation: &RawRelation, column: &RawColumn) -> Class {
        // Nothing of an individual stands in a yes or no.
        if (self.kind_of)(column.type_oid) == Some(TypeKind::Bool) {
            return Class::Unclassified;
        }
        let by_type = self.told_by_type(column.type_oid, TYPE_DEPTH);
        let by_name = class::by_name(&relation.name, &column.name);
        strictest([by_type, by_name]).unwrap_or_default()
    }

    /// A domain tells by its name, a row type by its fields, an array or a range by what is in it.
    fn told_by_type(&self, oid: u32, depth: usize) -> Option<Class> {
        let by_kind = match (self.kind_of)(oid) {
            Some(TypeKind::Inet) => Some(Class::Direct(Identifier::IpAddress)),
            Some(TypeKind::MacAddr) => Some(Class::Direct(Identifier::Device)),
            _ => None,
        };
        let Some(of) = self.types.get(&oid) else { return by_kind };
        let Some(depth) = depth.checked_sub(1) else { return Some(Class::UNTRACED) };
        let within = match of.kind {
            'c' => self.told_by_fields(of, depth),
            _ if of.base != 0 => self.told_by_type(of.base, depth),
            _ => None,
        };
        let by_name = if of.kind == 'd' { class::by_name("", &of.name) } else { None };
        strictest([by_kind, within, by_name])
    }

    /// A row is covered whole if any of its fields is to be covered.
    fn told_by_fields(&self, of: &RawType, depth: usize) -> Option<Class> {
        let fields = self.columns.get(&of.relation)?;
        let table = self.relations.get(&of.relation).copied();
        if table.is_some_and(|table| matches!(table.kind, 'v' | 'm')) {
            return Some(Class::UNTRACED);
        }
        let is_text = |attnum: &i16| {
            let of = fields.iter().find(|field| field.attnum == *attnum);
            of.and_then(|of| (self.kind_of)(of.type_oid)).is_none_or(TypeKind::is_text_like)
        };
        if fields.iter().any(|field| field.made_of.iter().any(is_text)) {
            return Some(Class::UNTRACED);
        }
        let members = table.map(|table| self.family(table)).unwrap_or_default();
        let told = fields.iter().flat_map(|field| {
            let declared = members.iter().find_map(|of| self.declared_class(of, &field.name));
            let by_name = class::by_name(&of.name, &field.name);
            let told = strictest([self.told_by_type(field.type_oid, depth), by_name]);
            [declared.or(told), labels::mark(&field.labels)]
        });
        // `first` and `last` are ambiguous each, and a name together.
        let parts = fields.iter().filter(|field| {
            class::by_name("people", &field.name) == Some(Class::Direct(Identifier::Name))
        });
        let of_name = (parts.count() > 1).then_some(Class::Direct(Identifier::Name));
        let masked = told.flatten().chain(of_name).filter(|class| class.is_masked());
        let identifier = masked.reduce(Class::raise)?.identifier();
        Some(identifier.map_or(Class::UNTRACED, Class::Direct))
    }

    fn view(&mut self, raw: &'r RawRelation, depth: usize) -> Relation {
        let definition = raw.definition.as_deref().and_then(query);
        let columns = self.columns.get(&raw.oid).cloned().unwrap_or_default();
        let Some(definition) = definition else {
            return self.finish_view(raw, &columns, &vec![Held::UNTRACED; columns.len()], true);
        };
        let reads_masked = self.reads_masked(&definition, depth);
        let foreign = self.code.is_called_by(&definition);
        let sources = match &definition.outputs {
            Outputs::Columns { left, star: false, .. } if left.len() == columns.len() => left,
            _ => {
                return self.finish_view(raw, &columns, &vec![Held::UNTRACED; columns.len()], true);
            }
        };
        let mut held = Vec::with_capacity(columns.len());
        for (source, column) in sources.iter().zip(&columns) {
            held.push(match source {
                Source::Column { relations, name } => {
                    let mut passed_on = self.passed_on(relations, name, depth);
                    if passed_on.class != Class::Clear {
                        passed_on.class = passed_on.class.raise(self.told(raw, column));
                    }
                    passed_on
                }
                Source::Constant | Source::CountStar => Class::Unclassified.into(),
                Source::Expression(_) if foreign => Class::UNTRACED.into(),
                Source::Expression(lineage) => {
                    self.made(lineage, reads_masked, depth).raise(self.told(raw, column)).into()
                }
            });
        }
        self.finish_view(raw, &columns, &held, reads_masked)
    }

    /// The class of what is made of other columns.
    fn made(&mut self, of: &Lineage, reads_masked: bool, depth: usize) -> Class {
        let covered = match of {
            Lineage::Unknown => reads_masked,
            Lineage::Of(inputs) => self.covers(inputs, depth),
        };
        if covered { Class::UNTRACED } else { Class::Unclassified }
    }

    fn covers(&mut self, inputs: &[Input], depth: usize) -> bool {
        let mut lookup =
            |schema: Option<&str>, name: &str, column: Option<&str>, found: &mut Vec<_>| {
                let oids = self.resolve(schema, name);
                for &oid in &oids {
                    match self.relation(oid, depth) {
                        None => found.push(Exposure::Unknown),
                        Some(relation) => {
                            let meant = relation
                                .columns
                                .iter()
                                .filter(|of| column.is_none_or(|name| of.name == name));
                            found.extend(meant.map(|column| exposure(relation, column)));
                        }
                    }
                }
                if oids.is_empty() && system::is_relation(schema, name) {
                    found.push(Exposure::Open);
                    return !system::is_private(schema, name);
                }
                !oids.is_empty()
            };
        lineage::cover(inputs, true, Calls::NONE, &mut lookup) != lineage::Cover::None
    }

    fn finish_view(
        &self,
        raw: &RawRelation,
        columns: &[&RawColumn],
        held: &[Held],
        reads_masked: bool,
    ) -> Relation {
        let by_attnum: HashMap<i16, Held> =
            columns.iter().zip(held).map(|(column, &held)| (column.attnum, held)).collect();
        let declared = |column: &RawColumn| self.declared_class(raw, &column.name);
        let all_declared = columns.iter().all(|column| declared(column).is_some());
        let held = |column: &RawColumn| {
            let by_origin = by_attnum.get(&column.attnum).copied().unwrap_or(Held::UNTRACED);
            Held {
                class: declared(column).unwrap_or(by_origin.class),
                mask: self.declared_mask(raw, &column.name).or(by_origin.mask),
            }
        };
        self.finish(raw, held, reads_masked && !all_declared)
    }

    fn finish(
        &self,
        raw: &RawRelation,
        held: impl Fn(&RawColumn) -> Held,
        over_masked: bool,
    ) -> Relation {
        let mut masked = over_masked || labels::mark(&raw.labels).is_some();
        let mut columns = Vec::new();
        for column in self.columns.get(&raw.oid).into_iter().flatten() {
            let label = labels::mark(&column.labels).unwrap_or(Class::Clear);
            let Held { class, mask } = held(column);
            let class = masked_by(mask, class.raise(label));
            masked |= class.is_masked();
            columns.push(Column {
                attnum: column.attnum,
                name: column.name.clone(),
                type_oid: column.type_oid,
                kind: (self.kind_of)(column.type_oid).unwrap_or(TypeKind::Other),
                generated: column.generated,
                class: class.name().to_owned(),
                mask,
            });
        }
        Relation {
            oid: raw.oid,
            schema: raw.schema.clone(),
            name: raw.name.clone(),
            columns,
            masked,
        }
    }

    /// The strictest of what a column of a definition may be.
    fn passed_on(
        &mut self,
        relations: &[(Option<String>, String)],
        name: &str,
        depth: usize,
    ) -> Held {
        let mut found: Option<Held> = None;
        for (schema, relation) in relations {
            let oids = self.resolve(schema.as_deref(), relation);
            if oids.is_empty() {
                let schema = schema.as_deref();
                if !system::is_relation(schema, relation) || system::is_private(schema, relation) {
                    return Held::UNTRACED;
                }
                let unclassified = Class::Unclassified.into();
                found = Some(found.map_or(unclassified, |found| found.raise(unclassified)));
            }
            for oid in oids {
                let Some(relation) = self.relation(oid, depth) else { return Held::UNTRACED };
                if let Some(column) = relation.column_named(name) {
                    let held = Held { class: column.known_class(), mask: column.mask };
                    found = Some(found.map_or(held, |found| found.raise(held)));
                }
            }
        }
        found.unwrap_or(Held::UNTRACED)
    }

    fn reads_masked(&mut self, definition: &Statement, depth: usize) -> bool {
        definition.relations.iter().filter(|of| of.access == Access::Read).any(|of| {
            let schema = of.schema.as_deref();
            let oids = self.resolve(schema, &of.name);
            if oids.is_empty() {
                return system::is_private(schema, &of.name)
                    || !system::is_relation(schema, &of.name);
            }
            oids.into_iter().any(|oid| self.relation(oid, depth).is_none_or(|of| of.masked))
        })
    }

    fn resolve(&self, schema: Option<&str>, name: &str) -> Vec<u32> {
        let named = self.by_name.get(name).map(Vec::as_slice).unwrap_or_default();
        let in_schema = |oid: &&u32| {
            let relation = self.relations.get(*oid);
            schema.is_none_or(|schema| relation.is_some_and(|of| of.schema == schema))
        };
        named.iter().filter(in_schema).copied().collect()
    }
}

/// As a plan of the strictest preset treats it.
fn exposure(relation: &Relation, column: &Column) -> Exposure {
    match column.known_class() {
        Class::Clear => Exposure::Open,
        Class::Unclassified if column.kind.is_text_like() => Exposure::scanned(column),
        Class::Unclassified if relation.masked && column.kind.is_date() => {
            Exposure::Covered(Class::Date)
        }
        Class::Unclassified => Exposure::Open,
        Class::Version => Exposure::scanned(column),
        class => Exposure::Covered(class),
    }
}

/// What is declared for the column, else for all columns of its relation.
fn find_declared<'d>(
    declared: &[&'d DeclaredClass],
    column: &str,
    says: impl Fn(&DeclaredClass) -> bool,
) -> Option<&'d DeclaredClass> {
    let find = |name| declared.iter().copied().find(|of| of.column == name && says(of));
    find(column).or_else(|| find("*"))
}

/// One mask for a column that is several: none of them where they differ.
fn join(masks: impl IntoIterator<Item = Option<Mask>>) -> Option<Mask> {
    masks.into_iter().reduce(|a, b| if a == b { a } else { Some(Mask::Redact) }).flatten()
}

/// A column that is to be masked holds something to be masked.
fn masked_by(mask: Option<Mask>, class: Class) -> Class {
    match mask {
        Some(mask) if !class.is_masked() => class.raise(mask.implies()),
        _ => class,
    }
}

fn strictest<const N: usize>(told: [Option<Class>; N]) -> Option<Class> {
    told.into_iter().flatten().reduce(Class::raise)
}

fn query(definition: &str) -> Option<Statement> {
    let statements = lazaret_sql::parse(definition).ok()?;
    let [statement] = <[Statement; 1]>::try_from(statements).ok()?;
    (statement.kind == Kind::Select && statement.nested.is_empty()).then_some(statement)
}

/// For each relation that inherits or is inherited from: all that are joined to it so.
fn families(relations: &[RawRelation]) -> HashMap<u32, Vec<u32>> {
    let mut neighbours: HashMap<u32, Vec<u32>> = HashMap::new();
    for relation in relations {
        for &parent in &relation.parents {
            neighbours.entry(relation.oid).or_default().push(parent);
            neighbours.entry(parent).or_default().push(relation.oid);
        }
    }
    let mut families = HashMap::new();
    for &start in neighbours.keys() {
        if families.contains_key(&start) {
            continue;
        }
        let mut family = vec![start];
        let mut seen = HashSet::from([start]);
        let mut next = 0;
        while let Some(&oid) = family.get(next) {
            next += 1;
            for &neighbour in neighbours.get(&oid).into_iter().flatten() {
                if seen.insert(neighbour) {
                    family.push(neighbour);
                }
            }
        }
        for &member in &family {
            families.insert(member, family.clone());
        }
    }
    families
}
