"""The parts of a view that need no sandbox: the census, the mounts, git's administration, the removal."""

from __future__ import annotations

import contextlib
import os
import time
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.view import scratch
from daemon.view.census import Census, file_system, mounts_beneath
from daemon.view.confine import _filter
from daemon.view.gitdir import linked_repository, without_credentials
from daemon.view.hidden import is_hidden
from daemon.view.sandbox import home_for
from daemon.view.toolchain import toolchains

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

TABLE = """\
23 1 254:0 / / rw,relatime - ext4 /dev/vda rw
30 23 0:25 / /home/me/my\\040tree/mnt rw - tmpfs none rw
31 23 0:26 / /home/me/other rw - nfs4 server:/x rw
"""


def test_mounts_beneath_a_directory_are_found_and_others_are_not() -> None:
    from pathlib import Path

    assert mounts_beneath(Path("/home/me/my tree"), TABLE) == ["/home/me/my tree/mnt"]
    assert mounts_beneath(Path("/home/me/my"), TABLE) == []
    assert file_system(Path("/home/me/other/deep"), TABLE) == "nfs4"
    assert file_system(Path("/home/me/otherwise"), TABLE) == "ext4"


def test_a_census_finds_secrets_and_sees_new_ones_at_once(tmp_path: Path) -> None:
    for n in range(20):
        (tmp_path / f"d{n}" / "e").mkdir(parents=True)
    (tmp_path / "d3" / ".env").touch()
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "credentials").touch()
    census = Census(tmp_path)
    assert sorted(census.secrets()) == [".aws", "d3/.env"]
    for n in range(20):
        (tmp_path / f"d{n}" / "e" / "key.pem").touch()
        assert f"d{n}/e/key.pem" in census.secrets(), "a name made in the same tick is not overlooked"
    (tmp_path / "d3" / ".env").unlink()
    assert "d3/.env" not in census.secrets()


def test_a_census_does_not_read_what_stood_still(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(20):
        (tmp_path / f"d{n}").mkdir()
    old = time.time() - 1000
    census = Census(tmp_path)
    deadline = time.monotonic() + 5
    read: list[object] = []
    scandir = os.scandir

    def counted(path: str) -> object:
        read.append(path)
        return scandir(path)

    while time.monotonic() < deadline:  # until no directory is fresh any more
        os.utime(tmp_path, (old, old))
        census.secrets()
        read.clear()
        with monkeypatch.context() as patch:
            patch.setattr(os, "scandir", counted)
            census.secrets()
        if len(read) <= 1:
            return
    raise AssertionError("it read directories that stood still")


NAMES = st.sampled_from(["a", "b", ".env", "key.pem", "sub"])
PLACES = st.lists(NAMES, min_size=1, max_size=3).map("/".join)
DEEDS = st.lists(st.tuples(st.sampled_from(["file", "folder", "remove", "move", "link", "look"]), PLACES, PLACES))


@settings(max_examples=60, deadline=None)
@given(DEEDS)
def test_a_census_that_was_kept_says_what_a_fresh_one_says(
    tmp_path_factory: pytest.TempPathFactory, deeds: list[tuple[str, str, str]]
) -> None:
    tree = tmp_path_factory.mktemp("tree")
    kept = Census(tree)
    for deed, one, other in deeds:
        path, target = tree / one, tree / other
        with contextlib.suppress(OSError):
            if deed == "file":
                path.touch()
            elif deed == "folder":
                path.mkdir(parents=True)
            elif deed == "remove":
                scratch.remove_tree(path)
                path.unlink()
            elif deed == "move":
                path.rename(target)
            elif deed == "link":
                path.symlink_to(target)
        if deed == "look":
            assert sorted(kept.secrets()) == sorted(Census(tree).secrets())
    assert sorted(kept.secrets()) == sorted(Census(tree).secrets())


def test_source_code_that_is_called_credentials_is_not_hidden() -> None:
    assert not is_hidden("src/credentials/index.ts", readable=())
    assert is_hidden("src/credentials", readable=())
    assert not is_hidden("src/credentials", readable=(), directory=True)
    assert not is_hidden(".env.example", readable=())
    assert is_hidden(".ENV.Production", readable=())
    assert not is_hidden("x/.env", readable=("x/.env",))


def test_a_deep_and_locked_tree_is_removed_and_what_links_lead_to_is_not(tmp_path: Path) -> None:
    keep = tmp_path / "keep"
    keep.mkdir()
    (keep / "file").write_text("x")
    top = tmp_path / "top"
    top.mkdir()
    (top / "link").symlink_to(keep)
    here = os.open(top, os.O_RDONLY)
    for _ in range(400):
        os.mkdir("deeper", dir_fd=here)
        below = os.open("deeper", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=here))
    os.close(here)
    (top / "locked").mkdir()
    (top / "locked" / "x").touch()
    (top / "locked").chmod(0o000)
    scratch.remove_tree(top)
    assert not top.exists()
    assert (keep / "file").exists()
    scratch.remove_tree(tmp_path / "never there")


