//! The anchors: literals that Hyperscan looks for, and the rule that each one wakes.
//!
//! Literals alone, without classes, boundaries and start of match: that is what runs at line rate.
//! What stands around a literal is the rule's to check. Short literals are the dear ones, because
//! they are met inside of other words; so they stand with the byte that must follow or precede.

use crate::Identifier;

/// What is looked for behind a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    /// Nine digits in any groups, or the last four.
    Ssn,
    /// A token with a digit in it.
    Code,
    /// The same, if `number`, `id`, `no.`, `#` or `:` stands between: for labels that are plain
    /// words.
    NumberedCode,
    /// The same, if it can't well be anything else: for labels that are words of all trades.
    TellingCode,
    /// A vehicle's plate, in two pieces or one.
    Plate,
    Telephone,
    Date,
    /// A person's name, behind a colon.
    Name,
    /// The same, in capitals: for labels that other things have, too.
    ProperName,
    /// `Patient`, which is all of these: `Patient: J. Doe`, `patient id 123`.
    Patient,
    Zip,
    /// A postal address, to the end of its line.
    Address,
    /// A town's name, in capitals.
    Town,
    Decimal,
    Age,
    /// Anything up to a blank.
    Secret,
}

/// A label: who it announces, and in what form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Label {
    pub(crate) identifier: Identifier,
    pub(crate) value: Value,
    pub(crate) why: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    Email,
    Url,
    Www,
    Label(Label),
    /// A word that columns are called by, and text is full of
    Column,
    /// `Mr.`, `Dr.`
    Title,
    /// `, MD` behind a name
    Credential,
    /// `wife`, `daughter`
    Relation,
    /// `signed by`, `my name is`: a name follows, without a colon
    Signature,
    /// `works at`, `retired from`
    Employer,
    Month,
    Weekday,
    YearsOld,
    /// ` Street`
    Street,
    /// ` Apt`
    Unit,
    PoBox,
    /// `APO `
    Military,
    /// `, MA`
    State,
    /// `born in`, `moved to`: a town follows.
    Town,
    /// `Fort Worth`: a town by its name, of more words than one.
    ListedTown,
    /// `Orange County`
    County,
    /// A token that begins so, of at least this many bytes more.
    Secret(u8),
    PrivateKey,
    Image,
    /// What biometric templates begin with.
    Template,
    /// What encoded characters begin with.
    Escape,
    /// What messages of HL7 v2 and X12 begin with.
    Message,
}

/// How the literals of a rule are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tier {
    /// By Hyperscan: selective literals that stand anywhere.
    Literals,
    /// By a word in them ([`crate::words`]).
    Words,
    /// By a byte that the bitmaps show.
    Marks,
    /// Behind a house number.
    Numbers,
}

impl Rule {
    pub(crate) fn tier(self) -> Tier {
        match self {
            Self::Email | Self::Url => Tier::Marks,
            Self::Street => Tier::Numbers,
            Self::Secret(_)
            | Self::PrivateKey
            | Self::Image
            | Self::Template
            | Self::Escape
            | Self::Message => Tier::Literals,
            Self::Label(_)
            | Self::Column
            | Self::Www
            | Self::Title
            | Self::Credential
            | Self::Relation
            | Self::Signature
            | Self::Employer
            | Self::Month
            | Self::Weekday
            | Self::YearsOld
            | Self::Unit
            | Self::PoBox
            | Self::Military
            | Self::State
            | Self::Town
            | Self::ListedTown
            | Self::County => Tier::Words,
        }
    }
}

/// The longest literal; checked when the pack is made.
pub(crate) const LITERAL_BYTES: usize = 32;

/// A literal as compiled.
#[derive(Clone, Debug)]
pub(crate) struct Anchor {
    pub(crate) rule: Rule,
    pub(crate) literal: Vec<u8>,
    pub(crate) len: u8,
    pub(crate) caseless: bool,
}

