from __future__ import annotations

import os
import socket
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.errors import StateError
from daemon.state.paths import from_environment, user_home, workspace_name
from daemon.state.socket import socket_address


def test_the_xdg_directories_are_used() -> None:
    env = {"HOME": "/home/dev", "XDG_STATE_HOME": "/s", "XDG_RUNTIME_DIR": "/run/user/1", "XDG_CONFIG_HOME": "/c"}
    paths = from_environment(env)
    assert paths.state_dir == Path("/s/kiro-hookd")
    assert paths.database == Path("/s/kiro-hookd/state.db")
    assert paths.lock == Path("/s/kiro-hookd/daemon.lock")
    assert paths.socket == Path("/run/user/1/kiro-hookd/control.sock")
    assert paths.config == Path("/c/kiro-hookd/config.yaml")


def test_without_them_the_places_that_the_rules_name() -> None:
    paths = from_environment({"HOME": "/home/dev"})
    assert paths.state_dir == Path("/home/dev/.local/state/kiro-hookd")
    assert paths.config_dir == Path("/home/dev/.config/kiro-hookd")
    assert paths.runtime_dir == Path("/home/dev/.local/state/kiro-hookd/run")


@pytest.mark.parametrize("value", ["", "relative/path", "./x"])
def test_an_empty_or_relative_variable_counts_as_unset(value: str) -> None:
    env = {"HOME": "/h", "XDG_STATE_HOME": value, "XDG_RUNTIME_DIR": value, "XDG_CONFIG_HOME": value}
    assert from_environment(env) == from_environment({"HOME": "/h"})


def test_a_user_without_home_or_passwd_entry_is_told_what_to_set() -> None:
    with pytest.raises(StateError, match="set XDG_STATE_HOME"):
        from_environment({})
    assert from_environment({}, home=Path("/h")).state_dir == Path("/h/.local/state/kiro-hookd")
    assert from_environment({"XDG_STATE_HOME": "/s", "XDG_CONFIG_HOME": "/c"}).state_dir == Path("/s/kiro-hookd")


def test_directories_are_made_for_their_owner_alone(tmp_path: Path) -> None:
    paths = from_environment({"HOME": str(tmp_path / "home")})
    old = os.umask(0)
    try:
        paths.create()
        workspace = paths.workspace(tmp_path)
        workspace.create()
    finally:
        os.umask(old)
    for directory in (paths.state_dir, paths.runtime_dir, workspace.reports, workspace.changesets):
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    paths.create()


def test_a_directory_left_open_to_others_is_closed(tmp_path: Path) -> None:
    paths = from_environment({"HOME": str(tmp_path)})
    paths.state_dir.mkdir(parents=True)
    paths.state_dir.chmod(0o777)
    paths.create()
    assert stat.S_IMODE(paths.state_dir.stat().st_mode) == 0o700


def test_a_directory_that_cannot_be_made_is_said_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StateError, match="set XDG_STATE_HOME"):
        from_environment({"HOME": str(tmp_path / "file")}).create()


def test_nothing_is_made_by_looking(tmp_path: Path) -> None:
    from_environment({"HOME": str(tmp_path)}).workspace(tmp_path / "w")
    assert list(tmp_path.iterdir()) == []


def test_a_workspace_is_the_same_by_whatever_way_it_is_reached(tmp_path: Path) -> None:
    (tmp_path / "Shop API").mkdir()
    (tmp_path / "link").symlink_to("Shop API")
    paths = from_environment({"HOME": "/h"})
    direct = paths.workspace(tmp_path / "Shop API")
    assert direct == paths.workspace(tmp_path / "link" / ".." / "link")
    assert direct.directory.name.startswith("shop-api-")


@given(path=st.text(st.characters(exclude_characters="\0"), max_size=300).map(lambda text: "/" + text))
def test_a_workspaces_name_is_a_plain_directory_name(path: str) -> None:
    try:
        os.fsencode(path)
    except UnicodeEncodeError:
        return
    name = workspace_name(path)
    assert name.isascii()
    assert 14 <= len(name) <= 45
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert not name.startswith("-")


def test_two_workspaces_of_one_name_are_two() -> None:
    assert workspace_name("/a/shop") != workspace_name("/b/shop")
    assert workspace_name("/srv/größe\udcff").startswith("gr-e-")


@pytest.mark.parametrize("depth", [1, 12])
def test_a_socket_can_be_bound_and_reached_however_long_its_path(tmp_path: Path, depth: int) -> None:
    directory = tmp_path.joinpath(*["a-rather-long-directory-name"] * depth)
    directory.mkdir(parents=True)
    path = directory / "control.sock"
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        with socket_address(path) as address:
            server.bind(address)
        server.listen()
        assert stat.S_ISSOCK(path.stat().st_mode)
        with socket_address(path) as address:
            client.connect(address)
        server.accept()[0].close()


def test_a_short_socket_path_is_left_as_it_is() -> None:
    with socket_address(Path("/run/user/1/kiro-hookd/control.sock")) as address:
        assert address == "/run/user/1/kiro-hookd/control.sock"


def test_a_user_without_home_and_passwd_entry_has_a_folder_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr("os.getuid", lambda: 4_000_000)
    assert not user_home().exists()
    monkeypatch.setenv("HOME", "/home/somebody")
    assert str(user_home()) == "/home/somebody"
