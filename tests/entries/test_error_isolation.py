"""An error at one of several miners stays with that miner."""

import asyncio
import gc
import warnings

import pytest

from custom_components.whatsminer.entries.error_isolation import (
    async_for_each,
    async_isolated,
)


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


async def test_jobs_that_fail_do_not_affect_the_others() -> None:
    """Results come in the order of the items, and every job counts as progress."""
    shares: list[float] = []

    async def invert(number: int) -> float:
        return 1 / number

    results = await async_for_each(
        [2, 0, 4, 1], invert, name=str, limit=2, progress=shares.append
    )
    assert results == [0.5, None, 0.25, 1]
    assert shares == [0.25, 0.5, 0.75, 1]


@pytest.mark.parametrize("count", [1, 5, 50])
async def test_only_so_many_jobs_are_under_way_at_once(count: int) -> None:
    under_way = most = 0

    async def job(_: int) -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0)
        under_way -= 1

    await async_for_each(range(count), job, name=str, limit=3)
    assert most == min(count, 3)


@pytest.mark.parametrize("count", [2, 3, 200])
async def test_after_a_cancellation_no_job_is_under_way(count: int) -> None:
    """Jobs that have begun end first; the remaining ones leave no coroutine behind."""
    begun: list[int] = []
    ended: list[int] = []
    all_begun = asyncio.Event()

    async def job(item: int) -> None:
        begun.append(item)
        if len(begun) == min(count, 3):
            all_begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            ended.append(item)

    task = asyncio.create_task(async_for_each(range(count), job, name=str, limit=3))
    await all_begun.wait()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert begun == sorted(ended) == list(range(min(count, 3)))
        del task  # its error refers to all that it had
        await asyncio.sleep(0)
        gc.collect()

    assert caught == []
