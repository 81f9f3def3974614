//! What a name of an expression means among the items of FROM, here and in the queries around.

use pg_raw_parse::Node;
use pg_raw_parse::list::NodeList;
use pg_raw_parse::nodes::{CTECycleClause, CTESearchClause, ColumnRef, CommonTableExpr};

use super::address;
use super::flow::Flow;
use super::items::{Item, is_named, lacks_column, names_column, table_names_column};
use super::levels::{Level, LevelId};
use super::targets::Label;
use super::tracer::{Task, Tracer};
use crate::labels::{alias_of, is_star, item_name, label, renamed, star_of};
use crate::outputs::first_leaf;
use crate::statement::How;

impl<'a> Tracer<'a> {
    /// A column as an expression names it.
    pub(super) fn reference(&mut self, column: &'a ColumnRef, level: LevelId, flow: Flow) {
        let fields = column.fields();
        if let Some(fields) = star_of(Node::ColumnRef(column)) {
            return self.star(fields, level, flow, None);
        }
        let part = |index| fields.get(index).and_then(Node::as_str);
        match (fields.len(), part(0), part(1), part(2)) {
            (1, Some(name), ..) => {
                self.mention(name, level, flow);
            }
            (2, Some(item), Some(name), _) => self.qualified(None, item, name, level, flow),
            (3, Some(schema), Some(item), Some(name)) => {
                self.qualified(Some(schema), item, name, level, flow);
            }
            _ => self.give_up(),
        }
    }