def test_passwords_in_gits_configuration_are_taken_out(tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text('[remote "o"]\n\turl = https://me:pw@h/x\n[http]\n\textraheader = AUTHORIZATION: basic abc\n')
    clean = without_credentials(config)
    assert clean == b'[remote "o"]\n\turl = https://h/x\n[http]\n\textraheader =\n'
    config.write_text("[core]\n")
    assert without_credentials(config) is None
    assert without_credentials(tmp_path / "none") is None


def test_a_pointer_that_nobody_points_back_at_is_no_worktree(tmp_path: Path) -> None:
    secret = tmp_path / "secret" / "worktrees" / "x"
    secret.mkdir(parents=True)
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / ".git").write_text(f"gitdir: {secret}\n")
    assert linked_repository(tmp_path / "tree") is None


@given(st.text(max_size=200))
def test_any_pointer_is_read_without_a_fault(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    tree = tmp_path_factory.mktemp("tree")
    (tree / ".git").write_text(text, errors="surrogateescape")
    assert linked_repository(tree) is None


def test_home_lies_aside_where_its_own_place_is_taken() -> None:
    from pathlib import Path

    aside = Path("/tmp/home")
    assert home_for(Path("/home/me/w"), Path("/home/me")) == Path("/home/me")
    for root, home in (
        ("/home/me", "/home/me"),
        ("/home", "/home/me"),
        ("/w", "/"),
        ("/w", "/usr/share/x"),
        ("/w", "/proc/1"),
    ):
        assert home_for(Path(root), Path(home)) == aside
    assert home_for(Path("/w"), None) == aside


def test_toolchains_are_never_home_itself_nor_what_holds_state(tmp_path: Path) -> None:
    home = tmp_path / "home"
    for name in (".cargo/bin", ".rustup", ".pyenv/shims", ".local/bin", ".nvm/versions/v1/bin", "bin", ".config/x/bin"):
        (home / name).mkdir(parents=True)
    names = (".cargo/bin", ".pyenv/shims", ".local/bin", ".nvm/versions/v1/bin", "bin", "", ".config/x/bin")
    found = toolchains({"PATH": ":".join(f"{home}/{name}".rstrip("/") for name in names)}, home)
    assert {home / ".cargo", home / ".rustup", home / ".pyenv", home / ".nvm/versions/v1"} <= set(found)
    assert not {home, home / ".local", home / ".config", tmp_path} & set(found)


def test_a_directory_of_path_in_the_workspace_shows_nothing_outside(tmp_path: Path) -> None:
    private = tmp_path / "private" / "bin"
    private.mkdir(parents=True)
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "bin").symlink_to(private)
    environ = {"PATH": f"{tmp_path}/tree/bin"}
    assert private.parent in toolchains(environ, None)
    assert not [at for at in toolchains(environ, None, root=tmp_path / "tree") if at.is_relative_to(tmp_path)]


def test_the_filter_ends_every_way_and_jumps_within_itself() -> None:
    for machine in ("x86_64", "aarch64"):
        for network in (True, False):
            lines = _filter(machine, network=network)
            assert len(lines) < 4096
            assert lines[-1][0] == 0x06
            for at, (code, true, false, _) in enumerate(lines):
                assert 0 <= true < 256
                assert 0 <= false < 256
                if code in (0x15, 0x35):
                    assert at + 1 + max(true, false) < len(lines)
