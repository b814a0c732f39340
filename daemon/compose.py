"""Compose: builds the real parts and wires them. The only module that knows which adapter stands behind which port."""

from __future__ import annotations

import getpass
import os
import random
import re
import socket
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from daemon import clock
from daemon.agents.embedded import EmbeddedAgent
from daemon.archive import Archive
from daemon.control.server import ControlServer
from daemon.crew import Crew
from daemon.errors import HookdError
from daemon.gate import Gate
from daemon.hands import Hands
from daemon.intake import Intake
from daemon.operations import LocalOperations
from daemon.pause import Pauses
from daemon.queue.sqlite import SqliteQueue
from daemon.queue.usage import UsageStore
from daemon.report.redact import Redactor
from daemon.requests import RequestBuilder
from daemon.runner import Runner
from daemon.schedule import Schedule
from daemon.service import Service
from daemon.settings import POLICY_FILE, load_settings
from daemon.state import lock
from daemon.state.database import Database
from daemon.state.paths import user_home
from daemon.trust import TrustStore
from daemon.watch.ledger import Ledger
from daemon.watch.watch import Watch
from daemon.worker import Worker
from daemon.workspace import Workspace, read_workspace
from daemon.workspaces import Workspaces
from hooks.model import Cause

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from daemon.agents.port import Agent
    from daemon.choice import AgentChoice
    from daemon.control.port import Operations
    from daemon.job import Job
    from daemon.settings import Settings
    from daemon.state.paths import StatePaths
    from daemon.view.port import Views


_SECRET_NAME = re.compile(r"(?i)(?:key|token|secret|passw|credential)")


@dataclass(kw_only=True)
class _Parts:
    """What both the daemon and a command that stands in for it are made of."""

    paths: StatePaths
    settings: Settings
    database: Database
    queue: SqliteQueue
    ledger: Ledger
    pauses: Pauses
    archive: Archive
    workspaces: Workspaces
    intake: Intake
    hands: Hands
    usage: UsageStore
    worker: Worker
    crew: Crew


@contextmanager
def _parts(paths: StatePaths) -> Iterator[_Parts]:
    """Take the lock, open the state, build the parts; everything is closed again at the end."""
    paths.create()
    with ExitStack() as stack:
        stack.enter_context(lock.hold(paths.lock, socket=paths.socket))
        database = Database(paths.database)
        stack.callback(database.close)
        archive = Archive(paths)
        stack.callback(archive.close)
        home, settings = user_home(), load_settings(paths.config, Path(POLICY_FILE))
        queue, ledger, trust = SqliteQueue(database), Ledger(database), TrustStore(paths.state_dir)
        workspaces, usage = Workspaces(home=home, trust=trust, settings=settings), UsageStore(database)
        crew: Crew
        intake = Intake(
            database=database,
            queue=queue,
            ledger=ledger,
            workspace=workspaces.get,
            clock=clock.now,
            added=lambda: crew.wake(),  # noqa: PLW0108 - not made yet
        )
        hands = Hands(
            paths=paths,
            settings=settings,
            ledger=ledger,
            accept=intake.accept,
            archive=archive,
            identity=_identity(),
            clock=clock.now,
        )
        runner = Runner(
            agents=agents(settings),
            requests=RequestBuilder(home),
            views=_views(paths, workspaces),
            hinter=EmbeddedAgent(),
            hands=hands,
            redactor=Redactor(_secrets(os.environ)),
            change_sets=archive.change_sets,
        )
        worker = Worker(
            queue=queue,
            workspace=workspaces.get,
            runner=runner,
            gate=Gate(trust=trust, settings=settings, usage=usage),
            reports=archive,
            identity=_identity(),
            clock=clock.now,
            chance=random.random,
        )
        crew = Crew(queue=queue, worker=worker, size=settings.workers, clock=clock.now)
        yield _Parts(
            paths=paths,
            settings=settings,
            database=database,
            queue=queue,
            ledger=ledger,
            pauses=Pauses(database),
            archive=archive,
            workspaces=workspaces,
            intake=intake,
            hands=hands,
            usage=usage,
            worker=worker,
            crew=crew,
        )


@contextmanager
def daemon(paths: StatePaths) -> Iterator[Service]:
    """The daemon, not yet started."""
    with _parts(paths) as parts:
        service: Service
        watch = Watch(parts.ledger, parts.intake, probes=paths.state_dir / "probes")
        operations = _operations(parts, watch_status=lambda: _watch_status(watch), reload=lambda: service.reload())  # noqa: PLW0108 - not made yet
        schedule = Schedule(
            database=parts.database,
            fire=lambda workspace, hook: _fire_by_clock(parts, operations, workspace, hook),
            added=parts.crew.wake,
            clock=clock.now,
        )
        service = Service(
            operations=operations,
            control=ControlServer(paths.socket, operations),
            queue=parts.queue,
            workspaces=parts.workspaces,
            watch=watch,
            crew=parts.crew,
            worker=parts.worker,
            schedule=schedule,
            pauses=parts.pauses,
            reported=lambda job: _reported(parts, job),
            recover=parts.hands.recover,
            forget_usage=lambda now: parts.usage.forget(now=now),
            clock=clock.now,
        )
        parts.intake.reread = service.reread
        yield service


