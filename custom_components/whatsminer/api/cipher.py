"""Password and salts to keys; the AES envelope of privileged commands.

Vendor document, sections "get_token" and "API ciphertext".
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
import hashlib
import json

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from passlib.hash import md5_crypt

from .errors import MalformedReplyError

_BLOCK = 16
# The miner's default; newer firmware tells its own in `timeout`. A minute is kept in hand.
_TOKEN_LIFE = 30 * 60
_MARGIN = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A token and the key that goes with it.

    `life` is in seconds from the issue, or from the last use when `sliding`; None is for ever.
    """

    sign: str = field(repr=False)
    aes_key: bytes = field(repr=False)
    life: float | None = _TOKEN_LIFE - _MARGIN
    sliding: bool = False

    def seal(self, command: str, parameters: Mapping[str, str | int]) -> bytes:
        """Return the request line for a command: `{"enc":1,"data":"<base64>"}`."""
        plain = _compact({"cmd": command, **parameters, "token": self.sign}).encode()
        plain += bytes(-len(plain) % _BLOCK)
        encryptor = self._cipher().encryptor()
        data = base64.b64encode(encryptor.update(plain) + encryptor.finalize())
        return _compact({"enc": 1, "data": data.decode()}).encode()

    def open(self, data: str) -> bytes:
        """Return the plain text of an encrypted answer, without its padding (either kind).

        Raises:
            MalformedReplyError: `data` is no base64, or no whole number of blocks.

        """
        try:
            sealed = base64.b64decode("".join(data.split()), validate=True)
            decryptor = self._cipher().decryptor()
            plain = decryptor.update(sealed) + decryptor.finalize()
        except (binascii.Error, ValueError) as err:
            raise MalformedReplyError("the answer cannot be decrypted") from err
        if plain and 1 <= (count := plain[-1]) <= _BLOCK:
            return plain.removesuffix(bytes([count]) * count)
        return plain.partition(b"\0")[
            0
        ]  # some firmware leaves rubbish behind the first

    def _cipher(self) -> Cipher[modes.ECB]:
        # The miner's protocol, not our choice.
        return Cipher(algorithms.AES(self.aes_key), modes.ECB())


def open_session(
    password: str, *, salt: str, newsalt: str, time: str, timeout: str | None = None
) -> Session:
    """Derive the session from a password and the answer to `get_token`.

    `time` may be the whole epoch or its last four digits; `timeout` is what V2.2 firmware adds:
    "0" for tokens that never expire, else seconds since the last use.

    Raises:
        MalformedReplyError: the salts are not what md5-crypt takes.

    """
    try:
        key = _md5_crypt(password, salt)
        sign = _md5_crypt(key + time[-4:], newsalt)
        seconds = None if timeout is None else int(timeout)
    except ValueError as err:
        raise MalformedReplyError("the miner's token cannot be used") from err
    aes_key = hashlib.sha256(key.encode()).digest()
    if seconds is None:
        return Session(sign=sign, aes_key=aes_key)
    return Session(
        sign=sign,
        aes_key=aes_key,
        life=max(seconds - _MARGIN, seconds / 2) if seconds else None,
        sliding=True,
    )


def _md5_crypt(secret: str, salt: str) -> str:
    """Return the 22 characters of the hash alone."""
    return str(md5_crypt.using(salt=salt).hash(secret)).rpartition("$")[2]


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