/// All anchors, in the order of their Hyperscan ids.
pub(crate) fn all() -> Vec<Anchor> {
    let mut anchors = Vec::new();
    for (rule, literals) in CASELESS {
        anchors.extend(literals.iter().map(|literal| anchor(*rule, literal, true)));
    }
    for (rule, literals) in EXACT {
        anchors.extend(literals.iter().map(|literal| anchor(*rule, literal, false)));
    }
    anchors.extend(LABELS.iter().flat_map(|(identifier, value, why, literals)| {
        let label = Label { identifier: *identifier, value: *value, why };
        literals.iter().map(move |literal| anchor(Rule::Label(label), literal, true))
    }));
    for (identifier, why, nouns) in NUMBERED {
        let value = match identifier {
            Identifier::Telephone => Value::Telephone,
            _ => Value::Code,
        };
        let rule = Rule::Label(Label { identifier: *identifier, value, why });
        anchors.extend(nouns.iter().flat_map(|noun| {
            [" no", " num", " number", " #", " id"]
                .map(|number| anchor(rule, &format!("{noun}{number}"), true))
        }));
    }
    let towns = include_str!("../data/towns.txt").lines();
    anchors.extend(towns.map(|town| anchor(Rule::ListedTown, town, true)));
    anchors.extend(STATES.iter().map(|state| anchor(Rule::State, &format!(", {state}"), false)));
    anchors
}

fn anchor(rule: Rule, literal: &str, caseless: bool) -> Anchor {
    let literal = literal.as_bytes().to_vec();
    let len = u8::try_from(literal.len()).unwrap_or(u8::MAX);
    Anchor { rule, literal, len, caseless }
}

