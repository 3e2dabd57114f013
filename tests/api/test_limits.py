"""The range of a number and the form of a text that may be sent."""

from collections.abc import Callable
import math
import re

import pytest

from custom_components.whatsminer.api.commands import Command, set_log_server
from custom_components.whatsminer.api.errors import (
    InvalidTextError,
    InvalidValueError,
    WhatsminerError,
)
from custom_components.whatsminer.api.limits import (
    DEFAULT_POWER_LIMIT,
    HOSTNAME,
    LED_MILLISECONDS,
    LONG_PASSWORD,
    PASSWORD,
    POOLS,
    PORT,
    POSIX_ZONE,
    POWER_LIMIT,
    POWER_PERCENT,
    POWER_TARGET,
    TARGET_FREQUENCY,
    TEMPERATURE_OFFSET,
    UPFREQ_SPEED,
    ZONE_NAME,
    Bounds,
    check_address,
    check_password,
    check_pool_url,
    check_text,
)
from custom_components.whatsminer.api.v3.commands import writes_for

from .catalogue import NUMBERS

# Numbers


@pytest.mark.parametrize(
    ("bounds", "minimum", "maximum"),
    [
        (POWER_PERCENT, 0, 100),
        (POWER_LIMIT, 1, 99999),
        (TEMPERATURE_OFFSET, -30, 0),
        (TARGET_FREQUENCY, -100, 100),
        (UPFREQ_SPEED, 0, 10),
        (POWER_TARGET, 0, 99999),
        (POOLS, 1, 3),
        (LED_MILLISECONDS, 0, 65535),
        (PORT, 1, 65535),
    ],
)
def test_both_bounds_are_within(bounds: Bounds, minimum: int, maximum: int) -> None:
    """The vendor's document says so; other clients exclude them."""
    assert (bounds.minimum, bounds.maximum) == (minimum, maximum)
    assert bounds.check("x", minimum) == minimum
    assert bounds.check("x", maximum) == maximum
    for beyond in (minimum - 1, maximum + 1, minimum - 0.001, maximum + 0.001):
        with pytest.raises(InvalidValueError):
            bounds.check("x", beyond)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e300, -1e300])
def test_what_is_no_number_is_refused(value: float) -> None:
    """NaN passes many comparisons."""
    with pytest.raises(InvalidValueError) as caught:
        POWER_PERCENT.check("percent", value)
    assert caught.value.parameter == "percent"
    assert caught.value.value is value
    assert (caught.value.minimum, caught.value.maximum) == (0, 100)
    assert not caught.value.request_sent


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        (50.4, 50),
        (50.5, 51),
        (51.5, 52),
        (-29.6, -30),
        (-0.4, 0),
        (-0.5, 0),
        (-0.6, -1),
        (99.5, 100),
        (7, 7),
    ],
)
def test_a_fraction_is_rounded_to_the_nearest(value: float, sent: int) -> None:
    """A half is rounded up, after even and odd numbers. The result is a whole number."""
    rounded = Bounds(-100, 100).check("x", value)
    assert rounded == sent
    assert type(rounded) is int


def test_the_highest_limit_restores_that_of_the_model() -> None:
    """The lowest is 1 W, because 0 W does not mean off."""
    assert POWER_LIMIT.check("power_limit", DEFAULT_POWER_LIMIT) == 99999
    with pytest.raises(InvalidValueError):
        POWER_LIMIT.check("power_limit", 0)


@pytest.mark.parametrize(("make", "minimum", "maximum"), NUMBERS)
def test_every_number_of_a_command_is_checked(
    make: Callable[[float], Command], minimum: int, maximum: int
) -> None:
    """Both bounds are sent, and numbers beyond them are not. V3 takes the widest bounds."""
    for bound in (minimum, maximum):
        command = make(bound)
        (write,) = writes_for(command, "super")
        assert bound in (command.value, *command.parameters.values())
        assert str(bound) in str(write.param)
    for value in (minimum - 1, maximum + 1, math.nan, math.inf, -math.inf):
        with pytest.raises(InvalidValueError) as caught:
            make(value)
        assert (caught.value.minimum, caught.value.maximum) == (minimum, maximum)


