-- The part that writes.
\set VERBOSITY verbose
CREATE TABLE stock.shelves (shelf_id int PRIMARY KEY, label text NOT NULL);
COPY stock.shelves FROM STDIN;
1	top
2	bottom \\ left
\.
COPY stock.shelves FROM STDIN (FORMAT csv);
3,"quoted, ""label"""
\.
SELECT * FROM stock.shelves ORDER BY 1;
INSERT INTO stock.shelves VALUES (1, 'again');
INSERT INTO stock.shelves VALUES (4, NULL);
SELECT stock.complain('the anvil');
DO $$ BEGIN RAISE WARNING 'mind the step'; END $$;
SET TIME ZONE 'Asia/Tokyo';
SELECT seen FROM stock.items WHERE item_id = 7;
LISTEN deliveries;
NOTIFY deliveries, 'a box';
CREATE TEMP TABLE scratch AS SELECT item_id FROM stock.items WHERE item_id < 3;
TABLE scratch;
EXPLAIN (COSTS OFF) SELECT label FROM stock.items WHERE item_id = 7;
DROP TABLE stock.shelves;
