from __future__ import annotations

import json

import pytest

from hooks.kiro import asks_for_edits, read_hook_file
from hooks.match import Matcher
from hooks.model import Cause, Change, ChangeKind, Hook, Mode, Trigger

OLD = ".kiro/hooks/a.kiro.hook"
NEW = ".kiro/hooks/a.json"


def old(*, when: object = None, then: object = None, **more: object) -> bytes:
    hook = {
        "enabled": True,
        "name": "review",
        "description": "looks",
        "version": "1",
        "when": when or {"type": "fileEdited", "patterns": ["src/**/*.ts"]},
        "then": then or {"type": "askAgent", "prompt": "look at it"},
        **more,
    }
    return json.dumps(hook, indent=2).encode()


def new(**more: object) -> bytes:
    hook = {"name": "lint", "trigger": "PostFileSave", "matcher": "\\.ts$", **more}
    hook.setdefault("action", {"type": "command", "command": "npm run lint"})
    return json.dumps({"version": "v1", "hooks": [hook]}, indent=2).encode()


def only(content: bytes | str, name: str = OLD, warnings: int | None = 0) -> Hook:
    loaded = read_hook_file(content if isinstance(content, bytes) else content.encode(), name=name)
    assert loaded.faults == ()
    assert warnings is None or len(loaded.warnings) == warnings, [str(notice) for notice in loaded.warnings]
    (hook,) = loaded.hooks
    return hook


def covers(hook: Hook, path: str) -> bool:
    change = Change(path=path, kind=ChangeKind.MODIFIED, cause=Cause.EDIT, sha256="0" * 64)
    return bool(Matcher((hook,)).match((change,)))


def test_a_0x_hook_becomes_an_advisory_hook_with_its_prompt():
    hook = only(old())
    assert (hook.name, hook.description, hook.enabled, hook.mode) == ("review", "looks", True, Mode.ADVISORY)
    assert (hook.triggers, hook.patterns) == ({Trigger.FILE_MODIFIED}, ("src/**/*.ts",))
    assert (hook.action, hook.command, str(hook.origin)) == ("look at it", None, f"{OLD}:1")


@pytest.mark.parametrize(
    ("word", "trigger"),
    [
        ("fileCreated", Trigger.FILE_CREATED),
        ("fileEdited", Trigger.FILE_MODIFIED),
        ("fileDeleted", Trigger.FILE_DELETED),
        ("userTriggered", Trigger.MANUAL),
    ],
)
def test_every_trigger_of_0x_for_a_daemon_is_known(word: str, trigger: Trigger):
    assert only(old(when={"type": word, "patterns": ["*.ts"]})).triggers == {trigger}


@pytest.mark.parametrize(
    ("word", "trigger"),
    [
        ("PostFileCreate", Trigger.FILE_CREATED),
        ("PostFileSave", Trigger.FILE_MODIFIED),
        ("PostFileDelete", Trigger.FILE_DELETED),
        ("Manual", Trigger.MANUAL),
    ],
)
def test_every_trigger_of_v1_for_a_daemon_is_known(word: str, trigger: Trigger):
    assert only(new(trigger=word), NEW).triggers == {trigger}


@pytest.mark.parametrize("word", ["promptSubmit", "agentStop", "preToolUse", "postToolUse", "postTaskExecution"])
def test_what_only_an_ide_can_run_is_listed_and_no_fault(word: str):
    loaded = read_hook_file(old(when={"type": word}), name=OLD)
    assert (loaded.hooks, loaded.faults) == ((), ())
    assert [(item.name, item.trigger, str(item.origin)) for item in loaded.needs_ide] == [("review", word, f"{OLD}:1")]


@pytest.mark.parametrize(
    "word", ["UserPromptSubmit", "Stop", "SessionStart", "PreToolUse", "PreTaskExec", "AgentSpawn"]
)
def test_what_only_an_ide_can_run_is_listed_in_v1_as_well(word: str):
    loaded = read_hook_file(new(trigger=word, matcher="fs_write"), name=NEW)
    assert (loaded.hooks, loaded.faults) == ((), ())
    assert loaded.needs_ide[0].trigger == word


def test_a_command_keeps_its_timeout_and_none_means_no_end():
    def timeout(value: int) -> float | None:
        return only(old(then={"type": "runCommand", "command": "make", "timeout": value})).timeout

    assert (timeout(30), timeout(0)) == (30.0, None)
    assert only(old(then={"type": "runCommand", "command": "make"})).timeout == 60.0
    assert only(new(timeout=5), NEW).timeout == 5.0
    assert only(new(action={"type": "command", "command": "x", "timeout": 7}), NEW).timeout == 7.0


