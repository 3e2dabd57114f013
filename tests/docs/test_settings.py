"""docs/settings.md, which says where the state of each control comes from, and what is refused when."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
import json
from pathlib import Path
from typing import Any, Final

import pytest

from custom_components.whatsminer.api import (
    SETTINGS,
    Activity,
    Capabilities,
    Command,
    Effect,
    Miner,
    RefusedError,
    Snapshot,
)
from custom_components.whatsminer.api.queue import Queue
from custom_components.whatsminer.api.v2 import envelope
from custom_components.whatsminer.api.v2.envelope import check
from custom_components.whatsminer.api.v2.generations import Generation
from custom_components.whatsminer.api.v2.known import Known, Poll
from custom_components.whatsminer.api.v2.live_answers import Live
from custom_components.whatsminer.api.v2.requests import Requests
from custom_components.whatsminer.api.v3 import fields
from custom_components.whatsminer.api.v3.envelope import Answer
from custom_components.whatsminer.api.v3.known import GENERATION
from custom_components.whatsminer.api.v3.support import support_of, version_of
from custom_components.whatsminer.const import DOMAIN
from custom_components.whatsminer.entity import WhatsminerSettingDescription
from custom_components.whatsminer.miner.settings import Settings
from custom_components.whatsminer.number import NUMBERS
from custom_components.whatsminer.select import SELECTS
from custom_components.whatsminer.switch import SWITCHES
from homeassistant.const import Platform
from simulator import SimulatedMiner
from simulator.v3 import FIRMWARE_BY_API
from tests.api.catalogue import CATALOGUE

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = ROOT / "docs" / "settings.md"
TEXTS: Final = json.loads(
    (ROOT / "custom_components" / DOMAIN / "translations" / "en.json").read_text()
)["entity"]

# The commands whose answers have settings.
COMMANDS: Final = ("summary", "status", "get_miner_info")
# The one state that is not a single reading: api/v2/known.py derives it.
MINING: Final = {
    Generation.V1: "`summary` answers and its `Elapsed` advances, `devdetails` answers",
    Generation.V2: "`status`: `mineroff`",
    Generation.V2_2: "`status`: `mineroff`",
    GENERATION: "`get.device.info`: `miner` `working`",
}
# The parts of the answer to `get.device.info` that have settings.
SECTIONS: Final = ("miner", "power")
# Two values that most settings tell apart.
PAIRS: Final = (("1", "2"), ("1", "0"))
# The column of each generation.
COLUMNS: Final = {
    Generation.V1: "V1",
    Generation.V2: "V2.0.x",
    Generation.V2_2: "V2.2",
    GENERATION: "V3",
}
# How long a requested value is shown while the miner reports another one (miner/settings.py).
PATIENCE: Final = {
    Effect.NONE: "2 polls",
    Effect.STOPS: "2 polls",
    Effect.STARTS: "5 min",
    Effect.RESTARTS_MINING: "5 min",
    Effect.NEXT_START: "until mining starts anew",
}

HEAD: Final = """\
# Where the state of each control comes from

<!-- Written by `pytest tests/docs/test_settings.py --snapshot-update` from the code. -->

Not every miner says how it is set. Each cell names what is read (the miner's command, then its
key), or says that nothing is:

* **assumed**: this firmware never reports it. The state is what the miner accepted last from Home
  Assistant, unknown until then. It is stored and outlives restarts of Home Assistant; a factory
  reset from here forgets it. A change that is made elsewhere is not seen.
* **where reported**: firmware of this generation differs. Where the key is missing or empty, it is
  assumed, as above. This is decided when the miner is set up, and again when more is reported.
* **always from …**: firmware with an earlier version of V3 may not report it, and then it is assumed.
* **–**: there is no such control.

Of two keys the first that is there counts. The last column is for what is read back: for so long
a value that was accepted is shown although the miner still reports another one; then the
reported one is shown, and a line in the log says so.

