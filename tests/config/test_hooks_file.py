from __future__ import annotations

from pathlib import Path

import pytest

from hooks.config import load_hooks_file
from hooks.model import Batch, Limits, Mode, Origin, Trigger

PUBLISHED = (Path(__file__).parent / "published.yaml").read_bytes()


def faults(text: str | bytes, **more: object) -> list[str]:
    content = text.encode() if isinstance(text, str) else text
    return [str(fault) for fault in load_hooks_file(content, name="hooks.yaml", **more).faults]


def one(text: str):
    loaded = load_hooks_file(text.encode(), name="hooks.yaml")
    assert loaded.faults == ()
    (hook,) = loaded.hooks
    return hook


def hook_with(lines: str) -> str:
    return f"hooks:\n  - name: a\n    trigger: file_modified\n    pattern: 'src/**'\n    action: look\n    {lines}\n"


def test_the_published_file_loads_as_it_was_published():
    loaded = load_hooks_file(PUBLISHED, name=".kiro/settings/hooks.yaml")
    assert loaded.faults == loaded.warnings == ()
    update, review = loaded.hooks
    assert (update.name, update.triggers) == ("Update API docs on controller change", {Trigger.FILE_MODIFIED})
    assert (review.name, review.triggers) == ("Run security check on new Lambda", {Trigger.FILE_CREATED})
    assert update.patterns == ("src/controllers/**/*.ts",)
    assert review.patterns == ("src/functions/**/*.ts",)
    assert review.action is not None
    assert review.action.endswith("Report findings without auto-fixing.")
    assert [str(hook.origin) for hook in loaded.hooks] == [
        ".kiro/settings/hooks.yaml:3",
        ".kiro/settings/hooks.yaml:8",
    ]


def test_a_hook_that_says_no_more_has_the_defaults_of_the_contract():
    hook = load_hooks_file(PUBLISHED, name="hooks.yaml").hooks[0]
    assert (hook.mode, hook.batch, hook.agent) == (Mode.ADVISORY, Batch.EACH, "builtin")
    assert (hook.settle, hook.settle_max, hook.cooldown, hook.timeout, hook.retries) == (0.5, 10, 0, 600, 2)
    assert (hook.on_checkout, hook.catch_up, hook.when_empty) == ("skip", "run", "wait")
    assert hook.limits == Limits(files_per_change=50, runs_per_hour=60, tokens_per_day=None)


def test_every_optional_key_is_read():
    loaded = load_hooks_file(
        b"""\
version: 1
agent: house
ignore: ['dist/**', 'build/']
protected: 'terraform/**'
readable: ['config/.env.example']
limits: {files_per_change: 5, runs_per_hour: none, tokens_per_day: 500000}
modes: {'Hook read from .kiro/hooks': auto-fix}
agents:
  house: {kind: bedrock, model: m, region: eu-west-1, profile: dev, timeout: 5m, max_tokens: 1000}
  mine: {kind: command, command: [python3, tools/agent.py], network: false, env: {A: b}, pass_env: [HOME]}
hooks:
  - name: all
    description: d
    enabled: false
    trigger: [file_created, schedule]
    schedule: '0 9 * * mon-fri'
    pattern: ['src/**/*.{ts,tsx}', '!**/*.test.ts']
    mode: auto-fix
    agent: mine
    fallback: [house, builtin]
    action: |
      one
      two
    batch: together
    settle: 250ms
    settle_max: 1m
    cooldown: 30s
    timeout: 1.5h
    retries: 0
    context: ['docs/api-reference.md']
    on_checkout: run
    catch_up: skip
    when_empty: run
    limits: {runs_per_hour: 2}
""",
        name="hooks.yaml",
        scope="packages/x",
    )
    assert loaded.faults == ()
    (hook,) = loaded.hooks
    assert hook.triggers == {Trigger.FILE_CREATED, Trigger.SCHEDULE}
    assert (hook.enabled, hook.scope, hook.schedule) == (False, "packages/x", "0 9 * * mon-fri")
    assert (hook.agent, hook.fallback, hook.mode, hook.batch) == ("mine", ("house", "builtin"), "auto-fix", "together")
    assert (hook.settle, hook.settle_max, hook.cooldown, hook.timeout, hook.retries) == (0.25, 60, 30, 5400, 0)
    assert (hook.on_checkout, hook.catch_up, hook.when_empty) == ("run", "skip", "run")
    assert hook.action == "one\ntwo\n"
    assert hook.context == ("docs/api-reference.md",)
    assert hook.limits == Limits(files_per_change=5, runs_per_hour=2, tokens_per_day=500_000)
    settings = loaded.settings
    assert settings.agent == "house"
    assert [(rule.pattern, rule.scope, str(rule.origin)) for rule in settings.ignore] == [
        ("dist/**", "packages/x", "hooks.yaml:3"),
        ("build/", "packages/x", "hooks.yaml:3"),
    ]
    assert settings.limits.runs_per_hour is None
    assert settings.modes == {"Hook read from .kiro/hooks": Mode.AUTO_FIX}
    assert (settings.agents["house"].region, settings.agents["house"].timeout) == ("eu-west-1", 300)
    assert settings.agents["mine"].command == ("python3", "tools/agent.py")
    assert settings.agents["mine"].origin == Origin(file="hooks.yaml", line=10, column=9)


