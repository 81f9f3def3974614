//! The rules over words, from the most telling to the most ambiguous.

use super::Class;
use super::words::{Context, Words};
use crate::Identifier;

/// The first rule that speaks wins.
pub(super) fn classify(context: Context, column: &Words) -> Option<Class> {
    if matches!(column.last(), "version" | "ver" | "firmware" | "release" | "build") {
        return Some(Class::Version);
    }
    if column.len() == 0 || describes_only(column) {
        return None;
    }
    number_of_a_person(column)
        .or_else(|| contact(context, column))
        .or_else(|| birth_and_death(column))
        .or_else(|| place(column))
        .or_else(|| thing(context, column))
        .or_else(|| code(column))
        .or_else(|| person(context, column))
        .or_else(|| moment(context, column))
        .or_else(|| age(column))
}

/// The head noun says that the column counts, types or flags a thing and does not hold it.
fn describes_only(column: &Words) -> bool {
    let head = column.last();
    let is_postal = column.has_any(&["zip", "postal", "post", "area", "county"]);
    (DESCRIBERS.contains(&head) && column.len() > 1)
        || (head == "code" && !is_postal && column.len() > 1)
        || matches!(column.iter().next(), Some("is" | "has" | "num" | "count" | "max" | "min"))
            && column.len() > 1
}

fn number_of_a_person(column: &Words) -> Option<Class> {
    use Identifier::{Account, HealthPlan, License, MedicalRecord, Ssn};
    let numbered = column.has_any(NUMBER);
    let direct = |identifier| Some(Class::Direct(identifier));
    if column.has_any(&["ssn", "itin", "sin", "socsec", "ssnum", "ssno"])
        || matches!(column.only(), Some("tin" | "social"))
        || column.has("ss") && column.has_any(&["number", "num", "no"])
        || column.has_pair("social", "security")
        || column.has_pair("soc", "sec")
        || column.has("tax") && column.has_any(&["id", "num", "number", "no"])
        || column.has("taxpayer")
    {
        return direct(Ssn);
    }
    if column.has_any(&["mrn", "empi", "mpi"])
        || column.has_pair("medical", "record")
        || column.has_pair("med", "rec")
        || column.has("nhs") && (numbered || column.len() == 1)
        || numbered
            && column.has_any(&["chart", "hospital", "mr"])
            && !column.has_any(&["account", "acct"])
        || column.has_any(&["patient", "pt"])
            && column.has_any(&["number", "num", "no"])
            && !column.has_any(&["account", "acct"])
    {
        return direct(MedicalRecord);
    }
    if column.has_any(&["mbi", "hicn", "hic"])
        || (numbered || column.len() == 1) && column.has_any(&["medicare", "medicaid"])
        || numbered
            && column.has_any(&[
                "member",
                "subscriber",
                "beneficiary",
                "policy",
                "insurance",
                "insured",
                "enrollee",
            ])
    {
        return direct(HealthPlan);
    }
    if column.has_any(&["iban", "acct", "ccn", "ccnum", "cvv", "cvc", "csn", "hadm"])
        // Epic's, Cerner's and MIMIC's numbers of a stay: what its account goes by.
        || column.has("fin") && (numbered || column.len() == 1)
        || matches!(column.only(), Some("account" | "card" | "har"))
        || column.has_pair("credit", "card")
        || column.has_pair("debit", "card")
        || column.has_pair("bank", "account")
        || numbered && column.has_any(&["account", "card", "cc", "routing", "aba", "bank"])
        || matches!(column.only(), Some("routing" | "aba"))
    {
        return direct(Account);
    }
    if column.has_any(&["passport", "npi", "dea"])
        || column.has("license") && !column.has("plate")
        || column.has_any(&["driver", "drivers", "dl"]) && (numbered || column.len() == 1)
        || numbered && column.has_any(&["cert", "certificate", "certification", "upin"])
    {
        return direct(License);
    }
    None
}