#[rustfmt::skip]
const CASELESS: &[(Rule, &[&str])] = &[
    (Rule::Email, &["@"]),
    (Rule::Url, &["://"]),
    (Rule::Www, &["www."]),
    (Rule::Title, &[
        "mr.", "mr ", "mrs.", "mrs ", "ms.", "ms ", "miss ", "dr.", "dr ", "prof.", "prof ",
        "professor ", "doctor ", "nurse ", "rev.", "reverend ", "judge ", "officer ", "sgt. ", "capt. ", "drs. ", "messrs. ",
        "supervisor ", "manager ", "technician ", "driver ", "pastor ", "counselor ", "therapist ", "pharmacist ", "attorney ",
        "detective ", "deputy ", "sergeant ", "captain ", "lieutenant ", "caregiver ", "client ", "holder ", "resident ",
        "surgeon ", "physician ", "passenger ", "witness ", "facilitator ", "interpreter ", "colleague ", "assistant ",
        "coordinator ", "teacher ", "chaplain ", "member ", "veteran ", "oncologist ", "cardiologist ", "neurologist ",
        "hospitalist ", "dietitian ", "paramedic ", "provider ", "attending ",
    ]),
    (Rule::Credential, &[
        ", m.d", ", d.o.", ", r.n.", ", ph.d", ", phd", ", md", ", rn", ", np", ", pa-c", ", lpn", ", dds",
        ", fnp", ", aprn", ", lcsw", ", pharmd", ", rph", ", crna", ", do", ", pt", ", cnm", ", ot",
    ]),
    (Rule::Relation, &[
        "wife", "husband", "daughter", "mother", "father", "brother", "sister", "spouse", "fiance",
        "girlfriend", "boyfriend", "grandson", "grandma", "grandpa", "nephew", "niece", " aunt ", " uncle ", "son ", "son,",
        "son:", "sons ", "partner", "mom ", "mom,", "dad ", "dad,", "cousin", "neighbor", "neighbour", "roommate", "friend ",
        "friend,", "aide ", "aide,", "sibling", "parents ", "in-law",
    ]),
    (Rule::Signature, &[
        "signed by", "dictated by", "reviewed by", "verified by", "authored by", "transcribed by",
        "reported by", "entered by", "prepared by", "referred by", "seen by", "name is", "i am called", "pt ",
        "dear ", "discussed with", "sincerely,", "regards,", "attn ", "appointment for", "on behalf of", "chart of", "spoke with",
        "speaking with", "called by", "ordered by", "requested by", "cosigned by", "read by", "performed by",
        "accompanied by", "message for", "routed to", "given to", "goes by", "first name", "last name", "preferred name",
        "this is", "thank you,", "thanks,", "best,", "warmly,", "calling for", "doctor is", "physician is", "provider is", "nurse is", "therapist is", "surgeon is", "list for", "received from", "attention ", "spoke to", "talk to", "talked to",
        "talked with", "talk with", "called about", "case of", "care of", "pleasure of seeing", "reported to", "report to",
        "d/w", "appt w/", "appt with", "appointment with", "follow up with", "follow-up with", "f/u with", "followed by", "legal name",
        "family name", "goes to", "met with", "loaned to", "asked for", "patient of",
        "cheers,", "faithfully,", "truly,", "respectfully,", "cordially,", "yours,", "take care,",
    ]),
    (Rule::Column, &[
        "name", "surname", "lastname", "firstname", "fname", "lname", "last", "city", "town", "street", "email", "e-mail", "pcp",
        "resident", "client",
    ]),
    (Rule::Employer, &[
        "works at", "works for", "worked at", "worked for", "working at", "working for", "employed by", "employed at",
        "employed with", "employer:", "employer is", "retired from", "job at", "laid off from",
    ]),
    (Rule::Month, &[
        "january", "february", "march", "april", "may", "june", "july", "august", "september",
        "october", "november", "december",
    ]),
    (Rule::Weekday, &["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]),
    (Rule::YearsOld, &[
        "year old", "year-old", "years old", "years-old", "y/o", "yo ", "yo,", "yo.", "yo;", "yo)", "yo-", "yo\n", "y.o", "yr old", "yrs old",
        "years of age", "yr-old", "years young", "years-young",
    ]),
    (Rule::Street, &[
        " street", " avenue", " road", " boulevard", " lane", " drive", " court", " circle",
        " highway", " parkway", " terrace", " turnpike", " crescent", " expressway", " freeway",
        " ave", " blvd", " hwy", " pkwy", " underpass", " plaza",
        " trail", " alley", " square", " heights", " landing", " crossing", " st", " rd", " ln", " dr", " ct", " pl", " cir",
        " sq", " ter", " trl", " loop",
    ]),
    (Rule::Unit, &[" apt", " apartment", " suite ", " ste ", " unit ", " flat "]),
    (Rule::PoBox, &["p.o. box", "po box", "p o box", "p.o.box", "post office box", "postbox", "postboks", "postfach", "postbus"]),
    (Rule::Town, &[
        "lives in", "live in", "living in", "lived in", "born in", "raised in", "grew up in", "resides in", "residing in",
        "resident of", "native of", "moved to", "moved from", "moved here from", "relocated to", "hometown",
    ]),
    (Rule::County, &[" county"]),
    (Rule::Military, &["apo ", "fpo ", "dpo "]),
    (Rule::PrivateKey, &["-----begin ", "-----end "]),
    (Rule::Image, &["data:image/", "data:application/"]),
    // The same in hexadecimal digits.
    (Rule::Image, &[
        "ffd8ffe", "89504e470d0a1a0a", "474946383", "49492a00", "4d4d002a", "255044462d", "504b0304", "1f8b08", "28b52ffd",
        "425a68", "fd377a585a00", "53514c69746520666f726d6174", "00004449434d",
    ]),
    (Rule::Template, &["464d5200", "46495200", "46414300", "49495200"]),
];

#[rustfmt::skip]
const EXACT: &[(Rule, &[&str])] = &[
    (Rule::Title, &["Agent ", "CNA ", "LPN ", "RN ", "MD "]),
    (Rule::Street, &[
        " Way", " WAY", " Place", " PLACE", " Bend", " Bridge", " Brook", " Cove", " Creek",
        " Corner", " Crest", " Dale", " Estate", " Extension", " Ferry", " Field", " Flat", " Ford",
        " Forest", " Forge", " Fork", " Gardens", " Gateway", " Glen", " Green", " Grove", " Harbor", " Haven",
        " Hill", " Hollow", " Island", " Junction", " Key ", " Knoll", " Lake", " Lock", " Lodge", " Loop",
        " Manor", " Meadow", " Mews", " Mill", " Mission", " Mount", " Neck", " Orchard", " Oval", " Park",
        " Pass", " Path", " Pike", " Pine", " Point", " Port", " Prairie", " Ranch", " Rapid", " Rest",
        " Ridge", " River", " Route", " Row", " Run ", " Shoal", " Shore", " Skyway", " Spring", " Spur",
        " Station", " Stream", " Summit", " Ter", " Throughway", " Trace", " Track", " Trafficway",
        " Tunnel", " Union", " Valley", " Via", " View", " Village", " Ville", " Vista", " Walk", " Well",
        " Common", " Fort", " Gate", " Inlet", " Isle",
    ]),
    (Rule::Credential, &[" RN", " MD", " LPN", " PharmD", " RPh", " CRNA", " NP", " PA-C", " DPT", " LCSW", " DDS", " APRN", " CNA", " PhD"]),
    (Rule::Message, &["MSH|", "ISA*", "ISA|", "ISA^", "ISA~", "ST*8", "ST*27", "ST|8", "ST^8"]),
    (Rule::Escape, &[
        "\\u", "\\U", "\\x", "\\06", "\\05", "\\\"", "&#", "amp;#", "&hyphen;", "&dash;", "&ndash;", "&minus;", "&shy;", "&zwnj;",
        "&zwj;", "&commat;", "&period;", "&ZeroWidthSpace;", "%2", "%3", "%4", "%5", "%6", "%7", "=2", "=3", "=\n", "=\r\n",
        "\x1b[", "\x1b(",
    ]),
    // What files begin with in base64: JPEG, PNG, GIF, TIFF, PDF, RIFF, DICOM, ZIP, gzip, zstd, bzip2, xz,
    // SQLite; biometric templates.
    (Rule::Image, &[
        "/9j/4", "iVBORw0KGgo", "R0lGOD", "SUkqA", "TU0AK", "JVBERi0", "UklGR", "AABESUNN", "UEsDB", "H4sIA", "KLUv/", "QlpoO",
        "/Td6WFo", "U1FMaXRlIGZvcm1hdC",
    ]),
    (Rule::Template, &["Rk1SA", "RklSA", "RkFDA", "SUlSA"]),
    // The prefixes that their issuers document for secret scanners.
    (Rule::Secret(16), &["AKIA", "ASIA"]),
    (Rule::Secret(30), &["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "AIza"]),
    (Rule::Secret(20), &[
        "github_pat_", "glpat-", "sk_live_", "rk_live_", "sk_test_", "sk-ant-", "sk-proj-", "npm_",
        "pypi-", "hvs.", "dop_v1_",
    ]),
    (Rule::Secret(10), &["xoxb-", "xoxp-", "xoxa-", "xoxr-", "xoxs-", "eyJhbGciOi", "eyJ0eXAiOi"]),
];

type Labels = (Identifier, Value, &'static str, &'static [&'static str]);

#[rustfmt::skip]
const LABELS: &[Labels] = &[
    (Identifier::Ssn, Value::Ssn, "ssn label", &[
        "ssn", "ss#", "ss #", "ss no", "soc sec", "soc. sec", "social security", "social sec", "itin",
        "tax id", "tax-id", "taxpayer", "tax_id",
    ]),
    (Identifier::MedicalRecord, Value::Code, "medical record label", &[
        "mrn", "mr#", "mr #", "mr no", "medical record", "medical_record", "medicalrecord", "med rec", "empi",
    ]),
    (Identifier::MedicalRecord, Value::NumberedCode, "medical record label", &[
        "chart", "accession", "pt id", "pt. id", "pt no",
    ]),
    (Identifier::HealthPlan, Value::Code, "health plan label", &["mbi", "hicn", "medicare id", "medicaid id"]),
    (Identifier::HealthPlan, Value::NumberedCode, "health plan label", &[
        "member", "subscriber", "policy", "medicare", "medicaid", "insurance", "beneficiary", "health plan",
    ]),
    (Identifier::Account, Value::NumberedCode, "account label", &[
        "account", "acct", "a/c", "invoice", "routing", "aba ", "iban", "card", "cc ", "swift", "cvv", "csn", "har ", "har:", "fin:",
        "fin#", "fin #",
    ]),
    (Identifier::License, Value::NumberedCode, "license label", &[
        "license", "licence", "passport", "certificate", "driver's lic", "dea", "npi", "lic#", "lic #",
        "lic.", "lic ", "upin",
    ]),
    (Identifier::Vehicle, Value::NumberedCode, "vehicle label", &["vin", "vehicle", "registration"]),
    (Identifier::Vehicle, Value::Plate, "vehicle label", &["plate", "license tag"]),
    (Identifier::Device, Value::NumberedCode, "device label", &[
        "serial", "s/n", "sn:", "sn#", "imei", "imsi", "meid", "udi", "device", "implant",
    ]),
    (Identifier::Biometric, Value::NumberedCode, "biometric label", &["fingerprint", "biometric", "voiceprint"]),
    (Identifier::Telephone, Value::Telephone, "telephone", &[
        "phone", "tel:", "tel.", "tel ", "mobile", "cell:", "cell ", "cell#", "desk:", "office:", "home:", "work:",
        "pager", "beeper", "call me at", "call at", "calling at", "reach me at", "reached at", "contact:",
        "contact at", "ph:", "ph.", "ph#", "dial", "answering at", "ext.", "text me at", "hotline",
        "call me on", "messages to", "texts to", "sms to", "whatsapp", "call back", "callback", "called at", "back at",
        "her at", "him at", "them at", "us at",
    ]),
    (Identifier::Fax, Value::Telephone, "fax", &["fax", "facsimile"]),
    (Identifier::Date, Value::Date, "date label", &[
        "dob", "d.o.b", "date of birth", "birth date", "birthdate", "birthday", "born", "dod", "date of death",
        "died", "deceased", "date of service", "dos:", "admit", "admission date", "discharge date", "date:",
        "date of admission", "date of discharge", "expires", "expiration", "date of visit", "visit date",
    ]),
    (Identifier::Date, Value::Age, "age label", &["age ", "age:", "age=", "age\"", "aged ", "turned "]),
    (Identifier::Geography, Value::Zip, "zip label", &["zip", "zipcode", "plz", "code postal", "código postal", "postal", "postcode", "post code"]),
    (Identifier::Geography, Value::Address, "address label", &[
        "address", "live at", "live on", "living on", "lives at", "lives on", "living at", "resides at", "residing at", "resident of", "addr:",
    ]),
    (Identifier::Geography, Value::Town, "town label", &["city:", "city=", "town:", "town=", "county:", "birthplace:", "hometown:"]),
    (Identifier::Geography, Value::Decimal, "coordinates label", &[
        "latitude", "longitude", "lat:", "lat=", "lat ", "lon:", "lon=", "lon ", "lng:", "lng=", "long:", "gps", "coordinates",
        "lat\"", "lon\"", "lng\"",
    ]),
    (Identifier::Name, Value::Patient, "name label", &["patient"]),
    (Identifier::Name, Value::Name, "name label", &[
        "name:", "name :", "name=", "names:", "attending", "provider", "physician", "surgeon", "clinician",
        "therapist", "practitioner", "pt name", "guarantor", "guardian", "caregiver", "next of kin",
        "emergency contact", "kin:", "employee", "attn:", "author:", "pcp:", "consultant", "pharmacist", "witness",
        "spouse:", "signature:", "informant", "insured", "prescriber", "supervisor:", "subscriber:", "holder:", "signed:",
        "driver:", "assistant:", "referring", "ordering", "operator:", "facilitator:", "counselor:",
        "radiologist", "pathologist", "anesthesiologist", "interpreter:", "beneficiary:", "policyholder", "cardholder",
        "relative:", "alias:", "nok:", "nok=",
    ]),
    (Identifier::Name, Value::ProperName, "name label", &[
        "pt:", "anesthesia:", "cc:", "from:", "to:", "client:", "customer:", "resident:", "by:", "user:", "owner:", "contact:", "intern:", "dr:", "md:",
        "rn:", "np:", "pa:", "nurse:", "donor:", "coordinator:", "hcp:", "proxy:", "team:", "crew:", "pharmacist:", "scheduler",
        "staff:", "aide:", "caller:", "host:", "chaplain:", "custodian", "mother:", "father:", "hcpoa is", "proxy is", "poa is", "circulator",
        "scrub", "re:", "charge:", "on call:", "on-call:", "covering:", "hospitalist:", "consult:", "agent:", "rep:", "tech:", "technologist:",
        "assigned to:", "assignee:", "recipient:", "sender:", "dictator:", "transcriptionist:", "reviewer:", "signer:", "son:",
        "daughter:", "wife:", "husband:", "sister:", "brother:", "partner:", "applicant:", "claimant:", "student:", "passenger:",
    ]),
    (Identifier::UniqueCode, Value::Secret, "secret label", &[
        "password", "passwd", "pwd", "secret", "api_key", "api key", "apikey", "api-key", "access_token",
        "auth_token", "authorization: bearer", "authorization: basic", "bearer ", "pin:", "pin code", "pin is",
        "pin number", "passcode", "client_secret", "private_key",
    ]),
    (Identifier::UniqueCode, Value::NumberedCode, "code label", &[
        "confirmation", "tracking", "trial", "subject", "ticket", "badge", "claim", "authorization", "prior auth",
        "id:", "id#", "id #",
    ]),
    (Identifier::UniqueCode, Value::TellingCode, "code label", &[
        "id ", "id is", "ref ", "case ", "run ", "specimen ", "sample ", "quote ", "quoting ", "reference ", "document:",
    ]),
    (Identifier::MedicalRecord, Value::TellingCode, "medical record label", &["record ", "records ", "unit no :"]),
    (Identifier::UniqueCode, Value::Code, "code label", &["study uid", "instance uid", "series uid"]),
];

/// Nouns that are too common to wake a rule alone: with a word for number behind each.
#[rustfmt::skip]
const NUMBERED: &[(Identifier, &str, &[&str])] = &[
    (Identifier::MedicalRecord, "medical record label", &["hospital", "record", "case", "unit", "specimen", "emr"]),
    (Identifier::HealthPlan, "health plan label", &["group", "plan"]),
    (Identifier::License, "license label", &["visa"]),
    (Identifier::Device, "device label", &["model", "lot"]),
    (Identifier::Telephone, "telephone", &["contact"]),
    (Identifier::UniqueCode, "code label", &[
        "protocol", "study", "reference", "ref", "employee", "student", "encounter", "visit", "rx", "prescription", "run",
        "donor", "dictation", "document", "transaction", "auth", "photo", "interpreter", "provider", "referral", "permit",
    ]),
];

/// The postal codes of the states and territories, as they stand behind a city's name.
#[rustfmt::skip]
pub(crate) const STATES: [&str; 56] = [
    "AL", "AK", "AZ", "AR", "CA", "CO", "CT", "DE", "DC", "FL", "GA", "HI", "ID", "IL", "IN", "IA", "KS", "KY",
    "LA", "ME", "MD", "MA", "MI", "MN", "MS", "MO", "MT", "NE", "NV", "NH", "NJ", "NM", "NY", "NC", "ND", "OH",
    "OK", "OR", "PA", "RI", "SC", "SD", "TN", "TX", "UT", "VT", "VA", "WA", "WV", "WI", "WY", "PR", "GU", "VI",
    "AS", "MP",
];
