"""As root, the attack suite is run as an ordinary user; nothing of it is left out."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

import pytest

HERE = Path(__file__).parent
NOBODY_KNOWS = 54321


def interpreter_for(user: int) -> str | None:
    """One that this user may execute; ours may lie in root's own home."""
    for python in (sys.executable, shutil.which("python3", path="/usr/local/bin:/usr/bin") or ""):
        try:
            version = f"sys.version_info[:2] == {sys.version_info[:2]}"
            line = [python, "-I", "-c", f"import sys; sys.exit(not ({version}))"]
            if subprocess.run(line, user=user, group=user, extra_groups=[], check=False).returncode == 0:
                return python
        except OSError:
            continue
    return None


def run_suite(user: int | None, *more: str, inside: tuple[str, ...] = ()) -> tuple[int, str]:
    """The suite as another user (``None``: as this one), behind the words of ``inside``: exit code and output."""
    python = sys.executable if user is None else interpreter_for(user)
    if python is None:
        pytest.skip("no interpreter that an ordinary user may execute")
    base = Path(tempfile.mkdtemp(prefix="attacks-", dir="/tmp"))  # the runner's own folder may be root's alone
    if user is not None:
        os.chown(base, user, user)
    paths = sysconfig.get_paths()
    env = {
        "PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(base), "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": os.pathsep.join((str(HERE.parents[1]), paths["purelib"], paths["platlib"])),
    }  # fmt: skip
    line = [*inside, python, "-m", "pytest", str(HERE), "-q", "-rA", "--no-header", "-p", "no:cacheprovider", "-p",
            "no:xdist", "--basetemp", str(base / "t"), "--tb=short", *more]  # fmt: skip
    as_user = {} if user is None else {"user": user, "group": user, "extra_groups": []}
    try:
        done = subprocess.run(
            line, cwd=HERE.parents[1], env=env, umask=0o022, capture_output=True, text=True, check=False, **as_user
        )  # type: ignore[call-overload] # the user, where one is named
    finally:
        shutil.rmtree(base, ignore_errors=True)
    told = ("levels:", "naive driver:", " passed", "tree identical:")
    print("\n".join(one for one in done.stdout.splitlines() if any(word in one for word in told)))
    return done.returncode, "\n".join(one for one in done.stdout.splitlines() if not one.startswith("PASSED"))


def passed(text: str) -> int:
    found = re.search(r"(\d+) passed", text)
    return int(found[1]) if found else 0


@pytest.mark.skipif(os.geteuid() != 0, reason="not root: the suite itself runs here")
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("user", "chosen", "least"),
    [
        pytest.param(NOBODY_KNOWS, "not soak", 200, id="without a passwd entry"),
        pytest.param(65534, "soak or not soak", 330, id="nobody, every case", marks=pytest.mark.soak),
    ],
)
def test_the_suite_holds_for_an_ordinary_user(user: int, chosen: str, least: int) -> None:
    code, text = run_suite(user, "-m", chosen, "-k", "not namespaces")
    assert code == 0, text[-8000:]
    assert passed(text) >= least, "the suite ran"


@pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is needed to switch namespaces off")
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("chosen", "least"),
    [
        pytest.param("copy and (outside or ssh or loopback or kills)", 4, id="a few cases"),
        pytest.param("copy", 100, id="every case", marks=pytest.mark.soak),
    ],
)
def test_the_copy_holds_where_namespaces_are_refused(chosen: str, least: int) -> None:
    inside = ("bwrap", "--dev-bind", "/", "/", "--unshare-user", "--disable-userns", "--")
    user = NOBODY_KNOWS if os.geteuid() == 0 else None
    if subprocess.run([*inside, "true"], check=False, capture_output=True).returncode != 0:
        pytest.skip("this machine refuses namespaces already: the suite itself shows the copy")
    code, text = run_suite(user, "-m", "soak or not soak", "-k", f"{chosen} or level", inside=inside)
    assert code == 0, text[-8000:]
    assert "'overlay': ''" not in text
    assert "'overlay': 'holds'" not in text, "the overlay was really refused"
    assert passed(text) >= least
