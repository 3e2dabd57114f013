"""Redaction of reports: everything is left out that shows whose miner it is."""

from datetime import timedelta
from enum import IntEnum
import json
from typing import Any

import pytest

from custom_components.whatsminer.redaction import anonymise, redact
from homeassistant.helpers.json import json_bytes
from homeassistant.helpers.redact import REDACTED

from .test_redaction import SECRET_KEYS


@pytest.mark.parametrize(
    "key",
    [
        "mac",
        "MAC",
        "ip",
        "IP Address",
        "host",
        "hostname",
        "gateway",
        "dns",
        "netmask",
        "minersn",
        "powersn",
        "PCB SN",
        "pcbsn0",
        "sn",
        "serial_no",
        "Serial Number",
        "URL",
        "Stratum URL",
        "url2",
        "User",
        "worker",
        "account",
        "title",
        "unique_id",
        "ipAddr",
        "ipv6",
        "HostName",
        "loghost",
        "macaddr",
        "ethmac",
        "minerSN",
        "miner-sn",
        "uuid",
        "bssid",
        "ntp",
        "ntp_server",
        "ntp-server",
        "ntpServer1",
        "server",
        "Log Server",
        "domain",
        "proxy",
        "userName",
        "owner",
        "e-mail",
        "wallet_address",
        "workername",
        "btrom-worker-suffix",
        "rigName",
        *SECRET_KEYS,
    ],
)
@pytest.mark.parametrize("value", ["private", 123456, ["a", "b"], ("a",), [["a"], "b"]])
def test_what_tells_whose_miner_it_is_is_known_by_its_key(
    key: str, value: object
) -> None:
    """A value is left out at any depth; an empty one stays, to show that there is none."""
    hidden = (
        [[REDACTED] if isinstance(item, list) else REDACTED for item in value]
        if isinstance(value, (list, tuple))
        else REDACTED
    )
    assert anonymise({"Msg": [{key: value}]}) == {"Msg": [{key: hidden}]}
    assert anonymise({key: {"x": [{"y": value}]}}) == {key: {"x": [{"y": hidden}]}}
    assert anonymise({key: "", "x": {key: None}}) == {key: "", "x": {key: None}}


@pytest.mark.parametrize(
    "reading",
    [
        {"Hourly": "ok", "liquid_temp": 45.5, "Description": "cgminer 4.9.2"},
        {"fw_ver": "20241112.16.1.REL3", "api_ver": "2.0.5"},
        {"api_ver": "whatsminer v1.4.0", "Msg": "The miner is busy"},
        {"Chip Data": "K88Z001-2039 BINV01-195001B", "Debug": "-0.0_100.0_354"},
        {"mineroff_time": "2026-11-01 12:00:05", "since": "12:34:56"},
        {"When": 1793491200, "Hash Stable": True, "power_pct": 99.5, "no": None},
    ],
)
def test_what_a_report_is_for_stays(reading: dict[str, Any]) -> None:
    """Versions, times and numbers are not taken for addresses."""
    assert anonymise(reading) == reading


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("from 192.168.1.20:4028", f"from {REDACTED}:4028"),
        ("via fe80::c607:20ff:fe00:1", f"via {REDACTED}"),
        ("via 2001:db8:0:1:1:1:1:1", f"via {REDACTED}"),
        ("at C6:07:20:00:11:22", f"at {REDACTED}"),
        ("c6-07-20-00-11-22 and C6_07_20_00_11_22", f"{REDACTED} and {REDACTED}"),
        ("to stratum+ssl://a.example:1 now", f"to {REDACTED} now"),
        ("for bc1q9zpgru8h3ykv0n5f2k4w7d6s0xjc4e8m2t5a7q", f"for {REDACTED}"),
        ("for 1BoatSLRHtKNngkdXEeobR76b53LETtpyT.rig", f"for {REDACTED}.rig"),
        ("john.doe@example.com.rig1 is in", f"{REDACTED} is in"),
    ],
)
def test_an_address_is_known_by_its_look(text: str, left: str) -> None:
    """Addresses are found under any key, and as keys (see `test_redaction_patterns`)."""
    assert anonymise({"Log": text, text: 1}) == {"Log": left, left: 1}


