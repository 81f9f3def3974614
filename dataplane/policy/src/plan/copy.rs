//! The plan of COPY ... TO STDOUT, which has no RowDescription: by names, worst case where they are
//! uncertain.

use lazaret_sql::{Copy, CopyFormat, Lineage, Outputs, Source, Statement};

use super::{Cover, Format, PASS, SCAN, Told, Value, WHOLE};
use crate::{
    Action, Catalog, Column, ColumnPlan, Masks, Plan, Preset, Reach, Relation, TypeKind, lineage,
    system,
};

/// Plans COPY ... TO STDOUT, which has no RowDescription, by names; worst case where they are
/// uncertain. `columns` is the count that CopyOutResponse states.
pub fn copy_plan(
    copy: &Copy,
    statement: &Statement,
    reach: Reach,
    columns: usize,
    catalog: Option<&Catalog>,
    masks: &Masks,
) -> Plan {
    let format = match copy.format {
        CopyFormat::Binary => Format::Binary,
        CopyFormat::Text | CopyFormat::Csv => Format::Text,
    };
    let cover = Cover { statement: Some(statement), reach, catalog, masks };
    let copied = Copied { cover, format };
    let planned = match (&copy.relation, catalog) {
        _ if masks.preset() == Preset::Transparent => Some(vec![copied.passing(); columns]),
        (_, None) => None,
        (Some((schema, name)), Some(catalog)) => {
            copied.relation(catalog, schema.as_deref(), name, &copy.columns, columns)
        }
        (None, Some(catalog)) => copied.query(catalog, &statement.outputs, columns),
    };
    let planned = planned.filter(|planned| planned.len() == columns);
    Plan::of(planned.unwrap_or_else(|| vec![copied.whole(); columns]))
}

struct Copied<'a> {
    cover: Cover<'a>,
    format: Format,
}

