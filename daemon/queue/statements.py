"""The longer statements of the SQLite queue. No text of anyone else's gets into one of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from daemon.job import FINAL, State

if TYPE_CHECKING:
    from collections.abc import Collection

if TYPE_CHECKING:
    from collections.abc import Collection

FORGET_AT_ONCE = 2000

# A partial index is only used when the state stands in the statement itself, and named where SQLite would rather take
# another: it knows no statistics of a table that changes all the time.
WAITING = f"state = '{State.WAITING}'"
RUNNING = f"state = '{State.RUNNING}'"

INSERT = f"""
INSERT INTO jobs (id, workspace, hook, hook_digest, state, max_failures, not_before, not_after, due, coalesce_key,
                  together, created, updated)
VALUES (?, ?, ?, ?, '{State.WAITING}', ?, ?, ?, ?, ?, ?, ?, ?)
"""  # noqa: S608 - constants
INSERT_CHANGE = "INSERT INTO job_changes VALUES (?, ?, ?, ?, ?, ?, ?, ?)"

SAME_KEY = f"""
SELECT * FROM jobs INDEXED BY jobs_waiting_once
WHERE workspace = ? AND hook = ? AND coalesce_key = ? AND coalesce_key IS NOT NULL AND {WAITING}
"""  # noqa: S608 - constants

PROMOTE = f"UPDATE jobs INDEXED BY jobs_ahead SET due = 1 WHERE {WAITING} AND due = 0 AND not_before <= ?"  # noqa: S608

ANY_DUE = f"""
SELECT 1 FROM jobs INDEXED BY jobs_due WHERE {WAITING} AND due = 1 AND workspace NOT IN (%s) LIMIT 1
"""  # noqa: S608 - constants
FIRST_AHEAD = f"""
SELECT min(not_before) AS at FROM jobs INDEXED BY jobs_ahead WHERE {WAITING} AND due = 0 AND workspace NOT IN (%s)
"""  # noqa: S608 - constants

# The first %s stands for as many question marks as there are paused workspaces, the second one for ``among``.
OLDEST_FREE = f"""
SELECT * FROM jobs AS job INDEXED BY jobs_due
WHERE {WAITING} AND due = 1 AND workspace NOT IN (%s)%s
  AND NOT EXISTS (
    SELECT 1 FROM job_changes AS change
    JOIN running_paths AS taken ON taken.workspace = job.workspace AND taken.path = change.path
    WHERE change.job = job.id)
ORDER BY id LIMIT 1
"""  # noqa: S608 - constants

TAKE_PATHS = "INSERT INTO running_paths SELECT ?, path, job FROM job_changes WHERE job = ?"

FINISH = """
INSERT INTO finishes SELECT ?, ?, path, ? FROM job_changes WHERE job = ?
ON CONFLICT DO UPDATE SET at = max(at, excluded.at)
"""

FREE_PATHS = "DELETE FROM running_paths WHERE workspace = ? AND path IN (SELECT path FROM job_changes WHERE job = ?)"

# By number from where the last portion ended. Retention is rare: an index for it would cost every job more than it
# saves.
ENDED = f"""
SELECT id FROM jobs
WHERE id > :from AND (state IN ({", ".join(f"'{state}'" for state in sorted(FINAL))}) AND updated < :before
                      OR state = '{State.FAILED}' AND updated < :keep_failed_before)
ORDER BY id LIMIT {FORGET_AT_ONCE}
"""  # noqa: S608 - constants


def among(only: Collection[int] | None) -> tuple[str, list[str]]:
    """The condition that keeps a claim to ``only`` these jobs, and its values; nothing when any job will do."""
    return ("", []) if only is None else (" AND id IN (SELECT value FROM json_each(?))", [json.dumps(sorted(only))])
