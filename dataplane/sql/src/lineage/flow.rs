//! What becomes of a value on its way up through an expression.

use crate::statement::{Calls, How};

/// What happens around a value, and the functions by which it happens.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Flow {
    pub(super) how: How,
    pub(super) through: Calls,
}

impl Flow {
    /// As it is.
    pub(super) const KEPT: Self = Self::of(How::Kept);
    pub(super) const CONDITION: Self = Self::of(How::Condition);

    pub(super) const fn of(how: How) -> Self {
        Self { how, through: Calls::NONE }
    }

    /// To what this happens first, and the rest then.
    pub(super) fn after(self, first: How) -> Self {
        Self { how: first.within(self.how), ..self }
    }

    /// To what this happens, after which nothing but this is left of it.
    pub(super) fn after_only(self, first: How) -> Self {
        let how = match (first, self.how) {
            (How::Counted, _) | (_, How::Kept) => first,
            (_, How::Condition) => How::Condition,
            _ => first,
        };
        Self { how, ..self }
    }

    pub(super) fn condition(self) -> Self {
        Self { how: How::Condition, ..self }
    }

    /// Whether the value itself is what comes of it, or is compared as such.
    pub(super) const fn is_of_values(self) -> bool {
        matches!(self.how, How::Kept | How::Recast | How::Part | How::Joined)
    }

    pub(super) fn through(self, calls: Calls) -> Self {
        Self { through: self.through.and(calls), ..self }
    }
}

impl How {
    /// What happens to a value in an expression to which `around` happens.
    fn within(self, around: Self) -> Self {
        let made = matches!(self, Self::Measured | Self::Compared | Self::Computed);
        match (self, around) {
            (_, Self::Joined) if made => Self::Mixed,
            (Self::Part, Self::Counted | Self::Measured) => Self::Computed,
            _ => self.max(around),
        }
    }
}
