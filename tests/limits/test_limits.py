"""What may be applied without asking, and which disguises are seen through."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.changes.lists import FOR_A_PERSON, HIDDEN, PROTECTED
from daemon.changes.names import Guard, plain_path
from daemon.changeset import ChangeSet, Edit, EditKind, FileType
from daemon.limits import Decision, judge

A = "a" * 64
B = "b" * 64


def edit(path: str, **more: object) -> Edit:
    fields: dict[str, object] = {
        "kind": EditKind.MODIFIED, "base_sha256": A, "sha256": B, "base_mode": 0o644, "mode": 0o644,
    }  # fmt: skip
    return Edit(path=path, **{**fields, **more})  # type: ignore[arg-type] # the fields are the test's to choose


def verdict(*edits: Edit, protected: tuple[str, ...] = (), most: int | None = 50, **more: object) -> Decision:
    change_set = ChangeSet(id="x", edits=edits, **more)  # type: ignore[arg-type] # as above
    judged = judge(change_set, files_per_change=most, protected=protected)
    assert bool(judged.reasons) == (judged.decision is not Decision.APPLY)
    return judged.decision


@pytest.mark.parametrize(
    "path",
    [
        "docs/api-reference.md", "src/git.ts", "src/environment.ts", "src/git/index.ts", "src/kiro.py",
        "src/terraformer.go", "src/terraform.ts", "docs/github/workflows.md", "src/éa.ts", "gitignore.md",
        "a~b.txt", "docs/.well-known/x",
    ],
)  # fmt: skip
def test_an_ordinary_edit_is_applied(path: str) -> None:
    assert verdict(edit(path)) is Decision.APPLY


@pytest.mark.parametrize(
    "path",
    [
        ".git/hooks/pre-commit", ".git", "sub/.git/config", ".GIT/config", ".Git/HEAD", "git~1/config",
        "GIT~1/hooks/x", "GIT~2/x", ".git./config", ".git /config", ".git::$INDEX_ALLOCATION/config",
        ".g\u200cit/config", "\ufeff.git/config", ".gi\u00adt/config", ".\uff47\uff49\uff54/config",
        ".git\\config", "a/.git\\hooks/x", ".\u017fsh/config", ".\u212airo/settings/hooks.yaml",
        ".kiro/settings/hooks.yaml", "packages/x/.kiro/hooks/a.json", "KIRO~1/settings/hooks.yaml",
        ".vscode/settings.json", ".VSCODE/tasks.json", "VSCODE~1/settings.json", ".idea/x",
        ".claude/settings.json", ".codex/config.toml", ".cursor/mcp.json", ".gemini/settings.json",
        ".mcp.json", "opencode.json", ".github/copilot-instructions.md", ".github/workflows/ci.yml",
        ".GitHub/Workflows/ci.yml", "GITHUB~1/workflows/ci.yml", ".gitlab-ci.yml", ".circleci/config.yml",
        "Jenkinsfile", ".envrc", ".env", ".env.local", ".ENV", "sub/.env.production", "prod.tfvars",
        "prod.tfvars.json", "terraform/main.tf", "infra/terraform/main.tf", "Terraform/x", "x.tfstate",
        "x.tfstate.backup", "deploy.pem", "id_rsa", "keys/server.key", ".gitattributes", "sub/.gitattributes",
        ".gitmodules", ".husky/pre-commit", ".devcontainer/devcontainer.json", ".devcontainer.json",
        ".pre-commit-config.yaml", "mise.toml", ".mise.toml", ".tool-versions", "x.code-workspace", ".npmrc",
        ".yarnrc.yml", ".pypirc", "pip.conf", ".cargo/config.toml", ".env.", ".envrc ", ".e\u200dnvrc",
        ".kiro-hookd.abc.0.tmp",
    ],
)  # fmt: skip
def test_a_protected_path_is_refused_whatever_its_disguise(path: str) -> None:
    assert verdict(edit(path)) is Decision.REFUSE
    assert verdict(edit("src/new.ts", kind=EditKind.RENAMED, old_path=path)) is Decision.REFUSE


@pytest.mark.parametrize(
    "path",
    [
        "Makefile", "sub/makefile", "package.json", "conftest.py", "tests/conftest.py", "setup.py", "x.sh",
        "scripts/X.SH", "AGENTS.md", "CLAUDE.md", "docs/Gemini.md", ".cursorrules", "x\u202egnp.ts", "a\nb.ts",
        "a\x1b[2Jb", "b\udcff.ts", "x/HEAD",
    ],
)  # fmt: skip
def test_what_others_execute_or_cannot_read_waits_for_a_person(path: str) -> None:
    assert verdict(edit(path)) is Decision.HOLD


@pytest.mark.parametrize(
    "one",
    [
        edit("a.bin", binary=True),
        edit("link", kind=EditKind.CREATED, base_sha256=None, base_mode=None, type=FileType.SYMLINK),
        edit("was", base_type=FileType.SYMLINK),
        edit("a.ts", mode=0o755),
        edit("a.ts", mode=0o4644),
        edit("tool", base_mode=0o755, mode=0o755),
        edit("new", kind=EditKind.CREATED, base_sha256=None, base_mode=None, mode=0o755),
        edit("a.ts", moved=True),
    ],
    ids=["binary", "link", "was a link", "mode", "set-uid", "executable", "new executable", "moved"],
)
def test_what_is_more_than_text_waits_for_a_person(one: Edit) -> None:
    assert verdict(one) is Decision.HOLD


def test_special_files_repositories_and_half_read_change_sets_are_refused() -> None:
    assert verdict(edit("pipe", type=FileType.OTHER)) is Decision.REFUSE
    assert verdict(edit("a.ts"), repositories=("vendor/x",)) is Decision.REFUSE
    assert verdict(edit("a.ts"), overflow="more than 10000 files") is Decision.REFUSE


@pytest.mark.parametrize("path", ["/etc/passwd", "../x", "a/../b", "a//b", "./a", "", "a\0b"])
def test_a_path_that_leads_out_is_refused(path: str) -> None:
    assert verdict(edit(path)) is Decision.REFUSE


def test_more_files_than_allowed_wait_and_exactly_as_many_do_not() -> None:
    three = [edit(f"src/{n}.ts") for n in range(3)]
    assert verdict(*three, most=3) is Decision.APPLY
    assert verdict(*three, most=2) is Decision.HOLD
    assert verdict(*three, most=None) is Decision.APPLY


def test_names_alike_but_for_case_or_form_wait_for_a_person() -> None:
    new = {"kind": EditKind.CREATED, "base_sha256": None, "base_mode": None}
    assert verdict(edit("src/A.ts", **new), edit("src/a.ts", **new)) is Decision.HOLD
    assert verdict(edit("Src/x.ts", **new), edit("src/y.ts", **new)) is Decision.HOLD
    assert verdict(edit("e\u0301.ts", **new), edit("\u00e9.ts", **new)) is Decision.HOLD
    assert verdict(edit("src/A.ts", **new), collisions=("src/A.ts",)) is Decision.HOLD


def test_every_reason_is_given() -> None:
    judged = judge(
        ChangeSet(id="x", edits=(edit(".git/config"), edit("Makefile", binary=True), edit("terraform/x"))),
        files_per_change=1,
    )
    text = "\n".join(judged.reasons)
    assert judged.decision is Decision.REFUSE
    assert all(word in text for word in (".git/config", "Makefile", "binary", "terraform/x", "files_per_change"))


def test_a_workspaces_protected_paths_count_at_any_depth_and_in_any_case() -> None:
    protected = ("generated/**", "src/*.gen.ts", "vendor/{a,b}", "locked")
    for path in ("generated/x", "a/b/generated/c/d", "Generated/x", "src/api.gen.ts", "p/src/api.gen.ts", "vendor/b/x",
                 "locked", "x/locked/y", "GENERA~1/x"):  # fmt: skip
        assert verdict(edit(path), protected=protected) is Decision.REFUSE, path
    for path in ("generate/x", "src/deep/api.gen.ts", "vendor/c", "unlocked"):
        assert verdict(edit(path), protected=protected) is Decision.APPLY, path


def test_nothing_in_a_workspace_shortens_the_built_in_list() -> None:
    assert verdict(edit(".git/config"), protected=("!.git/**", "!**")) is Decision.REFUSE


@given(st.sampled_from([p for p in PROTECTED if not set(p) & set("*?[{")]), st.data())
def test_no_mix_of_case_and_invisible_characters_hides_a_protected_name(pattern: str, data: st.DataObject) -> None:
    disguised = "".join(
        (c.upper() if data.draw(st.booleans()) else c)
        + data.draw(st.sampled_from(["", "", "\u200b", "\u2060", "\ufeff"]))
        for c in pattern
    )
    tail = data.draw(st.sampled_from(["", ".", " ", ". .", "/x", "/x/y"]))
    assert verdict(edit("deep/er/" + disguised + tail)) is Decision.REFUSE


@given(st.text(min_size=1, max_size=60))
def test_a_plain_path_is_plain_already(path: str) -> None:
    assert plain_path(plain_path(path)) == plain_path(path)


@given(st.text(min_size=1, max_size=30), st.text(min_size=1, max_size=60))
def test_any_text_is_a_pattern(pattern: str, path: str) -> None:
    Guard([pattern]).naming(path)


def test_the_built_in_lists_are_written_plainly() -> None:
    for pattern in (*PROTECTED, *FOR_A_PERSON, *HIDDEN):
        assert pattern == pattern.lower()
        assert not pattern.startswith("/")