@contextmanager
def stand_in(paths: StatePaths) -> Iterator[Operations]:
    """The operations of a daemon for one command, when none runs: under its lock, without a watch."""
    with _parts(paths) as parts:
        operations = _operations(
            parts, watch_status=lambda: {"directories": 0, "unwatched": []}, reload=lambda: None, alone=True
        )
        for root in trusted_workspaces(paths):
            parts.workspaces.open(root)
        try:
            yield operations
        finally:
            parts.crew.stop()


def trusted_workspaces(paths: StatePaths) -> list[Path]:
    """Every workspace that was allowed and is still there."""
    return [Path(root) for root in TrustStore(paths.state_dir).workspaces() if Path(root, ".kiro").is_dir()]


def read_here(root: Path) -> Workspace:
    """A workspace as its files are now, under the user's settings; for commands that only look."""
    from daemon.state.paths import from_environment

    home = user_home()
    settings = load_settings(from_environment(os.environ, home=home).config, Path(POLICY_FILE))
    return read_workspace(root, home=home, settings=settings)


def _operations(
    parts: _Parts, *, watch_status: Callable[[], dict[str, Any]], reload: Callable[[], None], alone: bool = False
) -> LocalOperations:
    return LocalOperations(
        queue=parts.queue,
        workspaces=parts.workspaces,
        crew=parts.crew,
        pauses=parts.pauses,
        decide=parts.hands.decide,
        watch_status=watch_status,
        hash_file=_hash_file,
        reload=reload,
        clock=clock.now,
        alone=alone,
    )


def _watch_status(watch: Watch) -> dict[str, Any]:
    status = watch.status()
    unwatched = [{"path": gap.path, "reason": gap.reason, "remedy": gap.remedy} for gap in status.unwatched]
    return {
        "directories": status.directories,
        "unwatched": unwatched,
        "pending": status.pending,
        "overflows": status.overflows,
        "alive": status.alive and not status.deaf,
    }


def _hash_file(root: Path, path: str) -> str | None:
    from daemon.watch.content import Footing, UnreadableError, UnsettledError, look

    try:
        seen = look(str(root), path, Footing(str(root)))
    except (UnsettledError, UnreadableError) as error:
        raise HookdError(path, str(error) or "cannot be read", "try again when it is whole") from error
    return seen.sha256 if seen else None


def _fire_by_clock(parts: _Parts, operations: LocalOperations, workspace: str, hook: str) -> None:
    where = parts.workspaces.need(workspace)
    parts.queue.add(operations.plan_fire(where, where.hook(hook), (), cause=Cause.SCHEDULE), now=clock.now())


def _reported(parts: _Parts, job: Job) -> Callable[[], None] | None:
    """How to finish a job whose report a crash left behind, or ``None`` when its run was not reported."""
    from daemon.agents.port import Outcome

    record = parts.archive.find(job.workspace, job.id, job.attempt)
    if record is None:
        return None
    outcome, error = Outcome(record.value["outcome"]), record.value["error"]
    return lambda: parts.worker.finish(job, outcome=outcome, error=error)


def agents(settings: Settings) -> AgentChoice:
    """The agents that hooks can name, under these settings."""
    from daemon.agents.probe import probe
    from daemon.agents.registry import make
    from daemon.agents.shell import ShellAgent
    from daemon.choice import AgentChoice

    return AgentChoice(make=make, shell=ShellAgent(), look=probe, steady=time.monotonic, settings=settings)


def _views(paths: StatePaths, workspaces: Workspaces) -> Callable[[Agent, Path], Views]:
    """The views for an agent: the best isolation there is, and for our own program alone, where there is none, a
    throw-away copy.
    """
    from daemon.view.choose import choose

    def ignored(root: Path) -> Callable[[str, bool], bool]:
        workspace = workspaces.get(str(root))
        return workspace.ignore.ignored if workspace else lambda _path, _directory: False

    choice = choose(above=paths.state_dir / "views", hidden=(paths.state_dir, paths.config_dir), ignored=ignored)

    def views(agent: Agent, workspace: Path) -> Views:
        if agent.kind == "builtin" and all(choice.views.refusals(workspace)):
            return choice.plain
        return choice.views

    return views


def _secrets(environ: Mapping[str, str]) -> list[str]:
    """The values of variables that, by their names, hold secrets."""
    return [value for name, value in environ.items() if _SECRET_NAME.search(name)]


def _identity() -> Mapping[str, str | int | None]:
    try:
        user: str | None = getpass.getuser()
    except (KeyError, OSError):
        user = None  # a user without a passwd entry
    return {"user": user, "uid": os.getuid(), "host": socket.gethostname()}
