//! What protected columns may be used for beside being shown.
//!
//! A predicate, a grouping or an ordering on a masked column tells its values without showing them,
//! and so does an error that some values raise and others don't. So a masked column is only shown,
//! masked. What stays: counting it and asking whether it is there (its mask tells that as well), and
//! an equality join between two columns that are keys by their names, which shows nothing of either.
//! A permit's `@infer` and `@keys` allow more.
//!
//! Text that nobody classified may be compared, as a whole or by a pattern: each such question is one
//! that the client writes down, and tells one thing. What is made of it (its third letter) may not be
//! compared with other data, where one question asks for all of it, nor decide which of several values
//! is shown, in which order, or how many rows; nor leave the statement but in one piece. And all of it may
//! not be compared with values that the statement makes (`'SSN 219-09-' || g` of a series): one statement
//! would ask as many questions as there are numbers.

use lazaret_detectors::Class;
use lazaret_sql::{How, Lineage, Place, Statement, Use};

use crate::Reach;
use crate::leave::Leave;
use crate::lineage::{Cover, Exposure, Lookup, exposures};
use crate::rules::{CHANNEL, COPIES_MASKED, Refusal};

/// What the uses of columns in a statement come to.
pub(crate) struct Inferred {
    /// Of the first use that is not allowed.
    pub(crate) refusal: Option<Refusal>,
    /// Something is made of text that is only scanned, where it may fail.
    pub(crate) pieces: bool,
}

pub(crate) fn judge(
    statement: &Statement,
    reach: Reach,
    leave: &Leave,
    lookup: &mut Lookup<'_>,
) -> Inferred {
    let mut inferred = Inferred { refusal: None, pieces: false };
    for Use { place, of } in &statement.uses {
        let inputs = match of {
            Lineage::Of(inputs) => inputs,
            Lineage::Unknown => {
                inferred.pieces = true;
                let found = of_unknown(*place, statement, reach, leave);
                inferred.refusal = inferred.refusal.take().or(found);
                continue;
            }
        };
        let told = |how| how != How::Counted;
        let told = inputs.iter().filter(|of| told(of.how) && !of.through.meet(reach.trusted));
        let used: Vec<_> = told
            .flat_map(|of| exposures(of, lookup).into_iter().map(|exposure| (of.how, exposure)))
            .collect();
        let place = between_keys(*place, &used);
        for (how, exposure) in used {
            inferred.pieces |= exposure.is_scanned() && may_fail(place, how);
            if inferred.refusal.is_none() {
                inferred.refusal = of_column(place, how, exposure, leave);
            }
        }
    }
    inferred
}

/// A join of a key with what is seen shows the key.
fn between_keys(place: Place, used: &[(How, Exposure)]) -> Place {
    let all = used.iter().all(|(_, exposure)| *exposure == Exposure::Key);
    if place == Place::Join && !all { Place::Lookup } else { place }
}

/// Whether an error may quote what is made of a column.
fn may_fail(place: Place, how: How) -> bool {
    let written = matches!(place, Place::Computation | Place::Passed | Place::Written);
    written || matches!(how, How::Computed | How::Mixed)
}

fn of_unknown(place: Place, statement: &Statement, reach: Reach, leave: &Leave) -> Option<Refusal> {
    match place {
        Place::Written => {
            let copies = statement.copies && !leave.lifts(COPIES_MASKED.name);
            copies.then(|| (&COPIES_MASKED).into())
        }
        Place::Passed => (!leave.lifts(CHANNEL.name)).then(|| (&CHANNEL).into()),
        _ => (reach.masked && !leave.infers_all()).then(|| refusal(place, None)),
    }
}

fn of_column(place: Place, how: How, exposure: Exposure, leave: &Leave) -> Option<Refusal> {
    match (place, exposure) {
        (_, Exposure::Open) => None,
        (Place::Written, of) if of.is_scanned() => {
            let hidden = of.cover(how) == Cover::Null && !leave.lifts(COPIES_MASKED.name);
            hidden.then(|| (&COPIES_MASKED).into())
        }
        // The rule on copies and the one on channels refuse these by the relations.
        (Place::Written, _) => None,
        (Place::Passed, _) => (!leave.lifts(CHANNEL.name)).then(|| (&CHANNEL).into()),
        (_, of) if of.is_scanned() => {
            (asks_for_pieces(place, how) && !leave.infers_all()).then(|| of_pieces(place))
        }
        (_, Exposure::Key) if is_key_use(place, leave) => None,
        (_, Exposure::Key) => Some(refusal(place, Some(Class::UNTRACED))),
        (_, Exposure::Covered(class)) => {
            (!leave.infers(class)).then(|| refusal(place, Some(class)))
        }
        _ => (!leave.infers_all()).then(|| refusal(place, None)),
    }
}

/// Whether a use of text that is only scanned asks for more of it at once than the client wrote down.
fn asks_for_pieces(place: Place, how: How) -> bool {
    match how {
        // What it gives is covered, and its errors are rebuilt.
        _ if place == Place::Computation => false,
        How::Mixed => true,
        How::Computed => {
            matches!(place, Place::Condition | Place::Group | Place::Sort | Place::Rows)
        }
        _ => false,
    }
}

fn is_key_use(place: Place, leave: &Leave) -> bool {
    let as_key = matches!(place, Place::Lookup | Place::Group | Place::Sort);
    place == Place::Join || as_key && leave.keys() || leave.infers(Class::UNTRACED)
}

fn refusal(place: Place, class: Option<Class>) -> Refusal {
    let (what, mend) = match class.map(|class| class.name()) {
        Some(name) if !name.is_empty() => {
            (format!("protected columns (class \"{name}\")"), format!("@infer(\"{name}\")"))
        }
        _ => ("columns that the gateway can't trace".to_owned(), "@infer(\"*\")".to_owned()),
    };
    Refusal {
        sqlstate: *b"42501",
        message: format!("{what} can't be used {}", words(place)),
        hint: Some(format!(
            "Which rows or errors come back would tell what is masked. Select such a column and it \
             comes back masked; a policy with {mend} on its permit allows this."
        )),
        rule: "rule:inference".to_owned(),
    }
}

fn of_pieces(place: Place) -> Refusal {
    Refusal {
        sqlstate: *b"42501",
        message: format!("pieces of text that is not classified can't be used {}", words(place)),
        hint: Some(
            "Such text is shown with what a scan finds in it covered, and its pieces would tell that. \
             Compare all of it, or by a pattern of literals; the class \"clear\" for its column or a \
             policy with @infer(\"*\") on its permit allows this."
                .to_owned(),
        ),
        rule: "rule:inference".to_owned(),
    }
}

fn words(place: Place) -> &'static str {
    match place {
        Place::Join => "in a join",
        Place::Lookup => "to find rows by their value",
        Place::Filter => "in WHERE, HAVING, ON or FILTER",
        Place::Condition => "in CASE, NULLIF, GREATEST or LEAST, or in max() or min() of several",
        Place::Group => "in GROUP BY, DISTINCT, PARTITION BY or a set operation",
        Place::Sort => "in ORDER BY",
        Place::Rows => "to say how many rows there are",
        Place::Computation => "in a cast, an operator or a function that fails for some values",
        Place::Passed => "in what other sessions read",
        Place::Written => "in what is written",
    }
}
