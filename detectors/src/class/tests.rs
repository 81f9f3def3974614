use super::*;
use Identifier::*;

fn class_of(relation: &str, column: &str) -> String {
    by_name(relation, column).unwrap_or_default().to_string()
}

/// Each column of a header with the class expected of it; what is not listed has none.
fn check_header(relation: &str, header: &str, expected: &[(&str, &str)]) {
    for column in header.split(',') {
        let wanted = expected.iter().find(|(name, _)| *name == column).map_or("", |pair| pair.1);
        assert_eq!(class_of(relation, column), wanted, "{relation}.{column}");
    }
}

#[test]
fn every_identifying_column_of_synthea_patients_is_classified() {
    check_header(
        "patients",
        "Id,BIRTHDATE,DEATHDATE,SSN,DRIVERS,PASSPORT,PREFIX,FIRST,LAST,SUFFIX,MAIDEN,MARITAL,RACE,\
         ETHNICITY,GENDER,BIRTHPLACE,ADDRESS,CITY,STATE,COUNTY,ZIP,LAT,LON,HEALTHCARE_EXPENSES,\
         HEALTHCARE_COVERAGE",
        &[
            ("Id", "unique_code"),
            ("BIRTHDATE", "date"),
            ("DEATHDATE", "date"),
            ("SSN", "ssn"),
            ("DRIVERS", "license"),
            ("PASSPORT", "license"),
            ("PREFIX", "name"),
            ("FIRST", "name"),
            ("LAST", "name"),
            ("SUFFIX", "name"),
            ("MAIDEN", "name"),
            ("BIRTHPLACE", "geography"),
            ("ADDRESS", "geography"),
            ("CITY", "geography"),
            ("COUNTY", "geography"),
            ("ZIP", "zip"),
            ("LAT", "geography"),
            ("LON", "geography"),
        ],
    );
}

#[test]
fn synthea_care_relations_are_classified_by_patient_dates_and_numbers() {
    let patient = ("PATIENT", "unique_code");
    let (start, stop, date) = (("START", "date"), ("STOP", "date"), ("DATE", "date"));
    check_header(
        "encounters",
        "Id,START,STOP,PATIENT,ORGANIZATION,PROVIDER,PAYER,ENCOUNTERCLASS,CODE,DESCRIPTION,\
         BASE_ENCOUNTER_COST,TOTAL_CLAIM_COST,PAYER_COVERAGE,REASONCODE,REASONDESCRIPTION",
        &[start, stop, patient],
    );
    check_header(
        "allergies",
        "START,STOP,PATIENT,ENCOUNTER,CODE,SYSTEM,DESCRIPTION,TYPE,CATEGORY,REACTION1,\
         DESCRIPTION1,SEVERITY1,REACTION2,DESCRIPTION2,SEVERITY2",
        &[start, stop, patient],
    );
    check_header(
        "observations",
        "DATE,PATIENT,ENCOUNTER,CATEGORY,CODE,DESCRIPTION,VALUE,UNITS,TYPE",
        &[date, patient],
    );
    check_header(
        "devices",
        "PATIENT,ENCOUNTER,CODE,DESCRIPTION,UDI",
        &[patient, ("UDI", "device")],
    );
    check_header(
        "payer_transitions",
        "PATIENT,MEMBERID,START_YEAR,END_YEAR,PAYER,SECONDARY_PAYER,OWNERSHIP,OWNERNAME",
        &[patient, ("MEMBERID", "health_plan"), ("OWNERNAME", "name")],
    );
    check_header(
        "claims",
        "Id,PATIENTID,PROVIDERID,PRIMARYPATIENTINSURANCEID,SECONDARYPATIENTINSURANCEID,\
         DEPARTMENTID,PATIENTDEPARTMENTID,DIAGNOSIS1,REFERRINGPROVIDERID,APPOINTMENTID,\
         CURRENTILLNESSDATE,SERVICEDATE,SUPERVISINGPROVIDERID,STATUS1,OUTSTANDING1,\
         LASTBILLEDDATE1,LASTBILLEDDATEP,HEALTHCARECLAIMTYPEID1",
        &[
            ("PATIENTID", "unique_code"),
            ("PRIMARYPATIENTINSURANCEID", "health_plan"),
            ("SECONDARYPATIENTINSURANCEID", "health_plan"),
            ("CURRENTILLNESSDATE", "date"),
            ("SERVICEDATE", "date"),
            ("LASTBILLEDDATE1", "date"),
            ("LASTBILLEDDATEP", "date"),
        ],
    );
    check_header(
        "providers",
        "ORGANIZATION,NAME,GENDER,SPECIALITY,ADDRESS,CITY,STATE,ZIP,LAT,LON,UTILIZATION",
        &[
            ("NAME", "name"),
            ("ADDRESS", "geography"),
            ("CITY", "geography"),
            ("ZIP", "zip"),
            ("LAT", "geography"),
            ("LON", "geography"),
        ],
    );
}

