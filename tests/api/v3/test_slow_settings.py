"""The settings, which are read every few minutes and after a command."""

from dataclasses import dataclass, field

import pytest

from custom_components.whatsminer.api.v3.requests import Requests
from custom_components.whatsminer.api.v3.slow_settings import SlowSettings
from tests.api import Clock

from .framed_miner import Call, FramedMiner, framed, refusal

ALL = ["get.system.setting", "get.miner.setting", "get.fan.setting"]


@dataclass
class Reads:
    """Reads the settings of a miner, and says what was asked for."""

    miner: FramedMiner
    requests: Requests
    clock: Clock
    settings: SlowSettings = field(default_factory=SlowSettings)

    async def read(self, *, after: float = 30, overtaken: bool = False) -> list[str]:
        """Let time pass and read what is due."""
        self.clock.now += after
        self.miner.forget()
        async with self.requests.conversation() as conversation:
            await self.settings.read(conversation, lambda: overtaken)
        return self.miner.asked


@pytest.fixture
def reads(miner: FramedMiner, requests: Requests, clock: Clock) -> Reads:
    """Return reads that have not begun."""
    return Reads(miner, requests, clock)


async def test_the_settings_are_read_every_five_minutes(reads: Reads) -> None:
    assert await reads.read() == ALL
    assert set(reads.settings.answers) == set(ALL)
    assert [await reads.read() for _ in range(9)] == [[]] * 9
    assert await reads.read() == ALL


async def test_what_a_command_changed_is_read_in_each_poll_for_a_while(
    reads: Reads,
) -> None:
    """A miner that restarts mining does not answer at once."""
    await reads.read()
    reads.settings.expect("get.fan.setting")
    for _ in range(8):
        assert await reads.read() == ["get.fan.setting"]
    assert await reads.read() == ["get.fan.setting"]
    await reads.read()
    assert await reads.read() == []


async def test_all_settings_can_be_read_again(reads: Reads) -> None:
    await reads.read()
    reads.settings.expect_all()
    assert await reads.read() == ALL
    assert await reads.read() == []
    reads.settings.forget()
    assert not reads.settings.answers
    assert await reads.read() == ALL


async def test_a_more_urgent_request_goes_first(reads: Reads) -> None:
    assert await reads.read(overtaken=True) == []
    assert await reads.read() == ALL


@pytest.mark.parametrize("answer", [framed(refusal(-2)), framed(b"[]")])
async def test_what_the_miner_refuses_is_asked_for_again_later(
    reads: Reads, answer: bytes
) -> None:
    reads.miner.answers["get.miner.setting"] = answer
    assert await reads.read() == ALL
    assert set(reads.settings.answers) == {ALL[0], ALL[2]}
    assert await reads.read() == []
    assert await reads.read(after=300) == ALL


async def test_the_last_answer_is_kept_if_no_newer_one_comes(reads: Reads) -> None:
    await reads.read()
    known = reads.settings.answers["get.fan.setting"]
    reads.miner.answers["get.fan.setting"] = framed(refusal(-1))
    await reads.read(after=300)
    assert reads.settings.answers["get.fan.setting"] is known


async def test_after_a_command_without_an_answer_the_next_poll_goes_on(
    reads: Reads,
) -> None:
    async def drop(call: Call) -> None:
        call.close()

    reads.miner.answers["get.miner.setting"] = drop
    assert await reads.read() == [ALL[0], ALL[1], ALL[1]]
    assert await reads.read() == ["get.fan.setting"]
    assert await reads.read() == []