def test_a_pattern_without_a_slash_matches_at_any_depth_and_negations_always_win():
    hook = only(old(when={"type": "fileEdited", "patterns": ["!*.test.ts", "*.ts", "!node_modules/**", "Dockerfile"]}))
    assert hook.patterns == ("**/*.ts", "**/Dockerfile", "!**/*.test.ts", "!node_modules/**")
    assert covers(hook, "a.ts")
    assert covers(hook, "deep/er/a.ts")
    assert covers(hook, "x/Dockerfile")
    assert not covers(hook, "deep/a.test.ts")
    assert not covers(hook, "node_modules/a.ts")


def test_a_brace_pattern_broken_over_items_is_joined_with_a_warning():
    patterns = ["src/**/*.{ts", "tsx", "js}", "docs/*.md"]
    hook = only(old(when={"type": "fileEdited", "patterns": patterns}), warnings=1)
    assert hook.patterns == ("src/**/*.{ts,tsx,js}", "docs/*.md")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("./src/*.ts", "src/*.ts"),
        ("/src/*.ts", "src/*.ts"),
        ("src\\**\\*.ts", "src/**/*.ts"),
        ("src//a/*.ts", "src/a/*.ts"),
        ("${workspaceFolder}/src/*.ts", "src/*.ts"),
        ("src/", "src/**"),
    ],
)
def test_a_pattern_that_is_nearly_right_is_read_with_a_warning(written: str, read: str):
    assert only(old(when={"type": "fileEdited", "patterns": [written]}), warnings=1).patterns == (read,)


def test_a_single_pattern_and_patterns_in_one_text_are_read():
    assert only(old(when={"type": "fileEdited", "patterns": "*.ts"})).patterns == ("**/*.ts",)
    assert only(old(when={"type": "fileEdited", "patterns": "*.ts, *.js"}), warnings=1).patterns == (
        "**/*.ts",
        "**/*.js",
    )


def test_only_negations_mean_every_other_file():
    hook = only(old(when={"type": "fileEdited", "patterns": ["!dist/**"]}), warnings=1)
    assert covers(hook, "src/a.ts")
    assert not covers(hook, "dist/a.ts")


@pytest.mark.parametrize("version", ["1", "1.0.0", 1, None])
def test_the_version_of_a_0x_file_does_not_matter(version: object):
    assert only(old(version=version)).name == "review"


def test_fields_of_the_ide_are_passed_over_and_unknown_ones_pointed_out():
    loaded = read_hook_file(old(shortName="x", workspaceFolderName="y", colour="red"), name=OLD)
    assert [notice.key for notice in loaded.warnings] == ["colour"]


@pytest.mark.parametrize(
    ("when", "then", "expected"),
    [
        ({"type": "manual", "button_text": "go"}, None, ({Trigger.MANUAL}, "action")),
        ({"type": "onFileSave", "filePattern": "*.ts"}, None, ({Trigger.FILE_MODIFIED}, "action")),
        (None, {"type": "shell", "command": "make"}, ({Trigger.FILE_MODIFIED}, "command")),
        (None, {"type": "sendMessage", "message": "look"}, ({Trigger.FILE_MODIFIED}, "action")),
    ],
)
def test_a_type_that_kiro_does_not_have_is_read_as_it_was_meant_with_a_warning(when, then, expected):
    hook = only(old(when=when, then=then), warnings=1)
    assert (hook.triggers, "action" if hook.action else "command") == expected


@pytest.mark.parametrize(
    ("when", "then", "words"),
    [
        ({"type": "onGitMerge", "patterns": ["*"]}, None, 'unknown trigger "onGitMerge"'),
        ({"type": 7}, None, "expected a name, found the number 7"),
        ({"patterns": ["*.ts"]}, None, "`type` is missing"),
        ({"type": "fileEdited"}, None, "`patterns` is missing"),
        ({"type": "fileEdited", "patterns": []}, None, "`patterns` is missing"),
        ({"type": "fileEdited", "patterns": [3]}, None, "expected a text, found the number 3"),
        ({"type": "fileEdited", "patterns": ["../x"]}, None, "`..`"),
        ({"type": "fileEdited", "patterns": ["a/{b"]}, None, "without its `}`"),
        (None, {"type": "teleport", "prompt": "x"}, 'unknown type "teleport"'),
        (None, {"type": "askAgent"}, "`prompt`: expected a text"),
        (None, {"type": "runCommand", "command": " "}, "`command`: expected a text"),
        (None, {"type": "runCommand", "command": "a\0b"}, "`command`: expected a text"),
        (None, {"prompt": "a", "command": "b"}, "no type askAgent or runCommand"),
    ],
)
def test_a_hook_that_nobody_can_read_is_refused_with_its_place(when, then, words):
    loaded = read_hook_file(old(when=when, then=then), name=OLD)
    assert loaded.hooks == ()
    (fault,) = loaded.faults
    assert words in fault.message
    assert fault.line > 1


