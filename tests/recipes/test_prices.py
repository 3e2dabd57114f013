"""Mine when power is cheap, with the price sensors of other integrations."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib import import_module
from types import ModuleType
from typing import Any, Final
from unittest.mock import AsyncMock, Mock, patch

import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    MockEntityPlatform,
)

from homeassistant.core import HomeAssistant
from homeassistant.util.dt import utcnow
from tests import shown
from tests.blueprints import Home
from tests.conftest import START

from . import cook

NORD_POOL: Final = "sensor.nord_pool_se3_current_price"
QUARTER: Final = timedelta(minutes=15)
# The prices of a day by quarters of an hour, per MWh as at exchanges: cheap at first, expensive
# after 45 minutes, and negative in the half hour after 75 minutes.
CHEAP, EXPENSIVE, NEGATIVE = 40.0, 310.0, -25.0
PRICES: Final = [CHEAP] * 3 + [EXPENSIVE] * 2 + [NEGATIVE] * 2 + [110.0] * 89


# The libraries of the integrations, of which not all have types. Amber's cannot be imported while
# the clock stands still.
AMBER: Final = import_module("amberelectric")
AMBER_MODELS: Final = import_module("amberelectric.models")
TIBBER: Final = import_module("tibber")


async def _until(home: Home, minutes: float, *, at_once: bool = False) -> None:
    """Let time pass until so many minutes of the day have passed."""
    left = (START + timedelta(minutes=minutes) - utcnow()).total_seconds()
    if at_once:
        await home.fleet.clock.tick(left)
    else:
        await home.wait(left / 60)


async def _automate(home: Home, price_sensor: str, **changes: Any) -> None:
    """Make the automation of the page with another sensor."""
    await home.automate(
        "mine_when_cheap",
        miners={"entity_id": "switch.garage_miner"},
        price_sensor=price_sensor,
        **{"start_price": 0.1, "stop_price": 0.12, "always_price": 0, **changes},
    )


async def _follow(home: Home) -> None:
    """Verify that mining follows cheap, expensive and negative prices."""
    await _until(home, 44)
    assert home.take_commands() == []
    await _until(home, 46)
    assert home.take_commands() == ["power_off"]
    await _until(home, 74)
    assert home.take_commands() == []
    await _until(home, 76)
    assert home.take_commands() == ["power_on"]


# Sensors in units of their own


@pytest.mark.parametrize(
    ("unit", "scale"), [("EUR/kWh", 1), ("ct/kWh", 100), ("EUR/MWh", 1000)]
)
async def test_thresholds_are_in_the_unit_of_the_sensor(
    home: Home, unit: str, scale: float
) -> None:
    price = "sensor.price"
    await home.set(price, 0.05 * scale, unit_of_measurement=unit)
    await home.wait(40)
    await _automate(home, price, start_price=0.1 * scale, stop_price=0.12 * scale)
    assert home.take_commands() == []

    await home.set(price, 0.13 * scale, unit_of_measurement=unit)
    assert home.take_commands() == ["power_off"]


async def test_a_price_that_nobody_knows_is_not_free(home: Home) -> None:
    """The sensor of the page adds fees and tax only to a known price."""
    await home.set(NORD_POOL, 0.11)
    await cook(home, "Price sources")
    assert shown(home.hass, "sensor.electricity_price") == "0.25"

    await home.set(NORD_POOL, -0.1)
    assert shown(home.hass, "sensor.electricity_price") == "-0.0125"
    for unknown in ("unknown", "unavailable"):
        await home.set(NORD_POOL, unknown)
        assert shown(home.hass, "sensor.electricity_price") == "unavailable"


async def test_the_automation_of_the_page_mines_when_power_is_cheap(home: Home) -> None:
    await home.set(NORD_POOL, 0.04)
    await home.wait(40)
    await cook(home, "Price sources")
    assert home.take_commands() == []

    await home.set(NORD_POOL, 0.31)
    assert home.take_commands() == ["power_off"]
    await home.wait(16)
    await home.set(NORD_POOL, "unavailable")
    assert await home.commands_after(20) == []
    await home.set(NORD_POOL, -0.02)
    assert home.take_commands() == ["power_on"]


# Nord Pool: Home Assistant's own integration


@pytest.fixture
def nord_pool() -> ModuleType:
    return import_module("pynordpool")


def _delivery_period(nord_pool: ModuleType, day: datetime) -> Any:
    """Return a day of prices as the API returns it."""
    entries = [
        nord_pool.DeliveryPeriodEntry(
            start=day + QUARTER * number,
            end=day + QUARTER * (number + 1),
            entry={"SE3": price},
        )
        # The day in Sweden ends an hour before that of UTC.
        for number, price in enumerate(PRICES[:92])
    ]
    return nord_pool.DeliveryPeriodData(
        raw={"deliveryDateCET": day.astimezone().date().isoformat()},
        requested_date=day.date().isoformat(),
        updated_at=day,
        entries=entries,
        block_prices=[],
        currency="EUR",
        exchange_rate=1,
        area_average={"SE3": 100.0},
        area_states=[],
        prices_final=True,
    )


class _NordPool:
    """Nord Pool's API, which knows every day that it is asked for until it fails."""

    def __init__(self, library: ModuleType) -> None:
        """Begin with an API that works."""
        self.library = library
        self.works = True

    async def async_get_delivery_period(self, when: datetime, *_: Any) -> Any:
        """Return the prices of a day, which is not tomorrow."""
        if not self.works:
            raise self.library.NordPoolError("no")
        if when.date() > _now_there().date():
            raise self.library.NordPoolEmptyResponseError("not yet")
        found = _delivery_period(self.library, START)
        found.raw["deliveryDateCET"] = when.date().isoformat()
        return found

    async def async_get_delivery_periods(
        self, dates: list[datetime], currency: Any, areas: list[str]
    ) -> Any:
        """Return the prices of several days."""
        days = {}
        for when in dates:
            try:
                day = await self.async_get_delivery_period(when, currency, areas)
            except self.library.NordPoolEmptyResponseError:
                continue
            if when.date() < _now_there().date():
                day.entries = []
            days[when.date()] = day
        return self.library.DeliveryPeriodsData(
            raw={day.raw["deliveryDateCET"]: day.raw for day in days.values()},
            entries=days,
        )


