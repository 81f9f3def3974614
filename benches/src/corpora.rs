//! Three texts as they cross the gateway: rows of a patients table, clinical notes, FHIR JSON.
//!
//! Made from a fixed seed of words and numbers that identify nobody. Every corpus is a list of
//! cells, as a result's rows bring them; [`Corpus::bytes`] counts the cells alone.

use std::fmt::Write;

/// Cells and what they are called in reports.
pub struct Corpus {
    pub name: &'static str,
    pub cells: Vec<String>,
}

impl Corpus {
    /// All three.
    pub fn all() -> [Self; 3] {
        [patients(20_000), notes(1_500), fhir(1_000)]
    }

    pub fn bytes(&self) -> usize {
        self.cells.iter().map(String::len).sum()
    }
}

/// The dense case: most cells are identifiers, all are short.
pub fn patients(rows: usize) -> Corpus {
    let mut random = Random(1);
    let mut cells = Vec::with_capacity(rows * 12);
    for row in 0..rows {
        cells.extend([
            format!("{}", 100_000 + row),
            random.name(),
            random.ssn(),
            random.date(),
            format!("{} {} {}", random.below(9999), random.pick(SURNAMES), random.pick(SUFFIXES)),
            random.pick(CITIES).to_owned(),
            random.pick(&["MA", "NY", "CA", "TX"]).to_owned(),
            format!("{:05}", random.below(99_999)),
            random.phone(),
            format!("{}@example.com", random.pick(SURNAMES).to_lowercase()),
            random.uuid(),
            format!("{}.{}", random.below(900), random.below(99)),
        ]);
    }
    Corpus { name: "dense", cells }
}

/// Notes of one to four kilobytes, with an identifier in every hundred words or so.
pub fn notes(count: usize) -> Corpus {
    let mut random = Random(2);
    let cells = (0..count).map(|_| note(&mut random)).collect();
    Corpus { name: "notes", cells }
}

/// FHIR R4 bundles: a Patient and a few Observations each.
pub fn fhir(count: usize) -> Corpus {
    let mut random = Random(3);
    let cells = (0..count).map(|_| bundle(&mut random)).collect();
    Corpus { name: "fhir", cells }
}

fn note(random: &mut Random) -> String {
    let mut note = format!(
        "Patient: {}   MRN: {:07}   DOB: {}\nAdmitted {} under Dr. {}.\n\n",
        random.name(),
        random.below(9_999_999),
        random.date(),
        random.date(),
        random.pick(SURNAMES),
    );
    for _ in 0..12 + random.below(40) {
        let sentence = match random.below(24) {
            0 => format!("Call {} with results. ", random.phone()),
            1 => format!("Seen on {} by Dr. {}. ", random.date(), random.pick(SURNAMES)),
            2 => format!(
                "BP {}/{}, HR {}. ",
                90 + random.below(70),
                50 + random.below(40),
                60 + random.below(50)
            ),
            3 => format!(
                "Hgb {}.{} g/dL, Na {}, K {}.{}. ",
                9 + random.below(7),
                random.below(10),
                130 + random.below(15),
                3 + random.below(3),
                random.below(10)
            ),
            4 => {
                format!("Metformin {} mg twice daily was continued. ", 500 * (1 + random.below(2)))
            }
            _ => random.pick(SENTENCES).to_owned(),
        };
        note.push_str(&sentence);
    }
    note
}

