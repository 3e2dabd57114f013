"""Tell me: which messages the owner gets, each once."""

from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import async_mock_service

from custom_components.whatsminer.const import DOMAIN
from custom_components.whatsminer.markdown import escape_markdown
from custom_components.whatsminer.miner.record import mac_of
from homeassistant.components.persistent_notification import DOMAIN as NOTIFICATION
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr
from tests import act
from tests.fleet import Owned

from . import Home, either_protocol
from .phone import TELL, Phone

OTHER_POOL = "stratum+tcp://other.example:3333"


@pytest.fixture
async def shed(home: Home) -> Owned:
    return await home.fleet.add("Shed")


async def test_a_fault_is_told_when_it_appears_and_clears(
    phone: Phone, hall: Owned
) -> None:
    await phone.watch(phone.garage, hall)

    phone.garage.miner.state.fail(110)
    await phone.home.wait(5)
    (message,) = phone.messages
    assert message == {
        "what": "fault_appeared",
        "miner": "Garage",
        "title": "Garage: fault 110 appeared",
        "message": message["message"],
    }
    assert "fan" in message["message"].lower()

    for code in (111, 530):
        phone.garage.miner.state.fail(code)
    await phone.home.wait(5)
    assert phone.news == [("fault_appeared", "Garage")] * 2

    phone.garage.miner.state.faults.clear()
    await phone.home.wait(5)
    assert phone.news == [("fault_cleared", "Garage")] * 3


@either_protocol
async def test_an_outage_is_told_without_a_code(phone: Phone) -> None:
    """The miner is on, and reports no fault."""
    await phone.watch(tell_hash_rate=False)
    phone.garage.miner.state.set_boards(alive=False)
    await phone.home.wait(25)

    (message,) = phone.messages
    assert message["title"] == "Garage: fault no hash rate appeared"
    assert message["message"].startswith("Garage: The miner is switched on, but has")


async def test_minor_faults_are_told_on_demand(phone: Phone) -> None:
    await phone.watch()
    phone.garage.miner.state.fail(206)
    await phone.home.wait(2)
    phone.garage.miner.state.faults.clear()
    await phone.home.wait(2)
    assert phone.news == []


async def test_minor_faults_are_told_if_wanted(phone: Phone) -> None:
    await phone.watch(minor_faults=True)
    phone.garage.miner.state.fail(206)
    await phone.home.wait(2)
    phone.garage.miner.state.faults.clear()
    await phone.home.wait(2)
    assert phone.news == [("fault_appeared", "Garage"), ("fault_cleared", "Garage")]


async def test_other_miners_are_not_told_of(phone: Phone, hall: Owned) -> None:
    await phone.watch(offline_minutes=2, hash_rate_minutes=2)
    hall.miner.state.fail(110)
    hall.miner.state.boards[0].alive = False
    hall.miner.state.boards[1].alive = False
    hall.miner.state.pools[0].url = OTHER_POOL
    await phone.home.wait(10)
    await hall.miner.disconnect()
    await phone.home.wait(10)

    assert phone.news == []


async def test_a_miner_that_does_not_answer_for_long(phone: Phone, hall: Owned) -> None:
    await phone.watch(phone.garage, hall, offline_minutes=10)

    await phone.garage.miner.disconnect()
    await phone.home.wait(9)
    assert phone.news == []
    await phone.home.wait(4)
    assert phone.messages == [
        {
            "what": "offline",
            "miner": "Garage",
            "title": "Garage does not answer",
            "message": "Garage: no answer for 10 min.",
        }
    ]
    await phone.home.wait(60)
    assert phone.news == []

    phone.garage.miner.reconnect()
    await phone.home.wait(2)
    (message,) = phone.messages
    assert message["title"] == "Garage answers again"
    assert message["message"].startswith("Garage did not answer for 7")
    await phone.home.wait(20)
    assert phone.news == []


async def test_a_miner_that_comes_and_goes_is_not_told_of(phone: Phone) -> None:
    """A missed poll or a reboot is shorter than the time that counts."""
    await phone.watch(offline_minutes=5)

    for minutes in (0.5, 1, 3, 4.5, 2):
        await phone.garage.miner.disconnect()
        await phone.home.wait(minutes)
        phone.garage.miner.reconnect()
        await phone.home.wait(3)
    assert phone.news == []


@pytest.mark.parametrize("minutes", [2, 2.5, 3, 3.5, 4])
@pytest.mark.parametrize("begin", [0, 0.5])
async def test_whoever_is_told_to_be_back_was_told_to_be_gone(
    phone: Phone, begin: float, minutes: float
) -> None:
    """An outage may end close to the time that counts, and begin at any second of a minute."""
    await phone.watch(offline_minutes=2)
    await phone.home.wait(begin)

    await phone.garage.miner.disconnect()
    await phone.home.wait(minutes)
    phone.garage.miner.reconnect()
    await phone.home.wait(3)

    assert phone.news in ([], [("offline", "Garage"), ("online", "Garage")])


