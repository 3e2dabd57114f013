"""What each firmware generation answers, and in which shape."""

import json
import re

import pytest

from simulator import Quirk, SimulatedMiner

from .client import Client, exchange

V1, V2, COMPAT = ("v1", "M20S"), ("v2", "M30S+"), ("compat", "M60S")
HYDRO = ("compat", "M7BS")

each_generation = pytest.mark.parametrize(
    ("generation", "model"), [V1, V2, COMPAT], ids=["v1", "v2", "compat"]
)
on_v1 = pytest.mark.parametrize(("generation", "model"), [V1], ids=["v1"])
on_v2 = pytest.mark.parametrize(("generation", "model"), [V2], ids=["v2"])
on_compat = pytest.mark.parametrize(("generation", "model"), [COMPAT], ids=["compat"])
on_hydro = pytest.mark.parametrize(("generation", "model"), [HYDRO], ids=["hydro"])

# Keys in the order of a real machine's answer.
V2_SUMMARY = (
    "Elapsed, MHS av, MHS 5s, MHS 1m, MHS 5m, MHS 15m, HS RT, Accepted, Rejected, "
    "Total MH, Temperature, freq_avg, Fan Speed In, Fan Speed Out, Power, Power Rate, "
    "Pool Rejected%, Pool Stale%, Last getwork, Uptime, Security Mode, Hash Stable, "
    "Hash Stable Cost Seconds, Hash Deviation%, Target Freq, Target MHS, Env Temp, "
    "Power Mode, Factory GHS, Power Limit, Chip Temp Min, Chip Temp Max, Chip Temp Avg, "
    "Debug, Btminer Fast Boot, Upfreq Complete"
)
COMPAT_SUMMARY = (
    "Elapsed, MHS av, MHS 1m, MHS 15m, HS RT, freq_avg, Fan Speed In, Fan Speed Out, "
    "Power, Power Rate, Pool Rejected%, Uptime, Hash Stable, Hash Stable Cost Seconds, "
    "Target Freq, Env Temp, Power Mode, Factory GHS, Power Limit, Chip Temp Min, "
    "Chip Temp Max, Chip Temp Avg, Debug, Btminer Fast Boot"
)
V2_BOARD = (
    "ASC, Slot, Enabled, Status, Temperature, Chip Frequency, MHS av, MHS 5s, MHS 1m, "
    "MHS 5m, MHS 15m, HS RT, Factory GHS, Accepted, Rejected, Last Valid Work, "
    "Upfreq Complete, Effective Chips, PCB SN, Chip Data, Chip Temp Min, Chip Temp Max, "
    "Chip Temp Avg, chip_vol_diff"
)
COMPAT_BOARD = (
    "Slot, Temperature, Chip Frequency, MHS av, MHS 1m, MHS 15m, HS RT, Factory GHS, "
    "Upfreq Complete, Effective Chips, PCB SN, Chip Data"
)


def keys(answer: dict[str, object]) -> str:
    return ", ".join(answer)


# Envelopes


@on_v1
async def test_v1_uses_cgminers_envelope(client: Client) -> None:
    """STATUS is a list of one long entry with cgminer's codes."""
    codes = {}
    for command in ("summary", "pools", "edevs", "devs", "devdetails"):
        answer = await client.read(command)
        (status,) = answer["STATUS"]
        assert keys(status) == "STATUS, When, Code, Msg, Description"
        assert status["Description"] == "cgminer 4.9.2"
        assert answer["id"] == 1
        codes[command] = (status["Code"], status["Msg"])

    assert codes == {
        "summary": (11, "Summary"),
        "pools": (7, "3 Pool(s)"),
        "edevs": (9, "3 ASC(s)"),
        "devs": (9, "3 ASC(s)"),
        "devdetails": (69, "Device Details"),
    }


@on_v2
async def test_v2_uses_the_short_envelope(client: Client) -> None:
    """STATUS is a list of one short entry, except in devdetails."""
    messages = {"summary": "Summary", "pools": "1 Pool(s)", "edevs": "3 ASC(s)"}
    for command, message in messages.items():
        answer = await client.read(command)
        assert answer["STATUS"] == [{"STATUS": "S", "Msg": message}]

    (status,) = (await client.read("devdetails"))["STATUS"]
    assert (status["Code"], status["Description"]) == (69, "btminer")


