"""The running demo, tested through Home Assistant's own interfaces.

``script/demo --smoke`` runs these tests in the demo's environment, not ``script/test``. They
are one story with one Home Assistant and three miners: files in the order of their numbers,
tests in the order in which they are written. A test finds what those before it have left, and
goes on where one of them has failed. This folder is no package, so that neither other tests nor
Home Assistant's test plugin are imported.
"""

from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AsyncExitStack
import shutil
import signal

import pytest

from demo_instance import DemoError
from demo_instance.instance import running
from demo_instance.miners import ACCESS_CHECKS, AIR, HYDRO, OLD, PLANS
from demo_instance.program import failed_log, folder, free_port
from running_demo import Miner, RunningDemo, Show, to_text
from table import Table


def pytest_configure(config: pytest.Config) -> None:
    """Register the table, and end on a signal as on Ctrl-C."""
    config.pluginmanager.register(Table())
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: signal.raise_signal(signal.SIGINT))


@pytest.fixture(scope="session")
async def demo(request: pytest.FixtureRequest) -> AsyncGenerator[RunningDemo]:
    """The demo, with miners that are not added yet."""
    try:
        with folder("demo") as config:
            async with AsyncExitStack() as stack:
                demo = await stack.enter_async_context(
                    running(config, free_port(0), for_visitor=False)
                )
                yield RunningDemo(demo, config, stack.aclose)
            if request.session.testsfailed:
                shutil.copyfile(demo.home.log, failed_log("demo"))
    except DemoError as error:  # the demo did not start
        pytest.exit(f"script/demo: {error}", returncode=1)


@pytest.fixture
def air(demo: RunningDemo) -> Miner:
    """The air-cooled miner with firmware 2.0.5."""
    return demo.miner(AIR)


@pytest.fixture
def hydro(demo: RunningDemo) -> Miner:
    """The water-cooled miner with firmware that speaks V3.

    Its accounts `super` and `admin` have different passwords.
    """
    return demo.miner(HYDRO)


@pytest.fixture
def old(demo: RunningDemo) -> Miner:
    """The air-cooled miner with firmware of the first API."""
    return demo.miner(OLD)


@pytest.fixture(params=PLANS, ids=lambda plan: plan.model)
def miner(demo: RunningDemo, request: pytest.FixtureRequest) -> Miner:
    """Each of the miners."""
    return demo.miner(request.param)


@pytest.fixture(autouse=True)
def only_commands_of_the_test(
    demo: RunningDemo, record_property: Callable[[str, object], None]
) -> Iterator[None]:
    """Fail when a command reaches a miner that the test has not verified with `received`."""
    demo.commands.clear()
    yield
    record_property("sent", ", ".join(map(to_text, demo.commands)) or "nothing")
    unverified = [each for miner in demo.miners for each in miner.take_commands()]
    assert [each for each in unverified if each not in ACCESS_CHECKS] == []


@pytest.fixture
def show(record_property: Callable[[str, object], None]) -> Show:
    """Set what Home Assistant shows, for the table."""
    return lambda text: record_property("shown", text)
