"""Redaction of texts: known names, and what has the form of an address."""

import pytest

from custom_components.whatsminer.redaction_patterns import PrivateText
from homeassistant.helpers.redact import REDACTED

# The letters of modern purses, and digits that a test can cut pieces of.
BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
HEXADECIMAL = "6d2f31a0b54c8e97d26d2f31a0b54c8e97d26d2f31a0"


def hide(text: str, *names: str) -> str:
    """Return a text without what is private in it."""
    return PrivateText(names).hide(text)


@pytest.mark.parametrize(
    "address",
    [
        "192.168.1.20",
        "10.0.0.1",
        "C6:07:20:00:11:22",
        "c6-07-20-00-11-22",
        "C6_07_20_00_11_22",
        "c60720001122",
        # IPv6, with and without "::"
        "fe80::c607:20ff:fe00:1",
        "::1",
        "2001:db8::",
        "2001:db8:0:1:1:1:1:1",
        "2001:0DB8:85A3:0000:0000:8A2E:0370:7334",
        "::ffff:192.168.1.20",
        "64:ff9b::192.0.2.33",
        # purses, of any coin
        "bc1q9zpgru8h3ykv0n5f2k4w7d6s0xjc4e8m2t5a7q",
        f"BC1P{BECH32}{BECH32[:26]}".upper(),
        "1BoatSLRHtKNngkdXEeobR76b53LETtpyT",
        "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy",
        f"ltc1q{BECH32}abc",
        "DH5yaieqoZN36fDVciNyRueRGvGLR3mr7L",
        "t1Rv4exT7bqhZqi2j7xz8bUHDMxwosrjADU",
        "XmN7PQYWKn5MJFna5fRYgP6mxT2F7xpekE",
        f"0x{HEXADECIMAL[:40]}",
        "4" + "8Ab3kX9zQ2" * 9 + "LmN4",  # 95 characters
        # serial numbers
        "HTM45X23A0123456789",
        "SKM3CSD7104715KA1227",
        "PSU0000000000000",
    ],
)
@pytest.mark.parametrize(
    "text", ["{}", "from {} to", "({}), {}", "rig_{}_7", "[{}]:80", "in {}.", "ip:{};"]
)
def test_an_address_is_known_by_its_look(address: str, text: str) -> None:
    assert hide(text.format(address, address)) == text.format(REDACTED, REDACTED)


@pytest.mark.parametrize(
    "address",
    [
        "fe80::1%eth0",
        "fe80:0:0:0:1:2:3:4%25br-lan.2",
        "stratum+ssl://a.example:1",
        "http://[fe80::1]/cgi?x=1",
        "://a.example",
        "john.doe+miner@mail.example.com",
        "john.doe@example.com.rig1",
    ],
)
@pytest.mark.parametrize("text", ["{}", "from {} to", '"{}"', "is\t{}\n"])
def test_an_address_of_many_parts_is_left_out_as_a_whole(
    address: str, text: str
) -> None:
    """An address ends at the next space or quote."""
    assert hide(text.format(address)) == text.format(REDACTED)


def test_of_what_names_a_coin_the_purse_is_left_out() -> None:
    purse = f"q{BECH32}{BECH32[:9]}"
    for coin in ("bitcoincash", "bchtest", "kaspa", "nano_"):
        assert hide(f"to {coin}:{purse}.rig") == f"to {coin}:{REDACTED}.rig"


@pytest.mark.parametrize(
    "text",
    [
        # firmware, protocols, parts
        "20230714.15.Rel",
        "'20220919.15.REL'",
        "20250214.16.1.AMS",
        "2.0.5",
        "whatsminer v1.4.0",
        "cgminer 4.9.2",
        "V02.01.V02.02",
        "230224.220429",
        "H616",
        "CB6V10",
        "M30S+_VE40",
        "M63S++ with M7BS_VM30",
        "P221B",
        "P21-12-3600-E",
        "HA3000000",
        "K88Z001-2039 BINV01-195001B",
        "H37A02-24050704BINVE5-197802C",
        "H3LA03-00000000 BINVE2-000000A",
        "TEST5A05-20043018 D02 BINV02-193005B",
        # times and figures
        "2022-01-17 11:28:11",
        "11:28:11",
        "2026-05-23T09:19:10.123456+02:00",
        "2026-05-23-09-19-10-123456",
        "0:00:30",
        "61434:53890:65727",
        "-0.0_100.0_354",
        "37.7 3.0/0.5 3.0/0.2 3.0/0.5 ",
        "1793491200",
        "12 V at 650MHz@12.5V",
        # words
        "Power xfer error. code: 0xffffffffc0000000",
        "Socket connect failed: Connection refused",
        "super=255 user1=0 user2=0 user3=0",
        "BTC/BCH/BSV",
        "Asia/Shanghai",
        "Foo::bar, a :: b, see: here",
        "The skip, the chip and the trip @ noon",
        "Verbindung für 3 µs, 温度过高",
        "",
    ],
)
def test_what_a_report_is_for_stays(text: str) -> None:
    """Versions, times, codes, models and parts are not taken for addresses."""
    assert hide(text) == text


@pytest.mark.parametrize(
    ("name", "text", "left"),
    [
        ("owner.shed7", "owner.shed7 is in", f"{REDACTED} is in"),
        ("owner", "OWNER, Owner's owners", f"{REDACTED}, {REDACTED}'s owners"),
        ("shed", "watershed, shed_1 and sheds", f"watershed, {REDACTED}_1 and sheds"),
        ("Peter's heater", "it's Peter's heater!", f"it's {REDACTED}!"),
        (" <Peter's heater>", "peter's HEATER", REDACTED),
        ("Straße 7", "in der STRASSE 7", f"in der {REDACTED}"),
        ("工厂十号机", "在 工厂十号机", f"在 {REDACTED}"),
        (
            "1 2 3 4 5 6 7 8 at home",
            "1 2 3 4 5 6 7 8 at home",
            f"{REDACTED} {REDACTED}",
        ),
    ],
)
def test_a_name_is_left_out(name: str, text: str, left: str) -> None:
    """A name is found as a whole word in any case; an underscore separates words, too."""
    assert hide(text, name) == left


def test_of_several_names_all_that_is_of_one_is_left_out() -> None:
    """One name may begin inside another, or inside an address."""
    names = ("peter", "peter's heater", "heater.shed", "example.com/shed")
    assert hide("Peter, peter's heater.shed", *names) == f"{REDACTED}, {REDACTED}"
    assert hide("//peter@ http://example.com/shed 7", *names) == (
        f"//{REDACTED}@ {REDACTED} 7"
    )


@pytest.mark.parametrize(
    "word",
    ["me", "7", "Power", "POOL", "whatsminer", "M30S", "M63S++", "M30S+_VE40", "", "…"],
)
def test_what_reports_are_full_of_is_no_name(word: str) -> None:
    """A miner that is called by its model gives nothing away."""
    text = f"Pool Rejected%, Power, whatsminer M30S+_VE40 and M63S++, me, 7: {word}"
    assert hide(text, word) == text
