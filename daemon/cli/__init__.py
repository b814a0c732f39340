"""The command line: one module per verb, each imported only when it is asked for."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import NoReturn

import click

from daemon import __version__
from daemon.errors import HookdError

VERBS = {
    "init": "write hooks.yaml, after looking at what the workspace holds",
    "check": "validate every hook, steering and ignore file",
    "trust": "allow a workspace's hook files, exactly as they are now",
    "untrust": "allow them no longer",
    "run": "watch workspaces and work, in the foreground",
    "fire": "run a hook now",
    "explain": "tell which hooks a file concerns, and why",
    "status": "the daemon and its work",
    "queue": "the jobs",
    "retry": "put a failed job back",
    "cancel": "cancel a waiting or running job",
    "pause": "start no more jobs",
    "resume": "undo pause",
    "report": "read the report log",
    "show": "show a change set",
    "apply": "apply a change set to the tree",
    "reject": "turn a change set down",
    "undo": "take an applied change set back",
    "agents": "which agents are installed, logged in and allowed",
    "doctor": "what this machine offers and lacks",
}
"""Every verb and what it does, in the order a person meets them."""


class _Verbs(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        command: click.Command = import_module(f"daemon.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(VERBS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from difflib import get_close_matches

            near = get_close_matches(args[0], VERBS, n=1)
            if not near:
                raise
            raise click.UsageError(f"{error.message} Did you mean {near[0]!r}?", ctx) from None


@click.group(cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="kiro-hookd")
def group() -> None:
    """Run a coding agent on each change of your files, and keep every result.

    Start with `kiro-hookd init` in a project, then `kiro-hookd trust` and `kiro-hookd run`.
    """


def main() -> NoReturn:
    """The command `kiro-hookd`. Exit codes: 0 done, 1 a problem (one sentence on stderr), 2 wrong usage, 130."""
    try:
        code = group.main(prog_name="kiro-hookd", standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except HookdError as error:
        print(f"kiro-hookd: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        # The reader has had enough (`kiro-hookd report | head`): not a problem, and nothing more can be said to it.
        sys.stderr.close()
        sys.exit(0)
    sys.exit(code if isinstance(code, int) else 0)
