"""What psycopg 3 gets from a server, one line a fact: text and binary results, prepared statements,
pipelines, COPY in three formats, server-side cursors, transactions, errors and cancellation.

The connection comes from libpq's environment variables. With READ_ONLY=1 nothing is written.
"""

import os
import threading

import psycopg
from psycopg import sql
from psycopg.rows import tuple_row

READ_ONLY = os.environ.get("READ_ONLY") == "1"


def tell(label, value):
    print(f"{label}: {value!r}")


def tell_error(label, connection, statement, parameters=None):
    try:
        connection.execute(statement, parameters)
        tell(label, "no error")
    except psycopg.Error as error:
        d = error.diag
        tell(label, (type(error).__name__, d.severity_nonlocalized, d.sqlstate, d.message_primary,
                     d.message_detail, d.message_hint, d.statement_position, d.schema_name,
                     d.table_name, d.column_name, d.constraint_name))


def types(connection):
    for binary in (False, True):
        cursor = connection.cursor(binary=binary)
        cursor.execute("SELECT * FROM stock.items WHERE item_id IN (0, 7, 199) ORDER BY item_id")
        # Object numbers of one's own types differ between databases.
        tell("columns", [(c.name, c.type_code if c.type_code < 16384 else "own", c.internal_size)
                         for c in cursor.description])
        for row in cursor:
            tell(f"row, binary {binary}", row)
        tell("status", (cursor.statusmessage, cursor.rowcount))


def prepared(connection):
    for i in range(6):
        cursor = connection.execute(
            "SELECT item_id, label, price FROM stock.items WHERE item_id = %s", (i,), prepare=True)
        tell("prepared", cursor.fetchall())
    tell("many parameters", connection.execute(
        "SELECT %s::int4 + %s::int8, %s::text, %s::bytea, %s::int4[], %s::numeric, %s::date",
        (1, 2, "a'b\\c", b"\x00\xff", [1, None, 3], "1.50", "2001-02-03")).fetchone())
    tell("no rows", connection.execute("SELECT 1 WHERE false").fetchall())
    tell("empty query", connection.execute("").statusmessage)
    results = connection.execute("SELECT 1; SELECT 'two', 2; SELECT 3 WHERE false")
    answers = [results.fetchall()]
    while results.nextset():
        answers.append(results.fetchall())
    tell("several statements", answers)


def pipelined(connection):
    with connection.pipeline() as pipeline:
        cursors = [connection.execute("SELECT item_id, weight FROM stock.items WHERE item_id = %s", (i,))
                   for i in range(1, 30)]
        pipeline.sync()
        tell("pipeline", [cursor.fetchone() for cursor in cursors])
    try:
        with connection.pipeline():
            first = connection.execute("SELECT 1")
            connection.execute("SELECT 1 / 0")
            connection.execute("SELECT 2")
    except psycopg.Error as error:
        tell("pipeline with an error", (type(error).__name__, error.diag.sqlstate))
    tell("after it", connection.execute("SELECT 3").fetchone())


def copied_out(connection):
    query = "SELECT item_id, label, price, made, tags FROM stock.items ORDER BY item_id LIMIT 5"
    for options in ("FORMAT text", "FORMAT csv, HEADER true", "FORMAT binary"):
        with connection.cursor().copy(f"COPY ({query}) TO STDOUT ({options})") as copy:
            tell(f"copy out, {options}", b"".join(bytes(block) for block in copy))
    with connection.cursor().copy("COPY stock.items TO STDOUT") as copy:
        tell("copy of the whole table", sum(1 for _ in copy.rows()))


def cursors(connection):
    with connection.transaction():
        with connection.cursor("reader", row_factory=tuple_row) as cursor:
            cursor.itersize = 30
            cursor.execute("SELECT item_id, label FROM stock.items ORDER BY item_id")
            tell("server-side cursor", [row[0] for row in cursor])
        with connection.cursor("scroller", scrollable=True, binary=True) as cursor:
            cursor.execute("SELECT item_id, price FROM stock.items ORDER BY item_id")
            cursor.scroll(50)
            tell("scrolled", cursor.fetchmany(3))
            cursor.scroll(-20)
            tell("back", cursor.fetchone())


def errors(connection):
    tell_error("syntax", connection, "SELEC 1")
    tell_error("no such table", connection, "SELECT * FROM stock.nothing")
    tell_error("no such column", connection, "SELECT nothing FROM stock.items")
    tell_error("division", connection, "SELECT 1 / (item_id - item_id) FROM stock.items")
    tell_error("cast", connection, "SELECT 'abc'::int")
    tell_error("parameter", connection, "SELECT %s::int4", ("x",))
    tell_error("no such function", connection, "SELECT nothing_of_the_kind(1)")
    tell_error("too many", connection, "SELECT 2147483647 + 1")
    tell("and on it goes", connection.execute("SELECT 'still here'").fetchone())
    try:
        with connection.transaction():
            connection.execute("SELECT 1 / 0")
    except psycopg.Error as error:
        tell("rolled back", error.diag.sqlstate)
    connection.execute("BEGIN")
    tell_error("in a transaction", connection, "SELECT 1 / 0")
    tell_error("aborted", connection, "SELECT 1")
    tell("transaction status", connection.info.transaction_status.name)
    connection.execute("ROLLBACK")


