from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from hooks.config import load_workspace
from hooks.model import Mode

if TYPE_CHECKING:
    from pathlib import Path


def write(root: Path, path: str, text: str | bytes) -> None:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text if isinstance(text, bytes) else text.encode())


def hooks_yaml(*names: str, extra: str = "") -> str:
    lines = [f"  - {{name: '{name}', trigger: file_modified, pattern: '**/*.ts', action: look}}" for name in names]
    return extra + "hooks:\n" + "\n".join(lines) + "\n"


def kiro_hook(name: str = "old", prompt: str = "look", **when: object) -> str:
    when = {"type": "fileEdited", "patterns": ["*.ts"], **when}
    return json.dumps({"name": name, "version": "1", "when": when, "then": {"type": "askAgent", "prompt": prompt}})


def v1(*hooks: dict[str, object]) -> str:
    return json.dumps({"version": "v1", "hooks": list(hooks)})


SAVE = {"name": "new", "trigger": "PostFileSave", "matcher": "\\.ts$", "action": {"type": "agent", "prompt": "look"}}


def test_a_folder_without_configuration_has_no_hooks_and_no_faults(tmp_path: Path):
    loaded = load_workspace(tmp_path)
    assert (loaded.hooks, loaded.faults, loaded.files) == ((), (), ())


def test_every_source_of_a_workspace_is_read_with_its_origin(tmp_path: Path):
    root, home = tmp_path / "w", tmp_path / "home"
    write(root, ".kiro/settings/hooks.yaml", hooks_yaml("ours"))
    write(root, ".kiro/hooks/old.kiro.hook", kiro_hook())
    write(root, ".kiro/hooks/new.json", v1(SAVE))
    write(root, "packages/x/.kiro/settings/hooks.yaml", hooks_yaml("theirs"))
    write(root, "packages/x/.kiro/hooks/deep.kiro.hook", kiro_hook("deep"))
    write(home, ".kiro/hooks/mine.json", v1({**SAVE, "name": "mine"}))
    loaded = load_workspace(root, home=home)
    assert loaded.faults == ()
    assert {hook.name: (str(hook.origin), hook.scope) for hook in loaded.hooks} == {
        "ours": (".kiro/settings/hooks.yaml:2", ""),
        "theirs": ("packages/x/.kiro/settings/hooks.yaml:2", "packages/x"),
        "new": (".kiro/hooks/new.json:1", ""),
        "old": (".kiro/hooks/old.kiro.hook:1", ""),
        "deep": ("packages/x/.kiro/hooks/deep.kiro.hook:1", "packages/x"),
        "mine": ("~/.kiro/hooks/mine.json:1", ""),
    }
    assert [file.path for file in loaded.files if file.personal] == ["~/.kiro/hooks/mine.json"]
    assert all(len(file.sha256) == 64 for file in loaded.files)


def test_packages_below_ignored_folders_are_not_looked_for(tmp_path: Path):
    for folder in ("node_modules/x", ".git/x", "build/x", "src/x"):
        write(tmp_path, f"{folder}/.kiro/settings/hooks.yaml", hooks_yaml(folder))
    asked: list[str] = []

    def descend(directory: str) -> bool:
        asked.append(directory)
        return directory != "build"

    loaded = load_workspace(tmp_path, descend=descend)
    assert [hook.name for hook in loaded.hooks] == ["src/x"]
    assert set(asked) == {"build", "src", "src/x"}


def test_a_broken_file_leaves_the_hooks_of_the_others(tmp_path: Path):
    write(tmp_path, ".kiro/settings/hooks.yaml", "hooks: [\n")
    write(tmp_path, "x/.kiro/settings/hooks.yaml", hooks_yaml("theirs"))
    write(tmp_path, ".kiro/hooks/old.kiro.hook", kiro_hook())
    loaded = load_workspace(tmp_path)
    assert loaded.faulty_files == {".kiro/settings/hooks.yaml"}
    assert [hook.name for hook in loaded.hooks] == ["theirs", "old"]


