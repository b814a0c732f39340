-- Jobs. Times are seconds since the epoch. Names and paths are blobs, since a file name need not be UTF-8.
-- The checks repeat the invariants of daemon/job.py, so that a fault in the code is an error and not a lost job.

CREATE TABLE jobs (
    -- AUTOINCREMENT: a number is never given twice, also after retention; reports are keyed by it.
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace     BLOB    NOT NULL,
    hook          BLOB    NOT NULL,
    hook_digest   TEXT    NOT NULL,
    state         TEXT    NOT NULL
                  CHECK (state IN ('waiting', 'running', 'succeeded', 'failed', 'superseded', 'cancelled')),
    attempt       INTEGER NOT NULL DEFAULT 0 CHECK (attempt >= 0),
    failures      INTEGER NOT NULL DEFAULT 0 CHECK (failures >= 0),
    max_failures  INTEGER NOT NULL CHECK (max_failures >= 1),
    not_before    REAL    NOT NULL,
    not_after     REAL,
    -- 0 while not_before was still ahead when last looked at; a claim promotes those whose time has come.
    due           INTEGER NOT NULL DEFAULT 0 CHECK (due IN (0, 1)),
    -- What the job shares with those whose place it may take; NULL when it takes none.
    coalesce_key  BLOB,
    together      INTEGER NOT NULL CHECK (together IN (0, 1)),
    created       REAL    NOT NULL,
    updated       REAL    NOT NULL,
    token         TEXT,
    lease_until   REAL,
    superseded_by INTEGER,
    reason        TEXT    NOT NULL DEFAULT '',

    CHECK ((state = 'running') = (token IS NOT NULL)),
    CHECK ((state = 'running') = (lease_until IS NOT NULL)),
    CHECK ((state = 'superseded') = (superseded_by IS NOT NULL)),
    CHECK (superseded_by IS NULL OR superseded_by > id),
    CHECK (failures <= attempt),
    CHECK (failures <= max_failures),
    CHECK (state NOT IN ('waiting', 'running') OR failures < max_failures),
    CHECK (state <> 'failed' OR failures >= 1),
    CHECK (state NOT IN ('running', 'succeeded', 'failed') OR attempt >= 1)
) STRICT;

-- A claim looks at the jobs whose time has come, by number, and at nothing else.
CREATE INDEX jobs_due ON jobs (id) WHERE state = 'waiting' AND due = 1;
CREATE INDEX jobs_ahead ON jobs (not_before) WHERE state = 'waiting' AND due = 0;
CREATE INDEX jobs_running ON jobs (lease_until) WHERE state = 'running';
-- One waiting job for all that may coalesce.
CREATE UNIQUE INDEX jobs_waiting_once ON jobs (workspace, hook, coalesce_key)
    WHERE state = 'waiting' AND coalesce_key IS NOT NULL;
-- For counts and listings.
CREATE INDEX jobs_by_state ON jobs (state, id);

-- What a job is about. No path twice.
CREATE TABLE job_changes (
    job           INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    position      INTEGER NOT NULL CHECK (position >= 0),
    path          BLOB    NOT NULL,
    kind          TEXT    NOT NULL CHECK (kind IN ('created', 'modified', 'deleted')),
    cause         TEXT    NOT NULL CHECK (cause IN ('edit', 'checkout', 'catch-up', 'apply', 'manual', 'schedule')),
    sha256        TEXT,
    first_content INTEGER NOT NULL CHECK (first_content IN (0, 1)),
    empty         INTEGER NOT NULL CHECK (empty IN (0, 1)),
    PRIMARY KEY (job, position)
) STRICT, WITHOUT ROWID;

-- The paths of the running jobs. Its key is the promise that no two of them share a file.
CREATE TABLE running_paths (
    workspace     BLOB    NOT NULL,
    path          BLOB    NOT NULL,
    job           INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    PRIMARY KEY (workspace, path)
) STRICT, WITHOUT ROWID;

-- When a hook last ended on a path: what a cooldown counts from. Outlives the jobs, not the retention.
CREATE TABLE finishes (
    workspace     BLOB    NOT NULL,
    hook          BLOB    NOT NULL,
    path          BLOB    NOT NULL,
    at            REAL    NOT NULL,
    PRIMARY KEY (workspace, hook, path)
) STRICT, WITHOUT ROWID;
