"""What the client of a miner knows without asking it: address, account, protocol."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from .accounts import Accounts
from .choice import ProtocolChoice
from .commands import Command
from .errors import UpdatingError
from .identity import Identity
from .protocol import V3_PORT, Protocol, Target, WriteProbe
from .queue import Queue
from .sanitize import Json
from .sender import Sender
from .v2 import DEFAULT_PORT
from .writer import Writer


@dataclass(frozen=True, slots=True)
class Remembered:
    """What a client has learnt of its miner that outlasts restarts of Home Assistant.

    `spoken` is the name of the protocol of the last poll if it is not V2. `stopped_by` are the names
    of those that stopped mining, and start it again. `is_proven` says that the protocol in use has
    taken a command with the password.
    """

    spoken: str | None = None
    stopped_by: tuple[str, ...] = ()
    is_proven: bool = False


class ClientState:
    """What a client knows of its miner without asking it, and which protocol it uses."""

    def __init__(
        self,
        host: str,
        port: int = DEFAULT_PORT,
        *,
        v3_port: int | None = None,
        account: str = "",
        password: str = "",
        mac: str | None = None,
    ) -> None:
        """Create the client; nothing is sent.

        `mac` is the address of the expected miner, in lower case with colons. Without it, the
        first poll accepts any miner. `port` is that of V2, `v3_port` that of V3, by default 4433.
        `password` is that of `account` in V3, by default `super`. Where V3 refuses it, it is that
        of the account `admin` in V2.
        """
        self._target = Target(
            host,
            port,
            password,
            Queue(),
            Identity(mac),
            v3_port=v3_port or V3_PORT,
            account=account,
        )
        self._given_v3_port = v3_port
        self._choice = ProtocolChoice(self._target)
        self._writer = Writer(self._target.queue)
        self._accounts = Accounts(self._target, self._choice)
        self._sender = Sender(self._choice, self._accounts, self._writer)
        self._updating = False
        self._is_restored = False
        self._bug_logged = False

    @property
    def address(self) -> tuple[str, int]:
        """Return host and port."""
        return self._target.host, self._target.v2_port

    @property
    def mac(self) -> str | None:
        """Return the MAC address in lower case with colons, None before it was first reported."""
        return self._target.identity.mac

    @property
    def is_confirmed(self) -> bool:
        """Return whether the last poll confirmed the MAC address; a stopped V1 reports none."""
        return self._target.identity.is_confirmed

    @property
    def replies(self) -> Mapping[str, Mapping[str, Json]]:
        """Return the last answer to each readable command as received, secrets included."""
        other = self._choice.alternative
        return {**(other.replies if other else {}), **self._choice.current.replies}

    @property
    def v3_port(self) -> int | None:
        """Return the port of V3 that was given, None for the one that miners have."""
        return self._given_v3_port

    @property
    def password(self) -> str:
        """Return the password; setting it sends nothing to the miner."""
        return self._target.password

    @password.setter
    def password(self, password: str) -> None:
        if password != self._target.password:
            self._target.password = password
            self._target.credential_changes += 1

    @property
    def given_account(self) -> str:
        """Return the account of V3 that was given, empty for the one that every miner has."""
        return self._target.account

    @given_account.setter
    def given_account(self, account: str) -> None:
        if account != self._target.account:
            self._target.account = account
            self._target.credential_changes += 1

    @property
    def account(self) -> str:
        """Return the account whose password commands need: `super` or another of V3, or `admin`."""
        return self._accounts.name

    def try_password_again(self) -> None:
        """Try a password that V3 has refused over V3 before the next command."""
        self._accounts.try_again()

    def forget_protocol(self) -> None:
        """Find out again which protocol the miner speaks, with the next request."""
        self._choice.forget()

    @property
    def v2_only(self) -> bool:
        """Return whether the miner is not asked for V3; setting it counts from the next poll on."""
        return self._choice.only_last

    @v2_only.setter
    def v2_only(self, value: bool) -> None:
        self._choice.keep_to_last(value)

    @property
    def falls_back(self) -> bool:
        """Return whether commands go over V2 because V3 refuses the password.

        A stop may then not hold. The password is that of `admin`, and not that of `account`.
        """
        return self._accounts.falls_back

    @property
    def remembered(self) -> Remembered:
        """Return what the client has to know again after a restart of Home Assistant."""
        return Remembered(
            self._choice.spoken, self._sender.stopped_by, self._accounts.is_proven
        )

    def restore(self, remembered: Remembered, firmware: str | None) -> None:
        """Know what was remembered, and the firmware that the last poll showed.

        Only the first call has an effect: later the client knows better.
        """
        if self._is_restored:
            return
        self._is_restored = True
        self._choice.restore(remembered.spoken, firmware)
        self._sender.stopped_by = remembered.stopped_by
        self._accounts.restore(is_proven=remembered.is_proven)

    @property
    def write_probe(self) -> WriteProbe:
        """Return how to try now, without a change, whether the miner takes commands."""
        return self._choice.current.write_probe

    async def _protocol(self) -> Protocol:
        """Return the protocol to use.

        Raises:
            UpdatingError: the firmware is being updated.

        """
        self._refuse_while_updating()
        return await self._choice.choose()

    @property
    def updating(self) -> bool:
        """Return whether the firmware is being updated, so that other requests are refused."""
        return self._updating

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Refuse other requests, from the first byte of a firmware until its version is reported.

        Raises:
            UpdatingError: another update is under way.

        """
        self._refuse_while_updating()
        self._updating = True
        try:
            yield
        finally:
            self._updating = False

    def _refuse_while_updating(self) -> None:
        if self._updating:
            raise UpdatingError("the firmware is being updated")

    def check(self, command: Command) -> None:
        """Raise what is known to keep a command from being sent now; this sends nothing.

        Raises:
            TooSoonError, UpdatingError, UnsupportedCommandError: see `send`.

        """
        self._refuse_while_updating()
        self._sender.check(command)