def test_the_nearest_hook_of_a_name_takes_the_place_of_the_outer_one(tmp_path: Path):
    for folder in ("", "a/", "a/b/", "c/"):
        write(tmp_path, f"{folder}.kiro/settings/hooks.yaml", hooks_yaml("review"))
    loaded = load_workspace(tmp_path)
    assert loaded.faults == ()
    assert {hook.name: hook.patterns for hook in loaded.hooks} == {
        "review": ("**/*.ts", "!a/**", "!a/b/**", "!c/**"),
        "review (a)": ("**/*.ts", "!b/**"),
        "review (a/b)": ("**/*.ts",),
        "review (c)": ("**/*.ts",),
    }
    assert len(loaded.warnings) == 3


def test_a_package_uses_the_agents_and_the_default_of_the_root(tmp_path: Path):
    extra = "agent: house\nagents: {house: {kind: bedrock}}\n"
    write(tmp_path, ".kiro/settings/hooks.yaml", hooks_yaml("ours", extra=extra))
    write(tmp_path, "x/.kiro/settings/hooks.yaml", hooks_yaml("theirs", extra="ignore: 'out/**'\n"))
    write(tmp_path, ".kiro/hooks/old.kiro.hook", kiro_hook())
    loaded = load_workspace(tmp_path)
    assert loaded.faults == ()
    assert [hook.agent for hook in loaded.hooks] == ["house", "house", "house"]
    assert [(rule.scope, rule.pattern) for rule in loaded.settings.ignore] == [("x", "out/**")]


def test_modes_give_imported_hooks_their_mode_by_name(tmp_path: Path):
    extra = "modes:\n  old: auto-fix\n  ours: auto-fix\n  odl: auto-fix\n"
    write(tmp_path, ".kiro/settings/hooks.yaml", hooks_yaml("ours", extra=extra))
    write(tmp_path, ".kiro/hooks/old.kiro.hook", kiro_hook())
    write(tmp_path, ".kiro/hooks/other.kiro.hook", kiro_hook("other"))
    loaded = load_workspace(tmp_path)
    assert {hook.name: hook.mode for hook in loaded.hooks} == {
        "ours": Mode.ADVISORY,
        "old": Mode.AUTO_FIX,
        "other": Mode.ADVISORY,
    }
    said = [str(notice) for notice in loaded.warnings]
    assert any(":3:3: " in line and "write its `mode` there" in line for line in said)
    assert any(":4:3: " in line and 'did you mean "old"?' in line for line in said)


def test_a_hook_of_kiro_that_hooks_yaml_also_has_counts_as_written_there(tmp_path: Path):
    write(tmp_path, ".kiro/settings/hooks.yaml", hooks_yaml("old"))
    write(tmp_path, ".kiro/hooks/old.kiro.hook", kiro_hook())
    loaded = load_workspace(tmp_path)
    assert [str(hook.origin) for hook in loaded.hooks] == [".kiro/settings/hooks.yaml:2"]
    assert "that one counts" in str(loaded.warnings[0])


def test_of_kiros_hooks_equal_ones_count_once_and_namesakes_are_told_apart(tmp_path: Path):
    write(tmp_path, ".kiro/hooks/a.kiro.hook", kiro_hook("x"))
    write(tmp_path, ".kiro/hooks/b.kiro.hook", kiro_hook("x"))
    write(tmp_path, ".kiro/hooks/c.kiro.hook", kiro_hook("x", prompt="something else"))
    write(tmp_path, ".kiro/hooks/d.kiro.hook", kiro_hook("x (c.kiro.hook)", prompt="the name is taken"))
    loaded = load_workspace(tmp_path)
    assert len({hook.name for hook in loaded.hooks}) == len(loaded.hooks) == 3
    assert len(loaded.warnings) == 3


