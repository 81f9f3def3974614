//! Follows values to the columns that they are made of.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use pg_raw_parse::Node;
use pg_raw_parse::nodes::{CommonTableExpr, RangeVar};

use super::flow::Flow;
use super::items::Item;
use super::levels::{LevelId, Levels};
use super::predicates::Pending;
use super::targets::{Label, Targets};
use super::walk::walk;
use crate::names;
use crate::statement::{Arguments, Calls, FunctionUse, Input, Invocation, Lineage};

/// What is still to be followed.
pub(super) enum Task<'a> {
    Value(Node<'a>, LevelId, Flow),
    Column(Node<'a>, Label<'a>, Flow, Option<usize>),
}

/// One mention of a column, and the relations that it may be one of.
pub(super) struct Mention<'a> {
    name: &'a str,
    pub(super) relations: Vec<&'a RangeVar>,
    /// A query or a function has it, or something else of that name is meant.
    settled: bool,
    flow: Flow,
}

pub(crate) struct Tracer<'a> {
    pub(super) levels: Levels<'a>,
    pub(super) pending: Vec<Pending<'a>>,
    pub(super) tasks: Vec<Task<'a>>,
    /// By a query's address.
    pub(super) targets: HashMap<usize, Rc<Targets<'a>>>,
    /// Columns of queries that the question at hand has followed.
    pub(super) seen: HashSet<(usize, Flow)>,
    pub(super) mentions: Vec<Mention<'a>>,
    /// Relations all of whose columns are used.
    pub(super) rows: Vec<(&'a RangeVar, Flow)>,
    /// As the statement lists them: sorted.
    functions: &'a [FunctionUse],
    unknown: bool,
    /// Among what was followed are values that neither a column nor the client holds: one statement has as
    /// many of them as it likes.
    pub(super) made: bool,
    pub(super) steps: usize,
}

impl<'a> Tracer<'a> {
    pub(super) fn new(
        root: Node<'a>,
        query: Node<'a>,
        functions: &'a [FunctionUse],
        steps: usize,
    ) -> Self {
        let (levels, pending) = walk(root, query);
        Self {
            levels,
            pending,
            tasks: Vec::new(),
            targets: HashMap::new(),
            seen: HashSet::new(),
            mentions: Vec::new(),
            rows: Vec::new(),
            functions,
            unknown: false,
            made: false,
            steps,
        }
    }

    /// What a column of a query's result is made of.
    pub(super) fn column(&mut self, query: Node<'a>, label: Label<'a>) -> Lineage {
        self.tasks.push(Task::Column(query, label, Flow::KEPT, None));
        self.run()
    }

    /// False: the budget is used up.
    pub(super) fn charge(&mut self, steps: usize) -> bool {
        let left = self.steps.checked_sub(steps);
        self.steps = left.unwrap_or(0);
        left.is_some()
    }

    /// Does what is to be done, and says what came of it.
    pub(super) fn run(&mut self) -> Lineage {
        while let Some(task) = self.tasks.pop() {
            if !self.charge(1) {
                self.unknown = true;
                self.tasks.clear();
                break;
            }
            match task {
                Task::Value(node, level, flow) => self.value(node, level, flow),
                Task::Column(query, label, flow, mention) => {
                    self.query_column(query, label, flow, mention);
                }
            }
        }
        self.seen.clear();
        let (mentions, rows) = (std::mem::take(&mut self.mentions), std::mem::take(&mut self.rows));
        if std::mem::take(&mut self.unknown) {
            return Lineage::Unknown;
        }
        let mut inputs = Vec::with_capacity(mentions.len() + rows.len());
        for Mention { name, relations, settled, flow } in mentions {
            match relations.is_empty() {
                true if settled => {}
                true => return Lineage::Unknown,
                false => {
                    let mut relations: Vec<_> = relations.into_iter().map(relation).collect();
                    relations.sort_unstable();
                    relations.dedup();
                    let column = Some(name.to_owned());
                    let Flow { how, through } = flow;
                    inputs.push(Input { relations, column, certain: !settled, how, through });
                }
            }
        }
        inputs.extend(rows.into_iter().map(|(range, flow)| Input {
            relations: vec![relation(range)],
            column: None,
            certain: true,
            how: flow.how,
            through: flow.through,
        }));
        inputs.sort_unstable();
        inputs.dedup();
        Lineage::Of(inputs)
    }

    pub(super) fn give_up(&mut self) {
        self.unknown = true;
    }

    pub(super) fn items(&self, level: LevelId) -> Vec<Item<'a>> {
        self.levels.level(level).map(|level| level.items.clone()).unwrap_or_default()
    }

    pub(super) fn mentioned(&mut self, name: &'a str, flow: Flow) -> usize {
        self.mentions.push(Mention { name, relations: Vec::new(), settled: false, flow });
        self.mentions.len() - 1
    }

    pub(super) fn settle(&mut self, mention: usize) {
        if let Some(mention) = self.mentions.get_mut(mention) {
            mention.settled = true;
        }
    }

    /// The function that a call names, among those of the statement.
    pub(super) fn calls(&self, schema: Option<&str>, name: &str, arguments: Arguments) -> Calls {
        let key = (schema, name, Invocation::Call(arguments));
        let listed = self
            .functions
            .binary_search_by(|of| (of.schema.as_deref(), of.name.as_str(), of.by).cmp(&key));
        listed.map_or(Calls::NONE, Calls::of)
    }

    /// The query that WITH binds the name to. A write is about a relation, whatever WITH has.
    pub(super) fn bound(
        &mut self,
        item: Item<'a>,
        range: &'a RangeVar,
        level: LevelId,
    ) -> Option<&'a CommonTableExpr> {
        let (schema, name) = names::relation(range);
        let scope = self.levels.level(level)?.scope;
        if schema.is_some() || item.is_written {
            return None;
        }
        self.levels.scopes.find(scope, name).map(|bound| bound.query)
    }
}

fn relation(range: &RangeVar) -> (Option<String>, String) {
    let (schema, name) = names::relation(range);
    (schema.map(str::to_owned), name.to_owned())
}
