//! The mask plan of a portal: one action per column.
//!
//! A column with an origin gets what its class asks for; one without gets what the columns that it is
//! made of ask for. The types that can't carry an identifier of their own (numbers, keys, booleans, times of
//! day) pass where nothing is known of them; they are covered where they may be computed from
//! masked data.

mod copy;

use lazaret_detectors::{Class, Identifier};
use lazaret_sql::{Access, Arguments, Invocation, Kind, Lineage, Outputs, Source, Statement};

pub use copy::copy_plan;

use crate::inference::Inferred;
use crate::leave::Leave;
use crate::lineage::{self, Exposure};
use crate::types::{FIRST_USER_OID, built_in, is_inert};
use crate::{Catalog, Column, Masks, Preset, Reach, Relation, TypeKind, inference, system};

/// A column of RowDescription, as far as plans care.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldOrigin {
    pub table_oid: u32,
    pub attnum: i16,
    pub type_oid: u32,
    pub format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    Text,
    Binary,
}

/// What happens to a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// The type can't carry PHI, or the column is declared clear.
    Pass,
    /// Free text, JSON, XML, arrays ...: findings are covered, the rest stays.
    Scan,
    /// A query plan: its literals are covered, and findings in what is left but the names of properties.
    Structure,
    /// A query plan as JSON, whose literals nobody needs to hide: the names of its properties stay, and
    /// findings in the rest are covered.
    Properties,
    /// Covered whole, in a way that stays valid for its type.
    Whole,
    /// The same, and as long for every value.
    Fixed,
    /// The last four letters or digits stay.
    KeepLast4,
    Null,
    /// A date or timestamp becomes January 1st of its year.
    Year,
    /// A ZIP code keeps three digits.
    Zip3,
    /// An age above 89 becomes 90.
    AgeCap,
    /// A code made with a key, the same for equal values.
    Hmac,
    /// Digits for digits and letters for letters, made with a key.
    Fpe,
    /// A date becomes another, as many days off as all others.
    DateShift,
    /// A token of control's vault, the same for equal values.
    Token,
}

impl Action {
    /// The mask may be longer than what it replaces, or needs a key or the vault.
    pub const fn is_rebuilt(self) -> bool {
        matches!(self, Self::Fixed | Self::Hmac | Self::Fpe | Self::DateShift | Self::Token)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ColumnPlan {
    pub action: Action,
    pub kind: TypeKind,
    /// Tells what the bounds of a range are; 0 where it isn't known.
    pub type_oid: u32,
    pub format: Format,
    /// Why, for the findings that the record counts.
    pub class: Class,
}

/// One action per column; belongs to a portal (or to one result of a simple query).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    pub columns: Vec<ColumnPlan>,
    /// No column needs work: rows are forwarded as they are.
    pub passes: bool,
    /// A row may become longer than it was or takes a key, so it isn't masked where it lies.
    pub is_rebuilt: bool,
}

impl Plan {
    fn of(columns: Vec<ColumnPlan>) -> Self {
        let passes = columns.iter().all(|column| column.action == Action::Pass);
        let is_rebuilt = columns.iter().any(|column| column.action.is_rebuilt());
        Self { columns, passes, is_rebuilt }
    }
}

/// Plans a result by its RowDescription. `catalog` is `None` where control has not read the
/// database: everything is masked whole.
///
/// `statement` and `reach` are those of the statement that the rows come from: for FETCH, of the
/// DECLARE; for EXECUTE, of the PREPARE; where that isn't known, `None` and [`Reach::WORST`].
pub fn plan(
    fields: &[FieldOrigin],
    statement: Option<&Statement>,
    reach: Reach,
    catalog: Option<&Catalog>,
    masks: &Masks,
) -> Plan {
    let cover = Cover { statement, reach, catalog, masks };
    let columns = fields.iter().enumerate().map(|(index, field)| {
        let kind = match catalog {
            Some(catalog) => catalog.type_kind(field.type_oid),
            None => built_in(field.type_oid).unwrap_or(TypeKind::Other),
        };
        let value = Value { kind, type_oid: field.type_oid };
        let (action, class) = cover.field(field, value, index, fields.len());
        ColumnPlan { action, kind, type_oid: field.type_oid, format: field.format, class }
    });
    Plan::of(columns.collect())
}

/// What the uses of columns in the statement come to: the first that tells more of what a plan masks
/// than it may, and whether an error may quote pieces of text.
pub(crate) fn infer(
    statement: &Statement,
    reach: Reach,
    catalog: Option<&Catalog>,
    masks: &Masks,
    leave: &Leave,
) -> Inferred {
    let cover = Cover { statement: Some(statement), reach, catalog, masks };
    let treat = |relation: &Relation, column: &Column| cover.exposure(relation, column);
    let lookup = &mut lineage::by_catalog(catalog, &treat);
    inference::judge(statement, reach, leave, lookup)
}

/// What a column's values are written as.
#[derive(Clone, Copy)]
struct Value {
    kind: TypeKind,
    type_oid: u32,
}

/// What the text tells of a column.
enum Told<'a> {
    /// Never an expression.
    Plainly(&'a Source),
    Made(&'a Lineage),
}

/// What all columns of one result share.
struct Cover<'a> {
    statement: Option<&'a Statement>,
    reach: Reach,
    catalog: Option<&'a Catalog>,
    masks: &'a Masks,
}

const WHOLE: (Action, Class) = (Action::Whole, Class::UNTRACED);
const NULL: (Action, Class) = (Action::Null, Class::UNTRACED);
const PASS: (Action, Class) = (Action::Pass, Class::Unclassified);
const SCAN: (Action, Class) = (Action::Scan, Class::Unclassified);

impl Cover<'_> {
    fn field(
        &self,
        field: &FieldOrigin,
        value: Value,
        index: usize,
        count: usize,
    ) -> (Action, Class) {
        if self.masks.preset() == Preset::Transparent {
            return PASS;
        }
        if field.table_oid == 0 {
            return self.without_origin(self.source(index, count), value);
        }
        match self.catalog.and_then(|catalog| catalog.relation(field.table_oid)) {
            // ctid, xmin, tableoid ...
            Some(_) if field.attnum < 0 => PASS,
            Some(relation) => match relation.column(field.attnum) {
                Some(column) => self.by_class(column, relation.masked, value),
                None => WHOLE,
            },
            None if self.catalog.is_some() && field.table_oid < FIRST_USER_OID => of_system(value),
            None => WHOLE,
        }
    }

