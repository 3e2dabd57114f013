"""The API of the miner: from the bytes of a request to those of its answer."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial, reduce
import json
import logging

from .access import Access
from .arguments import name_of
from .cipher import decrypt, encrypt
from .device import Device
from .errors import Code, Refusal
from .firmware import Firmware
from .misbehaviour import Line
from .quirks import MANGLERS, Quirk
from .transfer import FirmwareUpload, LogDownload, Transfer
from .wire import Json, JsonObject, first_object, to_json
from .writes import OK_TEXT, WRITABLE

_LOGGER = logging.getLogger(__name__)

# What the proxy answers while cgminer is not running.
_PROCESS_DOWN = b"Socket connect failed: Connection refused\n"


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request that was understood and waits to be carried out.

    Attributes:
        names: what it is called, the narrowest name first: the command (``a+b`` for joined
            reads, empty if it could not be read), then ``v2``.
        carry_out: does what was asked and returns the answer.
        refuse: returns a refusal with a code and a text instead.
        transfer: what follows the answer, None for nothing.
    """

    names: tuple[str, ...]
    carry_out: Callable[[], bytes]
    refuse: Callable[[int, str | None], bytes]
    transfer: Transfer | None = None

    def text(self) -> bytes:
        """Carry the request out and return the answer, which has no frame."""
        return self.carry_out()

    def framed(self, text: bytes, announced: int | None = None) -> bytes:
        """Return the text as it is."""
        return text

    async def serve(
        self, line: Line, *, share: float | None = None, confirm: bool = True
    ) -> None:
        """Carry the request out, answer, and do what follows; see ``Transfer``."""
        answer = self.carry_out()
        if self.transfer is None:
            await line.send(answer)
        else:
            await self.transfer.run(answer, line, share=share, confirm=confirm)