#[test]
fn one_name_is_read_alike_in_every_way_of_writing_it() {
    for name in ["birth_date", "BirthDate", "birthDate", "BIRTH_DATE", "BIRTHDATE", "birth date"] {
        assert_eq!(by_name("", name), Some(Class::Date), "{name}");
    }
    for name in ["member_id", "memberId", "MEMBERID", "MemberID", "member-no", "MEMBER NUMBER"] {
        assert_eq!(by_name("", name), Some(Class::Direct(HealthPlan)), "{name}");
    }
}

#[test]
fn usual_names_have_their_class() {
    for (name, class) in [
        ("ssn", Ssn),
        ("ssn_last4", Ssn),
        ("social_security_number", Ssn),
        ("fname", Name),
        ("last_name", Name),
        ("patient_name", Name),
        ("emergency_contact_name", Name),
        ("maiden_name", Name),
        ("mothers_maiden_name", Name),
        ("mrn", MedicalRecord),
        ("medical_record_number", MedicalRecord),
        ("addr", Geography),
        ("address_line_1", Geography),
        ("street_address", Geography),
        ("mailing_address", Geography),
        ("city", Geography),
        ("county", Geography),
        ("latitude", Geography),
        ("phone", Telephone),
        ("home_phone", Telephone),
        ("phone1", Telephone),
        ("mobile", Telephone),
        ("contact_number", Telephone),
        ("cell_phone", Telephone),
        ("fax_number", Fax),
        ("email", Email),
        ("email_address", Email),
        ("e_mail", Email),
        ("url", Url),
        ("profile_url", Url),
        ("client_ip", IpAddress),
        ("ip_address", IpAddress),
        ("ipv4", IpAddress),
        ("vin", Vehicle),
        ("license_plate", Vehicle),
        ("license_no", License),
        ("drivers_license", License),
        ("passport_number", License),
        ("npi", License),
        ("account_number", Account),
        ("bank_account", Account),
        ("credit_card_number", Account),
        ("card_no", Account),
        ("iban", Account),
        ("policy_no", HealthPlan),
        ("medicare_id", HealthPlan),
        ("device_serial", Device),
        ("serial_number", Device),
        ("mac_address", Device),
        ("udi", Device),
        ("fingerprint", Biometric),
        ("photo", Photograph),
        ("patient_id", UniqueCode),
        ("password", UniqueCode),
        ("pt_nm", Name),
        ("l_name", Name),
        ("f_name", Name),
        ("sname", Name),
        ("vorname", Name),
        ("nachname", Name),
        ("apellido", Name),
        ("apellidos", Name),
        ("prenom", Name),
        ("kin", Name),
        ("next_of_kin", Name),
        ("nok_contact", Name),
        ("nok_phone", Telephone),
        ("employer", Name),
        ("employer_name", Name),
        ("guardian", Name),
        ("contact_name", Name),
        ("socsec", Ssn),
        ("soc_sec", Ssn),
        ("ss_num", Ssn),
        ("tin", Ssn),
        ("nhs", MedicalRecord),
        ("nhs_number", MedicalRecord),
        ("chart_no", MedicalRecord),
        ("chart_number", MedicalRecord),
        ("policy_number", HealthPlan),
        ("plate", Vehicle),
        ("device_sn", Device),
    ] {
        assert_eq!(by_name("", name), Some(Class::Direct(class)), "{name}");
    }
    for (name, class) in [
        ("dob", Class::Date),
        ("yob", Class::Date),
        ("birth_year", Class::Date),
        ("date_of_birth", Class::Date),
        ("deathdate", Class::Date),
        ("admission_date", Class::Date),
        ("discharge_dt", Class::Date),
        ("zip", Class::Zip),
        ("zip_code", Class::Zip),
        ("postal_code", Class::Zip),
        ("postalCode", Class::Zip),
        ("age", Class::Age),
        ("age_at_diagnosis", Class::Age),
    ] {
        assert_eq!(by_name("", name), Some(class), "{name}");
    }
}

