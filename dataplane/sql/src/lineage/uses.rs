//! What a statement uses columns for, one use after the other.

use pg_raw_parse::nodes::SelectStmt;
use pg_raw_parse::{Node, raw};

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

    /// What the tasks come to, and whether values that are new are among it.
    fn run_noting(&mut self) -> (Lineage, bool) {
        self.made = false;
        let of = self.run();
        (of, self.made)
    }

    /// What the tasks come to, as what is used together.
    fn run_in_use(&mut self) -> Lineage {
        let (of, made) = self.run_noting();
        of.in_use(if made { mixed } else { as_it_is })
    }

    fn used(&mut self, pending: Pending<'a>) -> (Place, Lineage) {
        let task = |query, label| Task::Column(Node::SelectStmt(query), label, Flow::KEPT, None);
        match pending {
            Pending::Equality { place, sides, level } => self.equality(place, sides, level),
            Pending::Value(place, node, level) => {
                self.tasks.push(Task::Value(node, level, Flow::KEPT));
                (place, self.run_in_use())
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
                (place, self.run_in_use())
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
            Pending::Rows(place, select) => (place, self.rows_compared(select)),
            Pending::Position(place, select, at) => {
                self.tasks.push(task(select, Label::At(at)));
                (place, self.run_in_use())
            }
            Pending::Named(place, select, name) => {
                self.tasks.push(task(select, Label::Named(name)));
                (place, self.run_in_use())
            }
        }
    }

    /// DISTINCT compares a query's rows with one another, a set operation those of several: each column with
    /// the one at its place.
    fn rows_compared(&mut self, select: &'a SelectStmt) -> Lineage {
        let query = Node::SelectStmt(select);
        self.tasks.push(Task::Column(query, Label::All, Flow::KEPT, None));
        let (all, made) = self.run_noting();
        if !made || select.op == raw::SetOperation::SETOP_NONE {
            return all.in_use(as_it_is);
        }
        let targets = self.targets(query).filter(|targets| !targets.have_star());
        let Some(targets) = targets else { return all.in_use(mixed) };
        let columns = (0..targets.list.len()).map(|at| {
            self.tasks.push(Task::Column(query, Label::At(at), Flow::KEPT, None));
            self.run_in_use()
        });
        columns.reduce(Lineage::and).unwrap_or_else(|| all.in_use(mixed))
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
        let mut any_made = false;
        let items = self.items(level);
        if !self.charge(items.len()) {
            return (place, Lineage::Unknown);
        }
        for item in items {
            let has = offer(self, item);
            let (of, made) = self.run_noting();
            any_made |= made;
            if has && !is_of_a_column(&of) {
                place = Place::Lookup;
            }
            all = all.and(of);
        }
        (place, all.in_use(if any_made { mixed } else { as_it_is }))
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
        let (left_of, left_made) = self.side(left, level);
        let (right_of, right_made) = self.side(right, level);
        let of = [left_of, right_of];
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
        let [left, right] = of;
        let beside = |of: Lineage, other_made| match (with_data, other_made) {
            (false, _) => of.in_use(as_it_is),
            (true, false) => of.in_use(mixed_if_made),
            (true, true) => of.in_use(|how| mixed(mixed_if_made(how))),
        };
        (place.unwrap_or(told), beside(left, right_made).and(beside(right, left_made)))
    }

    fn side(&mut self, side: Node<'a>, level: LevelId) -> (Lineage, bool) {
        self.tasks.push(Task::Value(side, level, Flow::KEPT));
        self.run_noting()
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

fn as_it_is(how: How) -> How {
    how
}

/// Beside values that are new, each of them another question.
fn mixed(how: How) -> How {
    match how {
        How::Kept | How::Recast | How::Part | How::Joined => How::Mixed,
        how => how,
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
