"""Tell me: which messages the owner gets about the plan of a site, each once."""

from typing import Any, Final

import pytest

from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from simulator import Refused
from tests.site import ALL, Site, add_site

from . import either_protocol
from .phone import Phone

PRICE: Final = "sensor.price"


async def plan(phone: Phone, **options: Any) -> Site:
    """Set up a site that follows a price, which is low."""
    await phone.home.set(PRICE, 0.1, unit_of_measurement="EUR/kWh")
    limits = {"price_entity": PRICE, "stop_above": 0.3, "minutes_on": 0}
    return await add_site(
        phone.home.fleet, "Shed", **(ALL | limits | options), follow_plan=True
    )


@either_protocol
async def test_a_miner_that_does_not_follow_its_plan_is_told_of_once(
    phone: Phone,
) -> None:
    await plan(phone)
    await phone.watch(plan_minutes=15)
    for command in ("power_off", "set.miner.service stop"):
        phone.garage.miner.misbehave(command, Refused(45))

    await phone.home.set(PRICE, 0.4, unit_of_measurement="EUR/kWh")
    await phone.home.wait(14)
    assert phone.news == []
    await phone.home.wait(4)
    (message,) = phone.messages
    assert (message["what"], message["miner"]) == ("plan_failed", "Garage")
    assert message["title"] == "Garage does not follow its plan"
    assert message["message"].startswith("Garage: ")
    assert len(message["message"]) > len("Garage: ")

    await phone.home.wait(30)
    assert phone.news == []


async def test_a_miner_that_follows_its_plan_in_the_end_is_not_told_of(
    phone: Phone,
) -> None:
    """Only time without a break counts."""
    await plan(phone)
    await phone.watch(plan_minutes=15)

    for price in (0.4, 0.1, 0.4):
        phone.garage.miner.misbehave("power_off", Refused(45), times=1)
        await phone.home.set(PRICE, price, unit_of_measurement="EUR/kWh")
        await phone.home.wait(12)
    assert phone.news == []


@pytest.mark.parametrize("tell", [True, False])
async def test_a_plan_without_its_price_is_told_of_once(
    phone: Phone, tell: bool
) -> None:
    await plan(phone)
    await phone.watch(plan_minutes=15, tell_plan=tell)

    await phone.home.set(PRICE, STATE_UNKNOWN)
    await phone.home.wait(14)
    assert phone.news == []
    await phone.home.wait(3)
    messages = phone.messages
    assert len(messages) == tell
    for message in messages:
        assert message["what"] == "plan_unknown"
        assert message["miner"] == "Shed"
        assert message["title"] == "Shed: price or budget unknown"
        assert message["message"].startswith(
            "Shed: Garage: On: the price has been unknown since "
        )

    await phone.home.set(PRICE, STATE_UNAVAILABLE)
    await phone.home.wait(60)
    assert phone.news == []
