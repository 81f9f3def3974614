//! What a name of an expression means among the items of FROM, here and in the queries around.

use pg_raw_parse::Node;
use pg_raw_parse::list::NodeList;
use pg_raw_parse::nodes::ColumnRef;

use super::address;
use super::items::{Item, is_named, names_column, table_names_column};
use super::levels::{Level, LevelId};
use super::targets::Label;
use super::tracer::{Task, Tracer};
use crate::labels::{alias_of, is_star, item_name, label, renamed, star_of};
use crate::outputs::first_leaf;
use crate::statement::How;

impl<'a> Tracer<'a> {
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