@pytest.mark.parametrize("port", [0, 65536])
def test_the_port_of_a_log_server_is_checked(port: int) -> None:
    """It is sent as text."""
    with pytest.raises(InvalidValueError):
        set_log_server("10.0.0.5", port, "udp")
    assert set_log_server("10.0.0.5", 65535, "udp").parameters["port"] == 65535


# Text


SHAPES = {
    PASSWORD: (
        ["a", "nakamoto", "A_z_0_9_", "12345678", "________"],
        ["", "nine_char", "pass word", "pass-wd", "pässword", "admin\n", "a\0"],
    ),
    LONG_PASSWORD: (
        ["a", "nakamoto", "A_z_0_9_", "nine_char", "pass-wd!~", "x" * 64],
        [
            "",
            "x" * 65,
            "pass word",
            "pässword",
            "admin\n",
            "admın",
            "a\0",
        ],
    ),
    HOSTNAME: (
        ["a", "7", "WhatsMiner", "rig-7", "a--b", "x" * 63],
        ["", "-rig", "rig-", "-", "rig 7", "rig_7", "rig.7", "x" * 64, "rïg", "rig\n"],
    ),
    ZONE_NAME: (
        [
            "UTC",
            "Asia/Shanghai",
            "America/Argentina/Buenos_Aires",
            "Etc/GMT+8",
            "America/Port-au-Prince",
        ],
        ["", "/", "Asia/", "/Asia", "Asia//Shanghai", "Asia Shanghai", "Åsia", "UTC\n"],
    ),
    POSIX_ZONE: (
        [
            "CST-8",
            "UTC0",
            "EST5EDT",
            "GMT+0",
            "IST-5:30",
            "<+03>-3",
            "<-03>3",
            "<+0545>-5:45",
            "CET-1CEST,M3.5.0,M10.5.0/3",
            "EST5EDT,M3.2.0,M11.1.0",
            "<-02>2<-01>,M3.5.0/-1,M10.5.0/0",
            "IST-1GMT0,M10.5.0,M3.5.0/1",
        ],
        [
            "",
            "8",
            "CST",
            "CS-8",
            "CST 8",
            "CST-",
            "Asia/Shanghai",
            "+03-3",
            "<+03-3",
            "<3>-3",
            "CST-8 ",
            "CST-8\n",
            "CST-8;reboot",
            "CST-$(reboot)",
            "CST-8'",
            "CST-８",
            "CST-8é",
        ],
    ),
}
ACCEPTED = [(shape, text) for shape, (good, _) in SHAPES.items() for text in good]
REFUSED = [(shape, text) for shape, (_, bad) in SHAPES.items() for text in bad]


@pytest.mark.parametrize(("shape", "text"), ACCEPTED)
def test_a_text_that_the_miner_takes_is_sent_as_it_is(
    shape: re.Pattern[str], text: str
) -> None:
    """These are passwords, host names and time zones."""
    assert check_text("x", text, shape) == text


@pytest.mark.parametrize(("shape", "text"), REFUSED)
def test_a_text_that_the_miner_cannot_take_is_refused(
    shape: re.Pattern[str], text: str
) -> None:
    """The message does not contain it, because it may be secret."""
    with pytest.raises(InvalidTextError) as caught:
        check_text("parameter", text, shape)
    assert caught.value.parameter == "parameter"
    assert caught.value.value == text
    assert str(caught.value) == "parameter is not valid"
    assert not caught.value.request_sent
    assert isinstance(caught.value, WhatsminerError)


@pytest.mark.parametrize("text", SHAPES[LONG_PASSWORD][0])
def test_a_new_password_is_sent_as_it_is(text: str) -> None:
    """It is not cut, and keeps its capitals."""
    assert check_password(text) == text


