//! Numbers that nothing but a label tells, as notes and offices write them.

mod common;

use common::{check_all, check_clean};

#[test]
fn numbers_behind_their_label_are_found_in_one_piece() {
    check_all(&[
        "Member ID «health_plan XYZ 639475», group",
        "Medicaid ID «health_plan XYZ 798074» active",
        "Claim number «ssn 943-78-4573A» paid",
        "the ID is «unique_code W823141520».",
        "Interpreter («name Charles», ID «unique_code SP-25-92237»)",
        "by photo ID («unique_code MD637461»)",
        "ref # «unique_code 22:SU5330», approved",
        "run # «unique_code V71766785».",
        "donor ID «unique_code 779794542»",
        "Dictation ID «unique_code 9383-7040»",
        "HAR «account ACC-200249», CSN «account V727040610»",
        "CPAP SN: «device PJN9579186S»",
        "DPT lic «license D47266690»",
        "license «license ME 240723»",
        "(plate «vehicle KSX 156») left",
        "License plate «vehicle 170 7854», seen",
        "Study UID «unique_code 1.2.840.113619.2.55.3.7328433575»",
        "[MRN] «medical_record 00816293» [DOB]",
        "patient=«medical_record E107796-4» action=view",
    ]);
    check_clean(&[
        "order id 10023948; row id 4471029; facility ID 100234",
        "case 3 of 5, run 8 of 9, ref 0-100",
        "plate 12 hours, growth plate 4, plate 2 x 4",
        "case of diabetes, care of wounds, id consulted",
    ]);
}
