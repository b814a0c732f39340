"""Which steering files speak to a change: levels, inclusion, references, and what real files look like."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hooks.frontmatter import split_front_matter
from hooks.model import Cause, Change, ChangeKind, Hook, Origin, Trigger
from hooks.prompt import ChangedFile, PartKind, build_prompt
from hooks.steering import (
    LARGEST_FILE,
    MOST_FILES,
    MOST_REFERENCES,
    Inclusion,
    Level,
    directories_of,
    read_steering,
    select,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "work").mkdir()
    return tmp_path / "work"


def anything(_path: str) -> bool:
    return True


def write(place: Path, text: str) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text)


def front(body: str = "Body.\n", **keys: str) -> str:
    return "---\n" + "".join(f"{key}: {value}\n" for key, value in keys.items()) + f"---\n{body}"


def chosen(root: Path, home: Path, *paths: str, action: str = "") -> list[tuple[str, str]]:
    return [
        (one.file.path, one.why)
        for one in select(read_steering(root, home=home, may_read=anything, paths=paths), paths, action=action)
    ]


def said(root: Path, home: Path, *paths: str) -> list[str]:
    return [str(notice) for notice in read_steering(root, home=home, may_read=anything, paths=paths).notices]


@pytest.fixture
def monorepo(root: Path, home: Path) -> Path:
    write(home / ".kiro/steering/personal.md", "Write British English.\n")
    write(home / ".kiro/steering/python.md", front(inclusion="fileMatch", fileMatchPattern="['*.py', '*.pyi']"))
    write(root / "AGENTS.md", "Be brief.\n")
    write(root / ".kiro/steering/product.md", "What we sell. #[[file:docs/api.yaml]]\n")
    write(root / ".kiro/steering/typescript.md", front(inclusion="fileMatch", fileMatchPattern='"**/*.{ts,tsx}"'))
    write(root / ".kiro/steering/release.md", front(inclusion="manual"))
    write(root / ".kiro/steering/testing.md", front(inclusion="auto", name="testing", description="how we write tests"))
    write(root / "docs/api.yaml", "openapi: 3\n")
    write(root / "packages/api/AGENTS.md", "The API package.\n")
    write(root / "packages/api/.kiro/steering/api.md", front(inclusion="always"))
    write(
        root / "packages/api/.kiro/steering/handlers.md",
        front(inclusion="fileMatch", fileMatchPattern="src/handlers/**"),
    )
    write(root / "packages/web/.kiro/steering/react.md", front(inclusion="fileMatch", fileMatchPattern='"*.tsx"'))
    write(
        root / "packages/infra/.kiro/steering/terraform.md", front(inclusion="fileMatch", fileMatchPattern='"**/*.tf"')
    )
    return root


PERSONAL = (PartKind.STEERING, "~/.kiro/steering/personal.md")
AGENTS = (PartKind.STEERING, "AGENTS.md")
PRODUCT = (PartKind.STEERING, ".kiro/steering/product.md")
API_YAML = (PartKind.REFERENCE, "docs/api.yaml")
TESTING = (PartKind.OFFERED, ".kiro/steering/testing.md")
TYPESCRIPT = (PartKind.STEERING, ".kiro/steering/typescript.md")
RELEASE = (PartKind.STEERING, ".kiro/steering/release.md")


@pytest.mark.parametrize(
    ("path", "action", "expected"),
    [
        (
            "packages/api/src/handlers/pay.ts",
            "Look.",
            [
                PERSONAL,
                AGENTS,
                PRODUCT,
                API_YAML,
                TYPESCRIPT,
                (PartKind.STEERING, "packages/api/AGENTS.md"),
                (PartKind.STEERING, "packages/api/.kiro/steering/api.md"),
                (PartKind.STEERING, "packages/api/.kiro/steering/handlers.md"),
                TESTING,
            ],
        ),
        (
            "packages/api/README.md",
            "Look, as #release says.",
            [
                PERSONAL,
                AGENTS,
                PRODUCT,
                API_YAML,
                RELEASE,
                (PartKind.STEERING, "packages/api/AGENTS.md"),
                (PartKind.STEERING, "packages/api/.kiro/steering/api.md"),
                TESTING,
            ],
        ),
        (
            "packages/web/src/App.tsx",
            "Look.",
            [
                PERSONAL,
                AGENTS,
                PRODUCT,
                API_YAML,
                TYPESCRIPT,
                (PartKind.STEERING, "packages/web/.kiro/steering/react.md"),
                TESTING,
            ],
        ),
        (
            "packages/infra/main.tf",
            "Look.",
            [
                PERSONAL,
                AGENTS,
                PRODUCT,
                API_YAML,
                (PartKind.STEERING, "packages/infra/.kiro/steering/terraform.md"),
                TESTING,
            ],
        ),
        (
            "scripts/deploy.py",
            "Look, as #testing says.",
            [
                PERSONAL,
                (PartKind.STEERING, "~/.kiro/steering/python.md"),
                AGENTS,
                PRODUCT,
                API_YAML,
                (PartKind.STEERING, ".kiro/steering/testing.md"),
            ],
        ),
        ("README.md", "Look at #releases.", [PERSONAL, AGENTS, PRODUCT, API_YAML, TESTING]),
    ],
)
def test_a_prompt_holds_exactly_the_steering_of_its_file(
    monorepo: Path, home: Path, path: str, action: str, expected: list[tuple[PartKind, str]]
) -> None:
    hook = Hook(
        name="h", triggers=frozenset({Trigger.FILE_MODIFIED}), origin=Origin(file="hooks.yaml", line=3), action=action
    )
    steering = select(read_steering(monorepo, home=home, may_read=anything, paths=[path]), [path], action=action)
    change = Change(path=path, kind=ChangeKind.MODIFIED, cause=Cause.EDIT)

    prompt = build_prompt(hook, [ChangedFile(change=change)], steering=steering)

    frame = {PartKind.RULES, PartKind.TASK, PartKind.CHANGES, PartKind.FORMAT}
    assert [(part.kind, part.origin) for part in prompt.parts if part.kind not in frame] == expected
    assert "".join(part.text for part in prompt.parts) == prompt.text
    assert all(part.size == part.whole == len(part.text.encode()) for part in prompt.parts)


def test_levels_come_in_rising_order_of_weight(monorepo: Path, home: Path) -> None:
    steering = read_steering(monorepo, home=home, may_read=anything, paths=["packages/api/a.ts"])

    levels = [file.level for file in steering.files]
    assert levels == sorted(levels, key=list(Level).index)
    assert set(levels) == set(Level)
    assert steering.notices == ()


def test_changes_in_two_packages_bring_the_steering_of_both(monorepo: Path, home: Path) -> None:
    found = [path for path, _ in chosen(monorepo, home, "packages/web/a.tsx", "packages/infra/b.tf")]

    assert "packages/web/.kiro/steering/react.md" in found
    assert "packages/infra/.kiro/steering/terraform.md" in found
    assert "packages/api/AGENTS.md" not in found


def test_a_file_pattern_covers_only_files_of_its_own_package(root: Path, home: Path) -> None:
    write(root / "a/.kiro/steering/x.md", front(inclusion="fileMatch", fileMatchPattern='"*.ts"'))
    write(root / "a/readme", "")

    assert chosen(root, home, "a/readme", "b.ts") == []
    assert chosen(root, home, "a/deep/er/b.ts") == [("a/.kiro/steering/x.md", "fileMatch *.ts covers a/deep/er/b.ts")]


MATCH = Inclusion.FILE_MATCH


@pytest.mark.parametrize(
    ("text", "inclusion", "patterns", "odd"),
    [
        ("plain\n", Inclusion.ALWAYS, (), None),
        ("---\n---\nx", Inclusion.ALWAYS, (), None),
        ("---\ninclusion: always\n---\n", Inclusion.ALWAYS, (), None),
        ("---\r\ninclusion: manual\r\n---\r\nx\r\n", Inclusion.MANUAL, (), None),
        ("\ufeff---\ninclusion: manual\n---\n", Inclusion.MANUAL, (), None),
        ("--- \ninclusion: 'auto'\n---\n", Inclusion.AUTO, (), None),
        ("---\ninclusion: filematch\nfileMatchPattern: 'a/**'\n---\n", MATCH, ("a/**",), None),
        ("---\ninclusion: fileMatch\nfileMatchPattern:\n  - '*.ts'\n  - b/*\n---\n", MATCH, ("*.ts", "b/*"), None),
        ("---\ninclusion: fileMatch\nfileMatchPattern: '*.{x,y},b/*, c'\n---\n", MATCH, ("*.{x,y}", "b/*", "c"), None),
        ("---\ninclusion: fileMatch\nfileMatchPattern: **/*.ts\n---\n", MATCH, ("**/*.ts",), "1:"),
        ("---\ninclusion: fileMatch\nfileMatchPattern: [*.ts, '*.js']\n---\n", MATCH, ("*.ts", "*.js"), "1:"),
        ("---\ninclusion: fileMatch\nfileMatchPattern:\n- *.ts\n---\n", MATCH, ("*.ts",), "1:"),
        ("---\ninclusion: fileMatch\n---\n", MATCH, (), "2:1: inclusion fileMatch without"),
        ("---\ninclusion: fileMatch\nfileMatchPattern: ['[a', 'b']\n---\n", MATCH, ("b",), "3:1: fileMatchPattern"),
        ("---\ninclusion: conditional\nfileMatchPattern: a\n---\n", MATCH, ("a",), "2:1: unknown inclusion"),
        ("---\ninclusion: sometimes\n---\n", Inclusion.ALWAYS, (), "2:1: unknown inclusion"),
        ("---\ninclusion: [a]\n---\n", Inclusion.ALWAYS, (), None),
        ("\n---\ninclusion: manual\n---\n", Inclusion.ALWAYS, (), "1:1: front matter counts only"),
        ("---\ninclusion: manual\n", Inclusion.ALWAYS, (), "1:1: the front matter is never closed"),
        ("# Title\n---\ninclusion: manual\n---\n", Inclusion.ALWAYS, (), None),
    ],
)  # fmt: skip
def test_front_matter_is_read_as_it_was_meant_and_what_is_odd_is_said(
    root: Path, home: Path, text: str, inclusion: Inclusion, patterns: tuple[str, ...], odd: str | None
) -> None:
    write(root / ".kiro/steering/a.md", "")
    (root / ".kiro/steering/a.md").write_bytes(text.encode())

    steering = read_steering(root, home=home, may_read=anything)

    [file] = steering.files
    assert (file.inclusion, file.patterns) == (inclusion, patterns)
    assert [odd in str(notice) for notice in steering.notices] == ([True] if odd is not None else [])


def test_the_front_matter_is_not_part_of_the_text(root: Path, home: Path) -> None:
    write(root / ".kiro/steering/a.md", "---\ninclusion: always\n---\n\n# Title\n---\nmore\n")

    assert read_steering(root, home=home, may_read=anything).files[0].text == "\n# Title\n---\nmore\n"


def test_references_are_followed_inside_the_workspace_only(root: Path, home: Path, tmp_path: Path) -> None:
    write(tmp_path / "secret", "s")
    write(root / "docs/a.md", "A")
    write(root / ".env", "KEY=1")
    write(root / ".kiro/steering/b.md", "B")
    (root / "out").symlink_to(tmp_path / "secret")
    (root / "folder").mkdir()
    (root / "bin").write_bytes(b"\0\1")
    names = ["docs/a.md", "../secret", str(tmp_path / "secret"), "out", ".env", "b.md", "folder", "bin", "none"]
    write(root / ".kiro/steering/s.md", " ".join(f"#[[file:{name}]]" for name in names))
    asked: list[str] = []

    def may_read(path: str) -> bool:
        asked.append(path)
        return path != ".env"

    steering = read_steering(root, home=home, may_read=may_read)

    found = {one.written: one.text or one.why_not for one in steering.files[1].references}
    assert found == {
        "docs/a.md": "A",
        "../secret": "leads out of the workspace",
        str(tmp_path / "secret"): "leads out of the workspace",
        "out": "leads out of the workspace",
        ".env": "is hidden from agents",
        "b.md": "B",
        "folder": "is not a readable text file",
        "bin": "is not a readable text file",
        "none": "no such file",
    }
    assert ".env" in asked
    assert all(f"#[[file:{name}]]" in " ".join(map(str, steering.notices)) for name in ("../secret", ".env", "none"))


def test_a_reference_in_a_package_is_sought_in_the_package_first(root: Path, home: Path) -> None:
    write(root / "spec.md", "root's")
    write(root / "p/spec.md", "package's")
    write(root / "p/.kiro/steering/s.md", "#[[file:spec.md]] #[[file:spec.md]]")

    [reference] = read_steering(root, home=home, may_read=anything, paths=["p/a"]).files[0].references

    assert (reference.path, reference.text) == ("p/spec.md", "package's")


def test_steering_behind_a_link_out_of_the_workspace_is_not_read(root: Path, home: Path, tmp_path: Path) -> None:
    write(tmp_path / "other/.kiro/steering/a.md", "x")
    write(tmp_path / "other/plain.md", "x")
    (root / ".kiro").symlink_to(tmp_path / "other/.kiro")
    (root / "pkg").symlink_to(tmp_path / "other")
    (root / "AGENTS.md").symlink_to(tmp_path / "other/plain.md")

    steering = read_steering(root, home=home, may_read=anything, paths=["pkg/a.ts"])

    assert steering.files == ()
    assert [str(notice) for notice in steering.notices] == ["AGENTS.md:1:1: leads out of the workspace; not read"]


def test_the_users_own_steering_may_be_links(root: Path, home: Path, tmp_path: Path) -> None:
    write(tmp_path / "dotfiles/a.md", "mine")
    (home / ".kiro/steering").mkdir(parents=True)
    (home / ".kiro/steering/a.md").symlink_to(tmp_path / "dotfiles/a.md")

    assert [file.text for file in read_steering(root, home=home, may_read=anything).files] == ["mine"]


def odd_folder(root: Path) -> None:
    write(root / ".kiro/steering/deep/a.md", "x")


def odd_pipe(root: Path) -> None:
    os.mkfifo(root / ".kiro/steering/pipe.md")


def odd_binary(root: Path) -> None:
    (root / ".kiro/steering/binary.md").write_bytes(b"a\0b")


@pytest.mark.parametrize(
    ("make", "notices"),
    [
        (odd_folder, [".kiro/steering/deep:1:1: steering is read from the folder itself, not from folders in it"]),
        (odd_pipe, []),
        (odd_binary, [".kiro/steering/binary.md:1:1: not a text file; not read"]),
    ],
)
def test_what_is_no_steering_file_is_left_alone(
    root: Path, home: Path, make: Callable[[Path], None], notices: list[str]
) -> None:
    write(root / ".kiro/steering/good.md", "good")
    write(root / ".kiro/steering/notes.txt", "x")
    make(root)

    assert [path for path, _ in chosen(root, home)] == [".kiro/steering/good.md"]
    assert said(root, home) == notices


def test_sizes_and_numbers_are_bounded(root: Path, home: Path) -> None:
    for number in range(MOST_FILES + 5):
        write(root / f".kiro/steering/{number:03}.md", "x")
    write(root / ".kiro/steering/000.md", "".join(f"#[[file:f{number}]]" for number in range(MOST_REFERENCES + 1)))
    write(root / ".kiro/steering/001.md", "é" * LARGEST_FILE)

    steering = read_steering(root, home=home, may_read=anything)

    assert len(steering.files) == MOST_FILES
    assert len(steering.files[0].references) == MOST_REFERENCES
    assert len(steering.files[1].text.encode()) <= LARGEST_FILE
    assert any("only the first" in str(notice) for notice in steering.notices)
    assert any("the rest is left out" in str(notice) for notice in steering.notices)


def test_a_name_in_the_action_counts_only_as_a_whole(root: Path, home: Path) -> None:
    write(root / ".kiro/steering/api-rules.md", front(inclusion="manual"))

    def is_chosen(action: str) -> bool:
        return bool(chosen(root, home, "a", action=action))

    assert [text for text in ("See #api-rules.", "#api-rules", "(#api-rules)") if not is_chosen(text)] == []
    assert [
        text
        for text in ("#api-rules-2", "x#api-rules", "api-rules", "#api", "##api-rules", "#api-rules.py")
        if is_chosen(text)
    ] == []


def test_the_directories_above_paths_come_root_first() -> None:
    assert directories_of(["a/b/c", "a/d", "x"]) == ("", "a", "a/b")


@settings(max_examples=300, deadline=None)
@given(
    st.text(alphabet=st.sampled_from("-\n\r :#[]{}*'\"a,inclusofMtchPer&!|>"), max_size=80).map(
        lambda text: f"---\n{text}"
    )
)
def test_any_front_matter_whatever_gives_a_body_and_no_exception(text: str) -> None:
    found = split_front_matter(text)

    assert text.endswith(found.body)
    assert all(line >= 1 for line, _ in found.problems)
