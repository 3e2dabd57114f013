"""Who may write over V3: the accounts, their passwords and permissions, and the salt."""

from collections.abc import Set as AbstractSet
from random import Random
import string
from typing import Final

SUPER: Final = "super"
NAMES: Final = (SUPER, "user1", "user2", "user3")
_EVERYTHING, _READ_ONLY, _SOME = 255, 0, 1
_SALT_LETTERS = string.digits + string.ascii_letters


class Accounts:
    """The accounts of V3. A new password makes a new salt.

    Attributes:
        passwords: by account; set one by :meth:`change`, so that the salt changes as well.
        salt: eight characters that every signature depends on.
    """

    def __init__(self, password: str, random: Random) -> None:
        """Begin with the factory's accounts, but a password of ``super``."""
        self._random = random
        self.factory_reset()
        self.passwords[SUPER] = password

    def factory_reset(self) -> None:
        """Return to the factory's passwords, which are the names, and permissions."""
        self.passwords = {name: name for name in NAMES}
        self._granted: dict[str, AbstractSet[str]] = {}
        self.renew_salt()

    def renew_salt(self) -> None:
        """Draw another salt, so that signatures with the earlier one are wrong."""
        self.salt = "".join(self._random.choices(_SALT_LETTERS, k=8))

    def change(self, account: str, password: str) -> None:
        """Change a password."""
        self.passwords[account] = password
        self.renew_salt()

    def has_default_password(self, account: str) -> bool:
        """Return whether an account has the password of the factory."""
        return self.passwords[account] == account

    def grant(self, account: str, commands: AbstractSet[str]) -> None:
        """Allow an account these commands and no others."""
        self._granted[account] = commands

    def may(self, account: str, command: str) -> bool:
        """Return whether an account may send a command."""
        return account == SUPER or command in self._granted.get(account, ())

    @property
    def permission(self) -> str:
        """The permissions as the miner reports them."""
        levels = {
            name: _SOME if self._granted.get(name) else _READ_ONLY for name in NAMES
        } | {SUPER: _EVERYTHING}
        return " ".join(f"{name}={level}" for name, level in levels.items())
