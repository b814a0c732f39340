"""The attack suite runs as an ordinary user; as root it is started again as one (test_ordinary_user.py)."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from types import ModuleType

collect_ignore = ["cases.py", "ground.py"]
if os.geteuid() == 0:
    collect_ignore += ["test_attacks.py"]


def load(name: str) -> ModuleType:
    """A module of this folder, which is no package."""
    spec = importlib.util.spec_from_file_location(f"attacks_{name}", Path(__file__).with_name(f"{name}.py"))
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # a dataclass looks its own module up
    spec.loader.exec_module(module)
    return module


CASES = load("cases").CASES


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every case at every level. Two thirds of those at the copy, and of the protected names, wait for the soak."""
    if "level" in metafunc.fixturenames:
        chosen = []
        for n, case in enumerate(CASES):
            marks = [] if n % 3 == 0 or case.group in ("processes", "sockets") else [pytest.mark.soak]
            alike = [pytest.mark.soak] if n % 3 and case.group == "protected" else []  # one road, many names
            chosen.append(pytest.param(case, "overlay", id=f"{case.name}-overlay", marks=alike))
            chosen.append(pytest.param(case, "copy", id=f"{case.name}-copy", marks=marks))
        metafunc.parametrize(("case", "level"), chosen)
    elif "case" in metafunc.fixturenames:
        metafunc.parametrize("case", CASES, ids=[case.name for case in CASES])


@pytest.fixture(scope="session")
def ground_module() -> ModuleType:
    return load("ground")


@pytest.fixture
def cases() -> list[object]:
    return list(CASES)
