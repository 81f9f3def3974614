//! Days without a year, and what only looks like one.

mod common;

use common::{check_all, check_clean};

#[test]
fn a_day_of_a_month_is_told_from_a_fraction_by_what_stands_around() {
    check_all(&[
        "Transport set for «date 9/4 1400».",
        "seen in clinic «date 10/24», given",
        "Refiled «date 8/4».",
        "Past visits: «date 08/17» here",
        "Labs «date 07/01»: WBC 11.2",
        "Hgb 9.8. «date 6/7»: WBC 8.1.",
        "Appt «date 11/21» @ 2pm",
        "may return to work «date 09/15»",
    ]);
    check_clean(&[
        "strength 4/5 at last visit, pain 4/10 when seen",
        "a 3/6 murmur, pulses 2/4, vision 20/40, open 24/7",
        "amlodipine 5/20 mg, Percocet 5/325",
        "BP 88/50 called to the floor",
        "Hgb 9.8. 8.1",
    ]);
}

#[test]
fn a_day_is_covered_with_the_time_that_hospitals_write() {
    check_all(&[
        "NOTE «date 07/21/20 0715»\nresting",
        "at «date 2074-09-18 1430».",
        "approved «date 2020-07-08» - «date 2020-08-06».",
        "since «date March of 2062». Then",
        "surgery in «date June of 2014»",
    ]);
    check_clean(&["in 2014 1430 mL were given"]);
}
