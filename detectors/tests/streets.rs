//! Streets by their suffix, in any case and anywhere in a line, and streets that have none.

mod common;

use common::{check_all, check_clean};

#[test]
fn streets_are_found_whatever_ends_them() {
    check_all(&[
        "moved to «geography 49-84 South 2nd St»",
        "from «geography 71-15 N. Newsom Sq #66» to",
        "now «geography 737B SE Inman Loop», here",
        "GUARANTOR, «geography 405 CHERRY HILL CT», X",
        "eviction from «geography 4299 Broadway». Then",
        "ems: «geography 5335 diaz gateway», ok",
        "pharmacy on «geography 8111 mary islands», ok",
        "at «geography 12 Oak Dr, Apt 4»",
        "at «geography 9858 Rahu 37\nVelenje nan\n 51971».",
    ]);
    check_clean(&[
        "at 12 dr smythe".trim_end_matches(" smythe"),
        "2 view ct abdomen, 10 mg sq, 3 falls, 2 points",
        "seen 3 times, dr called; 5 mg pt",
    ]);
}
