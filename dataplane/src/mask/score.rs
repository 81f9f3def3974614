//! What the columns of a result turn out to hold, by their first cells.
//!
//! A column that nobody classified is scanned cell by cell. Once most of its cells are filled by one
//! identifier it is a column of that, and what the scan doesn't know in it (a misspelt number, a
//! form from abroad) is covered whole. That only ever covers more, and lasts as long as the
//! result. Whether enough cells agree is asked before any of them leave.

use std::rc::Rc;

use lazaret_detectors::{ColumnScore, Finding, Identifier};
use lazaret_policy::Plan;

use crate::limits::SCORED_CELLS;

/// The columns of one result.
#[derive(Default)]
pub(crate) struct Scores {
    /// Of the result; a portal that goes on has the same.
    plan: Option<Rc<Plan>>,
    /// By column; those behind the last one that was scanned are missing.
    columns: Vec<Column>,
}

#[derive(Default)]
enum Column {
    /// Nothing was scanned.
    #[default]
    Unseen,
    Open(Box<ColumnScore>),
    /// Its first cells didn't agree.
    Mixed,
    Holds(Identifier),
}

impl Scores {
    /// Rows by this plan follow.
    pub(crate) fn begin(&mut self, plan: &Rc<Plan>) {
        let goes_on = self.plan.as_ref().is_some_and(|current| Rc::ptr_eq(current, plan));
        if !goes_on {
            self.plan = Some(Rc::clone(plan));
            self.columns.clear();
        }
    }

    /// Takes in a cell of a column, as long as that is undecided.
    pub(super) fn observe(&mut self, column: usize, cell: &[u8], findings: &[Finding]) {
        if column >= self.columns.len() {
            self.columns.resize_with(column + 1, Column::default);
        }
        let Some(column) = self.columns.get_mut(column) else { return };
        if matches!(column, Column::Unseen) {
            *column = Column::Open(Box::default());
        }
        if let Column::Open(score) = column {
            score.observe(cell, findings);
        }
    }

    /// Decides what can be decided.
    pub(super) fn decide(&mut self) {
        for column in &mut self.columns {
            let Column::Open(score) = column else { continue };
            // Nine digits are an SSN by a label or by who declares the column, not by their range.
            let judgement = score
                .judge()
                .filter(|it| !it.by_check || it.class.identifier() != Some(Identifier::Ssn));
            match judgement.and_then(|judgement| judgement.class.identifier()) {
                Some(identifier) => *column = Column::Holds(identifier),
                None if score.cells() >= SCORED_CELLS => *column = Column::Mixed,
                None => {}
            }
        }
    }

    pub(super) fn any_holds(&self) -> bool {
        self.columns.iter().any(|column| matches!(column, Column::Holds(_)))
    }

    /// What a column was found to hold.
    pub(super) fn holds(&self, column: usize) -> Option<Identifier> {
        match self.columns.get(column) {
            Some(Column::Holds(identifier)) => Some(*identifier),
            _ => None,
        }
    }

    /// Whether cells of the column are still to be observed.
    pub(super) fn is_open(&self, column: usize) -> bool {
        !matches!(self.columns.get(column), Some(Column::Mixed | Column::Holds(_)))
    }
}

#[cfg(test)]
mod tests;
