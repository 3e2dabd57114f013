"""The catalogue of writable commands."""

from collections.abc import Callable
import inspect
import math
from typing import Any, get_args

import pytest

from custom_components.whatsminer.api import InvalidValueError, commands
from custom_components.whatsminer.api.commands import Command, Effect, Pool

from .catalogue import CATALOGUE, NUMBERS, Entry


def test_every_command_of_the_document_is_here() -> None:
    """The binary transfers come later; get_token and reads are no commands."""
    assert {entry.name for entry in CATALOGUE} == {
        "update_pools",
        "restart_btminer",
        "power_off",
        "power_on",
        "set_led",
        "set_low_power",
        "set_normal_power",
        "set_high_power",
        "reboot",
        "factory_reset",
        "update_pwd",
        "net_config",
        "set_target_freq",
        "enable_btminer_fast_boot",
        "disable_btminer_fast_boot",
        "enable_web_pools",
        "disable_web_pools",
        "set_hostname",
        "set_zone",
        "load_log",
        "set_power_pct",
        "set_power_pct_v2",
        "pre_power_on",
        "set_temp_offset",
        "adjust_power_limit",
        "adjust_upfreq_speed",
        "set_poweroff_cool",
        "set_fan_zero_speed",
    }


def test_every_function_of_the_catalogue_is_tried() -> None:
    """A new one needs an entry in the tests."""
    functions = {
        function
        for name, function in inspect.getmembers(commands, inspect.isfunction)
        if function.__module__ == commands.__name__ and not name.startswith("_")
    }
    assert functions == {entry.make for entry in CATALOGUE}


@pytest.mark.parametrize("entry", CATALOGUE, ids=str)
def test_a_command_has_its_wire_name_and_parameters(entry: Entry) -> None:
    """Text as text, and only the LED in numbers."""
    command = entry.command
    assert command.name == entry.name
    assert command.parameters == entry.parameters
    for name, value in command.parameters.items():
        in_numbers = entry.name == "set_led" and name in ("period", "duration", "start")
        assert type(value) is (int if in_numbers else str)


@pytest.mark.parametrize("entry", CATALOGUE, ids=str)
def test_a_command_says_what_it_does_to_mining(entry: Entry) -> None:
    """On this hang silence, spacing and urgency."""
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
    }


def test_both_ways_to_set_the_percent_set_the_same() -> None:
    """The older one stands in for the newer."""
    fallback = commands.set_power_pct_v2(70).fallback
    assert fallback == commands.set_power_pct(70)
    assert fallback.fallback is None


def test_v1_spells_some_in_its_own_way() -> None:
    """And nothing else."""
    spelt = {
        entry.command.name: entry.command.v1_name
        for entry in CATALOGUE
        if entry.command.v1_name
    }
    assert spelt == {
        "enable_btminer_fast_boot": "enable_cgminer_fast_boot",
        "disable_btminer_fast_boot": "disable_cgminer_fast_boot",
        "set_power_pct_v2": "set_power_pct",
    }


@pytest.mark.parametrize(("make", "minimum", "maximum"), NUMBERS)
def test_both_bounds_are_within(
    make: Callable[[float], Command], minimum: int, maximum: int
) -> None:
    """Rivals leave them out."""
    for bound in (minimum, maximum):
        assert str(bound) in {str(sent) for sent in make(bound).parameters.values()}


@pytest.mark.parametrize(("make", "minimum", "maximum"), NUMBERS)
@pytest.mark.parametrize("beyond", [1, 0.001, 1e9, math.inf])
def test_what_is_beyond_a_bound_is_refused(
    make: Callable[[float], Command], minimum: int, maximum: int, beyond: float
) -> None:
    """The error names the bounds."""
    for value in (minimum - beyond, maximum + beyond):
        with pytest.raises(InvalidValueError) as caught:
            make(value)
        assert (caught.value.minimum, caught.value.maximum) == (minimum, maximum)
        assert caught.value.value == value
        assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize(("make", "minimum", "maximum"), NUMBERS)
def test_what_is_no_number_is_refused(
    make: Callable[[float], Command], minimum: int, maximum: int
) -> None:
    """It would slip through a comparison."""
    with pytest.raises(InvalidValueError):
        make(math.nan)


@pytest.mark.parametrize(
    ("percent", "sent"),
    [(50.4, "50"), (50.5, "51"), (51.5, "52"), (0.4, "0"), (99.5, "100"), (7, "7")],
)
def test_a_fraction_is_rounded(percent: float, sent: str) -> None:
    """Half of one goes up, whether the whole is even or odd."""
    assert commands.set_power_pct_v2(percent).parameters == {"percent": sent}
    assert commands.set_power_pct_v2(percent).value == int(sent)


@pytest.mark.parametrize(
    ("celsius", "sent"), [(-29.6, "-30"), (-0.4, "0"), (-0.6, "-1"), (-10.0, "-10")]
)
def test_a_negative_fraction_is_rounded_to_the_nearest(
    celsius: float, sent: str
) -> None:
    """There is no minus zero."""
    assert commands.set_temp_offset(celsius).parameters == {"temp_offset": sent}


def test_a_power_limit_of_zero_is_refused() -> None:
    """It does not mean off."""
    with pytest.raises(InvalidValueError):
        commands.adjust_power_limit(0)


@pytest.mark.parametrize("count", [0, 4])
def test_a_miner_has_one_to_three_pools(count: int) -> None:
    """None would stop it, and there are three places."""
    with pytest.raises(InvalidValueError):
        commands.update_pools(*[Pool("stratum+tcp://a:1", "w")] * count)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_all_nine_pool_fields_are_sent(count: int) -> None:
    """An unused place is empty, never missing."""
    pools = [Pool(f"url{n}", f"worker{n}", f"pass{n}") for n in range(1, count + 1)]
    parameters = commands.update_pools(*pools).parameters
    for number in (1, 2, 3):
        used = number <= count
        assert parameters[f"pool{number}"] == (f"url{number}" if used else "")
        assert parameters[f"worker{number}"] == (f"worker{number}" if used else "")
        assert parameters[f"passwd{number}"] == (f"pass{number}" if used else "")
    assert len(parameters) == 9


@pytest.mark.parametrize(
    "shown",
    [
        commands.update_pwd("hunter1", "hunter2"),
        commands.update_pools(Pool("url", "worker", "hunter2")),
        Pool("url", "worker", "hunter2"),
    ],
    ids=["update_pwd", "update_pools", "pool"],
)
def test_no_password_is_shown(shown: object) -> None:
    """A command may end up in a log."""
    assert "hunter" not in repr(shown)


def test_every_effect_is_used() -> None:
    """Each is there for some command."""
    assert {entry.effect for entry in CATALOGUE} == set(Effect)


def test_the_modes_are_those_of_the_type() -> None:
    """Three, in lower case."""
    modes: Any = commands.PowerMode.__value__
    assert get_args(modes) == ("low", "normal", "high")
