"""The place of the attacks: a workspace full of targets, a house around it, and two drivers that let an agent loose."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import shutil
import socket
import stat
import subprocess
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from daemon.agents.port import Exit, Program
from daemon.changes.apply import Applied, apply
from daemon.limits import Decision, judge
from daemon.process import run_program
from daemon.view.copy import CopyViews
from daemon.view.overlay import Outside, OverlayViews
from daemon.view.sandbox import Caps

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daemon.changeset import ChangeSet

CANARY = "CANARY-7f3a"
TREE = {
    "src/ok.ts": "export const ok = 1;\n",
    "src/b.ts": "export const b = 2;\n",
    "docs/api.md": "# API\n",
    "Makefile": "all:\n",
    "package.json": "{}\n",
    "tool.sh": "#!/bin/sh\n",
    ".env": f"SECRET={CANARY}\n",
    ".env.local": f"SECRET={CANARY}\n",
    "sub/.env": f"SECRET={CANARY}\n",
    "sub/code.ts": "x\n",
    "prod.tfvars": f'password = "{CANARY}"\n',
    "deploy.pem": f"{CANARY}\n",
    ".claude/settings.json": f'{{"token": "{CANARY}"}}\n',
    ".mcp.json": f'{{"token": "{CANARY}"}}\n',
    ".vscode/settings.json": "{}\n",
    ".kiro/settings/hooks.yaml": "hooks: []\n",
    ".github/workflows/ci.yml": "on: push\n",
    "terraform/main.tf": "# tf\n",
    "generated/x": "x\n",
    ".gitignore": "ignored/\n.env.local\n",
    "ignored/x": "x\n",
    "vendor/bare/HEAD": "ref: refs/heads/main\n",
    "vendor/bare/config": "[core]\n\tbare = true\n",
    "vendor/bare/objects/keep": "",
    "vendor/bare/refs/keep": "",
}
HOUSE = {
    "home/.bashrc": "# rc\n",
    "home/.ssh/id_rsa": f"{CANARY}\n",
    "home/.aws/credentials": f"{CANARY}\n",
    "home/.local/bin/tool": "#!/bin/sh\n",
    "home/.config/keep": "x\n",
    "other/.kiro/settings/hooks.yaml": "hooks: []\n",
    "other/.env": f"SECRET={CANARY}\n",
    "other/src.ts": f"// {CANARY}\n",
    "state/state.db": f"{CANARY}\n",
    "state/report.jsonl": f"{CANARY}\n",
    "out/victim": "untouched\n",
}


def git(tree: Path, *words: str) -> str:
    env = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1"}
    line = ["git", "--no-optional-locks", "-c", "user.name=n", "-c", "user.email=e@x", *words]
    return subprocess.run(line, cwd=tree, env=env, capture_output=True, text=True, check=True).stdout


def make_template(base: Path) -> Path:
    """The tree and the house once; each case gets a copy."""
    for prefix, content in (("tree", TREE), ("", HOUSE)):
        for path, text in content.items():
            file = base / prefix / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
    tree = base / "tree"
    (tree / "tool.sh").chmod(0o755)
    (tree / "link").symlink_to("src/ok.ts")
    git(tree, "init", "-q", "-b", "main", "--template=")
    git(tree, "remote", "add", "origin", f"https://user:{CANARY}@example.invalid/x.git")
    git(tree, "add", "-A", ":!.env", ":!sub/.env", ":!prod.tfvars", ":!deploy.pem", ":!.claude", ":!.mcp.json")
    git(tree, "commit", "-qm", "first")
    return base


def manifest(root: Path, *, without: tuple[str, ...] = ()) -> dict[str, tuple[object, ...]]:
    """Everything about every entry that a person could notice: type, mode, times, content, attributes, owner."""
    found: dict[str, tuple[object, ...]] = {}
    pending = [root]
    while pending:
        folder = pending.pop()
        for entry in sorted(folder.iterdir()):
            name = str(entry.relative_to(root))
            if name in without:
                continue
            seen = entry.lstat()
            content: object = None
            if stat.S_ISREG(seen.st_mode):
                content = hashlib.sha256(entry.read_bytes()).hexdigest()
            elif stat.S_ISLNK(seen.st_mode):
                content = os.readlink(entry)
            elif stat.S_ISDIR(seen.st_mode):
                pending.append(entry)
            attributes = tuple(os.listxattr(entry, follow_symlinks=False))
            found[name] = (seen.st_mode, seen.st_uid, seen.st_mtime_ns, content, attributes, seen.st_nlink)
    seen = root.lstat()
    found["."] = (seen.st_mode, seen.st_uid, seen.st_mtime_ns)
    return found


@dataclass
class Seen:
    """What an attack left behind."""

    end: Exit
    output: bytes
    kept: bytes = b""
    decision: str = "none"
    reasons: tuple[str, ...] = ()
    change_set: Any = None
    harm: list[str] = field(default_factory=list)


class Ground:
    """One case's house, with the listeners that nobody may reach."""

    def __init__(self, template: Path, base: Path) -> None:
        self.base = base
        self.house = base / "house"
        shutil.copytree(template, self.house, symlinks=True)
        (self.house / "tree" / "outlink").symlink_to(self.house / "out" / "victim")
        self.tree = self.house / "tree"
        self.views = self.house / "state" / "views"
        self.views.mkdir()
        self.mark = f"mark-{secrets.token_hex(8)}"
        self.reached: list[str] = []
        self.clean = True
        self.runs = 0
        self._stock: tuple[dict[str, tuple[object, ...]], dict[str, tuple[object, ...]]] | None = None
        self._open = contextlib.ExitStack()

    def __enter__(self) -> Self:
        self.port = self._listen(socket.AF_INET, ("127.0.0.1", 0), "loopback")
        self._listen(socket.AF_UNIX, str(self.house / "s"), "path")
        self._listen(socket.AF_UNIX, str(self.tree / "live.sock"), "tree")
        self._listen(socket.AF_UNIX, f"\0{self.mark}", "abstract")
        datagram = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._open.callback(datagram.close)
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def _listen(self, family: socket.AddressFamily, address: object, name: str) -> int:
        listener = socket.socket(family)
        listener.bind(address)
        listener.listen()
        listener.settimeout(0.0)
        self._open.callback(listener.close)

        def accepted() -> None:
            with contextlib.suppress(BlockingIOError, OSError):
                listener.accept()[0].close()
                self.reached.append(name)

        self._open.callback(accepted)
        self._accepts = [*getattr(self, "_accepts", []), accepted]
        return int(listener.getsockname()[1]) if family == socket.AF_INET else 0

    def program(self, script: str, timeout: float) -> Program:
        env = {
            "TREE": str(self.tree), "HOUSE": str(self.house), "OUT": str(self.house / "out"), "MARK": self.mark,
            "OTHER": str(self.house / "other"), "STATE": str(self.house / "state"), "DAEMON": str(self.decoy.pid),
            "PORT": str(self.port), "SOCK": str(self.house / "s"), "ABSTRACT": self.mark,
        }  # fmt: skip
        return Program(argv=("sh", "-c", script), env=env, timeout=timeout, output_limit=1 << 20)

    @contextlib.contextmanager
    def decoy_daemon(self) -> Iterator[None]:
        """A process that stands for the daemon, with a secret in its environment."""
        self.decoy = subprocess.Popen(["sleep", "600"], env={"PATH": os.environ["PATH"], "TOKEN": CANARY})
        try:
            yield
        finally:
            self.decoy.kill()
            self.decoy.wait()

    def outside(self) -> Outside:
        home = self.house / "home"
        environ = {"PATH": f"{home}/.local/bin:/usr/local/bin:/usr/bin:/bin", "HOME": str(home), "TOKEN": CANARY}
        return Outside(
            bwrap=shutil.which("bwrap") or "", environ=environ, home=home,
            hidden=(self.house / "state", home / ".ssh", home / ".aws"),
            caps=Caps(processes=256, file_bytes=64 * 1024 * 1024),
        )  # fmt: skip

    def ignored(self, _: Path) -> Any:
        return lambda path, _directory: path.split("/")[0] == "ignored" or path.endswith(".env.local")

    def guarded(self, level: str, script: str, timeout: float) -> Seen:
        """Through our own views: first what an advisory hook would have done, then auto-fix on the same change set."""
        kinds = {"overlay": OverlayViews, "copy": CopyViews}
        views = kinds[level](self.views / level, self.outside(), ignored=self.ignored)
        self.runs += 1
        store = self.base / f"store-{self.runs}"
        before, around = self.take_stock()
        with views.open(self.tree, paths=("src/ok.ts",)) as view:
            end = view.run(self.program(script, timeout), stop=threading.Event())
            change_set = view.change_set(id="attack", store=store)
        seen = self.judge_harm(Seen(end=end, output=end.stdout + end.stderr), before, around)
        seen.change_set = change_set
        if store.exists():
            seen.kept = b"".join(path.read_bytes() for path in store.iterdir())
        if CANARY.encode() in seen.output + seen.kept:
            seen.harm.append("a secret came out")
        if (end.code == 0 and change_set.edits) or change_set.overflow:
            self.auto_fix(seen, change_set, store, before, around)
        return seen

    def auto_fix(self, seen: Seen, change_set: ChangeSet, store: Path, before: object, around: object) -> None:
        verdict = judge(change_set, files_per_change=50, protected=("generated/**",))
        seen.decision, seen.reasons = verdict.decision, verdict.reasons
        if verdict.decision is Decision.APPLY:
            self.clean = False
            result = apply(self.tree, change_set, store=store, journals=self.base / f"journals-{self.runs}")
            now = manifest(self.tree)
            touched = {name for name in {*now, *before} if now.get(name) != before.get(name)} - {".", "src"}  # type: ignore[misc, attr-defined] # mappings
            allowed = {edit.path for edit in change_set.edits}
            allowed |= {str(above) for path in allowed for above in Path(path).parents}
            if not isinstance(result, Applied) or touched - allowed:
                seen.harm.append(f"the apply did more than it says: {touched - allowed}")
            if any(name.startswith(".git/") for name in touched):
                seen.harm.append("git was touched")

    def naive(self, script: str, timeout: float) -> Seen:
        """What one would write first: run it in the tree, then look at git status and put back what it shows."""
        before, around = self.take_stock()
        home = self.house / "home"
        program = self.program(script, timeout)
        env = {"PATH": f"{home}/.local/bin:/usr/bin:/bin", "HOME": str(home), "TOKEN": CANARY, **program.env}
        shown = self.status()
        end = run_program(program.argv, env=env, cwd=self.tree, stop=threading.Event(), timeout=timeout)
        with contextlib.suppress(subprocess.CalledProcessError, OSError):
            for line in self.status() - shown:
                if line.startswith("??"):
                    (self.tree / line[3:]).unlink()
                else:
                    git(self.tree, "checkout", "-q", "HEAD", "--", line[3:])
        seen = self.judge_harm(Seen(end=end, output=end.stdout + end.stderr), before, around)
        if CANARY.encode() in seen.output:
            seen.harm.append("a secret came out")
        return seen

    def status(self) -> set[str]:
        return set(git(self.tree, "status", "--porcelain", "-uall").splitlines())

    def take_stock(self) -> tuple[dict[str, tuple[object, ...]], dict[str, tuple[object, ...]]]:
        if self._stock is None:
            self._stock = manifest(self.tree), manifest(self.house, without=("tree", "state/views"))
        return self._stock

    def judge_harm(self, seen: Seen, before: object, around: object) -> Seen:
        """Look for every kind of harm there is, whatever the case was after."""
        for was, root, without in ((before, self.tree, ()), (around, self.house, ("tree", "state/views"))):
            try:
                now = manifest(root, without=without)
            except OSError as error:
                seen.harm.append(f"{root.name} is gone or locked: {error}")
                continue
            changed = sorted(name for name in {*now, *was} if now.get(name) != was.get(name))  # type: ignore[misc, attr-defined] # mappings
            if changed:
                seen.harm.append(f"{root.name} changed: {changed[:5]}")
        for accepted in self._accepts:
            accepted()
        if self.reached:
            seen.harm.append(f"it reached {self.reached}")
        if self.decoy.poll() is not None or Path(f"/proc/{self.decoy.pid}/stat").read_text().split()[2] == "T":
            seen.harm.append("the daemon was killed or stopped")
        left = processes_with(self.mark)
        if left:
            seen.harm.append(f"processes are left: {left}")
        self.clean = not seen.harm
        return seen


def processes_with(mark: str) -> list[int]:
    found = []
    for name in os.listdir("/proc"):
        with contextlib.suppress(OSError):
            if name.isdigit() and mark in Path("/proc", name, "cmdline").read_bytes().decode(errors="replace"):
                found.append(int(name))
    return found
