"""What every kind of agent promises, whatever stands behind it. A test module brings the fixture ``subject``: an agent
whose program does what the prompt says as [[do WHAT]].
"""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from daemon.agents.failure import RULES
from daemon.agents.place import place
from daemon.agents.port import Agent, Exit, FailureKind, Outcome, Usage
from hooks.model import Mode

FULL = Usage(input_tokens=1000, output_tokens=10, cache_read_tokens=100)


ODD = (
    "",
    "\x00\x7f{",
    "[]",
    "7",
    '{"type": "result"}',
    '{"type": 5, "data": 7, "part": [], "error": 3, "item": "x"}\n' * 3,
    '{"findings": {"a": 1}, "usage": 5, "failure": {}}',
    '{"type":"kiro-hookd.usage"}\n[',
    "{" * 50_000,
)


@dataclass(frozen=True, kw_only=True)
class Subject:
    """An agent to be held to the contract. ``usage`` is what one turn uses, ``finding`` the rule, category and level of
    what it finds on line 2, ``action`` what makes it look; ``cannot`` are the things that it has no way to do.
    """

    agent: Agent
    usage: Usage = FULL
    finding: tuple[str, str, str] = ("key", "hardcoded-credential", "error")
    summary: str = "one key"
    action: str = ""
    cannot: frozenset[str] = field(default_factory=frozenset)

    def must(self, what: str) -> None:
        """Skip a test that asks for what an agent of this kind cannot do."""
        if what in self.cannot:
            pytest.skip(f"an agent of kind {self.agent.kind} has nothing to do with: {what}")


class AgentContract:
    def test_a_review_yields_a_structured_finding_in_its_place(self, subject, ask, play, root):
        request = ask("[[do review]]", action=subject.action)
        result = play(subject.agent, request)
        assert (result.outcome, result.error, result.failure) == (Outcome.SUCCEEDED, None, None)
        placed = place(result, request, lambda path: (root / path).read_text())
        (finding,) = placed.findings
        assert (finding.rule, finding.category, finding.level) == subject.finding
        assert (finding.file, finding.line) == ("src/pay.ts", 2)
        assert subject.summary in result.summary
        assert result.usage == subject.usage

    def test_an_edit_lands_in_the_view_and_succeeds(self, subject, ask, play, root):
        subject.must("edit")
        result = play(subject.agent, ask("[[do edit]]", mode=Mode.AUTO_FIX))
        assert result.outcome is Outcome.SUCCEEDED
        assert (root / "src/pay.ts").read_text().endswith("// edited\n")

    def test_words_without_findings_are_kept_as_the_summary(self, subject, ask, play):
        subject.must("prose")
        result = play(subject.agent, ask("[[do words]]"))
        assert result.outcome is Outcome.SUCCEEDED
        assert "words" in result.summary

    def test_a_hang_is_a_timeout_that_is_not_retried(self, subject, ask, play):
        subject.must("hang")
        result = play(subject.agent, ask("[[do hang]]", timeout=0.3))
        assert (result.outcome, result.failure) == (Outcome.TIMED_OUT, FailureKind.TIMED_OUT)
        assert not result.retryable
        assert result.error

    def test_a_crash_is_a_failure_that_names_the_agent_and_its_last_words(self, subject, ask, play):
        subject.must("crash")
        result = play(subject.agent, ask("[[do crash]]"))
        assert (result.outcome, result.failure) == (Outcome.FAILED, FailureKind.CRASHED)
        assert result.retryable
        assert subject.agent.name in (result.error or "")

    @pytest.mark.parametrize(
        ("do", "kind"),
        [("400", FailureKind.MODEL_ERROR), ("401", FailureKind.NOT_LOGGED_IN), ("429", FailureKind.THROTTLED)],
    )
    def test_failures_are_told_apart(self, subject, ask, play, do, kind):
        subject.must("fail")
        result = play(subject.agent, ask(f"[[do {do}]]"))
        assert (result.outcome, result.failure) == (Outcome.FAILED, kind)
        assert result.retryable is RULES[kind].retryable
        assert result.findings == ()

    def test_a_deadline_is_a_timeout_whatever_was_printed_before(self, subject, ask):
        for text in ("", "half a", '{"summary": "half", "findings": []}'):
            end = Exit(code=-9, timed_out=True, stdout=text.encode(), stderr=text.encode())
            result = subject.agent.result(ask(), end)
            assert (result.outcome, result.failure, result.retryable) == (
                Outcome.TIMED_OUT,
                FailureKind.TIMED_OUT,
                False,
            )

    def test_a_program_that_was_killed_crashed(self, subject, ask):
        result = subject.agent.result(ask(), Exit(code=-9))
        assert (result.outcome, result.failure, result.findings) == (Outcome.FAILED, FailureKind.CRASHED, ())
        assert result.retryable

    def test_a_stop_is_no_failure(self, subject, ask):
        result = subject.agent.result(ask(), Exit(code=-2, stopped=True))
        assert (result.outcome, result.failure) == (Outcome.STOPPED, FailureKind.STOPPED)

    def test_a_program_that_is_not_there_is_not_installed(self, subject, ask):
        result = subject.agent.result(ask(), Exit(code=None, error="agent: not found"))
        assert (result.outcome, result.failure, result.retryable) == (Outcome.FAILED, FailureKind.NOT_INSTALLED, False)

    def test_asking_twice_for_the_program_gives_the_same(self, subject, ask):
        assert subject.agent.program(ask()) == subject.agent.program(ask())

    def test_no_secret_stands_on_the_command_line(self, subject, ask):
        assert not any("scripted-key" in word for word in subject.agent.program(ask()).argv)

    def test_nothing_that_is_printed_makes_it_raise(self, subject, ask):
        request = ask()
        repair = getattr(subject.agent, "repair", lambda *_: None)
        for code in (0, 1, -9, None):
            for text in ODD:
                error = "broken" if code is None else ""
                end = Exit(code=code, stdout=text.encode(), stderr=text.encode(), error=error)
                assert subject.agent.result(request, end).outcome in (Outcome.SUCCEEDED, Outcome.FAILED)
                repair(request, end)
