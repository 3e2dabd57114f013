"""A miner on a real port that answers as it is described, and takes commands under a token."""

from collections.abc import Callable, Mapping
from functools import cache
import json
from typing import Any, Final, override

from simulator.cipher import crypt_hash, decrypt, encrypt
from simulator.errors import Refusal
from tests.api import HOST, INVALID_COMMAND, CannedMiner, as_bytes, message, refusal

from .described import MAC, Answers, reading

PASSWORD: Final = "barn_12"
SALT: Final = "Kd./7yQa"
_NEW_SALT, _TIME = "p0Zr4TtW", "4711"
_KEYS: Final = ("cmd", "command")
_hash = cache(crypt_hash)


class DescribedMiner(CannedMiner):
    """A canned miner that also takes encrypted commands, and whose clocks can be moved.

    Without a password it refuses `get_token` like any other command that it does not know. `joins`
    is False for firmware that refuses joined reads. `nul` adds a zero byte to each answer.
    `inner_keys` are the keys under which it looks for a command in an encrypted request. It takes
    every encrypted command for which `takes` has a function, which changes its answers.
    """

    def __init__(
        self,
        answers: Answers,
        *,
        mac: str = MAC,
        keys: tuple[str, ...] = _KEYS,
        password: str = PASSWORD,
        joins: bool = True,
        nul: bool = False,
        others: object = INVALID_COMMAND,
    ) -> None:
        """Describe the miner; nothing listens yet."""
        super().__init__(answers, HOST)
        self.mac = mac.lower()
        self.password = password
        self.joins = joins
        self.nul = nul
        self.others = others
        self.keys = lambda _: keys
        self.inner_keys = keys
        # Called with each plain command before it is answered.
        self.before: Callable[[str], None] = lambda _: None
        # What becomes of the answer to a command when it is written.
        self.rewrites: dict[str, Callable[[bytes], bytes]] = {}
        self.takes: dict[str, Callable[[Mapping[str, Any]], None]] = {
            **dict.fromkeys(("set_led", "update_pools"), lambda _: None),
            "power_off": lambda _: self.stop(),
        }
        # The encrypted commands that it took.
        self.writes: list[dict[str, Any]] = []
        # How it says no to an encrypted request that it cannot read.
        self.unread: object = refusal(23, "enc json load err")
        # How it says no to every encrypted request; None to take them.
        self.refused: object | None = None
        self._key = _hash(SALT, password)

    @property
    def sent(self) -> list[dict[str, Any]]:
        """The encrypted commands that it took, without the one that only tries the access."""
        return [
            {key: value for key, value in write.items() if key != "token"}
            for write in self.writes
            if write.get("param") != "auto"
        ]

    def stop(self) -> None:
        """Stop mining, as V2 does: the status says so, and nothing is hashed."""
        status = reading(self.answers, "status")
        if "mineroff" in status:
            status["mineroff"] = "true"
        summary = reading(self.answers, "summary")
        summary.update({key: 0 for key in summary if key.startswith(("MHS", "HS RT"))})
        summary["Power"] = 14

    def advance(self, seconds: float) -> None:
        """Let the clocks in the summary go on."""
        summary = self.answers.get("summary")
        if isinstance(summary, dict) and summary.get("STATUS") != "E":
            values = reading(self.answers, "summary")
            values = values[0] if isinstance(values, list) else values
            for key in ("Elapsed", "Uptime"):
                if key in values:
                    values[key] += seconds

    @override
    def _answer_to(self, request: Mapping[str, Any]) -> bytes:
        end = b"\0" if self.nul else b""
        return self._plain_or_sealed(request) + end

    def _plain_or_sealed(self, request: Mapping[str, Any]) -> bytes:
        if "enc" in request and self.password:
            return json.dumps(self._sealed(request["data"])).encode()
        command = next(iter(request.values()))
        self.asked.append(command)
        self.before(command)
        if not any(key in self.keys(command) for key in request):
            return as_bytes(self.keyless)
        if command == "get_token" and self.password and command not in self.answers:
            token = {"time": _TIME, "salt": SALT, "newsalt": _NEW_SALT}
            return as_bytes(message(token) | {"Code": 134})
        return self._answer(command)

    @override
    def _answer(self, command: str) -> bytes:
        parts = command.split("+")
        if len(parts) == 1:
            whole = as_bytes(self.answers.get(command, self.others))
            return self.rewrites.get(command, bytes)(whole)
        if not self.joins or command in self.answers:
            return as_bytes(self.answers.get(command, self.others))
        joined = (b'"%s":[%s]' % (part.encode(), self._answer(part)) for part in parts)
        return b'{%s,"id":1}' % b",".join(joined)

    def _sealed(self, data: str) -> object:
        """Return the answer to an encrypted request, which is encrypted if it was read."""
        try:
            plain = decrypt(self._key, data)
            request = json.JSONDecoder().raw_decode(plain.decode())[0]
        except Refusal, ValueError:
            self.asked.append("?")
            return self.unread
        command = next(
            (request[key] for key in self.inner_keys if key in request), None
        )
        self.asked.append(command or "?")
        if command is None:
            return self.keyless
        if request["token"] != _hash(_NEW_SALT, self._key + _TIME):
            return refusal(135, "check token err")
        if self.refused is not None:
            return self.refused
        return {"enc": encrypt(self._key, self._carry_out(command, request))}

    def _carry_out(self, command: str, request: dict[str, Any]) -> bytes:
        if command in self.takes:
            self.writes.append(request)
            self.takes[command](request)
            return as_bytes(message("API command OK"))
        return self._answer(command)


def replacing(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    """Return what writes one place of an answer in another way."""

    def rewrite(whole: bytes) -> bytes:
        assert whole.count(old) == 1, whole
        return whole.replace(old, new)

    return rewrite


def cut(answer: object, behind: str) -> bytes:
    """Return an answer that ends behind the last place of a piece of text."""
    text = json.dumps(answer)
    return text[: text.rindex(behind) + len(behind)].encode()
