"""What the parts of the run share, and the steps that several of them take."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import IPv4Network
import json
from pathlib import Path

from demo_instance.client import DOMAIN, Client
from demo_instance.instance import Demo
from demo_instance.miners import AIR, OLD
from demo_instance.waiting import until

from .catalogue import Placed, silent_part
from .farm import Farm
from .pages import PAGES, read
from .pulse import Figures, Pulse
from .report import Mismatch, Report

INTERVAL = 10  # seconds, the shortest that the options offer
# How long the event loop may be held: so many seconds, and a little more for each hostile entry,
# which has as many entities as a good miner's. On a slow machine it may be so many times as long as
# without hostile devices.
_MOST_SECONDS_HELD = 1.0
_SECONDS_HELD_BY_ENTRY = 0.005
_MOST_TIMES_HELD = 30
_LATEST = 1.6  # intervals between two polls of a good miner


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How long everything is.

    Attributes:
        short: whether fewer devices take part.
        quiet: seconds without hostile devices.
        scan: seconds that a scan may take.
        watch: seconds with them, at the least.
        slowest: seconds for which the start waits for the slowest of them.
        only: what has to be in the devices' names.
    """

    short: bool
    quiet: float
    scan: float
    watch: float
    slowest: float
    only: str = ""


@dataclass(slots=True)
class Stage:
    """Home Assistant, good miners, and hostile devices once they are there.

    Attributes:
        config: Home Assistant's folder.
        report: the table.
        farm: where the devices are.
        entries: the id of the entry of each that has one, by its address.
        titles: the titles of these entries.
        quiet: the figures without hostile devices.
    """

    demo: Demo
    config: Path
    form: Form
    placed: Sequence[Placed]
    report: Report
    farm: Farm = field(init=False)
    entries: dict[str, str] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)
    quiet: Figures = field(default_factory=Figures)

    @property
    def client(self) -> Client:
        """The administrator of Home Assistant."""
        return self.demo.client

    @property
    def silent_network(self) -> IPv4Network:
        """The part of the network in which no device ever answers."""
        return silent_part(self.demo.network)

    @property
    def talkative_networks(self) -> list[IPv4Network]:
        """The rest of the network, with the good miners."""
        return sorted(self.demo.network.address_exclude(self.silent_network))

    @property
    def names_of_entries(self) -> dict[str, str]:
        """The name of the device of each entry."""
        names = {each.host: each.name for each in self.placed}
        return {entry: names[host] for host, entry in self.entries.items()}

    def stored(self, name: str) -> str:
        """Return what Home Assistant has stored under a name, or an empty text."""
        path = self.config / ".storage" / name
        return path.read_text() if path.exists() else ""

    @asynccontextmanager
    async def watched(self, when: str) -> AsyncIterator[Figures]:
        """Observe Home Assistant and the good miners, and verify what was observed.

        Raises:
            GoneError: Home Assistant does not answer any more.
        """
        miners = [self.demo.miner(plan) for plan in (AIR, OLD)]
        pulse = Pulse(self.client.another(), miners, self.config)
        async with pulse.taking() as figures:
            yield figures
        async with self.report.step(f"the event loop responds {when}") as step:
            step.shown = f"{1000 * figures.worst:.0f} ms at most"
            if self.quiet.worst:
                times = figures.worst / self.quiet.worst
                step.shown += f", {times:.1f} times as long as without them"
            if figures.worst > max(
                _MOST_SECONDS_HELD + _SECONDS_HELD_BY_ENTRY * len(self.entries),
                _MOST_TIMES_HELD * self.quiet.worst,
            ):
                raise Mismatch(f"it was blocked for {step.shown}")
        async with self.report.step(f"good miners are polled {when}") as step:
            polls = sum(len(times) - 1 for times in figures.polls.values())
            late = figures.late(INTERVAL)
            step.shown = f"{polls} polls in {figures.seconds:.0f} s, {late:.2f} intervals at most between two"
            if late > _LATEST:
                raise Mismatch(step.shown)

    async def read_pages(self, when: str) -> None:
        """Read everything that the web page reads, and open the dialogue that adds miners."""
        for page in PAGES:
            async with self.report.step(f"{page.name}, {when}") as step:
                _, step.shown = await read(self.client, page)
        async with self.report.step(f"the dialogue that adds a miner, {when}"):
            form = await self.client.start_flow("manual")
            await self.client.cancel(form["flow_id"])

    async def see_entries(self) -> None:
        """Wait until all entries are stored, and see which is whose.

        Raises:
            Mismatch: they are not stored, as when one of them cannot be.
        """
        hosts = {each.host for each in self.placed}

        async def is_stored() -> bool:
            listed = await self.client.command("config_entries/get", domain=DOMAIN)
            stored = {
                entry["entry_id"]: entry
                for entry in json.loads(self.stored("core.config_entries"))["data"][
                    "entries"
                ]
                if entry["domain"] == DOMAIN
            }
            self.entries = {
                entry["data"]["host"]: entry_id
                for entry_id, entry in stored.items()
                if entry["data"].get("host") in hosts
            }
            self.titles = {
                host: stored[id_]["title"] for host, id_ in self.entries.items()
            }
            return stored.keys() >= {entry["entry_id"] for entry in listed}

        await until(is_stored, "all entries are stored")