def test_one_bad_hook_of_a_file_leaves_the_others():
    good = {"name": "good", "trigger": "Manual", "action": {"type": "agent", "prompt": "x"}}
    content = json.dumps({"version": "v1", "hooks": [{"name": "bad", "trigger": "Never"}, 7, good]}).encode()
    loaded = read_hook_file(content, name=NEW)
    assert [hook.name for hook in loaded.hooks] == ["good"]
    assert len(loaded.faults) == 2


def test_a_v1_matcher_is_searched_for_in_the_path():
    hook = only(new(matcher="src/.*\\.tsx?$"), NEW)
    assert hook.patterns == ("re:src/.*\\.tsx?$",)
    assert covers(hook, "src/a/b.ts")
    assert covers(hook, "packages/x/src/b.tsx")
    assert not covers(hook, "src/a.tsx.md")


def test_a_v1_hook_without_matcher_concerns_every_file():
    content = json.dumps({"version": "v1", "hooks": [{"name": "a", "trigger": "PostFileSave", "action": "x"}]})
    loaded = read_hook_file(content.encode(), name=NEW)
    assert "unknown type" in str(loaded.faults[0])
    hook = only(json.dumps({"version": "v1", "hooks": [
        {"name": "a", "trigger": "PostFileSave", "action": {"type": "agent", "prompt": "x"}}]}), NEW)  # fmt: skip
    assert hook.patterns == ("**",)


def test_a_leading_negative_lookahead_is_taken_apart():
    hook = only(new(matcher="^(?!.*\\.test\\.ts$)(?!vendor/).*\\.ts$"), NEW)
    assert covers(hook, "src/a.ts")
    assert not covers(hook, "src/a.test.ts")
    assert not covers(hook, "vendor/a.ts")


@pytest.mark.parametrize("matcher", ["(?<=src/)a", "(a)\\1", "^(?!x)a|b", "(unclosed", "[", "a{2000}{2000}"])
def test_a_matcher_that_cannot_be_bounded_in_time_is_refused_with_the_way_out(matcher: str):
    loaded = read_hook_file(new(matcher=matcher), name=NEW)
    assert loaded.hooks == ()
    assert "write this hook in hooks.yaml with `pattern`" in loaded.faults[0].message


def test_a_hostile_matcher_costs_no_time():
    hook = only(new(matcher="^(a+)+$"), NEW)
    assert not covers(hook, "a" * 4000 + "!")


def test_a_matcher_that_is_a_list_of_globs_is_read_as_one():
    assert only(new(matcher="*.go,*.ts"), NEW, warnings=1).patterns == ("**/*.go", "**/*.ts")
    assert only(new(matcher="*"), NEW).patterns == ("**",)


def test_a_matcher_escaped_twice_is_read_as_it_was_meant():
    hook = only(new(matcher="src/.*\\\\.rs$"), NEW, warnings=1)
    assert covers(hook, "src/main.rs")


def test_a_command_names_the_file_in_one_way():
    def command(text: str, warnings: int = 1) -> str | None:
        return only(old(then={"type": "runCommand", "command": text}), warnings=warnings).command

    assert command("eslint '{file}'") == "eslint {{filePath}}"
    assert command("eslint ${filePath} x") == "eslint {{filePath}} x"
    assert command("eslint {{filePath}}", warnings=0) == "eslint {{filePath}}"
    assert command("eslint {{{file}}}", warnings=0) == "eslint {{{file}}}"
    assert command("echo ${files}", warnings=0) == "echo ${files}"


def test_a_working_directory_becomes_part_of_the_command():
    then = {"type": "runCommand", "command": "lint {{filePath}}", "workingDirectory": "it's"}
    assert only(old(then=then)).command == "cd 'it'\\''s' && lint \"$OLDPWD\"/{{filePath}}"
    loaded = read_hook_file(old(then={**then, "workingDirectory": "../up"}), name=OLD)
    assert "outside the workspace" in str(loaded.faults[0])


