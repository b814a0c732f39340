from __future__ import annotations

import json

import pytest

from daemon.agents.port import Outcome
from daemon.agents.shell import ShellAgent
from hooks.finding import Level

ODD = [
    "a b.ts",
    "it's.ts",
    '"q".ts',
    "$(touch PWNED).ts",
    "`touch PWNED`.ts",
    "a;touch PWNED;.ts",
    "new\nline.ts",
    "*.ts",
    "\\.ts",
    "-rf",
    "--help",
    "a\udcffb.ts",
    "$HOME.ts",
    "#x",
    "!x",
    "~root",
    "&",
]


def test_exit_0_succeeded_and_its_output_is_the_summary(play, ask):
    result = play(ShellAgent(), ask(command="echo fine"))
    assert (result.outcome, result.summary, result.findings) == (Outcome.SUCCEEDED, "fine", ())


def test_any_other_exit_is_an_error_finding_with_the_end_of_the_output(play, ask):
    result = play(ShellAgent(), ask(command="seq 5000; echo 'src/pay.ts:2 bad' >&2; exit 4"))
    assert result.outcome is Outcome.SUCCEEDED
    (finding,) = result.findings
    assert (finding.level, finding.file) == (Level.ERROR, "src/pay.ts")
    assert "exit code 4" in finding.message
    assert finding.message.endswith("src/pay.ts:2 bad")
    assert len(finding.message) < 2_500


def test_the_changed_paths_come_as_json_on_stdin_and_the_first_in_the_environment(play, ask):
    result = play(ShellAgent(), ask(command='cat; printf "%s" "$KIRO_HOOK_FILE"', paths=("a b", "c")))
    first, last = result.summary.splitlines()
    assert (json.loads(first), last) == (["a b", "c"], "a b")


def test_it_runs_in_the_root_of_the_view(play, ask):
    result = play(ShellAgent(), ask(command="cat {{filePath}}"))
    assert result.summary.startswith("const a = 1;")


def test_a_hang_is_a_timeout_and_no_finding(play, ask):
    result = play(ShellAgent(), ask(command="sleep 1000", timeout=0.3))
    assert (result.outcome, result.findings) == (Outcome.TIMED_OUT, ())


PLACES = (
    "printf %s {{filePath}}",
    'printf %s "{{ filePath }}"',
    'printf "%s" "$(printf %s {{filePath}})"',
    "sh -c 'printf %s {{filePath}}'",
    'printf "\\"%s" {{filePath}}',
    'printf %s "`printf x`{{filePath}}"',
)


@pytest.mark.parametrize("path", ODD)
def test_a_path_is_data_and_never_code(run, ask, root, path):
    command = "; printf '\\000'; ".join(PLACES)
    end = run(ShellAgent().program(ask(command=command, paths=(path,))))
    said = end.stdout.decode("utf-8", "surrogateescape").split("\0")
    wanted = f"./{path}" if path.startswith("-") else path
    assert [text.lstrip('"x') if wanted[0] not in '"x' else text[-len(wanted) :] for text in said] == [wanted] * len(
        PLACES
    )
    assert not list(root.rglob("PWNED"))


def test_a_path_between_other_quotes_is_never_executed(run, ask, root):
    run(
        ShellAgent().program(
            ask(command="echo `echo {{filePath}}`; cat <<E\n{{filePath}}\nE\n", paths=("$(touch PWNED)",))
        )
    )
    assert not list(root.rglob("PWNED"))


def test_without_a_change_the_path_is_an_empty_word(run, ask):
    end = run(ShellAgent().program(ask(command="set -- {{filePath}}; echo $#", paths=())))
    assert end.stdout == b"1\n"
