from __future__ import annotations

import json
import multiprocessing
import os
from typing import TYPE_CHECKING

import pytest

from daemon.errors import StateError
from daemon.trust import TrustStore, Verdict, digest, examine
from hooks.config import AgentSettings, load_workspace
from hooks.model import Origin

if TYPE_CHECKING:
    from pathlib import Path

HOOKS = """\
agents:
  mine: {kind: command, command: [python3, tools/agent.py]}
hooks:
  - {name: lint, trigger: manual, command: './tools/lint.sh --config=tools/lint.json && python -m checks.run'}
  - {name: review, trigger: file_modified, pattern: 'src/**', action: look, agent: mine}
  - {name: plain, trigger: file_modified, pattern: 'src/**', action: look}
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "w"
    for path, text in {
        ".kiro/settings/hooks.yaml": HOOKS,
        "tools/agent.py": "print()\n",
        "tools/lint.sh": "true\n",
        "tools/lint.json": "{}\n",
        "checks/run.py": "pass\n",
        "src/a.ts": "x\n",
    }.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return root


@pytest.fixture
def store(tmp_path: Path) -> TrustStore:
    return TrustStore(tmp_path / "state")


def look(root: Path):
    return examine(root, load_workspace(root))


def state(store: TrustStore, root: Path):
    return store.allowed(root, load_workspace(root))


def test_nothing_is_allowed_before_a_person_allowed_it(root: Path, store: TrustStore):
    found = state(store, root)
    assert found.verdict is Verdict.NEVER
    assert found.waiting == ("lint", "review", "plain")
    assert not found.permits("plain")
    assert store.workspaces() == ()


def test_what_was_allowed_may_run_until_it_changes(root: Path, store: TrustStore):
    assert store.allow(look(root), now=1.0).verdict is Verdict.TRUSTED
    found = state(store, root)
    assert (found.verdict, found.waiting, found.changed) == (Verdict.TRUSTED, (), ())
    assert found.permits("lint")
    assert not found.permits("another")
    assert store.workspaces() == (str(root.resolve()),)


def test_a_file_that_no_command_names_does_not_count(root: Path, store: TrustStore):
    store.allow(look(root), now=1.0)
    (root / "src/a.ts").write_text("y\n")
    (root / "tools/other.py").write_text("y\n")
    assert state(store, root).verdict is Verdict.TRUSTED


@pytest.mark.parametrize(
    ("path", "waits"),
    [
        ("tools/agent.py", {"review"}),
        ("tools/lint.sh", {"lint"}),
        ("tools/lint.json", {"lint"}),
        ("checks/run.py", {"lint"}),
    ],
)
def test_a_changed_file_that_a_command_names_makes_its_hooks_wait(
    root: Path, store: TrustStore, path: str, waits: set[str]
):
    store.allow(look(root), now=1.0)
    (root / path).write_text("changed\n")
    found = state(store, root)
    assert found.verdict is Verdict.CHANGED
    assert set(found.waiting) == waits
    assert [(change.path, change.kind) for change in found.changed] == [(path, "changed")]


def test_of_a_changed_hooks_file_only_the_changed_hooks_wait(root: Path, store: TrustStore):
    store.allow(look(root), now=1.0)
    more = "  - {name: extra, trigger: manual, action: x}\n"
    (root / ".kiro/settings/hooks.yaml").write_text(HOOKS.replace("name: plain, trigger", "name: p, trigger") + more)
    found = state(store, root)
    assert set(found.waiting) == {"p", "extra"}
    assert found.allowed_hooks == {"lint", "review"}


@pytest.mark.parametrize("line", ["readable: ['.env']\n", "limits: {runs_per_hour: none}\n"])
def test_a_setting_that_widens_what_hooks_may_do_makes_all_of_them_wait(root: Path, store: TrustStore, line: str):
    store.allow(look(root), now=1.0)
    (root / ".kiro/settings/hooks.yaml").write_text(line + HOOKS)
    assert set(state(store, root).waiting) == {"lint", "review", "plain"}


def test_another_program_behind_an_agents_name_makes_its_hooks_wait(root: Path, store: TrustStore):
    store.allow(look(root), now=1.0)
    (root / ".kiro/settings/hooks.yaml").write_text(HOOKS.replace("[python3, ", "[python3, -u, "))
    assert state(store, root).waiting == ("review",)


def test_a_switch_of_branches_and_back_does_not_ask_again(root: Path, store: TrustStore):
    hooks = root / ".kiro/settings/hooks.yaml"
    store.allow(look(root), now=1.0)
    hooks.write_text(HOOKS.replace("action: look", "action: look twice"))
    assert state(store, root).verdict is Verdict.CHANGED
    store.allow(look(root), now=2.0)
    for text in (HOOKS, HOOKS.replace("action: look", "action: look twice")):
        hooks.write_text(text)
        assert state(store, root).verdict is Verdict.TRUSTED


def test_a_new_file_that_a_command_already_named_makes_it_wait(root: Path, store: TrustStore):
    (root / "tools/lint.json").unlink()
    store.allow(look(root), now=1.0)
    (root / "tools/lint.json").write_text("{}\n")
    assert state(store, root).waiting == ("lint",)


def test_a_link_in_place_of_a_named_file_makes_its_hooks_wait(root: Path, store: TrustStore):
    store.allow(look(root), now=1.0)
    twin = root / "src/twin.sh"
    twin.write_bytes((root / "tools/lint.sh").read_bytes())
    (root / "tools/lint.sh").unlink()
    (root / "tools/lint.sh").symlink_to("../src/twin.sh")
    assert state(store, root).waiting == ("lint",)


def test_the_same_files_at_another_path_are_another_workspace(root: Path, store: TrustStore, tmp_path: Path):
    store.allow(look(root), now=1.0)
    moved = root.rename(tmp_path / "moved")
    assert state(store, moved).verdict is Verdict.NEVER


def test_a_link_to_a_workspace_is_that_workspace(root: Path, store: TrustStore, tmp_path: Path):
    store.allow(look(root), now=1.0)
    (tmp_path / "link").symlink_to(root)
    assert state(store, tmp_path / "link").verdict is Verdict.TRUSTED


def test_what_was_forgotten_must_be_allowed_again(root: Path, store: TrustStore):
    store.allow(look(root), now=1.0)
    assert store.forget(root)
    assert not store.forget(root)
    assert state(store, root).verdict is Verdict.NEVER
    assert store.workspaces() == ()


def test_what_is_allowed_is_what_was_looked_at_and_not_what_came_after(root: Path, store: TrustStore):
    examined = look(root)
    (root / "tools/agent.py").write_text("evil\n")
    store.allow(examined, now=1.0)
    assert state(store, root).waiting == ("review",)


def test_the_users_own_files_are_not_the_workspaces(root: Path, store: TrustStore, tmp_path: Path):
    home = tmp_path / "home"
    file = home / ".kiro/hooks/mine.json"
    file.parent.mkdir(parents=True)
    hook = {"name": "mine", "trigger": "Manual", "action": {"type": "agent", "prompt": "x"}}
    before = examine(root, load_workspace(root, home=home)).digest
    file.write_text(json.dumps({"version": "v1", "hooks": [hook]}))
    assert examine(root, load_workspace(root, home=home)).digest == before


def test_an_agent_of_the_user_is_looked_at_too(root: Path):
    agent = AgentSettings(name="kiro", kind="command", command=("sh", "src/a.ts"), origin=Origin(file="c", line=1))
    (root / ".kiro/settings/hooks.yaml").write_text(HOOKS.replace("action: look}", "action: look, agent: kiro}"))
    examined = examine(root, load_workspace(root), agents={"kiro": agent})
    assert "src/a.ts" in {file.path for file in examined.files}


def test_the_digest_does_not_depend_on_the_order_of_the_files(root: Path):
    loaded = load_workspace(root)
    assert digest(str(root), loaded.files, ()) == digest(str(root), loaded.files[::-1], ())
    assert digest(str(root), loaded.files, ()) != digest(str(root) + "x", loaded.files, ())


def test_the_store_is_for_its_owner_alone(root: Path, store: TrustStore, tmp_path: Path):
    store.allow(look(root), now=1.0)
    folder = tmp_path / "state/trust"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"v": 1}', "[" * 100_000])
def test_a_damaged_store_allows_nothing_and_can_be_written_anew(
    root: Path, store: TrustStore, tmp_path: Path, damage: str
):
    store.allow(look(root), now=1.0)
    (file,) = (tmp_path / "state/trust").glob("*.json")
    file.write_text(damage)
    assert state(store, root).verdict is Verdict.NEVER
    assert store.allow(look(root), now=2.0).verdict is Verdict.TRUSTED


def test_a_store_that_others_could_write_to_allows_nothing(root: Path, store: TrustStore, tmp_path: Path):
    store.allow(look(root), now=1.0)
    (file,) = (tmp_path / "state/trust").glob("*.json")
    file.chmod(0o666)
    assert state(store, root).verdict is Verdict.NEVER


def test_a_store_that_cannot_be_written_is_said_in_one_sentence(root: Path, tmp_path: Path):
    (tmp_path / "state").write_text("a file")
    with pytest.raises(StateError, match="trust"):
        TrustStore(tmp_path / "state").allow(look(root), now=1.0)


def test_only_so_many_states_stay_valid(root: Path, store: TrustStore):
    hooks = root / ".kiro/settings/hooks.yaml"
    for number in range(40):
        hooks.write_text(HOOKS.replace("action: look", f"action: look {number}"))
        store.allow(look(root), now=float(number))
    hooks.write_text(HOOKS.replace("action: look", "action: look 0"))
    assert set(state(store, root).waiting) == {"review", "plain"}
    hooks.write_text(HOOKS.replace("action: look", "action: look 39"))
    assert state(store, root).verdict is Verdict.TRUSTED


def test_the_difference_shows_all_of_it_the_first_time(root: Path, store: TrustStore):
    shown = store.difference(look(root))
    for path in (".kiro/settings/hooks.yaml", "tools/agent.py", "tools/lint.sh", "checks/run.py"):
        assert f"--- /dev/null\n+++ {path}\n" in shown
    assert "+print()\n" in shown


def test_the_difference_shows_what_changed_since_and_nothing_else(root: Path, store: TrustStore):
    store.allow(look(root), now=1.0)
    assert store.difference(look(root)) == ""
    (root / "tools/agent.py").write_text("print()\nrun()\n")
    (root / "tools/lint.sh").unlink()
    shown = store.difference(look(root))
    assert "--- tools/agent.py\n+++ tools/agent.py\n" in shown
    assert "\n+run()\n" in shown
    assert "--- tools/lint.sh\n+++ /dev/null\n" in shown
    assert "hooks.yaml" not in shown


def test_a_difference_cannot_deceive_the_terminal(root: Path, store: TrustStore):
    (root / "tools/agent.py").write_bytes("a\x1b[2Jb\rc\u202ed\u200be\n".encode() + b"\x9b")
    assert "bytes that are no text" in store.difference(look(root))
    (root / "tools/agent.py").write_text("a\x1b[2Jb\rc\u202ed\u200be\n")
    shown = store.difference(look(root))
    assert "+a\\u{1b}[2Jb\\u{d}c\\u{202e}d\\u{200b}e\n" in shown
    assert all(character.isprintable() or character == "\n" for character in shown)


def test_a_missing_line_end_and_bytes_that_are_no_text_are_said(root: Path, store: TrustStore):
    (root / "tools/agent.py").write_text("x")
    (root / "tools/lint.sh").write_bytes(b"\0\1")
    shown = store.difference(look(root))
    assert "+x (no line end)\n" in shown
    assert "2 bytes that are no text, sha256 " in shown


def test_very_long_files_are_shown_whole_without_being_compared(root: Path, store: TrustStore):
    (root / "tools/agent.py").write_text("x\n" * 5000)
    store.allow(look(root), now=1.0)
    (root / "tools/agent.py").write_text("x\n" * 5001)
    shown = store.difference(look(root))
    assert shown.count("\n-x") == 5000
    assert shown.count("\n+x") == 5001


def test_a_large_named_file_is_hashed_and_not_kept(root: Path, store: TrustStore, tmp_path: Path):
    (root / "tools/agent.py").write_bytes(b"x" * 1_000_000)
    store.allow(look(root), now=1.0)
    assert state(store, root).verdict is Verdict.TRUSTED
    (file,) = (tmp_path / "state/trust").glob("*.json")
    assert file.stat().st_size < 50_000
    (root / "tools/agent.py").write_bytes(b"x" * 999_999 + b"y")
    assert state(store, root).waiting == ("review",)
    assert "too large to show" in store.difference(look(root))


@pytest.mark.parametrize(
    "command",
    [
        "cd tools && ./lint.sh",
        "sh tools/*.sh",
        "sh ./src/../tools//lint.sh",
        'X=1; (sh "tools/lint.sh")|cat>x',
        "sh tools/lint.sh 'unbalanced",
        "junk " * 3000 + "tools/lint.sh",
        "sh " + "./" * 1500 + "tools/lint.sh",
    ],
)
def test_a_file_is_found_however_a_command_names_it(root: Path, command: str):
    quoted = json.dumps(command)
    (root / ".kiro/settings/hooks.yaml").write_text(f"hooks: [{{name: a, trigger: manual, command: {quoted}}}]\n")
    assert "tools/lint.sh" in {file.path for file in look(root).files}


@pytest.mark.parametrize("command", ["cat ../outside", "cat /etc/passwd", "cat ..", "cat .", "cat tools", "echo hello"])
def test_what_lies_outside_and_what_is_no_file_is_not_looked_at(root: Path, command: str):
    (root.parent / "outside").write_text("x")
    (root / ".kiro/settings/hooks.yaml").write_text(f"hooks: [{{name: a, trigger: manual, command: {command}}}]\n")
    assert {file.path for file in look(root).files} == {".kiro/settings/hooks.yaml"}


def test_named_pipes_and_folders_are_not_files_that_a_command_names(root: Path):
    (root / "tools/lint.sh").unlink()
    os.mkfifo(root / "tools/lint.sh")
    assert "tools/lint.sh" not in {file.path for file in look(root).files}


def _allow(state_dir: Path, root: Path) -> None:
    TrustStore(state_dir).allow(examine(root, load_workspace(root)), now=1.0)


def test_two_processes_that_allow_at_once_lose_nothing(root: Path, tmp_path: Path):
    hooks, found = root / ".kiro/settings/hooks.yaml", []
    context = multiprocessing.get_context("spawn")
    store = TrustStore(tmp_path / "state")
    workers = [context.Process(target=_allow, args=(tmp_path / "state", root)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for number in range(20):
        examined = examine(root, load_workspace(root))
        store.allow(examined, now=float(number))
        found.append(examined)
    for worker in workers:
        worker.join(60)
        assert worker.exitcode == 0
    assert store.state(found[-1]).verdict is Verdict.TRUSTED
    assert hooks.read_text() == HOOKS


def test_one_hook_alone_is_judged_as_among_all_of_them(root: Path, store: TrustStore):
    def judged() -> dict[str, bool]:
        loaded = load_workspace(root)
        return {hook.name: store.permits(root, loaded, hook) for hook in loaded.hooks}

    assert judged() == {"lint": False, "review": False, "plain": False}
    store.allow(look(root), now=1.0)
    assert judged() == {"lint": True, "review": True, "plain": True}
    (root / "tools/agent.py").write_text("changed\n")
    assert judged() == {"lint": True, "review": False, "plain": True}
    found = state(store, root)
    assert judged() == {name: found.permits(name) for name in ("lint", "review", "plain")}


def test_what_the_user_says_of_an_own_agent_asks_nobody(root: Path, store: TrustStore):
    def own(*more: str) -> dict[str, AgentSettings]:
        command = ("sh", "src/a.ts", *more)
        return {"ours": AgentSettings(name="ours", kind="command", command=command, origin=Origin(file="c", line=1))}

    text = HOOKS.replace("action: look}", "action: look, agent: ours}")
    (root / ".kiro/settings/hooks.yaml").write_text(text)

    def judged(agents: dict[str, AgentSettings]) -> bool:
        loaded = load_workspace(root, known_agents={"ours", "mine"})
        (plain,) = (hook for hook in loaded.hooks if hook.name == "plain")
        assert store.allowed(root, loaded, agents=agents).permits("plain") is store.permits(
            root, loaded, plain, agents=agents
        )
        return store.permits(root, loaded, plain, agents=agents)

    loaded = load_workspace(root, known_agents={"ours", "mine"})
    store.allow(examine(root, loaded, agents=own()), now=1.0)
    assert judged(own())
    assert judged(own("--more"))
    (root / "src/a.ts").write_text("changed\n")
    assert not judged(own())


def test_another_process_that_allows_is_seen_at_once(root: Path, store: TrustStore, tmp_path: Path):
    assert state(store, root).verdict is Verdict.NEVER
    other = TrustStore(tmp_path / "state")
    other.allow(look(root), now=1.0)
    assert state(store, root).verdict is Verdict.TRUSTED
    other.forget(root)
    assert state(store, root).verdict is Verdict.NEVER