def cancelled(connection):
    running = threading.Event()

    def cancel():
        running.wait()
        # The statement may not have reached the server yet; then ask again.
        while not done.wait(0.2):
            connection.cancel_safe()

    done = threading.Event()
    thread = threading.Thread(target=cancel)
    thread.start()
    running.set()
    tell_error("cancelled", connection, "SELECT pg_sleep(60)")
    done.set()
    thread.join()
    # A second request may still be under way; it finds nothing to cancel, or this.
    while True:
        try:
            tell("after the cancellation", connection.execute("SELECT 1").fetchone())
            return
        except psycopg.errors.QueryCanceled:
            continue


def written(connection):
    notices = []
    connection.add_notice_handler(lambda d: notices.append((d.severity_nonlocalized, d.message_primary, d.message_hint)))
    connection.execute("CREATE TABLE stock.parts (part_id int PRIMARY KEY, label text NOT NULL, amount numeric CHECK (amount > 0))")
    connection.execute("CREATE TABLE IF NOT EXISTS stock.parts (part_id int)")
    for options, data in (("FORMAT text", b"1\tone\t1.5\n2\ttab\\tbed\t2.5\n"),
                          ("FORMAT csv", b'3,"a, ""b""",3.5\n4,four,\n')):
        with connection.cursor().copy(f"COPY stock.parts FROM STDIN ({options})") as copy:
            copy.write(data)
    cursor = connection.cursor()
    with cursor.copy("COPY stock.parts FROM STDIN (FORMAT binary)") as copy:
        copy.set_types(["int4", "text", "numeric"])
        for i in range(5, 500):
            copy.write_row((i, f"part {i}", i))
    tell("copied in", cursor.statusmessage)
    tell("parts", connection.execute("SELECT count(*), sum(amount), max(label) FROM stock.parts").fetchone())
    try:
        with connection.cursor().copy("COPY stock.parts FROM STDIN") as copy:
            copy.write(b"x\ty\n")
    except psycopg.Error as error:
        tell("bad copy", (error.diag.sqlstate, error.diag.message_primary, error.diag.context))
    try:
        with connection.cursor().copy("COPY stock.parts FROM STDIN") as copy:
            copy.write(b"9001\ty\t1\n")
            raise KeyError("the client changed its mind")
    except KeyError as error:
        tell("copy given up", str(error))
    tell_error("unique", connection, "INSERT INTO stock.parts VALUES (1, 'again', 1)")
    tell_error("not null", connection, "INSERT INTO stock.parts VALUES (1000, NULL, 1)")
    tell_error("check", connection, "INSERT INTO stock.parts VALUES (1000, 'x', -1)")
    tell("returning", connection.execute("UPDATE stock.parts SET amount = amount + 1 WHERE part_id < 4 RETURNING *").fetchall())
    cursor.executemany("INSERT INTO stock.parts VALUES (%s, %s, %s) RETURNING part_id",
                       [(i, "many", 1) for i in range(2000, 2010)], returning=True)
    tell("many", (cursor.rowcount, cursor.fetchone()))
    tell("deleted", connection.execute("DELETE FROM stock.parts WHERE part_id > 1000").statusmessage)
    with connection.transaction():
        connection.execute("INSERT INTO stock.parts VALUES (7000, 'kept', 1)")
        try:
            with connection.transaction():
                connection.execute("INSERT INTO stock.parts VALUES (7001, 'not kept', 1)")
                connection.execute("SELECT 1 / 0")
        except psycopg.Error as error:
            tell("savepoint", error.diag.sqlstate)
    tell("kept", connection.execute("SELECT part_id FROM stock.parts WHERE part_id >= 7000").fetchall())
    tell_error("raised", connection, "SELECT stock.complain('the anvil')")
    tell("notices", notices)
    connection.execute("LISTEN deliveries")
    connection.execute("SELECT pg_notify('deliveries', 'a box')")
    tell("notified", [(n.channel, n.payload) for n in connection.notifies(timeout=20, stop_after=1)])
    connection.execute("SET application_name = 'transcript'; SET TIME ZONE 'Asia/Tokyo'; SET datestyle = 'SQL, DMY'")
    tell("settings", [connection.info.parameter_status(name) for name in ("application_name", "TimeZone", "DateStyle", "server_encoding", "client_encoding", "standard_conforming_strings")])
    tell("in that zone", connection.execute("SELECT seen::text, made::text FROM stock.items WHERE item_id = 7").fetchone())
    connection.execute("DISCARD ALL")
    tell("discarded", connection.execute("SHOW datestyle").fetchone())


with psycopg.connect(autocommit=True) as connection:
    types(connection)
    prepared(connection)
    pipelined(connection)
    copied_out(connection)
    cursors(connection)
    errors(connection)
    cancelled(connection)
    if not READ_ONLY:
        written(connection)
