"""What a view shows, what it keeps, and what comes out of it, at every level this machine offers."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from typing import TYPE_CHECKING

import pytest

from daemon.agents.port import Exit, HomeFile, Program
from daemon.changeset import ChangeSet, EditKind, FileType
from daemon.view.choose import Choice, choose
from daemon.view.copy import CopyViews
from daemon.view.overlay import Outside, OverlayViews
from daemon.view.plain import PlainViews
from daemon.view.port import Isolation

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

FILES = {
    "src/a.ts": "old\n",
    "src/b.ts": "b\n",
    "docs/api.md": "# API\n",
    ".env": "SECRET=1\n",
    "sub/.env": "SECRET=2\n",
    "gone.txt": "to go\n",
    "from.txt": "to be renamed\n",
    ".gitignore": "ignored/\n",
    "ignored/x": "x\n",
}


class House:
    """A workspace, a HOME and the views' folder."""

    def __init__(self, base: Path) -> None:
        self.tree = base / "tree"
        self.home = base / "home"
        self.above = base / "views"
        self.store = base / "store"
        self.home.mkdir()
        for path, text in FILES.items():
            (self.tree / path).parent.mkdir(parents=True, exist_ok=True)
            (self.tree / path).write_text(text)
        (self.tree / "link").symlink_to("src/a.ts")

    def outside(self) -> Outside:
        environ = {"PATH": os.environ["PATH"], "HOME": str(self.home), "SECRET_TOKEN": "t", "LANG": "C.UTF-8"}
        return Outside(bwrap=shutil.which("bwrap") or "", environ=environ, home=self.home)

    def git(self, *words: str) -> None:
        line = ["git", "-c", "user.name=n", "-c", "user.email=e@x", *words]
        subprocess.run(line, cwd=self.tree, check=True, capture_output=True, env={"PATH": os.environ["PATH"]})


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