def _now_there() -> datetime:
    from homeassistant.components.nordpool.coordinator import get_nordpool_current_time  # noqa: PLC0415

    return get_nordpool_current_time()


async def test_mining_follows_nord_pool(home: Home, nord_pool: ModuleType) -> None:
    """The prices of the next day cannot be fetched."""
    hass = home.hass
    api = _NordPool(nord_pool)
    entry = MockConfigEntry(
        domain="nordpool", data={"areas": ["SE3"], "currency": "EUR"}
    )
    entry.add_to_hass(hass)
    with patch(
        "homeassistant.components.nordpool.coordinator.NordPoolClient", return_value=api
    ):
        assert await hass.config_entries.async_setup(entry.entry_id)
    await home.fleet.settle()
    sensor = hass.states.get(NORD_POOL)
    assert sensor
    assert sensor.state == "0.04"
    assert sensor.attributes["unit_of_measurement"] == "EUR/kWh"
    await cook(home, "Price sources")

    await _follow(home)
    assert shown(hass, NORD_POOL) == "-0.025"

    # The API fails, but prices are known until midnight in Sweden.
    api.works = False
    await _until(home, 22 * 60 + 55, at_once=True)
    assert shown(hass, NORD_POOL) == "0.11"
    assert home.take_commands() == []
    await _until(home, 23 * 60 + 12, at_once=True)
    await _until(home, 23 * 60 + 17)
    assert shown(hass, NORD_POOL) in {"unknown", "unavailable"}
    assert home.take_commands() == []
    await hass.config_entries.async_unload(entry.entry_id)


# Amber


def _amber(price: float, channel: str = "general") -> Any:
    """Return an interval as the API returns it, in cents per kWh."""
    return AMBER_MODELS.Interval(
        AMBER_MODELS.CurrentInterval(
            type="CurrentInterval",
            duration=5,
            spotPerKwh=price,
            perKwh=price,
            date=START.date(),
            nemTime=START,
            startTime=START,
            endTime=START + timedelta(minutes=5),
            renewables=50,
            channelType=channel,
            spikeStatus="none",
            descriptor="neutral",
            estimate=True,
        )
    )