@on_compat
async def test_compat_puts_the_summary_in_msg(client: Client) -> None:
    """Pools and boards keep the short list."""
    summary = await client.read("summary")

    assert keys(summary) == "STATUS, When, Code, Msg, Description"
    assert (summary["STATUS"], summary["Code"]) == ("S", 131)
    (status,) = (await client.read("pools"))["STATUS"]
    assert status == {"STATUS": "S", "Msg": "1 Pool(s)"}


@each_generation
async def test_the_rest_comes_as_msg(client: Client, generation: str) -> None:
    """The description names the API on v1 and is empty later."""
    for command in ("status", "get_version", "get_psu"):
        answer = await client.read(command)
        assert keys(answer) == "STATUS, When, Code, Msg, Description"
        assert (answer["STATUS"], answer["Code"]) == ("S", 131)
        assert (answer["Description"] == "whatsminer v1.4.0") is (generation == "v1")


# summary


@pytest.mark.parametrize(
    ("generation", "model", "expected"),
    [(*V2, V2_SUMMARY), (*COMPAT, COMPAT_SUMMARY)],
    ids=["v2", "compat"],
)
async def test_the_summary_has_the_keys_of_its_firmware(
    client: Client, expected: str
) -> None:
    assert keys(await client.summary()) == expected


@each_generation
async def test_the_summary_counts_in_mh(client: Client) -> None:
    summary = await client.summary()

    assert summary["HS RT"] == pytest.approx(
        client.miner.state.telemetry().hash_rate * 1e6, rel=1e-6
    )
    assert summary["Factory GHS"] == client.miner.state.model.hash_rate * 1000


@on_v1
async def test_v1_has_identity_and_errors_in_the_summary(client: Client) -> None:
    """The firmware version has quotes of its own."""
    client.miner.state.faults |= {
        218: "2026-10-31 10:30:00",
        2010: "2026-10-31 11:00:00",
    }
    summary = await client.summary()

    assert summary["MAC"] == client.miner.mac
    assert summary["Firmware Version"] == "'20210322.22.REL'"
    assert summary["Liquid Cooling"] is False
    assert summary["Error Code Count"] == 2
    assert (summary["Error Code 0"], summary["Error Code 1"]) == (218, 2010)
    assert summary["Hash Stable"] is True
    assert "Btminer Fast Boot" not in summary


async def test_classic_firmware_prints_fixed_decimals(miner: SimulatedMiner) -> None:
    miner.state.mining = False
    text = (await exchange(miner, b'{"cmd":"summary"}')).decode()

    assert '"HS RT":0.00,' in text
    assert '"Pool Rejected%":0.0000,' in text
    assert re.search(r'"Total MH":0\.0000,', text)


@on_compat
async def test_compat_prints_shortest_numbers(client: Client) -> None:
    """Whole numbers have no decimals."""
    client.miner.advance(0.37)
    text = (await exchange(client.miner, b'{"cmd":"summary"}')).decode()
    summary = await client.summary()

    assert isinstance(summary["Elapsed"], float)
    assert isinstance(summary["HS RT"], int)
    assert isinstance(summary["Power"], float)
    assert summary["Hash Stable"] == "true"
    assert summary["Target Freq"] == 0
    assert ".0," not in text


# Boards


@pytest.mark.parametrize(
    ("generation", "model", "expected"),
    [(*V2, V2_BOARD), (*COMPAT, COMPAT_BOARD)],
    ids=["v2", "compat"],
)
async def test_boards_have_the_keys_of_their_firmware(
    client: Client, expected: str
) -> None:
    assert [keys(board) for board in await client.boards()] == [expected] * 3


@pytest.mark.parametrize(
    ("generation", "model", "unit"),
    [(*V1, 1e6), (*V2, 1e6), (*COMPAT, 1), (*HYDRO, 1)],
    ids=["v1", "v2", "compat", "hydro"],
)
async def test_boards_of_compat_firmware_count_in_th(
    client: Client, unit: float
) -> None:
    """The keys are the same as in other firmware, only the unit is another."""
    total = sum(board["HS RT"] for board in await client.boards())

    assert total / unit == pytest.approx(
        (await client.summary())["HS RT"] / 1e6, rel=1e-3
    )


