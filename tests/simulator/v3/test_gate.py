"""Who gets through with a command."""

import pytest

from simulator import Quirk, SimulatedMiner

from .client import TS, V3Client, connected

LED = ("set.system.led", "auto")
NO_PERMISSION = (-4, "no permission")
PASSWORD_WRONG = (-1, "Invalid JSON or password is wrong")


async def test_a_signed_command_is_carried_out(v3: V3Client) -> None:
    assert await v3.result("set.system.webpools", "disable") == (0, "ok")

    assert not v3.miner.state.web_pools
    assert v3.miner.v3.writes == [
        {"cmd": "set.system.webpools", "param": "disable", "account": "super"}
    ]


async def test_an_unknown_command_is_refused_before_its_signature_is_looked_at(
    v3: V3Client,
) -> None:
    v3.miner.api_open = False

    for command in ("set.system.apiswitch", "set.miner.mode", "get.shell", "summary"):
        assert (await v3.ask(command))["code"] == -2
        assert await v3.result(command, token="x") == (-2, "invalid command")
    assert v3.miner.v3.writes == []


async def test_the_switch_of_both_apis_is_the_same(v3: V3Client) -> None:
    """While it is off, not even a signature is looked at."""
    v3.miner.api_open = False
    refused = (-4, "no permission for write command")
    assert await v3.result(*LED) == refused
    assert await v3.result(*LED, token="wrong") == refused
    assert (await v3.info("system"))["apiswitch"] == "0"

    v3.miner.api_open = True
    assert await v3.result(*LED) == (0, "ok")
    assert (await v3.info("system"))["apiswitch"] == "1"


@pytest.mark.parametrize(
    "change",
    [{"token": "12345678"}, {"token": 7}, {"ts": TS + 1}, {"account": "user1"}],
)
@pytest.mark.parametrize(
    ("quirks", "refused"),
    [(set(), NO_PERMISSION), ({Quirk.PASSWORD_TEXT}, PASSWORD_WRONG)],
)
async def test_firmware_refuses_a_wrong_signature_in_one_of_two_ways(
    v3: V3Client, change: dict[str, object], refused: tuple[int, str]
) -> None:
    assert await v3.result("set.system.led", "auto", **change) == refused
    assert v3.miner.v3.writes == []


@pytest.mark.parametrize("account", ["admin", "root", "", 7])
async def test_there_is_no_other_account(v3: V3Client, account: object) -> None:
    assert await v3.result(*LED, account=account) == NO_PERMISSION


@pytest.mark.parametrize("item", ["ts", "token", "account"])
async def test_nothing_of_a_signature_may_be_missing(v3: V3Client, item: str) -> None:
    request = await v3.signed(*LED)
    del request[item]
    async with connected(v3.miner) as connection:
        await connection.request(request)
        answer = await connection.answer()

    assert (answer["code"], answer["msg"]) == (-3, f"{item} item is null")


@pytest.mark.parametrize("ts", [str(TS), TS + 0.5, True])
async def test_the_time_is_a_whole_number(v3: V3Client, ts: object) -> None:
    assert await v3.result(*LED, ts=ts) == (-1, "invalid param")


async def test_the_time_of_a_signature_does_not_matter(v3: V3Client) -> None:
    v3.miner.advance(86_400)

    assert await v3.result(*LED) == (0, "ok")


@pytest.mark.parametrize("quirks", [{Quirk.STRICT_TIME}])
async def test_some_firmware_takes_a_signature_for_a_minute(v3: V3Client) -> None:
    """What counts is the clock of the miner, which may be wrong."""
    v3.miner.advance(60)
    assert await v3.result(*LED) == (0, "ok")
    v3.miner.v3.clock_offset += 3600
    assert (await v3.ask("get.fan.setting"))["when"] == TS + 3660
    assert await v3.result(*LED) == NO_PERMISSION


async def test_passwords_of_v2_and_v3_are_set_apart() -> None:
    async with SimulatedMiner(
        generation="v3", password="of_v2", super_password="Pässwort-of-V3"
    ) as miner:
        v3 = V3Client(miner)
        assert (miner.password, miner.v3.password) == ("of_v2", "Pässwort-of-V3")
        assert await v3.result(*LED) == (0, "ok")
        assert await V3Client(miner, password="of_v2").result(*LED) == NO_PERMISSION

        miner.v3.password = "new"
        assert miner.password == "of_v2"
        assert await V3Client(miner, password="new").result(*LED) == (0, "ok")


async def test_a_new_password_makes_a_new_salt(v3: V3Client) -> None:
    salt = await v3.info("salt")
    request = await v3.signed(*LED)
    v3.miner.v3.password = v3.miner.v3.password

    assert len(salt) == 8
    assert await v3.info("salt") != salt
    assert await v3.result(*LED, token=request["token"]) == NO_PERMISSION
    assert await v3.result(*LED) == (0, "ok")


