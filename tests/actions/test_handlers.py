"""What each action does to a miner."""

from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import sha256
import logging
from pathlib import Path
import re
from typing import Any, override
from unittest.mock import patch

import probatio
from probatio.humanize import humanize_error
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.whatsminer.api import readings
from custom_components.whatsminer.const import DOMAIN
from custom_components.whatsminer.coordinator import WhatsminerCoordinator
from homeassistant.const import CONF_HOST, CONF_PASSWORD, Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from simulator import Closed, Misbehaviour, Pool, Refused, SimulatedMiner
from simulator.misbehaviour import Exchange, Line
from tests import JOINED, Clock, every_generation, names_of
from tests.action_calls import DATA, POOLS, STATIC, Target, failure


@dataclass(frozen=True)
class CutInPool(Misbehaviour):
    """Ends the answer in the pool behind so many whole ones."""

    whole: int

    @override
    async def respond(self, exchange: Exchange, line: Line) -> None:
        """Send the beginning of the answer."""
        answer = exchange.carry_out()
        end = [found.start() for found in re.finditer(rb'"URL"', answer)][self.whole]
        await line.send(answer[: end + 8])


@pytest.fixture
def platforms() -> tuple[Platform, ...]:
    """No platform is needed."""
    return ()


async def test_pools_are_replaced(
    one: Target, set_up: WhatsminerCoordinator, miner: SimulatedMiner
) -> None:
    """The response is the list as it was a moment ago, not at the last poll."""
    miner.state.pools = [Pool("stratum+tcp://new.example:1", "other.7", "hunter2")]

    answer = await one.ask("update_pools", pools=POOLS)

    before = {"url": "stratum+tcp://new.example:1", "worker": "other.7"}
    assert answer == {
        set_up.device_id: {
            "name": "Miner",
            "previous_pools": [{**before, "status": "alive"}],
        }
    }
    assert [(pool.url, pool.user, pool.password) for pool in miner.state.pools] == [
        ("stratum+tcp://one.example:3333", "account.1", "p1"),
        ("stratum+tcp://two.example:3333", "account.1", ""),
    ]


async def test_pools_are_not_lost_by_a_short_list(
    one: Target, miner: SimulatedMiner
) -> None:
    pools = [Pool(f"stratum+tcp://{n}.example:1", "a") for n in range(3)]
    miner.state.pools = list(pools)

    error = await one.failure("update_pools", pools=POOLS)
    assert error.translation_key == "removes_pools"
    assert isinstance(error, ServiceValidationError)
    assert "Miner has 3 pools" in str(error)
    assert miner.writes == []

    answer = await one.ask("update_pools", pools=POOLS, remove_others=True)
    assert len(answer.popitem()[1]["previous_pools"]) == 3
    assert len(miner.state.pools) == 2


async def test_an_unused_place_is_no_pool(
    one: Target, set_up: WhatsminerCoordinator
) -> None:
    """Some firmware lists all three places."""
    used = readings.Pool(url="stratum+tcp://used.example:1")

    async def refresh() -> None:
        unused = readings.Pool()
        set_up.data = replace(set_up.data, pools=(used, unused, unused))

    with patch.object(set_up, "async_refresh", refresh):
        answer = await one.ask("update_pools", pools=POOLS[:1])

    assert [pool["url"] for pool in answer.popitem()[1]["previous_pools"]] == [used.url]


async def test_pools_that_nobody_knows_are_not_lost_either(
    one: Target, miner: SimulatedMiner
) -> None:
    """Pools that are unknown cannot be put back. Three new ones leave no place for others."""
    for command in ("summary+pools+edevs", "pools"):
        miner.misbehave(command, Refused(14))

    error = await one.failure("update_pools", pools=POOLS)
    assert error.translation_key == "pools_unknown"
    assert miner.writes == []

    answer = await one.ask("update_pools", pools=[*POOLS, POOLS[0]])
    assert answer.popitem()[1]["previous_pools"] == []
    await one.call("update_pools", pools=POOLS, remove_others=True)
    assert names_of(miner.writes) == ["update_pools"] * 2


