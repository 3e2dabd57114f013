"""The cryptography between a client and the miner.

Written for the simulator alone: the integration has its own, so that a mistake in one
cannot hide in the other.
"""

import base64
import binascii
import hashlib

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from passlib.hash import md5_crypt

from .errors import Code, Refusal

_BLOCK = 16


def crypt_hash(salt: str, secret: str) -> str:
    """Return the 22-character hash part of ``$1$salt$hash`` (md5-crypt, 1000 rounds)."""
    return str(md5_crypt.using(salt=salt).hash(secret)).rsplit("$", 1)[1]


def encrypt(key: str, text: bytes) -> str:
    """Encrypt with AES-256-ECB, NUL padded, as base64.

    Args:
        key: the 22-character hash of the password; the AES key is its SHA-256.
        text: what to encrypt.
    """
    padded = text + bytes(-len(text) % _BLOCK)
    encryptor = _aes(key).encryptor()
    return base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode()


def decrypt(key: str, data: str) -> bytes:
    """Decrypt base64 AES-256-ECB text; any padding is left in place.

    Raises:
        Refusal: 137 if ``data`` is not base64, 23 if it is no whole number of blocks.
    """
    try:
        raw = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError) as err:
        raise Refusal(Code.NOT_BASE64) from err
    if not raw or len(raw) % _BLOCK:
        raise Refusal(Code.BAD_JSON)
    decryptor = _aes(key).decryptor()
    return decryptor.update(raw) + decryptor.finalize()


def _aes(key: str) -> Cipher[modes.ECB]:
    return Cipher(algorithms.AES(hashlib.sha256(key.encode()).digest()), modes.ECB())
