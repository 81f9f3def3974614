//! The demo's database: synthetic patients and what a clinic keeps about them.
//!
//! Made by the server from a row's number alone, so that it is the same everywhere and a million rows
//! take seconds.

/// Patients that the demo has; with the rows about them the database holds ten times as many.
pub const DEMO_PATIENTS: u32 = 2_000;

/// The whole clinic, as a script for psql.
pub fn clinic(patients: u32) -> String {
    format!("{}{}", table(patients), include_str!("../data/clinic.sql"))
}

/// The table `patients` alone, as a script for psql.
pub fn table(patients: u32) -> String {
    format!("\\set patients {patients}\n{}", include_str!("../data/patients.sql"))
}

#[cfg(test)]
mod tests {
    use crate::{Postgres, PostgresOptions, patients};

    #[test]
    fn the_clinic_is_large_enough_and_the_same_each_time() {
        let server = Postgres::start(&PostgresOptions::default()).unwrap();
        server.execute("postgres", &patients::clinic(patients::DEMO_PATIENTS)).unwrap();
        let rows = "select sum((xpath('/row/c/text()', query_to_xml(
                        format('select count(*) as c from %I', relname), false, true, '')))[1]::text::int)
                    from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace";
        let rows: u32 = server.execute("postgres", rows).unwrap().trim().parse().unwrap();
        assert!(rows > 10_000, "{rows} rows");
        let digest = "select md5(string_agg(patients::text, '' order by patient_id)) from patients";
        assert_eq!(server.execute("postgres", digest).unwrap().trim(), PATIENTS_MD5);
    }

    /// Changes only when the data is changed on purpose.
    const PATIENTS_MD5: &str = "26984b8d580a3c92d2510d66636b570b";
}
