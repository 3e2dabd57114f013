"""The cryptography against published worked examples."""

import base64

import pytest

from simulator.cipher import crypt_hash, decrypt, encrypt
from simulator.errors import Refusal
from simulator.wire import first_object

# The example of the vendor's manual, checked against OpenSSL as well.
KEY = "RxmaDUO33TS7O26yeMHZ81"
SIGN = "w.BNbkCV6n1aNWgiBWLzT/"

# Plain text -> the same NUL padded and PKCS#7 padded, under KEY.
REQUESTS = {
    '{"token":"w.BNbkCV6n1aNWgiBWLzT/","cmd":"set_led","param":"auto"}': (
        "ztIn8gXGbnM4QY3NTovpapmN9lmZbn718Sv0yvT4EP/dlUMKT3l/YCrCuKnME8PJPgxKyXQXgb9xms6g"
        "NtxrYAB6Zauc2Kb1KH/JtuCvOBg=",
        "ztIn8gXGbnM4QY3NTovpapmN9lmZbn718Sv0yvT4EP/dlUMKT3l/YCrCuKnME8PJPgxKyXQXgb9xms6g"
        "NtxrYMVmCmNJheV6kN+KdEEhJWE=",
    ),
    '{"cmd":"adjust_power_limit","power_limit":"3000","token":"w.BNbkCV6n1aNWgiBWLzT/"}': (
        "APszrWSxSV2tQF6fMgI4ZaF773GCayhn3Xq4G82GrrDGlbGWrO69ysCUXLw2BUSBNu8SDxCuRjTywNA6"
        "MsCdSZmN9lmZbn718Sv0yvT4EP/AhZ6e2cCC3oX03jqlzb/u",
        "APszrWSxSV2tQF6fMgI4ZaF773GCayhn3Xq4G82GrrDGlbGWrO69ysCUXLw2BUSBNu8SDxCuRjTywNA6"
        "MsCdSZmN9lmZbn718Sv0yvT4EP8ZdJIuiJvgyXaxj+BLtZEc",
    ),
    # 80 bytes: block aligned, so that NUL padding adds nothing.
    '{"cmd":"set_hostname","hostname":"hhhhhhhhhhh","token":"w.BNbkCV6n1aNWgiBWLzT/"}': (
        "5KGf0nDjughjTJYPlhvt7dbbj27I61olGZYAG+9F9pb9ZFClZa5qFqJjEhMXCEh26HsrZ6/bCtGmdlsI"
        "e7Y9aMzvmvP9mNeg/szKl1Dq8ek=",
        "5KGf0nDjughjTJYPlhvt7dbbj27I61olGZYAG+9F9pb9ZFClZa5qFqJjEhMXCEh26HsrZ6/bCtGmdlsI"
        "e7Y9aMzvmvP9mNeg/szKl1Dq8el7ByakVE5gEd0is2E6eRwZ",
    ),
}
ANSWER = b'{"STATUS":"S","When":1700000000,"Code":131,"Msg":"API command OK","Description":""}'
ENCRYPTED_ANSWER = (
    "C/UGIQ8LwD66stwLyOOcM8AaTOolBWk/O12cM+G7Mz53lluOVpsOSpBcGhtOpg0QfXzqoVOPWCksKSnoq5Fd"
    "lDzf1zswfpjLBG0UghjHFmJyj0Iw94hY+ImJc0aQQ3bU"
)


def test_the_key_is_the_md5_crypt_of_the_password() -> None:
    assert crypt_hash("BQ5hoXV9", "admin") == KEY
    assert crypt_hash("jbzkfQls", KEY + "5626") == SIGN


@pytest.mark.parametrize("padding", [0, 1], ids=["nul", "pkcs7"])
@pytest.mark.parametrize("plain", REQUESTS)
def test_requests_are_read_with_either_padding(plain: str, padding: int) -> None:
    decrypted = decrypt(KEY, REQUESTS[plain][padding])

    assert decrypted.startswith(plain.encode())
    assert first_object(decrypted) == first_object(plain.encode())


def test_answers_are_padded_with_nul() -> None:
    assert encrypt(KEY, ANSWER) == ENCRYPTED_ANSWER
    assert decrypt(KEY, ENCRYPTED_ANSWER) == ANSWER + bytes(13)


def test_an_aligned_text_gets_no_padding() -> None:
    assert len(base64.b64decode(encrypt(KEY, bytes(32)))) == 32


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ("not base64!", 137),
        ("YWJj\nYWJj", 137),
        ("", 23),
        (base64.b64encode(b"no whole block").decode(), 23),
    ],
)
def test_what_cannot_be_decrypted_is_refused(data: str, code: int) -> None:
    """Text that is not base64 gets 137, text that is not a whole number of blocks 23."""
    with pytest.raises(Refusal) as refused:
        decrypt(KEY, data)

    assert refused.value.code == code
