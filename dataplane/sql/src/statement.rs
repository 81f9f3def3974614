//! The analysis of one statement.

/// What a statement does, in the words that policies use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    Select,
    Insert,
    Update,
    Delete,
    Merge,
    Truncate,
    /// COPY ... TO STDOUT
    CopyOut,
    /// COPY ... FROM STDIN
    CopyIn,
    /// COPY to or from a file or a program of the server
    CopyServer,
    /// CREATE TABLE AS, SELECT INTO, CREATE MATERIALIZED VIEW, REFRESH
    CreateAs,
    /// CREATE, ALTER, DROP and the rest of the data definition language
    Ddl,
    /// GRANT, REVOKE, CREATE/ALTER/DROP ROLE, ALTER DEFAULT PRIVILEGES, REASSIGN
    Privilege,
    /// COMMENT, SECURITY LABEL
    Label,
    /// BEGIN, COMMIT, ROLLBACK, SAVEPOINT, two-phase commit
    Transaction,
    /// SET, RESET (of settings that are not pinned)
    Set,
    Show,
    Explain,
    Declare,
    Fetch,
    /// CLOSE of a cursor
    Close,
    Prepare,
    Execute,
    Deallocate,
    Listen,
    Notify,
    Unlisten,
    Discard,
    Lock,
    Call,
    Do,
    /// VACUUM, ANALYZE, CLUSTER, REINDEX, CHECKPOINT
    Maintain,
    /// LOAD, ALTER SYSTEM, CREATE FOREIGN TABLE, and what no other kind names
    Other,
}

impl Kind {
    /// The Cedar action's name: `select`, `copy_out`, `create_as` ...
    pub const fn name(self) -> &'static str {
        match self {
            Self::Select => "select",
            Self::Insert => "insert",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Merge => "merge",
            Self::Truncate => "truncate",
            Self::CopyOut => "copy_out",
            Self::CopyIn => "copy_in",
            Self::CopyServer => "copy_server",
            Self::CreateAs => "create_as",
            Self::Ddl => "ddl",
            Self::Privilege => "privilege",
            Self::Label => "label",
            Self::Transaction => "transaction",
            Self::Set => "set",
            Self::Show => "show",
            Self::Explain => "explain",
            Self::Declare => "declare",
            Self::Fetch => "fetch",
            Self::Close => "close",
            Self::Prepare => "prepare",
            Self::Execute => "execute",
            Self::Deallocate => "deallocate",
            Self::Listen => "listen",
            Self::Notify => "notify",
            Self::Unlisten => "unlisten",
            Self::Discard => "discard",
            Self::Lock => "lock",
            Self::Call => "call",
            Self::Do => "do",
            Self::Maintain => "maintain",
            Self::Other => "other",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Access {
    /// Its rows may reach the result, or what is written.
    Read,
    /// It is written to. With RETURNING, or values computed from its columns, it is read as well.
    Write,
    /// Its definition, its labels or its privileges are at stake.
    Define,
}

/// A relation as the text names it, once for each access; a name bound by WITH is not reported
/// within its scope. One without a name stands for what the analysis could not read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RelationUse {
    pub schema: Option<String>,
    pub name: String,
    pub access: Access,
}

/// How a text calls code: each form resolves among other names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Invocation {
    /// `f(x)`
    Call(Arguments),
    /// A form that is a keyword of the newest grammar (`JSON_SCALAR(x)`): a call to older servers.
    Keyword,
    /// `x + y`, `x OPERATOR(s.+) y`, `ORDER BY x USING +`
    Operator,
    /// `x::t`: `name` is the type's, and a cast function may stand behind it.
    Cast,
}

/// How many arguments a call has: only functions that take so many can be meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Arguments {
    /// `f(*)` calls an aggregate that takes none.
    Star,
    /// Those of ORDER BY behind WITHIN GROUP included.
    Count(usize),
}

/// A function as the text names it, once for each name and form.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FunctionUse {
    pub schema: Option<String>,
    pub name: String,
    pub by: Invocation,
    /// All arguments of all its uses are literals or parameters.
    pub constant: bool,
}

/// Where an output column's value comes from, as far as this first form tells.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// A literal or a parameter, cast or not.
    Constant,
    /// `count(*)`, unqualified or in pg_catalog.
    CountStar,
    /// A plain column reference, possibly through a subquery or WITH in which it is one too.
    /// `relations` are those (schema, name) that it may belong to: one, unless it is unqualified
    /// and FROM has several. An alias is resolved.
    Column {
        relations: Vec<(Option<String>, String)>,
        name: String,
    },
    Expression(Lineage),
}

/// What an expression is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lineage {
    /// The text doesn't tell: all that the statement reaches may be in it.
    #[default]
    Unknown,
    /// These and nothing else, sorted, each once.
    Of(Vec<Input>),
}

impl Lineage {
    /// All that is in either.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Of(mut inputs), Self::Of(others)) => {
                inputs.extend(others);
                inputs.sort_unstable();
                inputs.dedup();
                Self::Of(inputs)
            }
            _ => Self::Unknown,
        }
    }
}

/// A column of a relation that a value depends on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Input {
    /// Those (schema, name) that it may belong to: all that have a column of this name are meant.
    pub relations: Vec<(Option<String>, String)>,
    /// `None`: all columns.
    pub column: Option<String>,
    /// One of the relations has such a column. Otherwise the name may mean something else, which
    /// is among the inputs as well.
    pub certain: bool,
    pub how: How,
    pub through: Calls,
}

/// The functions through which a column came: of [`Statement::functions`], those of the first 64.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Calls(u64);

impl Calls {
    pub const NONE: Self = Self(0);

