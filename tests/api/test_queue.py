"""The queue of one miner: the order of turns, and who is called next."""

import asyncio

import pytest

from custom_components.whatsminer.api.queue import Queue, Urgency


@pytest.fixture
def queue() -> Queue:
    """Return a queue in which nobody waits."""
    return Queue()


class Waiters:
    """Tasks that wait for a turn, in the order in which they get it."""

    def __init__(self, queue: Queue) -> None:
        """Start without tasks."""
        self.queue = queue
        self.served: list[str] = []

    async def join(self, name: str, urgency: Urgency) -> asyncio.Task[None]:
        """Start a task that waits for a turn."""

        async def want() -> None:
            async with self.queue.turn(urgency):
                self.served.append(name)

        task = asyncio.create_task(want())
        await asyncio.sleep(0)  # so that it does wait
        return task


async def test_the_most_urgent_goes_first_and_equals_in_order(queue: Queue) -> None:
    """The time that others have waited makes no difference."""
    waiters = Waiters(queue)
    async with queue.turn(Urgency.READ):
        waiting = [
            await waiters.join("read 1", Urgency.READ),
            await waiters.join("write 1", Urgency.WRITE),
            await waiters.join("read 2", Urgency.READ),
            await waiters.join("off 1", Urgency.POWER_OFF),
            await waiters.join("write 2", Urgency.WRITE),
            await waiters.join("off 2", Urgency.POWER_OFF),
        ]
        assert waiters.served == []
    await asyncio.gather(*waiting)
    assert waiters.served == [
        "off 1",
        "off 2",
        "write 1",
        "write 2",
        "read 1",
        "read 2",
    ]


async def test_nobody_jumps_in_before_the_one_that_was_called(queue: Queue) -> None:
    """This includes the task that just had the turn."""
    waiters = Waiters(queue)
    async with queue.turn(Urgency.READ):
        waiting = await waiters.join("read", Urgency.READ)
    async with queue.turn(Urgency.READ):
        waiters.served.append("again")
    await waiting
    assert waiters.served == ["read", "again"]


async def test_who_gives_up_waiting_is_passed_over(queue: Queue) -> None:
    """The next task gets the turn."""
    waiters = Waiters(queue)
    async with queue.turn(Urgency.READ):
        gone = await waiters.join("gone", Urgency.POWER_OFF)
        waiting = await waiters.join("read", Urgency.READ)
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        await asyncio.sleep(0)
        assert waiters.served == []  # the turn is still held
    async with asyncio.timeout(5):
        await waiting
    assert waiters.served == ["read"]


async def test_who_gives_up_when_called_passes_the_line_on(queue: Queue) -> None:
    """Otherwise no task could ever get a turn again."""
    waiters = Waiters(queue)
    async with queue.turn(Urgency.READ):
        gone = await waiters.join("gone", Urgency.WRITE)
        waiting = await waiters.join("read", Urgency.READ)
    gone.cancel()  # it has been called and has not run yet
    async with asyncio.timeout(5):
        await waiting
        async with queue.turn(Urgency.READ):
            waiters.served.append("later")
    assert waiters.served == ["read", "later"]


@pytest.mark.parametrize("holder", Urgency)
async def test_only_a_power_off_interrupts(queue: Queue, holder: Urgency) -> None:
    """It interrupts only a turn that allows it; all other requests wait."""
    calls: list[str] = []
    waiters = Waiters(queue)
    async with queue.turn(holder) as turn:
        waiting = [await waiters.join("off 1", Urgency.POWER_OFF)]
        assert not turn.interrupted
        turn.interrupt = lambda: calls.append("interrupted")
        waiting += [
            await waiters.join("write", Urgency.WRITE),
            await waiters.join("read", Urgency.READ),
        ]
        assert not turn.interrupted
        assert calls == []
        waiting.append(await waiters.join("off 2", Urgency.POWER_OFF))
        assert turn.interrupted
        assert calls == ["interrupted"]
        assert waiters.served == []
    await asyncio.gather(*waiting)
    assert waiters.served == ["off 1", "off 2", "write", "read"]


@pytest.mark.parametrize(
    ("holder", "waiter", "overtaken"),
    [
        (Urgency.READ, Urgency.READ, False),
        (Urgency.READ, Urgency.WRITE, True),
        (Urgency.READ, Urgency.POWER_OFF, True),
        (Urgency.WRITE, Urgency.READ, False),
        (Urgency.WRITE, Urgency.WRITE, False),
        (Urgency.WRITE, Urgency.POWER_OFF, True),
        (Urgency.POWER_OFF, Urgency.POWER_OFF, False),
    ],
)
async def test_a_turn_is_overtaken_by_what_is_more_urgent(
    queue: Queue, holder: Urgency, waiter: Urgency, *, overtaken: bool
) -> None:
    """This holds while the request waits."""
    waiters = Waiters(queue)
    async with queue.turn(holder) as turn:
        assert not queue.is_overtaken(turn)
        waiting = await waiters.join("x", waiter)
        assert queue.is_overtaken(turn) is overtaken
        waiting.cancel()
        await asyncio.sleep(0)
        assert not queue.is_overtaken(turn)


async def test_whoever_waits_behind_one_who_gave_up_overtakes_as_well(
    queue: Queue,
) -> None:
    """The first in the queue is not the only one that counts."""
    waiters = Waiters(queue)
    async with queue.turn(Urgency.WRITE) as turn:
        gone = await waiters.join("gone", Urgency.POWER_OFF)
        off = await waiters.join("off", Urgency.POWER_OFF)
        gone.cancel()
        await asyncio.sleep(0)
        assert queue.is_overtaken(turn)
    await off