def test_links_that_leave_the_workspace_are_not_followed(tmp_path: Path):
    write(tmp_path, "outside.yaml", hooks_yaml("stranger"))
    root = tmp_path / "w"
    (root / ".kiro/settings").mkdir(parents=True)
    (root / ".kiro/settings/hooks.yaml").symlink_to(tmp_path / "outside.yaml")
    loaded = load_workspace(root)
    assert loaded.hooks == ()
    assert "a link that leaves the workspace" in str(loaded.faults[0])


def test_a_link_within_the_workspace_is_followed(tmp_path: Path):
    write(tmp_path, "shared.yaml", hooks_yaml("ours"))
    (tmp_path / ".kiro/settings").mkdir(parents=True)
    (tmp_path / ".kiro/settings/hooks.yaml").symlink_to("../../shared.yaml")
    assert [hook.name for hook in load_workspace(tmp_path).hooks] == ["ours"]


@pytest.mark.parametrize("kind", ["pipe", "folder", "endless link"])
def test_what_is_no_regular_file_is_a_fault_and_is_not_waited_for(tmp_path: Path, kind: str):
    path = tmp_path / ".kiro/settings/hooks.yaml"
    path.parent.mkdir(parents=True)
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to("hooks.yaml")
    loaded = load_workspace(tmp_path)
    assert loaded.hooks == ()
    assert len(loaded.faults) == 1


def test_no_more_is_read_of_a_large_file_than_shows_that_it_is(tmp_path: Path):
    write(tmp_path, ".kiro/settings/hooks.yaml", b"a" * 3_000_000)
    loaded = load_workspace(tmp_path)
    assert "too large" in str(loaded.faults[0])
    assert len(loaded.files[0].content) < 600_000


def test_the_settings_say_where_the_default_agent_comes_from(tmp_path: Path):
    write(tmp_path, ".kiro/settings/hooks.yaml", hooks_yaml("ours"))
    loaded = load_workspace(tmp_path, default_agent="kiro")
    assert (loaded.settings.agent, loaded.hooks[0].agent) == (None, "kiro")


def test_every_pattern_says_where_it_was_written(tmp_path: Path):
    text = "hooks:\n  - name: review\n    trigger: file_modified\n    action: x\n"
    text += "    pattern:\n      - a/**\n      - '!b'\n"
    write(tmp_path, ".kiro/settings/hooks.yaml", text)
    write(tmp_path, "p/.kiro/settings/hooks.yaml", hooks_yaml("review"))
    write(tmp_path, ".kiro/hooks/old.kiro.hook", kiro_hook(patterns=["!x", "{a", "b}"]).replace('"!x"', '\n"!x"'))
    outer, inner, old = load_workspace(tmp_path).hooks
    assert [(origin.line, origin.column) for origin in outer.pattern_origins[:2]] == [(6, 9), (7, 9)]
    assert str(outer.pattern_origins[2]) == "p/.kiro/settings/hooks.yaml:2"
    assert len(inner.pattern_origins) == 1
    assert dict(zip(old.patterns, map(str, old.pattern_origins), strict=True)) == {
        "**/{a,b}": ".kiro/hooks/old.kiro.hook:2",
        "!**/x": ".kiro/hooks/old.kiro.hook:2",
    }


def test_so_many_files_are_read_and_the_rest_is_one_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("hooks.workspace.MAX_FILES", 3)
    for number in range(6):
        write(tmp_path, f".kiro/hooks/h{number}.kiro.hook", kiro_hook(f"h{number}"))
    loaded = load_workspace(tmp_path)
    assert [hook.name for hook in loaded.hooks] == ["h0", "h1", "h2"]
    assert "no more are read" in str(loaded.faults[0])
    assert len(loaded.faults) == 1


def test_so_many_bytes_are_read_and_the_rest_is_one_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("hooks.workspace.MAX_TOTAL", 10)
    for number in range(3):
        write(tmp_path, f".kiro/hooks/h{number}.hook", kiro_hook(f"h{number}", prompt=f"look {number}"))
    loaded = load_workspace(tmp_path)
    assert [hook.name for hook in loaded.hooks] == ["h0"]
    assert len(loaded.faults) == 1