"""
TAIL: Final = """
**Power percent** is forgotten by the miner itself whenever mining stops or starts, so where it is
assumed it becomes unknown then: when a poll finds mining stopped or begun anew, and with every
command that does so. After a restart of Home Assistant it is shown again only if mining has gone
on since before. 100 percent is the power that the miner was tuned to. For 100 percent, V2.2 firmware is
told to undo the percentage, however it was set and even if it was above 100. Firmware that does not know
this command, and older firmware, is set to 100 percent. Either way, 100 is shown.

**Start after boot**: while it is off, the miner does not mine after a power cut, a reboot or an update
of its firmware until it is started, by its own switch for example. While it is on, mining begins by
itself.

**Power limit**: what was asked for is remembered as well, because a miner that limits it further
would otherwise be restarted by everyone who asks again. 99999 gives the limit back to the miner,
which then reports its own: by the action `set_power_limit`, once the ordinary power of the miner is known.
The range of the number is then 30 to 130 percent of that, and what the miner reports; the action takes any
limit from 1 to 99999 W, others than those with `confirm`. Which power is the ordinary one is in
[readings.md](readings.md#which-evidence-decides-what). The limit of `summary` is the one in force; 0 there is no reading.

**Power target**: over V3, 0 W means that there is none; V2.2 takes 1 W and more. It goes up to the highest
usual power limit. While the miner is off or tunes, it is stored, and counts from the next start.

**Fans may stop**: some firmware that speaks V3 (20250214.16.1.AMS) answers "ok" and changes *Cooling after power
off* instead. What it changed is put back, the action fails with a sentence, the log has one line, and the control is
not sent to this firmware again until Home Assistant restarts or the firmware changes.

**Frequency shift**: where it is assumed, the value that was accepted last is not sent
again, because mining would be restarted to change nothing.

**Fast boot** and **tuning speed** (more than 0) exclude each other by the vendor's document.
Nothing is hidden for that: what the miner refuses is an error, and what it accepts is shown.
"""

EFFECTS_HEAD: Final = """
## What has an effect when

A command that has no effect for sure is refused in a sentence that says what to do instead. Nothing is
sent then, no state changes, and the minute between two restarts does not begin. This holds for controls,
buttons and actions alike. Downloads of logs, updates of firmware and actions that only read are possible
at any time.

* **off**: the status is *Off* or *Stopping*.
* **starting**: the status is *Starting*: mining is on, or was switched on or restarted, and does not hash yet.
* **mining**: any other status. A miner that hashes and tunes takes a percent, and so does one with the status
  *Fault*, of which nobody knows what it does.
* Where it is **unknown** whether the miner is on, or while it does not answer, nothing is refused: it is
  told, and its own answer counts.

"""
EFFECTS_TAIL: Final = """
A miner that is off takes what counts from its next start. V1 has no power limit and no tuning speed, V2.2
and V3 have no preheating; what does not exist cannot be set at any time.

"""
# What a command that is taken does.
WORDS: Final = {
    Effect.NONE: "taken",
    Effect.NEXT_START: "from the next start",
    Effect.STARTS: "starts",
    Effect.STOPS: "stops",
    Effect.RESTARTS_MINING: "restarts mining",
    Effect.REBOOTS: "reboots",
    Effect.RESETS: "erases the settings, reboots",
}


type Field = tuple[str, str]


@dataclass(frozen=True)
class Speech:
    """The keys with which a generation answers each command, and a snapshot of it.

    `read` makes a snapshot of some of these keys.
    """

    snapshot: Snapshot
    keys: Mapping[str, frozenset[str]]
    read: Callable[[Mapping[Field, str]], Snapshot]

    def state_of(self, key: str, values: Mapping[Field, str]) -> object:
        """Return the state of a setting when a miner reports only these fields."""
        snapshot = self.read(values)
        settings = Settings("Miner", Capabilities.of(snapshot), {})
        settings.update(snapshot, snapshot.monotonic)
        return settings.value(key)

    def comes_first(self, key: str, one: Field, other: Field) -> bool:
        """Return whether one field counts where a miner reports two for the same setting."""
        for value, another in PAIRS:
            state = self.state_of(key, {one: value})
            if state is None or state == self.state_of(key, {other: another}):
                continue
            return self.state_of(key, {one: value, other: another}) == state
        raise AssertionError((key, one, other))


@pytest.fixture
async def speeches(
    socket_enabled: None,
    air_miner: SimulatedMiner,
    hydro_miner: SimulatedMiner,
    old_miner: SimulatedMiner,
    v3_miner: SimulatedMiner,
    closed_v3_port: int,
) -> list[Speech]:
    """The keys of all generations, oldest first."""
    found = []
    for miner in (old_miner, air_miner, hydro_miner):
        client = Miner(miner.host, miner.port, v3_port=closed_v3_port)
        keys = {}
        for command in COMMANDS:
            answer = await client.query(command)
            try:
                reading = check(answer, command).reading(command.upper())
            except RefusedError:  # V1 does not know every command
                reading = {}
            keys[command] = frozenset(reading)
        found.append(Speech(await client.poll(), keys, snapshot_of_v2))
    found.append(await speech_of_v3(v3_miner))
    assert [speech.snapshot.generation for speech in found] == list(COLUMNS)
    return found


async def speech_of_v3(miner: SimulatedMiner) -> Speech:
    """Return what a miner says over V3; the keys of a part of an answer have two words."""
    client = Miner(miner.host, miner.port)
    snapshot = await client.poll()
    answers: dict[str, Any] = {
        command: (await client.query(command))["msg"]
        for command in ("get.device.info", *fields.SETTINGS)
    }
    device = answers.pop("get.device.info")
    keys = {command: frozenset(answer) for command, answer in answers.items()}
    keys["get.device.info"] = frozenset(
        f"{part} {key}" for part in SECTIONS for key in device[part]
    )
    return Speech(snapshot, keys, snapshot_of_v3)


def snapshot_of_v3(values: Mapping[Field, str]) -> Snapshot:
    """Return the snapshot of a miner that reports only these fields over V3."""
    messages: dict[str, dict[str, Any]] = {command: {} for command in fields.SETTINGS}
    device: dict[str, Any] = {part: {} for part in SECTIONS}
    for (command, name), value in values.items():
        part, _, key = name.rpartition(" ")
        (device[part] if part else messages[command])[key] = value
    answers = {name: Answer(message=message) for name, message in messages.items()}
    return Snapshot(
        taken=datetime(2026, 11, 1, tzinfo=UTC),
        generation=GENERATION,
        settings=fields.settings(answers, device, mining=None),
    )


def snapshot_of_v2(values: Mapping[Field, str]) -> Snapshot:
    """Return the snapshot of a miner that reports only these fields over V2."""
    messages: dict[str, dict[str, Any]] = {command: {} for command in COMMANDS}
    messages["status"]["FirmwareVersion"] = "1"  # an empty status is a refused one
    for (command, name), value in values.items():
        messages[command][name] = value
    known = Known(Requests(Queue(), "127.0.0.1", 1))  # nothing is sent
    known.slow["get_miner_info"] = envelope.Answer(message=messages["get_miner_info"])
    live = Live({"summary": envelope.Answer(message=messages["summary"])})
    return known.snapshot(
        Poll(live, boards=[], status=envelope.Answer(message=messages["status"]))
    )


def keys_read(key: str, speech: Speech) -> list[str]:
    """Return the keys from which the state of a setting is read, the one that counts first."""
    if key == "mining":
        return [MINING[speech.snapshot.generation]]
    sources = [
        (command, name)
        for command, names in speech.keys.items()
        for name in sorted(names)
        if speech.state_of(key, {(command, name): "1"}) is not None
    ]

    def rivals_before(source: Field) -> int:
        return sum(
            other != source and speech.comes_first(key, other, source)
            for other in sources
        )

    return [
        f"`{command}`: {' '.join(f'`{word}`' for word in name.split(' '))}"
        if command == "get.device.info"
        else f"`{command}`: `{name}`"
        for command, name in sorted(sources, key=rivals_before)
    ]


def where(
    description: WhatsminerSettingDescription[Any], key: str, speech: Speech
) -> str:
    """Return where a generation's state of a setting comes from."""
    support = speech.snapshot.support
    plain = Snapshot(
        taken=speech.snapshot.taken,
        generation=speech.snapshot.generation,
        support=support,
    )
    air, liquid = (
        replace(Capabilities.of(plain), liquid_cooled=liquid)
        for liquid in (False, True)
    )
    if not (description.exists(air) or description.exists(liquid)):
        return "–"
    suffix = "" if description.exists(liquid) else " (air only)"
    suffix = suffix if description.exists(air) else " (liquid only)"
    keys = keys_read(key, speech)
    if not keys:
        return f"assumed{suffix}"
    if not air.reports_setting(key):
        keys[-1] += ", where reported"
    elif speech.snapshot.generation == GENERATION:
        first = next(
            api
            for api in FIRMWARE_BY_API
            if key in support_of(version_of(api)).settings
        )
        if first != "3.0.0":
            keys[-1] += f", always from {first} on"
    return ", else ".join(keys) + suffix


def patience(commands: list[Command]) -> str:
    """Return how long a change may take to be confirmed."""
    return ", ".join(dict.fromkeys(PATIENCE[command.effect] for command in commands))


def rows(speeches: list[Speech]) -> list[list[str]]:
    """Return the table."""
    found = [["control", *COLUMNS.values(), "waits for confirmation"]]
    controls: list[
        tuple[Platform, WhatsminerSettingDescription[Any], list[Command]]
    ] = []
    controls += [
        (Platform.SWITCH, item, [item.set_fn(on) for on in (False, True)])
        for item in SWITCHES
    ]
    controls += [
        (Platform.NUMBER, item, [item.set_fn(item.native_min_value or 0)])
        for item in NUMBERS
    ]
    controls += [
        (Platform.SELECT, item, [item.set_fn((item.options or ["low"])[0])])
        for item in SELECTS
    ]
    assert {item.key for _, item, _ in controls} == set(SETTINGS)
    for platform, item, commands in controls:
        name = TEXTS[platform].get(item.key, {}).get("name", "(the miner's own switch)")
        cells = [where(item, item.key, speech) for speech in speeches]
        read_back = any("`" in cell for cell in cells)
        found.append(
            [
                f"{name}<br>{platform} `{item.key}`",
                *cells,
                patience(commands) if read_back else "–",
            ]
        )
    return found


def effect_in(command: Command, activity: Activity) -> str:
    """Return what a command does to a miner that does something."""
    if activity not in command.needs:
        return "**refused**"
    if activity is Activity.OFF and command.effect is Effect.RESTARTS_MINING:
        return "from the next start"
    return WORDS[command.effect]


def effect_rows() -> list[list[str]]:
    """Return what each command does, by what the miner does; alike ones are in one line."""
    alike: dict[tuple[str, ...], list[str]] = {}
    for entry in CATALOGUE:
        command = entry.command
        cells = tuple(effect_in(command, activity) for activity in Activity)
        name = f"`{command.name}`"
        if command.name == "mining":
            name += " on" if command.value else " off"
        names = alike.setdefault(cells, [])
        if name not in names:
            names.append(name)
    return [
        ["control, button or action", "off", "starting", "mining", "unknown"],
        *([", ".join(names), *cells, "sent"] for cells, names in alike.items()),
    ]


def markdown(rows: list[list[str]]) -> str:
    """Return a table as it is written."""
    header, *body = rows
    lines = [header, ["---"] * len(header), *body]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def test_the_page_says_what_the_code_does(
    request: pytest.FixtureRequest, speeches: list[Speech]
) -> None:
    """`--snapshot-update` writes the page."""
    effects = f"{EFFECTS_HEAD}{markdown(effect_rows())}{EFFECTS_TAIL}"
    page = f"{HEAD}{markdown(rows(speeches))}{TAIL}{effects.rstrip()}\n"

    if request.config.option.update_snapshots:
        PAGE.write_text(page)

    assert PAGE.read_text() == page
