"""Random ignore files over random trees, ours against `git ls-files -o --exclude-standard` and `git check-ignore`.

    python benchmarks/matching/ignore_against_git.py [--sets 400] [--seed 1]

Prints how many comparisons were made and how many differ; exits 1 when any does.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from hooks.ignore import Ignore

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

NAMES = [
    b"a",
    b"b",
    b"c",
    b"ab",
    b"abc",
    b"foo",
    b"Foo",
    b"foo.o",
    b"bar.txt",
    b".hid",
    b"x y",
    b"x ",
    b"a*b",
    b"a?b",
    b"[ab]",
    b"#c",
    b"!d",
    b"a\\b",
    b"\xc3\xa9t",
    b"\xff\xfe",
    b"build",
    b"node_modules",
    b"a]b",
    b"a-b",
    b"0",
    b"~",
    b"{a,b}",
    b"a\tb",
]
PIECES = [
    b"a",
    b"b",
    b"c",
    b"ab",
    b"foo",
    b"*",
    b"*",
    b"**",
    b"**",
    b"***",
    b"?",
    b"[ab]",
    b"[!a]",
    b"[^b]",
    b"[a-c]",
    b"[]a]",
    b"[]-a]",
    b"[a",
    b"[[:alpha:]]",
    b"[[:digit:][:space:]]",
    b"[[:bad:]]",
    b"[[:alpha]",
    b"[\\]a]",
    b"[a-",
    b"[!]a]",
    b"[z-a]",
    b"\\*",
    b"\\",
    b"\\a",
    b"\\[",
    b".o",
    b".txt",
    b".",
    b"x y",
    b" ",
    b"\\ ",
    b"#",
    b"!",
    b"\xc3\xa9",
    b"\xff",
    b"[\xc3\xa9]",
    b"build",
    b"-",
    b"]",
    b"{a,b}",
    b"F",
    b"\t",
    b"[a\\-c]",
    b"[--0]",
    b"[,-.]",
    b"[/]",
    b"[^/]",
]
SPACES = [b"", b"", b"", b"", b"", b"", b" ", b"  ", b"\\ ", b"\t", b"\r"]


@dataclass
class Tally:
    compared: int = 0
    wrong: int = 0
    decided: int = 0
    ignored: int = 0
    shown: list[str] = field(default_factory=list)

    def compare(self, what: str, path: bytes, ours: object, gits: object) -> None:
        self.compared += 1
        if ours != gits:
            self.wrong += 1
            if len(self.shown) < 20:
                self.shown.append(f"{what} {path!r}: ours {ours!r}, git's {gits!r}")


def random_rule(chance: random.Random) -> bytes:
    count = chance.choice([1, 1, 2, 2, 3, 4])
    parts = [b"".join(chance.choice(PIECES) for _ in range(chance.choice([1, 1, 2, 3]))) for _ in range(count)]
    if chance.random() < 0.4:
        parts = [chance.choice(NAMES[:8]) if chance.random() < 0.6 else part for part in parts]
    rule = b"/".join(parts)
    before = chance.choice([b"", b"", b"", b"", b"!", b"!", b"/", b"!/", b"**/", b"\\!", b"\\#", b"//"])
    return before + rule + chance.choice([b"", b"", b"", b"/", b"/**", b"/*", b"//"]) + chance.choice(SPACES)


def near_rule(chance: random.Random, path: bytes) -> bytes:
    """A rule that is likely to speak of ``path``: some of its components, each as it is or in a disguise."""
    names = path.split(b"/")
    names = names[chance.randrange(len(names)) :] if chance.random() < 0.6 else names
    disguised = [disguise(chance, name) for name in names]
    if len(disguised) > 1 and chance.random() < 0.4:
        disguised[chance.randrange(len(disguised))] = chance.choice([b"**", b"*", b"**", b"***", b"?*", b"*?"])
    if len(names) > 1 and chance.random() < 0.3:
        # Stars that stand against a literal, where git's matcher begins in the middle of a component.
        first, last = names[0][: chance.randint(1, len(names[0]))], names[-1][chance.randrange(len(names[-1])) :]
        stars = chance.choice([b"**/", b"**/**/", b"*/", b"/**", b"**", b"/**/", b"***/", b"**\\/", b"/*/**/", b"**/*"])
        disguised = [b"/" * chance.randint(0, 1) + first + stars + last]
    before = chance.choice([b"", b"", b"", b"!", b"!", b"/", b"**/", b"!/", b"!**/"])
    return (
        before
        + b"/".join(disguised)
        + chance.choice([b"", b"", b"", b"/", b"/**", b"/*", b"*", b"**"])
        + chance.choice(SPACES)
    )


def disguise(chance: random.Random, name: bytes) -> bytes:
    escaped = b"".join(b"\\" + bytes([one]) if one in b"*?[\\!#" else bytes([one]) for one in name)
    at = chance.randrange(len(name))
    one = name[at : at + 1]
    low, high = bytes([max(1, one[0] - 1)]), bytes([min(255, one[0] + 1)])
    set_of_it = chance.choice(
        [
            b"[" + one + b"]",
            b"[!x]",
            b"[^/]",
            b"[" + low + b"-" + high + b"]",
            b"[[:print:]]",
            b"[[:alnum:]_]",
            b"[]" + one + b"]",
        ]
    )
    return chance.choice(
        [
            escaped,
            escaped,
            escaped,
            name,
            name[:at] + b"*",
            b"*" + name[at:],
            name[:at] + b"?" + name[at + 1 :],
            name[:at] + b"**" + name[at + 1 :],
            name[:at] + set_of_it + name[at + 1 :],
            name.swapcase(),
            b"*",
            b"**",
        ]
    )


def random_rules(chance: random.Random, most: int, paths: Sequence[bytes] = ()) -> bytes:
    lines = [
        near_rule(chance, chance.choice(paths)) if paths and chance.random() < 0.6 else random_rule(chance)
        for _ in range(chance.randint(1, most))
    ]
    if chance.random() < 0.3:
        lines.insert(
            chance.randrange(len(lines) + 1), chance.choice([b"", b"# remark", b"*", b"*/", b"!*/", b"!", b"/"])
        )
    text = chance.choice([b"\n", b"\n", b"\n", b"\r\n"]).join(lines)
    return (b"\xef\xbb\xbf" if chance.random() < 0.05 else b"") + text + chance.choice([b"\n", b""])


def random_tree(chance: random.Random, root: bytes, files: int) -> None:
    directories = [root]
    for _ in range(files // 4):
        directory = os.path.join(chance.choice(directories), chance.choice(NAMES))
        if directory.count(b"/") - root.count(b"/") < 6 and not os.path.lexists(directory):
            os.mkdir(directory)
            directories.append(directory)
    for _ in range(files):
        file = os.path.join(chance.choice(directories), chance.choice(NAMES))
        if not os.path.lexists(file):
            with open(file, "wb"):
                pass
    for directory in chance.sample(directories, min(len(directories), chance.randint(0, 4))):
        below = [path for path, _ in paths_of(directory)]
        with open(os.path.join(directory, b".gitignore"), "wb") as out:
            out.write(random_rules(chance, 8, below))


def paths_of(root: bytes) -> Iterator[tuple[bytes, bool]]:
    for directory, below, files in os.walk(root):
        below[:] = sorted(name for name in below if name != b".git")
        for name in below:
            yield os.path.relpath(os.path.join(directory, name), root), True
        for name in sorted(files):
            yield os.path.relpath(os.path.join(directory, name), root), False


def git(root: Path, environ: dict[str, str], *command: str, stdin: bytes = b"") -> bytes:
    return subprocess.run(
        ["git", *command], cwd=root, env=environ, input=stdin, capture_output=True, check=False
    ).stdout


def compare(root: Path, environ: dict[str, str], tally: Tally) -> None:
    """Every path of one work tree: whether it is ignored, and by which line of which file."""
    ignore = Ignore(root, environ=environ)
    base = os.fsencode(root)
    paths = list(paths_of(base))
    listed = set(git(root, environ, "ls-files", "-o", "-z", "--exclude-standard").split(b"\0")) - {b""}
    asked = b"".join(path + b"\0" for path, _ in paths)
    fields = git(root, environ, "check-ignore", "-z", "--stdin", "-v", "-n", "--no-index", stdin=asked).split(b"\0")
    said = {fields[at + 3]: tuple(fields[at : at + 3]) for at in range(0, len(fields) - 4, 4)}
    for path, is_dir in paths:
        text = os.fsdecode(path)
        rule = ignore.rule(text, is_dir)
        if not is_dir:
            tally.compare("listed", path, not ignore.ignored(text, is_dir=False), path in listed)
        source, line, pattern = said[path]
        tally.decided += bool(line)
        tally.ignored += bool(line) and not pattern.startswith(b"!")
        ours = (line_of(rule), os.fsencode(rule.file).split(b"/")[-1]) if rule is not None else (b"", b"")
        gits = (line, source.split(b"/")[-1])
        tally.compare(f"decided by {pattern!r}", path, ours, gits)


def line_of(rule: object) -> bytes:
    return str(getattr(rule, "line", "")).encode()


def environment(home: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C"}


def one_set(seed: int, files: int, tally: Tally) -> None:
    chance = random.Random(seed)
    shown = len(tally.shown)
    with tempfile.TemporaryDirectory() as scratch:
        home, root = Path(scratch, "home"), Path(scratch, "work")
        home.mkdir()
        root.mkdir()
        environ = environment(home)
        git(root, environ, "init", "-q")
        random_tree(chance, os.fsencode(root), files)
        paths = [path for path, _ in paths_of(os.fsencode(root))]
        if chance.random() < 0.3:
            (root / ".git" / "info").mkdir(exist_ok=True)
            (root / ".git" / "info" / "exclude").write_bytes(random_rules(chance, 4, paths))
        if chance.random() < 0.3:
            (home / "excludes").write_bytes(random_rules(chance, 4, paths))
            (home / ".gitconfig").write_text("[core]\n\texcludesFile = ~/excludes\n")
        if chance.random() < 0.15:
            git(root, environ, "config", "core.ignoreCase", "true")
        compare(root, environ, tally)
        if len(tally.shown) > shown:
            tally.shown.append(f"  (seed {seed})")


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--sets", type=int, default=400)
    options.add_argument("--files", type=int, default=450)
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args()
    tally = Tally()
    started = time.monotonic()
    for seed in range(chosen.seed, chosen.seed + chosen.sets):
        one_set(seed, chosen.files, tally)
    for line in tally.shown:
        print(line)
    took = time.monotonic() - started
    print(f"{chosen.sets} rule sets, {tally.compared} comparisons, {tally.wrong} wrong, {took:.0f} s")
    print(f"of {tally.compared // 2} paths or so a rule decided {tally.decided} and ignored {tally.ignored}")
    return 1 if tally.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
