"""Hostile agents at every level of isolation this machine offers, and against a naive driver to show that they bite."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Any

import pytest

from daemon.view.choose import choose

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import ModuleType


@pytest.fixture(scope="session")
def template(ground_module: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ground_module.make_template(tmp_path_factory.mktemp("template"))  # type: ignore[no-any-return] # loaded by path


@pytest.fixture(scope="session")
def offered(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    probe = choose(above=tmp_path_factory.mktemp("probe")).probe
    return {"overlay": probe.overlay, "copy": probe.copy}


@pytest.fixture(scope="session")
def grounds(ground_module: ModuleType, template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Gives the ground of the case before when nothing was changed there, else a fresh one."""
    with contextlib.ExitStack() as stack:
        present: list[Any] = []

        def give() -> Any:
            if not present or not present[-1].clean:
                fresh = stack.enter_context(ground_module.Ground(template, tmp_path_factory.mktemp("ground")))
                stack.enter_context(fresh.decoy_daemon())
                present.append(fresh)
            return present[-1]

        yield give


@pytest.fixture
def ground(grounds: Any) -> Any:
    return grounds()


def test_a_hostile_agent_harms_nothing(ground: Any, case: Any, level: str, offered: dict[str, str]) -> None:
    if offered[level]:
        pytest.skip(f"this machine offers no {level}: {offered[level]}")
    seen = ground.guarded(level, case.script, case.timeout)
    assert not seen.harm, (seen.harm, seen.output[-600:])
    if case.verdict != "any" and seen.end.code == 0:
        assert seen.decision == case.verdict, (seen.decision, seen.reasons, seen.change_set, seen.output[-600:])
    assert level == "copy" or not list((ground.views / level).iterdir()), "the view's folder is gone"


def test_at_least_one_level_holds_or_agents_are_refused(offered: dict[str, str], tmp_path: Path) -> None:
    print("levels:", {level: why or "holds" for level, why in offered.items()}, "uid:", os.getuid())
    choice = choose(above=tmp_path / "views")
    (tmp_path / "tree").mkdir()
    if all(offered.values()):
        with pytest.raises(Exception, match="no agent can be kept"), choice.views.open(tmp_path / "tree", paths=()):
            pass


BEYOND_THE_GROUND = ("kills everything", "fork bomb", "schedules for later", "asks the user's systemd")
"""Cases that would harm the machine or the tests themselves: counted as bites, and not tried without a view."""


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_most_of_the_suite_bites(ground_module: ModuleType, template: Path, tmp_path: Path, cases: Any) -> None:
    unharmed = []
    for n, case in enumerate(cases):
        if case.name in BEYOND_THE_GROUND:
            continue
        with ground_module.Ground(template, tmp_path / str(n)) as ground, ground.decoy_daemon():
            if not ground.naive(case.script, case.timeout).harm:
                unharmed.append(case.name)
    print(f"naive driver: harmed by {len(cases) - len(unharmed)} of {len(cases)} cases; unharmed by {unharmed}")
    assert unharmed, "a driver that everything harms shows nothing"
    assert len(unharmed) < len(cases) / 2


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_a_large_tree_is_the_same_after_an_agent_tried_to_change_everything(
    ground_module: ModuleType, tmp_path: Path, offered: dict[str, str]
) -> None:
    template = ground_module.make_template(tmp_path / "template")
    for n in range(10_000):
        folder = template / "tree" / f"many{n % 100}"
        folder.mkdir(exist_ok=True)
        (folder / f"{n}.ts").write_text(f"export const v = {n};\n")
    script = (
        'for t in . "$TREE"; do find "$t" -type f -exec sh -c \'for f; do echo x >> "$f"; chmod 777 "$f"; touch -d '
        '2001-01-01 "$f"; done\' _ {} +; done; rm -rf many1* .git docs; mv many2 many_2'
    )
    for level in [level for level in offered if not offered[level]]:
        with ground_module.Ground(template, tmp_path / level) as ground, ground.decoy_daemon():
            seen = ground.guarded(level, script, 300.0)
            assert not seen.harm, seen.harm
            assert seen.decision == "refuse"
            print(level, len(seen.change_set.edits), "edits, tree identical:", len(ground.take_stock()[0]), "entries")


BITES = ("writes into HOME", "plants a hook", "reads .env", "edits .kiro/hooks/evil.kiro.hook", "kills the daemon",
         "sets core.fsmonitor", "edits the queue", "speaks to a socket on a path", "moves HEAD")  # fmt: skip


def test_the_suite_bites(ground_module: ModuleType, template: Path, tmp_path: Path, cases: Any) -> None:
    unharmed = []
    for n, case in enumerate(case for case in cases if case.name in BITES):
        with ground_module.Ground(template, tmp_path / str(n)) as ground, ground.decoy_daemon():
            if not ground.naive(case.script, case.timeout).harm:
                unharmed.append(case.name)
    assert not unharmed