def test_a_manual_hook_needs_no_pattern_and_a_command_stands_for_an_action():
    hook = one("hooks:\n  - {name: lint, trigger: manual, command: npm run lint, timeout: none}\n")
    assert (hook.command, hook.action, hook.patterns, hook.timeout) == ("npm run lint", None, (), None)


def test_a_longer_settle_time_lifts_its_own_bound():
    hook = one(hook_with("settle: 20s"))
    assert (hook.settle, hook.settle_max) == (20, 20)


def test_every_fault_is_told_at_once_with_its_place():
    said = faults(
        "verison: 1\n"
        "hooks:\n"
        "  - name: 12\n"
        "    trigger: file_saved\n"
        "    pattern: ['a/../b', 'src/{a']\n"
        "    action: x\n"
        "    command: y\n"
        "    enabled: yes\n"
        "    settle: 5\n"
        "  - name: b\n"
        "    trigger: schedule\n"
        "    retries: -1\n"
    )
    places = [":".join(line.split(":")[1:3]) for line in said]
    assert places == ["1:1", "3:11", "4:14", "5:18", "5:30", "7:5", "8:14", "9:13", "10:5", "11:14", "12:14"]
    assert 'unknown key "verison"; did you mean "version"?' in said[0]
    assert "put it in quotes" in said[1]
    assert 'did you mean "file_modified"?' in said[2]
    assert "write 5s for seconds" in said[7]


