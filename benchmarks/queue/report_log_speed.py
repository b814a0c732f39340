"""What a report costs: appending, opening, reading and verifying a log of many records.

.venv/bin/python benchmarks/queue/report_log_speed.py [--records 20000] [--directory DIR]
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

from daemon.agents.port import Outcome
from daemon.report import files
from daemon.report.log import ReportLog
from daemon.report.reader import ReportReader
from daemon.report.record import RunDraft
from daemon.view.port import Isolation
from hooks.finding import Finding, Level
from hooks.model import Cause, Change, ChangeKind, Mode


def draft(job: int) -> RunDraft:
    path = f"src/functions/f{job}.ts"
    found = Finding(
        rule="hardcoded-credential",
        category="hardcoded-credential",
        level=Level.ERROR,
        message="a key stands in the source; read it from the environment instead",
        file=path,
        line=3,
        column=7,
        fingerprint="0123456789abcdef",
    )
    return RunDraft(
        workspace="/home/dev/shop",
        hook="Run security check on new Lambda",
        origin="hooks.yaml:9",
        mode=Mode.ADVISORY,
        agent="builtin",
        isolation=Isolation.OVERLAY,
        job=job,
        attempt=1,
        outcome=Outcome.SUCCEEDED,
        started=1.8e9 + job,
        duration=0.2,
        identity={"user": "dev", "uid": 1000, "host": "desk"},
        changes=(Change(path=path, kind=ChangeKind.CREATED, cause=Cause.EDIT, sha256="ab" * 32),),
        summary="looked at one file for hardcoded credentials, missing input validation and IAM scope",
        findings=(found,) * 3,
    )


def timed(what: str, count: int, start: float) -> None:
    seconds = time.perf_counter() - start
    print(f"{what:<52}{seconds * 1000:>10,.1f} ms   {count / seconds:>10,.0f} records/s", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=20_000)
    parser.add_argument("--directory", help="where the log goes; the disk that is measured")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.directory) as folder:
        directory, count = Path(folder), options.records
        log = ReportLog(directory)
        start = time.perf_counter()
        for job in range(1, 301):
            log.append(draft(job))
        timed("append, each with its fsync", 300, start)
        durable, os.fsync = os.fsync, lambda _: None
        start = time.perf_counter()
        for job in range(301, count + 1):
            log.append(draft(job))
        os.fsync = durable
        timed("append, without fsync", count - 300, start)
        log.close()
        size = sum(path.stat().st_size for path in directory.iterdir())
        print(f"the log: {size / 1e6:.1f} MB in {len(files.rotated(directory)) + 1} files")
        start = time.perf_counter()
        log = ReportLog(directory)
        timed("open for writing", count, start)
        start = time.perf_counter()
        log.append(draft(5))
        timed("append of a very old attempt (is found)", 1, start)
        log.close()
        reader = ReportReader(directory)
        for what, work in (("read all runs", lambda: list(reader.records())), ("verify", reader.verify)):
            start = time.perf_counter()
            work()
            timed(what, count, start)


if __name__ == "__main__":
    main()
