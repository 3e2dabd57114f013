"""Who gets through with a command: API switch, signature, default password, permission."""

import re
from typing import Final

from ..quirks import Quirk
from ..wire import JsonObject
from .codes import PASSWORD_TEXT, SWITCH_OFF_TEXT, Code, refusal
from .device import V3Device
from .signature import digest_of, token_of

_VALIDITY_SECONDS = 60
_ITEMS: Final = ("ts", "token", "account")
_TS = re.compile(r"-?[0-9]{1,19}")


def admit(device: V3Device, command: str, request: JsonObject) -> tuple[str, bytes]:
    """Let a command through; return who signed it, and the digest of its signature.

    Raises:
        Refusal: the switch is off, something is missing, the signature is wrong, or the
            account may not do this.
    """
    if not device.board.access.api_open:
        raise refusal(Code.NO_PERMISSION, SWITCH_OFF_TEXT)
    for item in _ITEMS:
        if request.get(item) is None:
            raise refusal(Code.INVALID_ITEM, f"{item} item is null")
    account, ts = request["account"], request["ts"]
    if isinstance(ts, bool) or not isinstance(ts, int) or not _TS.fullmatch(str(ts)):
        raise refusal(Code.FAIL)
    if not isinstance(account, str) or account not in device.accounts.passwords:
        raise _wrong(device)
    password = device.accounts.passwords[account]
    digest = digest_of(command, password, device.accounts.salt, ts)
    if request["token"] != token_of(digest):
        raise _wrong(device)
    if device.has(Quirk.STRICT_TIME) and abs(ts - device.when) > _VALIDITY_SECONDS:
        raise _wrong(device)
    if device.has(Quirk.DEFAULT_REFUSED) and device.accounts.has_default_password(
        account
    ):
        raise _wrong(device)
    if not device.accounts.may(account, command):
        raise refusal(Code.NO_PERMISSION)
    return account, digest


def _wrong(device: V3Device) -> Exception:
    """Return the refusal of a signature, in the words of this firmware."""
    if device.has(Quirk.PASSWORD_TEXT):
        return refusal(Code.FAIL, PASSWORD_TEXT)
    return refusal(Code.NO_PERMISSION)
