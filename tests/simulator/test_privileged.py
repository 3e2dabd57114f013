"""Who may write, and how everything else is refused."""

import base64
import json

import pytest

from simulator import Quirk, SimulatedMiner

from .client import Client, Session, exchange, md5

V1 = pytest.mark.parametrize("generation", ["v1"])
each_generation = pytest.mark.parametrize("generation", ["v1", "v2", "compat"])


@each_generation
async def test_get_token_answers_three_strings(client: Client, generation: str) -> None:
    answer = await client.read("get_token")

    assert (answer["STATUS"], answer["Code"]) == ("S", 134)
    assert list(answer["Msg"]) == ["time", "salt", "newsalt"]
    assert len(answer["Msg"]["time"]) == 4


async def test_newer_firmware_may_announce_a_timeout() -> None:
    """The timeout is a string of seconds."""
    async with SimulatedMiner(generation="compat", token_timeout=600) as miner:
        assert (await Client(miner).message("get_token"))["timeout"] == "600"


@each_generation
async def test_a_command_is_carried_out_and_answered_encrypted(client: Client) -> None:
    session = await client.log_in()
    text = await exchange(client.miner, await client.command("power_off"))
    answer = json.loads(text.rstrip(b"\0"))
    plain = session.open(answer)

    assert list(answer) == ["enc"]
    assert len(plain) % 16 == 0
    assert json.loads(plain.rstrip(b"\0"))["Msg"] == "API command OK"
    assert not client.miner.state.mining


@pytest.mark.parametrize("pkcs7", [False, True], ids=["nul", "pkcs7"])
@pytest.mark.parametrize("extra", range(16))
async def test_padding_of_either_kind_is_read(
    client: Client, pkcs7: bool, extra: int
) -> None:
    session = await client.log_in()
    request = {"cmd": "set_hostname", "hostname": "h" * (extra + 1)}
    plain = json.dumps(request | {"token": session.sign}).encode()
    answer = await exchange(client.miner, session.envelope(plain, pkcs7=pkcs7))

    assert client.parse(answer)["Code"] == 131
    assert client.miner.writes == [request]


@pytest.mark.parametrize("key", ["cmd", "command"])
@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": ")])
async def test_either_key_and_style_is_read(
    client: Client, key: str, separators: tuple[str, str]
) -> None:
    """A test always sees ``cmd``, and no token."""
    session = await client.log_in()
    plain = json.dumps(
        {"token": session.sign, key: "set_led", "param": "auto"}, separators=separators
    )
    answer = await exchange(client.miner, session.envelope(plain.encode()))

    assert client.parse(answer)["Code"] == 131
    assert client.miner.writes == [{"cmd": "set_led", "param": "auto"}]


async def test_requests_are_kept_in_order(client: Client) -> None:
    await client.read("summary", extra=1)
    await client.send("power_off", respbefore="true")
    await client.read("status")

    assert client.session is not None
    assert client.miner.requests == [
        {"cmd": "summary", "extra": 1},
        {"cmd": "get_token"},
        {"cmd": "power_off", "respbefore": "true", "token": client.session.sign},
        {"cmd": "status"},
    ]


async def test_an_encrypted_read_is_answered_encrypted(client: Client) -> None:
    """An encrypted read does not count as a write."""
    answer = await client.send("get_version")

    assert answer == await client.read("get_version")
    assert client.miner.writes == []


async def test_a_wrong_password_gets_23(miner: SimulatedMiner) -> None:
    """The miner cannot decrypt the request."""
    answer = await Client(miner, password="wrong").send("power_off")

    assert (answer["Code"], answer["Msg"]) == (23, "enc json load err")
    assert miner.state.mining
    assert miner.writes == []


async def test_a_wrong_token_gets_135(client: Client) -> None:
    """The refusal is in plain text, because the password is right."""
    session = await client.log_in()
    for token in ("x" * 22, 1, None):
        request = json.dumps({"cmd": "power_off", "token": token}).encode()
        answer = json.loads(await exchange(client.miner, session.envelope(request)))
        assert (answer["Code"], answer["Msg"]) == (135, "check token err")

    assert client.miner.state.mining
    assert client.miner.writes == []