async def test_devs_and_edevs_are_the_same(client: Client) -> None:
    assert await client.read("devs") == await client.read("edevs")


@each_generation
async def test_a_board_that_is_pulled_out_is_not_listed(client: Client) -> None:
    client.miner.state.boards[1].present = False
    answer = await client.read("edevs")

    assert [board["Slot"] for board in answer["DEVS"]] == [0, 2]
    assert answer["STATUS"][0]["Msg"] == "2 ASC(s)"


@each_generation
async def test_boards_may_be_found_late(generation: str, model: str) -> None:
    miner = SimulatedMiner(generation=generation, model=model)
    for board in miner.state.boards:
        board.present = False
    async with miner:
        client = Client(miner)
        assert await client.boards() == []
        assert (await client.summary())["HS RT"] == 0
        for count in (1, 2, 3):
            miner.state.boards[count - 1].present = True
            assert len(await client.boards()) == count
        assert (await client.summary())["HS RT"] > 0


@each_generation
async def test_a_board_may_die_and_then_vanish(client: Client) -> None:
    before = (await client.summary())["HS RT"]
    board = client.miner.state.boards[2]
    board.alive = False
    alive = [found["HS RT"] > 0 for found in await client.boards()]
    assert alive == [True, True, False]
    assert 0 < (await client.summary())["HS RT"] < 0.7 * before
    board.present = False
    assert [found["Slot"] for found in await client.boards()] == [0, 1]


async def test_a_dead_board_is_listed_with_nothing_in_it(client: Client) -> None:
    client.miner.state.boards[1].alive = False
    dead = (await client.boards())[1]

    assert (dead["Status"], dead["HS RT"], dead["Effective Chips"]) == ("Dead", 0, 0)


# Pools


async def test_pools_count_from_one(client: Client) -> None:
    (pool,) = (await client.read("pools"))["POOLS"]

    assert (pool["POOL"], pool["Priority"], pool["Status"]) == (1, 0, "Alive")
    assert pool["Stratum Active"] is True
    assert pool["User"] == "simulated.001"
    assert pool["Accepted"] > 1000 > pool["Rejected"] > 0
    assert pool["Last Share Time"] == int(client.miner.state.now)


@on_v1
async def test_v1_lists_three_pools(client: Client) -> None:
    """Unused places are disabled."""
    pools = (await client.read("pools"))["POOLS"]

    assert [pool["Status"] for pool in pools] == ["Alive", "Disabled", "Disabled"]


@on_compat
async def test_compat_drops_keys_of_pools(client: Client) -> None:
    (pool,) = (await client.read("pools"))["POOLS"]

    assert pool["To Remove"] is False
    dropped = ("Long Poll", "Works", "Difficulty Accepted", "Best Share", "Stratum URL")
    assert not pool.keys() & dropped


# What is left of cgminer


@on_v1
async def test_v1_knows_cgminers_version_and_statistics(client: Client) -> None:
    """Statistics are kept for each board and each pool."""
    answer = await client.read("version")
    (status,) = answer["STATUS"]
    assert (status["Code"], status["Msg"]) == (22, "CGMiner versions")
    assert answer["VERSION"] == [{"CGMiner": "4.9.2", "API": "3.6"}]

    answer = await client.read("stats")
    (status,) = answer["STATUS"]
    assert (status["Code"], status["Msg"]) == (70, "CGMiner stats")
    assert [(part["STATS"], part["ID"]) for part in answer["STATS"]] == [
        (0, "SM0"),
        (1, "SM1"),
        (2, "SM2"),
        (3, "POOL0"),
        (4, "POOL1"),
        (5, "POOL2"),
    ]
    elapsed = (await client.summary())["Elapsed"]
    assert {part["Elapsed"] for part in answer["STATS"]} == {elapsed}


@on_v1
async def test_v1_joins_cgminers_version_and_statistics(client: Client) -> None:
    answer = await client.read("summary+version+stats")
    assert list(answer) == ["summary", "version", "stats", "id"]
    assert answer["version"] == [await client.read("version")]
    assert answer["stats"] == [await client.read("stats")]