async def test_mining_follows_amber(home: Home) -> None:
    hass = home.hass
    api = Mock()
    api.get_current_prices.return_value = [_amber(4)]
    entry = MockConfigEntry(
        domain="amberelectric",
        title="Home",
        data={"api_token": "token", "site_id": "site"},
    )
    entry.add_to_hass(hass)
    with patch("amberelectric.AmberApi", return_value=api):
        assert await hass.config_entries.async_setup(entry.entry_id)
    await home.fleet.settle()
    sensor = hass.states.get("sensor.home_general_price")
    assert sensor
    assert sensor.state == "0.04"
    assert sensor.attributes["unit_of_measurement"] == "$/kWh"
    await home.wait(31)
    await _automate(home, sensor.entity_id)

    api.get_current_prices.return_value = [_amber(31)]
    assert await home.commands_after(2) == ["power_off"]
    await home.wait(16)
    api.get_current_prices.side_effect = AMBER.rest.ApiException(status=500)
    await home.wait(2)
    assert shown(hass, sensor.entity_id) == "unavailable"
    assert home.take_commands() == []
    api.get_current_prices.side_effect = None
    api.get_current_prices.return_value = [_amber(-5)]
    assert await home.commands_after(2) == ["power_on"]
    await hass.config_entries.async_unload(entry.entry_id)


# Tibber: its set-up needs an account, so the tests use its home and its price sensor only


def _tibber_home() -> Any:
    """Return a home with the prices of a day, as the API returns them."""
    today = [
        {"startsAt": (START + QUARTER * number).isoformat(), "total": price / 1000}
        for number, price in enumerate(PRICES)
    ]
    home = TIBBER.TibberHome("home", Mock(time_zone=UTC))
    home.info = {
        "viewer": {
            "home": {
                "appNickname": "Cottage",
                "meteringPointData": {
                    "gridCompany": "",
                    "estimatedAnnualConsumption": 1,
                },
                "currentSubscription": {
                    "priceInfo": {"current": {"currency": "EUR"}, "today": today}
                },
            }
        }
    }
    home.price_total = {item["startsAt"]: item["total"] for item in today}
    return home


async def _add_tibber(hass: HomeAssistant) -> Callable[[], Any]:
    """Add the price sensor of a home; return what stops it."""
    # These modules need libraries that are not installed everywhere.
    from homeassistant.components.tibber.coordinator import (  # noqa: PLC0415
        TibberFetchPriceCoordinator,
        TibberPriceCoordinator,
    )
    from homeassistant.components.tibber.sensor import TibberSensorElPrice  # noqa: PLC0415

    home = _tibber_home()
    home.update_info_and_price_info = AsyncMock()
    client = Mock(get_homes=Mock(return_value=[home]))
    entry = MockConfigEntry(domain="tibber")
    entry.add_to_hass(hass)
    entry.runtime_data = Mock(async_get_client=AsyncMock(return_value=client))
    fetched = TibberFetchPriceCoordinator(hass, entry)
    await fetched.async_refresh()
    prices = TibberPriceCoordinator(hass, entry, fetched)
    await prices.async_refresh()
    sensor = TibberSensorElPrice(prices, home)
    sensor.entity_id = "sensor.cottage_electricity_price"
    platform = MockEntityPlatform(hass, domain="sensor", platform_name="tibber")
    await platform.async_add_entities([sensor])
    return platform.async_reset


async def test_mining_follows_tibber(home: Home) -> None:
    """The next day has no prices."""
    hass = home.hass
    stop = await _add_tibber(hass)
    await home.fleet.settle()
    sensor = hass.states.get("sensor.cottage_electricity_price")
    assert sensor
    assert sensor.state == "0.04"
    assert sensor.attributes["unit_of_measurement"] == "EUR/kWh"
    await _automate(home, sensor.entity_id)

    await _follow(home)
    assert shown(hass, sensor.entity_id) == "-0.025"

    await _until(home, 24 * 60 - 5, at_once=True)
    assert shown(hass, sensor.entity_id) == "0.11"
    await _until(home, 24 * 60 + 3)
    assert shown(hass, sensor.entity_id) == "unavailable"
    assert home.take_commands() == []
    await stop()
