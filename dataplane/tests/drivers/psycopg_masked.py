"""What psycopg 3 makes of each cell of the tables that are named, in text and in binary: a line of the cell, its
Python type and its value. The connection comes from libpq's environment variables.
"""

import sys

import psycopg

with psycopg.connect(autocommit=True) as connection:
    for table in sys.argv[1].split(","):
        for binary in (False, True):
            cursor = connection.cursor(binary=binary)
            cursor.execute(f"SELECT * FROM {table}")
            for column, value in zip(cursor.description, cursor.fetchone()):
                kind = "null" if value is None else type(value).__name__
                print(table, column.name, "binary" if binary else "text", end="\t")
                print(kind, repr(value), sep="\t")
