"""An error at one of several miners stays with that miner."""

import asyncio

import pytest

from custom_components.whatsminer.entries.error_isolation import async_isolated


async def test_what_comes_of_the_work_is_returned(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def work() -> str:
        return "done"

    assert await async_isolated(work(), "Ada") == "done"
    assert caplog.text == ""


@pytest.mark.parametrize("error", [ValueError, RecursionError, OSError, TimeoutError])
async def test_an_error_that_nobody_expects_is_logged_with_the_name(
    caplog: pytest.LogCaptureFixture, error: type[Exception]
) -> None:
    """The log has one traceback, and the work has no result."""

    async def work() -> str:
        raise error("no such thing")

    assert await async_isolated(work(), "Ada") is None
    (record,) = caplog.records
    assert "Ada" in record.getMessage()
    assert record.exc_info
    assert record.exc_info[0] is error


async def test_a_cancellation_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    begun = asyncio.Event()

    async def work() -> None:
        begun.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(async_isolated(work(), "Ada"))
    await begun.wait()
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert caplog.text == ""