@pytest.mark.parametrize("kept", [1, 2])
async def test_pools_of_which_some_are_cut_off_are_replaced_by_a_full_list(
    one: Target, miner: SimulatedMiner, clock: Clock, kept: int
) -> None:
    """Those that the firmware cuts off are never known, so a short list would remove them."""
    pools = [Pool(f"stratum+tcp://{n}.example:1", "a") for n in range(3)]
    miner.state.pools = list(pools)
    for command in (JOINED, "pools"):
        miner.misbehave(command, CutInPool(kept))
    await clock.next_poll(6)

    error = await one.failure("update_pools", pools=POOLS)
    assert error.translation_key == "pools_unknown"
    assert miner.writes == []

    answer = await one.ask("update_pools", pools=[*POOLS, POOLS[0]])
    seen = answer.popitem()[1]["previous_pools"]
    assert [pool["url"] for pool in seen] == [pool.url for pool in pools[:kept]]
    await one.call("update_pools", pools=POOLS, remove_others=True)
    assert names_of(miner.writes) == ["update_pools"] * 2


async def test_pools_that_are_always_refused_are_replaced_by_a_full_list(
    one: Target, miner: SimulatedMiner, clock: Clock
) -> None:
    """They are not read in every poll any more."""
    for command in (JOINED, "pools"):
        miner.misbehave(command, Refused(132))
    await clock.next_poll(6)

    error = await one.failure("update_pools", pools=POOLS)
    assert error.translation_key == "pools_unknown"
    answer = await one.ask("update_pools", pools=[*POOLS, POOLS[0]])
    assert answer.popitem()[1]["previous_pools"] == []
    await one.call("update_pools", pools=POOLS, remove_others=True)
    assert names_of(miner.writes) == ["update_pools"] * 2


async def test_pools_that_were_not_seen_are_not_replaced(
    one: Target, miner: SimulatedMiner
) -> None:
    """The last poll was missed, and the pools may have changed since."""
    miner.misbehave(JOINED, Closed(), times=1)

    error = await one.failure("update_pools", pools=POOLS[:1])

    assert error.translation_key == "pools_unknown"
    assert miner.writes == []


async def test_one_pool_needs_no_list(one: Target, miner: SimulatedMiner) -> None:
    await one.call("update_pools", pools={**POOLS[0], "password": 123})

    assert [pool.password for pool in miner.state.pools] == ["123"]


async def test_preheating_tells_how_far_it_is(
    one: Target, set_up: WhatsminerCoordinator, miner: SimulatedMiner, clock: Clock
) -> None:
    miner.state.mining = False
    await clock.next_poll()
    answers = []
    for _ in range(3):
        answer = await one.ask("preheat")
        answers.append(answer[set_up.device_id])
        await clock.tick(20)

    assert answers == [
        {"name": "Miner", "complete": complete, "message": message}
        for complete, message in (
            (False, "wait for adjust temp"),
            (False, "adjust continue"),
            (True, "adjust complete"),
        )
    ]


async def test_a_miner_that_mines_is_not_preheated(one: Target) -> None:
    error = await one.failure("preheat")

    assert error.translation_key == "preheat_while_mining"


async def test_the_zone_is_that_of_home_assistant(
    hass: HomeAssistant, one: Target, miner: SimulatedMiner
) -> None:
    await hass.config.async_set_time_zone("Asia/Shanghai")

    await one.call("set_time_zone")

    assert miner.writes == [
        {"cmd": "set_zone", "timezone": "CST-8", "zonename": "Asia/Shanghai"}
    ]


async def test_the_percentage_is_rounded(one: Target, miner: SimulatedMiner) -> None:
    """A miner takes whole numbers; both ends of the range are allowed."""
    for percent in ("79.5", 0, 100):
        await one.call("set_power_percent", percent=percent)

    assert [write["percent"] for write in miner.writes] == ["80", "0", "100"]


@every_generation
async def test_a_network_is_set(
    one: Target, set_up: WhatsminerCoordinator, miner: SimulatedMiner
) -> None:
    await one.call("set_network", confirm=True, **STATIC)

    assert miner.state.network.ip == "192.168.1.50"
    assert set_up.memory.data["host"] == "192.168.1.50"