#[test]
fn names_of_things_that_are_not_people_have_no_class() {
    for (relation, column) in [
        ("products", "name"),
        ("drugs", "name"),
        ("roles", "name"),
        ("user_roles", "name"),
        ("", "product_name"),
        ("", "table_name"),
        ("", "file_name"),
        ("", "state"),
        ("", "status"),
        ("", "code"),
        ("", "description"),
        ("", "city_count"),
        ("", "phone_type"),
        ("", "is_email_verified"),
        ("", "email_count"),
        ("", "account_status"),
        ("", "address_type"),
        ("", "page"),
        ("", "average"),
        ("", "latency_ms"),
        ("", "location_type"),
        ("", "cell_type"),
        ("", "invoice_total"),
        ("", "birth_weight"),
        ("", "age_group"),
        ("", "ndc_code"),
        ("", "icd10_code"),
        ("", "loinc"),
        ("", "result_value"),
        ("", "shipment"),
        ("", "country"),
        ("", "gender"),
        ("", "chart_type"),
        ("", "contact_count"),
        ("", "policy_type"),
        ("", "policy_name"),
        ("", "employer_size"),
        ("", "guardian_count"),
        ("patients", "kin_relationship"),
        ("", "tin_coating"),
        ("", "snippet"),
        ("", "plate_count"),
        ("", "attending"),
        ("", "birth_order"),
        ("", "year"),
        ("products", "nombre"),
        ("productos", "nombre"),
        ("", "nominal"),
        ("specimens", "plate"),
        ("", "device_model"),
        ("", "nhs_region"),
        ("orders_archive", "total_price"),
        ("releases", "created_at"),
    ] {
        assert_eq!(by_name(relation, column), None, "{relation}.{column}");
    }
}

#[test]
fn a_column_of_versions_is_known_by_its_last_word() {
    for name in ["version", "firmware_version", "appVersion", "kernel_release", "build"] {
        assert_eq!(by_name("", name), Some(Class::Version), "{name}");
    }
    assert!(!Class::Version.is_masked());
}

#[test]
fn an_ambiguous_name_counts_in_a_relation_about_people() {
    for relation in ["patients", "patient", "stg_patients", "patients_2024", "PatientContacts"] {
        assert_eq!(by_name(relation, "name"), Some(Class::Direct(Name)), "{relation}");
        assert_eq!(by_name(relation, "first"), Some(Class::Direct(Name)), "{relation}");
        assert_eq!(by_name(relation, "nombre"), Some(Class::Direct(Name)), "{relation}");
        assert_eq!(by_name(relation, "nom"), Some(Class::Direct(Name)), "{relation}");
    }
    assert_eq!(by_name("pacientes", "nombre"), Some(Class::Direct(Name)));
    assert_eq!(by_name("employers", "name"), Some(Class::Direct(Name)));
    assert_eq!(by_name("admissions", "attending"), Some(Class::Direct(Name)));
}

#[test]
fn raising_takes_the_stricter_class_and_two_partial_ones_leave_nothing() {
    assert_eq!(Class::Clear.raise(Class::Direct(Ssn)), Class::Direct(Ssn));
    assert_eq!(Class::Direct(Ssn).raise(Class::Clear), Class::Direct(Ssn));
    assert_eq!(Class::Unclassified.raise(Class::Clear), Class::Unclassified);
    assert_eq!(Class::Version.raise(Class::Unclassified), Class::Unclassified);
    assert_eq!(Class::Zip.raise(Class::Date), Class::Direct(Geography));
    assert_eq!(Class::Age.raise(Class::Age), Class::Age);
}

#[test]
fn a_class_survives_its_configured_name() {
    for class in
        [Class::Clear, Class::Version, Class::Date, Class::Age, Class::Zip, Class::Direct(Ssn)]
    {
        assert_eq!(Class::from_name(class.name()), Some(class));
    }
    assert_eq!(Class::from_name("surely"), None);
}

#[test]
fn hostile_names_do_no_harm() {
    let long = "aAa1".repeat(1000);
    for name in ["", "_", "9", "é", "\u{0}", &long, "____a____", "ssssssssssssssssss"] {
        assert_eq!(by_name(name, name), None);
    }
}