    fn source(&self, index: usize, count: usize) -> Told<'_> {
        let outputs = self.statement.map(|statement| &statement.outputs);
        let source = match outputs {
            Some(Outputs::Columns { left, star: false, .. }) if left.len() == count => {
                left.get(index)
            }
            Some(Outputs::Columns { left, star: true, right, starred, .. })
                if left.len() + right.len() <= count =>
            {
                let from_right = (index + right.len()).checked_sub(count);
                match left.get(index).or_else(|| right.get(from_right?)) {
                    None => return Told::Made(starred),
                    source => source,
                }
            }
            _ => None,
        };
        match source {
            None => Told::Made(&Lineage::Unknown),
            Some(Source::Expression(lineage)) => Told::Made(lineage),
            Some(source) => Told::Plainly(source),
        }
    }

    /// A column that the server names no relation for.
    fn without_origin(&self, told: Told<'_>, value: Value) -> (Action, Class) {
        match told {
            // The client's own words.
            Told::Plainly(Source::Constant)
                if matches!(value.kind, TypeKind::Other | TypeKind::TsVector) =>
            {
                PASS
            }
            Told::Plainly(Source::Constant) => open(value),
            Told::Plainly(Source::CountStar) if self.counts() => PASS,
            _ if self.is_explained() => self.explained(value),
            _ if self.reach.foreign_function => NULL,
            Told::Plainly(Source::Column { relations, name }) => {
                self.made(&lineage::plain(relations, name), value)
            }
            Told::Plainly(_) => self.made(&Lineage::Unknown, value),
            Told::Made(lineage) => self.made(lineage, value),
        }
    }

    /// What is made of other columns: shown only if none of them may not be.
    fn made(&self, of: &Lineage, value: Value) -> (Action, Class) {
        match self.cover(of) {
            lineage::Cover::None => open(value),
            lineage::Cover::Whole => WHOLE,
            lineage::Cover::Null => NULL,
        }
    }

    fn cover(&self, of: &Lineage) -> lineage::Cover {
        let Lineage::Of(inputs) = of else {
            let plain = !self.reach.masked && !self.reads_users_data();
            return if plain { lineage::Cover::None } else { lineage::Cover::Null };
        };
        let treat = |relation: &Relation, column: &Column| self.exposure(relation, column);
        let lookup = &mut lineage::by_catalog(self.catalog, &treat);
        lineage::cover(inputs, false, self.reach.trusted, lookup)
    }

    /// What may be done with a column, by what a plan does with it.
    fn exposure(&self, relation: &Relation, column: &Column) -> Exposure {
        let value = Value { kind: column.kind, type_oid: column.type_oid };
        match self.by_class(column, relation.masked, value) {
            (Action::Pass, _) => Exposure::Open,
            (Action::Scan, _) => Exposure::scanned(column),
            (_, class) => Exposure::covered(&relation.name, column, class),
        }
    }

    fn reads_users_data(&self) -> bool {
        let Some(statement) = self.statement else { return true };
        let mut read = statement.relations.iter().filter(|of| of.access != Access::Define);
        read.any(|of| !system::is_relation(of.schema.as_deref(), &of.name))
    }

    /// `count` means PostgreSQL's own.
    fn counts(&self) -> bool {
        let (Some(statement), Some(catalog)) = (self.statement, self.catalog) else { return false };
        let star = Invocation::Call(Arguments::Star);
        let mut counts =
            statement.functions.iter().filter(|of| of.by == star && of.name == "count");
        !counts.any(|function| catalog.code().is_foreign(function))
    }

    /// A query plan shows names, literals and numbers of rows, and no values of columns; but an
    /// immutable function is run for it.
    fn is_explained(&self) -> bool {
        let explains = self.statement.is_some_and(|statement| statement.kind == Kind::Explain);
        explains && !self.reach.foreign_function
    }

    /// The plan of a query on masked relations holds literals of their views and policies.
    fn explained(&self, value: Value) -> (Action, Class) {
        match value.kind {
            TypeKind::Json if !self.reach.masked => (Action::Properties, Class::Unclassified),
            _ if !self.reach.masked => open(value),
            TypeKind::Text | TypeKind::Json => (Action::Structure, Class::UNTRACED),
            _ => NULL,
        }
    }

    fn by_class(&self, column: &Column, masked: bool, value: Value) -> (Action, Class) {
        let limited = self.masks.preset() == Preset::LimitedDataSet;
        let class = match column.known_class() {
            Class::Version if !value.kind.is_text_like() => Class::Unclassified,
            class => class,
        };
        let generalised = masked && class == Class::Unclassified && value.kind.is_date();
        let asked_as = if generalised { Class::Date } else { class };
        if let Some(action) = self.masks.asked(asked_as, column.mask) {
            return (action, asked_as);
        }
        let action = match class {
            Class::Clear => Action::Pass,
            Class::Version => Action::Scan,
            Class::Date | Class::Age | Class::Zip if limited => Action::Pass,
            Class::Direct(Identifier::Geography) if limited && is_town_or_state(&column.name) => {
                Action::Pass
            }
            Class::Direct(_) => Action::Whole,
            Class::Date => Action::Year,
            Class::Age => Action::AgeCap,
            Class::Zip => Action::Zip3,
            Class::Unclassified if !masked => return open(value),
            Class::Unclassified if value.kind.is_date() && limited => Action::Pass,
            Class::Unclassified if value.kind.is_date() => return (Action::Year, Class::Date),
            Class::Unclassified if is_inert(value.type_oid) => Action::Pass,
            Class::Unclassified if matches!(value.kind, TypeKind::Other | TypeKind::TsVector) => {
                return WHOLE;
            }
            Class::Unclassified if value.kind.is_text_like() => Action::Scan,
            // Keys, numbers and times of day beside identifiers that are covered.
            Class::Unclassified => Action::Pass,
        };
        (action, class)
    }
}

/// Nothing is known to be protected: text is scanned, and what a scan can't read is covered.
fn open(value: Value) -> (Action, Class) {
    if is_inert(value.type_oid) {
        PASS
    } else if value.kind == TypeKind::TsVector
        || value.kind == TypeKind::Other && built_in(value.type_oid).is_none()
    {
        WHOLE
    } else if value.kind.is_text_like() {
        SCAN
    } else {
        PASS
    }
}

/// Catalogs hold names, definitions and comments; psql and JDBC live by them.
fn of_system(value: Value) -> (Action, Class) {
    match value.kind {
        _ if is_inert(value.type_oid) => PASS,
        TypeKind::TsVector => WHOLE,
        kind if kind.is_text_like() => SCAN,
        _ => PASS,
    }
}

/// 164.514(e)(2)(ii) lets town or city, state and ZIP code stay.
fn is_town_or_state(column: &str) -> bool {
    let column = column.to_ascii_lowercase();
    column.split('_').any(|word| matches!(word, "city" | "town" | "state" | "zip" | "zipcode"))
}