fn contact(context: Context, column: &Words) -> Option<Class> {
    use Identifier::{Email, Fax, IpAddress, Telephone, Url};
    let numbered = column.has_any(NUMBER);
    let direct = |identifier| Some(Class::Direct(identifier));
    if column.has_any(&["email", "emailaddr"]) || column.has_pair("e", "mail") {
        return direct(Email);
    }
    if column.has_any(&["fax", "facsimile"]) || column.has("fx") && numbered {
        return direct(Fax);
    }
    if column.has_any(&["phone", "telephone", "tel", "telecom", "msisdn", "pager", "phonenumber"])
        || column.has_any(&["mobile", "cell", "contact"]) && numbered && !column.has("id")
        || column.only() == Some("mobile")
        || column.only() == Some("cell") && context == Context::People
        // The acidity of blood is `ph`, too.
        || column.has("ph") && (numbered && !column.has("id") || column.has_any(PHONES))
        || column.only() == Some("ph") && context == Context::People
    {
        return direct(Telephone);
    }
    if column.has_any(&["ip", "ipv", "ipaddr", "ipaddress"]) || column.has_pair("remote", "address")
    {
        return direct(IpAddress);
    }
    if column.has_any(&["url", "uri", "website", "homepage"])
        || column.has("web") && column.has_any(&["site", "page", "address"])
    {
        return direct(Url);
    }
    None
}

fn birth_and_death(column: &Words) -> Option<Class> {
    let of_life = column.has_any(&["birth", "born", "death", "died", "deceased", "dob", "dod"]);
    let place = column.has_any(&["place", "city", "county", "country", "state", "name", "weight"]);
    let apart =
        column.has_any(&["cause", "order", "sex", "certificate", "number", "id", "year", "age"]);
    let alone = matches!(column.only(), Some("dob" | "dod" | "birthday" | "bdate" | "yob"))
        || column.has_pair("d", "o") && column.len() == 3;
    // A year of birth may tell an age above 89.
    let alone = alone || column.has("birth") && column.has("year");
    let a_day = column.has_any(MOMENTS) || column.has_any(&["dob", "dod", "on", "at"]);
    (alone || column.has("birthday") || of_life && a_day && !place && !apart).then_some(Class::Date)
}

fn place(column: &Words) -> Option<Class> {
    let of_mail = column.has_any(&["address", "street"])
        || column.has_pair("add", "line")
        || column.has("adr") && (column.has("line") || column.len() == 1)
        || column.has("apt") && column.has_any(NUMBER);
    let elsewhere = column.has_any(&["email", "ip", "mac", "memory", "web", "host", "bus", "hash"]);
    if column.has_any(&["zip", "zipcode", "postcode", "postal"]) || column.has_pair("post", "code")
    {
        return (!of_mail || column.has_any(&["zip", "postcode", "code"]))
            .then_some(Class::Zip)
            .or(Some(Class::Direct(Identifier::Geography)));
    }
    let named = column.has_any(&[
        "city",
        "town",
        "county",
        "parish",
        "village",
        "municipality",
        "locality",
        "birthplace",
        "latitude",
        "longitude",
        "lat",
        "lon",
        "lng",
        "geocode",
        "geolocation",
        "coordinates",
        "neighborhood",
        "census",
        "fips",
        "tract",
        "precinct",
        "residence",
    ]);
    let birthplace = column.has_pair("birth", "place") || column.has_pair("place", "of");
    let box_number = column.has_pair("po", "box");
    let lived_at = of_mail && !elsewhere;
    (named || birthplace || box_number || lived_at).then_some(Class::Direct(Identifier::Geography))
}

fn thing(context: Context, column: &Words) -> Option<Class> {
    use Identifier::{Biometric, Device, Photograph, Vehicle};
    let numbered = column.has_any(NUMBER);
    let direct = |identifier| Some(Class::Direct(identifier));
    if column.has("vin")
        || column.has_pair("license", "plate")
        || column.has("vehicle") && (numbered || column.has_any(&["registration", "plate"]))
        // A specimen stands on a plate, too.
        || column.only() == Some("plate") && context != Context::Care
        || column.has("plate") && column.has_any(&["number", "no"])
    {
        return direct(Vehicle);
    }
    if column.has_any(&["udi", "imei", "imsi", "meid", "iccid", "serial"])
        || column.has_pair("mac", "address")
        || column.only() == Some("mac")
        || column.has_any(&["device", "implant"]) && (numbered || column.has("sn"))
        || column.only() == Some("sn")
    {
        return direct(Device);
    }
    if column.has_any(&["fingerprint", "biometric", "retina", "voiceprint", "faceprint"])
        || column.has("iris") && column.has_any(&["scan", "template", "code"])
        || column.has_pair("finger", "print")
        || column.has_pair("voice", "print")
        || column.has_pair("fp", "template")
    {
        return direct(Biometric);
    }
    if column.has_any(&["photo", "photograph", "headshot", "avatar", "selfie", "portrait"])
        || column.has_any(&["picture", "image"])
            && (context == Context::People || column.has_any(&["face", "patient", "person"]))
    {
        return direct(Photograph);
    }
    None
}