@pytest.fixture(scope="module")
def offered(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    probe = choose(above=tmp_path_factory.mktemp("probe")).probe
    return {"overlay": probe.overlay, "copy": probe.copy, "plain": ""}


@pytest.fixture(params=["overlay", "copy", "plain"])
def level(request: pytest.FixtureRequest, offered: dict[str, str]) -> str:
    if offered[request.param]:
        pytest.skip(f"this machine offers no {request.param}: {offered[request.param]}")
    return str(request.param)


@pytest.fixture
def views(level: str, house: House) -> OverlayViews | CopyViews | PlainViews:
    def ignored(_: Path) -> object:
        return lambda path, _directory: path.split("/")[0] == "ignored"

    if level == "plain":
        return PlainViews(house.above, ignored=ignored)  # type: ignore[arg-type] # a lambda of the right kind
    kind = OverlayViews if level == "overlay" else CopyViews
    return kind(house.above, house.outside(), ignored=ignored)  # type: ignore[arg-type] # as above


def run(
    views: OverlayViews | CopyViews | PlainViews, house: House, script: str, *, readable: Collection[str] = (),
    meanwhile: object = None, **more: object,
) -> tuple[Exit, ChangeSet]:  # fmt: skip
    paths = [path for path in FILES if not path.startswith(("ignored", ".git"))]
    with views.open(house.tree, paths=paths, readable=readable) as view:
        program = Program(argv=("sh", "-c", script), timeout=30, **more)  # type: ignore[arg-type] # the caller's fields
        end = view.run(program, stop=threading.Event())
        if callable(meanwhile):
            meanwhile()
        return end, view.change_set(id="x", store=house.store)


def test_edits_of_every_kind_come_out_and_the_tree_is_untouched(
    views: OverlayViews | CopyViews | PlainViews, house: House
) -> None:
    before = {p: p.read_bytes() for p in house.tree.rglob("*") if p.is_file()}
    end, change_set = run(
        views, house, "echo new > src/a.ts; rm gone.txt; mv from.txt to.txt; mkdir n; echo c > n/c.ts;"
        "mkdir -p ignored; echo i > ignored/y",
    )  # fmt: skip
    assert end.code == 0, end
    kinds = {edit.path: (edit.kind, edit.old_path) for edit in change_set.edits}
    assert kinds == {
        "src/a.ts": (EditKind.MODIFIED, None), "gone.txt": (EditKind.DELETED, None),
        "to.txt": (EditKind.RENAMED, "from.txt"), "n/c.ts": (EditKind.CREATED, None),
    }  # fmt: skip
    edit = next(e for e in change_set.edits if e.path == "src/a.ts")
    assert edit.sha256
    assert (house.store / edit.sha256).read_bytes() == b"new\n"
    assert not edit.moved
    assert {p: p.read_bytes() for p in house.tree.rglob("*") if p.is_file()} == before


def test_a_run_that_changes_nothing_has_no_edits(views: OverlayViews | CopyViews | PlainViews, house: House) -> None:
    end, change_set = run(views, house, "cat src/a.ts; cp src/a.ts t; cat t > src/a.ts; rm t; touch src/b.ts")
    assert end.code == 0
    assert change_set.edits == ()


def test_hidden_files_are_not_there_unless_they_are_readable(
    views: OverlayViews | CopyViews | PlainViews, house: House
) -> None:
    end, _ = run(views, house, "cat .env sub/.env")
    assert b"SECRET" not in end.stdout
    end, _ = run(views, house, "cat .env sub/.env", readable=("sub/.env",))
    assert end.stdout == b"SECRET=2\n"


def test_two_runs_in_one_view_add_up_and_the_next_view_is_fresh(
    views: OverlayViews | CopyViews | PlainViews, house: House
) -> None:
    with views.open(house.tree, paths=["src/a.ts", "src/b.ts"]) as view:
        for script in ("echo one > src/a.ts", "cat src/a.ts > src/b.ts"):
            assert view.run(Program(argv=("sh", "-c", script), timeout=30), stop=threading.Event()).code == 0
        edits = view.change_set(id="x", store=house.store).edits
    assert [edit.path for edit in edits] == ["src/a.ts", "src/b.ts"]
    end, change_set = run(views, house, "cat src/a.ts src/b.ts")
    assert end.stdout == b"old\nb\n"
    assert not change_set.edits


def test_what_was_saved_since_the_last_run_is_seen(views: OverlayViews | CopyViews | PlainViews, house: House) -> None:
    run(views, house, "true")
    (house.tree / "src/a.ts").write_text("newer, uncommitted\n")
    (house.tree / "docs/api.md").write_text("untracked\n")
    end, _ = run(views, house, "cat src/a.ts docs/api.md")
    assert end.stdout == b"newer, uncommitted\nuntracked\n"


def test_the_environment_is_an_allow_list_and_home_is_private(
    views: OverlayViews | CopyViews | PlainViews, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "t")
    monkeypatch.setenv("HOME", str(house.home))
    (house.home / "token.json").write_text("old token")
    (house.home / "private").write_text("private")
    script = 'env; ls -A "$HOME"; cat "$HOME/token.json"; printf "new token" > "$HOME/token.json"; echo x > "$HOME/y"'
    end, _ = run(views, house, script, env={"GIVEN": "1"}, home_files=(HomeFile(path="token.json", write_back=True),))
    assert b"GIVEN=1" in end.stdout
    assert b"GIT_OPTIONAL_LOCKS=0" in end.stdout
    assert b"SECRET_TOKEN" not in end.stdout
    assert b"old token" in end.stdout
    assert b"private" not in end.stdout
    assert sorted(path.name for path in house.home.iterdir()) == ["private", "token.json"]
    assert (house.home / "token.json").read_text() == "new token"


def test_a_file_of_home_that_may_hold_commands_is_never_written_back(
    views: OverlayViews | CopyViews | PlainViews, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(house.home))
    (house.home / "settings.json").write_text("{}")
    run(views, house, 'echo evil > "$HOME/settings.json"', home_files=(HomeFile(path="settings.json"),))
    assert (house.home / "settings.json").read_text() == "{}"


def test_a_program_that_is_not_there_did_not_start(views: OverlayViews | CopyViews | PlainViews, house: House) -> None:
    with views.open(house.tree, paths=[]) as view:
        end = view.run(Program(argv=("no-such-program-here",), timeout=5), stop=threading.Event())
    assert end.code is None
    assert "not found" in end.error


def test_a_run_is_ended_at_its_deadline_and_on_stop(views: OverlayViews | CopyViews | PlainViews, house: House) -> None:
    with views.open(house.tree, paths=[]) as view:
        assert view.run(Program(argv=("sleep", "600"), timeout=0.5), stop=threading.Event()).timed_out
        stop = threading.Event()
        threading.Timer(0.3, stop.set).start()
        assert view.run(Program(argv=("sleep", "600"), timeout=60), stop=stop).stopped


def test_many_views_of_one_workspace_at_once_do_not_meet(level: str, views: OverlayViews, house: House) -> None:
    results: dict[int, bytes] = {}

    def work(n: int) -> None:
        end, change_set = House.__new__(House), None
        with views.open(house.tree, paths=["src/a.ts"]) as view:
            end = view.run(Program(argv=("sh", "-c", f"echo {n} > src/a.ts; cat src/a.ts"), timeout=30),
                           stop=threading.Event())  # fmt: skip
            change_set = view.change_set(id=str(n), store=house.store)
        assert len(change_set.edits) == 1
        results[n] = end.stdout

    threads = [threading.Thread(target=work, args=(n,)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {n: f"{n}\n".encode() for n in range(3)}


def test_a_file_that_a_person_saves_during_the_run_is_not_mistaken_for_the_base(
    level: str, views: OverlayViews, house: House
) -> None:
    def save() -> None:
        (house.tree / "src/a.ts").write_text("a person's\n")

    _, change_set = run(views, house, "echo new > src/a.ts", meanwhile=save)
    (edit,) = change_set.edits
    if level == "overlay":
        assert edit.moved
    else:
        import hashlib

        assert edit.base_sha256 == hashlib.sha256(b"old\n").hexdigest(), "the copy knows what it showed"


def test_a_file_saved_just_before_the_view_is_a_base_like_any_other(
    level: str, views: OverlayViews, house: House
) -> None:
    for n in range(20):
        (house.tree / "src/a.ts").write_text(f"{n}\n")
        with views.open(house.tree, paths=["src/a.ts"]) as view:
            if n % 10 == 9:
                view.run(Program(argv=("sh", "-c", "echo new > src/a.ts"), timeout=30), stop=threading.Event())
                (edit,) = view.change_set(id="x", store=house.store).edits
                assert not edit.moved


def test_names_of_any_bytes_come_through(level: str, views: OverlayViews, house: House) -> None:
    end, change_set = run(views, house, "printf x > \"$(printf 'a\\377 \\n,:\\\\b')\"")
    assert end.code == 0, end
    assert [edit.path for edit in change_set.edits] == [os.fsdecode(b"a\xff \n,:\\b")]


def test_a_workspace_whose_path_is_odd_is_shown(level: str, offered: dict[str, str], tmp_path: Path) -> None:
    base = tmp_path / "a,b:c\\d e\n f'\"é"
    base.mkdir()
    house = House(base)
    kinds = {"overlay": OverlayViews, "copy": CopyViews}
    views = PlainViews(house.above) if level == "plain" else kinds[level](house.above, house.outside())
    end, change_set = run(views, house, "echo new > src/a.ts")
    assert end.code == 0, end
    assert [edit.path for edit in change_set.edits] == ["src/a.ts"]


def test_links_and_special_files_are_told_as_such(level: str, views: OverlayViews, house: House) -> None:
    _, change_set = run(views, house, "ln -s /etc/passwd l; mkfifo p; test ! -e link || ln -sf src/b.ts link")
    types = {edit.path: edit.type for edit in change_set.edits}
    assert types["l"] is FileType.SYMLINK
    assert types["p"] is FileType.OTHER


needs_overlay = pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed")


def overlay_of(house: House, offered: dict[str, str]) -> OverlayViews:
    if offered["overlay"]:
        pytest.skip(f"this machine offers no overlay: {offered['overlay']}")
    return OverlayViews(house.above, house.outside())


def test_what_git_refreshes_is_no_edit_and_what_it_records_is(house: House, offered: dict[str, str]) -> None:
    house.git("init", "-q")
    house.git("add", "src")
    house.git("commit", "-qm", "x")
    views = overlay_of(house, offered)
    _, quiet = run(views, house, "git status; git update-index --refresh; git add docs; git diff")
    assert quiet.edits == ()
    _, loud = run(views, house, "git config x.y z; git branch b")
    assert {edit.path for edit in loud.edits} == {".git/config", ".git/refs/heads/b"}


def test_a_password_in_gits_configuration_is_not_shown_and_its_absence_is_no_edit(
    house: House, offered: dict[str, str]
) -> None:
    house.git("init", "-q")
    house.git("remote", "add", "origin", "https://me:hunter2@example.invalid/x.git")
    end, change_set = run(overlay_of(house, offered), house, "cat .git/config; touch .git/config; git remote -v")
    assert b"hunter2" not in end.stdout
    assert b"https://example.invalid/x.git" in end.stdout
    assert change_set.edits == ()


def test_a_linked_worktree_sees_its_repository_and_cannot_write_to_it(house: House, offered: dict[str, str]) -> None:
    house.git("init", "-q")
    house.git("add", "src")
    house.git("commit", "-qm", "x")
    linked = house.tree.parent / "linked"
    house.git("worktree", "add", "-q", str(linked))
    main, house.tree = house.tree, linked
    end, _ = run(overlay_of(house, offered), house, f"git log --oneline && ! touch '{main}/.git/x' && git status")
    assert end.code == 0, end
    (linked / ".git").write_text(f"gitdir: {house.home}\n")
    (house.home / "HEAD").write_text("secret")
    end, _ = run(OverlayViews(house.above, house.outside()), house, f"cat '{house.home}/HEAD'")
    assert b"secret" not in end.stdout, "a pointer that leads elsewhere is not followed"


def test_the_network_is_off_unless_it_is_asked_for(house: House, offered: dict[str, str]) -> None:
    views = overlay_of(house, offered)
    script = "cat /proc/net/dev | grep -v -e lo: -e '|' | wc -l"
    end, _ = run(views, house, script)
    assert end.stdout.strip() == b"0"
    end, _ = run(views, house, "readlink /proc/self/ns/net", network=True)
    assert end.stdout.decode().strip() == os.readlink("/proc/self/ns/net")


def test_programs_of_the_users_path_work_and_their_state_is_not_shown(house: House, offered: dict[str, str]) -> None:
    tool = house.home / ".nvm" / "versions" / "v1" / "bin" / "tool"
    lib = tool.parents[1] / "lib" / "part"
    local = house.home / ".local" / "share" / "app" / "bin" / "app"
    state = house.home / ".local" / "share" / "keyring"
    for path, text in ((tool, '#!/bin/sh\ncat "$(dirname "$0")/../lib/part"\n'), (lib, "part\n"),
                       (local, "#!/bin/sh\necho app\n"), (state, "key\n")):  # fmt: skip
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)
    (house.home / ".local" / "bin").mkdir()
    (house.home / ".local" / "bin" / "app").symlink_to(local)
    overlay_of(house, offered)
    outside = house.outside()
    path = f"{tool.parent}:{house.home}/.local/bin:{os.environ['PATH']}"
    from dataclasses import replace

    views = OverlayViews(house.above, replace(outside, environ={**outside.environ, "PATH": path}))
    end, _ = run(views, house, f"tool && app && ! cat '{state}' && ! touch '{lib}'")
    assert end.code == 0, end
    assert end.stdout == b"part\napp\n"


def test_a_missing_bubblewrap_leaves_the_copy(house: House, tmp_path: Path, offered: dict[str, str]) -> None:
    empty = tmp_path / "bin"
    empty.mkdir()
    choice = choose(above=house.above, environ={"PATH": str(empty), "HOME": str(house.home)})
    assert choice.probe.overlay == "bubblewrap (bwrap) is not installed"
    assert "install bubblewrap" in choice.probe.remedy
    assert choice.probe.level in (Isolation.COPY, Isolation.NONE)


def test_an_agent_is_refused_where_neither_level_holds(house: House) -> None:
    from daemon.view.choose import ChosenViews, Probe
    from daemon.view.errors import IsolationError

    outside = house.outside()
    probe = Probe(overlay="no namespaces", copy="no Landlock", remedy="mend it")
    views = ChosenViews(lambda: probe, OverlayViews(house.above, outside), CopyViews(house.above, outside))
    assert probe.level is Isolation.NONE
    with pytest.raises(IsolationError, match=r"no namespaces.*no Landlock.*mend it"), views.open(house.tree, paths=()):
        pass


def test_a_workspace_that_holds_the_views_is_refused_by_both_levels(house: House, offered: dict[str, str]) -> None:
    for kind in (OverlayViews, CopyViews):
        assert "inside it" in kind(house.tree / ".state", house.outside()).refusal(house.tree)


def test_views_that_a_crash_left_are_swept_away(house: House) -> None:
    left = house.above / "overlay" / "old" / "upper"
    left.mkdir(parents=True)
    (left / "x").write_text("x")
    (left.parent / "work").mkdir(mode=0o000)
    choice: Choice = choose(above=house.above)
    assert not list((house.above / "overlay").iterdir())
    assert choice.probe.level in Isolation


def test_a_program_that_fills_the_disk_is_ended(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    from daemon.view import running

    free = iter([10_000_000_000, 9_000_000_000])
    last = [9_000_000_000]

    def measured(_: Path) -> int:
        last[0] = next(free, 100_000_000)
        return last[0]

    monkeypatch.setattr(running, "_free", measured)
    with PlainViews(house.above).open(house.tree, paths=[]) as view:
        end = view.run(Program(argv=("sleep", "100"), timeout=60), stop=threading.Event())
    assert "of the disk" in end.error
    assert not end.stopped
    assert end.code != 0