@pytest.mark.parametrize(("generation", "model"), [V2, COMPAT], ids=["v2", "compat"])
@pytest.mark.parametrize("command", ["version", "stats", "summary+version"])
async def test_later_firmware_no_longer_knows_them(
    client: Client, command: str
) -> None:
    assert (await client.read(command))["Code"] == 14


# Identity and status


@pytest.mark.parametrize(
    ("generation", "model", "expected"),
    [
        (*V1, {"api_ver": "whatsminer v1.4.0", "fw_ver": "20210322.22.REL"}),
        (*V2, {"api_ver": "2.0.5", "fw_ver": "20240924.14.Rel", "platform": "H616"}),
        (*COMPAT, {"api_ver": "2.2.2", "miner_type": "M60S_VK40"}),
    ],
    ids=["v1", "v2", "compat"],
)
async def test_the_version_names_the_generation(
    client: Client, expected: dict[str, str]
) -> None:
    assert (await client.message("get_version")).items() >= expected.items()


@each_generation
async def test_the_api_version_may_be_another(client: Client) -> None:
    """Clients may go by the version. What the miner does stays the same."""
    before = await client.message("get_version")
    assert client.miner.api_version == before["api_ver"]
    client.miner.api_version = "3.0.1"

    assert await client.message("get_version") == before | {"api_ver": "3.0.1"}
    assert await client.code("power_off") == 131


@pytest.mark.parametrize(
    ("generation", "model", "name"),
    [(*V1, "M20SV10"), (*V2, "M30S+_VE40")],
    ids=["v1", "v2"],
)
async def test_devdetails_name_the_model(client: Client, name: str) -> None:
    """Clients detect the maker by the driver."""
    details = (await client.read("devdetails"))["DEVDETAILS"]

    assert [detail["Model"] for detail in details] == [name] * 3
    assert details[0]["Driver"] == "bitmicro"


@on_compat
async def test_compat_no_longer_knows_devdetails(client: Client) -> None:
    """The command is refused, not unknown."""
    answer = await client.read("devdetails")

    assert (answer["Code"], answer["Msg"]) == (132, "This command is deprecated.")


@on_v1
async def test_v1_status_says_whether_it_is_off(client: Client) -> None:
    """It has no other reading of the switch, and no reason."""
    for command, off in (("", "false"), ("power_off", "true"), ("power_on", "false")):
        if command:
            await client.send(command)
        assert await client.message("status") == {
            "btmineroff": off,
            "Firmware Version": "'20210322.22.REL'",
        }


@on_v2
async def test_v2_status(client: Client) -> None:
    """All values are strings. A limit that is not set is empty."""
    assert await client.message("status") == {
        "mineroff": "false",
        "mineroff_reason": "",
        "mineroff_time": "",
        "FirmwareVersion": "20240924.14.Rel",
        "power_mode": "normal",
        "power_limit_set": "",
        "hash_percent": "0",
    }
    client.miner.state.power_limit = 3000
    assert (await client.message("status"))["power_limit_set"] == "3000"


@on_hydro
async def test_compat_status(client: Client) -> None:
    """This firmware adds numbers. A limit that is not set is the largest number."""
    client.miner.state.percent = 120
    status = await client.message("status")

    assert status["power_limit_set"] == "2147483647"
    assert status["fast_mining"] == status["fast_hash"] == "false"
    assert status["power_pct"] == 120
    assert 40 < status["liquid_temp"] < 50


@on_compat
async def test_an_air_cooled_miner_has_no_coolant(client: Client) -> None:
    assert "liquid_temp" not in await client.message("status")


@on_v2
async def test_miner_info(client: Client) -> None:
    """The filter picks keys."""
    info = await client.message("get_miner_info")

    assert keys(info) == (
        "ip, proto, netmask, gateway, dns, hostname, mac, ledstat, minersn, powersn, "
        "upfreq_speed"
    )
    assert (info["mac"], info["hostname"]) == (client.miner.mac, "WhatsMiner")
    assert info["minersn"] == client.miner.serial
    assert await client.message("get_miner_info", info="ip,mac") == {
        "ip": "127.0.0.1",
        "mac": client.miner.mac,
    }


