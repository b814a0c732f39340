-- What the watch has seen. Paths are bytes, as the file system has them; a NULL hash says "not hashed yet".
CREATE TABLE ledger_workspace (
    id INTEGER PRIMARY KEY,
    path BLOB NOT NULL UNIQUE,
    read_before INTEGER NOT NULL DEFAULT 0 CHECK (read_before IN (0, 1))
) STRICT;

CREATE TABLE ledger_file (
    workspace INTEGER NOT NULL REFERENCES ledger_workspace (id) ON DELETE CASCADE,
    directory BLOB NOT NULL,
    name BLOB NOT NULL CHECK (length(name) > 0),
    size INTEGER NOT NULL CHECK (size >= 0),
    mtime_ns INTEGER NOT NULL,
    ctime_ns INTEGER NOT NULL,
    inode INTEGER NOT NULL,
    sha256 BLOB CHECK (sha256 IS NULL OR length(sha256) = 32),
    earlier BLOB NOT NULL DEFAULT x'' CHECK (length(earlier) % 32 = 0 AND length(earlier) <= 128),
    born_empty INTEGER NOT NULL DEFAULT 0 CHECK (born_empty IN (0, 1)),
    PRIMARY KEY (workspace, directory, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE ledger_expected (
    workspace INTEGER NOT NULL REFERENCES ledger_workspace (id) ON DELETE CASCADE,
    path BLOB NOT NULL,
    sha256 BLOB NOT NULL CHECK (length(sha256) IN (0, 32)), -- empty: that the file is gone
    PRIMARY KEY (workspace, path, sha256)
) STRICT, WITHOUT ROWID;

CREATE TABLE ledger_note (
    workspace INTEGER NOT NULL REFERENCES ledger_workspace (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (workspace, name)
) STRICT, WITHOUT ROWID;
