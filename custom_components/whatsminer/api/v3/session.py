"""Signed commands: account, salt, token, and parameters that are sealed.

Vendor document of V3, sections "Permissions" and "Encryption".
"""

import base64
from dataclasses import dataclass, field
import hashlib
import json
import time
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from ..decode import text
from ..errors import (
    DefaultPasswordError,
    MalformedReplyError,
    WhatsminerError,
    WrongPasswordError,
)
from ..identity import Evidence
from ..protocol import IsWanted, Target
from ..sanitize import Json
from . import device_info
from .envelope import Answer, NotAllowedError, permission_error
from .requests import Conversation

# The account that every miner has, with all permissions.
DEFAULT_ACCOUNT: Final = "super"
_BLOCK: Final = 16
# Characters. The rest of a digest in base64 is not sent.
_TOKEN: Final = 8
# Seconds between the clock of the miner and ours, from which on a signature may be too old.
_FAR_OFF: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """A command before it is signed; without a parameter, `param` is None.

    `sealed` encrypts the parameter. `instead` is a parameter for firmware that finds the first one
    invalid. The repr leaves out the parameters, which may be secret.
    """

    name: str
    param: Json = field(default=None, repr=False)
    sealed: bool = False
    instead: Json = field(default=None, repr=False)


def digest(command: str, password: str, salt: str, ts: int) -> bytes:
    """Return the digest of a command at a time, in seconds since 1970; it is also a key."""
    return hashlib.sha256(
        f"{command}{password}{salt}{ts}".encode(errors="replace")
    ).digest()


def token(signature: bytes) -> str:
    """Return the token in which a digest is sent."""
    return base64.b64encode(signature).decode()[:_TOKEN]


def seal(key: bytes, param: Json) -> str:
    """Return a parameter under a key: AES-256-ECB with PKCS#7, in base64."""
    plain = json.dumps(param, separators=(",", ":")).encode()
    missing = _BLOCK - len(plain) % _BLOCK
    # The miner's protocol demands ECB.
    encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
    sealed = encryptor.update(plain + bytes([missing]) * missing) + encryptor.finalize()
    return base64.b64encode(sealed).decode()


class Session:
    """Sends signed commands to one miner.

    The salt is kept as long as it is good. Another client may let the miner change it.
    """

    def __init__(self, target: Target) -> None:
        """Prepare; nothing is sent."""
        self._target = target
        self._salt: str | None = None
        # Seconds by which the miner's clock is ahead, where it only takes its own time.
        self._ahead = 0

    @property
    def account(self) -> str:
        """Return the account that signs."""
        return self._target.account or DEFAULT_ACCOUNT

    def forget(self) -> None:
        """Forget the salt, because a command may have changed it."""
        self._salt, self._ahead = None, 0

    async def send(
        self,
        conversation: Conversation,
        write: Write,
        *,
        is_wanted: IsWanted = lambda: True,
        password: str | None = None,
        account: str | None = None,
    ) -> Answer | None:
        """Return the answer to a command, None if it is not wanted at the last moment.

        Its miner has been confirmed on the conversation. `password` and `account` are by default
        those of the target; an empty account is the one that every miner has.

        Raises:
            DefaultPasswordError: the miner refuses the default password, for either reason.
            WrongPasswordError, WriteAccessClosedError: by what the miner says of its API switch.
            UnsupportedCommandError, RefusedError, UnreachableError, MalformedReplyError,
            NotAMinerError, WrongMinerError, NoMacError.

        """
        account = self.account if account is None else account or DEFAULT_ACCOUNT
        secret = self._target.password if password is None else password
        try:
            return await self._send(conversation, write, account, secret, is_wanted)
        except WrongPasswordError as err:
            if secret != account:
                raise
            raise DefaultPasswordError(err.command, err.code, err.reason) from err

    async def _send(
        self,
        conversation: Conversation,
        write: Write,
        account: str,
        password: str,
        is_wanted: IsWanted,
    ) -> Answer | None:
        """Send a command, which is signed anew once if the miner does not allow it.

        The salt may have changed, or the miner's clock may be far from ours.
        """
        salt = self._salt or await self._fetch_salt(conversation)

        async def send() -> Answer | None:
            if not is_wanted():
                return None
            return await conversation.write(
                self._signed(write, account, password, salt)
            )

        try:
            return await send()
        except NotAllowedError as refusal:
            is_open, changed = await self._look_again(conversation, refusal, salt)
            if not changed or not self._salt:
                raise permission_error(refusal, is_open=is_open) from refusal
            salt = self._salt
        try:
            return await send()
        except NotAllowedError as refusal:
            self.forget()
            raise permission_error(refusal, is_open=is_open) from refusal

    def _signed(
        self, write: Write, account: str, password: str, salt: str
    ) -> dict[str, Json]:
        """Return the request for a command."""
        ts = int(time.time()) + self._ahead
        signature = digest(write.name, password, salt, ts)
        param = seal(signature, write.param) if write.sealed else write.param
        return {
            "cmd": write.name,
            **({} if param is None else {"param": param}),
            "ts": ts,
            "token": token(signature),
            "account": account,
        }

    async def _fetch_salt(self, conversation: Conversation) -> str:
        try:
            answer = await conversation.ask("get.device.info", "salt")
            salt = text(answer.reading().get("salt"))
            if salt is None:
                raise MalformedReplyError("get.device.info: the answer has no salt")
        except WhatsminerError as err:
            err.request_sent = False  # the command itself was not
            raise
        self._salt = salt
        return salt

    async def _look_again(
        self, conversation: Conversation, refusal: NotAllowedError, salt: str
    ) -> tuple[bool | None, bool]:
        """Return whether the API switch is on, and whether another signature may help.

        Both come from the whole answer of the expected miner, after a refusal.
        """
        before = self._ahead
        self.forget()
        try:
            answer = await conversation.ask("get.device.info")
        except WhatsminerError:
            raise permission_error(refusal, is_open=None) from refusal
        device = answer.reading()
        mac = device_info.mac(device)

        async def evidence() -> Evidence:
            return Evidence(mac, always=True)

        await self._target.identity.confirm(evidence)
        self._salt = text(device.get("salt"))
        ahead = 0 if answer.when is None else answer.when - int(time.time())
        if abs(ahead) > _FAR_OFF:
            self._ahead = ahead
        has_moved = abs(self._ahead - before) > _FAR_OFF
        return device_info.api_switch(device), has_moved or self._salt != salt