@on_compat
async def test_compat_ignores_the_filter(client: Client) -> None:
    """Time servers come first, and the serial number is unknown."""
    info = await client.message("get_miner_info", info="ip")

    assert next(iter(info)) == "ntp"
    assert info["minersn"] == ""


@pytest.mark.parametrize(
    ("generation", "model", "vin", "enable"),
    [(*V2, "22400", None), (*HYDRO, "39600", "1")],
    ids=["air", "hydro"],
)
async def test_the_supply_is_described_in_strings(
    client: Client, vin: str, enable: str | None
) -> None:
    """A hydro supply has three phases and no fan."""
    psu = await client.message("get_psu")

    assert all(isinstance(value, str) for value in psu.values())
    assert (psu["vin"], psu.get("enable")) == (vin, enable)
    assert (psu["fan_speed"] == "0") is (enable is not None)


@on_v1
async def test_v1_knows_little_of_its_supply(client: Client) -> None:
    assert (
        keys(await client.message("get_psu")) == "name, hw_version, sw_version, model"
    )


@pytest.mark.parametrize(("generation", "model"), [V2, COMPAT], ids=["v2", "compat"])
async def test_error_codes_are_a_list_of_pairs(client: Client) -> None:
    assert await client.message("get_error_code") == {"error_code": []}

    client.miner.state.faults |= {
        218: "2026-10-31 10:30:00",
        2010: "2026-10-31 11:00:00",
    }
    assert await client.message("get_error_code") == {
        "error_code": [{"218": "2026-10-31 10:30:00"}, {"2010": "2026-10-31 11:00:00"}]
    }


@pytest.mark.parametrize("generation", ["v2", "compat"])
@pytest.mark.parametrize(
    ("quirk", "shape"),
    [
        (
            Quirk.ERROR_OBJECT,
            '{"218":"2026-11-01 08:00:00","329":"2026-11-01 08:01:00"}',
        ),
        (Quirk.ERROR_STRINGS, '["218","329"]'),
        (
            Quirk.BARE_ERRORS,
            '["218":"2026-11-01 08:00:00","329":"2026-11-01 08:01:00"]',
        ),
    ],
)
async def test_error_codes_have_other_shapes_elsewhere(
    generation: str, quirk: Quirk, shape: str
) -> None:
    """One of the shapes is not JSON."""
    async with SimulatedMiner(generation=generation, quirks={quirk}) as miner:
        miner.state.fail(218)
        miner.advance(60)
        miner.state.fail(329)
        answer = await exchange(miner, b'{"cmd":"get_error_code"}')

        assert f'"error_code":{shape}' in answer.decode()


@pytest.mark.parametrize("generation", ["v1", "v2", "compat"])
async def test_faults_come_and_go(client: Client, generation: str) -> None:
    async def faults() -> list[str]:
        if generation == "v1":
            summary = await client.summary()
            count = summary["Error Code Count"]
            return [str(summary[f"Error Code {n}"]) for n in range(count)]
        listed = (await client.message("get_error_code"))["error_code"]
        return [code for pair in listed for code in pair]

    client.miner.state.fail(218)
    client.miner.state.fail(2010)
    assert await faults() == ["218", "2010"]
    assert client.miner.state.faults[218] == "2026-11-01 08:00:00"
    del client.miner.state.faults[218]
    assert await faults() == ["2010"]
    client.miner.state.faults.clear()
    assert await faults() == []


# Joined and unknown commands


@each_generation
async def test_joined_reads_are_answered_in_one_object(client: Client) -> None:
    """Each part of the object is a list with the answer to that command alone."""
    joined = await client.read("summary+pools+edevs")

    assert keys(joined) == "summary, pools, edevs, id"
    assert joined["id"] == 1
    for part in ("summary", "pools", "edevs"):
        assert joined[part] == [await client.read(part)]


@pytest.mark.parametrize(
    "command",
    [
        "status+summary",
        "summary+get_version",
        "summary+power_off",
        "summary+",
        "stats",
        "",
    ],
)
async def test_what_cannot_be_joined_or_is_unknown_gets_14(
    client: Client, command: str
) -> None:
    answer = await client.read(command)

    assert (answer["STATUS"], answer["Code"]) == ("E", 14)
    assert answer["Msg"] == "invalid cmd"


