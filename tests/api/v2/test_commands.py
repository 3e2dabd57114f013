"""How V2 writes each command, and what reaches the miner."""

import pytest

from custom_components.whatsminer.api import commands
from custom_components.whatsminer.api.commands import Command, PoolSettings
from custom_components.whatsminer.api.errors import (
    InvalidTextError,
    InvalidValueError,
    UnsupportedCommandError,
    WhatsminerError,
)
from custom_components.whatsminer.api.v2.commands import ROWS, requests_for
from custom_components.whatsminer.api.v2.generations import Generation
from simulator import Closed, Refused
from tests.api import TOKEN, Owner
from tests.api.catalogue import CATALOGUE, OF_V2, Entry

ORDINARY = [entry for entry in CATALOGUE if entry.generation is Generation.V2]
OF_V2_2 = [entry for entry in CATALOGUE if entry.generation is Generation.V2_2]

# Those of the document of V2.0.5.
NAMES = """
    update_pools restart_btminer power_off power_on set_led set_low_power
    set_normal_power set_high_power reboot factory_reset update_pwd net_config
    set_target_freq enable_btminer_fast_boot disable_btminer_fast_boot
    enable_web_pools disable_web_pools set_hostname set_zone load_log set_power_pct
    set_power_pct_v2 pre_power_on set_temp_offset adjust_power_limit
    adjust_upfreq_speed set_poweroff_cool set_fan_zero_speed
"""
# Those that only the document of V2.2 has.
NAMES_OF_V2_2 = """
    restore_power_pct set_heat_mode enable_btminer_init disable_btminer_init
    set_customer_msg set_power
"""
# Those after which the power supply is read.
POWER_COMMANDS = """
    power_off power_on restart_btminer set_low_power set_normal_power set_high_power
    set_target_freq adjust_power_limit
"""


def test_every_command_of_the_documents_is_here() -> None:
    """Commands that carry a file, get_token and the readings are elsewhere."""
    assert {entry.name for entry in ORDINARY} == set(NAMES.split())
    assert {entry.name for entry in OF_V2_2} == set(NAMES_OF_V2_2.split())


@pytest.mark.parametrize("entry", OF_V2, ids=str)
def test_a_command_has_its_wire_name_and_parameters(entry: Entry) -> None:
    """Only the LED takes numbers, everything else is text."""
    assert entry.generation
    request = requests_for(entry.command, entry.generation)[0]
    assert request.name == entry.name
    assert request.parameters == entry.parameters
    for name, value in request.parameters.items():
        in_numbers = entry.name == "set_led" and name in ("period", "duration", "start")
        assert type(value) is (int if in_numbers else str)


def test_both_ways_to_set_the_percent_set_the_same() -> None:
    """The older one is the fallback of the newer."""
    slow, *fallbacks = requests_for(commands.power_percent(70), Generation.V2)
    fast = requests_for(commands.power_percent(70, fast=True), Generation.V2)
    assert slow.name == "set_power_pct_v2"
    assert tuple(fallbacks) == fast
    assert len(fast) == 1


def test_v1_spells_some_in_its_own_way() -> None:
    spelt = {
        entry.name: old.name
        for entry in ORDINARY
        if (old := requests_for(entry.command, Generation.V1)[0]).name != entry.name
    }
    assert spelt == {
        "enable_btminer_fast_boot": "enable_cgminer_fast_boot",
        "disable_btminer_fast_boot": "disable_cgminer_fast_boot",
        "set_power_pct_v2": "set_power_pct",
    }


# Where the result is reported


def test_some_results_are_told_by_a_seldom_read_command() -> None:
    """The client sends that one with the next poll."""
    reported = {
        entry.name: row.reported_by
        for entry in OF_V2
        if (row := ROWS[entry.command.name]).reported_by
    }
    info = ("set_led", "set_hostname", "adjust_upfreq_speed")
    assert reported == {
        **dict.fromkeys(info, "get_miner_info"),
        **dict.fromkeys(POWER_COMMANDS.split(), "get_psu"),
    }


