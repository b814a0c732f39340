"""Where a program lies, and whether the view shows it: venvs, links, scripts, and places that are not to be seen."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.program import Exit, HomeFile, Program
from daemon.view.choose import choose
from daemon.view.copy import CopyViews
from daemon.view.overlay import Outside, OverlayViews
from daemon.view.programs import located
from daemon.view.surroundings import private_home
from daemon.view.words import failure, packed, unpacked


@pytest.fixture(scope="module")
def offered(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    probe = choose(above=tmp_path_factory.mktemp("probe")).probe
    return {"overlay": probe.overlay, "copy": probe.copy}


@pytest.fixture(params=["overlay", "copy"])
def views(request: pytest.FixtureRequest, offered: dict[str, str], tmp_path: Path) -> OverlayViews | CopyViews:
    if offered[request.param]:
        pytest.skip(f"this machine offers no {request.param}: {offered[request.param]}")
    (tmp_path / "tree").mkdir()
    (tmp_path / "home" / ".ssh").mkdir(parents=True)
    outside = Outside(
        bwrap=shutil.which("bwrap") or "",
        environ={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path / "home")},
        home=tmp_path / "home",
        hidden=(tmp_path / "home" / ".ssh",),
    )
    kind = OverlayViews if request.param == "overlay" else CopyViews
    return kind(tmp_path / "views", outside)


def run(views: OverlayViews | CopyViews, tmp_path: Path, *argv: object, **more: object) -> Exit:
    with views.open(tmp_path / "tree", paths=()) as view:
        program = Program(argv=tuple(map(str, argv)), timeout=30, **more)  # type: ignore[arg-type] # the caller's fields
        return view.run(program, stop=threading.Event())


def script(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def venv(place: Path) -> Path:
    """A virtual environment whose base lies elsewhere, as `python -m venv` makes it, without its packages."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(place)], check=True)
    return place


def test_the_interpreter_of_a_virtual_environment_works(views: OverlayViews, tmp_path: Path) -> None:
    place = venv(tmp_path / "some" / "venv")
    end = run(views, tmp_path, place / "bin" / "python3", "-c", "import sys, json; print(sys.prefix)")
    assert end.stdout.decode().strip() == str(place), end


def test_a_virtual_environment_behind_a_link_works(views: OverlayViews, tmp_path: Path) -> None:
    place = venv(tmp_path / "versions" / "v1")
    (tmp_path / "current").symlink_to(place)
    tool = script(place / "bin" / "tool", f"#!{place}/bin/python3\nimport json; print('tool')\n")
    for program in (tmp_path / "current" / "bin" / "python3", tmp_path / "current" / "bin" / tool.name):
        end = run(views, tmp_path, program, *(("-c", "print('tool')") if program.name == "python3" else ()))
        assert end.stdout == b"tool\n", end


def test_a_script_is_shown_with_its_interpreter(views: OverlayViews, tmp_path: Path) -> None:
    interpreter = script(tmp_path / "lang" / "bin" / "lang", '#!/bin/sh\necho "lang runs $(basename "$1")"\n')
    tool = script(tmp_path / "tools" / "tool", f"#!{interpreter}\n")
    assert run(views, tmp_path, tool).stdout == b"lang runs tool\n"
    by_name = script(tmp_path / "tools" / "by-name", "#!/usr/bin/env lang\n")
    end = run(views, tmp_path, by_name, env={"PATH": f"{interpreter.parent}:/usr/bin:/bin"})
    assert end.stdout == b"lang runs by-name\n", end


def test_a_program_given_to_a_wrapping_shell_is_shown(views: OverlayViews, tmp_path: Path) -> None:
    tool = script(tmp_path / "apart" / "tool", "#!/bin/sh\necho tool\n")
    assert run(views, tmp_path, "/bin/sh", "-c", 'exec "$@"', "name", tool).stdout == b"tool\n"
    end = run(views, tmp_path, "/bin/sh", "-c", "echo my own words; exit 77", "name", tmp_path / "never there")
    assert (end.code, end.stdout) == (77, b"my own words\n"), "what is missing is left to the script to say"


def test_a_program_right_in_home_is_shown_alone(views: OverlayViews, tmp_path: Path) -> None:
    tool = script(tmp_path / "home" / "tool", '#!/bin/sh\ncat "$(dirname "$0")/private" || echo alone\n')
    (tmp_path / "home" / "private").write_text("private\n")
    assert run(views, tmp_path, tool).stdout == b"alone\n"


def test_a_program_where_no_agent_may_look_is_refused_with_a_remedy(views: OverlayViews, tmp_path: Path) -> None:
    tool = script(tmp_path / "home" / ".ssh" / "tool", "#!/bin/sh\necho tool\n")
    (tmp_path / "elsewhere").symlink_to(tool)
    for program in (tool, tmp_path / "elsewhere"):
        end = run(views, tmp_path, program)
        assert end.code is None
        assert "no agent may see" in end.error
        assert "install it somewhere else" in end.error