async def test_a_static_address_is_given_up(
    one: Target, set_up: WhatsminerCoordinator, miner: SimulatedMiner
) -> None:
    """The router decides which address comes next."""
    await one.call("set_network", confirm=True, mode="dhcp")

    assert miner.writes == [{"cmd": "net_config", "param": "dhcp"}]
    assert "host" not in set_up.memory.data


async def test_no_two_miners_get_one_address(
    hass: HomeAssistant, one: Target, miner: SimulatedMiner
) -> None:
    """Two miners at one address cannot be reached."""
    data = {"confirm": True, **STATIC}
    MockConfigEntry(
        domain=DOMAIN, title="Hall", data={CONF_HOST: STATIC["ip"]}
    ).add_to_hass(hass)

    error = await one.failure("set_network", **data)
    assert error.translation_key == "address_taken"
    assert isinstance(error, ServiceValidationError)
    assert "192.168.1.50" in str(error)
    assert "Hall" in str(error)
    assert miner.requests == []

    await one.call("set_network", **(data | {"ip": "192.168.1.51"}))
    assert miner.state.network.ip == "192.168.1.51"


async def test_a_miner_may_keep_its_address(
    one: Target, config_entry: MockConfigEntry, miner: SimulatedMiner
) -> None:
    """Another value may change, such as the gateway."""
    network = {
        "ip": config_entry.data[CONF_HOST],
        "netmask": "255.0.0.0",
        "gateway": "127.0.0.2",
    }
    await one.call("set_network", confirm=True, **(STATIC | network))

    assert miner.state.network.gateway == "127.0.0.2"


# Files


async def test_a_log_is_a_file(
    hass: HomeAssistant,
    one: Target,
    set_up: WhatsminerCoordinator,
    miner: SimulatedMiner,
    firmware: Path,
) -> None:
    answer = (await one.ask("download_logs"))[set_up.device_id]

    path = Path(answer["path"])
    assert answer == {"name": "Miner", "path": str(path), "size": len(miner.logs)}
    assert path.read_bytes() == miner.logs
    assert path.is_relative_to(hass.config.config_dir)


async def test_firmware_is_a_file(
    one: Target, set_up: WhatsminerCoordinator, miner: SimulatedMiner, firmware: Path
) -> None:
    with patch(
        f"custom_components.{DOMAIN}.actions.update_firmware._async_version_after",
        return_value="2",
    ):
        answer = await one.ask("update_firmware", **DATA["update_firmware"])

    digest = sha256(firmware.read_bytes()).hexdigest()
    assert [image.sha256 for image in miner.images] == [digest]
    assert answer[set_up.device_id] == {
        "name": "Miner",
        "previous_version": set_up.data.firmware,
        "version": "2",
        "sha256": digest,
    }


async def test_a_firmware_may_be_refused(
    one: Target, miner: SimulatedMiner, firmware: Path
) -> None:
    miner.refuses_firmware = True

    error = await one.failure("update_firmware", **DATA["update_firmware"])

    assert error.translation_key == "firmware_refused"
    assert str(error).startswith("Miner refused the firmware: API command ERROR")
    assert "(code 132)" in str(error)


@pytest.mark.parametrize(
    "file", ["old.bin", "", ".", "../secrets.yaml", "/etc/passwd", "a\0b"]
)
async def test_no_other_file_is_sent(
    one: Target, miner: SimulatedMiner, firmware: Path, file: str
) -> None:
    (firmware.parent.parent / "secrets.yaml").write_text("secret")

    error = await one.failure("update_firmware", confirm=True, file=file)

    assert error.translation_key == "firmware_not_found"
    assert isinstance(error, ServiceValidationError)
    assert miner.requests == []


# Passwords


async def test_a_password_is_changed(
    one: Target, config_entry: MockConfigEntry, miner: SimulatedMiner
) -> None:
    await one.call("change_password", **DATA["change_password"])
    await one.call("set_led")

    assert miner.password == config_entry.data[CONF_PASSWORD] == "new_1234"
    assert names_of(miner.writes) == ["update_pwd", "set_led"]


