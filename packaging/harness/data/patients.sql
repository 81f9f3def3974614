-- Synthetic patients: :patients of them, the same in every run and on every server.
-- Nobody's data: the SSNs begin with 9 (never issued), the telephone numbers lie in 555-01xx, the mail
-- addresses in example.org.

-- One of n, as if at random, from a row's number and a salt.
CREATE FUNCTION pick(i bigint, salt int, n int) RETURNS int LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT ((i * 48271 + salt * 6962111) % 2147483647 * 16807 % 2147483647 % n)::int $$;

CREATE TABLE patients (
    patient_id integer PRIMARY KEY,
    mrn        text NOT NULL,
    first_name text NOT NULL,
    last_name  text NOT NULL,
    sex        char(1) NOT NULL,
    birth_date date NOT NULL,
    ssn        text NOT NULL,
    phone      text NOT NULL,
    email      text NOT NULL,
    address    text NOT NULL,
    city       text NOT NULL,
    state      char(2) NOT NULL,
    zip        text NOT NULL,
    blood_type text NOT NULL
);

WITH words AS (
    SELECT
        '{Amara,Bartholomew,Cassandra,Demetrius,Eleonora,Fitzgerald,Guadalupe,Hezekiah,Ingeborg,Jebediah,'
        'Katarzyna,Leopold,Marguerite,Nathaniel,Ophelia,Percival,Quintessa,Rosalind,Sebastian,Theodora}'::text[]
            AS first_names,
        '{Abernathy,Bjornstad,Castellanos,Dombrowski,Espinoza,Featherstone,Grzybowski,Hallworth,Ivanovich,'
        'Jankowski,Kowalczyk,Lindqvist,Montemayor,Nakamura,Okonkwo,Papadopoulos,Quisenberry,Rasmussen,'
        'Szymanski,Thistlewood,Umarov,Villanueva,Wojciechowski,Xiong,Yarborough,Zimmermann}'::text[]
            AS last_names,
        '{Maple,Juniper,Cedar Hollow,Willow Creek,Old Mill,Kingfisher}'::text[] AS streets,
        '{Street,Avenue,Lane,Road,Drive}'::text[] AS kinds,
        '{Springfield,Burlington,Tuscaloosa,Chattanooga,Sheboygan,Kalispell}'::text[] AS cities,
        '{IL,VT,AL,TN,WI,MT}'::text[] AS states,
        '{62704,05401,35401,37402,53081,59901}'::text[] AS zips,
        '{0+,A+,B+,AB+,0-,A-}'::text[] AS blood_types
)
INSERT INTO patients
SELECT
    i,
    'MRN-' || lpad((pick(i, 1, 9000000) + 1000000)::text, 8, '0'),
    first_name,
    last_name,
    CASE pick(i, 2, 2) WHEN 0 THEN 'F' ELSE 'M' END,
    date '1926-01-01' + pick(i, 3, 36000),
    format('9%s-%s-%s', lpad(pick(i, 4, 100)::text, 2, '0'), lpad((1 + pick(i, 5, 49))::text, 2, '0'),
           lpad((1 + pick(i, 6, 9999))::text, 4, '0')),
    format('(%s) 555-01%s', 201 + pick(i, 7, 700), lpad(pick(i, 8, 100)::text, 2, '0')),
    lower(first_name || '.' || last_name || i || '@example.org'),
    format('%s %s %s', 100 + pick(i, 9, 9800), streets[1 + pick(i, 10, 6)], kinds[1 + pick(i, 11, 5)]),
    cities[1 + place],
    states[1 + place],
    zips[1 + place],
    blood_types[1 + pick(i, 12, 6)]
FROM words,
    generate_series(1, :patients) AS i,
    LATERAL (SELECT first_names[1 + pick(i, 13, 20)] AS first_name,
                    last_names[1 + pick(i, 14, 26)] AS last_name,
                    pick(i, 15, 6) AS place) AS chosen;
