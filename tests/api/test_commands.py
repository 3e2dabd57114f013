"""The functions that make writable commands."""

from collections.abc import Callable
import inspect
from typing import Any, cast, get_args

import pytest

from custom_components.whatsminer.api import (
    InvalidTextError,
    InvalidValueError,
    commands,
)
from custom_components.whatsminer.api.commands import Command, Effect, PoolSettings
from custom_components.whatsminer.api.v2.commands import Request, requests_for
from custom_components.whatsminer.api.v2.generations import Generation

from .catalogue import CATALOGUE, Entry


def test_every_function_of_the_catalogue_is_tried() -> None:
    """A new function needs an entry in the tests."""
    functions = {
        function
        for name, function in inspect.getmembers(commands, inspect.isfunction)
        if function.__module__ == commands.__name__ and not name.startswith("_")
    }
    assert functions == {entry.make for entry in CATALOGUE}


@pytest.mark.parametrize("entry", CATALOGUE, ids=str)
def test_a_command_says_what_it_does_to_mining(entry: Entry) -> None:
    """Missing answers, spacing and urgency depend on it."""
    assert entry.command.effect is entry.effect


def test_what_can_be_set_says_so() -> None:
    """A newer value for the same setting replaces one that waits."""
    settings = {
        entry.name: (entry.command.setting, entry.command.value)
        for entry in CATALOGUE
        if entry.command.setting
    }
    assert settings == {
        "power_off": ("mining", False),
        "power_on": ("mining", True),
        "set_low_power": ("power_mode", "low"),
        "set_normal_power": ("power_mode", "normal"),
        "set_high_power": ("power_mode", "high"),
        "set_target_freq": ("target_frequency", -5),
        "enable_btminer_fast_boot": ("fast_boot", True),
        "disable_btminer_fast_boot": ("fast_boot", False),
        "enable_web_pools": ("web_pools", True),
        "disable_web_pools": ("web_pools", False),
        "set_power_pct": ("power_percent", 50),
        "set_power_pct_v2": ("power_percent", 60),
        "set_temp_offset": ("temperature_offset", -10),
        "adjust_power_limit": ("power_limit", 3000),
        "adjust_upfreq_speed": ("upfreq_speed", 3),
        "set_poweroff_cool": ("poweroff_cooling", True),
        "set_fan_zero_speed": ("fan_zero_speed", False),
        "restore_power_pct": ("power_percent", 100),
        "set_heat_mode": ("heat_mode", "heating"),
        "set_power": ("power_target", 3000),
        "fast_hash_True": ("fast_hash", True),
        "fast_hash_False": ("fast_hash", False),
        "enable_btminer_init": ("start_after_boot", True),
        "disable_btminer_init": ("start_after_boot", False),
    }


@pytest.mark.parametrize(
    ("percent", "sent"),
    [(50.4, "50"), (50.5, "51"), (51.5, "52"), (0.4, "0"), (99.5, "100"), (7, "7")],
)
def test_a_fraction_is_rounded(percent: float, sent: str) -> None:
    """A half is rounded up, after even and odd numbers."""
    assert commands.power_percent(percent).value == int(sent)


@pytest.mark.parametrize(
    ("celsius", "sent"), [(-29.6, "-30"), (-0.4, "0"), (-0.6, "-1"), (-10.0, "-10")]
)
def test_a_negative_fraction_is_rounded_to_the_nearest(
    celsius: float, sent: str
) -> None:
    """There is no minus zero."""
    assert commands.temperature_offset(celsius).value == int(sent)


def test_a_power_limit_of_zero_is_refused() -> None:
    """0 W does not mean off."""
    with pytest.raises(InvalidValueError):
        commands.power_limit(0)


@pytest.mark.parametrize("count", [0, 4])
def test_a_miner_has_one_to_three_pools(count: int) -> None:
    """Without a pool it would stop, and it stores three."""
    with pytest.raises(InvalidValueError) as caught:
        commands.update_pools(*[PoolSettings("stratum+tcp://a:1", "w")] * count)
    assert caught.value.parameter == "pools"
    assert (caught.value.minimum, caught.value.maximum) == (1, 3)


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("url", ["", "pool.example"])
def test_every_pool_that_is_named_needs_an_address(place: int, url: str) -> None:
    """A typing error in the second is as bad as in the first."""
    pools = [PoolSettings("stratum+tcp://a:1", "w")] * 3
    pools[place] = PoolSettings(url, "w")
    with pytest.raises(InvalidTextError) as caught:
        commands.update_pools(*pools)
    assert caught.value.parameter == "pool_url"