BROKEN = {
    "an unknown key": (hook_with("colour: red"), "6:5", "unknown key"),
    "a wrong type": (hook_with("retries: often"), "6:14", "expected a whole number"),
    "an unknown trigger": ("hooks: [{name: a, trigger: never, pattern: x, action: y}]", "1:28", "expected one of"),
    "a name twice": (hook_with("cooldown: 1s") * 1 + hook_with("x: y").partition("\n")[2], "7:11", "another hook"),
    "a key twice": (hook_with("action: again"), "6:5", "stands twice; it is first on line 5"),
    "a tab": ("hooks:\n\t- name: a\n", "2:1", "a tab cannot indent"),
    "an alias bomb": ("a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n", "1:4", "an anchor (&a) is not allowed"),
    "an alias": ("a: *b\n", "1:4", "an alias (*b) is not allowed"),
    "a merge key": (hook_with("<<: {enabled: false}"), "6:5", "unknown key"),
    "a megabyte of question marks": ("? " * 500_000, "1:1", "too large"),
    "half a megabyte of question marks": ("? " * 250_000, "1:3", "cannot be a key"),
    "half a megabyte of brackets": ("[" * 500_000, "1:25", "nested too deep"),
    "a trap of the older YAML": (hook_with("on: yes"), "6:5", "unknown key"),
    "a truth value of the older YAML": (hook_with("enabled: on"), "6:14", "write true"),
    "an empty pattern": ("hooks: [{name: a, trigger: file_created, pattern: '', action: y}]", "1:52", "empty"),
    "an absolute path": ("hooks: [{name: a, trigger: file_created, pattern: /etc/x, action: y}]", "1:51", "absolute"),
    "a path that leaves": ("hooks: [{name: a, trigger: file_created, pattern: ../x, action: y}]", "1:51", "`..`"),
    "a path of another system": ("hooks: [{name: a, trigger: manual, pattern: 'C:/x', action: y}]", "1:46", "absolute"),
    "a path of a home": ("hooks: [{name: a, trigger: manual, pattern: '!~/x', action: y}]", "1:47", "absolute"),
    "backslashes": ("hooks: [{name: a, trigger: manual, pattern: 'src\\a', action: y}]", "1:49", "not a backslash"),
    "an unbalanced brace": ("hooks: [{name: a, trigger: file_created, pattern: 'x{a', action: y}]", "1:53", "brace"),
    "only negations": ("hooks: [{name: a, trigger: file_created, pattern: '!x', action: y}]", "1:52", "never match"),
    "an empty file": ("", "1:1", "the file is empty"),
    "only comments": ("# nothing\n", "1:1", "the file is empty"),
    "no hooks behind the key": ("hooks:\n", "1:1", "`hooks` is empty"),
    "a list at the top": ("- a\n", "1:1", "found a list at the top"),
    "a second document": ("hooks: []\n---\nhooks: []\n", "2:1", "a second document"),
    "an unknown tag": ("hooks: !!python/object:os.system []\n", "1:8", "the tag"),
    "bytes that are no text": (b"hooks: \xff\n", "1:8", "not UTF-8"),
    "another encoding": ("hooks: []".encode("utf-16"), "1:1", "not UTF-8"),
    "a control character": ("hooks: \x1b[0m\n", "1:8", "U+001B"),
    "a list as a key": ("? [a]\n: b\n", "1:3", "cannot be a key"),
    "too many values": ("- a\n" * 60_000, "40000:3", "too many values"),
    "a date that is none": (hook_with("description: 2026-99-99\n    cooldown: 2026-13-45"), "7:15", "a duration"),
    "neither action nor command": ("hooks: [{name: a, trigger: manual}]", "1:9", "`action` is missing"),
    "no pattern": ("hooks: [{name: a, trigger: file_deleted, action: x}]", "1:28", "`pattern` is missing"),
    "no schedule": ("hooks: [{name: a, trigger: schedule, action: x}]", "1:28", "`schedule` is missing"),
    "a schedule for nothing": (hook_with("schedule: 0 9 * * *"), "6:5", "no effect without"),
    "a schedule that is none": (
        "hooks: [{name: a, trigger: schedule, schedule: 0 25 * * *, action: x}]",
        "1:50",
        "0 to 23",
    ),
    "an unknown agent": (hook_with("agent: bedrok"), "6:12", 'did you mean "bedrock"?'),
    "an unknown fallback": (hook_with("fallback: [builtin, nobody]"), "6:25", "no agent is called"),
    "an unknown default agent": ("agent: nobody\nhooks: []\n", "1:8", "no agent is called"),
    "a mode that is none": (hook_with("mode: autofix"), "6:11", 'did you mean "auto-fix"?'),
    "a bare number": (hook_with("cooldown: 30"), "6:15", "write 30s"),
    "a zero": (hook_with("timeout: 0s"), "6:14", "write none"),
    "a context that leaves": (hook_with("context: ['ok', '../secret']"), "6:22", "leaves the workspace"),
    "a bound below what it bounds": (hook_with("settle: 5s\n    settle_max: 1s"), "7:17", "shorter than `settle`"),
    "a protected exception": ("protected: ['!a']\nhooks: []\n", "1:13", "nothing shortens the list"),
    "an agent without a program": ("agents: {m: {kind: command}}\nhooks: []\n", "1:10", "`command` is missing"),
    "an agent of a known name": ("agents: {builtin: {kind: command, command: [x]}}\n", "1:10", "another name"),
    "a variable that is none": (
        "agents: {m: {kind: acp, command: [x], env: {a b: c}}}\n",
        "1:45",
        "a name of an environment variable",
    ),
    "a NUL in a command": ('hooks: [{name: a, trigger: manual, command: "a\\0b"}]', "1:45", "U+0000"),
    "a terminal's bell in a name": ('hooks: [{name: "a\\x07", trigger: manual, action: b}]', "1:16", "U+0007"),
    "an endless command": (f"hooks: [{{name: a, trigger: manual, command: '{'x ' * 10_001}'}}]", "1:45", "too long"),
    "a limit of nothing": (hook_with("limits: {files_per_change: 0}"), "6:32", "1 or more"),
    "a number with an end": ("version: 2\nhooks: []\n", "1:10", "expected 1, found the number 2"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_file_is_told_where_and_why(case: str):
    text, place, words = BROKEN[case]
    said = faults(text)
    assert [line for line in said if line.startswith(f"hooks.yaml:{place}: ") and words in line], said


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_file_gives_no_hooks(case: str):
    text = BROKEN[case][0]
    loaded = load_hooks_file(text if isinstance(text, bytes) else text.encode(), name="hooks.yaml")
    assert loaded.hooks == ()
    assert loaded.faulty_files == {"hooks.yaml"}


def test_an_agent_defined_elsewhere_may_be_named():
    text = hook_with("agent: ours")
    assert faults(text)
    assert faults(text, known_agents={"ours"}) == []


def test_a_file_may_set_modes_without_hooks_of_its_own():
    loaded = load_hooks_file(b"modes: {a: auto-fix}\n", name="hooks.yaml")
    assert (loaded.hooks, loaded.faults) == ((), ())


def test_a_byte_order_mark_is_no_fault():
    assert faults(b"\xef\xbb\xbf" + PUBLISHED) == []


def test_no_message_repeats_a_control_character():
    said = faults('"\\e[31mred": 1\nhooks: [{name: "a\\u202e", trigger: "\\x07", pattern: "\\e", action: x}]\n')
    assert len(said) >= 3
    assert all(character.isprintable() for line in said for character in line)
