"""The simulated miners as other clients see them: pyasic and asic-rs.

``script/test-peers`` runs these tests in an environment of their own, not ``script/test``.
The miners are in a process of their own. This folder is no package, so that Home Assistant's
test plugin is not imported.
"""

from collections.abc import Iterator

import pytest

from peer_bench.bench import Bench
from peer_bench.table import Table

TABLE = pytest.StashKey[Table]()


def pytest_configure(config: pytest.Config) -> None:
    """Begin the table."""
    config.stash[TABLE] = Table()


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print the table."""
    terminalreporter.write_line("")
    for line in config.stash[TABLE].lines():
        terminalreporter.write_line(line)


@pytest.fixture
def table(pytestconfig: pytest.Config) -> Table:
    """The table that is printed at the end."""
    return pytestconfig.stash[TABLE]


@pytest.fixture
def bench() -> Iterator[Bench]:
    """A miner of each generation, as most firmware is."""
    with Bench() as bench:
        yield bench