def test_each_row_is_tried() -> None:
    """A new row needs an entry in the catalogue."""
    assert {entry.command.name for entry in OF_V2} == ROWS.keys()


@pytest.mark.parametrize("count", [1, 2, 3])
def test_all_nine_pool_fields_are_sent(count: int) -> None:
    """An unused place is empty, but not missing."""
    pools = [
        PoolSettings(f"stratum+tcp://pool{n}:3333", f"worker{n}", f"pass{n}")
        for n in range(1, count + 1)
    ]
    (request,) = requests_for(commands.update_pools(*pools), Generation.V2)
    parameters = dict(request.parameters)
    for number in (1, 2, 3):
        used = number <= count
        url = f"stratum+tcp://pool{number}:3333"
        assert parameters.pop(f"pool{number}") == (url if used else "")
        assert parameters.pop(f"worker{number}") == (f"worker{number}" if used else "")
        assert parameters.pop(f"passwd{number}") == (f"pass{number}" if used else "")
    assert parameters == {}


# What is on the wire


@pytest.mark.parametrize("entry", ORDINARY, ids=str)
async def test_a_command_reaches_the_miner_exactly_as_documented(
    owner: Owner, entry: Entry
) -> None:
    """A miner that is strict about types accepts it."""
    owner.miner.state.mining = entry.name != "pre_power_on"
    await carry_out(owner, entry)


@pytest.mark.parametrize("entry", OF_V2_2, ids=str)
async def test_a_command_of_v2_2_reaches_the_miner_exactly_as_documented(
    new_owner: Owner, entry: Entry
) -> None:
    await carry_out(new_owner, entry)


async def carry_out(owner: Owner, entry: Entry) -> None:
    """Send a command, and compare what reaches the miner."""
    await owner.carry_out(entry.command)
    assert owner.miner.writes == [{**entry.parameters, "cmd": entry.name}]
    *before, request = owner.miner.requests
    assert before == [{"cmd": name} for name in TOKEN]
    assert request.keys() == {"cmd", "token", *entry.parameters}
    for key, value in entry.parameters.items():
        assert type(request[key]) is type(value)


# The full power


@pytest.mark.parametrize("fast", [False, True])
@pytest.mark.parametrize("percent", [100, 100.4, 99.5])
async def test_full_power_undoes_every_percentage(
    new_owner: Owner, percent: float, *, fast: bool
) -> None:
    """The miner then runs at the power that it was tuned to."""
    await new_owner.carry_out(commands.power_percent(60, fast=True))
    new_owner.forget()
    sent = commands.power_percent(percent, fast=fast, maximum=120)
    await new_owner.carry_out(sent)
    assert new_owner.sent == ["restore_power_pct"]
    assert new_owner.miner.state.percent == 100


@pytest.mark.parametrize("percent", [0, 99, 99.4, 100.5, 101, 120])
async def test_other_percentages_are_set_as_before(
    new_owner: Owner, percent: float
) -> None:
    """Also those beyond the tuned power, which only miners that are cooled by liquid take."""
    await new_owner.carry_out(commands.power_percent(percent, maximum=120))
    assert new_owner.sent == ["set_power_pct_v2"]


@pytest.mark.parametrize(
    ("fast", "known", "sent"),
    [
        (False, {"set_power_pct", "set_power_pct_v2"}, "set_power_pct_v2"),
        (False, {"set_power_pct"}, "set_power_pct"),
        (True, {"set_power_pct", "set_power_pct_v2"}, "set_power_pct"),
    ],
)
async def test_firmware_that_cannot_undo_a_percentage_is_set_to_all_of_its_power(
    new_owner: Owner, known: set[str], sent: str, *, fast: bool
) -> None:
    """It is asked once; then it is known that it cannot."""
    ways = ("restore_power_pct", "set_power_pct_v2", "set_power_pct")
    for name in ways:
        if name not in known:
            new_owner.miner.misbehave(name, Refused(14))
    full = commands.power_percent(100, fast=fast)
    await new_owner.carry_out(full)
    assert new_owner.sent[0] == "restore_power_pct"
    assert new_owner.sent[-1] == sent
    assert new_owner.miner.writes[-1] == {"cmd": sent, "percent": "100"}
    new_owner.forget()
    await new_owner.carry_out(full)
    assert new_owner.sent == [sent]