async def test_many_miners_are_told_of_in_one_message(
    phone: Phone, hall: Owned, shed: Owned
) -> None:
    """A network failure concerns all miners at once."""
    await phone.watch(phone.garage, hall, shed)

    for each in (phone.garage, hall, shed):
        await each.miner.disconnect()
    await phone.home.wait(15)

    (message,) = phone.messages
    assert message["title"] == "3 miners do not answer"
    assert message["message"] == "Garage, Hall, Shed: no answer for 10 min."


@either_protocol
async def test_a_low_hash_rate_is_told_once(phone: Phone) -> None:
    await phone.watch(hash_rate_percent=80, hash_rate_minutes=15)
    await phone.home.wait(20)

    phone.garage.miner.state.boards[0].alive = False
    await phone.home.wait(14)
    assert phone.news == []
    await phone.home.wait(4)
    (message,) = phone.messages
    assert (message["what"], message["title"]) == ("hash_rate_low", "Garage is slow")
    assert message["message"].startswith("Garage: 6")
    assert message["message"].endswith(" TH/s, 66 % of the target.")
    phone.garage.miner.state.boards[1].alive = False
    await phone.home.wait(60)
    assert phone.news == []

    phone.garage.miner.state.set_boards(alive=True)
    await phone.home.wait(5)
    phone.garage.miner.state.boards[0].alive = False
    await phone.home.wait(18)
    assert phone.news == [("hash_rate_low", "Garage")]


async def test_a_hash_rate_that_flaps_is_not_told_of(phone: Phone) -> None:
    """Only time without a break counts."""
    await phone.watch(hash_rate_percent=80, hash_rate_minutes=15)

    for _ in range(3):
        phone.garage.miner.state.boards[0].alive = False
        await phone.home.wait(13)
        phone.garage.miner.state.boards[0].alive = True
        await phone.home.wait(2)
    assert phone.news == []


async def test_a_miner_that_should_be_slow_is_not_told_of(phone: Phone) -> None:
    await phone.watch(hash_rate_percent=80, hash_rate_minutes=5)

    await act(
        phone.home.hass, "number.set_value", "number.garage_power_percent", value=40
    )
    await phone.home.wait(20)
    phone.garage.miner.state.mining = False
    await phone.home.wait(20)
    phone.garage.miner.state.mining = True
    await phone.home.wait(40)
    assert phone.news == []


@either_protocol
async def test_another_pool_is_told_once(phone: Phone) -> None:
    await phone.watch()
    first = phone.garage.shown("sensor", "pool")

    phone.garage.miner.state.pools[0].url = OTHER_POOL
    await phone.home.wait(10)

    assert phone.messages == [
        {
            "what": "pool_changed",
            "miner": "Garage",
            "title": "Garage mines for another pool",
            "message": f"Garage: {OTHER_POOL}, before: {first}.",
        }
    ]


async def test_a_pool_that_is_not_known_for_a_while_has_not_changed(
    phone: Phone,
) -> None:
    """A miner reports no pool while it does not mine or does not answer."""
    await phone.watch(tell_offline=False)

    phone.garage.miner.state.mining = False
    await phone.home.wait(5)
    phone.garage.miner.state.mining = True
    await phone.home.wait(5)
    await phone.garage.miner.disconnect()
    await phone.home.wait(5)
    phone.garage.miner.reconnect()
    await phone.home.wait(5)
    assert phone.news == []

    await phone.garage.miner.disconnect()
    await phone.home.wait(5)
    phone.garage.miner.state.pools[0].url = OTHER_POOL
    phone.garage.miner.reconnect()
    await phone.home.wait(5)
    assert phone.news == [("pool_changed", "Garage")]


@pytest.mark.parametrize(
    ("switch", "kinds"),
    [
        ("tell_faults", {"fault_appeared"}),
        ("tell_offline", {"offline", "online"}),
        ("tell_hash_rate", {"hash_rate_low"}),
        ("tell_pool", {"pool_changed"}),
    ],
)
async def test_each_kind_can_be_switched_off(
    phone: Phone, switch: str, kinds: set[str]
) -> None:
    await phone.watch(offline_minutes=2, hash_rate_minutes=2, **{switch: False})
    phone.garage.miner.state.fail(110)
    phone.garage.miner.state.boards[0].alive = False
    phone.garage.miner.state.boards[1].alive = False
    phone.garage.miner.state.pools[0].url = OTHER_POOL
    await phone.home.wait(6)
    await phone.garage.miner.disconnect()
    await phone.home.wait(6)
    phone.garage.miner.reconnect()
    await phone.home.wait(1)

    assert {what for what, _ in phone.news} == {
        "fault_appeared",
        "hash_rate_low",
        "offline",
        "online",
        "pool_changed",
    } - kinds


