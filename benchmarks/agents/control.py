"""Whether the traps of the hostile repository bite: ``python -m benchmarks.agents.control [AGENT...]``.

Each command-line agent that this machine has is started in that repository as a careless tool would start it, without
an adapter's options and without the view, against the scripted model. What is printed must be marks: a trap that
cannot go off proves nothing about what keeps it from going off. Runs foreign commands of our own writing (``touch``)
in a temporary folder.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import threading
from pathlib import Path

from benchmarks.agents import scenes
from benchmarks.agents.__main__ import alone
from benchmarks.agents.model_server import ModelServer
from daemon.agents.opencode import QUIET as NO_DOWNLOADS
from daemon.process import PASSED_ON, environment, run_program

OPEN = {name: value for name, value in NO_DOWNLOADS.items() if "PROJECT_CONFIG" not in name}
PROMPT = f"Review {scenes.FILE}, please."


def careless(url: str) -> dict[str, tuple[list[str], dict[str, str]]]:
    """Command lines, with the prompt on stdin, and environments."""
    provider = {
        "npm": "@ai-sdk/openai-compatible",
        "options": {"baseURL": f"{url}/v1", "apiKey": "scripted-key"},
        "models": {"scripted": {"name": "scripted"}},
    }
    house = f'{{name="house",base_url="{url}/v1",wire_api="responses",env_key="CODEX_API_KEY"}}'
    trusted = ["-c", f'projects={{{json.dumps("@root@")}={{trust_level="trusted"}}}}']
    return {
        "claude": (["claude", "-p"], {"ANTHROPIC_BASE_URL": url, "ANTHROPIC_API_KEY": "scripted-key"}),
        "codex": (
            ["codex", "exec", *trusted, "-c", 'model_provider="house"', "-c", f"model_providers.house={house}",
             "-m", "scripted", "-s", "danger-full-access", "-"],
            {"CODEX_API_KEY": "scripted-key"},
        ),
        "gemini": (
            ["gemini", "-m", "gemini-2.5-pro", "--approval-mode", "yolo", "--skip-trust"],
            {"GOOGLE_GEMINI_BASE_URL": url, "GEMINI_API_KEY": "scripted-key"},
        ),
        "copilot": (
            ["copilot", "--allow-all-tools", "--no-auto-update"],
            {"COPILOT_PROVIDER_BASE_URL": f"{url}/v1", "COPILOT_MODEL": "scripted", "COPILOT_OFFLINE": "true",
             "COPILOT_PROVIDER_API_KEY": "scripted-key"},
        ),
        "opencode": (
            # without --pure it waits for downloads; plugins of a repository run all the same
            ["opencode", "run", "--pure", "--title", "x", "--model", "house/scripted"],
            OPEN | {"OPENCODE_CONFIG_CONTENT": json.dumps({"provider": {"house": provider}, "autoupdate": False})},
        ),
    }  # fmt: skip


def trusting(home: Path, root: Path) -> None:
    """A HOME whose owner trusts the repository, as the agents keep that."""
    files: dict[str, object] = {
        ".claude.json": {"projects": {str(root): {"hasTrustDialogAccepted": True}}, "hasCompletedOnboarding": True},
        ".gemini/settings.json": {"security": {"auth": {"selectedType": "gemini-api-key"}}},
        ".gemini/trustedFolders.json": {str(root): "TRUST_FOLDER"},
        ".copilot/config.json": {"trusted_folders": [str(root)], "trustedFolders": [str(root)]},
    }
    for name, content in files.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(json.dumps(content))


def marks(name: str, url: str, folder: Path) -> str:
    """The marks that one agent left, in words."""
    argv, own = careless(url)[name]
    path = shutil.which(argv[0])
    if path is None:
        return "not found"
    root, home = (Path(tempfile.mkdtemp(prefix=prefix, dir=folder)) for prefix in ("work-", "home-"))
    scenes.hostile(root)
    trusting(home, root)
    run_program(
        [path, *(word.replace("@root@", str(root)) for word in argv[1:])],
        env=environment(os.environ, PASSED_ON, {"HOME": str(home), "TMPDIR": str(home), **own}),
        cwd=root,
        stop=threading.Event(),
        stdin=PROMPT.encode(),
        timeout=40,
        grace=0.5,
    )
    return ", ".join(sorted(mark.name.removeprefix("PWNED-") for mark in root.rglob("PWNED*"))) or "NONE"


def main() -> int:
    alone("benchmarks.agents.control")
    server = ModelServer()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print("| agent | marks |\n|---|---|")
    bitten = True
    with tempfile.TemporaryDirectory(prefix="agents-control-", dir="/var/tmp") as folder:
        for name in sys.argv[1:] or careless(server.url):
            left = marks(name, server.url, Path(folder))
            bitten = bitten and left != "NONE"
            print(f"| {name} | {left} |", flush=True)
    return 0 if bitten else 1


if __name__ == "__main__":
    sys.exit(main())