    /// An unqualified name: of a column here or in a query around, or of an item's whole row.
    pub(super) fn mention(&mut self, name: &'a str, level: LevelId, flow: Flow) -> usize {
        let mention = self.mentioned(name, flow);
        let mut at = Some(level);
        while let Some(Level { items, outer, .. }) = at.and_then(|at| self.levels.level(at)) {
            let (items, outer, here) = (items.clone(), *outer, at.unwrap_or(level));
            if !self.charge(items.len() + 1) {
                self.give_up();
                break;
            }
            let mut whole_rows = Vec::new();
            for item in items.into_iter().filter(|item| !item.by_alias_only) {
                self.offer(item, here, name, flow, mention);
                if is_named(item, None, name) {
                    whole_rows.push(item);
                }
            }
            if self.is_settled(mention) {
                break;
            }
            for item in whole_rows {
                self.settle(mention);
                self.all(item, here, flow);
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
        flow: Flow,
    ) {
        let mention = self.mentioned(name, flow);
        let mut at = Some(level);
        while let Some(Level { items, outer, .. }) = at.and_then(|at| self.levels.level(at)) {
            let (items, outer, here) = (items.clone(), *outer, at.unwrap_or(level));
            if !self.charge(items.len() + 1) {
                return self.give_up();
            }
            let mut found = false;
            for of in items.into_iter().filter(|of| is_named(*of, schema, item)) {
                found = true;
                self.offer(of, here, name, flow, mention);
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

    /// Asks an item of FROM for a column.
    fn offer(&mut self, item: Item<'a>, level: LevelId, name: &'a str, flow: Flow, mention: usize) {
        let own = if item.via.is_some() { None } else { alias_of(item.node) };
        if let Some(renamed) = renamed(item.via.or(own)) {
            return self.offer_renamed(item, level, renamed, name, flow, mention);
        }
        match item.node {
            Node::RangeVar(range) => match self.bound(range, level) {
                None => {
                    if let Some(mention) = self.mentions.get_mut(mention) {
                        mention.relations.push(range);
                    }
                }
                Some(bound) if adds(bound, name) => {
                    self.settle(mention);
                    let flow = flow.after(How::Computed);
                    self.tasks.push(Task::Column(bound.ctequery(), Label::All, flow, None));
                }
                Some(bound) => {
                    let label = |label: Node<'_>| label.as_str() == Some(name);
                    match bound.aliascolnames().iter().position(label) {
                        Some(at) => {
                            self.settle(mention);
                            self.tasks.push(Task::Column(
                                bound.ctequery(),
                                Label::At(at),
                                flow,
                                None,
                            ));
                        }
                        None => self.offer_query(bound.ctequery(), name, flow, mention),
                    }
                }
            },
            Node::RangeSubselect(query) => self.offer_query(query.subquery(), name, flow, mention),
            Node::RangeFunction(function) if lacks_column(function, name) => {}
            Node::RangeFunction(function) => {
                if names_column(function, name) || item_name(item.node) == Some(name) {
                    self.settle(mention);
                }
                self.all(item, level, flow);
            }
            Node::RangeTableFunc(_) | Node::JsonTable(_) => {
                if table_names_column(item.node, name) {
                    self.settle(mention);
                }
                self.all(item, level, flow);
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
        flow: Flow,
        mention: usize,
    ) {
        let at = renamed.iter().position(|label| label.as_str() == Some(name));
        let query = match item.node {
            Node::RangeSubselect(query) if item.via.is_none() => Some(query.subquery()),
            Node::RangeVar(range) if item.via.is_none() => {
                self.bound(range, level).map(CommonTableExpr::ctequery)
            }
            _ => None,
        };
        match (query, at) {
            (Some(query), Some(at)) => {
                self.settle(mention);
                self.tasks.push(Task::Column(query, Label::At(at), flow, None));
            }
            (Some(query), None) => self.offer_query(query, name, flow, mention),
            (None, Some(_)) => {
                self.settle(mention);
                self.all(item, level, flow);
            }
            // Columns behind those that are renamed keep their names.
            (None, None) => match item.node {
                Node::RangeFunction(function) if lacks_column(function, name) => {}
                Node::RangeVar(range) => {
                    if let Some(mention) = self.mentions.get_mut(mention) {
                        mention.relations.push(range);
                    }
                }
                _ => self.all(item, level, flow),
            },
        }
    }

    fn offer_query(&mut self, query: Node<'a>, name: &'a str, flow: Flow, mention: usize) {
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
        self.tasks.push(Task::Column(query, Label::Named(name), flow, Some(mention)));
    }

    /// All columns of an item of FROM.
    pub(super) fn all(&mut self, item: Item<'a>, level: LevelId, flow: Flow) {
        match item.node {
            Node::RangeVar(range) => match self.bound(range, level) {
                None => self.rows.push((range, flow)),
                Some(bound) => {
                    self.tasks.push(Task::Column(bound.ctequery(), Label::All, flow, None));
                }
            },
            Node::RangeSubselect(query) => {
                self.tasks.push(Task::Column(query.subquery(), Label::All, flow, None));
            }
            // Its arguments may name any item of FROM: this one, too, as far as the walk can tell.
            Node::RangeFunction(function) if !self.seen.insert((address(function), flow)) => {}
            Node::RangeFunction(function) => {
                for function in function.functions() {
                    let Node::NodeList(parts) = function else { return self.give_up() };
                    let call = parts.first().unwrap_or(Node::None);
                    self.tasks.push(Task::Value(call, level, flow));
                }
            }
            Node::RangeTableFunc(table) if !self.seen.insert((address(table), flow)) => {}
            Node::JsonTable(table) if !self.seen.insert((address(table), flow)) => {}
            node => self.tasks.push(Task::Value(node, level, flow.after(How::Computed))),
        }
    }

    /// `*` and `t.*`: all columns, or those of a name.
    pub(super) fn star(
        &mut self,
        fields: &'a NodeList,
        level: LevelId,
        flow: Flow,
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
                    Some((name, mention)) => self.offer(item, here, name, flow, mention),
                    None => self.all(item, here, flow),
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

/// Whether SEARCH or CYCLE adds a column of this name, which is made of others.
fn adds(query: &CommonTableExpr, name: &str) -> bool {
    let search = query.search_clause().and_then(CTESearchClause::search_seq_column);
    let cycle = query.cycle_clause();
    let mark = cycle.and_then(CTECycleClause::cycle_mark_column);
    let path = cycle.and_then(CTECycleClause::cycle_path_column);
    [search, mark, path].contains(&Some(name))
}
