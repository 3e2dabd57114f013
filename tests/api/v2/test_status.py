"""The status, also where firmware breaks it or refuses it."""

import pytest

from custom_components.whatsminer.api.errors import MalformedReplyError
from simulator import Misbehaviour, Refused, Truncated
from tests import PROCESS_DOWN
from tests.api import Polls

BROKEN = Truncated(40)


async def test_firmware_that_breaks_its_status_in_every_answer_has_none(
    any_polls: Polls,
) -> None:
    """Everything else is read, and a miner that hashes is on."""
    any_polls.miner.misbehave("status", BROKEN)
    for _ in range(3):
        snapshot = await any_polls.poll()
        assert snapshot.mining is True
        assert snapshot.hash_rate
        assert snapshot.stop_reason is None


async def test_a_status_that_is_broken_once_fails_one_poll(polls: Polls) -> None:
    """The last readings are truer than a status that says nothing."""
    polls.miner.state.mining = False
    assert (await polls.poll()).mining is False
    polls.miner.misbehave("status", BROKEN, times=1)
    with pytest.raises(MalformedReplyError):
        await polls.poll()
    assert (await polls.poll()).mining is False


async def test_a_status_that_is_broken_from_now_on_fails_one_poll(polls: Polls) -> None:
    await polls.poll()
    polls.miner.misbehave("status", BROKEN)
    with pytest.raises(MalformedReplyError):
        await polls.poll()
    for _ in range(3):
        assert (await polls.poll()).mining is True


@pytest.mark.parametrize("how", [Refused(14), Refused(132), PROCESS_DOWN])
async def test_a_refused_status_fails_no_poll(polls: Polls, how: Misbehaviour) -> None:
    await polls.poll()
    polls.miner.misbehave("status", how)
    for _ in range(3):
        assert (await polls.poll()).mining is True
