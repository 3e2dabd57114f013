"""What can go wrong between us and a miner."""


class WhatsminerError(Exception):
    """Base of everything this package raises.

    `request_sent` tells whether the miner may have received the whole command, and so may have
    acted on it.
    """

    request_sent = True


class UnreachableError(WhatsminerError):
    """No answer came back."""

    def __init__(self, message: str, *, request_sent: bool = False) -> None:
        """Keep what happened and how far the request got."""
        super().__init__(message)
        self.request_sent = request_sent


class CannotConnectError(UnreachableError):
    """No TCP connection, or it was lost before an answer came."""


class TimedOutError(UnreachableError):
    """The miner did not answer in time."""


class UnansweredError(UnreachableError):
    """A command was sent whole, and no usable answer came: it may have been carried out."""


class NotAMinerError(WhatsminerError):
    """Something answers at this address, but it is not a Whatsminer."""


class MalformedReplyError(WhatsminerError):
    """The answer is cut short, too long, or no JSON that can be repaired."""


class MiningProcessDownError(WhatsminerError):
    """The control board answers, but its mining process is not running (yet)."""


class NoMacError(WhatsminerError):
    """The miner reports no MAC address that could identify it."""


class WrongMinerError(WhatsminerError):
    """Another miner answers at this address."""

    def __init__(self, expected: str, found: str) -> None:
        """Keep both MAC addresses (lower case, colons)."""
        super().__init__(f"expected {expected}, found {found}")
        self.expected = expected
        self.found = found


class RefusedError(WhatsminerError):
    """The miner understood the request and said no.

    `code` is its own number (vendor document, error codes), `reason` its own text.
    """

    def __init__(self, command: str, code: int | None, reason: str) -> None:
        """Keep the refused command with the miner's code and text."""
        super().__init__(f"{command}: {reason} ({code})")
        self.command = command
        self.code = code
        self.reason = reason


class UnsupportedCommandError(RefusedError):
    """Code 14: this firmware does not know the command."""


class WrongPasswordError(RefusedError):
    """Code 23: the request could not be decrypted."""


class WriteAccessClosedError(RefusedError):
    """Code 45: the API switch is off, or the default password is still set."""


class TokenRejectedError(RefusedError):
    """Code 135: the token is not, or no longer, valid."""


class TooManyTokensError(RefusedError):
    """Code 136: other clients hold all the tokens the miner gives out."""


class FirmwareRefusedError(RefusedError):
    """The miner does not take this firmware, and keeps the one that it has."""


class UpdatingError(WhatsminerError):
    """The miner gets another firmware; nothing was sent."""

    request_sent = False


class TransferError(WhatsminerError):
    """A file did not get through whole."""


class TransferBrokenError(TransferError):
    """The connection was lost half-way, or nothing was sent."""


class UpdateOutcomeUnknownError(TransferError):
    """The connection was lost half-way, and nobody knows which firmware the miner has now."""


class TransferInterruptedError(TransferError):
    """A power off came first; the file can be asked for again."""


class TransferTooLargeError(TransferError):
    """The miner has more to send than we take."""


class InvalidValueError(WhatsminerError, ValueError):
    """A parameter is out of its range, or no number; nothing was sent."""

    request_sent = False

    def __init__(
        self, parameter: str, value: float, minimum: int, maximum: int
    ) -> None:
        """Keep the value with its inclusive bounds."""
        super().__init__(f"{parameter}: {value} is not in {minimum}..{maximum}")
        self.parameter = parameter
        self.value = value
        self.minimum = minimum
        self.maximum = maximum


class InvalidTextError(WhatsminerError, ValueError):
    """A text parameter is not one that the miner could take; nothing was sent."""

    request_sent = False

    def __init__(self, parameter: str, value: str) -> None:
        """Keep the name and the value, which is not part of the message: it may be secret."""
        super().__init__(f"{parameter} is not valid")
        self.parameter = parameter
        self.value = value


class TooSoonError(WhatsminerError):
    """Mining was restarted a moment ago; nothing was sent."""

    request_sent = False

    def __init__(self, seconds: int) -> None:
        """Keep the seconds to wait."""
        super().__init__(f"wait {seconds} s before mining is restarted again")
        self.seconds = seconds


class UnconfirmedError(WhatsminerError):
    """Power off was sent twice and the miner never said that it stopped."""
