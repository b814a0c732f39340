"""Write the generated parts of docs/architecture.md: ``python docs/generate.py`` (``--check`` only compares)."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from daemon.job import TRANSITIONS, State

PAGE = Path(__file__).parent / "architecture.md"


def states() -> str:
    """The job's state diagram, in Mermaid, from its transition table."""
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {State.WAITING}: add"]
    lines += [f"    {before} --> {after}: {move}" for (before, move), after in TRANSITIONS.items()]
    stuck = [state for state in State if not any(before is state for before, _ in TRANSITIONS)]
    lines += [f"    {state} --> [*]" for state in stuck]
    return "\n".join([*lines, "```"])


def written(page: str) -> str:
    """The page with its generated parts as they should be."""
    block = f"<!-- states -->\n{states()}\n<!-- /states -->"
    return re.sub("<!-- states -->.*?<!-- /states -->", lambda _: block, page, flags=re.DOTALL)


if __name__ == "__main__":
    now = PAGE.read_text("utf-8")
    if "--check" in sys.argv:
        sys.exit(0 if written(now) == now else f"{PAGE.name} is out of date; run `python docs/generate.py`")
    PAGE.write_text(written(now), "utf-8")