@pytest.mark.parametrize("code", [45, None])
async def test_a_percentage_that_cannot_be_undone_now_is_an_error(
    new_owner: Owner, code: int | None
) -> None:
    """The command that sets 100 percent would meet the same."""
    new_owner.miner.misbehave("restore_power_pct", Refused(code) if code else Closed())
    with pytest.raises(WhatsminerError):
        await new_owner.send(commands.power_percent(100))
    assert new_owner.sent == ["restore_power_pct"]


async def test_a_miner_that_has_nothing_to_undo_is_set_to_all_of_its_power(
    new_owner: Owner,
) -> None:
    """Firmware may refuse to undo a percentage that is not set."""
    new_owner.miner.misbehave("restore_power_pct", Refused(132))
    assert (await new_owner.send(commands.power_percent(100))).is_accepted
    assert new_owner.sent == ["restore_power_pct", "set_power_pct_v2"]


@pytest.mark.parametrize("generation", [Generation.V1, Generation.V2])
@pytest.mark.parametrize("fast", [False, True])
def test_older_firmware_is_set_to_all_of_its_power_as_before(
    generation: Generation, *, fast: bool
) -> None:
    requests = requests_for(commands.power_percent(100, fast=fast), generation)
    gentle = generation is Generation.V2 and not fast
    names = ["set_power_pct_v2", "set_power_pct"] if gentle else ["set_power_pct"]
    assert [request.name for request in requests] == names
    assert {str(request.parameters) for request in requests} == {"{'percent': '100'}"}


@pytest.mark.parametrize("on", [True, False])
async def test_v1_gets_fast_boot_in_its_own_spelling(
    old_owner: Owner, *, on: bool
) -> None:
    """It does not know the other one."""
    await old_owner.send(commands.fast_boot(on=on))
    switch = "enable" if on else "disable"
    assert old_owner.sent == [f"{switch}_cgminer_fast_boot"]
    assert old_owner.miner.state.fast_boot is on


async def test_v1_is_asked_for_the_fast_percent_at_once(old_owner: Owner) -> None:
    """It has no other."""
    assert (await old_owner.send(commands.power_percent(70))).is_accepted
    assert old_owner.sent == ["set_power_pct"]
    assert old_owner.miner.state.percent == 70


@pytest.mark.parametrize(
    ("command", "parameter"),
    [
        (commands.upfreq_speed(10), "upfreq_speed"),
        (commands.power_target(0), "power_target"),
        (commands.heat_mode("normal"), "heat_mode"),
        (commands.change_password("satoshi", "nine_char"), "new_password"),
        (commands.change_password("satoshi", "pass-wd"), "new_password"),
    ],
)
async def test_what_only_v3_takes_is_not_sent(
    new_owner: Owner, command: Command, parameter: str
) -> None:
    """A miner may be read over V3 and told over V2. The error does not repeat a password."""
    with pytest.raises(WhatsminerError) as caught:
        await new_owner.send(command)
    assert isinstance(caught.value, InvalidTextError | InvalidValueError)
    assert caught.value.parameter == parameter
    assert not caught.value.request_sent
    assert "nine_char" not in f"{caught.value!r}"
    assert new_owner.miner.requests == []


def test_a_command_without_a_row_is_not_sent() -> None:
    """Another protocol may have it."""
    with pytest.raises(UnsupportedCommandError) as caught:
        requests_for(Command(name="make_coffee"), Generation.V2)
    assert not caught.value.request_sent


def test_after_a_command_that_only_v3_has_there_is_nothing_to_read(
    owner: Owner,
) -> None:
    owner.protocol.expect_change(commands.fast_hash(on=True))
