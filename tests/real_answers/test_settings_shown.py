"""Kind 8: modes and numbers that are shown as they are, and what can be set then."""

import pytest

from homeassistant.const import STATE_UNKNOWN
from homeassistant.exceptions import HomeAssistantError

from . import cases, described
from .cases import changed
from .described import reading
from .home import Home
from .miner import DescribedMiner


def set_mode(miner: DescribedMiner, mode: str) -> None:
    """Let the miner report another power mode."""
    reading(miner.answers, "summary")["Power Mode"] = mode
    reading(miner.answers, "status")["power_mode"] = mode.lower()


async def test_a_limit_in_watts_is_a_mode_that_can_only_be_shown(home: Home) -> None:
    async with cases.custom_mode() as miner:
        added = await (await home.add(miner)).poll()
        mode = added.state("select.power_mode")
        assert mode.state == "custom"
        assert mode.attributes["options"] == ["low", "normal", "high", "custom"]
        ((_, told),) = (await added.target.ask("get_state")).items()
        assert told["power_mode"] == "custom"
        with pytest.raises(HomeAssistantError):
            await added.act(
                "select.select_option", "select.power_mode", option="custom"
            )
        assert miner.sent == []
        miner.takes["set_low_power"] = lambda _: set_mode(miner, "Low")
        await added.act("select.select_option", "select.power_mode", option="low")
        await added.poll(1)
    assert [write["cmd"] for write in miner.sent] == ["set_low_power"]
    mode = added.state("select.power_mode")
    assert mode.state == "low"
    assert mode.attributes["options"] == ["low", "normal", "high"]
    assert added.number("number.power_limit") == 4150


@pytest.mark.parametrize(
    ("mode", "shown"),
    [("User", "custom"), ("HIGH", "high"), ("eco", STATE_UNKNOWN), ("", "normal")],
)
async def test_a_mode_in_other_words_is_shown_if_it_is_known(
    home: Home, mode: str, shown: str
) -> None:
    """An empty one in the status leaves that of the summary."""
    answers = changed(described.v2(), "status", power_mode=mode)
    if mode:
        reading(answers, "summary")["Power Mode"] = mode
    async with DescribedMiner(answers) as miner:
        added = await (await home.add(miner)).poll(1)
    assert added.shows("select.power_mode") == shown


@pytest.mark.parametrize("percent", [115, "120", 110.5, "150.0"])
async def test_more_than_100_percent_can_be_set_again(
    home: Home, percent: float | str
) -> None:
    """What the miner reports is within the bounds, also after another value was set."""
    async with cases.beyond_hundred() as miner:
        changed(miner.answers, "status", power_pct=percent)
        status = reading(miner.answers, "status")
        miner.takes["set_power_pct_v2"] = lambda request: status.update(
            power_pct=request["percent"]
        )
        added = await (await home.add(miner)).poll(3)
        number = added.state("number.power_percent")
        highest = float(percent)
        assert float(number.state) == highest
        assert number.attributes["max"] >= highest
        for value in (90, 100, int(highest)):
            await added.act("number.set_value", "number.power_percent", value=value)
            await added.poll(1)
            assert added.number("number.power_percent") == value
            assert added.state("number.power_percent").attributes["max"] >= highest
        with pytest.raises(HomeAssistantError):
            await added.target.call("set_power_percent", percent=200)
        await added.target.call(
            "set_power_percent", percent=int(highest), method="fast"
        )
        await added.poll(1)
    sent = [write["percent"] for write in miner.sent]
    assert sent == ["90", "100", str(int(highest)), str(int(highest))]
    assert {write["cmd"] for write in miner.sent} == {"set_power_pct_v2"}
    assert added.number("sensor.coolant_temperature") == 46.5


async def test_a_miner_below_100_percent_keeps_the_usual_bounds(home: Home) -> None:
    async with DescribedMiner(
        changed(described.v2(), "status", power_pct="85")
    ) as miner:
        added = await (await home.add(miner)).poll(1)
        number = added.state("number.power_percent")
        assert (float(number.state), number.attributes["max"]) == (85, 100)
        with pytest.raises(HomeAssistantError):
            await added.act("number.set_value", "number.power_percent", value=101)
    assert miner.sent == []
