"""Keys from a password and salts, and the AES envelope of privileged commands.

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

from ..errors import MalformedReplyError

_BLOCK = 16
# Seconds. Newer firmware reports its own in `timeout`. A token is given up a minute early.
_TOKEN_LIFE = 30 * 60
_MARGIN = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A token and the key that belongs to it.

    `life` is in seconds from the issue, or from the last use if `sliding`; None means no end.
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
        """Return the plain text of an encrypted answer, without its padding (NUL or PKCS#7).

        Raises:
            MalformedReplyError: `data` is not base64, or not a whole number of blocks.

        """
        try:
            sealed = base64.b64decode("".join(data.split()), validate=True)
            decryptor = self._cipher().decryptor()
            plain = decryptor.update(sealed) + decryptor.finalize()
        except (binascii.Error, ValueError) as err:
            raise MalformedReplyError("the answer cannot be decrypted") from err
        if plain and 1 <= (count := plain[-1]) <= _BLOCK:
            return plain.removesuffix(bytes([count]) * count)
        # Some firmware leaves random bytes behind the first NUL.
        return plain.partition(b"\0")[0]

    def _cipher(self) -> Cipher[modes.ECB]:
        # The miner's protocol demands ECB.
        return Cipher(algorithms.AES(self.aes_key), modes.ECB())


def open_session(
    password: str, *, salt: str, newsalt: str, time: str, timeout: str | None = None
) -> Session:
    """Return the session for a password and the answer to `get_token`.

    `time` is the epoch or its last four digits. Only V2.2 firmware reports `timeout`: "0" for a
    token that never expires, else the seconds that it lives after its last use.

    Raises:
        MalformedReplyError: md5-crypt refuses the salts, or `timeout` is not a number.

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
    """Return the 22 characters of the hash, without its prefix and salt."""
    return str(md5_crypt.using(salt=salt).hash(secret)).rpartition("$")[2]


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