    /// The function at a place in the statement's list; nothing where that is too far behind.
    pub fn of(index: usize) -> Self {
        Self(u32::try_from(index).ok().and_then(|index| 1_u64.checked_shl(index)).unwrap_or(0))
    }

    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether any is among both.
    pub const fn meet(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// What becomes of a column in a value that depends on it, from the least to the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum How {
    /// The column's values are in it, whole and in one piece.
    Kept,
    /// So they are, but as text, whatever they were.
    Recast,
    /// What is at a place in it, or under a name: an element, a field, a key's value.
    Part,
    /// It tells whether there is a value, or how many.
    Counted,
    /// It tells how long values are.
    Measured,
    /// Whether it matches what the client gave.
    Compared,
    /// Anything made of it, and of what the client gave.
    Computed,
    /// Whether it is equal to other data.
    Joined,
    /// Anything made of it and of other data.
    Mixed,
    /// It decides which of other values is shown, or which rows.
    Condition,
}

/// What columns are used for beside being shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// `a.x = b.x`, USING, NATURAL
    Join,
    /// `x = 1`, `x IN ($1, $2)`: equality with what the client gave.
    Lookup,
    /// Any other predicate of WHERE, HAVING, ON, FILTER ...
    Filter,
    /// CASE, NULLIF, GREATEST, LEAST; max() and min() of what comes from several places.
    Condition,
    /// GROUP BY, DISTINCT, PARTITION BY; UNION, INTERSECT and EXCEPT
    Group,
    /// ORDER BY
    Sort,
    /// LIMIT, OFFSET, a window's frame, functions in FROM: how many rows there are.
    Rows,
    /// An argument of what may fail, wait, or act on something else than the result.
    Computation,
    /// An argument of what other statements and sessions may read: settings, notifications, sequences.
    Passed,
    /// What is written: CREATE TABLE AS, INSERT ... SELECT, SET.
    Written,
}

/// A use of columns that tells of their values.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Use {
    pub place: Place,
    /// Inputs that are only counted (`IS NULL`) tell nothing that isn't shown anyway. Others are used as
    /// they are or as parts (`Condition`), for what is made of them (`Computed`), or for what is made
    /// of them and of other data (`Mixed`); of what is written, as in a result.
    pub of: Lineage,
}

/// The columns of a statement's result, left to right.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Outputs {
    /// No result set.
    #[default]
    None,
    /// The columns named before the first `*` and behind the last one. Without a star all are in `left`.
    /// DECLARE, PREPARE and COPY (query) have those of their query.
    Columns {
        left: Vec<Source>,
        star: bool,
        /// The relation (schema, name) whose columns the only star stands for, where the text tells.
        star_of: Option<(Option<String>, String)>,
        /// What the columns of stars, and those between two of them, are made of, all told.
        starred: Lineage,
        right: Vec<Source>,
    },
    /// Not known from the text (FETCH, EXECUTE, SHOW, EXPLAIN, set operations that differ ...).
    Unknown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SettingScope {
    Session,
    Transaction,
    /// ALTER ROLE, ALTER DATABASE, ALTER SYSTEM, or `SET` on a function
    Stored,
}

/// A setting that the statement changes: SET, RESET, `set_config` with literals, ALTER ... SET.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Setting {
    /// Lower case. `SET NAMES` is `client_encoding`, `SET TIME ZONE` is `timezone`; `RESET ALL` and
    /// `DISCARD ALL` are not settings.
    pub name: String,
    /// `None` for DEFAULT, RESET, FROM CURRENT and for values that aren't literals.
    pub value: Option<String>,
    pub scope: SettingScope,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CopyDirection {
    Out,
    In,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CopyEnd {
    Client,
    File,
    Program,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CopyFormat {
    Text,
    Csv,
    Binary,
}

/// COPY and its options, as written.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Copy {
    pub direction: CopyDirection,
    pub end: CopyEnd,
    pub format: CopyFormat,
    /// `None` for COPY (query).
    pub relation: Option<(Option<String>, String)>,
    /// Empty for all columns.
    pub columns: Vec<String>,
    pub delimiter: u8,
    pub null: String,
    pub quote: u8,
    pub escape: u8,
    pub header: bool,
    /// COPY's own ENCODING option.
    pub encoding: Option<String>,
    /// An option that this list does not know: the statement is to be refused.
    pub unknown_option: bool,
}

/// One statement of a text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Statement {
    pub kind: Kind,
    /// For EXPLAIN, PREPARE, DECLARE, COPY (query) and CREATE TABLE AS: the kind within.
    pub inner: Option<Kind>,
    /// The kinds of what else it runs: data-modifying WITH, the actions of a rule, the body of a
    /// function, the elements of CREATE SCHEMA. Sorted, each once.
    pub nested: Vec<Kind>,
    /// EXPLAIN ANALYZE runs what it explains.
    pub runs_inner: bool,
    pub relations: Vec<RelationUse>,
    pub functions: Vec<FunctionUse>,
    /// Names read off something, as in `t.name`: columns, or functions in attribute notation.
    pub attributes: Vec<String>,
    pub outputs: Outputs,
    /// Sorted, each once.
    pub uses: Vec<Use>,
    pub settings: Vec<Setting>,
    /// It calls `set_config` with a name that is not a literal.
    pub unnamed_setting: bool,
    pub copy: Option<Copy>,
    /// The cursor of DECLARE, FETCH and CLOSE; the statement of PREPARE, EXECUTE and DEALLOCATE;
    /// the channel of LISTEN, NOTIFY and UNLISTEN. `None` for ALL.
    pub object: Option<String>,
    /// A write whose rows come from relations it reads (INSERT ... SELECT, CREATE TABLE AS, UPDATE ... FROM,
    /// MERGE, a data-modifying WITH ...).
    pub copies: bool,
    /// Byte range of this statement in the text.
    pub start: usize,
    pub end: usize,
}
