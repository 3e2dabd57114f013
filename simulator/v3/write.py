"""What a signed command of V3 is made of."""

from collections.abc import Callable
from dataclasses import dataclass

from ..wire import Json
from .device import V3Device
from .reports import Reports


@dataclass(frozen=True, slots=True)
class Call:
    """A command whose signature was right.

    Attributes:
        account: who signed it.
        param: the parameter, decrypted where it came encrypted; None for none.
        reports: the reports on the connection that it came on.
    """

    account: str
    param: Json
    reports: Reports


type Carry = Callable[[V3Device, Call], Json | None]


@dataclass(frozen=True, slots=True)
class Write:
    """A command that has to be signed.

    Attributes:
        carry_out: does it and returns the ``msg``, None for ``ok``.
        interrupts: whether it restarts mining or the board.
        since: the version that brought it; an older one answers -2.
        sealed: whether the parameter comes encrypted.
    """

    carry_out: Carry
    interrupts: bool = False
    since: str = "3.0.0"
    sealed: bool = False