impl Copied<'_> {
    fn relation(
        &self,
        catalog: &Catalog,
        schema: Option<&str>,
        name: &str,
        named: &[String],
        count: usize,
    ) -> Option<Vec<ColumnPlan>> {
        let meant: Vec<_> = catalog.resolve(schema, name).collect();
        if meant.is_empty() && system::is_relation(schema, name) {
            return Some(vec![self.untyped(); count]);
        }
        if !named.is_empty() {
            return Some(named.iter().map(|name| self.column(&meant, name)).collect());
        }
        self.all(&meant, count, |column| !column.generated)
    }

    /// The strictest plans of all columns that are `taken`, by their places: of those relations that have as
    /// many as the server says.
    fn all(
        &self,
        meant: &[&Relation],
        count: usize,
        taken: impl Fn(&Column) -> bool,
    ) -> Option<Vec<ColumnPlan>> {
        let plans = meant.iter().map(|relation| -> Vec<ColumnPlan> {
            let columns = relation.columns.iter().filter(|column| taken(column));
            columns.map(|column| self.known(column, relation)).collect()
        });
        plans.filter(|plans| plans.len() == count).reduce(|a, b| {
            let both = a.into_iter().zip(b);
            both.map(|(a, b)| self.stricter(a, b)).collect()
        })
    }

    fn query(&self, catalog: &Catalog, outputs: &Outputs, count: usize) -> Option<Vec<ColumnPlan>> {
        let Outputs::Columns { left, star, star_of, starred, right } = outputs else { return None };
        let named = |sources: &[Source]| -> Vec<ColumnPlan> {
            sources.iter().map(|source| self.source(catalog, source)).collect()
        };
        let mut planned = named(left);
        if *star {
            let middle = count.checked_sub(left.len() + right.len())?;
            planned.extend(self.star(catalog, star_of.as_ref(), starred, middle));
            planned.extend(named(right));
        }
        Some(planned)
    }

    /// The columns of `*`: those of one relation if it has as many.
    fn star(
        &self,
        catalog: &Catalog,
        star_of: Option<&(Option<String>, String)>,
        starred: &Lineage,
        count: usize,
    ) -> Vec<ColumnPlan> {
        let unknown = || vec![self.expression(starred); count];
        let Some((schema, name)) = star_of else { return unknown() };
        let meant: Vec<_> = catalog.resolve(schema.as_deref(), name).collect();
        if meant.is_empty() && system::is_relation(schema.as_deref(), name) {
            return vec![self.untyped(); count];
        }
        self.all(&meant, count, |_| true).unwrap_or_else(|| vec![self.whole(); count])
    }

    fn source(&self, catalog: &Catalog, source: &Source) -> ColumnPlan {
        match source {
            Source::Column { relations, name } => {
                let mut meant: Vec<&Relation> = Vec::new();
                for (schema, relation) in relations {
                    let known = meant.len();
                    meant.extend(catalog.resolve(schema.as_deref(), relation));
                    if meant.len() == known {
                        return self.unresolved(schema.as_deref(), relation);
                    }
                }
                self.column(&meant, name)
            }
            Source::CountStar => {
                let value = Value { kind: TypeKind::Int8, type_oid: 20 };
                let (action, class) = self.cover.without_origin(Told::Plainly(source), value);
                self.plan(action, class, value)
            }
            Source::Constant if self.format == Format::Binary => self.passing(),
            Source::Constant => self.untyped(),
            Source::Expression(lineage) => self.expression(lineage),
        }
    }

    /// The strictest plan of what a column's name may mean; covered whole where even the type
    /// differs, or nothing has such a column.
    fn column(&self, meant: &[&Relation], name: &str) -> ColumnPlan {
        let plans = meant
            .iter()
            .filter_map(|relation| Some(self.known(relation.column_named(name)?, relation)));
        plans.reduce(|a, b| self.stricter(a, b)).unwrap_or_else(|| self.whole())
    }

    fn stricter(&self, a: ColumnPlan, b: ColumnPlan) -> ColumnPlan {
        if a == b {
            a
        } else if a.kind == b.kind && a.type_oid == b.type_oid {
            let action = strictest(a.action, b.action);
            let class = a.class.raise(b.class);
            ColumnPlan { action, class, ..a }
        } else {
            self.whole()
        }
    }

    fn known(&self, column: &Column, relation: &Relation) -> ColumnPlan {
        let value = Value { kind: column.kind, type_oid: column.type_oid };
        let (action, class) = self.cover.by_class(column, relation.masked, value);
        self.plan(action, class, value)
    }

    fn unresolved(&self, schema: Option<&str>, relation: &str) -> ColumnPlan {
        if system::is_relation(schema, relation) { self.untyped() } else { self.whole() }
    }

    fn expression(&self, of: &Lineage) -> ColumnPlan {
        match self.cover.cover(of) {
            lineage::Cover::None if !self.cover.reach.foreign_function => self.untyped(),
            _ => self.whole(),
        }
    }

    /// A value of a type that nobody tells: in text it can be scanned.
    fn untyped(&self) -> ColumnPlan {
        match self.format {
            Format::Text => self.plan(SCAN.0, SCAN.1, Value { kind: TypeKind::Text, type_oid: 25 }),
            Format::Binary => self.whole(),
        }
    }

    fn whole(&self) -> ColumnPlan {
        self.plan(WHOLE.0, WHOLE.1, Value { kind: TypeKind::Other, type_oid: 0 })
    }

    fn passing(&self) -> ColumnPlan {
        self.plan(PASS.0, PASS.1, Value { kind: TypeKind::Other, type_oid: 0 })
    }

    fn plan(&self, action: Action, class: lazaret_detectors::Class, value: Value) -> ColumnPlan {
        ColumnPlan {
            action,
            kind: value.kind,
            type_oid: value.type_oid,
            format: self.format,
            class,
        }
    }
}

/// Two partial masks together leave nothing.
fn strictest(a: Action, b: Action) -> Action {
    match (a, b) {
        (a, b) if a == b => a,
        (Action::Pass, other) | (other, Action::Pass) => other,
        (Action::Scan, other) | (other, Action::Scan) => other,
        _ => Action::Whole,
    }
}
