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
    Effect.NEXT_START: "until the next start of mining",
}

HEAD: Final = """\
# Where the state of each control comes from

<!-- Written by `pytest tests/docs/test_settings.py --snapshot-update` from the code. -->

Some miners do not report all of their settings. Each cell names what Home Assistant reads: the
miner's command, then the key in its answer. If Home Assistant cannot read the setting, the cell has
one of these words:

* **assumed**: this firmware never reports the setting. The state is the last value that the miner
  accepted from Home Assistant, and unknown before that. Home Assistant stores it, so it survives a
  restart. A factory reset from Home Assistant deletes it. Home Assistant does not notice a change
  that is made elsewhere.
* **where reported**: only some firmware of this generation reports the setting. If the key is
  missing or empty, the state is assumed, as above. Home Assistant decides this when it sets up the
  miner, and again when the miner reports more.
* **always from …**: all firmware reports the setting from this version of V3 on. If older firmware
  does not report it, the state is assumed.
* **–**: this control does not exist.

If a cell names two keys, the first key that the miner reports applies. The last column is for
settings that are read back. It says how long Home Assistant shows an accepted value while the miner
still reports another one. After that, Home Assistant shows the reported value and writes a line to
the log.

"""
TAIL: Final = """
**Power percent**: the miner forgets it whenever mining stops or starts. If the state is assumed, it
becomes unknown then: with every command that stops or starts mining, and when a poll finds that
mining has stopped or started again. After a restart of Home Assistant, the percent shows again only
if mining has continued all the time. 100 percent is the power that the miner was tuned to. To set
100 percent on V2.2 firmware, Home Assistant sends the command that removes the percentage, however
it was set and even if it was above 100. If the firmware does not know this command, or is older
than V2.2, Home Assistant sends 100 percent instead. In both cases the control shows 100.

**Start after boot**: while it is off, the miner does not mine after a power cut, a reboot or an
update of its firmware, until somebody starts it, for example with its own switch. While it is on,
mining begins automatically.

**Power limit**: Home Assistant also remembers the limit that was requested. A miner may apply a
lower limit than the requested one, and without this memory every repeated request would restart
mining. 99999 gives the limit back to the miner, which then reports its own. To send 99999 once the
ordinary power of the miner is known, use the action `set_power_limit`. The range of the number is
then 30 to 130 percent of the ordinary power, and always includes the limits that the miner reports.
The action takes any limit from 1 to 99999 W, but an unusual one only with `confirm`.
[readings.md](readings.md#which-evidence-decides-what) says how the ordinary power is determined.
The limit in `summary` is the one in force. If it is 0, Home Assistant ignores it.

**Power target**: over V3, 0 W means that there is no target. V2.2 takes 1 W and more. The maximum
is the highest usual power limit. If the miner is off or tunes, it stores the target and applies it
from the next start.

**Fans may stop**: some firmware that speaks V3 (20250214.16.1.AMS) answers "ok", but changes
*Cooling after power off* instead. Home Assistant then restores *Cooling after power off*, the
action fails with an error that says so, and the log has one line. Home Assistant does not send this
command to this firmware again until Home Assistant restarts or the firmware changes.

**Frequency shift**: if the state is assumed, Home Assistant does not send the last accepted value
again, because this would restart mining without changing anything.

**Fast boot** and **tuning speed** (more than 0): according to the vendor's document, you can use
only one of them at a time. Home Assistant offers both. If the miner refuses one, you see an error.
If it accepts one, the control shows the new value.
"""

EFFECTS_HEAD: Final = """
## What has an effect when

If a command would certainly have no effect, Home Assistant refuses it, and the error says what to
do instead. It then sends nothing and changes no state, and you do not have to wait a minute before
the next restart of mining. This applies to controls, buttons and actions. You can download logs,
update the firmware and use actions that only read at any time.

* **off**: the status is *Off* or *Stopping*.
* **starting**: the status is *Starting*. Mining is on, or was switched on or restarted, but the
  miner does not hash yet.
* **mining**: any other status. This includes a miner that hashes while it tunes. It also includes a
  miner with the status *Fault*, because Home Assistant does not know what that miner does. Home
  Assistant sends both of them a power percent.
* **unknown**: Home Assistant does not know whether the miner is on, or the miner does not answer.
  Home Assistant refuses nothing. It sends the command, and the miner accepts or refuses it.

"""
EFFECTS_TAIL: Final = """
A miner that is off accepts the settings with "from the next start", and applies them when it
starts. V1 has no power limit and no tuning speed. V2.2 and V3 have no preheating. A setting that
does not exist cannot be set at any time.
"""
# What a command that is taken does.
WORDS: Final = {
    Effect.NONE: "accepted",
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