@on_v1
@pytest.mark.parametrize("command", ["get_miner_info", "get_error_code", "coin"])
async def test_v1_says_so_as_cgminer_does(client: Client, command: str) -> None:
    (status,) = (await client.read(command))["STATUS"]

    assert (status["Code"], status["Msg"]) == (14, "Invalid command")


async def test_a_request_without_a_command_gets_14(miner: SimulatedMiner) -> None:
    assert json.loads(await exchange(miner, b'{"info":"ip"}'))["Code"] == 14


# Oddities


@pytest.mark.parametrize(
    ("quirk", "command", "broken", "whole"),
    [
        (Quirk.MISSING_COMMA, "get_psu", '"vendor":"7""temp0"', '"vendor":"7","temp0"'),
        (
            Quirk.BARE_ERRORS,
            "get_error_code",
            '["218":"2026-10-31 10:30:00"]',
            '[{"218":"2026-10-31 10:30:00"}]',
        ),
        (Quirk.BAD_ESCAPES, "pools", r"o\'brien.rig", "o'brien.rig"),
    ],
)
async def test_some_firmware_writes_broken_json(
    quirk: Quirk, command: str, broken: str, whole: str
) -> None:
    for quirks, expected in (({quirk}, broken), (set[Quirk](), whole)):
        async with SimulatedMiner(quirks=quirks) as miner:
            miner.state.faults[218] = "2026-10-31 10:30:00"
            miner.state.pools[0].user = "o'brien.rig"
            text = await exchange(miner, json.dumps({"cmd": command}).encode())
            assert expected in text.decode()


@pytest.mark.parametrize("generation", ["v1", "v2", "compat"])
async def test_some_firmware_knows_only_the_key_command(generation: str) -> None:
    """It refuses the other key as cgminer does."""
    async with SimulatedMiner(
        generation=generation, quirks={Quirk.COMMAND_KEY}
    ) as miner:
        for name in ("summary", "summary+pools", "get_token", "no_such_command"):
            refused, answer = [
                json.loads((await exchange(miner, request)).rstrip(b"\0"))
                for request in (
                    b'{"cmd":"%s"}' % name.encode(),
                    b'{"command":"%s"}' % name.encode(),
                )
            ]
            assert refused["Code"] == 24
            assert refused["Msg"] == "Missing JSON 'command'"
            assert answer.get("Code") != 24


async def test_a_dead_process_is_announced_in_plain_text() -> None:
    """Only cgminer's own commands are affected."""
    async with SimulatedMiner(quirks={Quirk.PROCESS_DOWN}) as miner:
        assert await Client(miner).summary()
        miner.state.mining = False
        for command in (b"summary", b"summary+pools"):
            answer = await exchange(miner, b'{"cmd":"%s"}' % command)
            assert answer == b"Socket connect failed: Connection refused\n"
        assert (await Client(miner).message("status"))["mineroff"] == "true"


@pytest.mark.parametrize(
    ("generation", "quirks"),
    [("v1", set[Quirk]()), ("v2", {Quirk.STALE_SUMMARY})],
    ids=["v1", "v2 with the quirk"],
)
async def test_a_stale_summary_outlives_the_stop(
    generation: str, quirks: set[Quirk]
) -> None:
    """The clock of the summary stands still until mining starts again."""
    async with SimulatedMiner(generation=generation, quirks=quirks) as miner:
        client = Client(miner)
        before = await client.summary()
        miner.state.mining = False
        miner.advance(600)
        assert await client.summary() == before
        miner.state.mining = True
        assert (await client.summary())["Elapsed"] == 0


# Seeds


async def test_a_seed_makes_a_machine() -> None:
    texts = []
    for seed in (1, 1, 2):
        async with SimulatedMiner(seed=seed) as miner:
            miner.advance(1234)
            texts.append(await exchange(miner, b'{"cmd":"summary+pools+edevs"}'))

    assert texts[0] == texts[1] != texts[2]


async def test_the_mac_is_locally_administered(miner: SimulatedMiner) -> None:
    assert re.fullmatch(r"C[26AE](:[0-9A-F]{2}){5}", miner.mac)
    assert SimulatedMiner(mac="C6:07:20:00:00:01").mac == "C6:07:20:00:00:01"