async def test_some_firmware_encrypts_that_refusal() -> None:
    async with SimulatedMiner(quirks={Quirk.ENCRYPTED_135}) as miner:
        client = Client(miner)
        request = await client.command("power_off")
        miner.void_tokens()
        answer = await exchange(miner, request)
        assert "enc" in json.loads(answer)
        assert client.parse(answer)["Code"] == 135


@pytest.mark.parametrize("code", [14, 45, 132, 135])
async def test_some_firmware_encrypts_every_refusal(code: int) -> None:
    async with SimulatedMiner(
        quirks={Quirk.ENCRYPTED_REFUSALS}, api_open=code != 45
    ) as miner:
        client = Client(miner)
        request = await client.command(
            {14: "no_such_command", 132: "set_zone"}.get(code, "power_off"),
            timezone="",
            zonename="",
        )
        if code == 135:
            miner.void_tokens()
        answer = await exchange(miner, request)
        assert list(json.loads(answer)) == ["enc"]
        assert client.parse(answer)["Code"] == code
        assert (await client.read("power_off"))["Code"] == 45  # came plain


@pytest.mark.parametrize("code", [14, 23, 45, 132, 135])
async def test_some_firmware_encrypts_refusals_twice(code: int) -> None:
    """It uses the key of its own password, also if the client has another one."""
    async with SimulatedMiner(
        quirks={Quirk.TWICE_ENCRYPTED}, api_open=code != 45
    ) as miner:
        client, owner = Client(miner), Client(miner)
        await owner.log_in()
        if code == 23:
            client.password = "another"
        request = await client.command(
            {14: "no_such_command", 132: "set_zone"}.get(code, "power_off"),
            timezone="",
            zonename="",
        )
        if code == 135:
            miner.void_tokens()
        answer = json.loads(await exchange(miner, request))
        assert owner.session is not None
        once = owner.session.open(answer).rstrip(b"\0").decode()
        plain = owner.session.open({"enc": once}).rstrip(b"\0")
        assert json.loads(plain)["Code"] == code


async def test_the_command_may_be_needed_under_the_other_key_inside_as_well() -> None:
    async with SimulatedMiner(quirks={Quirk.COMMAND_KEY}) as miner:
        session = await _log_in_under_the_other_key(miner)
        for keys, code in (
            (("cmd",), 24),
            (("command",), 131),
            (("cmd", "command"), 131),
        ):
            plain = dict.fromkeys(keys, "power_on") | {"token": session.sign}
            request = session.envelope(json.dumps(plain).encode())
            answer = json.loads(await exchange(miner, request))
            if "enc" in answer:
                answer = json.loads(session.open(answer).rstrip(b"\0"))
            assert answer["Code"] == code
        assert miner.writes == [{"cmd": "power_on"}] * 2


async def _log_in_under_the_other_key(miner: SimulatedMiner) -> Session:
    answer = json.loads(await exchange(miner, b'{"command":"get_token"}'))
    token = answer["Msg"]
    key = md5(token["salt"], miner.password)
    return Session(key, md5(token["newsalt"], key + token["time"]))


async def test_a_token_expires_after_half_an_hour(client: Client) -> None:
    assert await client.code("set_led", param="auto") == 131
    client.miner.advance(1799)
    assert await client.code("set_led", param="auto") == 131
    client.miner.advance(1)
    assert await client.code("set_led", param="auto") == 135
    await client.log_in()
    assert await client.code("set_led", param="auto") == 131


async def test_what_is_no_base64_gets_137(miner: SimulatedMiner) -> None:
    """Base64 is verified before anything is decrypted."""
    answer = json.loads(await exchange(miner, b'{"enc":1,"data":"what?"}'))

    assert answer["Code"] == 137


async def test_what_is_no_whole_number_of_blocks_gets_23(miner: SimulatedMiner) -> None:
    data = base64.b64encode(b"short").decode()
    answer = json.loads(await exchange(miner, f'{{"enc":1,"data":"{data}"}}'.encode()))

    assert answer["Code"] == 23


