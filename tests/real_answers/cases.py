"""One miner of each kind, as its owner met it; the tests of a kind vary it further."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from tests.api import message, refusal, table

from . import described, described_v3
from .described import MAC, Answers, pools, reading
from .miner import DescribedMiner, cut, replacing
from .miner_v3 import DescribedV3Miner

# What the firmware of spring 2020 lacks beside the newer key.
NO_SUCH_COMMAND: Final = {
    "STATUS": [{"STATUS": "E", "When": 7, "Code": 14, "Msg": "Invalid command"}],
    "id": 1,
}
# The table of the miners, by the name of their kind.
type Case = Callable[[str], DescribedMiner]


def changed(answers: Answers, command: str, **values: Any) -> Answers:
    """Change some readings of an answer, whose keys have no blanks, and return the answers."""
    reading(answers, command).update(values)
    return answers


def command_key(mac: str = MAC) -> DescribedMiner:
    """Return a miner that finds no command under `cmd`."""
    answers = described.oldest(mac)
    return DescribedMiner(
        answers, mac=mac, keys=("command",), password="", others=NO_SUCH_COMMAND
    )


def odd_escape(mac: str = MAC) -> DescribedMiner:
    """Return a miner that writes an escape which JSON does not have."""
    miner = DescribedMiner(described.v1(mac), mac=mac, nul=True)
    version = b"'20201103.20.REL'"
    miner.rewrites["summary"] = replacing(version, version.replace(b"'", rb"\'"))
    return miner


def pools_cut(mac: str = MAC) -> DescribedMiner:
    """Return a miner whose list of pools ends within the second one."""
    answers = described.v2(mac)
    return DescribedMiner(
        answers | {"pools": cut(pools(3), "pool2.example.n")}, mac=mac
    )


def boards_refused(mac: str = MAC) -> DescribedMiner:
    """Return a miner that refuses its boards under both names."""
    no = refusal(132, "API command ERROR")
    return DescribedMiner(described.v2_2(mac) | {"edevs": no, "devs": no}, mac=mac)


def tripped_supply(mac: str = MAC) -> DescribedMiner:
    """Return a miner whose power supply has tripped: it is on, and produces nothing."""
    answers = described.v2_2(mac)
    reading(answers, "summary").update(
        {"HS RT": 0, "MHS av": 0, "MHS 1m": 0, "MHS 15m": 0, "Power": 18}
    )
    reading(answers, "summary").update({"Elapsed": 2400, "Hash Stable": "false"})
    answers["get_error_code"] = errors({"248": "2026-10-31 23:10:00"})
    answers["edevs"] = answers["devs"] = table(
        "DEVS", *(row | {"HS RT": 0, "MHS 1m": 0} for row in answers["edevs"]["DEVS"])
    )
    return DescribedMiner(answers, mac=mac)


def errors(*listed: object) -> Answers:
    """Return the answer to `get_error_code` with a list of errors."""
    return message({"error_code": list(listed)})


def odd_faults(mac: str = MAC) -> DescribedMiner:
    """Return a miner that reports codes of new firmware, and a sentence."""
    answers = described.v2_2(mac)
    answers["get_error_code"] = errors(
        {"5412": "2026-10-30 09:00:00"}, {"551999": ""}, {"342": ""}, "all is well"
    )
    return DescribedMiner(answers, mac=mac)


def v1_extras(mac: str = MAC) -> DescribedMiner:
    """Return a V1 miner with the air, the input of the supply and times of errors."""
    answers = described.v1(mac)
    reading(answers, "summary").update(
        {
            "Env Temp": 12.5,
            "Power Voltage Input": 234.25,
            "Power Current Input": 16.75,
            "Error Code Count": 2,
            "Error Code 0": 120,
            "Error 0 Time": "2026-10-31 21:15:00",
            "Error Code 1": 275,
            "Error 1 Time": "",
        }
    )
    return DescribedMiner(answers, mac=mac, nul=True)


def supply_in_list(mac: str = MAC) -> DescribedMiner:
    """Return a miner that lists the one object of its power supply."""
    answers = described.v2_2(mac)
    answers["get_psu"] = message([answers["get_psu"]["Msg"]])
    return DescribedMiner(answers, mac=mac)


def jumping_rate(mac: str = MAC) -> DescribedMiner:
    """Return a V1 miner whose boards have no rate but that of some time."""
    return DescribedMiner(described.v1(mac), mac=mac)


def custom_mode(mac: str = MAC) -> DescribedMiner:
    """Return a miner under a limit in watts, which it calls a mode of its own."""
    answers = described.v2_2(mac)
    changed(answers, "status", power_mode="user", power_limit_set="4150")
    reading(answers, "summary").update({"Power Mode": "User", "Power Limit": 4150})
    return DescribedMiner(answers, mac=mac)


def beyond_hundred(mac: str = MAC) -> DescribedMiner:
    """Return a water-cooled miner that runs at more than 100 percent."""
    answers = changed(
        described.v2_2(mac, "M63S_VL40"), "status", power_pct=115, liquid_temp=46.5
    )
    reading(answers, "summary").update({"Fan Speed In": 0, "Fan Speed Out": 0})
    return DescribedMiner(answers, mac=mac)


def without_fans(mac: str = MAC) -> DescribedMiner:
    """Return a water-cooled miner of which only its model, and its fans, show that."""
    answers = described.v2_2(mac, "M62S+_VK50")
    reading(answers, "summary").update({"Fan Speed In": 0, "Fan Speed Out": 0})
    return DescribedMiner(answers, mac=mac)


def no_mac() -> DescribedMiner:
    """Return a miner of 2019 that mines, and has no MAC address anywhere."""
    answers = described.oldest()
    for key in ("MAC", "Firmware Version", "Power"):
        del reading(answers, "summary")[key]
    return DescribedMiner(answers, password="", others=NO_SUCH_COMMAND)


def no_mineroff(mac: str = MAC) -> DescribedMiner:
    """Return a hashing miner whose status does not say whether mining is off."""
    answers = described.v2(mac)
    for key in ("mineroff", "mineroff_reason", "mineroff_time"):
        del reading(answers, "status")[key]
    return DescribedMiner(answers, mac=mac)


def of_v3(kind: str, mac: str = MAC, *, counts: bool = True) -> DescribedV3Miner:
    """Return a miner that speaks V3 (`m50`, `m60s`, `m64`, `m7bs`), which `counts` shares over V2."""
    said = getattr(described_v3, kind)(mac)
    v2 = described.v2_2(mac, said[0]["miner"]["type"]) if counts else None
    if v2:
        for row in v2["pools"]["POOLS"]:
            row |= {"URL": described_v3.POOL, "User": described_v3.WORKER}
    return DescribedV3Miner(said, mac=mac, v2=v2)


# Those that are well in all that is read in every poll take three connections.
CASES: Final[Mapping[str, Case]] = {
    "well, V1": lambda mac: DescribedMiner(described.v1(mac), mac=mac, nul=True),
    "well, V2": lambda mac: DescribedMiner(described.v2(mac), mac=mac),
    "well, V2.2": lambda mac: DescribedMiner(described.v2_2(mac), mac=mac),
    "no joined reads": lambda mac: DescribedMiner(
        described.v2(mac), mac=mac, joins=False
    ),
    "only the key `command`": command_key,
    "an escape that JSON does not have": odd_escape,
    "pools always cut": pools_cut,
    "boards always refused": boards_refused,
    "no `mineroff` in the status": no_mineroff,
    "power supply tripped": tripped_supply,
    "codes of new firmware": odd_faults,
    "V1 with more in its summary": v1_extras,
    "power supply in a list": supply_in_list,
    "V1 boards without a steady rate": jumping_rate,
    "mode under a limit": custom_mode,
    "more than 100 percent": beyond_hundred,
    "water without fans": without_fans,
}
