"""The cipher, compared with published vectors and with the simulator's own cipher."""

from base64 import b64decode
import json
from typing import Any

import pytest

from custom_components.whatsminer.api.errors import MalformedReplyError
from custom_components.whatsminer.api.v2.cipher import Session, open_session
from simulator.cipher import crypt_hash, decrypt, encrypt
from tests.api import fixture

VECTORS = fixture("vectors")
REQUESTS = [*VECTORS["requests"], VECTORS["aligned"]]
SALTS = {name: VECTORS[name] for name in ("salt", "newsalt", "time")}


@pytest.fixture
def session() -> Session:
    """Return the session of the vectors."""
    return open_session("admin", **SALTS)


def test_the_token_is_that_of_the_vector(session: Session) -> None:
    """The token takes two rounds of md5-crypt."""
    assert session.sign == "w.BNbkCV6n1aNWgiBWLzT/"


def test_the_aes_key_is_that_of_the_vector(session: Session) -> None:
    """The key is SHA-256 over only the 22 characters of the hash."""
    assert session.aes_key.hex() == VECTORS["aes_key_hex"]


def test_of_a_time_with_ten_digits_the_last_four_count() -> None:
    """Some firmware sends the whole epoch."""
    sign = open_session("admin", **SALTS | {"time": "1700005626"}).sign
    assert sign == VECTORS["sign"]
    assert sign != VECTORS["time_variants"]["sign if whole 10 digits used (wrong)"]


@pytest.mark.parametrize("padding", ["nul_padded_b64", "pkcs7_b64"])
@pytest.mark.parametrize("vector", REQUESTS)
def test_a_text_of_either_padding_is_opened(
    session: Session, vector: dict[str, Any], padding: str
) -> None:
    """Clients pad in two ways, and so may miners."""
    assert session.open(vector[padding]) == vector["plaintext"].encode()


@pytest.mark.parametrize(
    ("command", "parameters", "vector"),
    [
        ("set_led", {"color": "red", "period": 200, "duration": 100, "start": 0}, 2),
        ("power_off", {"respbefore": "true"}, 4),
        ("adjust_power_limit", {"power_limit": "3000"}, 6),
        ("set_hostname", {"hostname": "hhhhhhhhhhh"}, 8),
    ],
)
def test_a_request_is_the_vector_byte_for_byte(
    session: Session, command: str, parameters: dict[str, str | int], vector: int
) -> None:
    """It is padded with NULs, but not where the length fits, and base64 has no line breaks."""
    data = REQUESTS[vector]["nul_padded_b64"].encode()
    assert session.seal(command, parameters) == b'{"enc":1,"data":"%s"}' % data


def test_padding_counts_bytes_and_not_characters(session: Session) -> None:
    """The password of a pool may hold any character."""
    sent = json.loads(session.seal("update_pools", {"passwd1": "zürich ☀"}))
    plain = decrypt(VECTORS["key"], sent["data"]).rstrip(b"\0")
    assert len(b64decode(sent["data"])) % 16 == 0
    assert json.loads(plain)["passwd1"] == "zürich ☀"
    assert "zürich ☀".encode() in plain  # as it is, not escaped


@pytest.mark.parametrize("vector", VECTORS["answers"])
def test_an_answer_is_opened(session: Session, vector: dict[str, Any]) -> None:
    """The answer is encrypted as a real miner does it."""
    assert session.open(vector["nul_padded_b64"]) == vector["plaintext"].encode()


def test_a_newline_that_ends_an_answer_is_no_padding(session: Session) -> None:
    """Its byte could be mistaken for the count of a PKCS#7 padding."""
    answer = b'{"Msg":"aligned"' + b"}".rjust(14) + b"\n\n"
    assert len(answer) % 16 == 0
    assert session.open(encrypt(VECTORS["key"], answer)) == answer


@pytest.mark.parametrize("width", [1, 64, 76])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_base64_may_come_in_lines(session: Session, width: int, ending: str) -> None:
    """Some libraries write lines, with or without a last line break."""
    vector = VECTORS["answers"][0]
    data = vector["nul_padded_b64"]
    lines = [data[at : at + width] for at in range(0, len(data), width)]
    for broken in (ending.join(lines), ending.join([*lines, ""])):
        assert session.open(broken) == vector["plaintext"].encode()


@pytest.mark.parametrize("rubbish", [b"x", b"\0\xff", b'"}}', b"\x07\0\0~"], ids=repr)
def test_what_is_behind_the_first_nul_of_the_padding_is_rubbish(
    session: Session, rubbish: bytes
) -> None:
    """Some firmware encrypts whatever its buffer holds."""
    answer = b'{"STATUS":"S","Msg":"API command OK"}'
    padded = answer + b"\0" + rubbish.rjust(-(len(answer) + 1) % 16, b"~")
    assert len(padded) % 16 == 0
    assert session.open(encrypt(VECTORS["key"], padded)) == answer


@pytest.mark.parametrize("data", ["", "AAAA", "no base64!", "AAA", "é" * 16])
def test_what_cannot_be_decrypted_is_malformed(session: Session, data: str) -> None:
    """It is not base64, or not a whole number of blocks.

    An empty text is decrypted to an empty one.
    """
    if not data:
        assert session.open(data) == b""
        return
    with pytest.raises(MalformedReplyError):
        session.open(data)


def test_a_wrong_password_gives_a_request_that_the_miner_cannot_read() -> None:
    """This is the request of the vector."""
    vector = VECTORS["wrong_password"]
    wrong = open_session(vector["password"], **SALTS)
    assert json.loads(wrong.open(vector["request_b64"]))["cmd"] == "set_led"
    assert wrong.sign == crypt_hash(SALTS["newsalt"], vector["key"] + SALTS["time"])
    sealed = json.loads(wrong.seal("set_led", {"param": "auto"}))["data"]
    assert not decrypt(VECTORS["key"], sealed).startswith(b"{")


def test_a_password_beyond_ascii_is_taken_as_utf_8() -> None:
    """The simulator derives the same key."""
    session = open_session("pässwört", **SALTS)
    key = crypt_hash(SALTS["salt"], "pässwört")
    assert session.sign == crypt_hash(SALTS["newsalt"], key + SALTS["time"])


@pytest.mark.parametrize("name", ["salt", "newsalt"])
@pytest.mark.parametrize("salt", ["a$b", "ümläut", "much too long a salt"])
def test_a_salt_that_is_none_is_malformed(name: str, salt: str) -> None:
    """A salt comes from the miner, so it must not cause another exception."""
    with pytest.raises(MalformedReplyError):
        open_session("admin", **SALTS | {name: salt})


@pytest.mark.parametrize(
    ("timeout", "life", "sliding"),
    [
        (None, 29 * 60, False),
        ("0", None, True),
        ("300", 240, True),
        ("1800", 29 * 60, True),
        ("60", 30, True),
    ],
)
def test_a_token_lives_as_long_as_the_miner_says(
    timeout: str | None, life: float | None, *, sliding: bool
) -> None:
    """Without a time it lives half an hour from its issue, with 0 it never ends."""
    session = open_session("admin", **SALTS, timeout=timeout)
    assert session.life == life
    assert session.sliding is sliding


def test_a_life_that_is_no_number_is_malformed() -> None:
    """The time comes from the miner."""
    with pytest.raises(MalformedReplyError):
        open_session("admin", **SALTS, timeout="soon")


def test_a_session_does_not_show_its_secrets(session: Session) -> None:
    """A session may be written to a log."""
    for secret in (session.sign, session.aes_key.hex(), str(session.aes_key)):
        assert secret not in repr(session)
