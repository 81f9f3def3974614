//! What a statement may touch at worst, by the names in it.

use lazaret_sql::{Access, Calls, Kind, RelationUse, Statement};

use crate::leave::Leave;
use crate::{Catalog, system};

/// What a statement may bring back, at worst.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Reach {
    /// It touches a masked relation, or one that can't be resolved.
    pub masked: bool,
    /// It calls a function outside pg_catalog (or one that can't be placed) that no permit trusts, so
    /// anything may come back.
    pub foreign_function: bool,
    /// It makes something of text that is only scanned, so an error may quote a piece in which a scan
    /// finds nothing.
    pub pieces: bool,
    /// The functions that a permit trusts.
    pub trusted: Calls,
}

impl Reach {
    /// What is assumed where nothing is known.
    pub const WORST: Self =
        Self { masked: true, foreign_function: true, pieces: true, trusted: Calls::NONE };

    /// Whether the server's own words about it may hold what no mask covers.
    pub const fn may_be_quoted(self) -> bool {
        self.masked || self.foreign_function || self.pieces
    }

    /// What several statements of one transaction may bring back together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            masked: self.masked || other.masked,
            foreign_function: self.foreign_function || other.foreign_function,
            pieces: self.pieces || other.pieces,
            trusted: Calls::NONE,
        }
    }

    /// FETCH and EXECUTE name what another statement said: without that statement's own reach,
    /// the worst is assumed. So it is for code in a string.
    pub(crate) fn of(statement: &Statement, catalog: Option<&Catalog>) -> Self {
        let Some(catalog) = catalog else {
            let touches = !statement.relations.is_empty() || !statement.functions.is_empty();
            return if touches || is_opaque(statement) { Self::WORST } else { Self::default() };
        };
        if is_opaque(statement) {
            return Self::WORST;
        }
        Self {
            masked: statement.relations.iter().any(|of| touches_masked(of, catalog)),
            foreign_function: catalog.code().is_called_by(statement),
            ..Self::default()
        }
    }

    /// The same where `leave` trusts some functions.
    pub(crate) fn trusting(
        self,
        leave: &Leave,
        statement: &Statement,
        catalog: Option<&Catalog>,
    ) -> Self {
        let Some(catalog) = catalog.filter(|_| leave.trusts_any() && !is_opaque(statement)) else {
            return self;
        };
        let code = catalog.code();
        let mut trusted = Calls::NONE;
        let mut foreign = code.is_attribute_of(statement);
        for (index, function) in statement.functions.iter().enumerate() {
            if code.is_trusted(function, leave) {
                trusted = trusted.and(Calls::of(index));
            } else {
                foreign |= code.is_foreign(function);
            }
        }
        Self { foreign_function: foreign, trusted, ..self }
    }
}

/// Whether rows of a masked relation may flow into the result or into what is written.
pub(crate) fn reads_masked(statement: &Statement, catalog: Option<&Catalog>) -> bool {
    let mut read = statement.relations.iter().filter(|of| of.access == Access::Read);
    match catalog {
        None => read.next().is_some(),
        Some(catalog) => is_opaque(statement) || read.any(|of| touches_masked(of, catalog)),
    }
}

/// Whether rows of a masked relation may be written.
pub(crate) fn writes_masked(statement: &Statement, catalog: Option<&Catalog>) -> bool {
    let mut written = statement.relations.iter().filter(|of| of.access == Access::Write);
    match catalog {
        _ if is_opaque(statement) || statement.kind == Kind::Call => true,
        None => written.next().is_some(),
        Some(catalog) => written.any(|of| touches_masked(of, catalog)),
    }
}

/// Whether the statement names a relation that is known to be masked.
pub(crate) fn names_masked(statement: &Statement, catalog: &Catalog) -> bool {
    statement
        .relations
        .iter()
        .any(|of| catalog.resolve(of.schema.as_deref(), &of.name).any(|relation| relation.masked))
}

fn touches_masked(of: &RelationUse, catalog: &Catalog) -> bool {
    let schema = of.schema.as_deref();
    let mut meant = catalog.resolve(schema, &of.name).peekable();
    if meant.peek().is_some() {
        return meant.any(|relation| relation.masked) || system::is_private(schema, &of.name);
    }
    if system::is_relation(schema, &of.name) {
        return system::is_private(schema, &of.name);
    }
    // What is being defined doesn't exist yet.
    of.access != Access::Define
}

fn is_opaque(statement: &Statement) -> bool {
    let opaque = |kind: &Kind| matches!(kind, Kind::Fetch | Kind::Execute | Kind::Do);
    opaque(&statement.kind) || statement.inner.iter().chain(&statement.nested).any(opaque)
}
