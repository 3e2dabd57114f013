"""The V3 API of the miner: from the text of a request to the frame of its answer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial, reduce
import json
import logging
from typing import Final

from ..errors import Refusal
from ..misbehaviour import Line
from ..quirks import MANGLERS
from ..transfer import FirmwareUpload, LogDownload, Transfer
from ..wire import Json, JsonObject, first_object, to_json
from .codes import PASSWORD_TEXT, Code, refusal
from .device import V3Device
from .frames import frame
from .gate import admit
from .miner_writes import MINER_WRITES
from .reads import READS
from .reports import Reports
from .signature import open_sealed
from .status import summary
from .system_writes import SYSTEM_WRITES
from .write import Call, Write

_LOGGER = logging.getLogger(__name__)

WRITES: Final[Mapping[str, Write]] = {**MINER_WRITES, **SYSTEM_WRITES}
# What restarts mining or the board, by the names of requests.
INTERRUPTING: Final = frozenset(
    {name for name, write in WRITES.items() if write.interrupts}
    | {"set.miner.service restart"}
)
_LOG_PIECE = 10 * 1024
_UNSIGNED = ("ts", "token")


@dataclass(frozen=True, slots=True)
class V3Exchange:
    """A request that was understood and waits to be carried out.

    Attributes:
        names: what it is called, the narrowest name first: the command with its parameter
            if that is a word, the command, then ``v3``.
        text: does what was asked and returns the text of the answer.
        refusal: returns the text of a refusal with a code and a text instead.
        transfer: what follows the answer, None for nothing.
    """

    names: tuple[str, ...]
    text: Callable[[], bytes]
    refusal: Callable[[int, str | None], bytes]
    transfer: Transfer | None = None

    def carry_out(self) -> bytes:
        """Carry the request out and return the answer in its frame."""
        return frame(self.text())

    def framed(self, text: bytes, announced: int | None = None) -> bytes:
        """Return a text in its frame."""
        return frame(text, announced)

    def refuse(self, code: int, text: str | None) -> bytes:
        """Return a refusal in its frame."""
        return frame(self.refusal(code, text))

    async def serve(
        self, line: Line, *, share: float | None = None, confirm: bool = True
    ) -> None:
        """Carry the request out, answer, and do what follows; see ``Transfer``."""
        answer = self.carry_out()
        if self.transfer is None:
            await line.send(answer)
        else:
            await self.transfer.run(answer, line, share=share, confirm=confirm)


class V3Api:
    """The V3 API of one miner, without its sockets.

    Attributes:
        requests: every request in order; encrypted parameters are decrypted where the
            miner could.
        writes: every command that came with a right signature, in order.
    """

    def __init__(self, device: V3Device) -> None:
        """Serve a device."""
        self.device = device
        self.requests: list[JsonObject] = []
        self.writes: list[JsonObject] = []

    def receive(self, text: bytes, reports: Reports) -> V3Exchange:
        """Read a request; nothing is carried out yet.

        Args:
            text: the text of the request.
            reports: those of the connection that it came on.
        """
        try:
            request = first_object(text)
        except ValueError:
            return self._refused("", refusal(Code.FAIL, PASSWORD_TEXT))
        self.requests.append(request)
        name = request.get("cmd")
        if not isinstance(name, str):
            return self._refused("", refusal(Code.INVALID_ITEM, "cmd item is null"))
        _LOGGER.debug("%s V3 %s", self.device.state.identity.mac, json.dumps(request))
        try:
            return self._known(name, request, reports)
        except Refusal as refused:
            return self._refused(name, refused, request.get("param"))

    def report(self) -> bytes:
        """Return a report in its frame."""
        self.device.board.catch_up()
        message = {"summary": summary(self.device)}
        return frame(self._text("get.miner.report", Code.OK, message))

    def _known(self, name: str, request: JsonObject, reports: Reports) -> V3Exchange:
        """Return the exchange of a command that this version has, and may be carried out.

        Raises:
            Refusal: it has not, or may not.
        """
        param = request.get("param")
        if name in READS and READS[name][1] <= self.device.api:
            read = READS[name][0]
            log = LogDownload(self.device.board, _LOG_PIECE)
            return self._exchange(
                name,
                param,
                partial(read, self.device, param),
                log if name == "get.log.download" else None,
            )
        write = WRITES.get(name)
        if write is None or write.since > self.device.api:
            raise refusal(Code.INVALID_COMMAND)
        self.device.board.catch_up()
        account, digest = admit(self.device, name, request)
        if write.sealed:
            param = open_sealed(digest, param)
            self.requests[-1] = request = request | {"param": param}
        self.writes.append({k: v for k, v in request.items() if k not in _UNSIGNED})
        call = Call(account, param, reports)
        upload = FirmwareUpload(self.device.board, partial(self._result, name))
        return self._exchange(
            name,
            param,
            partial(write.carry_out, self.device, call),
            upload if name == "set.system.update_firmware" else None,
        )

    def _result(self, name: str, refused: Refusal | None) -> bytes:
        """Return the last answer of a firmware upload."""
        if refused is None:
            return frame(self._text(name, Code.OK, "ok"))
        return frame(self._text(name, Code.FAIL, "invalid firmware"))

    def _exchange(
        self,
        name: str,
        param: Json,
        carry_out: Callable[[], Json | None],
        transfer: Transfer | None = None,
    ) -> V3Exchange:
        def answer() -> bytes:
            self.device.board.catch_up()
            try:
                message = carry_out()
            except Refusal as refused:
                return self._text(name, refused.code, refused.text)
            return self._text(name, Code.OK, "ok" if message is None else message)

        def refuse(code: int, text: str | None) -> bytes:
            refused = refusal(code, text)
            return self._text(name, refused.code, refused.text)

        word = (f"{name} {param}",) if isinstance(param, str) else ()
        return V3Exchange((*word, name, "v3"), answer, refuse, transfer)

    def _refused(self, name: str, refused: Refusal, param: Json = None) -> V3Exchange:
        def carry_out() -> Json:
            raise refused

        return self._exchange(name, param, carry_out)

    def _text(self, name: str, code: int, message: Json) -> bytes:
        answer: JsonObject = {
            "code": int(code),
            "when": self.device.when,
            "msg": message,
            "desc": name,
        }
        quirks = self.device.board.quirks
        manglers = [MANGLERS[quirk] for quirk in MANGLERS if quirk in quirks]
        text = reduce(lambda text, mangle: mangle(text), manglers, to_json(answer))
        return text.encode(errors="replace")
