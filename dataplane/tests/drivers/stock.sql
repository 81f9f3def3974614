-- Data without PHI, in every type that the drivers read. Loaded straight into the server.
CREATE SCHEMA stock;
CREATE TYPE stock.grade AS ENUM ('plain', 'fine', 'superb');
CREATE DOMAIN stock.quantity AS integer CHECK (VALUE >= 0);
CREATE TYPE stock.size AS (width integer, height integer);
CREATE TABLE stock.items (
    item_id  integer PRIMARY KEY,
    label    text UNIQUE,
    weight   double precision,
    ratio    real,
    price    numeric(12, 3),
    stored   stock.quantity,
    small    smallint,
    big      bigint,
    good     boolean,
    made     date,
    changed  timestamp,
    seen     timestamptz,
    opens    time,
    lasts    interval,
    code     uuid,
    raw      bytea,
    tags     text[],
    numbers  integer[],
    document jsonb,
    plain    json,
    address  inet,
    span     int4range,
    quality  stock.grade,
    extent   stock.size,
    spot     point,
    padded   char(8),
    short    varchar(20)
);
INSERT INTO stock.items
SELECT i, 'widget ' || i, i * 1.5, i / 3.0, i * 1000.125, i * 2, i, i * 10000000000, i % 2 = 0,
       date '2001-02-03' + i, timestamp '2001-02-03 04:05:06.789' + make_interval(days => i),
       timestamptz '2001-02-03 04:05:06.789Z' + make_interval(hours => i), time '04:05:06' + make_interval(mins => i),
       make_interval(months => i, days => 2, secs => 3.5), ('00000000-0000-4000-8000-' || lpad(i::text, 12, '0'))::uuid,
       decode('00ff' || lpad(to_hex(i), 4, '0'), 'hex'), ARRAY['red', NULL, 'say "hi"'], ARRAY[i, NULL, -i],
       jsonb_build_object('n', i, 'list', ARRAY[1, 2]), '{"b": 1,  "a": [true, null]}', '192.0.2.0/24',
       int4range(i, i + 10), (enum_range(NULL::stock.grade))[1 + i % 3], ROW(i, i + 1)::stock.size, point(i, -i), 'pad', 'short ' || i
FROM generate_series(1, 200) AS i;
INSERT INTO stock.items (item_id) VALUES (0);
CREATE FUNCTION stock.complain(text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE NOTICE 'about to complain of %', $1 USING HINT = 'never mind';
    RAISE EXCEPTION 'cannot take %', $1 USING ERRCODE = '22023', DETAIL = 'it is too heavy';
END $$;
ANALYZE;