def test_older_and_half_remembered_shapes_are_read():
    flat = [
        {"name": "a", "eventType": "fileEdited", "filePatterns": ["*.ts"], "hookAction": "runCommand", "command": "x"}
    ]
    assert only(json.dumps(flat), NEW, warnings=None).command == "x"
    event = {"hooks": [{"name": "a", "event": "PostFileSave", "matcher": "x", "command": "y"}]}
    assert only(json.dumps(event), NEW, warnings=1).command == "y"
    objects = {
        "name": "a",
        "trigger": {"type": "fileSave", "patterns": ["*.ts"], "excludePatterns": ["*.test.ts"]},
        "action": {"type": "sendMessage", "message": "look"},
    }
    assert only(json.dumps(objects), OLD, warnings=2).patterns == ("**/*.ts", "!**/*.test.ts")
    claude = {"hooks": {"preToolUse": [{"command": "x", "matcher": "shell"}]}}
    assert len(read_hook_file(json.dumps(claude).encode(), name=NEW).needs_ide) == 1


def test_a_file_that_is_no_hook_is_passed_over_in_json_and_refused_as_a_hook():
    content = b'{"compilerOptions": {}}'
    assert "not in a form that Kiro reads" in str(read_hook_file(content, name=NEW).warnings[0])
    assert "expected an object with `when`" in str(read_hook_file(content, name=OLD).faults[0])


@pytest.mark.parametrize(
    ("content", "place", "words"),
    [
        (b"", "1:1", "the file is empty"),
        (b"  \n", "1:1", "the file is empty"),
        (b"null", "1:1", "the file is empty"),
        (b"{", "1:2", "found the end"),
        (b'{"a": }', "1:7", "expected a value"),
        (b'{"a" 1}', "1:6", "expected `:`"),
        (b"{a: 1}", "1:2", "a key in double quotes"),
        (b'{"a": 1 "b": 2}', "1:9", "expected `,` or `}`"),
        (b'{"a": "x', "1:7", "a closing quote"),
        (b"{} {}", "1:4", "nothing after"),
        (b"/* x", "1:1", "`*/`"),
        (b'{"a": tru}', "1:7", "expected a value"),
        (b"\xff", "1:1", "not UTF-8"),
        (b"[" * 100_000, "1:34", "too deep"),
        (b"[" + b"1," * 60_000, "1:80000", "too many"),
        (b" " * 600_000, "1:1", "too large"),
        (b"7", "1:1", "expected an object"),
    ],
)
def test_what_is_no_json_is_refused_with_its_place(content: bytes, place: str, words: str):
    (fault,) = read_hook_file(content, name=OLD).faults
    assert str(fault).startswith(f"{OLD}:{place}: ")
    assert words in fault.message


def test_json_as_people_write_it_is_read_with_warnings():
    content = (
        "{ // a comment\n /* and one */ 'x'".replace("'x'", '"name": "a", "name": "b",\n')
        + '"when": {"type": "fileEdited", "patterns": ["src/*.ts",],},\n'
        + '"then": {"type": "askAgent", "prompt": "one\ntwo \\. \\ud800 \\ud83d\\ude00"}\n}'
    )
    loaded = read_hook_file(b"\xef\xbb\xbf" + content.encode(), name=OLD)
    assert loaded.faults == ()
    (hook,) = loaded.hooks
    assert (hook.name, hook.action) == ("b", "one\ntwo \\. \ufffd \U0001f600")
    places = [(notice.line, notice.column) for notice in loaded.warnings]
    assert places == [(1, 3), (2, 29), (3, 55), (3, 57), (4, 44), (5, 5)]


def test_a_hook_without_a_name_is_called_by_its_file():
    assert only(old(name=" "), "x/lint-it.kiro.hook", warnings=1).name == "lint-it"
    assert only(old(name="a\x1b[31m\u202eb")).name == "a [31m b"


def test_enabled_is_read_as_it_was_meant():
    assert not only(old(enabled=False)).enabled
    assert not only(old(enabled="false"), warnings=1).enabled
    assert only(old(enabled="yes"), warnings=1).enabled


@pytest.mark.parametrize("timeout", ["30s", -1, True, [1], 1e300])
def test_a_timeout_that_is_none_is_read_as_kiros_own(timeout: object):
    assert only(old(then={"type": "runCommand", "command": "x", "timeout": timeout}), warnings=1).timeout == 60.0


@pytest.mark.parametrize(
    ("action", "edits"),
    [
        ("Update the documentation in README.md", True),
        ("Fix lint errors", True),
        ("Review the file and report what is wrong", False),
        ("Report findings without auto-fixing. Do not change files.", False),
    ],
)
def test_a_prompt_that_asks_for_edits_is_told_from_one_that_does_not(action: str, edits: bool):
    assert asks_for_edits(action) is edits
