"""Which protocol takes the password: each protocol has an account of its own."""

from collections.abc import Awaitable, Callable

from .choice import ProtocolChoice
from .errors import (
    InvalidTextError,
    InvalidValueError,
    NeedsPasswordError,
    NoMacError,
    NotPermittedError,
    PasswordUntriedError,
    UnreachableError,
    UnsupportedCommandError,
    WhatsminerError,
    WriteAccessClosedError,
    WrongMinerError,
    WrongPasswordError,
)
from .protocol import Protocol, Target

# Account and password.
type Credentials = tuple[str, str]

# Another protocol would meet the same.
_FINAL = (WriteAccessClosedError, WrongMinerError, NoMacError)
# What the last protocol says of a command, or of a value, that only a better one takes.
NOT_OF_LAST = (UnsupportedCommandError, InvalidValueError, InvalidTextError)


class Accounts:
    """Knows which protocol takes the password of one miner.

    The protocol in use, if it is not the last one, gets commands once it has taken one that
    changes nothing. Before that, and where it refuses a password that the last one takes, commands
    go over the last one.
    """

    def __init__(self, target: Target, choice: ProtocolChoice) -> None:
        """Prepare; nothing is sent."""
        self._target = target
        self._choice = choice
        # With which of them the protocol in use has taken a command.
        self._proven: set[Credentials] = set()
        # With which ones it refuses what the last protocol takes, and how.
        self._refusals: dict[Credentials, WrongPasswordError] = {}

    @property
    def credentials(self) -> Credentials:
        """Return the account that was given, and the password."""
        return self._target.account, self._target.password

    @property
    def is_proven(self) -> bool:
        """Return whether the protocol in use has taken a command with this password."""
        return self.credentials in self._proven

    @property
    def falls_back(self) -> bool:
        """Return whether the password is that of the last protocol, and not of the one in use."""
        return self.credentials in self._refusals

    @property
    def name(self) -> str:
        """Return the name of the account whose password commands need."""
        last = self._choice.alternative
        protocol = last if last and self.falls_back else self._choice.current
        return protocol.account

    def prove(self, credentials: Credentials) -> None:
        """Remember that the protocol in use has taken a command with a password."""
        if self._choice.alternative:
            self._proven.add(credentials)
        self._refusals.pop(credentials, None)

    def restore(self, *, is_proven: bool) -> None:
        """Know again that the protocol in use has taken a command with this password."""
        if is_proven:
            self._proven.add(self.credentials)

    def refuse(self, credentials: Credentials, refusal: WrongPasswordError) -> None:
        """Remember that only the last protocol takes a password."""
        self._proven.discard(credentials)
        self._refusals[credentials] = refusal

    def try_again(self) -> None:
        """Try refused passwords over the protocol in use before the next command."""
        self._refusals.clear()

    def change_password(self, new: str) -> None:
        """Know of a new password what is known of the present one."""
        credentials = self._target.account, new
        if self.is_proven:
            self.prove(credentials)
        elif refusal := self._refusals.get(self.credentials):
            self.refuse(credentials, refusal)

    async def use[Answer](
        self, request: Callable[[Protocol], Awaitable[Answer]]
    ) -> Answer:
        """Return the answer to a request that needs the password.

        Raises:
            WhatsminerError: what the request raised, over the protocol in use if all refuse the
                password.

        """
        protocol = await self._choice.choose()
        if self._choice.alternative is None:
            return await request(protocol)
        refusal = await self._try(protocol)
        if refusal is None:
            try:
                return await request(protocol)
            except WrongPasswordError as err:
                refusal = await self._look_again(protocol, err)
        return await self._use_last(request, refusal)

    async def use_one[Answer](
        self, request: Callable[[Protocol], Awaitable[Answer]]
    ) -> Answer:
        """Return the answer to a request that means one account, as `use` without a second try."""
        protocol = await self._choice.choose()
        last = self._choice.alternative
        refusal = await self._try(protocol) if last else None
        if last is None or refusal is None:
            return await request(protocol)
        answer = await request(last)
        if isinstance(refusal, WrongPasswordError):
            self.refuse(self.credentials, refusal)
        return answer

    async def _look_again(
        self, protocol: Protocol, refusal: WrongPasswordError
    ) -> WrongPasswordError:
        """Return a refusal if the password was changed since it was good.

        Raises:
            NotPermittedError: it is still good.
            WhatsminerError: that cannot be found out now.

        """
        self._proven.discard(self.credentials)
        again = await self._try(protocol)
        if again is None:
            raise NotPermittedError(
                refusal.command, refusal.code, refusal.reason
            ) from refusal
        if not isinstance(again, WrongPasswordError):
            raise again
        return again

    async def _use_last[Answer](
        self,
        request: Callable[[Protocol], Awaitable[Answer]],
        refusal: WhatsminerError,
    ) -> Answer:
        """Return the answer of the last protocol; `refusal` is why the one in use is not asked."""
        protocol, last = self._choice.current, self._choice.alternative
        assert last
        credentials = self.credentials
        wrong = refusal if isinstance(refusal, WrongPasswordError) else None
        try:
            answer = await request(last)
        except WrongPasswordError as err:
            self._refusals.pop(credentials, None)
            raise (wrong or err) from None
        except NOT_OF_LAST as err:
            if isinstance(err, UnsupportedCommandError) and err.request_sent:
                raise
            if wrong:
                raise NeedsPasswordError(
                    wrong, protocol.account, protocol.name.upper()
                ) from wrong
            return await request(protocol)  # which alone takes this
        except UnreachableError as err:
            raise (wrong if wrong and not err.request_sent else err) from None
        if wrong:
            self.refuse(credentials, wrong)
        return answer

    async def _try(self, protocol: Protocol) -> WhatsminerError | None:
        """Return why commands do not go over a protocol, None if it takes them.

        Raises:
            WriteAccessClosedError: the miner takes no commands over any protocol.
            WrongMinerError, NoMacError: the expected miner does not answer.

        """
        credentials = self.credentials
        if credentials in self._proven:
            return None
        if refusal := self._refusals.get(credentials):
            return refusal
        try:
            await protocol.check_password(self._target.password)
        except _FINAL:
            raise
        except WhatsminerError as err:
            return err
        self._proven.add(credentials)
        return None

    async def check_password(self, password: str, account: str | None = None) -> None:
        """Check whether one of the protocols takes a password (see `Miner.check_password`)."""
        protocol = await self._choice.choose()
        account = self._target.account if account is None else account
        last = self._choice.alternative
        try:
            await protocol.check_password(password, account)
        except (WrongPasswordError, PasswordUntriedError) as err:
            if last is None or account not in ("", last.account):
                raise
            try:
                await last.check_password(password)
            except WhatsminerError:
                raise err from None
            if isinstance(err, WrongPasswordError):
                self.refuse((account, password), err)
        else:
            self.prove((account, password))