class Api:
    """The API of one miner, without its sockets.

    Attributes:
        requests: every request in order; decrypted where the miner could.
        writes: every privileged command that came with a valid token, in order.
    """

    def __init__(self, firmware: Firmware, device: Device) -> None:
        """Serve a device in the dialect of a firmware."""
        self.firmware = firmware
        self.device = device
        self.requests: list[JsonObject] = []
        self.writes: list[JsonObject] = []

    @property
    def _access(self) -> Access:
        return self.device.access

    def receive(self, data: bytes, client: str) -> Exchange:
        """Read a request; nothing is carried out yet.

        Args:
            data: the bytes of the request.
            client: the address it came from, which tokens are counted by.
        """
        try:
            request = first_object(data)
        except ValueError:
            return self._refused(Refusal(Code.BAD_JSON, "json cmd err"))
        if type(request.get("enc")) is not int or request["enc"] != 1:
            return self._plain(request, client)
        key = self._access.key  # an answer goes out under the key its request came in
        try:
            return self._privileged(request, key)
        except Refusal as refusal:
            return self._refused(refusal, key)

    # Plain requests

    def _plain(self, request: JsonObject, client: str) -> Exchange:
        self.requests.append(request)
        try:
            self._require_key(request)
        except Refusal as refusal:
            return self._refused(refusal)
        name = name_of(request)
        _LOGGER.debug("%s read %s", self.device.state.identity.mac, name)
        return self._exchange(name, partial(self._read, name, request, client))

    def _read(self, name: str, request: JsonObject, client: str) -> bytes:
        parts = name.split("+")
        if (
            Quirk.PROCESS_DOWN in self.device.quirks
            and not self.device.state.mining
            and self.firmware.joinable.issuperset(parts)
        ):
            return _PROCESS_DOWN
        if name == "get_token":
            return self._finish(self._text(self._token(client)))
        if name in self.firmware.reads:
            answer = self._answer(name, request)
        elif self.firmware.joinable.issuperset(parts):
            answer = {
                part: [self._answer(part, request, joined=True)] for part in parts
            } | {"id": 1}
        elif self._knows(name):
            raise Refusal(Code.ACCESS_DENIED)  # it has to come encrypted
        else:
            answer = self.firmware.unknown(self.device)
        return self._finish(self._text(answer))

    def _answer(self, name: str, request: JsonObject, *, joined: bool = False) -> Json:
        """Answer a read, alone or as a part of a join."""
        refuses = {Quirk.BOARDS_REFUSED} | (
            {Quirk.BOARDS_NOT_JOINED} if joined else set()
        )
        if name in ("edevs", "devs") and refuses & self.device.quirks:
            refusal = Refusal(Code.COMMAND_ERROR, "API btminer unknow err")
            return self.firmware.refusal(self.device, refusal)
        return self.firmware.reads[name](self.device, request)

    def _token(self, client: str) -> Json:
        if Quirk.SINGLE_SESSION in self.device.quirks:
            self._access.void_tokens()
        return self.firmware.success(
            self.device, self._access.issue(client), Code.TOKEN_OK
        )

    # Encrypted requests

    def _privileged(self, envelope: JsonObject, key: str) -> Exchange:
        """Decrypt a request and check its token; the order is the miner's."""
        self.requests.append(envelope)
        if not self._access.writable:
            raise Refusal(Code.ACCESS_DENIED)
        data = envelope.get("data")
        if not isinstance(data, str):
            raise Refusal(Code.INVALID_COMMAND)
        try:
            request = first_object(decrypt(key, data))
        except ValueError as err:
            raise Refusal(Code.BAD_JSON) from err
        self.requests[-1] = request
        self._require_key(request)
        name = name_of(request)
        _LOGGER.debug(
            "%s command %s", self.device.state.identity.mac, json.dumps(request)
        )
        self._access.check(request.get("token"))
        if name not in self.firmware.reads and name != "get_customer_msg":
            arguments = {
                k: v for k, v in request.items() if k not in ("token", "cmd", "command")
            }
            self.writes.append(arguments | {"cmd": name})
        return self._exchange(
            name,
            partial(self._write, key, name, request),
            self._transfer(key, name),
            key=key,
        )

    def _write(self, key: str, name: str, request: JsonObject) -> bytes:
        if name in self.firmware.reads:
            return self._seal(key, self._answer(name, request))
        if not self._knows(name):
            raise Refusal(Code.INVALID_COMMAND)
        message = WRITABLE[name].carry_out(self.device, request)
        return self._seal(key, self.firmware.success(self.device, message))

    def _knows(self, name: str) -> bool:
        writable = WRITABLE.get(name)
        return writable is not None and self.firmware.generation in writable.generations

    def _transfer(self, key: str, name: str) -> Transfer | None:
        if name == "download_logs":
            return LogDownload(self.device)
        if name == "update_firmware":
            return FirmwareUpload(self.device, partial(self._result, key))
        return None

    def _result(self, key: str, refusal: Refusal | None) -> bytes:
        if refusal is None:
            return self._seal(key, self.firmware.success(self.device, OK_TEXT))
        return self._seal(key, self.firmware.refusal(self.device, refusal))

    # Answers

    def _exchange(
        self,
        command: str,
        carry_out: Callable[[], bytes],
        transfer: Transfer | None = None,
        *,
        key: str | None = None,
    ) -> Exchange:
        """Return an exchange; the request was encrypted with the key, if there is one."""

        def answer() -> bytes:
            self.device.catch_up()
            try:
                return carry_out()
            except Refusal as refusal:
                return self._refusal(refusal, key)

        return Exchange(
            (command, "v2"),
            answer,
            lambda code, text: self._refusal(Refusal(code, text), key),
            transfer,
        )

    def _refused(self, refusal: Refusal, key: str | None = None) -> Exchange:
        return self._exchange("", partial(self._refusal, refusal, key), key=key)

    def _require_key(self, request: JsonObject) -> None:
        if Quirk.COMMAND_KEY in self.device.quirks and "command" not in request:
            raise Refusal(Code.NO_COMMAND)

    def _refusal(self, refusal: Refusal, key: str | None) -> bytes:
        answer = self.firmware.refusal(self.device, refusal)
        quirks = self.device.quirks
        if key is None:
            return self._finish(self._text(answer))
        if Quirk.TWICE_ENCRYPTED in quirks:
            once = encrypt(key, self._text(answer).encode())
            return self._finish(to_json({"enc": encrypt(key, once.encode())}))
        if Quirk.ENCRYPTED_REFUSALS in quirks or (
            Quirk.ENCRYPTED_135 in quirks and refusal.code == Code.TOKEN_WRONG
        ):
            return self._seal(key, answer)
        return self._finish(self._text(answer))

    def _seal(self, key: str, answer: Json) -> bytes:
        return self._finish(to_json({"enc": encrypt(key, self._text(answer).encode())}))

    def _text(self, answer: Json) -> str:
        manglers = [MANGLERS[q] for q in MANGLERS if q in self.device.quirks]
        return reduce(lambda text, mangle: mangle(text), manglers, to_json(answer))

    def _finish(self, text: str) -> bytes:
        nul = "\0" if Quirk.TRAILING_NUL in self.device.quirks else ""
        return (text + nul).encode()
