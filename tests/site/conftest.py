"""Fixtures of sites: three miners that speak V2, V3 and V1."""

from collections.abc import Iterator
from dataclasses import dataclass
import logging

import pytest

from custom_components.whatsminer.api import V3_PORT
from homeassistant.const import Platform
from tests import log_lines
from tests.fleet import Fleet, Owned

from . import Site, add_site


@dataclass(frozen=True)
class Three:
    """Three miners: one speaks V2, one V3, one V1."""

    ada: Owned
    bea: Owned
    cleo: Owned

    def __iter__(self) -> Iterator[Owned]:
        """Iterate over them."""
        return iter((self.ada, self.bea, self.cleo))


@pytest.fixture
def platforms() -> tuple[Platform, ...]:
    """Of the miners, only the platform that switches them; a site always has all of its own."""
    return (Platform.SWITCH,)


@pytest.fixture
async def three(fleet: Fleet, ordinary_v3_port: int) -> Three:
    """Three miners, which are set up."""
    assert ordinary_v3_port == V3_PORT
    three = Three(
        await fleet.know("Ada", model="M30S+"),
        await fleet.know("Bea", generation="v3", model="M60S", v3_port=V3_PORT),
        await fleet.know("Cleo", generation="v1", model="M20S"),
    )
    await fleet.set_up(*three)
    return three


@pytest.fixture
async def site(fleet: Fleet, three: Three) -> Site:
    """A site with all three miners."""
    return await add_site(fleet)


@pytest.fixture
def no_errors(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Check that nothing fails, which only the log would tell."""
    yield
    assert not log_lines(caplog, logging.ERROR, "")
