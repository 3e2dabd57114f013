"""Commands after which the control board is away: for how long, and where it comes back."""

import asyncio

import pytest

from simulator import SimulatedMiner

from .client import Client, exchange

NET = {"mask": "255.0.0.0", "gate": "127.0.0.1", "dns": "127.0.0.1", "host": "rig-7"}


@pytest.mark.parametrize("generation", ["v1", "v2", "compat"])
async def test_how_long_it_takes_can_be_set(client: Client) -> None:
    assert (await client.summary())["Uptime"] > 0
    client.miner.state.reboot_seconds = 5
    assert await client.code("reboot") == 131
    client.miner.advance(4)
    with pytest.raises(ConnectionRefusedError):
        await client.summary()
    client.miner.advance(1)

    assert (await client.summary())["Uptime"] == 0


async def test_it_needs_no_client_that_waits_for_the_answer(client: Client) -> None:
    request = await client.command("reboot")
    _, writer = await asyncio.open_connection(client.miner.host, client.miner.port)
    writer.write(request)
    while not client.miner.writes:
        await asyncio.sleep(0)
    writer.transport.abort()
    while not client.miner.state.away:
        await asyncio.sleep(0)
    client.miner.advance(90)

    assert await client.summary()


@pytest.mark.parametrize(
    ("command", "arguments"), [("net_config", {"param": "dhcp"}), ("factory_reset", {})]
)
async def test_it_comes_back_at_a_static_address(
    client: Client, command: str, arguments: dict[str, object]
) -> None:
    first = client.miner.host
    assert await client.code("net_config", ip="127.7.8.9", **NET) == 131
    client.miner.advance(90)

    assert client.miner.host == "127.7.8.9"
    info = await client.message("get_miner_info")
    assert (info["ip"], info["proto"]) == ("127.7.8.9", "static")
    assert (info["netmask"], info["hostname"]) == ("255.0.0.0", "rig-7")

    assert await client.code(command, **arguments) == 131
    client.miner.advance(90)
    info = await client.message("get_miner_info")
    assert (client.miner.host, info["ip"], info["proto"]) == (first, first, "dhcp")


async def test_it_is_gone_from_its_old_address(client: Client) -> None:
    first, port = client.miner.host, client.miner.port
    await client.send("net_config", ip="127.7.8.9", **NET)
    client.miner.advance(90)

    assert client.miner.port == port
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(first, port)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
async def test_a_static_address_elsewhere_is_only_reported(host: str) -> None:
    """The simulator serves addresses of loopback only."""
    async with SimulatedMiner(host=host) as miner:
        client = Client(miner)
        await client.send("net_config", **NET | {"ip": "192.168.1.9"})
        miner.advance(90)

        assert miner.host == host
        assert (await client.message("get_miner_info"))["ip"] == "192.168.1.9"


async def test_the_cable_does_not_change_the_address(client: Client) -> None:
    await client.send("net_config", ip="127.7.8.9", **NET)
    client.miner.advance(90)
    await client.miner.disconnect()
    client.miner.reconnect()

    assert client.miner.host == "127.7.8.9"
    assert await exchange(client.miner, b'{"cmd":"summary"}')
