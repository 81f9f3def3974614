-- What a clinic keeps about its patients: five related tables, notes in free text, documents in JSON, a
-- view, and beside them a table that has nothing to do with anybody.

CREATE TABLE encounters (
    encounter_id integer PRIMARY KEY,
    patient_id   integer NOT NULL REFERENCES patients,
    kind         text NOT NULL,
    started_at   timestamptz NOT NULL,
    ended_at     timestamptz NOT NULL,
    icd10        text NOT NULL,
    charge       numeric(10, 2) NOT NULL
);
INSERT INTO encounters
SELECT i, 1 + (i - 1) % :patients,
       ('{ambulatory,emergency,inpatient,wellness}'::text[])[1 + pick(i, 21, 4)],
       started_at, started_at + make_interval(mins => 15 + pick(i, 23, 600)),
       ('{E11.9,I10,J45.909,M54.5,F41.1,Z00.00}'::text[])[1 + pick(i, 24, 6)],
       50 + pick(i, 25, 500000) / 100.0
FROM generate_series(1, 2 * :patients) AS i,
    LATERAL (SELECT timestamptz '2019-01-01 08:00Z' + make_interval(mins => pick(i, 22, 3000000))) AS s (started_at);

CREATE TABLE observations (
    observation_id integer PRIMARY KEY,
    encounter_id   integer NOT NULL REFERENCES encounters,
    loinc          text NOT NULL,
    name           text NOT NULL,
    value          numeric(8, 2) NOT NULL,
    unit           text NOT NULL
);
INSERT INTO observations
SELECT i, 1 + (i - 1) % (2 * :patients),
       ('{2345-7,4548-4,8480-6,29463-7,718-7}'::text[])[kind],
       ('{Glucose,Hemoglobin A1c,Systolic blood pressure,Body weight,Hemoglobin}'::text[])[kind],
       round(('{70,4.5,95,45,10.5}'::numeric[])[kind] * (100 + pick(i, 31, 80)) / 100, 2),
       ('{mg/dL,%,mmHg,kg,g/dL}'::text[])[kind]
FROM generate_series(1, 3 * :patients) AS i, LATERAL (SELECT 1 + pick(i, 32, 5)) AS k (kind);

CREATE TABLE medications (
    medication_id integer PRIMARY KEY,
    encounter_id  integer NOT NULL REFERENCES encounters,
    ndc           text NOT NULL,
    name          text NOT NULL,
    dose_mg       integer NOT NULL
);
INSERT INTO medications
SELECT i, 1 + pick(i, 41, 2 * :patients),
       ('{00093-1048-01,00378-0208-01,68180-0513-01}'::text[])[kind],
       ('{metformin,furosemide,lisinopril}'::text[])[kind],
       ('{500,40,10}'::int[])[kind]
FROM generate_series(1, :patients) AS i, LATERAL (SELECT 1 + pick(i, 42, 3)) AS k (kind);

CREATE TABLE insurance (
    policy_id  integer PRIMARY KEY,
    patient_id integer NOT NULL REFERENCES patients,
    payer      text NOT NULL,
    member_id  text NOT NULL,
    mbi        text
);
INSERT INTO insurance
SELECT i, i,
       ('{Medicare,Blue Harbor,Union Mutual}'::text[])[1 + pick(i, 51, 3)],
       'W' || lpad((100000000 + pick(i, 52, 899999999))::text, 9, '0'),
       CASE pick(i, 51, 3) WHEN 0 THEN
           format('%sEG%s-TE%s-MK%s', 1 + pick(i, 53, 9), pick(i, 54, 10), pick(i, 55, 10), 10 + pick(i, 56, 90))
       END
FROM generate_series(1, :patients) AS i;

CREATE TABLE notes (
    note_id      integer PRIMARY KEY,
    patient_id   integer NOT NULL REFERENCES patients,
    encounter_id integer NOT NULL REFERENCES encounters,
    body         text NOT NULL
);
INSERT INTO notes
SELECT patient_id, patient_id, patient_id,
       format(E'Patient: %s %s, MRN: %s, seen on %s for follow-up of type 2 diabetes (E11.9).\n'
              'SSN on file %s. Reached at %s, e-mail %s; lives at %s, %s, %s %s.\n'
              'Glucose 182 mg/dL, HbA1c 8.1 %%, BP 142/88. Continue metformin 500 mg twice daily, recheck in 3 months.',
              first_name, last_name, mrn, to_char(date '2024-01-08' + pick(patient_id, 61, 600), 'MM/DD/YYYY'),
              ssn, phone, email, address, city, state, zip)
FROM patients;

CREATE TABLE documents (
    document_id integer PRIMARY KEY,
    patient_id  integer NOT NULL REFERENCES patients,
    body        jsonb NOT NULL
);
INSERT INTO documents
SELECT patient_id, patient_id,
       jsonb_build_object(
           'resourceType', 'Patient',
           'identifier', jsonb_build_array(
               jsonb_build_object('type', 'MR', 'value', mrn), jsonb_build_object('type', 'SS', 'value', ssn)),
           'name', jsonb_build_array(jsonb_build_object('family', last_name, 'given', jsonb_build_array(first_name))),
           'telecom', jsonb_build_array(
               jsonb_build_object('system', 'phone', 'value', phone),
               jsonb_build_object('system', 'email', 'value', email)),
           'gender', CASE sex WHEN 'F' THEN 'female' ELSE 'male' END,
           'birthDate', birth_date,
           'address', jsonb_build_array(jsonb_build_object(
               'line', jsonb_build_array(address), 'city', city, 'state', state, 'postalCode', zip)))
FROM patients
WHERE patient_id % 2 = 0;

CREATE VIEW contact_list AS
SELECT patient_id, last_name || ', ' || first_name AS who, phone AS reach_at, ssn AS reference
FROM patients;

-- The laboratory's instruments: codes, versions and numbers that only look like identifiers.
CREATE TABLE analyzers (
    analyzer_id      integer PRIMARY KEY,
    model            text NOT NULL,
    firmware_version text NOT NULL,
    order_id         text NOT NULL,
    loinc            text NOT NULL,
    icd10            text NOT NULL,
    ndc              text NOT NULL,
    value            numeric(8, 2) NOT NULL,
    unit             text NOT NULL,
    age              integer NOT NULL
);
INSERT INTO analyzers VALUES
    (1, 'Cobra 8000', '10.2.3.4', '4111111111111112', '2345-7', 'E11.9', '00093-1048-01', 5.40, 'mmol/L', 89),
    (2, 'Atella 24',  '7.14.0.1', '5500005555555550', '4548-4', 'I10',   '68180-0513-01', 6.10, '%',      42);

DROP FUNCTION pick(bigint, int, int);
ANALYZE;
