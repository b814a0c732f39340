from __future__ import annotations

import json
import subprocess

import pytest

from daemon.agents.cli import server_argv

CALL = {"name": "report_findings", "arguments": {"summary": "s", "findings": [{"message": "m"}]}}


@pytest.fixture
def talk(tmp_path):
    def go(*messages, file=True):
        lines = [
            message if isinstance(message, str) else json.dumps({"jsonrpc": "2.0", **message}) for message in messages
        ]
        env = {"KIRO_HOOKD_FINDINGS": str(tmp_path / "findings")} if file else {}
        end = subprocess.run(
            server_argv(), input="\n".join(lines) + "\n", capture_output=True, text=True, check=True, env=env
        )
        return [json.loads(line) for line in end.stdout.splitlines()]

    return go


def test_it_speaks_the_protocol_and_offers_its_one_tool(talk):
    hello, listed, pong, wrong = talk(
        {"id": 1, "method": "initialize", "params": {"protocolVersion": "2025-03-26"}},
        {"method": "notifications/initialized"},
        {"id": 2, "method": "tools/list"},
        "not json",
        "7",
        {"id": 3, "method": "ping"},
        {"id": "x", "method": "resources/list"},
    )
    assert hello["result"]["protocolVersion"] == "2025-03-26"
    assert [tool["name"] for tool in listed["result"]["tools"]] == ["report_findings"]
    assert (pong["result"], wrong["id"], wrong["error"]["code"]) == ({}, "x", -32601)


def test_findings_that_are_right_are_taken_and_kept(talk, tmp_path):
    (said,) = talk({"id": 1, "method": "tools/call", "params": CALL})
    assert said["result"]["isError"] is False
    assert json.loads((tmp_path / "findings").read_text()) == CALL["arguments"]


@pytest.mark.parametrize("arguments", [{}, None, {"findings": "none"}, {"findings": [{"message": "m"}, {"line": 3}]}])
def test_findings_that_are_wrong_are_said_to_be_so_and_not_kept(talk, tmp_path, arguments):
    (said,) = talk({"id": 1, "method": "tools/call", "params": {"name": "report_findings", "arguments": arguments}})
    assert said["result"]["isError"] is True
    assert not (tmp_path / "findings").exists()


def test_without_a_file_they_are_only_checked(talk):
    (said,) = talk({"id": 1, "method": "tools/call", "params": CALL}, file=False)
    assert said["result"]["isError"] is False
