-- Tokens in the place of values. The digest is made with a key that control hasn't, the token at random. With
-- scope "grant" a token ends with its grant.
CREATE TABLE vault (
    digest TEXT PRIMARY KEY,
    token TEXT NOT NULL,
    grant_id TEXT
) STRICT, WITHOUT ROWID;

CREATE INDEX vault_by_grant ON vault (grant_id) WHERE grant_id IS NOT NULL;