@pytest.mark.parametrize(
    "envelope", ['{"enc":1}', '{"enc":1,"data":1}', '{"enc":"1","data":"YWJj"}']
)
async def test_an_envelope_without_its_parts_gets_14(
    miner: SimulatedMiner, envelope: str
) -> None:
    """``enc`` has to be the number one and ``data`` a string."""
    assert json.loads(await exchange(miner, envelope.encode()))["Code"] == 14


async def test_a_closed_switch_gets_45(client: Client) -> None:
    """The switch is verified before the token, and reads go on."""
    await client.log_in()
    client.miner.api_open = False
    answer = await client.send("power_off")

    assert (answer["Code"], answer["Msg"]) == (45, "can't access write cmd")
    assert await Client(client.miner, password="wrong").code("power_off") == 45
    assert await client.summary()
    assert client.miner.writes == []

    client.miner.api_open = True
    assert await client.code("power_off") == 131


async def test_the_factory_password_gets_45() -> None:
    """The factory's password has to be changed before anything can be written."""
    async with SimulatedMiner(password="admin") as miner:
        assert await Client(miner).code("power_off") == 45


async def test_a_command_in_plain_gets_45(client: Client) -> None:
    assert (await client.read("power_off"))["Code"] == 45
    assert client.miner.state.mining


@V1
async def test_v1_refuses_with_its_name(client: Client) -> None:
    """The description is the version of the API."""
    assert (await client.read("power_off"))["Description"] == "whatsminer v1.4.0"


async def test_the_33rd_token_gets_136(client: Client) -> None:
    """A text stands in place of the salts. Other addresses still get tokens."""
    for _ in range(32):
        assert (await client.read("get_token"))["Code"] == 134
    answer = await client.read("get_token")

    assert (answer["Code"], answer["Msg"]) == (136, "over max connect")
    other = await exchange(client.miner, b'{"cmd":"get_token"}', source="127.0.0.2")
    assert json.loads(other)["Code"] == 134


async def test_another_clients_token_may_void_ours() -> None:
    """Some firmware has room for one session."""
    async with SimulatedMiner(quirks={Quirk.SINGLE_SESSION}) as miner:
        client = Client(miner)
        await client.log_in()
        await Client(miner).log_in()
        assert await client.code("power_off") == 135


@pytest.mark.parametrize(("new_salt", "code"), [(False, 135), (True, 23)])
async def test_tokens_can_be_voided(client: Client, new_salt: bool, code: int) -> None:
    """A new salt voids the old key as well. The password stays."""
    await client.log_in()
    client.miner.void_tokens(new_salt=new_salt)

    assert await client.code("power_off") == code
    await client.log_in()
    assert await client.code("power_off") == 131


async def test_a_new_password_voids_key_and_tokens(client: Client) -> None:
    await client.log_in()
    client.miner.password = "nakamoto"

    assert await client.code("power_off") == 23
    assert await Client(client.miner).code("power_off") == 131


async def test_a_changed_password_is_answered_under_the_old_key(client: Client) -> None:
    session = await client.log_in()
    salt = (await client.message("get_token"))["salt"]
    request = await client.command("update_pwd", old="satoshi", new="naka_1")
    answer = json.loads(await exchange(client.miner, request))

    assert json.loads(session.open(answer).rstrip(b"\0"))["Code"] == 131
    assert client.miner.password == "naka_1"
    assert (await client.message("get_token"))["salt"] != salt
    assert await client.code("power_off") == 23
    assert await Client(client.miner).code("power_off") == 131


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("wrong", "nakamoto"),
        ("satoshi", "ninebytes"),
        ("satoshi", ""),
        ("satoshi", "with-sign"),
        ("satoshi", "pässword"),
        ("satoshi", None),
    ],
)
async def test_a_bad_password_is_not_taken(
    client: Client, old: str, new: object
) -> None:
    """A password has at most eight letters, digits and underscores. A change needs the old one."""
    assert await client.code("update_pwd", old=old, new=new) == 132
    assert client.miner.password == "satoshi"
