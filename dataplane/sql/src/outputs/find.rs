//! What a name means to one item of FROM.

use pg_raw_parse::list::{CastNodeList, NodeList};
use pg_raw_parse::nodes::{RangeVar, ResTarget, SelectStmt};
use pg_raw_parse::{Node, raw};

use super::resolver::{Found, Resolver};
use crate::figured::label;
use crate::labels::{is_star, renamed};
use crate::names;
use crate::scope::ScopeId;

impl<'a> Resolver<'a> {
    pub(super) fn find(
        &mut self,
        item: Node<'a>,
        name: &'a str,
        scope: ScopeId,
        depth: u32,
    ) -> Found {
        if depth == 0 || !self.charge(1) {
            return Found::Unknown;
        }
        match item {
            Node::RangeVar(range) => self.find_in_range(range, name, scope, depth),
            Node::RangeSubselect(query) => match query.subquery() {
                Node::SelectStmt(select) => {
                    self.find_in_query(select, renamed(query.alias()), name, scope, depth)
                }
                _ => Found::Unknown,
            },
            _ => Found::Unknown,
        }
    }

    fn find_in_range(
        &mut self,
        range: &'a RangeVar,
        name: &'a str,
        scope: ScopeId,
        depth: u32,
    ) -> Found {
        let renamed = renamed(range.alias());
        match self.bound(range, scope) {
            None if renamed.is_none() => {
                let (schema, relation) = names::relation(range);
                Found::Relation(schema.map(str::to_owned), relation.to_owned())
            }
            Some(bound) if !bound.recursive && renamed.is_none() => match bound.query.ctequery() {
                Node::SelectStmt(select) => {
                    let names = Some(bound.query.aliascolnames()).filter(|names| !names.is_empty());
                    self.find_in_query(select, names, name, bound.scope, depth)
                }
                _ => Found::Unknown,
            },
            _ => Found::Unknown,
        }
    }

    /// `renamed` are the names that an alias gives the first columns.
    fn find_in_query(
        &mut self,
        select: &'a SelectStmt,
        renamed: Option<&'a NodeList>,
        name: &'a str,
        outer: ScopeId,
        depth: u32,
    ) -> Found {
        let set_operation = select.op != raw::SetOperation::SETOP_NONE;
        if set_operation || !select.values_lists().is_empty() {
            return Found::Unknown;
        }
        let targets = select.target_list();
        let names = targets.len()
            + renamed.map_or(0, NodeList::len)
            + select.with_clause().map_or(0, |with| with.ctes().len());
        if !self.charge(names) {
            return Found::Unknown;
        }
        let scope = self.body(select, outer);
        if let Some(renamed) = renamed {
            return self.find_renamed(select, renamed, name, scope, depth);
        }
        let mut star = None;
        let mut unnamed = false;
        for target in targets {
            if is_star(target.val()) {
                unnamed |= star.replace(target).is_some();
                continue;
            }
            match label(target) {
                Some(label) if label == name => {
                    return Found::Here(self.value(target.val(), select, scope, depth - 1));
                }
                Some(_) => {}
                None => unnamed = true,
            }
        }
        match star {
            None if unnamed => Found::Unknown,
            None => Found::Absent,
            Some(target) if !unnamed => self.find_in_star(target, select, name, scope, depth),
            Some(_) => Found::Unknown,
        }
    }

    /// `*` or `t.*` passes on what FROM has, when FROM is one item.
    fn find_in_star(
        &mut self,
        target: &'a ResTarget,
        select: &'a SelectStmt,
        name: &'a str,
        scope: ScopeId,
        depth: u32,
    ) -> Found {
        let Node::ColumnRef(_) = target.val() else { return Found::Unknown };
        match self.items(select.from_clause()).as_deref() {
            Some(&[item]) => self.find(item, name, scope, depth - 1),
            _ => Found::Unknown,
        }
    }

    fn find_renamed(
        &mut self,
        select: &'a SelectStmt,
        renamed: &'a NodeList,
        name: &str,
        scope: ScopeId,
        depth: u32,
    ) -> Found {
        let targets: &'a CastNodeList<ResTarget> = select.target_list();
        let position = renamed.iter().position(|label| label.as_str() == Some(name));
        let plain = !targets.iter().any(|target| is_star(target.val()));
        match position.and_then(|index| targets.get(index)) {
            Some(target) if plain => {
                Found::Here(self.value(target.val(), select, scope, depth - 1))
            }
            _ => Found::Unknown,
        }
    }
}
