//! Follows values to the columns that they are made of.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use pg_raw_parse::Node;
use pg_raw_parse::list::NodeList;
use pg_raw_parse::nodes::{ColumnRef, RangeFunction, RangeVar};

use super::address;
use super::levels::{Item, Level, LevelId, Levels};
use super::names::{alias_of, is_star, item_name, label, renamed, star_of};
use super::predicates::Pending;
use super::targets::Targets;
use crate::names;
use crate::outputs::first_leaf;
use crate::statement::{How, Input, Lineage};

/// Which columns of a query.
#[derive(Clone, Copy)]
pub(crate) enum Label<'a> {
    At(usize),
    /// From the last one, which is 0.
    FromEnd(usize),
    /// Those of `*` and of what the text can't count.
    Stars,
    Named(&'a str),
    All,
}

/// What is still to be followed.
pub(super) enum Task<'a> {
    Value(Node<'a>, LevelId, How),
    Column(Node<'a>, Label<'a>, How, Option<usize>),
}

/// One mention of a column, and the relations that it may be one of.
struct Mention<'a> {
    name: &'a str,
    relations: Vec<&'a RangeVar>,
    /// A query or a function has it, or something else of that name is meant.
    settled: bool,
    how: How,
}

pub(crate) struct Tracer<'a> {
    pub(super) levels: Levels<'a>,
    pub(super) pending: Vec<Pending<'a>>,
    pub(super) tasks: Vec<Task<'a>>,
    /// By a query's address.
    pub(super) targets: HashMap<usize, Rc<Targets<'a>>>,
    /// Columns of queries that the question at hand has followed.
    pub(super) seen: HashSet<(usize, How)>,
    mentions: Vec<Mention<'a>>,
    /// Relations all of whose columns are used.
    rows: Vec<(&'a RangeVar, How)>,
    unknown: bool,
    pub(super) steps: usize,
}

impl<'a> Tracer<'a> {
    pub(super) fn new(root: Node<'a>, steps: usize) -> Self {
        let (levels, pending) = Levels::of(root);
        Self {
            levels,
            pending,
            tasks: Vec::new(),
            targets: HashMap::new(),
            seen: HashSet::new(),
            mentions: Vec::new(),
            rows: Vec::new(),
            unknown: false,
            steps,
        }
    }