/// Secrets, and numbers that stand for one thing of one person's.
fn code(column: &Words) -> Option<Class> {
    let code = column.has_any(&["password", "passwd", "passphrase", "secret", "username", "login"])
        || column.has_pair("api", "key")
        || column.has_pair("access", "token")
        || column.has_pair("private", "key")
        || column.has("accession")
        || column.has_pair("identity", "id")
        || column.has("prescription") && column.has_any(&["number", "num", "no"]);
    code.then_some(Class::Direct(Identifier::UniqueCode))
}

fn person(context: Context, column: &Words) -> Option<Class> {
    let name = Some(Class::Direct(Identifier::Name));
    let of_person = column.iter().any(|word| PERSON.contains(&word));
    let part = column.has_any(&[
        "first",
        "last",
        "middle",
        "given",
        "family",
        "maiden",
        "nick",
        "full",
        "preferred",
        "legal",
        "sur",
        "fore",
    ]);
    if column.has_any(&["fname", "lname", "mname", "firstname", "lastname", "surname", "forename"])
        || column.has_any(&["vorname", "nachname", "apellido", "apellidos", "prenom"])
        || ["f", "l", "m"].iter().any(|part| column.has_pair(part, "name"))
        || column.only() == Some("sname")
        || column.has_any(&["nickname", "fullname", "maiden", "initials", "fnm", "lnm", "mnm"])
        || column.has("name") && (part || of_person)
        || column.has_pair("name", "text")
        || column.has_pair("middle", "initial")
        || of_person && column.has_any(&["first", "last", "middle", "given", "initial", "display"])
    {
        return name;
    }
    let in_people = matches!(
        column.only(),
        Some(
            "name"
                | "nombre"
                | "nom"
                | "first"
                | "last"
                | "middle"
                | "prefix"
                | "suffix"
                | "alias"
                | "initial"
                | "mi"
        )
    ) && context == Context::People;
    let by_itself = matches!(column.only(), Some("given" | "family"));
    if in_people || by_itself || is_another_person(context, column) {
        return name;
    }
    identity(context, column)
}

/// 164.514(b)(2)(i) protects relatives, employers and household members, too. A column that is
/// called after one of them, or after what somebody did, holds the name.
fn is_another_person(context: Context, column: &Words) -> bool {
    let kin =
        column.has_any(&["kin", "nok"]) && !column.has_any(&["relationship", "relation", "id"]);
    let called_after = OTHERS.contains(&column.last()) && column.len() < 4;
    let provider = column.last() == "provider"
        && column.has_any(&["ordering", "rendering", "referring", "attending", "billing"]);
    let doer = column.last() == "by" && column.has_any(DONE);
    kin || called_after
        || provider
        || doer
        || column.has_pair("emergency", "contact") && column.len() == 2
        || column.only() == Some("attending") && context != Context::Unknown
}

/// Keys that stand for a person: `patient_id`, `patient` in `encounters`, `id` in `patients`.
fn identity(context: Context, column: &Words) -> Option<Class> {
    let keyed = column.has_any(&["id", "identifier", "uuid", "guid", "key"]);
    let patient = column.has_any(&["patient", "person", "subject", "pt"]);
    let alone = column.only() == Some("patient");
    let own = matches!(column.only(), Some("id" | "uuid" | "guid")) && context == Context::People;
    let referred = column.has_any(&["patient", "subject"]) && column.last() == "reference"
        || column.has_pair("identifier", "value") && context == Context::People;
    (alone || own || referred || patient && keyed && column.len() == 2)
        .then_some(Class::Direct(Identifier::UniqueCode))
}

