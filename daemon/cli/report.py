"""``report``: read the report log."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import click

from daemon.cli.desk import json_option, root_of, state_paths, workspace_option

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from daemon.report.reader import ReportReader
    from daemon.report.record import Record

FORMATS = ("text", "json", "sarif", "markdown", "baseline")


@click.command(
    help="Show the reports of the workspace, newest last, or the one that ID names (its beginning will do).\n\n"
    "`--format sarif` gives what still stands; `--format baseline > .kiro/hookd-baseline.json` makes it known, so that "
    "the builtin agent reports only what is new."
)
@click.argument("id", required=False)
@click.option("-f", "--follow", is_flag=True, help="Go on with each new report, until interrupted.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True)
@click.option("--limit", type=click.IntRange(min=1), help="Only the newest so many.")
@click.option("--all", "everything", is_flag=True, help="Decisions about change sets too, as records of their own.")
@click.option("--verify", is_flag=True, help="Check that no record was changed or taken out since it was written.")
@click.option("--costs", is_flag=True, help="What the runs used and cost, by hook, agent and day.")
@workspace_option
@json_option
def command(
    id: str | None,  # noqa: A002 - the word of the usage line
    follow: bool,
    form: str,
    limit: int | None,
    everything: bool,
    verify: bool,
    costs: bool,
    workspace: Path | None,
    as_json: bool,
) -> int:
    from daemon.report.current import resolved

    reader = reader_of(root_of(workspace))
    form = "json" if as_json else form
    if verify:
        return _verify(reader, as_json=as_json)
    if costs:
        from daemon.cli.costs import PRICES_FILE, read_prices, render_costs

        prices = read_prices(state_paths().config_dir / PRICES_FILE)
        print(render_costs(reader.records(), prices, as_json=form == "json"))
        return 0
    if id is not None:
        record = reader.get(id)
        print(json.dumps(record.value, indent=2) if form == "json" else render([record], form))
        return 0
    end = reader.head().seq
    records = resolved(record for record in reader.records(all=everything) if record.seq <= end)
    shown = records[-limit:] if limit else records
    if follow:
        _follow(reader, shown, form, after=end)
        return 0
    print(render(shown, form))
    return 0


def read_records(root: Path) -> list[Record]:
    """Every run of a workspace, oldest first."""
    return list(reader_of(root).records())


def render(records: Iterable[Record], form: str) -> str:
    """Records in one of FORMATS."""
    if form == "json":
        return json.dumps([record.value for record in records], indent=2)
    if form == "sarif":
        from daemon import __version__
        from daemon.report.current import current
        from daemon.report.sarif import sarif

        return json.dumps(sarif(current(records), version=__version__), indent=2)
    if form == "baseline":
        from daemon.report.current import baseline

        return baseline(records)
    if form == "markdown":
        from daemon.report.markdown import markdown

        return markdown(records)
    from daemon.report.text import text

    return text(records)


def reader_of(root: Path) -> ReportReader:
    """A workspace's report log, for reading."""
    from daemon.report.reader import ReportReader

    return ReportReader(state_paths().workspace(root).reports)


def _follow(reader: ReportReader, shown: list[Record], form: str, *, after: int) -> None:
    """Each record as it comes: a JSON object a line, or its text."""
    for record in shown:
        _print_one(record, form)
    for record in reader.follow(after=after, stop=threading.Event()):
        _print_one(record, form)


def _print_one(record: Record, form: str) -> None:
    print(json.dumps(record.value) if form == "json" else render([record], form), flush=True)


def _verify(reader: ReportReader, *, as_json: bool) -> int:
    found = reader.verify()
    value: dict[str, Any] = {
        "ok": found.ok,
        "records": found.records,
        "first_seq": found.first_seq,
        "head": {"seq": found.head.seq, "hash": found.head.hash},
        "broken_seq": found.broken_seq,
        "why": found.why or None,
        "asides": list(found.asides),
    }
    if as_json:
        print(json.dumps(value, indent=2))
    elif found.ok:
        print(f"{found.records} records, unbroken; head {found.head.seq} {found.head.hash}")
    else:
        print(f"broken at record {found.broken_seq}: {found.why}")
    return 0 if found.ok else 1
