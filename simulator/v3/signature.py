"""The signature of a command, and the parameters that travel encrypted.

Written for the simulator alone: the integration has its own, so that a mistake in one
cannot hide in the other.
"""

import base64
import binascii
import hashlib
import json

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from ..wire import Json
from .codes import Code, refusal

_BLOCK = 16
_TOKEN_LETTERS = 8


def digest_of(command: str, password: str, salt: str, ts: int) -> bytes:
    """Return the 32 bytes that sign a command, and encrypt its parameter."""
    return hashlib.sha256(f"{command}{password}{salt}{ts}".encode()).digest()


def token_of(digest: bytes) -> str:
    """Return the token of a digest: the first letters of its base64."""
    return base64.b64encode(digest).decode()[:_TOKEN_LETTERS]


def open_sealed(digest: bytes, sealed: Json) -> Json:
    """Decrypt a parameter: AES-256-ECB, padded as PKCS#7 or with NUL, encoded once or twice.

    Raises:
        Refusal: it is no text, no base64, no whole number of blocks, or no JSON.
    """
    if not isinstance(sealed, str):
        raise refusal(Code.FAIL)
    try:
        raw = base64.b64decode(sealed, validate=True)
        decryptor = Cipher(algorithms.AES(digest), modes.ECB()).decryptor()
        plain = _unpad(decryptor.update(raw) + decryptor.finalize())
        value = json.loads(plain)
        # The vendor's old demo encrypts a text that holds the JSON.
        return json.loads(value) if isinstance(value, str) else value  # type: ignore[no-any-return]
    except (binascii.Error, ValueError) as err:
        raise refusal(Code.FAIL) from err


def _unpad(padded: bytes) -> bytes:
    """Remove either padding; JSON ends neither with NUL nor with so low a byte."""
    if not padded.endswith(b"\0") and padded and padded[-1] <= _BLOCK:
        return padded[: -padded[-1]]
    return padded.rstrip(b"\0")
