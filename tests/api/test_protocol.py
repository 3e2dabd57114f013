"""What a protocol need not have."""

from collections.abc import AsyncGenerator, Sequence
from datetime import UTC, datetime
from typing import ClassVar, override

import pytest

from custom_components.whatsminer.api.commands import Command
from custom_components.whatsminer.api.errors import (
    NotAMinerError,
    UnsupportedCommandError,
)
from custom_components.whatsminer.api.identity import Evidence, Identity
from custom_components.whatsminer.api.protocol import (
    Attempt,
    Protocol,
    Target,
    WriteProbe,
)
from custom_components.whatsminer.api.queue import Queue
from custom_components.whatsminer.api.readings import Device
from custom_components.whatsminer.api.snapshot import Snapshot

from . import HOST


class Smallest(Protocol):
    """A protocol with nothing but what each must have."""

    name: ClassVar = "small"
    speaks = True

    @override
    async def probe(self) -> bool:
        return self.speaks

    @override
    async def poll(self) -> Snapshot:
        device = Device(firmware="20261101.11.Rel")
        return Snapshot(taken=datetime.now(UTC), generation="small", device=device)

    @override
    async def read_evidence(self) -> Evidence:
        return Evidence()

    @override
    def expect_change(self, command: Command) -> None:
        """Every poll reads everything."""

    @override
    def forget_firmware(self) -> None:
        """Nothing depends on it."""

    @override
    def attempts(self, command: Command) -> Sequence[Attempt]:
        return ()

    @override
    async def is_off(self) -> bool:
        return False

    @property
    @override
    def account(self) -> str:
        return "owner"

    @override
    async def check_password(self, password: str, account: str | None = None) -> None:
        """Every password is right."""


@pytest.fixture
def smallest() -> Smallest:
    """Return the smallest protocol."""
    return Smallest(Target(HOST, 1, "", Queue(), Identity(None)))


async def no_image() -> AsyncGenerator[bytes]:
    """Return no bytes."""
    yield b""


async def test_a_miner_is_reached_by_the_probe(smallest: Smallest) -> None:
    await smallest.reach()
    smallest.speaks = False
    with pytest.raises(NotAMinerError):
        await smallest.reach()


async def test_the_firmware_is_that_of_a_poll(smallest: Smallest) -> None:
    assert await smallest.firmware() == "20261101.11.Rel"


def test_no_write_is_known_to_be_harmless(smallest: Smallest) -> None:
    assert smallest.write_probe is WriteProbe.READ


async def test_no_raw_answers_are_given_out(smallest: Smallest) -> None:
    assert smallest.replies == {}
    assert not smallest.is_readable("summary")
    with pytest.raises(UnsupportedCommandError):
        await smallest.query("summary")


async def test_files_are_not_supported(smallest: Smallest) -> None:
    async def keep(piece: bytes) -> None:
        """Keep nothing."""

    with pytest.raises(UnsupportedCommandError):
        await smallest.download_logs(keep)
    with pytest.raises(UnsupportedCommandError):
        await smallest.update_firmware(no_image(), 0, print)


async def test_the_last_protocol_needs_no_probe(smallest: Smallest) -> None:
    assert await Protocol.probe(smallest)


async def test_nothing_is_added_to_a_better_protocol(smallest: Smallest) -> None:
    assert not smallest.may_speak_another
    snapshot = await smallest.poll()
    assert await smallest.supplement(snapshot) is snapshot
