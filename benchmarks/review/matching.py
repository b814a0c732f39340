"""How a prediction is compared with a label.

A finding and a label match when they are of one category and at most ``NEAR`` lines apart: labels were put on the
statement, the sink or the source, and reviewers point at one of the lines of the same construct. A finding in a
category that is neutral for its file counts for nothing unless it meets a label, nor does one at a ``weak`` expectation
(a lesser fault, not asked for) or on one of a file's ``neutral_lines``. Several findings on one label all count as
right (once each), a label is met by any of them. Recall is counted twice: by line, and by expectation, which is met
when one of its lines is (an expectation may name the action, the resource and where the policy begins, all of one
statement). Notes count for missing-input-validation only: elsewhere a note says "look at this one day" and is no alarm.
Suppressed findings count as found.
"""

from __future__ import annotations

from dataclasses import dataclass, field

NEAR = 5
NOTES_COUNT = frozenset({"missing-input-validation"})


@dataclass(frozen=True, slots=True)
class Prediction:
    """One reported place."""

    category: str
    line: int
    end_line: int
    level: str = "warning"
    rule: str = ""


@dataclass(slots=True)
class Tally:
    """Right and wrong findings, met and missed labels, and the same by file."""

    right: int = 0
    wrong: int = 0
    met: int = 0
    missed: int = 0
    expected_met: int = 0
    expected: int = 0
    files_right: int = 0
    files_wrong: int = 0
    files_missed: int = 0
    wrong_places: list[str] = field(default_factory=list)
    missed_places: list[str] = field(default_factory=list)

    @property
    def precision(self) -> float | None:
        total = self.right + self.wrong
        return self.right / total if total else None

    @property
    def recall(self) -> float | None:
        total = self.met + self.missed
        return self.met / total if total else None

    @property
    def expected_recall(self) -> float | None:
        return self.expected_met / self.expected if self.expected else None

    @property
    def file_precision(self) -> float | None:
        total = self.files_right + self.files_wrong
        return self.files_right / total if total else None

    @property
    def file_recall(self) -> float | None:
        total = self.files_right + self.files_missed
        return self.files_right / total if total else None


def score(
    label: dict, predictions: list[Prediction], tallies: dict[str, Tally], *, near: int = NEAR, notes: bool = False
) -> None:
    """Enter one file's predictions into the tallies, by category."""
    neutral = set(label["neutral"])
    counted = [p for p in predictions if p.level != "note" or notes or p.category in NOTES_COUNT]
    name = f"{label['repo']}:{label['path']}"
    for category, tally in tallies.items():
        mine = [p for p in counted if p.category == category]
        expectations = [e["lines"] for e in label["expected"] if e["category"] == category and not e.get("weak")]
        lines = [line for group in expectations for line in group]
        free = [line for e in label["expected"] if e["category"] == category and e.get("weak") for line in e["lines"]]
        free += label.get("neutral_lines", {}).get(category, [])
        for prediction in mine:
            if any(_near(prediction, line, near) for line in lines):
                tally.right += 1
            elif category not in neutral and not any(_near(prediction, line, near) for line in free):
                tally.wrong += 1
                tally.wrong_places.append(f"{name}:{prediction.line} {prediction.rule}")
        for line in lines:
            if any(_near(p, line, near) for p in mine):
                tally.met += 1
            else:
                tally.missed += 1
                tally.missed_places.append(f"{name}:{line} {category}")
        for group in expectations:
            tally.expected += 1
            tally.expected_met += any(_near(p, line, near) for p in mine for line in group)
        if lines:
            tally.files_right += bool(mine)
            tally.files_missed += not mine
        elif category not in neutral and not free:
            tally.files_wrong += bool(mine)


def _near(prediction: Prediction, line: int, near: int) -> bool:
    return prediction.line - near <= line <= prediction.end_line + near
