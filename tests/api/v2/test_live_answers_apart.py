"""What is refused or cut again and again: it costs no connection in every poll."""

from collections.abc import Mapping
import json
import sys
from typing import Any

import pytest

from custom_components.whatsminer.api.errors import CannotConnectError
from custom_components.whatsminer.api.snapshot import Snapshot
from custom_components.whatsminer.api.v2.reader import Reader
from simulator import Closed, Hang, Refused, Truncated
from tests import JOINED
from tests.api import (
    SINGLY,
    STEADY,
    CannedMiner,
    Clock,
    Polls,
    message,
    reader_of,
    refusal,
    table,
)

HOUR = 3600
SUMMARY = {"Elapsed": 90_000, "Uptime": 91_000, "HS RT": 104e6, "Power": 3310}


def board(slot: int) -> dict[str, object]:
    """Return a row of `edevs`."""
    return {"ASC": slot, "Slot": slot, "HS RT": 34.6e6, "PCB SN": f"B{slot}"}


def pool(number: int) -> dict[str, object]:
    """Return a row of `pools`; the first is the one in use."""
    return {
        "POOL": number,
        "URL": f"stratum+tcp://pool{number}.example:3333",
        "Status": "Alive",
        "User": "rig.{7}",
        "Stratum Active": number == 1,
        "Last Share Time": 1_790_000_000,
    }


POOLS = table("POOLS", pool(1), pool(2), pool(3))
BOARDS = table("DEVS", board(0), board(1), board(2))


def cut(answer: Mapping[str, object], behind: str) -> bytes:
    """Return an answer that ends behind a piece of text."""
    text = json.dumps(answer)
    return text[: text.index(behind) + len(behind)].encode()


class Firmware:
    """A canned miner that mines, polled every half minute; `connections` are those of each poll."""

    def __init__(self, miner: CannedMiner, clock: Clock) -> None:
        """Give the miner whole answers."""
        self.miner = miner
        self.clock = clock
        self.connections: list[int] = []
        self.summary: dict[str, Any] = dict(SUMMARY)
        miner.answers |= {"pools": POOLS, "edevs": BOARDS, "devs": BOARDS}
        self.reader: Reader = reader_of(miner)

    def cannot_join(self, answer: object | None = None) -> None:
        """Refuse joined commands, or give them always the same answer."""
        for parts in (
            JOINED,
            "summary+pools",
            "summary+edevs",
            "summary+devs",
            "pools+edevs",
            "summary+pools+devs",
        ):
            self.miner.answers[parts] = refusal(14) if answer is None else answer

    async def poll(self, times: int = 1) -> Snapshot:
        """Poll some times and return the last snapshot."""
        for _ in range(times):
            self.clock.now += 30
            self.summary["Elapsed"] += 30
            self.summary["Uptime"] += 30
            self.miner.answers["summary"] = table("SUMMARY", self.summary)
            seen = len(self.miner.asked)
            snapshot = await self.reader.poll()
            self.connections.append(len(self.miner.asked) - seen)
        return snapshot

    def report(self, what: str) -> None:
        """Print the connections of each poll, for `pytest -s`."""
        sys.stdout.write(f"{what}: {self.connections} connections per poll\n")

    @property
    def asked(self) -> list[str]:
        """The commands of the last poll."""
        return self.miner.asked[-self.connections[-1] :]


@pytest.fixture
async def firmware(canned: CannedMiner, clock: Clock) -> Firmware:
    """Return a miner that mines and answers everything."""
    for command in ("devdetails", "get_psu"):
        canned.answers[command] = message({})
    return Firmware(canned, clock)


async def test_firmware_that_is_well_takes_three_connections(
    firmware: Firmware,
) -> None:
    await firmware.poll(20)
    firmware.report("well")
    assert set(firmware.connections[1:]) == {3}


# Cut


@pytest.mark.parametrize(
    ("behind", "whole"),
    [
        ('pool2.example:3333", "Sta', 1),
        ('"POOL": 2', 1),
        ("}, ", 1),
        ('"POOL": 3, "URL": "stratum+tcp://pool3', 2),
        ('pool3.example:3333", "Status": "Alive", "User": "rig.{7}", "Strat', 2),
    ],
)
async def test_the_pools_that_are_whole_in_a_cut_answer_are_shown(
    firmware: Firmware, behind: str, whole: int
) -> None:
    """The join, which never works with them, is used without them."""
    rest = json.dumps(POOLS).partition('"POOLS"')
    text = rest[2][: rest[2].index(behind) + len(behind)]
    firmware.miner.answers["pools"] = f"{rest[0]}{rest[1]}{text}".encode()
    for _ in range(20):
        snapshot = await firmware.poll()
        assert [pool.url for pool in snapshot.pools] == [
            f"stratum+tcp://pool{number}.example:3333" for number in range(1, whole + 1)
        ]
        assert not snapshot.pools_complete
        assert snapshot.pool.worker == "rig.{7}"
        assert snapshot.pool_connected is True
        assert snapshot.pool.last_share == 1_790_000_000
        assert len(snapshot.boards) == 3
    firmware.report("pools cut")
    assert max(firmware.connections[3:]) == 4
    assert "summary+edevs" in firmware.asked