fn bundle(random: &mut Random) -> String {
    let id = random.uuid();
    let mut json = format!(
        r#"{{"resourceType":"Bundle","type":"collection","entry":[{{"resource":{{"resourceType":"Patient","id":"{id}","identifier":[{{"type":{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"MR"}}]}},"system":"http://hospital.smarthealthit.org","value":"{}"}},{{"system":"http://hl7.org/fhir/sid/us-ssn","value":"{}"}}],"name":[{{"use":"official","family":"{}","given":["{}"]}}],"telecom":[{{"system":"phone","value":"{}","use":"home"}}],"gender":"female","birthDate":"{}","address":[{{"line":["{} {} Street"],"city":"{}","state":"MA","postalCode":"{:05}","country":"US"}}],"maritalStatus":{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/v3-MaritalStatus","code":"M","display":"M"}}]}}}}}}"#,
        random.below(9_999_999),
        random.ssn(),
        random.pick(SURNAMES),
        random.pick(GIVEN),
        random.phone(),
        random.date(),
        random.below(9999),
        random.pick(SURNAMES),
        random.pick(CITIES),
        random.below(99_999),
    );
    for _ in 0..4 {
        let _ = write!(
            json,
            r#",{{"resource":{{"resourceType":"Observation","id":"{}","status":"final","category":[{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"laboratory","display":"laboratory"}}]}}],"code":{{"coding":[{{"system":"http://loinc.org","code":"{}-{}","display":"Hemoglobin A1c/Hemoglobin.total in Blood"}}],"text":"Hemoglobin A1c"}},"subject":{{"reference":"urn:uuid:{id}"}},"effectiveDateTime":"{}T09:30:10-05:00","issued":"{}T09:30:10.123-05:00","valueQuantity":{{"value":{}.{},"unit":"%","system":"http://unitsofmeasure.org","code":"%"}}}}}}"#,
            random.uuid(),
            1000 + random.below(9000),
            random.below(10),
            random.date(),
            random.date(),
            random.below(20),
            random.below(99),
        );
    }
    json.push_str("]}");
    json
}

/// Xorshift: good enough to shuffle words, and the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn pick<'w>(&mut self, words: &[&'w str]) -> &'w str {
        let index = usize::try_from(self.below(words.len() as u64)).unwrap_or_default();
        words[index]
    }

    fn name(&mut self) -> String {
        format!("{} {}", self.pick(GIVEN), self.pick(SURNAMES))
    }

    fn ssn(&mut self) -> String {
        format!("9{:02}-{:02}-{:04}", self.below(100), self.below(100), self.below(10_000))
    }

    fn date(&mut self) -> String {
        format!("{}-{:02}-{:02}", 1930 + self.below(90), 1 + self.below(12), 1 + self.below(28))
    }

    fn phone(&mut self) -> String {
        format!("({}55) 555-{:04}", 2 + self.below(8), self.below(10_000))
    }

    fn uuid(&mut self) -> String {
        let (high, low) = (self.next(), self.next());
        format!(
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xffff,
            low >> 48,
            low & 0xffff_ffff_ffff
        )
    }
}

const GIVEN: &[&str] = &["Ada", "Bela", "Chiara", "Dmitri", "Elif", "Femi", "Goran", "Hana"];
const SURNAMES: &[&str] = &["Abara", "Brandt", "Castell", "Duarte", "Ekholm", "Farkas", "Grau"];
const SUFFIXES: &[&str] = &["Street", "Avenue", "Road", "Lane", "Court", "Boulevard"];
const CITIES: &[&str] = &["Boston", "Springfield", "Quincy", "Lowell", "New Bedford"];

#[rustfmt::skip]
const SENTENCES: &[&str] = &[
    "The patient was seen in clinic today for follow up of type 2 diabetes and hypertension. ",
    "She denies chest pain, shortness of breath, palpitations, and dizziness. ",
    "Lungs are clear to auscultation bilaterally without wheezes or crackles. ",
    "Abdomen is soft, nontender, nondistended, with normal bowel sounds. ",
    "There is no peripheral edema and distal pulses are intact. ",
    "We discussed the importance of diet, exercise, and adherence to medications. ",
    "He reports improved energy and has been walking most days of the week. ",
    "Laboratory studies were reviewed and are within the expected range. ",
    "Imaging of the chest showed no acute cardiopulmonary process. ",
    "Will continue the current regimen and recheck in three months. ",
    "Allergies include penicillin, which caused a rash in childhood. ",
    "Family history is notable for coronary disease in the father. ",
    "The wound is healing well without erythema, drainage, or induration. ",
    "Physical therapy was consulted for gait training and strengthening. ",
    "The plan was reviewed with the patient, who voiced understanding. ",
    "Neurologic examination shows no focal deficit; reflexes are symmetric. ",
    "Oral intake has been adequate and nausea is controlled with medication. ",
    "Discharge instructions were given and all questions were answered. ",
];
