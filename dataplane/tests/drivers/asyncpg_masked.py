"""What asyncpg, which speaks binary alone, makes of each cell of the tables that are named: a line of the cell, its
Python type and its value. The connection comes from libpq's environment variables.
"""

import asyncio
import sys

import asyncpg


async def main():
    connection = await asyncpg.connect()
    for table in sys.argv[1].split(","):
        row = await connection.fetchrow(f"SELECT * FROM {table}")
        for column, value in row.items():
            kind = "null" if value is None else type(value).__name__
            print(f"{table} {column}", kind, repr(value), sep="\t")
    await connection.close()


asyncio.run(asyncio.wait_for(main(), 120))