@pytest.mark.parametrize(
    ("behind", "whole"), [('"B0"}, {"ASC"', 1), ('"B1"', 1), ('"B2"}', 3)]
)
async def test_the_boards_that_are_whole_in_a_cut_answer_are_shown(
    firmware: Firmware, behind: str, whole: int
) -> None:
    """Half a board is none, and the MAC address is not read again each time the cut moves."""
    firmware.miner.answers["edevs"] = cut(BOARDS, behind)
    for number in range(20):
        snapshot = await firmware.poll()
        assert [board.serial_number for board in snapshot.boards] == [
            f"B{slot}" for slot in range(whole)
        ]
        assert len(snapshot.pools) == 3
        assert number < 3 or firmware.connections[-1] <= 4
    firmware.report("boards cut")


async def test_a_cut_that_moves_is_no_other_miner(firmware: Firmware) -> None:
    """The answer is a little shorter when some figures are."""
    await firmware.poll(4)
    for number in range(12):
        firmware.miner.answers["edevs"] = cut(BOARDS, ('"B0"}', '"B1"}')[number % 2])
        await firmware.poll()
        assert "get_miner_info" not in firmware.asked[:-1]


@pytest.mark.parametrize(
    "answer", [b'{"STATUS":"S",', b"\0\n", cut(POOLS, '"POOLS": [{"POOL": 1, "UR')]
)
async def test_pools_of_which_nothing_is_whole_are_given_up(
    firmware: Firmware, answer: bytes
) -> None:
    """They are unknown, and the other readings come in three connections."""
    firmware.miner.answers["pools"] = answer
    for _ in range(10):
        snapshot = await firmware.poll()
        assert snapshot.pools == ()
        assert not snapshot.pools_complete
        assert snapshot.hash_rate == pytest.approx(104)
    firmware.report("no pool whole")
    assert max(firmware.connections[3:]) == 3


@pytest.mark.parametrize("command", ["pools", "edevs"])
async def test_a_list_that_is_cut_before_its_first_byte_is_given_up(
    polls: Polls, command: str
) -> None:
    """The miner closes the connection, in a join as well. It answers everything else."""
    for name in (JOINED, f"summary+{command}", command):
        polls.miner.misbehave(name, Closed())
    for number in range(8):
        snapshot = await polls.poll()
        assert snapshot.hash_rate == pytest.approx(100, rel=0.05)
        assert len(snapshot.boards) == (0 if command == "edevs" else 3)
        assert len(snapshot.pools) == (0 if command == "pools" else 1)
        assert len(polls.asked) <= 4 or number < 3


async def test_a_summary_that_does_not_come_is_no_answer(polls: Polls) -> None:
    """The miner may be restarting."""
    await polls.poll()
    polls.miner.misbehave(JOINED, Truncated())
    polls.miner.misbehave("summary", Closed())
    with pytest.raises(CannotConnectError):
        await polls.poll()


# Refused


@pytest.mark.parametrize("code", [132, 45, 14])
@pytest.mark.parametrize("whole_join", [True, False])
async def test_boards_that_are_always_refused_cost_nothing(
    firmware: Firmware, code: int, *, whole_join: bool
) -> None:
    """Some firmware refuses just this part of a join, other firmware the whole join."""
    for command in ("edevs", "devs"):
        firmware.miner.answers[command] = refusal(code)
    if whole_join:
        for command in (JOINED, "summary+pools+devs", "summary+edevs"):
            firmware.miner.answers[command] = refusal(code)
    for _ in range(20):
        snapshot = await firmware.poll()
        assert snapshot.boards == ()
        assert snapshot.hash_rate == pytest.approx(104)
        assert len(snapshot.pools) == 3
        assert snapshot.pools_complete
    firmware.report("boards refused")
    assert max(firmware.connections[3:]) == 3


async def test_boards_that_are_answered_only_outside_of_joins_are_read_there(
    firmware: Firmware,
) -> None:
    """The other two parts of the join are used."""
    part = {
        "summary": [table("SUMMARY", {"HS RT": 104e6, "Power": 3310})],
        "pools": [POOLS],
        "edevs": [refusal(132)],
        "id": 1,
    }
    firmware.miner.answers[JOINED] = part
    for number in range(20):
        assert len((await firmware.poll()).boards) == 3
        assert number == 0 or firmware.connections[-1] <= 4
    assert firmware.asked[:2] == ["summary+pools", "edevs"]


