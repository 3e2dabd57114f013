"""Mine when power is cheap: what reaches the miners, and what does not."""

import pytest

from tests.fleet import Owned

from . import Home, target, told

PRICE = "sensor.electricity_price"


@pytest.fixture
async def priced(home: Home) -> Home:
    """A home that knows the price, which is neither cheap nor expensive."""
    await home.set(PRICE, 0.11)
    return home


async def test_it_stops_and_starts_at_prices_of_their_own(
    priced: Home, garage: Owned
) -> None:
    """What lies between them changes nothing, in either direction."""
    await priced.automate(
        "mine_when_cheap",
        miners=target(garage),
        price_sensor=PRICE,
        stop_price=0.12,
        start_price=0.1,
    )
    await priced.wait(40)
    assert told(garage) == []

    await priced.set(PRICE, 0.1201)
    assert told(garage) == ["power_off"]
    await priced.set(PRICE, 0.11)
    await priced.wait(20)
    assert told(garage) == []

    await priced.set(PRICE, 0.1)
    assert told(garage) == ["power_on"]
    await priced.wait(40)
    await priced.set(PRICE, 0.12)
    await priced.wait(2)
    assert told(garage) == []