@pytest.mark.parametrize(
    ("report", "text", "left"),
    [
        ({"User": "owner.shed7"}, "owner.shed7 is in", f"{REDACTED} is in"),
        ({"User": "owner.shed7"}, "Owner has 3 rigs", f"{REDACTED} has 3 rigs"),
        ({"URL": "stratum+tcp://eu.pool.example:3333/"}, "eu.pool.example", REDACTED),
        ({"Stratum URL": "pool.example:25"}, "lost pool.example", f"lost {REDACTED}"),
        ({"mac": "C6:07:20:00:11:22"}, "wm_c60720001122", f"wm_{REDACTED}"),
        ({"minersn": "HTM45X4"}, "SN_htm45x4_A", f"SN_{REDACTED}_A"),
        ({"hostname": "shed"}, "watershed, shed", f"watershed, {REDACTED}"),
        ({"hostname": "me"}, "it is me", "it is me"),
        ({"hostname": "WhatsMiner"}, "whatsminer v1", "whatsminer v1"),
        ({"names": []}, "I am Given", f"I am {REDACTED}"),
        # of an e-mail account
        (
            {"User": "john.doe@example.com.rig1"},
            "john.doe@example.com, John.Doe, john; example.com.rig1, EXAMPLE.COM",
            f"{REDACTED}, {REDACTED}, {REDACTED}; {REDACTED}, {REDACTED}",
        ),
        (
            {"account": "john.doe@mail.example.com"},
            "at mail.example.com, example.com",
            f"at {REDACTED}, {REDACTED}",
        ),
        # of a host
        (
            {"host": "shed7.fritz.example"},
            "shed7, shed7.fritz.example:4028",
            f"{REDACTED}, {REDACTED}:4028",
        ),
        ({"URL": "stratum+tcp://shed7:3333"}, "lost shed7", f"lost {REDACTED}"),
        (
            {"URL": "stratum+tcp://owner.rig:x@eu.pool.example:3333"},
            "owner.rig, owner, pool.example",
            f"{REDACTED}, {REDACTED}, {REDACTED}",
        ),
        # of others, whose names are made of ordinary words
        ({"ntp": ["europe.time.example"]}, "Europe, time", "Europe, time"),
        (
            {"ntp-server": ["0.asia.pool.example"]},
            "asia.pool.example, pool.example",
            f"{REDACTED}, {REDACTED}",
        ),
        ({"dns": "10.0.2.15"}, "2.15, 10.0, 0.2.15", "2.15, 10.0, 0.2.15"),
        ({"ip": "2001:db8::1"}, "2001-01-01", "2001-01-01"),
        # numbers and secrets
        ({"powersn": 12245104509}, "12245104509", REDACTED),
        ({"sn": 1200}, "1200 rpm", "1200 rpm"),
        ({"passwd": "hunter2"}, "with hunter2", f"with {REDACTED}"),
        ({"passwd": "tuning"}, "still tuning", "still tuning"),
        ({"worker": {"x": ["shed7"]}}, "of shed7", f"of {REDACTED}"),
    ],
)
def test_a_name_that_is_told_is_left_out_everywhere(
    report: dict[str, Any], text: str, left: str
) -> None:
    """The account or the host in it is left out alone as well, as a whole word."""
    assert anonymise([report, {"Log": text}], {"given"})[1] == {"Log": left}


def test_keys_of_readings_stay() -> None:
    answer = {"Pool Rejected%": 0, "Power": 1, "Hash Stable": True, "Env Temp": 2}
    report = [{"User": name} for name in ("pool.1", "power.1", "Hash.1", "temp")]
    assert anonymise([answer, report])[0] == answer


def test_a_number_is_left_out_where_it_is_that_under_a_private_key() -> None:
    report = {"powersn": "12245104509", "account": "3408.rig", "When": 1793491200}
    assert anonymise([report, {"x": 12245104509, "Power": 3408, "When": 1793491200}])[
        1
    ] == {"x": REDACTED, "Power": 3408, "When": 1793491200}


def test_what_the_owner_entered_is_looked_for_first() -> None:
    """A miner may report so many names that not all of them can be looked for everywhere."""
    names = [f"name{number}" for number in range(1000)]
    report = anonymise([{"title": "shed7"}, {"User": names}, "shed7, name7, name999"])
    assert report[1] == {"User": [REDACTED] * 1000}
    assert report[2] == f"{REDACTED}, {REDACTED}, name999"


def test_everything_becomes_json() -> None:
    assert anonymise(
        {
            "reports": frozenset({"b", "a"}),
            "boards": {2, 10},
            1: (timedelta(seconds=30), ValueError("no")),
        }
    ) == {"reports": ["a", "b"], "boards": [10, 2], "1": ["0:00:30", "no"]}


@pytest.mark.parametrize("depth", [100, 3000, 100_000])
@pytest.mark.parametrize("make", [lambda inner: [inner], lambda inner: {"x": inner}])
def test_what_is_nested_too_deeply_ends_somewhere(depth: int, make: Any) -> None:
    """Home Assistant's own writer does not fail at it either."""
    deep: Any = {"passwd": "hunter2", "User": "owner.shed7"}
    for _ in range(depth):
        deep = make(deep)

    for report in (redact({"x": deep}), anonymise({"x": deep})):
        assert "hunter2" not in json_bytes(report).decode()
        assert json.loads(json.dumps(report)) == report
        assert set(report) == {"x"}


def test_depths_that_miners_have_stay() -> None:
    """The client lets 32 levels through, and diagnostics put some on top."""
    deep: Any = 1
    for _ in range(40):
        deep = [{"x": deep}] if isinstance(deep, dict) else {"x": deep}
    assert redact({"x": deep}) == {"x": deep}
    assert anonymise({"x": deep}) == {"x": deep}


@pytest.mark.parametrize(
    ("value", "left"),
    [
        (float("nan"), "nan"),
        (float("-inf"), "-inf"),
        (2**62, 2**62),
        (2**64, "…"),
        (-(2**64), "…"),
        pytest.param(10**5000, "…", id="more digits than Python writes"),
        ("a\ud800b", "a?b"),
        ("\udfff", "?"),
        ("a\0b", "a\0b"),
        (b"raw", "b'raw'"),
        (OSError(5, "\ud83d"), "[Errno 5] ?"),
    ],
)
def test_what_json_has_no_place_for_is_text(value: object, left: object) -> None:
    report = anonymise({"x": [value], "\ud800": 1})

    assert report == {"x": [left], "?": 1}
    assert json.loads(json_bytes(report)) == report
    assert json.loads(json.dumps(report, allow_nan=False)) == report


def test_a_number_of_another_class_is_a_number() -> None:
    """It is looked at without a search through all numbers that may be private."""

    class Level(IntEnum):
        HIGH = 3

    assert anonymise({"level": Level.HIGH}, []) == {"level": 3}