async def test_nobody_knows_the_password(
    one: Target, config_entry: MockConfigEntry, miner: SimulatedMiner, clock: Clock
) -> None:
    """The answer was lost, and the miner is away; both passwords are kept until it is back."""
    await one.call("set_led")  # from now on there is a token
    miner.misbehave("update_pwd", Closed(execute=True))
    miner.misbehave("get_token", Closed())

    error = await one.failure("change_password", **DATA["change_password"])
    assert error.translation_key == "password_unknown"
    assert config_entry.data[CONF_PASSWORD] != "new_1234"

    miner.behave()
    await clock.tick(600)
    assert config_entry.data[CONF_PASSWORD] == "new_1234"
    await one.call("set_led")


async def test_an_answer_was_lost_and_the_password_is_the_old_one(
    one: Target, config_entry: MockConfigEntry, miner: SimulatedMiner
) -> None:
    miner.misbehave("update_pwd", Closed())

    error = await one.failure("change_password", **DATA["change_password"])

    assert error.translation_key == "cannot_connect"
    assert config_entry.data[CONF_PASSWORD] == miner.password == "satoshi"


async def test_a_password_that_no_miner_takes_is_not_sent(
    one: Target, miner: SimulatedMiner
) -> None:
    error = await one.failure("change_password", confirm=True, new_password="hunter 2!")

    assert error.translation_key == "invalid_new_password"
    assert "hunter" not in f"{error} {error.translation_placeholders}"
    assert miner.requests == []


async def test_a_password_in_the_address_of_a_pool_is_not_told(
    hass: HomeAssistant,
    one: Target,
    miner: SimulatedMiner,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Some programs accept a password there."""
    url = "stratum+tcp://account.1:hunter2@one.example:3333"
    data = {"pools": [{"url": url, "worker": "a"}], **one.named}

    error = await failure(hass, "update_pools", data)
    assert error.translation_key == "invalid_pool_url"
    assert "hunter2" not in f"{error} {error.translation_placeholders}"

    await hass.services.async_call(DOMAIN, "update_pools", data)
    await hass.async_block_till_done()
    assert "hunter2" not in caplog.text
    assert miner.writes == []


@pytest.mark.parametrize(
    ("action", "data"),
    [
        ("change_password", {"confirm": True, "new_password": "hunter2"}),
        (
            "update_pools",
            {"pools": [POOLS[0] | {"password": "hunter2"}], "remove_others": True},
        ),
    ],
)
@pytest.mark.parametrize("how", ["done", "refused", "lost", "wrong", "nonsense"])
async def test_secrets_are_in_no_log_and_in_no_error(
    hass: HomeAssistant,
    one: Target,
    miner: SimulatedMiner,
    caplog: pytest.LogCaptureFixture,
    action: str,
    data: dict[str, Any],
    how: str,
) -> None:
    """The caller may wait for the action or not; Home Assistant logs calls that failed.

    Only with debug logging of its core does it log each call to each integration as it
    came; no integration can prevent that.
    """
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.INFO, "homeassistant.core")
    # The miner itself may say what it likes.
    caplog.set_level(logging.INFO, "simulator")
    command = {"change_password": "update_pwd"}.get(action, action)
    match how:
        case "refused":
            miner.misbehave(command, Refused(132))
        case "lost":
            miner.misbehave(command, Closed())
        case "wrong":
            data = {**data, "pools": [{"url": "hunter2", "password": "hunter2"}]}
            if action == "change_password":
                data = {**data, "new_password": "hunter2 hunter2"}
                del data["pools"]
        case "nonsense":
            (name,) = data.keys() & {"new_password", "pools"}
            data = {**data, name: ["hunter2"]}
    errors: list[BaseException] = []
    try:
        await one.call(action, **data)
    except (HomeAssistantError, probatio.Invalid) as err:
        errors = [err, *([err.__cause__] if err.__cause__ else [])]
    assert bool(errors) is (how != "done")
    for error in errors:
        shown = [str(error), repr(error)]
        if isinstance(error, probatio.Invalid):
            shown.append(humanize_error(data | one.named, error))
        assert "hunter2" not in " ".join(shown)
        assert "hunter2" not in str(getattr(error, "translation_placeholders", ""))

    with suppress(probatio.Invalid):
        await hass.services.async_call(DOMAIN, action, data | one.named)
    await hass.async_block_till_done()

    assert "hunter2" not in caplog.text
    if how == "refused":
        assert (
            f"Error executing service: <ServiceCall whatsminer.{action}" in caplog.text
        )
