"""Who may write: the password, the API switch and the tokens."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
import string

from .cipher import crypt_hash
from .errors import Code, Refusal
from .wire import JsonObject

DEFAULT_PASSWORD = "admin"  # as shipped: writes are refused until it is changed
_SALT_LETTERS = "./" + string.digits + string.ascii_letters
_TOKEN_LIFE = 30 * 60


@dataclass(frozen=True, slots=True)
class TokenLimits:
    """How many live tokens the firmware keeps; None means no such limit."""

    clients: int | None = None
    per_client: int | None = None
    total: int | None = None


@dataclass(slots=True)
class Token:
    """A token that the miner has issued; times in epoch seconds."""

    client: str
    issued: float
    used: float


class Access:
    """The password with its salt, the API switch, and the token store.

    Attributes:
        api_open: the "Miner API Switch" of WhatsMinerTool.
        timeout: what ``get_token`` announces: None for the silent 30 minutes from issue,
            0 for ever, else seconds since the token was last used.
    """

    def __init__(
        self,
        password: str,
        *,
        limits: TokenLimits,
        random: Random,
        now: Callable[[], float],
        api_open: bool = True,
        timeout: int | None = None,
    ) -> None:
        """Set the first password."""
        self.api_open = api_open
        self.timeout = timeout
        self._limits = limits
        self._random = random
        self._now = now
        self._tokens: dict[str, Token] = {}
        self.password = password

    @property
    def password(self) -> str:
        """The admin password. Setting it changes the salt and voids every token."""
        return self._password

    @password.setter
    def password(self, password: str) -> None:
        self._password = password
        self.void_tokens(new_salt=True)

    @property
    def key(self) -> str:
        """The secret that client and miner share: the hash of the salted password."""
        return self._key

    @property
    def writable(self) -> bool:
        """Whether privileged commands are accepted; otherwise they get code 45."""
        return self.api_open and self._password != DEFAULT_PASSWORD

    def void_tokens(self, *, new_salt: bool = False) -> None:
        """Forget every token (135); with a new salt the old key is void as well (23)."""
        self._tokens.clear()
        if new_salt:
            self._salt = self._new_salt()
            self._key = crypt_hash(self._salt, self._password)

    def factory_reset(self) -> None:
        """Return to the factory's password, with the API switch off."""
        self.api_open = False
        self.password = DEFAULT_PASSWORD

    def issue(self, client: str) -> JsonObject:
        """Issue a token to a client address; return the ``Msg`` of ``get_token``.

        Raises:
            Refusal: 136 when the client or the store is full.
        """
        now = self._now()
        self._forget_expired()
        self._check_room(client)
        time4 = str(int(now))[-4:]
        newsalt = self._new_salt()
        sign = crypt_hash(newsalt, self._key + time4)
        self._tokens[sign] = Token(client, issued=now, used=now)
        message: JsonObject = {"time": time4, "salt": self._salt, "newsalt": newsalt}
        if self.timeout is not None:
            message["timeout"] = str(self.timeout)
        return message

    def check(self, sign: object) -> None:
        """Accept a live token.

        Raises:
            Refusal: 135 when it was never issued, was voided, or has expired.
        """
        self._forget_expired()
        token = self._tokens.get(sign) if isinstance(sign, str) else None
        if token is None:
            raise Refusal(Code.TOKEN_WRONG)
        token.used = self._now()

    def _check_room(self, client: str) -> None:
        limits = self._limits
        held = Counter(token.client for token in self._tokens.values())
        if (
            (limits.total is not None and held.total() >= limits.total)
            or (limits.per_client is not None and held[client] >= limits.per_client)
            or (
                limits.clients is not None
                and client not in held
                and len(held) >= limits.clients
            )
        ):
            raise Refusal(Code.TOO_MANY_TOKENS)

    def _forget_expired(self) -> None:
        now = self._now()
        self._tokens = {
            sign: token
            for sign, token in self._tokens.items()
            if self._alive(token, now)
        }

    def _alive(self, token: Token, now: float) -> bool:
        if self.timeout is None:
            return now - token.issued < _TOKEN_LIFE
        return self.timeout == 0 or now - token.used < self.timeout

    def _new_salt(self) -> str:
        return "".join(self._random.choices(_SALT_LETTERS, k=8))