@pytest.mark.parametrize("text", SHAPES[LONG_PASSWORD][1])
def test_a_new_password_that_is_refused_is_not_told(text: str) -> None:
    """The values of an error may be shown to people."""
    with pytest.raises(InvalidTextError) as caught:
        check_password(text)
    assert vars(caught.value) == {"parameter": "new_password", "value": ""}


@pytest.mark.parametrize("address", ["10.0.0.1", "255.255.255.255", "0.0.0.0"])
def test_an_address_is_sent_as_it_is(address: str) -> None:
    """It consists of four numbers with dots."""
    assert check_address("ip", address) == address


@pytest.mark.parametrize(
    "address",
    [
        "",
        "10",
        "10.0.0",
        "10.0.0.1.1",
        "10.0.0.256",
        "10.0.0.01",
        " 10.0.0.1",
        "10.0.0.1\n",
        "10.0.0.1/24",
        "::1",
        "::ffff:10.0.0.1",
        "rig7",
        "１0.0.0.1",
    ],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    """These are names, other protocols, and texts that resemble an address."""
    with pytest.raises(InvalidTextError) as caught:
        check_address("dns", address)
    assert caught.value.parameter == "dns"
    assert caught.value.value == address


@pytest.mark.parametrize(
    "url",
    [
        "stratum+tcp://btc.pool.example:3333",
        "stratum+tcps://btc.pool.example:443",
        "stratum+ssl://btc.pool.example:1",
        "stratum+tls://BTC.Pool-1.example:65535",
        "stratum2+tcp://v2.pool.example:34254",
        "stratum2+tcp://v2.pool.example:34254/9awtMD5KQgvRUh2yFbjVeT7b6hjipWcAsQHd6wEhgtDT9soosna",
        "stratum+tcp://10.0.0.5:3333",
        "stratum+tcp://[fe80::1]:3333",
        "stratum+tcp://[::ffff:10.0.0.5]:3333",
        "stratum+tcp://my_proxy:3333/",
        "stratum+tcp://localhost:00080",
    ],
)
def test_the_address_of_a_pool_is_sent_as_it_is(url: str) -> None:
    """It may use either version of stratum, encrypted or not."""
    assert check_pool_url(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "btc.pool.example:3333",
        "stratum+tcp://btc.pool.example",
        "stratum+tcp://btc.pool.example:",
        "stratum+tcp://btc.pool.example:0",
        "stratum+tcp://btc.pool.example:65536",
        "stratum+tcp://btc.pool.example:123456",
        "stratum+tcp://btc.pool.example:-1",
        "stratum+tcp://btc.pool.example:port",
        "stratum+tcp://btc.pool.example:３333",
        "stratum+tcp://:3333",
        "stratum+tcp://fe80::1:3333",
        "stratum+tcp://[fe80::1:3333",
        "stratum+tcp://worker:x@btc.pool.example:3333",
        "stratum+tcp://btc.pool.example:3333 ",
        " stratum+tcp://btc.pool.example:3333",
        "stratum+tcp://btc.pool.example:3333\n",
        "stratum+tcp://btc.pool.example:3333/a path",
        "stratum+tcp://btc.pool.example:3333?x=1",
        "stratum+tcp://btc pool.example:3333",
        "stratum+tcp:/btc.pool.example:3333",
        "stratum://btc.pool.example:3333",
        "stratum+udp://btc.pool.example:3333",
        "stratum3+tcp://btc.pool.example:3333",
        "STRATUM+TCP://btc.pool.example:3333",
        "tcp://btc.pool.example:3333",
        "http://btc.pool.example:3333",
    ],
)
def test_what_is_no_address_of_a_pool_is_refused(url: str) -> None:
    """A miner with such a pool does not work.

    The error leaves the text out, as it may contain a password.
    """
    with pytest.raises(InvalidTextError) as caught:
        check_pool_url(url)
    assert vars(caught.value) == {"parameter": "pool_url", "value": ""}