@pytest.mark.parametrize(
    ("quirks", "refused"),
    [
        (set(), (0, "ok")),
        ({Quirk.DEFAULT_REFUSED}, NO_PERMISSION),
        ({Quirk.DEFAULT_REFUSED, Quirk.PASSWORD_TEXT}, PASSWORD_WRONG),
    ],
)
async def test_some_firmware_refuses_the_default_password(
    v3: V3Client, refused: tuple[int, str]
) -> None:
    """Not even the password can be changed then."""
    v3.miner.v3.password = "super"
    change = {"account": "super", "old": "super", "new": "Secret-1"}

    assert await v3.result(*LED) == refused
    assert await v3.result("set.user.change_passwd", change) == refused


# Other accounts


async def test_another_account_may_what_super_grants(v3: V3Client) -> None:
    user = V3Client(v3.miner, "user1")
    assert await user.result(*LED) == NO_PERMISSION

    grant = {"user": "user1", "permission": "set.system.led,set.miner.pools"}
    assert await v3.result("set.user.permission", grant) == (0, "ok")
    assert await user.result(*LED) == (0, "ok")
    assert await user.result("set.system.webpools", "enable") == NO_PERMISSION
    permission = (await v3.info("miner"))["permission"]
    assert permission == "super=255 user1=1 user2=0 user3=0"

    assert await v3.result("set.user.permission", grant | {"permission": ""}) == (
        0,
        "ok",
    )
    assert await user.result(*LED) == NO_PERMISSION


async def test_only_super_grants(v3: V3Client) -> None:
    grant = {"user": "user2", "permission": "set.user.permission,set.system.led"}
    assert await v3.result("set.user.permission", grant) == (0, "ok")
    user = V3Client(v3.miner, "user2")

    assert await user.result("set.user.permission", grant) == NO_PERMISSION
    assert await v3.result("set.user.permission", grant | {"user": "super"}) == (
        -1,
        "invalid param",
    )


@pytest.mark.parametrize(
    "change",
    [
        {"account": "super", "old": "satoshi", "new": "Secret-1 with 20 more"},
        {"account": "super", "old": "satoshi", "new": "Pässwort"},
        {"account": "user1", "old": "user1", "new": "x"},
    ],
)
async def test_super_changes_passwords(v3: V3Client, change: dict[str, str]) -> None:
    """They may be longer than the eight bytes of V2, which has its own password."""
    assert await v3.result("set.user.change_passwd", change) == (0, "ok")

    assert v3.miner.v3.accounts.passwords[change["account"]] == change["new"]
    assert v3.miner.password == "satoshi"
    assert v3.miner.v3.writes == [
        {"cmd": "set.user.change_passwd", "param": change, "account": "super"}
    ]
    assert await v3.result(*LED) == (0, "ok")


@pytest.mark.parametrize(
    "change",
    [
        {"account": "super", "old": "wrong", "new": "Secret-1"},
        {"account": "super", "old": "satoshi", "new": ""},
        {"account": "super", "old": "satoshi", "new": "\n"},
        {"account": "super", "old": "satoshi", "new": "x" * 65},
        {"account": "admin", "old": "admin", "new": "Secret-1"},
    ],
)
async def test_a_change_of_password_may_be_refused(
    v3: V3Client, change: dict[str, str]
) -> None:
    assert await v3.result("set.user.change_passwd", change) == (-1, "invalid param")
    assert v3.miner.v3.password == "satoshi"


async def test_another_account_changes_no_password_but_its_own(v3: V3Client) -> None:
    grant = {"user": "user1", "permission": "set.user.change_passwd"}
    await v3.result("set.user.permission", grant)
    user = V3Client(v3.miner, "user1")
    own = {"account": "user1", "old": "user1", "new": "Secret-1"}
    foreign = {"account": "super", "old": "satoshi", "new": "Secret-1"}

    assert await user.result("set.user.change_passwd", foreign) == (-1, "invalid param")
    assert await user.result("set.user.change_passwd", own) == (0, "ok")


@pytest.mark.parametrize(
    "param", [{"account": "super", "old": "satoshi", "new": "x"}, 7]
)
async def test_a_password_is_not_taken_in_clear(v3: V3Client, param: object) -> None:
    request = await v3.signed("set.user.change_passwd") | {"param": param}
    async with connected(v3.miner) as connection:
        await connection.request(request)
        assert (await connection.answer())["code"] == -1

    assert v3.miner.v3.password == "satoshi"
    assert v3.miner.v3.writes == []
