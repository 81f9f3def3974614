//! The words that names of columns abbreviate: `mbr_fst_nm` is a member's first name.
//!
//! Claims, registries and warehouses drop vowels, each in its own way. Once the words are whole, one
//! rule reads all of them. What is short for two things (`ph`, `pt`, `adr`) is left to the rules,
//! which see what stands beside it.

/// What `word` is short for; `word` itself if it is short for nothing.
pub(super) fn in_full(word: &str) -> &str {
    match ABBREVIATIONS.binary_search_by_key(&word, |(short, _)| short) {
        Ok(at) => ABBREVIATIONS[at].1,
        Err(_) => word,
    }
}

/// Sorted.
#[rustfmt::skip]
pub(super) const ABBREVIATIONS: &[(&str, &str)] = &[
    ("addr", "address"), ("addrs", "address"), ("adm", "admission"), ("admsn", "admission"), ("admt", "admission"),
    ("appt", "appointment"), 
    ("bday", "birthday"), ("bene", "beneficiary"), ("birthdt", "birthday"), ("brth", "birth"), ("bth", "birth"),
    ("cd", "code"), ("cntct", "contact"), ("cnty", "county"), ("coll", "collected"), ("cty", "city"),
    ("dev", "device"), ("disch", "discharge"), ("dischrg", "discharge"), ("doctor", "physician"),
    ("dr", "physician"), ("driv", "driver"), ("drv", "driver"), ("drvr", "driver"), ("dsch", "discharge"), ("dschrg", "discharge"),
    ("dt", "date"), ("dte", "date"), ("dtm", "datetime"), ("dttm", "datetime"),
    ("emer", "emergency"), ("emerg", "emergency"), ("eml", "email"), ("emp", "employee"), ("empl", "employer"),
    ("enc", "encounter"), ("encntr", "encounter"),
    ("fam", "family"), ("frst", "first"), ("fst", "first"), 
    ("grntr", "guarantor"), ("guar", "guarantor"), ("gvn", "given"),
    ("hm", "home"), ("hosp", "hospital"), ("hsp", "hospital"), ("img", "image"), ("init", "initial"),
    ("lic", "license"), ("licence", "license"), ("ln", "line"), ("lst", "last"),
    ("mbr", "member"), ("mem", "member"), ("memb", "member"), ("mid", "middle"), ("midl", "middle"), ("mob", "mobile"), ("mthr", "mother"),
    ("nbr", "number"), ("nm", "name"), ("nr", "number"),
    ("pat", "patient"), ("phn", "phone"), ("phys", "physician"), ("physn", "physician"),
    ("proc", "procedure"), ("prov", "provider"), ("prsnl", "staff"), ("prvdr", "provider"), ("ptnt", "patient"),
    ("rx", "prescription"), ("ser", "serial"), ("srnm", "surname"), ("srvc", "service"), ("strt", "street"),
    ("subs", "subscriber"), ("subscr", "subscriber"), ("svc", "service"), ("tm", "time"), ("veh", "vehicle"),
    ("wk", "work"), ("zp", "zip"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn abbreviations_are_sorted_for_their_binary_search() {
        assert!(ABBREVIATIONS.is_sorted_by(|one, other| one.0 < other.0));
    }
}
