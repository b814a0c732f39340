-- What a person has paused: a workspace, or '*' for everything. Survives a restart.
CREATE TABLE paused (
    workspace TEXT PRIMARY KEY,
    since REAL NOT NULL
) STRICT, WITHOUT ROWID;
