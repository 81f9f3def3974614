//! What a statement uses columns for, one use after the other.

use pg_raw_parse::Node;

use super::flow::Flow;
use super::functions::{self, Operation};
use super::given::{is_fixed, is_given};
use super::items::Item;
use super::levels::LevelId;
use super::predicates::Pending;
use super::targets::Label;
use super::tracer::{Task, Tracer};
use crate::names;
use crate::statement::{How, Lineage, Place, Use};

impl<'a> Tracer<'a> {
    pub(super) fn uses(mut self) -> Vec<Use> {
        let mut uses = Vec::new();
        for pending in std::mem::take(&mut self.pending) {
            if self.steps == 0 {
                let unknown = |place| Use { place, of: Lineage::Unknown };
                uses.extend([Place::Filter, Place::Written].map(unknown));
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
        let task = |query, label| Task::Column(Node::SelectStmt(query), label, Flow::KEPT, None);
        match pending {
            Pending::Equality { place, sides, level } => self.equality(place, sides, level),
            Pending::Value(place, node, level) => {
                self.tasks.push(Task::Value(node, level, Flow::KEPT));
                (place, self.run().in_use(|how| how))
            }
            Pending::Count(node, level) => {
                self.tasks.push(Task::Value(at_path(node), level, Flow::KEPT));
                (Place::Rows, self.run().in_use(mixed_if_made))
            }
            Pending::Written(query) => {
                self.tasks.push(Task::Column(query, Label::All, Flow::KEPT, None));
                (Place::Written, self.run())
            }
            Pending::Assigned(node, level) => {
                self.tasks.push(Task::Value(node, level, Flow::KEPT));
                (Place::Written, self.run())
            }
            Pending::IfColumn(place, name, level) => {
                let mention = self.mention(name, level, Flow::CONDITION);
                self.settle(mention);
                (place, self.run())
            }
            Pending::Among(place, value, level) => {
                if self.is_of_a_relation(value, level) {
                    return (place, Lineage::Of(Vec::new()));
                }
                self.tasks.push(Task::Value(value, level, Flow::KEPT));
                (place, self.run().in_use(|how| how))
            }
            Pending::Using(name, level) => self.merged(level, |tracer, item| {
                let flow = Flow::of(How::Joined);
                let mention = tracer.mentioned(name, flow);
                // Another item may be the one that has it.
                tracer.settle(mention);
                tracer.offer(item, level, name, flow, mention)
            }),
            Pending::Natural(level) => self.merged(level, |tracer, item| {
                tracer.all(item, level, Flow::of(How::Joined));
                true
            }),
            Pending::Rows(place, select) => {
                self.tasks.push(task(select, Label::All));
                (place, self.run().in_use(|how| how))
            }
            Pending::Position(place, select, at) => {
                self.tasks.push(task(select, Label::At(at)));
                (place, self.run().in_use(|how| how))
            }
            Pending::Named(place, select, name) => {
                self.tasks.push(task(select, Label::Named(name)));
                (place, self.run().in_use(|how| how))
            }
        }
    }

    /// Columns of the same name in several items of FROM. One that is made of no column holds what the client
    /// gave, so that the join is a look-up; `offer` asks for it and says whether the item has it.
    fn merged(
        &mut self,
        level: LevelId,
        offer: impl Fn(&mut Self, Item<'a>) -> bool,
    ) -> (Place, Lineage) {
        let mut place = Place::Join;
        let mut all = Lineage::Of(Vec::new());
        let items = self.items(level);
        if !self.charge(items.len()) {
            return (place, Lineage::Unknown);
        }
        for item in items {
            let has = offer(self, item);
            let of = self.run();
            if has && !is_of_a_column(&of) {
                place = Place::Lookup;
            }
            all = all.and(of);
        }
        (place, all.in_use(|how| how))
    }

    /// A column's name where FROM has relations alone, here and around, so that all its values are of one
    /// column.
    fn is_of_a_relation(&mut self, value: Node<'a>, level: LevelId) -> bool {
        let mut around = self.around(level).into_iter();
        let mut is_relation = |level, item: Item<'a>| match item.node {
            Node::RangeVar(range) => self.bound(item, range, level).is_none(),
            _ => false,
        };
        matches!(value, Node::ColumnRef(_))
            && around.all(|(level, items)| items.into_iter().all(|item| is_relation(level, item)))
    }

    /// Two columns that are each plainly passed on make a join; a column and what the client gave is a
    /// look-up, unless it stands within another predicate.
    fn equality(
        &mut self,
        place: Option<Place>,
        [left, right]: [Node<'a>; 2],
        level: LevelId,
    ) -> (Place, Lineage) {
        let plain = |side| matches!(side, Node::ColumnRef(_));
        let of = [left, right].map(|side| {
            self.tasks.push(Task::Value(side, level, Flow::KEPT));
            self.run()
        });
        let kept = |of: &Lineage| match of {
            Lineage::Of(inputs) => inputs.iter().all(|input| input.how == How::Kept),
            Lineage::Unknown => false,
        };
        let told = match (plain(left), plain(right)) {
            (true, true) if of.iter().all(|of| kept(of) && is_of_a_column(of)) => Place::Join,
            (true, false) if kept(&of[0]) && is_given(right) => Place::Lookup,
            (false, true) if kept(&of[1]) && is_given(left) => Place::Lookup,
            (true, true) if of.iter().all(kept) => Place::Lookup,
            _ => Place::Filter,
        };
        let with_data = !is_fixed(left) && !is_fixed(right);
        let of = of.map(|of| match with_data {
            true => of.in_use(mixed_if_made),
            false => of.in_use(|how| how),
        });
        let [left, right] = of;
        (place.unwrap_or(told), left.and(right))
    }
}

impl Lineage {
    /// What a use makes of it: of inputs, those words that [`Use`] has.
    ///
    /// [`Use`]: crate::statement::Use
    fn in_use(mut self, seen: impl Fn(How) -> How) -> Self {
        if let Self::Of(inputs) = &mut self {
            for input in inputs.iter_mut() {
                input.how = match seen(input.how) {
                    How::Counted => How::Counted,
                    How::Computed => How::Computed,
                    How::Mixed => How::Mixed,
                    _ => How::Condition,
                };
            }
            inputs.sort_unstable();
            inputs.dedup();
        }
        self
    }
}

/// What holds no column but such that may not be meant is what the client gave.
fn is_of_a_column(of: &Lineage) -> bool {
    match of {
        Lineage::Of(inputs) => inputs.iter().any(|input| input.certain),
        Lineage::Unknown => true,
    }
}

/// What is made of a value tells more of it beside other data, where every row asks another question.
fn mixed_if_made(how: How) -> How {
    match how {
        How::Measured | How::Compared | How::Computed => How::Mixed,
        how => how,
    }
}

/// `data -> 'items'` has as many items as are at that place.
fn at_path(mut node: Node<'_>) -> Node<'_> {
    while let Node::A_Expr(operation) = node
        && let Some((schema, name)) = names::qualified(operation.name())
        && functions::operation(schema, name) == Operation::Path
        && is_given(operation.rexpr())
    {
        node = operation.lexpr();
    }
    node
}
