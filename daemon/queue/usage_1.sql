-- What runs used, for budgets. A run is entered when it starts; its tokens when they are known.
CREATE TABLE usage (
    job       INTEGER NOT NULL,
    attempt   INTEGER NOT NULL CHECK (attempt >= 1),
    workspace BLOB    NOT NULL,
    hook      BLOB    NOT NULL,
    agent     BLOB    NOT NULL,
    at        REAL    NOT NULL,
    tokens    INTEGER NOT NULL DEFAULT 0 CHECK (tokens >= 0),
    PRIMARY KEY (job, attempt)
) STRICT, WITHOUT ROWID;

CREATE INDEX usage_of_hook ON usage (workspace, hook, at, tokens);
CREATE INDEX usage_at ON usage (at, tokens);

-- One agent's circuit; an agent that is well has no row.
CREATE TABLE breakers (
    agent    BLOB    NOT NULL PRIMARY KEY,
    circuit  TEXT    NOT NULL CHECK (circuit IN ('closed', 'open', 'probing')),
    failures INTEGER NOT NULL CHECK (failures >= 1),
    until    REAL    NOT NULL
) STRICT, WITHOUT ROWID;