async def test_all_that_is_refused_leaves_the_summary(firmware: Firmware) -> None:
    """It shows when the others are worth a try again."""
    answers = dict(firmware.miner.answers)
    firmware.cannot_join(refusal(132))
    await firmware.poll()
    for command in ("pools", "edevs", "devs"):
        firmware.miner.answers[command] = refusal(132)
    real, firmware.summary = firmware.summary, {}
    for _ in range(6):
        firmware.clock.now += 30
        firmware.miner.answers["summary"] = refusal(132)
        seen = len(firmware.miner.asked)
        snapshot = await firmware.reader.poll()
    assert firmware.miner.asked[seen:][0] == "summary"
    assert "pools" not in firmware.miner.asked[seen:]
    assert snapshot.hash_rate is None
    firmware.summary = real
    firmware.miner.answers = answers
    snapshot = await firmware.poll(2)
    assert len(snapshot.pools) == len(snapshot.boards) == 3


# Joins that do not work


@pytest.mark.parametrize("answer", [None, refusal(132), b'{"summary":[{"STATU', b"?"])
async def test_firmware_that_cannot_join_takes_four_connections(
    firmware: Firmware, answer: object
) -> None:
    """Pools and boards are read in turn, and the last answer is used in between."""
    firmware.cannot_join(answer)
    for _ in range(30):
        snapshot = await firmware.poll()
        assert len(snapshot.pools) == len(snapshot.boards) == 3
        assert snapshot.hash_rate == pytest.approx(104)
    firmware.report("no joins")
    assert max(firmware.connections[3:]) == 4


async def test_firmware_with_the_older_name_of_its_boards_joins_that(
    firmware: Firmware,
) -> None:
    """It refuses the newer name, and a join that has it."""
    del firmware.miner.answers["edevs"]
    firmware.miner.answers[JOINED] = refusal(14)
    await firmware.poll(6)
    assert set(firmware.connections[1:]) == {3}
    assert len((await firmware.poll()).boards) == 3


# Looked at again


@pytest.mark.parametrize("command", ["pools", "edevs"])
async def test_what_was_given_up_is_looked_at_every_hour(
    polls: Polls, command: str
) -> None:
    """It costs a few connections once an hour, until it is answered."""
    commands = (JOINED, "pools") if command == "pools" else (JOINED, "edevs", "devs")
    for name in commands:
        polls.miner.misbehave(name, Refused(132))
    for _ in range(4):
        await polls.poll()
    looks, asked = [], polls.asked
    for number in range(250):
        await polls.poll()
        asked = polls.asked
        if command in asked:
            looks.append(number)
        else:
            assert len(asked) == 3
    assert len(looks) == 2
    assert looks[1] - looks[0] == HOUR / 30
    polls.miner.behave()
    for _ in range(HOUR // 30):
        snapshot = await polls.poll()
    assert len(snapshot.boards) == 3
    assert len(snapshot.pools) == 1
    assert polls.asked[-3:] == STEADY["v2"]


async def test_a_start_of_mining_is_a_reason_to_look_again(polls: Polls) -> None:
    """A stopped miner may refuse its boards, and joins with them, for that reason only."""
    polls.miner.state.mining = False
    for name in (JOINED, "edevs", "devs"):
        polls.miner.misbehave(name, Refused(132))
    for _ in range(20):
        await polls.poll()
    polls.miner.behave()
    polls.miner.state.mining = True
    for _ in range(2):
        snapshot = await polls.poll()
    assert len(snapshot.boards) == 3


async def test_new_firmware_is_a_reason_to_look_again(polls: Polls) -> None:
    """What was known is a property of the old one."""
    polls.miner.misbehave(JOINED, Refused(132))
    for _ in range(5):
        await polls.poll()
    polls.miner.behave()
    polls.reader.forget_firmware()
    assert polls.asked
    await polls.poll()
    assert polls.asked[0] == JOINED


async def test_a_look_that_is_never_answered_spoils_no_poll(
    polls: Polls, impatient: None
) -> None:
    """The firmware may not know joined reads."""
    polls.miner.misbehave(JOINED, Hang())
    for _ in range(2):
        assert (await polls.poll()).boards
    snapshot = await polls.poll(after=HOUR)
    assert snapshot.boards
    assert JOINED in polls.asked[-6:]


async def test_a_join_that_breaks_once_is_used_again(polls: Polls) -> None:
    """One broken answer is not a property of the firmware."""
    await polls.poll()
    polls.miner.misbehave(JOINED, Truncated(), times=2)
    assert polls.asked
    for asked in ([JOINED, *SINGLY], [JOINED, *SINGLY], [JOINED]):
        await polls.poll()
        assert polls.asked == [*asked, "status", "get_error_code"]
