-- What psql gets from a server. Verbose errors show every field but the server's source line.
\set VERBOSITY verbose
\set ON_ERROR_STOP off
\pset null '<null>'
\x on
SELECT * FROM stock.items WHERE item_id IN (0, 7, 199) ORDER BY item_id;
\x off
SELECT item_id, label, price FROM stock.items WHERE item_id < 4 ORDER BY 1 \gdesc
SELECT 1 AS one \; SELECT 'two' AS two \; SELECT 3 AS three WHERE false;
PREPARE by_number(int) AS SELECT label FROM stock.items WHERE item_id = $1;
EXECUTE by_number(7);
EXECUTE by_number(8);
DEALLOCATE by_number;
\set FETCH_COUNT 20
SELECT item_id FROM stock.items ORDER BY 1;
\unset FETCH_COUNT
COPY (SELECT item_id, label FROM stock.items ORDER BY 1 LIMIT 3) TO STDOUT (FORMAT csv, HEADER);
\copy (SELECT label, tags FROM stock.items ORDER BY item_id LIMIT 3) TO STDOUT
BEGIN;
DECLARE reader SCROLL CURSOR FOR SELECT item_id, label FROM stock.items ORDER BY 1;
FETCH 3 FROM reader;
MOVE 10 IN reader;
FETCH BACKWARD 2 FROM reader;
CLOSE reader;
SAVEPOINT before_the_error;
SELECT 1 / 0;
SELECT 'aborted';
ROLLBACK TO before_the_error;
SELECT 'and on it goes';
COMMIT;
SELEC 1;
SELECT * FROM stock.nothing;
SELECT nothing FROM stock.items;
SELECT 'abc'::int;
SELECT 1 \bad
SELECT ';' AS "semi;colon", $$dollar ; quoted$$ AS "d", E'esc\'aped' AS e /* a ; comment */;
SHOW server_encoding;
SHOW standard_conforming_strings;
\d stock.items