async def test_without_more_ado_it_is_a_notification(home: Home) -> None:
    """By default the message is a notification in Home Assistant."""
    created = async_mock_service(home.hass, NOTIFICATION, "create")
    await home.automate("tell_me")

    home.garage.miner.state.fail(110)
    await home.wait(2)

    (call,) = created
    assert call.data["title"] == "Garage: fault 110 appeared"
    assert call.data["message"]


@pytest.mark.parametrize(
    "worker",
    ["![x](http://e.example/x.png)", "<img src=x>", "www.e.example", "a_b*c*`d`~e~"],
)
async def test_a_notification_shows_the_words_of_a_miner_as_they_are(
    home: Home, worker: str
) -> None:
    """Notifications are Markdown, in which words could become links and pictures."""
    created = async_mock_service(home.hass, NOTIFICATION, "create")
    await home.automate("tell_me")
    await home.wait(1)
    pool = f"stratum+tcp://{worker}"

    home.garage.miner.state.pools[0].url = pool
    await home.wait(2)

    (call,) = created
    assert escape_markdown(pool) in call.data["message"]
    assert pool not in call.data["message"]


@pytest.mark.parametrize(
    "pool",
    [
        "{{ states('sun.sun') }}{% set x = 1 %}{# x #}",
        "it's \"quoted\" \\ [1, 2] {'a': None}",
        "None",
        "0123",
        "[1,2]",
    ],
)
async def test_the_words_of_a_miner_are_no_template_and_no_literal(
    phone: Phone, pool: str
) -> None:
    await phone.watch()
    first = phone.garage.shown("sensor", "pool")
    phone.garage.miner.state.pools[0].url = pool
    await phone.home.wait(2)

    (message,) = phone.messages
    assert message["message"] == f"Garage: {pool}, before: {first}."


async def test_a_message_that_fails_keeps_no_other_back(phone: Phone) -> None:
    async_mock_service(
        phone.home.hass,
        "notify",
        "broken",
        raise_exception=HomeAssistantError("no signal"),
    )
    broken: list[dict[str, Any]] = [
        *TELL,
        {"action": "notify.broken", "data": {"message": "{{ message }}"}},
    ]
    await phone.home.automate(
        "tell_me",
        tell=broken,
        hash_rate_minutes=1,
    )

    phone.garage.miner.state.set_boards(alive=False)
    await phone.home.wait(1)
    phone.garage.miner.state.pools[0].url = OTHER_POOL
    await phone.home.wait(0.5)
    assert phone.news == []
    await phone.home.wait(0.5)

    assert phone.news == [("hash_rate_low", "Garage"), ("pool_changed", "Garage")]


async def test_a_restart_of_home_assistant_is_not_told_of(
    phone: Phone, hall: Owned
) -> None:
    await phone.watch(phone.garage, hall, offline_minutes=2, hash_rate_minutes=2)
    phone.garage.miner.state.fail(110)
    await phone.home.wait(3)
    assert phone.news == [("fault_appeared", "Garage")]

    async with phone.home.restarted(hall) as (later, (other,)):
        phone = Phone(later)
        await phone.watch(later.garage, other, offline_minutes=2, hash_rate_minutes=2)
        await later.started()
        await later.wait(10)
        assert phone.news == []


async def test_what_happens_during_a_restart_is_told_after_it(
    phone: Phone, hall: Owned
) -> None:
    await phone.watch(phone.garage, hall)

    async with phone.home.restarted(hall) as (later, (other,)):
        phone = Phone(later)
        phone.garage.miner.state.fail(110)
        await hall.miner.disconnect()
        await phone.watch(later.garage, other)
        await later.started()
        await later.wait(15)
        assert sorted(phone.news) == [("fault_appeared", "Garage"), ("offline", "Hall")]


async def test_a_miner_that_is_off_at_a_start_is_told_of(
    phone: Phone, hall: Owned
) -> None:
    """It was told of before, perhaps; nobody knows."""
    await hall.miner.disconnect()
    async with phone.home.restarted(hall) as (later, (other,)):
        phone = Phone(later)
        # Home Assistant has stored the device.
        dr.async_get(later.hass).async_get_or_create(
            config_entry_id=other.entry.entry_id,
            identifiers={(DOMAIN, mac_of(other.entry))},
            name="Hall",
        )
        await phone.watch_target({}, offline_minutes=5)
        await later.started()
        await later.wait(4)
        assert phone.news == []
        await later.wait(3)
        assert phone.news == [("offline", "Hall")]

        other.miner.reconnect()
        await later.fleet.reload(other)
        await later.wait(2)
        assert phone.news == [("online", "Hall")]