# Addresses


@pytest.mark.parametrize("mask", ["255.255.255.0", "24"])
def test_a_mask_is_sent_as_an_address(mask: str) -> None:
    command = commands.set_network("10.0.0.9", mask, "10.0.0.1", ())
    assert command.parameters == {
        "ip": "10.0.0.9",
        "mask": "255.255.255.0",
        "gateway": "10.0.0.1",
        "dns": "",
        "hostname": "",
    }


@pytest.mark.parametrize(
    ("changes", "parameter"),
    [
        ({"ip": "10.0.0"}, "ip"),
        ({"ip": "10.0.0.9/24"}, "ip"),
        ({"ip": "fe80::1"}, "ip"),
        ({"ip": "10.0.0.0"}, "ip"),
        ({"ip": "10.0.0.255"}, "ip"),
        ({"ip": "0.0.0.0"}, "ip"),
        ({"ip": "0.0.0.9", "gateway": "0.0.0.1"}, "ip"),
        ({"ip": "169.254.0.9", "gateway": "169.254.0.1"}, "ip"),
        ({"ip": "224.0.0.9", "gateway": "224.0.0.1"}, "ip"),
        ({"ip": "240.0.0.9", "gateway": "240.0.0.1"}, "ip"),
        ({"ip": "255.255.255.255"}, "ip"),
        ({"mask": "255.0.255.0"}, "mask"),
        ({"mask": "33"}, "mask"),
        ({"mask": "-1"}, "mask"),
        ({"mask": ""}, "mask"),
        ({"mask": "24/8"}, "mask"),
        ({"mask": "nonsense"}, "mask"),
        ({"mask": "0"}, "mask"),
        ({"mask": "0.0.0.0"}, "mask"),
        ({"mask": "31"}, "mask"),
        ({"mask": "255.255.255.255"}, "mask"),
        ({"mask": "0.0.0.255"}, "mask"),
        ({"gateway": ""}, "gateway"),
        ({"gateway": "gateway"}, "gateway"),
        ({"gateway": "10.0.1.1"}, "gateway"),
        ({"gateway": "10.0.0.9"}, "gateway"),
        ({"gateway": "10.0.0.0"}, "gateway"),
        ({"gateway": "10.0.0.255"}, "gateway"),
        ({"mask": "1", "gateway": "0.0.0.1"}, "gateway"),
        ({"mask": "255.255.255.248", "gateway": "10.0.0.1"}, "gateway"),
        ({"dns": ("1.1.1.1", "one.one.one.one")}, "dns"),
        ({"dns": ("1.1.1.1 9.9.9.9",)}, "dns"),
        ({"hostname": "-rig"}, "hostname"),
    ],
)
def test_an_address_from_which_nobody_comes_back_is_refused(
    changes: dict[str, Any], parameter: str
) -> None:
    """The miner could no longer be reached."""
    good: dict[str, Any] = {
        "ip": "10.0.0.9",
        "mask": "255.255.255.0",
        "gateway": "10.0.0.1",
        "dns": ("1.1.1.1",),
        "hostname": "rig7",
    }
    assert commands.set_network(**good)
    with pytest.raises(InvalidTextError) as caught:
        commands.set_network(**good | changes)
    assert caught.value.parameter == parameter
    assert not caught.value.request_sent


@pytest.mark.parametrize("mask", ["255.255.254.0", "23", "255.0.0.0"])
def test_a_gateway_may_be_anywhere_in_the_network(mask: str) -> None:
    """The network may be larger than it seems."""
    command = commands.set_network("10.0.0.9", mask, "10.0.1.254", ("1.1.1.1",))
    assert command.parameters["gateway"] == "10.0.1.254"


@pytest.mark.parametrize(
    ("mask", "sent"), [("1", "128.0.0.0"), ("30", "255.255.255.252")]
)
def test_a_network_may_be_of_any_size_that_has_room(mask: str, sent: str) -> None:
    """It needs addresses for the miner, the router, the network and the broadcast."""
    command = commands.set_network("10.0.0.9", mask, "10.0.0.10", ("1.1.1.1",))
    assert command.parameters["mask"] == sent


