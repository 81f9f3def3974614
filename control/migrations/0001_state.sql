-- Starts of the data plane. A number is given out only once it stands here, so that no two starts
-- ever write segments under one.
CREATE TABLE boots (
    boot INTEGER PRIMARY KEY,
    shards INTEGER NOT NULL,
    started_at_ms INTEGER NOT NULL
) STRICT;

-- Whom control let in. Evidence is in the segments; this is for running the gateway.
CREATE TABLE grants (
    id TEXT PRIMARY KEY,
    principal TEXT NOT NULL,
    issuer TEXT NOT NULL,
    groups TEXT NOT NULL,
    resource TEXT NOT NULL,
    database TEXT NOT NULL,
    client_address TEXT NOT NULL,
    claimed_user TEXT NOT NULL,
    admitted_at_ms INTEGER NOT NULL,
    expires_at_ms INTEGER NOT NULL,
    ended_at_ms INTEGER
) STRICT;

CREATE INDEX grants_by_expiry ON grants (expires_at_ms);

-- What decided, and since when. The hash is in every record made under it.
CREATE TABLE snapshots (
    version INTEGER PRIMARY KEY,
    hash TEXT NOT NULL,
    published_at_ms INTEGER NOT NULL
) STRICT;
