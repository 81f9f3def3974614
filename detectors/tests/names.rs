//! Names as people write them, and what stands as a name does and is none.

mod common;

use common::{check_all, check_clean};

#[test]
fn plain_words_are_names_where_only_a_name_stands() {
    check_all(&[
        "«name Fish» denies fever",
        "«name White» and «name Villalonga» helped him up",
        "seen by «name Usamov» and «name Bowers» today",
        "«name Diamond» is a 44 year old woman",
        "was told by «name Long» that",
        "Nurse «name Long» notified",
        "Drs. «name Meadows» and «name Wilson» agree",
        "Case manager «name Anne Speed» met with them",
        "Re: appointment for «name King»",
        "the doctor is «name Walker», she said",
        "run sheet. «name Good, Kristina». Dry weight 71 kg",
        "Signed: «name J. May»",
        "Thank you, «name Dean»",
        "I am calling for «name Gottfried Loving».",
        "She takes aspirin. «name Tucker» will return soon",
        "picked up tubes for «name Gray, Svetlana» (MRN",
        "TRIAGE - «name FISH, HEATHER», brought by her son",
        "seen with «name Destiny FitzGerald» today",
        "seen by «name M. Mason» in clinic",
        "Site PI: «name M. Underwood».",
        "Dr: «name Cooper», Intern: «name Lively»",
        "Ordering MD: «name Stanford»",
        "Spoke to «name Bauer» about it",
        "The «name Weiss» family requests a meeting",
        "Sign-out: «name Cooley» (412): f/u CT",
        "«name Hunter» in 401 needs K repleted",
        "Thanks! - «name Lane»",
        "Husband «name Hamza» at bedside",
        "[09:12] «name Grace Green»: hi there",
        "10:22 «name Will»: ok",
        "Stable today. «name Mills» was last seen at the clinic",
        "Stable. «name Stone» was transferred to the floor",
        "411 «name Brown» - 43F, COPD",
        "468 «name Wise, Gene» - 18F, sepsis",
        "Agent «name Carter»: hello. CNA «name Robin» helped",
        "Notified MD «name Bird» of it",
        "many thanks and cheers, «name Grant»",
        "«name May» lives with «name Rosalind»",
        "Report given. «name Mason» c/o pain",
        "On call: «name Frost» tonight",
        "opened («name Love, Lily») at",
        "TR: «name G. King» had it",
        "her sister , «name Joanna Fine» , called",
        "and «name Grace»'s daughter",
    ]);
    check_clean(&[
        "Long acting insulin and White count normal",
        "moved to Ward B, bed 12",
        "The Price is fixed. Head is normal. Case closed.",
        "the patient is a 44 year old woman",
        "Charge RN aware; client Services closed",
        "Anesthesia: General. Driver's education was given.",
        "mild MR. No effusion. MR BRAIN WITHOUT CONTRAST",
        "Hepatitis B. Will follow. Vitamin D. Long history. Plan B. Case closed",
        "Iron (412), Room (412). The immediate family agrees",
        "Mother Hypertension, Father Diabetes",
        "Blood was seen in the stool. A stone was seen in the bladder. Fluid was seen.",
        "POST requests are larger. MR BRAIN. GIVEN BY MOUTH. PUSHED BY HAND.",
        "seen by MD. Parkinson's disease",
        "Mark Area: clean. Wound - 43 mm",
        "RN aware, MD notified, CNA at bedside",
        "[09:12] Reminder: take it",
    ]);
}

#[test]
fn names_in_capitals_are_found_by_what_people_do() {
    check_all(&[
        "FINDINGS: «name BAILEY» TOLERATED THE PROCEDURE WELL.",
        "SUBJECTIVE: «name BRIAN HO» IS A 62 YEAR OLD MALE",
        "SUBJECTIVE: «name POPE» IS A 62 YEAR OLD MALE",
        "TAKEN TO THE PACU BY «name PEARL».",
    ]);
}