@pytest.mark.parametrize(
    ("make", "parameter"),
    [
        (lambda: commands.change_password("old", "x" * 65), "new_password"),
        (lambda: commands.change_password("old", "two words"), "new_password"),
        (lambda: commands.change_password("old", ""), "new_password"),
        (lambda: commands.set_hostname("rig 7"), "hostname"),
        (lambda: commands.set_hostname(""), "hostname"),
        (lambda: commands.set_time_zone("Asia/Shanghai", "Asia/Shanghai"), "timezone"),
        (lambda: commands.set_time_zone("CST-8", "Asia Shanghai"), "zonename"),
        (lambda: commands.set_log_server("syslog.example", 514, "udp"), "ip"),
        (lambda: commands.heat_mode(cast(Any, "anti-icing")), "heat_mode"),
        (lambda: commands.heat_mode(cast(Any, "Normal")), "heat_mode"),
        (lambda: commands.heat_mode(cast(Any, "")), "heat_mode"),
        (lambda: commands.set_customer_message("msg0", "x"), "message_key"),
        (lambda: commands.set_customer_message("message_10", "x"), "message_key"),
        (lambda: commands.set_customer_message("", "x"), "message_key"),
        (lambda: commands.set_customer_message("message_0", "x" * 128), "message"),
        (lambda: commands.set_customer_message("message_0", "ä" * 64), "message"),
        (lambda: commands.set_customer_message("message_0", "𝄞" * 32), "message"),
        (lambda: commands.set_customer_message("message_0", "a\nb"), "message"),
        (lambda: commands.set_customer_message("message_0", "a\0b"), "message"),
        (lambda: commands.set_customer_message("message_0", "\ud800"), "message"),
        (lambda: commands.set_customer_message("message_0", "a\u202eb"), "message"),
    ],
)
def test_a_text_that_the_miner_cannot_take_is_refused(
    make: Callable[[], Command], parameter: str
) -> None:
    """It is not sent, and the error names the parameter as people know it."""
    with pytest.raises(InvalidTextError) as caught:
        make()
    assert caught.value.parameter == parameter


@pytest.mark.parametrize(
    "message", ["", " ", "x" * 127, "ä" * 63 + "x", "𝄞" * 31 + "xyz", "\"'\\{}[],:"]
)
def test_a_message_may_have_as_many_bytes_as_the_miner_keeps(message: str) -> None:
    """The miner counts bytes: a letter may be one, two, three or four of them."""
    command = commands.set_customer_message("message_3", message)
    assert command.parameters == {"key": "message_3", "message": message}


def test_a_message_that_is_refused_is_not_repeated() -> None:
    """It may be private, and errors are written to logs."""
    with pytest.raises(InvalidTextError) as caught:
        commands.set_customer_message("message_0", "owner" * 50)
    assert "owner" not in f"{caught.value!r} {vars(caught.value)}"


def test_the_old_password_is_sent_as_it_is() -> None:
    """It need not follow the rules for new passwords."""
    command = commands.change_password("n0t allowed now", "nakamoto")
    assert command.parameters["old"] == "n0t allowed now"


# Secrets


def secrets() -> list[object]:
    """Return all commands with a password, and the error for one that is refused."""
    pool = PoolSettings("stratum+tcp://a:1", "worker", "hunter2")
    command = commands.update_pools(pool)
    with pytest.raises(InvalidTextError) as caught:
        commands.change_password("hunter1", "hunter2 is too long")
    return [
        pool,
        [pool],
        command,
        requests_for(command, Generation.V2),
        Request("update_pwd", {"new": "hunter2"}),
        commands.change_password("hunter1", "hunter2"),
        caught.value,
        vars(caught.value),
    ]


@pytest.mark.parametrize("place", range(len(secrets())))
def test_no_password_is_shown(place: int) -> None:
    """A command or an error may be written to a log."""
    shown = secrets()[place]
    assert "hunter" not in f"{shown!r} {shown}"


def test_every_effect_is_used() -> None:
    assert {entry.effect for entry in CATALOGUE} == set(Effect)


def test_the_modes_are_those_of_the_type() -> None:
    """There are three, in lower case."""
    modes: Any = commands.PowerMode.__value__
    assert get_args(modes) == ("low", "normal", "high")


def test_the_heat_modes_are_those_of_the_type() -> None:
    modes: Any = commands.HeatMode.__value__
    assert [commands.heat_mode(mode).value for mode in get_args(modes)] == [
        "anti_icing",
        "heating",
        "normal",
    ]
