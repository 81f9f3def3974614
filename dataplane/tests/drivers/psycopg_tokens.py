"""What a client makes of two results whose identifiers are tokens: it joins them by the token, groups by it, and
prints a line for each patient. The connections come from libpq's environment variables.
"""

from collections import defaultdict

import psycopg


def rows(query, binary):
    with psycopg.connect(autocommit=True) as connection:
        return connection.cursor(binary=binary).execute(query).fetchall()


totals = defaultdict(int)
for ssn, member_id, amount in rows("SELECT ssn, member_id, amount FROM billing", True):
    totals[ssn, member_id] += amount
for nth, ssn, member_id in rows("SELECT nth, ssn, member_id FROM insured", False):
    print(nth, totals.pop((ssn, member_id)))
assert not totals, totals