#[test]
fn names_are_found_whole() {
    check_all(&[
        "«name Booth, May», M.D.",
        "and «name S Lim» , MD",
        "Signed: «name S. Ramaswamy»",
        "call «name J.R. Okonkwo» back",
        "«name Willemine ten Pas» spoke",
        "Subscriber «name Shelly Van Dyke» called",
        "officer «name de la Cruz» came",
        "with «name Min-Jun Varga» and",
        "«name Agatha Á Ottarsdóttir» left",
        "chart of «name HINES, SUNITA» was",
        "Family («name HAWKINS») was called",
        "«name MATHEUS MCCARTHY» called",
        "her wife «name Claire St. Clair» and",
        "«name Torres PLC» paid",
        "«name Bobby Crosby Jr.», case",
        "«name Kevin Veitonen III» came",
        "re «name Elizabeth Ó Maoineacháin» today",
        "elsevier and «name T Rowe Price» merged",
        "Linh Le, called".replace("Linh Le", "«name Linh Le»").as_str(),
    ]);
}

#[test]
fn names_in_small_letters_are_found_by_what_stands_around_them() {
    check_all(&[
        "has anyone seen «name levi»'s chart, Tom?".replace("Tom", "«name Tom»").as_str(),
        "also «name george turner» is in Triage",
        "patient name: «name vasconcelos, anne l.»\nmrn: «medical_record 67304320»",
        "report given to «name violet madden» at night",
        "nurse «name peck» notified",
        "ok paging dr «name law» now",
        "next of kin: «name velez, norah d»\nphone none",
        "was born in «name north tammy» then",
        "nok=«name margrit hermann»;rel=son",
        "«name walker, russell» 27 yo m w/ copd",
    ]);
}

#[test]
fn what_is_called_after_somebody_is_no_name() {
    check_clean(&[
        "Circle of Willis patent, sphincter of Oddi, islets of Langerhans",
        "Sylvian fissures, Virchow-Robin spaces, Mallory-Weiss tear",
        "Wolff-Parkinson-White syndrome, Guillain-Barré syndrome, Ménière's disease",
        "Jackson-Pratt drain, Foley, Swan-Ganz in place, Holter without arrhythmia",
        "BRCA1 negative, KRAS G12D, PALB2 variant, HER2 amplified, TP53 mutated",
        "NASH with CREST overlap; HELLP excluded, ELISA sent",
    ]);
}

#[test]
fn towns_are_found_with_what_their_names_begin_with() {
    check_all(&[
        "grew up in «geography Lake Rotterdam» then",
        "Zip code, please? «geography 71846».",
        "What is your zip? «geography 1017»",
        "Is «geography 10115» the right zip code?",
        "zipcode is «geography 00-950»",
        "PLZ «geography 10115»",
        "lives in «geography Fort Worth» with",
        "was born in «geography Providence».",
        "PCP in («geography Salt Lake City»)",
        "County: «geography Maricopa County».",
        "moved here from «geography Las Cruces» then",
        "on file: «geography 3168 Jennifer Motorway, Zoeside, DC» «geography 96552»",
    ]);
}

#[test]
fn cells_beside_a_name_are_names() {
    check_all(&[
        "VALUES ('«name Rusty»', '«name Schüler»', 7)",
        "70154075,«name Letha»,«name Moon»,2062",
    ]);
}

#[test]
fn wards_and_homes_are_no_towns() {
    check_clean(&[
        "lives in a house, lives in Assisted Living, moved to Recovery",
        "moved to ICU, at the high point of it, spring valley",
        "born in Texas, lives in England",
    ]);
}

#[test]
fn employers_are_found_behind_what_one_does_there() {
    check_all(&[
        "He works at «name Payne Ltd» as",
        "retired from «name Bailey, Hall and Dodson» long ago",
        "employed by «name Sutton & Sons», full time",
    ]);
    check_clean(&["works at night", "worked for 30 years", "employed by then", "Ordering::Less"]);
}

#[test]
fn telephones_are_found_by_what_leads_to_them() {
    check_all(&[
        "Call back at «telephone 581-4598».",
        "mom called («telephone 552-4678»)",
        "was called at «telephone 5181 5936».",
        "Contact «name Klaudia» at «telephone (06)68/577-5958».",
        "brother (son), «telephone 576 330 770». Lives",
        "Dr. «name Roe» pager «telephone 8738»",
    ]);
    check_clean(&["at 100-2000 mg", "at 120 4500 steps", "100 20 3000 45 12"]);
}
