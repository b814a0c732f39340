-- The last time each scheduled hook was fired, so that one missed while nobody looked runs once.
CREATE TABLE fired (
    workspace TEXT NOT NULL,
    hook TEXT NOT NULL,
    fired REAL NOT NULL,
    PRIMARY KEY (workspace, hook)
) STRICT, WITHOUT ROWID;