/// A moment of somebody's care: by its own words, or by standing in such a relation.
fn moment(context: Context, column: &Words) -> Option<Class> {
    let of_care = column.has_any(&[
        "admission",
        "admit",
        "admitted",
        "discharge",
        "discharged",
        "service",
        "visit",
        "encounter",
        "procedure",
        "surgery",
        "diagnosis",
        "onset",
        "illness",
        "appointment",
        "treatment",
        "immunization",
        "vaccination",
        "prescribed",
        "dispensed",
        "billed",
        "authored",
        "effective",
        "collected",
    ]);
    let a_moment =
        column.has_any(MOMENTS) || column.len() > 1 && matches!(column.last(), "on" | "at");
    let a_bound = matches!(
        column.only(),
        Some(
            "start" | "stop" | "end" | "began" | "ended" | "period" | "issued" | "recorded" | "dos"
        )
    ) || column.has("period") && matches!(column.last(), "start" | "end")
        || column.has_any(&["service", "dos"]) && matches!(column.last(), "from" | "to" | "thru");
    // `charttime`, `storetime`
    let ends_so = column.last().ends_with("time");
    let in_care = context != Context::Unknown && (a_moment || a_bound || ends_so);
    let measured = column.has_any(&["zone", "spent", "limit", "year", "count", "supply", "suply"]);
    ((of_care && a_moment || in_care) && !measured).then_some(Class::Date)
}

fn age(column: &Words) -> Option<Class> {
    (column.has("age") && !column.has_any(&["group", "band", "range", "bucket"]))
        .then_some(Class::Age)
}

const NUMBER: &[&str] = &["id", "identifier", "number", "num", "no", "key"];

const MOMENTS: &[&str] = &["date", "datetime", "day", "time", "timestamp", "ts", "month"];

/// What a telephone stands at.
const PHONES: &[&str] = &[
    "contact",
    "home",
    "work",
    "cell",
    "mobile",
    "day",
    "evening",
    "eve",
    "emergency",
    "alternate",
    "alt",
];

/// Who has a name of their own in somebody's record.
#[rustfmt::skip]
const OTHERS: &[&str] = &[
    "anesthesiologist", "caregiver", "employer", "father", "guarantor", "guardian", "mother", "pathologist", "pcp", "physician",
    "prescriber", "radiologist", "spouse", "surgeon",
];

/// What somebody did whose name follows.
#[rustfmt::skip]
const DONE: &[&str] = &[
    "administered", "approved", "authored", "collected", "cosigned", "dictated", "entered", "ordered", "performed", "prescribed",
    "recorded", "referred", "reviewed", "seen", "signed", "transcribed", "verified", "witnessed",
];

/// Nouns whose `_name` is a person's.
#[rustfmt::skip]
const PERSON: &[&str] = &[
    "patient", "person", "member", "subscriber", "guarantor", "provider", "physician", "doctor",
    "nurse", "employee", "customer", "client", "contact", "guardian", "mother", "father",
    "spouse", "parent", "child", "relative", "kin", "beneficiary", "insured", "owner", "payee",
    "holder", "attending", "referring", "surgeon", "clinician", "practitioner", "caregiver",
    "dependent", "emergency", "recipient", "author", "signer", "witness", "student", "resident",
    "subject", "pharmacist", "prescriber", "technician", "staff", "user", "participant",
    "cardholder", "pt", "nok", "employer", "pcp", "performer", "requester", "recorder", "radiologist",
    "pathologist", "anesthesiologist", "poa", "veteran", "enrollee", "donor", "twin", "sibling", "husband", "wife",
];

/// Head nouns of columns about a thing that hold none of it.
#[rustfmt::skip]
const DESCRIBERS: &[&str] = &[
    "amount", "amt", "avg", "average", "category", "class", "cnt", "confidence", "cost",
    "count", "coverage", "currency", "description", "desc", "enabled", "flag", "format",
    "frequency", "ind", "indicator", "kind", "label", "len", "length", "level", "method", "pct",
    "percent", "price", "priority", "quality", "rate", "ratio", "reason", "role", "score",
    "size", "source", "state", "status", "sum", "system", "total", "type", "unit", "use",
    "valid", "verified", "version",
];