    /// What a column of a query's result is made of.
    pub(super) fn column(&mut self, query: Node<'a>, label: Label<'a>) -> Lineage {
        self.tasks.push(Task::Column(query, label, How::Kept, None));
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
                Task::Value(node, level, how) => self.value(node, level, how),
                Task::Column(query, label, how, mention) => {
                    self.query_column(query, label, how, mention);
                }
            }
        }
        self.seen.clear();
        let (mentions, rows) = (std::mem::take(&mut self.mentions), std::mem::take(&mut self.rows));
        if std::mem::take(&mut self.unknown) {
            return Lineage::Unknown;
        }
        let mut inputs = Vec::with_capacity(mentions.len() + rows.len());
        for Mention { name, relations, settled, how } in mentions {
            match relations.is_empty() {
                true if settled => {}
                true => return Lineage::Unknown,
                false => {
                    let mut relations: Vec<_> = relations.into_iter().map(relation).collect();
                    relations.sort_unstable();
                    relations.dedup();
                    let column = Some(name.to_owned());
                    inputs.push(Input { relations, column, certain: !settled, how });
                }
            }
        }
        inputs.extend(rows.into_iter().map(|(range, how)| Input {
            relations: vec![relation(range)],
            column: None,
            certain: true,
            how,
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

    /// A column as an expression names it.
    pub(super) fn reference(&mut self, column: &'a ColumnRef, level: LevelId, how: How) {
        let fields = column.fields();
        if let Some(fields) = star_of(Node::ColumnRef(column)) {
            return self.star(fields, level, how, None);
        }
        let part = |index| fields.get(index).and_then(Node::as_str);
        match (fields.len(), part(0), part(1), part(2)) {
            (1, Some(name), ..) => {
                self.mention(name, level, how);
            }
            (2, Some(item), Some(name), _) => self.qualified(None, item, name, level, how),
            (3, Some(schema), Some(item), Some(name)) => {
                self.qualified(Some(schema), item, name, level, how);
            }
            _ => self.give_up(),
        }
    }

    /// An unqualified name: of a column here or in a query around, or of an item's whole row.
    pub(super) fn mention(&mut self, name: &'a str, level: LevelId, how: How) -> usize {
        let mention = self.mentioned(name, how);
        let mut at = Some(level);
        while let Some(Level { items, outer, .. }) = at.and_then(|at| self.levels.level(at)) {
            let (items, outer, here) = (items.clone(), *outer, at.unwrap_or(level));
            if !self.charge(items.len() + 1) {
                self.give_up();
                break;
            }
            let mut whole_rows = Vec::new();
            for item in items.into_iter().filter(|item| !item.by_alias_only) {
                self.offer(item, here, name, how, mention);
                if is_named(item, None, name) {
                    whole_rows.push(item);
                }
            }
            if self.is_settled(mention) {
                break;
            }
            for item in whole_rows {
                self.settle(mention);
                self.all(item, here, how);
            }
            at = outer;
        }
        mention
    }

    fn qualified(
        &mut self,
        schema: Option<&'a str>,
        item: &str,
        name: &'a str,
        level: LevelId,
        how: How,
    ) {
        let mention = self.mentioned(name, how);
        let mut at = Some(level);
        while let Some(Level { items, outer, .. }) = at.and_then(|at| self.levels.level(at)) {
            let (items, outer, here) = (items.clone(), *outer, at.unwrap_or(level));
            if !self.charge(items.len() + 1) {
                return self.give_up();
            }
            let mut found = false;
            for of in items.into_iter().filter(|of| is_named(*of, schema, item)) {
                found = true;
                self.offer(of, here, name, how, mention);
                if !matches!(of.node, Node::RangeVar(_) | Node::RangeSubselect(_)) {
                    self.settle(mention);
                }
            }
            if found {
                return;
            }
            at = outer;
        }
        self.give_up();
    }

    fn mentioned(&mut self, name: &'a str, how: How) -> usize {
        self.mentions.push(Mention { name, relations: Vec::new(), settled: false, how });
        self.mentions.len() - 1
    }

    fn is_settled(&self, mention: usize) -> bool {
        self.mentions.get(mention).is_some_and(|mention| mention.settled)
    }

    pub(super) fn settle(&mut self, mention: usize) {
        if let Some(mention) = self.mentions.get_mut(mention) {
            mention.settled = true;
        }
    }

    /// Asks an item of FROM for a column.
    fn offer(&mut self, item: Item<'a>, level: LevelId, name: &'a str, how: How, mention: usize) {
        let own = if item.via.is_some() { None } else { alias_of(item.node) };
        if let Some(renamed) = renamed(item.via.or(own)) {
            return self.offer_renamed(item, level, renamed, name, how, mention);
        }
        match item.node {
            Node::RangeVar(range) => match self.bound(range, level) {
                None => {
                    if let Some(mention) = self.mentions.get_mut(mention) {
                        mention.relations.push(range);
                    }
                }
                Some((query, names, extra)) => match (names.is_empty(), extra) {
                    (true, false) => self.offer_query(query, name, how, mention),
                    _ => {
                        let at = names.iter().position(|label| label.as_str() == Some(name));
                        match at {
                            Some(at) => {
                                self.settle(mention);
                                self.tasks.push(Task::Column(query, Label::At(at), how, None));
                            }
                            None => self.offer_query(query, name, how, mention),
                        }
                        if extra {
                            // SEARCH and CYCLE add columns made of others.
                            self.settle(mention);
                            self.tasks.push(Task::Column(
                                query,
                                Label::All,
                                How::Computed.within(how),
                                None,
                            ));
                        }
                    }
                },
            },
            Node::RangeSubselect(query) => self.offer_query(query.subquery(), name, how, mention),
            Node::RangeFunction(function) => {
                if names_column(function, name) || item_name(item.node) == Some(name) {
                    self.settle(mention);
                }
                self.all(item, level, how);
            }
            Node::RangeTableFunc(_) | Node::JsonTable(_) => {
                if table_names_column(item.node, name) {
                    self.settle(mention);
                }
                self.all(item, level, how);
            }
            _ => self.give_up(),
        }
    }

    /// An alias that names columns: which ones, only a query's text tells.
    fn offer_renamed(
        &mut self,
        item: Item<'a>,
        level: LevelId,
        renamed: &'a NodeList,
        name: &'a str,
        how: How,
        mention: usize,
    ) {
        let at = renamed.iter().position(|label| label.as_str() == Some(name));
        let query = match item.node {
            Node::RangeSubselect(query) if item.via.is_none() => Some(query.subquery()),
            Node::RangeVar(range) if item.via.is_none() => {
                self.bound(range, level).map(|(query, ..)| query)
            }
            _ => None,
        };
        match (query, at) {
            (Some(query), Some(at)) => {
                self.settle(mention);
                self.tasks.push(Task::Column(query, Label::At(at), how, None));
            }
            (Some(query), None) => self.offer_query(query, name, how, mention),
            (None, Some(_)) => {
                self.settle(mention);
                self.all(item, level, how);
            }
            // Columns behind those that are renamed keep their names.
            (None, None) => match item.node {
                Node::RangeVar(range) => {
                    if let Some(mention) = self.mentions.get_mut(mention) {
                        mention.relations.push(range);
                    }
                }
                _ => self.all(item, level, how),
            },
        }
    }

    fn offer_query(&mut self, query: Node<'a>, name: &'a str, how: How, mention: usize) {
        let Some(targets) = self.targets(query) else { return self.give_up() };
        if !self.charge(targets.list.len()) {
            return self.give_up();
        }
        let values = match query {
            Node::SelectStmt(query) => !first_leaf(query).values_lists().is_empty(),
            _ => false,
        };
        let exact = targets.list.iter().any(|target| label(target) == Some(name));
        let open =
            targets.list.iter().any(|target| is_star(target.val()) || label(target).is_none());
        if exact || values && name.starts_with("column") {
            self.settle(mention);
        } else if !open {
            return;
        }
        self.tasks.push(Task::Column(query, Label::Named(name), how, Some(mention)));
    }

    /// The query that WITH binds the name to, the names that it gives to its columns, and whether it
    /// has more columns than that.
    fn bound(
        &mut self,
        range: &'a RangeVar,
        level: LevelId,
    ) -> Option<(Node<'a>, &'a NodeList, bool)> {
        let (schema, name) = names::relation(range);
        let scope = self.levels.level(level)?.scope;
        if schema.is_some() {
            return None;
        }
        let bound = self.levels.scopes.find(scope, name)?;
        let query = bound.query;
        let extra = query.search_clause().is_some() || query.cycle_clause().is_some();
        Some((query.ctequery(), query.aliascolnames(), extra))
    }

    /// All columns of an item of FROM.
    pub(super) fn all(&mut self, item: Item<'a>, level: LevelId, how: How) {
        match item.node {
            Node::RangeVar(range) => match self.bound(range, level) {
                None => self.rows.push((range, how)),
                Some((query, ..)) => self.tasks.push(Task::Column(query, Label::All, how, None)),
            },
            Node::RangeSubselect(query) => {
                self.tasks.push(Task::Column(query.subquery(), Label::All, how, None));
            }
            // Its arguments may name any item of FROM: this one, too, as far as the walk can tell.
            Node::RangeFunction(function) if !self.seen.insert((address(function), how)) => {}
            Node::RangeFunction(function) => {
                for function in function.functions() {
                    let Node::NodeList(parts) = function else { return self.give_up() };
                    let call = parts.first().unwrap_or(Node::None);
                    self.tasks.push(Task::Value(call, level, how));
                }
            }
            Node::RangeTableFunc(table) if !self.seen.insert((address(table), how)) => {}
            Node::JsonTable(table) if !self.seen.insert((address(table), how)) => {}
            node => self.tasks.push(Task::Value(node, level, How::Computed.within(how))),
        }
    }

    /// `*` and `t.*`: all columns, or those of a name.
    pub(super) fn star(
        &mut self,
        fields: &'a NodeList,
        level: LevelId,
        how: How,
        wanted: Option<(&'a str, usize)>,
    ) {
        let part = |index| fields.get(index).and_then(Node::as_str);
        let mut at = Some(level);
        let mut found = false;
        while let Some(Level { items, outer, .. }) = at.and_then(|at| self.levels.level(at)) {
            let (items, outer, here) = (items.clone(), *outer, at.unwrap_or(level));
            if !self.charge(items.len() + 1) {
                return self.give_up();
            }
            let named = items.into_iter().filter(|&item| match fields.len() {
                1 => !item.by_alias_only,
                2 => part(0).is_some_and(|name| is_named(item, None, name)),
                _ => part(1).is_some_and(|name| is_named(item, part(0), name)),
            });
            for item in named.collect::<Vec<_>>() {
                found = true;
                match wanted {
                    Some((name, mention)) => self.offer(item, here, name, how, mention),
                    None => self.all(item, here, how),
                }
            }
            if found || fields.len() == 1 {
                break;
            }
            at = outer;
        }
        if !found {
            self.give_up();
        }
    }
}

fn is_named(item: Item<'_>, schema: Option<&str>, name: &str) -> bool {
    if let Some(alias) = item.via {
        return schema.is_none() && alias.aliasname() == Some(name);
    }
    let own = item_name(item.node) == Some(name);
    match (schema, item.node) {
        (None, _) => own,
        (Some(_), Node::RangeVar(range)) => {
            own && range.alias().is_none() && range.schemaname() == schema
        }
        (Some(_), _) => false,
    }
}

/// Whether a function in FROM is given such a column.
fn names_column(function: &RangeFunction, name: &str) -> bool {
    let ordinality = function.ordinality && name == "ordinality";
    ordinality || function.coldeflist().iter().any(|column| column.colname() == Some(name))
}

/// XMLTABLE and JSON_TABLE list their columns.
fn table_names_column(item: Node<'_>, name: &str) -> bool {
    match item {
        Node::RangeTableFunc(table) => {
            table.columns().iter().any(|column| column.colname() == Some(name))
        }
        Node::JsonTable(table) => table.columns().iter().any(|column| column.name() == Some(name)),
        _ => false,
    }
}

fn relation(range: &RangeVar) -> (Option<String>, String) {
    let (schema, name) = names::relation(range);
    (schema.map(str::to_owned), name.to_owned())
}
