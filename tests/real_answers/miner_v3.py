"""A miner on two real ports that answers over V3 as it is described, and over V2 if it has that."""

from itertools import count
from typing import Any, Final, Self

from tests.api.v3.framed_miner import FramedMiner

from .described import MAC, Answers
from .described_v3 import STATUS, Messages
from .miner import PASSWORD, DescribedMiner

# Miners that speak V3 have the same port, which clients know, and an address each.
_NUMBERS: Final = count(1)


class DescribedV3Miner:
    """A miner that speaks V3.

    `v2` has the answers on the port of V2, which is closed without them. `v3_port` is the port that
    clients ask for V3 at; the fixture of this name sets it.
    """

    v3_port = 0

    def __init__(
        self,
        said: tuple[Messages, dict[str, Messages]],
        *,
        mac: str = MAC,
        v2: Answers | None = None,
    ) -> None:
        """Describe the miner; nothing listens yet."""
        device, answers = said
        number = next(_NUMBERS)
        self.host = f"127.4.{number // 250}.{number % 250 + 1}"
        self.mac = mac.lower()
        self.password = PASSWORD
        self.v3 = FramedMiner(device, **answers)
        self.v3.password = PASSWORD
        self.v3.host = self.host
        self.v2 = DescribedMiner(v2 or {}, mac=mac)
        self.v2.host = self.host
        self._has_v2 = v2 is not None
        self.port = 0

    @property
    def asked(self) -> list[str]:
        """One item for each connection, in the order of the ports."""
        return ["v3"] * self.v3.connections + self.v2.asked

    @property
    def device(self) -> dict[str, Any]:
        """The message of `get.device.info`, to change it."""
        return self.v3.device

    @property
    def answers(self) -> dict[str, Any]:
        """The messages of the other readable commands, to change them."""
        return self.v3.answers

    @property
    def summary(self) -> dict[str, Any]:
        """The summary, to change it."""
        found: dict[str, Any] = self.answers[STATUS]["summary"]
        return found

    async def __aenter__(self) -> Self:
        """Open the ports."""
        self.v3.port = self.v3_port
        await self.v3.__aenter__()
        await self.v2.__aenter__()
        self.port = self.v2.port
        if not self._has_v2:
            await self.close_v2()
        return self

    async def __aexit__(self, *error: object) -> None:
        """Close them."""
        await self.v3.__aexit__(*error)
        if self._has_v2:
            await self.close_v2()

    async def close_v2(self) -> None:
        """Close the port of V2."""
        self._has_v2 = False
        await self.v2.__aexit__()

    def advance(self, seconds: float) -> None:
        """Let the clocks in the summary go on."""
        if isinstance(said := self.answers.get(STATUS), dict) and "summary" in said:
            for key in ("elapsed", "bootup-time"):
                if key in self.summary:
                    self.summary[key] += seconds
        self.v2.advance(seconds)