def test_a_link_to_nowhere_and_a_missing_interpreter_are_named(views: OverlayViews, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    end = run(views, tmp_path, tmp_path / "link")
    assert (end.code, "nowhere, which is not there" in end.error) == (None, True)
    tool = script(tmp_path / "tools" / "tool", f"#!{tmp_path}/no/such/python\n")
    end = run(views, tmp_path, tool)
    assert end.code is None
    assert f"its interpreter {tmp_path}/no/such/python: not found" in end.error


def test_a_workspace_does_not_decide_what_of_home_is_shown(views: OverlayViews, tmp_path: Path) -> None:
    tool = script(tmp_path / "home" / "private" / "bin" / "tool", "#!/bin/sh\necho tool\n")
    (tmp_path / "home" / "private" / "diary").write_text("diary\n")
    link = tmp_path / "tree" / "agent"
    link.symlink_to(tool)
    root = tmp_path / "tree"
    found = located([str(link)], path="", root=root, hidden=())
    assert found.paths == ()
    assert tool in found.needed
    assert "add it to `read_only:`" in found.missing_from((), root)
    assert found.missing_from((tmp_path / "home" / "private" / "bin",), root) == ""
    end = run(views, tmp_path, link)
    assert end.code is None
    assert (
        "the workspace leads to" if isinstance(views, OverlayViews) else "name it from the workspace on"
    ) in end.error
    end = run(views, tmp_path, tool, read_only=(str(tool.parent),))
    assert end.stdout == b"tool\n"


def test_a_program_of_the_workspace_is_found_from_there(views: OverlayViews, tmp_path: Path) -> None:
    script(tmp_path / "tree" / "tool", "#!/bin/sh\necho ours\n")
    assert run(views, tmp_path, "./tool").stdout == b"ours\n"


@given(st.binary(max_size=300))
def test_any_first_line_is_read_without_a_fault(tmp_path_factory: pytest.TempPathFactory, line: bytes) -> None:
    place = tmp_path_factory.mktemp("any")
    (place / "tool").write_bytes(b"#!" + line)
    found = located([str(place / "tool")], path="/usr/bin", root=Path("/nowhere"), hidden=())
    assert place / "tool" in found.paths


@given(st.dictionaries(st.sampled_from(["a", "bc"]), st.lists(st.text(), min_size=1)), st.lists(st.text()))
def test_words_come_back_as_they_went(fields: dict[str, list[str]], argv: list[str]) -> None:
    assert unpacked(packed(fields, argv)) == (fields, argv)


def test_what_failed_is_told_in_a_line() -> None:
    assert failure(OSError(28, "x", "user namespace")) == b"failed 28 user namespace\n"
    assert failure(OSError(13, "x")) == b"failed 13 start\n"


def test_a_small_directory_of_home_is_copied_file_by_file_and_goes_back(tmp_path: Path) -> None:
    home, inside = tmp_path / "home", tmp_path / "view" / "home"
    cache = home / ".aws" / "sso" / "cache"
    (cache / "deeper").mkdir(parents=True)
    inside.mkdir(parents=True)
    (cache / "a.json").write_text("old")
    (cache / "b.json").write_text("b")
    (home / "secret").write_text("secret")
    (cache / "link").symlink_to(home / "secret")
    os.mkfifo(cache / "pipe")
    with private_home(inside, (HomeFile(path=".aws/sso/cache", write_back=True),), home=home):
        copied = inside / ".aws" / "sso" / "cache"
        assert sorted(os.listdir(copied)) == ["a.json", "b.json"]
        (copied / "a.json").write_text("refreshed")
        (copied / "c.json").write_text("not one of ours")
    assert (cache / "a.json").read_text() == "refreshed"
    assert not (cache / "c.json").exists()


def test_a_large_directory_of_home_is_not_copied_and_a_large_file_is(tmp_path: Path) -> None:
    home, inside = tmp_path / "home", tmp_path / "view" / "home"
    for name in ("many", "heavy"):
        (home / name).mkdir(parents=True)
    inside.mkdir(parents=True)
    for n in range(65):
        (home / "many" / str(n)).touch()
    (home / "heavy" / "one").write_bytes(bytes(5 * 1024 * 1024))
    (home / "store").write_bytes(bytes(20 * 1024 * 1024))
    wanted = tuple(HomeFile(path=name) for name in ("many", "heavy", "store", "../home/store", "not there"))
    with private_home(inside, wanted, home=home):
        assert os.listdir(inside) == ["store"]
        assert (inside / "store").stat().st_size == 20 * 1024 * 1024


def test_a_program_may_say_the_word_that_stands_for_the_status(views: OverlayViews, tmp_path: Path) -> None:
    assert run(views, tmp_path, "echo", "{status}").stdout == b"{status}\n"


def test_a_place_that_is_part_of_another_is_bound_once(tmp_path: Path) -> None:
    from daemon.view.sandbox import Caps, Layout, command_line

    (tmp_path / "root" / "bin").mkdir(parents=True)
    (tmp_path / "out").mkdir()
    (tmp_path / "root" / "away").symlink_to(tmp_path / "out")
    (tmp_path / "root" / "home" / "bin").mkdir(parents=True)
    places = tuple(tmp_path / "root" / name for name in ("", "bin", "away", "home/bin"))
    layout = Layout(
        tree=tmp_path, root=Path("/ws"), home=tmp_path, home_at=tmp_path / "root" / "home", read_only=places
    )
    line = command_line("bwrap", layout, ["x"], caps=Caps(), umask=0o022)
    bound = [
        line[at + 1] for at, word in enumerate(line) if word == "--ro-bind" and line[at + 1].startswith(str(tmp_path))
    ]
    assert bound == [str(tmp_path / "root"), str(tmp_path / "root" / "away"), str(tmp_path / "root" / "home" / "bin")]
