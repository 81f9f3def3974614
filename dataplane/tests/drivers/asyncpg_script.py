"""What asyncpg gets from a server, one line a fact. It speaks the extended protocol in binary alone,
caches prepared statements and asks the catalog about types that it doesn't know.

The connection comes from libpq's environment variables. With READ_ONLY=1 nothing is written.
"""

import asyncio
import io
import os

import asyncpg

READ_ONLY = os.environ.get("READ_ONLY") == "1"


def tell(label, value):
    print(f"{label}: {value!r}")


async def tell_error(label, connection, statement, *parameters):
    try:
        await connection.fetch(statement, *parameters)
        tell(label, "no error")
    except asyncpg.PostgresError as e:
        tell(label, (type(e).__name__, e.sqlstate, e.message, e.detail, e.hint, e.position,
                     e.table_name, e.column_name, e.constraint_name))


async def reading(connection):
    rows = await connection.fetch("SELECT * FROM stock.items WHERE item_id IN (0, 7, 199) ORDER BY item_id")
    for row in rows:
        tell("row", tuple(row.items()))
    statement = await connection.prepare("SELECT item_id, label, price FROM stock.items WHERE item_id = $1")
    tell("parameters", [p.name for p in statement.get_parameters()])
    tell("attributes", [(a.name, a.type.name) for a in statement.get_attributes()])
    for i in range(6):
        tell("prepared", tuple(await statement.fetchrow(i)))
    for i in range(6):
        tell("cached", await connection.fetchval("SELECT label FROM stock.items WHERE item_id = $1", i))
    async with connection.transaction():
        total = 0
        async for record in connection.cursor("SELECT item_id FROM stock.items", prefetch=17):
            total += record["item_id"]
        tell("cursor", total)
        cursor = await connection.cursor("SELECT item_id FROM stock.items ORDER BY 1")
        await cursor.forward(10)
        tell("forward", [r[0] for r in await cursor.fetch(3)])
    await tell_error("syntax", connection, "SELEC 1")
    await tell_error("no such table", connection, "SELECT * FROM stock.nothing")
    await tell_error("division", connection, "SELECT 1 / (item_id - item_id) FROM stock.items")
    await tell_error("overflow", connection, "SELECT item_id * 2147483647 FROM stock.items")
    tell("and on it goes", await connection.fetchval("SELECT 'still here'"))
    try:
        await connection.fetch("SELECT pg_sleep(60)", timeout=0.3)
    except asyncio.TimeoutError:
        tell("timeout", "cancelled")
    tell("after the timeout", await connection.fetchval("SELECT 1"))
    out = io.BytesIO()
    tell("copy out", await connection.copy_from_query(
        "SELECT item_id, label FROM stock.items WHERE item_id < $1 ORDER BY 1", 4, output=out))
    tell("copied", out.getvalue())


async def writing(connection):
    tell("script", await connection.execute(
        "CREATE TABLE stock.crates (crate_id int PRIMARY KEY, label text, sizes int[]); SELECT 1"))
    tell("copy in", await connection.copy_records_to_table(
        "crates", schema_name="stock", records=[(i, f"crate {i}", [i, None]) for i in range(1000)]))
    await connection.executemany("INSERT INTO stock.crates VALUES ($1, $2, $3)",
                                 [(i, "many", []) for i in range(1000, 1100)])
    tell("count", await connection.fetchrow("SELECT count(*), sum(crate_id) FROM stock.crates"))
    await tell_error("unique", connection, "INSERT INTO stock.crates VALUES (1)")
    try:
        async with connection.transaction():
            await connection.execute("DELETE FROM stock.crates")
            raise KeyError("changed my mind")
    except KeyError:
        tell("rolled back", await connection.fetchval("SELECT count(*) FROM stock.crates"))
    got = asyncio.Queue()
    await connection.add_listener("deliveries", lambda *a: got.put_nowait(a[2:]))
    await connection.execute("NOTIFY deliveries, 'a box'")
    tell("notified", await got.get())
    await connection.reset()
    tell("reset", await connection.fetchval("SELECT 1"))


async def main():
    connection = await asyncpg.connect()
    await reading(connection)
    if not READ_ONLY:
        await writing(connection)
    await connection.close()


asyncio.run(asyncio.wait_for(main(), 120))
