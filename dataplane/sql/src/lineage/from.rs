//! What a name of an expression means among the items of FROM, here and in the queries around.

use pg_raw_parse::Node;
use pg_raw_parse::list::NodeList;
use pg_raw_parse::nodes::{CTECycleClause, CTESearchClause, ColumnRef, CommonTableExpr, RangeVar};

use super::address;
use super::flow::Flow;
use super::items::{
    Item, columns_listed, is_named, lacks_column, names_column, table_names_column,
};
use super::levels::{Level, LevelId};
use super::targets::{Label, Offered};
use super::tracer::{Task, Tracer};
use crate::labels::{alias_of, item_name, renamed, star_of};
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

    /// An unqualified name: of a column here or in a query around, or of an item's whole row. The server
    /// takes the nearest that is in sight, and what is, depends (ON sees the sides of its join alone):
    /// so all of that name count.
    pub(super) fn mention(&mut self, name: &'a str, level: LevelId, flow: Flow) -> usize {
        let mention = self.mentioned(name, flow);
        for (here, items) in self.around(level) {
            for item in items.into_iter().filter(|item| !item.by_alias_only) {
                let has_column = self.offer(item, here, name, flow, mention);
                if has_column {
                    self.settle(mention);
                } else if is_named(item, None, name) {
                    self.settle(mention);
                    self.all(item, here, flow);
                }
            }
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
        let mut found = false;
        for (here, items) in self.around(level) {
            for of in items.into_iter().filter(|of| is_named(*of, schema, item)) {
                found = true;
                let has_column = self.offer(of, here, name, flow, mention);
                if has_column || !matches!(of.node, Node::RangeVar(_) | Node::RangeSubselect(_)) {
                    self.settle(mention);
                }
            }
        }
        if !found {
            self.give_up();
        }
    }

    /// The items of FROM of a query and of those around it, from the innermost.
    pub(super) fn around(&mut self, level: LevelId) -> Vec<(LevelId, Vec<Item<'a>>)> {
        let mut around = Vec::new();
        let mut at = Some(level);
        while let Some(Level { items, outer, .. }) = at.and_then(|at| self.levels.level(at)) {
            let (items, outer) = (items.clone(), *outer);
            if !self.charge(items.len() + 1) {
                self.give_up();
                break;
            }
            around.extend(at.map(|at| (at, items)));
            at = outer;
        }
        around
    }

    /// Asks an item of FROM for a column. True: it surely has it.
    pub(super) fn offer(
        &mut self,
        item: Item<'a>,
        level: LevelId,
        name: &'a str,
        flow: Flow,
        mention: usize,
    ) -> bool {
        let own = if item.via.is_some() { None } else { alias_of(item.node) };
        let renamed = renamed(item.via.or(own));
        if !self.charge(columns_listed(item.node) + renamed.map_or(0, NodeList::len)) {
            self.give_up();
            return false;
        }
        if let Some(renamed) = renamed {
            return self.offer_renamed(item, level, renamed, name, flow, mention);
        }
        match item.node {
            Node::RangeVar(range) => match self.bound(item, range, level) {
                None => {
                    self.may_be_of(range, mention);
                    false
                }
                Some(bound) => self.offer_bound(bound, None, name, flow, mention),
            },
            Node::RangeSubselect(query) => {
                self.offer_query(query.subquery(), [None, None], name, flow, mention)
            }
            Node::RangeFunction(function) if lacks_column(function, name) => false,
            Node::RangeFunction(function) => {
                self.all(item, level, flow);
                names_column(function, name) || item_name(item.node) == Some(name)
            }
            Node::RangeTableFunc(_) | Node::JsonTable(_) => {
                self.all(item, level, flow);
                table_names_column(item.node, name)
            }
            _ => {
                self.give_up();
                false
            }
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
    ) -> bool {
        match item.node {
            Node::RangeSubselect(query) if item.via.is_none() => {
                let query = query.subquery();
                return self.offer_query(query, [Some(renamed), None], name, flow, mention);
            }
            Node::RangeVar(range) if item.via.is_none() => {
                if let Some(bound) = self.bound(item, range, level) {
                    return self.offer_bound(bound, Some(renamed), name, flow, mention);
                }
            }
            _ => {}
        }
        let is_given = renamed.iter().any(|label| label.as_str() == Some(name));
        match item.node {
            _ if is_given => self.all(item, level, flow),
            // Columns behind those that are renamed keep their names.
            Node::RangeFunction(function) if lacks_column(function, name) => {}
            Node::RangeVar(range) => self.may_be_of(range, mention),
            _ => self.all(item, level, flow),
        }
        is_given
    }

    fn may_be_of(&mut self, range: &'a RangeVar, mention: usize) {
        if let Some(mention) = self.mentions.get_mut(mention) {
            mention.relations.push(range);
        }
    }

    /// A query of WITH, which an alias of FROM may rename the columns of.
    fn offer_bound(
        &mut self,
        bound: &'a CommonTableExpr,
        renamed: Option<&'a NodeList>,
        name: &'a str,
        flow: Flow,
        mention: usize,
    ) -> bool {
        let query = bound.ctequery();
        if !self.charge(bound.aliascolnames().len()) {
            self.give_up();
            return false;
        }
        if adds(bound, name) {
            self.tasks.push(Task::Column(query, Label::All, flow.after(How::Computed), None));
            return true;
        }
        self.offer_query(query, [renamed, Some(bound.aliascolnames())], name, flow, mention)
    }

    /// `renamed` are the names that aliases give to the first columns, the outermost first.
    fn offer_query(
        &mut self,
        query: Node<'a>,
        renamed: [Option<&'a NodeList>; 2],
        name: &'a str,
        flow: Flow,
        mention: usize,
    ) -> bool {
        let mut hidden = 0;
        for names in renamed.into_iter().flatten() {
            let mut shown = names.iter().enumerate().skip(hidden);
            if let Some((at, _)) = shown.find(|(_, label)| label.as_str() == Some(name)) {
                self.tasks.push(Task::Column(query, Label::At(at), flow, None));
                return true;
            }
            hidden = hidden.max(names.len());
        }
        let Some(targets) = self.targets(query) else {
            self.give_up();
            return false;
        };
        let (label, surely) = match targets.offered(name, hidden) {
            Offered::Not => return false,
            Offered::Maybe => (Label::Named(name), false),
            Offered::Surely => (Label::Named(name), true),
        };
        // What is hidden has a name of its own, which may be this one.
        let label = if hidden > 0 { Label::All } else { label };
        self.tasks.push(Task::Column(query, label, flow, Some(mention)));
        surely
    }

    /// All columns of an item of FROM.
    pub(super) fn all(&mut self, item: Item<'a>, level: LevelId, flow: Flow) {
        match item.node {
            Node::RangeVar(range) => match self.bound(item, range, level) {
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
            node => {
                self.made |= flow.is_of_values();
                self.tasks.push(Task::Value(node, level, flow.after(How::Computed)));
            }
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
        let means = |item: Item<'a>| match fields.len() {
            1 => !item.by_alias_only,
            2 => part(0).is_some_and(|name| is_named(item, None, name)),
            _ => part(1).is_some_and(|name| is_named(item, part(0), name)),
        };
        let mut around = self.around(level);
        if fields.len() == 1 {
            around.truncate(1);
        }
        let mut found = false;
        for (here, items) in around {
            for item in items.into_iter().filter(|&item| means(item)) {
                found = true;
                match wanted {
                    Some((name, mention)) => {
                        if self.offer(item, here, name, flow, mention) {
                            self.settle(mention);
                        }
                    }
                    None => self.all(item, here, flow),
                }
            }
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
