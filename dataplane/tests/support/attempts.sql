-- What the attempts need beside the clinic: identifiers in unusual types and places, functions that leak, and
-- two schemas whose tables differ in nothing but what they hold.

-- Numbers and dates that travel in binary.
CREATE TABLE badges (badge_id integer PRIMARY KEY, ssn bigint, born date, account numeric(12, 0));
INSERT INTO badges VALUES (1, 987654321, '1931-07-23', 123456789012);

-- SSNs as sample data has them, and one that fills a field of 49 bytes: the length's last byte is the digit 1.
CREATE TABLE members (member_no integer PRIMARY KEY, ssn text UNIQUE);
INSERT INTO members VALUES (1, '123-45-6789'), (2, '999-12-3456'), (3, '666-45-6789');
CREATE TABLE memos (memo_id integer PRIMARY KEY, body text);
INSERT INTO memos VALUES (1, rpad('219-09-9999 is the number that was on the old card', 49)),
                         (2, rpad('078-05-1120 was printed on the sample card', 49, '.'));

-- One number in other ways to write it, in a relation that has no column of any class.
CREATE TABLE scraps (scrap_no integer, body text);
INSERT INTO scraps VALUES (1, E'{"n": "\\u0032\\u0031\\u0039-09-9999"}'), (2, '２１９-０９-９９９９'), (3, '٢١٩-٠٩-٩٩٩٩'),
    (4, E'2\u200b1\u200b9-09-99\u200b99'), (5, E'219\u00a009\u00a09999'), (6, '219–09–9999'), (7, E'219-09-\n9999'),
    (8, E'219-09-\u001b[0m9999'), (9, 'MjE5LTA5LTk5OTk='), (10, '3231392d30392d39393939');

-- Pictures and documents under names that tell nothing.
CREATE TABLE scans (scan_no integer, payload bytea, link text);
INSERT INTO scans SELECT n, picture, 'data:image/jpeg;base64,' || translate(encode(picture, 'base64'), E'\n', '')
    FROM (VALUES (1, '\xffd8ffe000104a464946'::bytea), (2, decode(repeat('00', 128), 'hex') || 'DICM'),
                 (3, '\x89504e470d0a1a0a'), (4, '%PDF-1.7')) v(n, head),
         LATERAL (SELECT head || convert_to(repeat('Featherstonehaugh ', 40), 'UTF8') AS picture) p;

-- Values in values: fields of a row type, lexemes, bounds, and a row within a string of JSON.
CREATE TYPE name_t AS (first text, last text);
CREATE TABLE guests (guest_no integer PRIMARY KEY, who name_t, others name_t[], words tsvector, stay daterange,
    stays text, line jsonb);
INSERT INTO guests VALUES (1, ('Wilhelmina', 'Featherstonehaugh'), ARRAY[('Ann', 'Featherstonehaugh')::name_t],
    to_tsvector('simple', 'guest 987654321 came'), '[1931-07-23,1960-01-02)', '[1931-07-23,1960-01-02)',
    '{"row": "Johanna,123-45-6789,F"}');

-- A view whose definition compares with what no scan knows.
CREATE VIEW marked AS SELECT patient_id, blood_type, ssn FROM patients WHERE mrn <> 'kx-204-77q' AND patient_id <> 904417;

-- Functions that put data into notices and errors.
CREATE FUNCTION shout(text) RETURNS integer LANGUAGE plpgsql AS
$$ BEGIN RAISE NOTICE 'heard %', $1 USING DETAIL = $1, HINT = $1; RETURN 1; END $$;
CREATE FUNCTION smuggle(text) RETURNS integer LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'no %', $1 USING ERRCODE = substr(replace($1, '-', ''), 1, 5), COLUMN = $1,
    CONSTRAINT = $1, TABLE = $1, DATATYPE = $1, SCHEMA = $1, DETAIL = $1, HINT = $1; END $$;
CREATE FUNCTION ssn_of(integer) RETURNS text LANGUAGE sql AS 'SELECT ssn FROM patients WHERE patient_id = $1';
CREATE FUNCTION people() RETURNS TABLE (who text, reference text) LANGUAGE sql AS
'SELECT last_name, ssn FROM patients';
-- A user's own function under the name of a safe one.

CREATE SCHEMA decoy;
CREATE TABLE decoy.codes (code text);
INSERT INTO decoy.codes VALUES ('nothing of interest');
CREATE SCHEMA hidden;
CREATE TABLE hidden.codes (code text);
INSERT INTO hidden.codes VALUES ('Wilhelmina Featherstonehaugh');

CREATE EXTENSION hstore;
ANALYZE;

-- A generated column is an expression that the server keeps.
CREATE TABLE mirrors (id int, body text, turned text GENERATED ALWAYS AS (reverse(body)) STORED);
INSERT INTO mirrors (id, body) SELECT memo_id, body FROM memos;
