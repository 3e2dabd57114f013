"""Errors that the client of a miner raises."""


class WhatsminerError(Exception):
    """Base of all errors of this package.

    `request_sent` is True if the miner may have received the whole command, and so may have
    carried it out.
    """

    request_sent = True


class UnreachableError(WhatsminerError):
    """No answer came from the address."""

    def __init__(self, message: str, *, request_sent: bool = False) -> None:
        """Store the message, and whether the whole request was sent."""
        super().__init__(message)
        self.request_sent = request_sent


class CannotConnectError(UnreachableError):
    """There is no TCP connection, or it was lost before an answer came."""


class TimedOutError(UnreachableError):
    """The miner did not answer in time."""


class UnansweredError(UnreachableError):
    """A command was sent without a usable answer, so it may have been carried out."""


class NotAMinerError(WhatsminerError):
    """The device that answers at this address is not a Whatsminer."""


class MalformedReplyError(WhatsminerError):
    """The answer is cut short, too long, or not JSON that can be repaired."""


class MiningProcessDownError(WhatsminerError):
    """The control board answers, but its mining process is not running (yet)."""


class NoMacError(WhatsminerError):
    """The miner reports no valid MAC address; it may when it mines."""


class MacNotReportedError(NoMacError):
    """The miner mines, and its firmware reports no valid MAC address."""


class WrongMinerError(WhatsminerError):
    """Another miner answers at this address."""

    def __init__(self, expected: str, found: str) -> None:
        """Store both MAC addresses (lower case, with colons)."""
        super().__init__(f"expected {expected}, found {found}")
        self.expected = expected
        self.found = found


class RefusedError(WhatsminerError):
    """The miner understood the request and refused it.

    `code` is the miner's number (vendor document, error codes), `reason` the miner's text.
    """

    def __init__(self, command: str, code: int | None, reason: str) -> None:
        """Store the refused command with the miner's code and text."""
        super().__init__(f"{command}: {reason} ({code})")
        self.command = command
        self.code = code
        self.reason = reason


class UnsupportedCommandError(RefusedError):
    """This firmware does not know the command."""


class WrongPasswordError(RefusedError):
    """The miner could not decrypt the request (V2), or refuses its signature (V3)."""


class DefaultPasswordError(WrongPasswordError):
    """The miner refuses the default password: it has another one, or takes no commands with it."""


class NotPermittedError(RefusedError):
    """The password is right, but its account may not send this command."""


class NeedsPasswordError(WrongPasswordError):
    """Only one protocol can carry the command out, and it refuses the password.

    `account` is the account whose password it needs, `protocol` its name.
    """

    def __init__(self, refusal: RefusedError, account: str, protocol: str) -> None:
        """Store whose password is needed."""
        super().__init__(refusal.command, refusal.code, refusal.reason)
        self.account = account
        self.protocol = protocol


class StartNeedsPasswordError(NeedsPasswordError):
    """Only the protocol that stopped mining can start it, and it refuses the password."""


class PasswordUntriedError(RefusedError):
    """A password cannot be tried now: there is no command that would change nothing."""

    request_sent = False


class WriteAccessClosedError(RefusedError):
    """The API switch is off, or the default password is still set."""


class TokenRejectedError(RefusedError):
    """The miner does not accept the token, or no longer."""


class TooManyTokensError(RefusedError):
    """Other clients hold all tokens that the miner gives out."""


class FirmwareRefusedError(RefusedError):
    """The miner refuses this firmware and keeps its present one."""


class UpdatingError(WhatsminerError):
    """The firmware of the miner is being updated; nothing was sent."""

    request_sent = False


class TransferError(WhatsminerError):
    """A file was not transferred as a whole."""


class TransferBrokenError(TransferError):
    """The log was empty, or the connection was lost before its end."""


class UpdateOutcomeUnknownError(TransferError):
    """The connection was lost during an update, so the miner may have either firmware."""


class TransferInterruptedError(TransferError):
    """A power off interrupted the download; the log can be requested again."""


class TransferTooLargeError(TransferError):
    """The log is larger than this client accepts."""


class InvalidValueError(WhatsminerError, ValueError):
    """A parameter is out of its range, or not a number; nothing was sent."""

    request_sent = False

    def __init__(
        self, parameter: str, value: float, minimum: int, maximum: int
    ) -> None:
        """Store the value with its inclusive bounds."""
        super().__init__(f"{parameter}: {value} is not in {minimum}..{maximum}")
        self.parameter = parameter
        self.value = value
        self.minimum = minimum
        self.maximum = maximum


class InvalidTextError(WhatsminerError, ValueError):
    """A text parameter is not valid for the miner; nothing was sent."""

    request_sent = False

    def __init__(self, parameter: str, value: str) -> None:
        """Store the name and the value; a value may be secret, so the message leaves it out."""
        super().__init__(f"{parameter} is not valid")
        self.parameter = parameter
        self.value = value


class NoEffectError(WhatsminerError):
    """The command has no effect while the miner does what it does; nothing was sent."""

    request_sent = False

    def __init__(self, command: str, activity: str) -> None:
        """Store the name of the command, and what the miner does (a value of `Activity`)."""
        super().__init__(f"{command} has no effect: {activity}")
        self.command = command
        self.activity = activity


class TooSoonError(WhatsminerError):
    """Mining was restarted less than a minute ago; nothing was sent."""

    request_sent = False

    def __init__(self, seconds: int) -> None:
        """Store the seconds to wait."""
        super().__init__(f"wait {seconds} s before mining is restarted again")
        self.seconds = seconds


class UnconfirmedError(WhatsminerError):
    """Power off was sent twice, and the miner did not confirm that it stopped."""


def unsupported(command: str) -> UnsupportedCommandError:
    """Return the error for a command that a protocol does not have; nothing was sent."""
    error = UnsupportedCommandError(command, None, "not in this protocol")
    error.request_sent = False
    return error
