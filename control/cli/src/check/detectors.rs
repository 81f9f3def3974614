//! What the site adds to the detectors, compiled all together as the data plane will compile it.

use lazaret_config::Problem;
use lazaret_detectors::Pack;

use super::Subject;

pub(super) fn problems(subject: &Subject) -> Vec<Problem> {
    let compiled = Pack::load_with(&subject.config.site, None);
    let mend = "write simpler expressions, or fewer";
    let problem = |error| subject.source.problem(&["detectors"], format!("{error}"), mend);
    compiled.err().map(problem).into_iter().collect()
}
