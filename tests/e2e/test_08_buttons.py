"""The buttons: a stopped miner preheats; the LED that flashed is the miner's again."""

from demo_instance.waiting import until
from running_demo import (
    FLASH,
    LED_AUTO,
    POWER_OFF,
    POWER_ON,
    Miner,
    RunningDemo,
    Show,
    cmd,
)

PREHEAT = cmd("pre_power_on")
# A little longer than two stages of the simulated machine.
_SECONDS_TO_HEAT = 45.0


async def test_a_miner_that_mines_cannot_preheat(
    demo: RunningDemo, air: Miner, show: Show
) -> None:
    button = await air.shows("button.preheat", "unavailable")
    refusal = await demo.refused(air.act("preheat"))
    assert refusal == "whatsminer: refused"
    air.received(PREHEAT)
    show(f"the button is {button}, the action {refusal}")


async def test_a_stopped_miner_preheats(air: Miner, show: Show) -> None:
    await air.set("switch.mining", "off")
    await air.shows("button.preheat", "unknown")
    await air.press("preheat")
    show(await air.shows("sensor.preheat_state", "waiting"))
    air.received(POWER_OFF, PREHEAT)


async def test_preheating_is_complete_after_a_while(air: Miner, show: Show) -> None:
    air.simulated.advance(_SECONDS_TO_HEAT)
    answer = await air.ask("preheat")
    assert answer["complete"] is True
    show(await air.shows("sensor.preheat_state", "complete"))
    air.received(PREHEAT)


async def test_power_on_ends_preheating(air: Miner, show: Show) -> None:
    await air.set("switch.mining", "on")
    await air.shows("sensor.preheat_state", "off")
    show(f"the button is {await air.shows('button.preheat', 'unavailable')}")
    air.received(POWER_ON)


async def test_the_led_is_given_back_to_the_miner(old: Miner, show: Show) -> None:
    """The LED flashes for half a minute after the button was pressed."""
    await until(lambda: not old.simulated.state.led, "the LED is dark", seconds=40)
    writes = old.simulated.writes
    assert LED_AUTO in writes[writes.index(dict(FLASH)) :]
    show("the miner drives it")
