//! What protected columns may be used for beside being shown.
//!
//! A predicate, a grouping or an ordering on a masked column tells its values without showing them,
//! and so does an error that some values raise and others don't. So a masked column is only shown,
//! masked. What stays: counting it and asking whether it is there (its mask tells that as well), and
//! an equality join between two columns that are keys by their names, which shows nothing of either.
//! A permit's `@infer` and `@keys` allow more.

use lazaret_detectors::Class;
use lazaret_sql::{How, Lineage, Place, Statement, Use};

use crate::leave::Leave;
use crate::lineage::{Exposure, Lookup, exposures};
use crate::rules::Refusal;

/// The first use that is not allowed. `reads_masked`: what can't be followed may be masked.
pub(crate) fn refuse(
    statement: &Statement,
    reads_masked: bool,
    leave: &Leave,
    lookup: &mut Lookup<'_>,
) -> Option<Refusal> {
    statement.uses.iter().find_map(|of| {
        let class = tells(of, reads_masked, leave, lookup)?;
        Some(refusal(of.place, class))
    })
}

/// The class of which a use tells more than it may; `None` within: of one that isn't known.
fn tells(
    Use { place, of }: &Use,
    reads_masked: bool,
    leave: &Leave,
    lookup: &mut Lookup<'_>,
) -> Option<Option<Class>> {
    let inputs = match of {
        Lineage::Unknown if reads_masked && !leave.infers_all() => return Some(None),
        Lineage::Unknown => return None,
        Lineage::Of(inputs) => inputs,
    };
    let used = inputs.iter().filter(|input| input.how != How::Counted);
    let mut exposed = used.flat_map(|input| exposures(input, lookup));
    exposed.find_map(|exposure| match exposure {
        Exposure::Open | Exposure::Text | Exposure::Structured => None,
        Exposure::Covered(class) => (!leave.infers(class)).then_some(Some(class)),
        Exposure::Key => (!is_key_use(*place, leave)).then_some(Some(Class::UNTRACED)),
        Exposure::Unknown => (!leave.infers_all()).then_some(None),
    })
}

fn is_key_use(place: Place, leave: &Leave) -> bool {
    let as_key = matches!(place, Place::Lookup | Place::Group | Place::Sort);
    place == Place::Join || as_key && leave.keys() || leave.infers(Class::UNTRACED)
}

fn refusal(place: Place, class: Option<Class>) -> Refusal {
    let place = match place {
        Place::Join => "in a join",
        Place::Lookup => "to find rows by their value",
        Place::Filter => "in WHERE, HAVING, ON or FILTER",
        Place::Condition => "in CASE or NULLIF",
        Place::Group => "in GROUP BY, DISTINCT, PARTITION BY or a set operation",
        Place::Sort => "in ORDER BY",
        Place::Rows => "to say how many rows there are",
        Place::Computation => "in a cast, an operator or a function that fails for some values",
    };
    let (what, mend) = match class.map(|class| class.name()) {
        Some(name) if !name.is_empty() => {
            (format!("protected columns (class \"{name}\")"), format!("@infer(\"{name}\")"))
        }
        _ => ("columns that the gateway can't trace".to_owned(), "@infer(\"*\")".to_owned()),
    };
    Refusal {
        sqlstate: *b"42501",
        message: format!("{what} can't be used {place}"),
        hint: Some(format!(
            "Which rows or errors come back would tell what is masked. Select such a column and it \
             comes back masked; a policy with {mend} on its permit allows this."
        )),
        rule: "rule:inference".to_owned(),
    }
}
