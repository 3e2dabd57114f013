"""The password and the token store."""

from random import Random

import pytest

from simulator.access import Access, TokenLimits
from simulator.errors import Refusal

from .client import md5

V2_LIMITS = TokenLimits(clients=16, per_client=32)


class Now:
    """A clock that the test sets."""

    seconds = 1_700_005_626.0

    def __call__(self) -> float:
        """Return the time."""
        return self.seconds


@pytest.fixture
def now() -> Now:
    return Now()


@pytest.fixture
def access(now: Now) -> Access:
    """The tokens of 2.0.5 firmware."""
    return Access("satoshi", limits=V2_LIMITS, random=Random(1), now=now)


def sign(access: Access, client: str = "10.0.0.1") -> str:
    """Get a token and compute its sign."""
    message = access.issue(client)
    salt, newsalt, time4 = (str(message[key]) for key in ("salt", "newsalt", "time"))
    return md5(newsalt, md5(salt, access.password) + time4)


def is_refused(access: Access, token: object, code: int = 135) -> bool:
    """Return whether a token is refused with a code."""
    try:
        access.check(token)
    except Refusal as refusal:
        return refusal.code == code
    return False


def test_a_token_is_what_the_client_computes(access: Access) -> None:
    assert not is_refused(access, sign(access))


def test_the_time_is_the_last_four_digits(access: Access) -> None:
    """All clients expect the epoch to be cut."""
    assert access.issue("10.0.0.1")["time"] == "5626"


def test_only_the_new_salt_changes_from_token_to_token(access: Access) -> None:
    """The other salt belongs to the password."""
    first, second = access.issue("10.0.0.1"), access.issue("10.0.0.1")

    assert first["salt"] == second["salt"]
    assert first["newsalt"] != second["newsalt"]
    assert len(str(first["newsalt"])) == 8


def test_a_new_password_changes_the_salt_and_voids_tokens(access: Access) -> None:
    token, salt, key = sign(access), access.issue("10.0.0.1")["salt"], access.key

    access.password = "nakamoto"

    assert is_refused(access, token)
    assert access.issue("10.0.0.1")["salt"] != salt
    assert access.key != key


@pytest.mark.parametrize("token", [None, 1, "", "w.BNbkCV6n1aNWgiBWLzT/"])
def test_a_token_that_was_never_issued_is_refused(
    access: Access, token: object
) -> None:
    """An unknown token gets 135."""
    assert is_refused(access, token)


def test_a_token_lives_half_an_hour_from_issue(access: Access, now: Now) -> None:
    """The use of a token does not prolong its life."""
    token = sign(access)

    now.seconds += 1799
    assert not is_refused(access, token)
    now.seconds += 1
    assert is_refused(access, token)


def test_a_timeout_counts_from_the_last_use(access: Access, now: Now) -> None:
    access.timeout = 60
    token = sign(access)

    for _ in range(5):
        now.seconds += 59
        assert not is_refused(access, token)
    now.seconds += 60
    assert is_refused(access, token)


def test_a_timeout_of_zero_is_for_ever(access: Access, now: Now) -> None:
    access.timeout = 0
    token = sign(access)
    now.seconds += 1e8

    assert not is_refused(access, token)
    assert access.issue("10.0.0.1")["timeout"] == "0"


def test_a_client_holds_32_tokens(access: Access, now: Now) -> None:
    """The next one is refused until one expires. Other clients are not affected."""
    for _ in range(32):
        access.issue("10.0.0.1")

    with pytest.raises(Refusal) as refused:
        access.issue("10.0.0.1")
    assert (refused.value.code, refused.value.text) == (136, "over max connect")

    access.issue("10.0.0.2")
    now.seconds += 1800
    access.issue("10.0.0.1")


def test_there_are_16_clients(access: Access) -> None:
    for number in range(16):
        access.issue(f"10.0.0.{number}")

    with pytest.raises(Refusal):
        access.issue("10.0.1.1")
    access.issue("10.0.0.7")


def test_newer_firmware_counts_all_tokens_together(now: Now) -> None:
    """The limit is 100 tokens of all clients."""
    access = Access("x", limits=TokenLimits(total=100), random=Random(1), now=now)
    for number in range(100):
        access.issue(f"10.0.{number}.1")

    with pytest.raises(Refusal):
        access.issue("10.0.0.1")


@pytest.mark.parametrize(
    ("password", "api_open", "writable"),
    [("satoshi", True, True), ("satoshi", False, False), ("admin", True, False)],
)
def test_writing_needs_the_switch_and_a_password_of_ones_own(
    access: Access, password: str, api_open: bool, writable: bool
) -> None:
    """The factory's password is not enough."""
    access.password, access.api_open = password, api_open

    assert access.writable is writable
