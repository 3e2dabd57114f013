"""The signature and the encrypted parameters against published worked examples."""

import base64
import json

import pytest

from simulator.errors import Refusal
from simulator.v3.signature import digest_of, open_sealed, token_of

from .client import seal

SALT = "Abc123xy"
TS = 1_759_800_000
# Command, password, salt, time -> digest in hexadecimal digits, token.
SIGNATURES = {
    "A": (
        ("set.miner.service", "super", SALT, TS),
        "0a0da2b8a6a3eea9bfdaec8ea084ff31fa68ba81f65b15937b980da9d2ffc60d",
        "Cg2iuKaj",
    ),
    "B": (
        ("set.system.led", "super", "px5hoXa9", 1_692_685_496),
        "b4308d012c7e29f25e874a6d3d80e8697bfb600e5096f26df86f4e16e88b75c8",
        "tDCNASx+",
    ),
    "C": (
        ("set.miner.pools", "super", "BQ5hoXV9", 1_692_685_512),
        "df13f953a1db5b13590489048f836ba698ccc2bcd6dda68b3fa3c6ef3f830d2f",
        "3xP5U6Hb",
    ),
    "D": (
        ("set.user.change_passwd", "super", SALT, TS),
        "906007848caccbbbbbaec3ba9e34e4c61a0e295bc6eed7fb9e3135ee2853a243",
        "kGAHhIys",
    ),
    "E": (
        ("set.miner.pools", "Pässwort1", SALT, TS),
        "5a006cbb037ab2fd2a8e06d9865a0b5a9d0c28726087b7848d78fded47538c87",
        "WgBsuwN6",
    ),
    "F": (
        ("set.miner.power_percent", "Secret-1", SALT, TS),
        "ec3fb238580f3e861dea1b9f5b43c29ba3d326e8ee4266e3870a83386905efed",
        "7D+yOFgP",
    ),
}
POOLS_OF_C = [
    {"pool": "stratum+tcp://pool.example:3333", "worker": "w.1", "passwd": "x"}
]
POOLS_OF_E = [{"pool": "stratum+tcp://p.example:1", "worker": "w.1", "passwd": "x"}]
PASSWORD_OF_D = {"account": "super", "new": "Secret-1", "old": "super"}
# Vector, encrypted, plain.
SEALED = {
    "C with PKCS#7": (
        "C",
        "ZdI2MUyCCcurEt9uKI87OCMJRHYTXyXsli7tEn0OPXCT7cm62HD4M2AzEkPGRXCfNsgqJyY4bNVoRIZP"
        "q23JFp8QylM/k9NO3APWoQyVvyA=",
        POOLS_OF_C,
    ),
    "C with NUL": (
        "C",
        "ZdI2MUyCCcurEt9uKI87OCMJRHYTXyXsli7tEn0OPXCT7cm62HD4M2AzEkPGRXCfNsgqJyY4bNVoRIZP"
        "q23JFsKx3Ld5bSy/EWhTcE1dp24=",
        POOLS_OF_C,
    ),
    "C encoded twice": (
        "C",
        "VkCaVWCq4FUiDHmazBuk+oY1rmmsxaSaFxfR38JVa8lAtVm9TG80lEqPfjCirq+EZkqIzz3hXIHUpAHs"
        "b0gxhIGmlJxDx9HdfhgcAgmWVWbUI4MB/1KAWS4xs2SVfS5n",
        POOLS_OF_C,
    ),
    "D": (
        "D",
        "v/oRP26YWfN/M5WFxre+Yo65hHGcMnro7EElf2kCI212W67avvqMygDO/mc9PVZDPzVbv7RtlScn3rsC"
        "O6b+TQ==",
        PASSWORD_OF_D,
    ),
    "E": (
        "E",
        "MPIFRmpYYs9dQj4EqABVltlqs6o1gLC1SgbdZu3vkv3T04ZB+by23F1qhcYNGcyVxWKE9mn2FA/urOgD"
        "1iMQCiiSLR47qJnyS90Qp7jE56A=",
        POOLS_OF_E,
    ),
}


@pytest.mark.parametrize("vector", SIGNATURES)
def test_the_digest_signs_command_password_salt_and_time(vector: str) -> None:
    signed, digest, token = SIGNATURES[vector]

    assert digest_of(*signed).hex() == digest
    assert token_of(digest_of(*signed)) == token


@pytest.mark.parametrize("sealed", SEALED)
def test_an_encrypted_parameter_is_read_with_either_padding(sealed: str) -> None:
    """It may be JSON, or the JSON of a text that holds JSON."""
    vector, encrypted, plain = SEALED[sealed]

    assert open_sealed(digest_of(*SIGNATURES[vector][0]), encrypted) == plain


@pytest.mark.parametrize("length", range(33))
@pytest.mark.parametrize("nul", [False, True], ids=["pkcs7", "nul"])
def test_a_parameter_of_any_length_is_read(length: int, nul: bool) -> None:
    digest = digest_of(*SIGNATURES["A"][0])

    assert open_sealed(digest, seal(digest, ["x" * length], nul=nul)) == ["x" * length]


@pytest.mark.parametrize(
    "sealed",
    [
        None,
        [],
        "",
        "not base64!",
        base64.b64encode(b"no whole block").decode(),
        base64.b64encode(bytes(32)).decode(),
    ],
)
def test_what_is_not_encrypted_as_it_should_be_is_refused(
    sealed: str | list[object] | None,
) -> None:
    with pytest.raises(Refusal) as refused:
        open_sealed(bytes(32), sealed)  # type: ignore[arg-type]

    assert refused.value.code == -1


def test_the_digest_of_another_command_opens_nothing() -> None:
    _, encrypted, _ = SEALED["D"]

    with pytest.raises(Refusal):
        open_sealed(digest_of(*SIGNATURES["A"][0]), encrypted)


def test_the_client_of_these_tests_encrypts_alike() -> None:
    digest = bytes.fromhex(SIGNATURES["C"][1])

    assert seal(digest, POOLS_OF_C) == SEALED["C with PKCS#7"][1]
    assert seal(digest, POOLS_OF_C, nul=True) == SEALED["C with NUL"][1]
    assert seal(digest, POOLS_OF_C, twice=True) == SEALED["C encoded twice"][1]
    assert len(json.dumps(POOLS_OF_C, separators=(",", ":"))) == 72
