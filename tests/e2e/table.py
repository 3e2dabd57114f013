"""The table at the end: the tests, the commands of the miners, and what Home Assistant shows."""

from dataclasses import dataclass

import pytest

from demo_instance.program import failed_log
from demo_instance.table import lines


@dataclass(slots=True)
class _Row:
    """A test; its cells are properties that it has recorded."""

    step: str
    sent: str = ""
    shown: str = ""
    milliseconds: float = 0.0
    failed: bool = False
    ended: bool = False

    @property
    def cells(self) -> tuple[str, str, str, str]:
        """The row as texts."""
        step = f"FAILED {self.step}" if self.failed else self.step
        return step, self.sent, self.shown, f"{self.milliseconds:.0f}"


class Table:
    """A plugin of pytest that prints a row for each test."""

    def __init__(self) -> None:
        """Begin with no rows."""
        self._rows: dict[str, _Row] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take what is known of a test after each of its phases."""
        row = self._rows.setdefault(report.nodeid, _Row(_in_words(report.nodeid)))
        row.failed |= report.failed
        row.ended |= report.when == "teardown"
        properties = dict(report.user_properties)
        row.sent = str(properties.get("sent", row.sent))
        row.shown = str(properties.get("shown", row.shown))
        if report.when == "call":
            row.milliseconds = 1000 * report.duration

    def pytest_terminal_summary(
        self, terminalreporter: pytest.TerminalReporter
    ) -> None:
        """Print the table of the tests that have ended, and how many have failed."""
        ended = [row for row in self._rows.values() if row.ended]
        if not ended:
            return
        failed = sum(row.failed for row in ended)
        where = f"Home Assistant's log is in {failed_log('demo')}" if failed else ""
        for text in (
            "",
            *lines([row.cells for row in ended]),
            where,
            f"{len(ended) - failed} passed, {failed} failed",
        ):
            terminalreporter.write_line(text)


def _in_words(nodeid: str) -> str:
    """Return the name of a test as a sentence, with its parameters."""
    name, bracket, parameters = nodeid.partition("::")[2].partition("[")
    return name.removeprefix("test_").replace("_", " ") + f" {bracket}{parameters}"
