//! What a statement uses columns for, one use after the other.

use pg_raw_parse::Node;
use pg_raw_parse::list::NodeList;

use super::levels::LevelId;
use super::predicates::Pending;
use super::targets::Label;
use super::tracer::{Task, Tracer};
use crate::constant::is_constant;
use crate::statement::{How, Lineage, Place, Use};

impl<'a> Tracer<'a> {
    pub(super) fn uses(mut self) -> Vec<Use> {
        let mut uses = Vec::new();
        for pending in std::mem::take(&mut self.pending) {
            if self.steps == 0 {
                uses.push(Use { place: Place::Filter, of: Lineage::Unknown });
                break;
            }
            let (place, of) = self.used(pending);
            let empty = matches!(&of, Lineage::Of(inputs) if inputs.is_empty());
            if !empty {
                uses.push(Use { place, of });
            }
        }
        uses.sort_unstable();
        uses.dedup();
        uses
    }

    fn used(&mut self, pending: Pending<'a>) -> (Place, Lineage) {
        let task =
            |query, label| Task::Column(Node::SelectStmt(query), label, How::Condition, None);
        let place = match pending {
            Pending::Equality(left, right, level) => return self.equality(left, right, level),
            Pending::Value(place, node, level) => {
                self.tasks.push(Task::Value(node, level, How::Condition));
                place
            }
            Pending::IfColumn(place, name, level) => {
                let mention = self.mention(name, level, How::Condition);
                self.settle(mention);
                place
            }
            Pending::Using(name, level) => {
                self.mention(name, level, How::Condition);
                Place::Join
            }
            Pending::Natural(level) => {
                for item in self.items(level) {
                    self.all(item, level, How::Condition);
                }
                Place::Join
            }
            Pending::Rows(place, select) => {
                self.tasks.push(task(select, Label::All));
                place
            }
            Pending::Position(place, select, at) => {
                self.tasks.push(task(select, Label::At(at)));
                place
            }
            Pending::Named(place, select, name) => {
                self.tasks.push(task(select, Label::Named(name)));
                place
            }
        };
        (place, self.run())
    }

    /// Two columns that are each plainly passed on make a join; a column and what the client gave is a
    /// look-up.
    fn equality(&mut self, left: Node<'a>, right: Node<'a>, level: LevelId) -> (Place, Lineage) {
        let plain = |side| matches!(side, Node::ColumnRef(_));
        let mut of = [left, right].map(|side| {
            let how = if plain(side) { How::Kept } else { How::Condition };
            self.tasks.push(Task::Value(side, level, how));
            self.run()
        });
        let kept = |of: &Lineage| match of {
            Lineage::Of(inputs) => inputs.iter().all(|input| input.how == How::Kept),
            Lineage::Unknown => false,
        };
        let empty = |of: &Lineage| matches!(of, Lineage::Of(inputs) if inputs.is_empty());
        let place = match (plain(left), plain(right)) {
            (true, true) if of.iter().all(|of| kept(of) && !empty(of)) => Place::Join,
            (true, false) if kept(&of[0]) && is_given(right) => Place::Lookup,
            (false, true) if kept(&of[1]) && is_given(left) => Place::Lookup,
            (true, true) if of.iter().all(kept) => Place::Lookup,
            _ => Place::Filter,
        };
        for of in &mut of {
            if let Lineage::Of(inputs) = of {
                inputs.iter_mut().for_each(|input| input.how = How::Condition);
            }
        }
        let [left, right] = of;
        (place, left.and(right))
    }
}

/// The client's own: literals, parameters, and lists and arrays of them.
fn is_given(node: Node<'_>) -> bool {
    let all = |list: &NodeList| list.iter().all(is_constant);
    match node {
        Node::NodeList(list) => all(list),
        Node::A_ArrayExpr(array) => all(array.elements()),
        node => is_constant(node),
    }
}
