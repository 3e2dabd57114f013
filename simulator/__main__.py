"""The command line: ``python -m simulator`` runs miners until it is stopped."""

import argparse
import asyncio
from contextlib import AsyncExitStack, suppress
import logging
import re
import signal
import sys
import time
from typing import NoReturn, override

from . import DEFAULT_PASSWORD, MODELS, Generation, Quirk, SimulatedMiner
from .v3 import FIRMWARE_BY_API, NEWEST_API

_HIGHEST_PORT = 65_535


class _Parser(argparse.ArgumentParser):
    @override
    def error(self, message: str) -> NoReturn:
        """Say what is wrong in one line."""
        self.exit(2, f"{self.prog}: {message}\n")


def _port(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or int(text) > _HIGHEST_PORT:
        raise argparse.ArgumentTypeError(f"{text} is not a port (0 to {_HIGHEST_PORT})")
    return int(text)


def _count(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text) <= 1000:
        raise argparse.ArgumentTypeError(
            f"{text} is not a number of miners (1 to 1000)"
        )
    return int(text)


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0 < speed <= 10_000:
        raise argparse.ArgumentTypeError(f"{text} is not a speed (up to 10000)")
    return speed


def _password(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_]{1,8}", text):
        raise argparse.ArgumentTypeError("1 to 8 letters, digits or underscores")
    return text


def _parser() -> _Parser:
    parser = _Parser(
        prog="python -m simulator",
        description="Simulated MicroBT Whatsminers that answer over TCP.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="quirks:\n"
        + "".join(f"  {quirk:<18} {quirk.description}\n" for quirk in Quirk)
        + "\nStop with Ctrl-C.",
    )
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen on (default %(default)s)"
    )
    parser.add_argument(
        "--port",
        "--base-port",
        type=_port,
        default=4028,
        metavar="P",
        help="port of the first miner; the others get the next ports (default %(default)s)",
    )
    parser.add_argument(
        "--miners",
        type=_count,
        default=1,
        metavar="N",
        help="number of miners (default %(default)s)",
    )
    parser.add_argument(
        "--generation",
        choices=[str(generation) for generation in Generation],
        default=str(Generation.V2),
        help="v1: API 1.4; v2: API 2.0.5; compat: API 2.2 of newer firmware, without V3; v3: V3 and API 2.2"
        " (default %(default)s)",
    )
    _add_v3(parser)
    parser.add_argument(
        "--model",
        choices=list(MODELS),
        default="M30S+",
        metavar="MODEL",
        help=f"one of {', '.join(MODELS)} (default %(default)s)",
    )
    parser.add_argument(
        "--password",
        type=_password,
        default=DEFAULT_PASSWORD,
        help="password of the account admin; with 'admin', the miner refuses commands that change"
        " something (default %(default)s)",
    )
    parser.add_argument(
        "--seed",
        default="1",
        help="seed for the MAC addresses and the small differences between miners (default %(default)s)",
    )
    parser.add_argument(
        "--speed",
        type=_speed,
        default=1.0,
        help="simulated seconds in each real second (default %(default)g)",
    )
    parser.add_argument(
        "--closed",
        action="store_true",
        help="switch the API off: the miner refuses commands that change something",
    )
    parser.add_argument(
        "--quirk",
        choices=[str(quirk) for quirk in Quirk],
        action="append",
        default=[],
        metavar="QUIRK",
        help="a peculiarity of some firmware, see below; can be given several times",
    )
    parser.add_argument(
        "-v",
        "--verbose",
        action="store_true",
        help="print each command that a miner receives",
    )
    return parser


def _add_v3(parser: _Parser) -> None:
    """Add what concerns miners of generation v3 only."""
    v3 = parser.add_argument_group("for generation v3")
    v3.add_argument(
        "--api",
        choices=list(FIRMWARE_BY_API),
        default=NEWEST_API,
        help="API version, which decides which keys and commands exist (default %(default)s)",
    )
    v3.add_argument(
        "--v3-port",
        type=_port,
        default=4433,
        metavar="P",
        help="V3 port of the first miner; the others get the next ports (default %(default)s)",
    )
    v3.add_argument(
        "--super-password",
        metavar="PASSWORD",
        help="password of the account super (default: the password of admin)",
    )


async def _run(arguments: argparse.Namespace) -> None:
    """Serve until a signal comes."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):  # Windows: Ctrl-C ends the loop instead
            loop.add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        for index in range(arguments.miners):
            miner = SimulatedMiner(
                generation=arguments.generation,
                model=arguments.model,
                password=arguments.password,
                host=arguments.host,
                port=arguments.port + index if arguments.port else 0,
                seed=f"{arguments.seed}-{index}",
                api_open=not arguments.closed,
                quirks={quirk for quirk in Quirk if quirk in arguments.quirk},
                speed=arguments.speed,
                start=time.time(),
                api=arguments.api,
                super_password=arguments.super_password,
                v3_port=arguments.v3_port + index if arguments.v3_port else 0,
            )
            await stack.enter_async_context(miner)
            print(_line(miner, arguments), flush=True)
        await stop.wait()


def _line(miner: SimulatedMiner, arguments: argparse.Namespace) -> str:
    """Return what is printed of a miner: where it is, what it is, its MAC address."""
    what = f"firmware {miner.firmware_version}"
    if miner.generation is Generation.V3:
        what += f", API {arguments.api} on port {miner.v3.port}"
    return (
        f"{miner.host}:{miner.port}  {miner.generation} ({what})"
        f"  {arguments.model}  {miner.mac}"
    )


def _check_ports(parser: _Parser, arguments: argparse.Namespace) -> None:
    """Refuse numbers of ports that do not exist, or would be used twice."""
    count = arguments.miners
    last = arguments.port + count - 1
    if arguments.port and last > _HIGHEST_PORT:
        parser.error(f"the last of the miners would have port {last}")
    if arguments.generation != Generation.V3 or not arguments.v3_port:
        return
    last = arguments.v3_port + count - 1
    if last > _HIGHEST_PORT:
        parser.error(f"the last of the miners would have port {last} for V3")
    if arguments.port and abs(arguments.v3_port - arguments.port) < count:
        parser.error("some miners would have the same port; choose another --v3-port")


def main(argv: list[str] | None = None) -> int:
    """Run the program; return its exit code."""
    parser = _parser()
    arguments = parser.parse_args(argv)
    _check_ports(parser, arguments)
    if arguments.verbose:
        logging.basicConfig(format="%(asctime)s %(message)s")
        logging.getLogger("simulator").setLevel(logging.DEBUG)
    try:
        asyncio.run(_run(arguments))
    except KeyboardInterrupt:
        pass
    except OSError as err:
        parser.error(err.strerror or str(err))
    return 0


if __name__ == "__main__":
    sys.exit(main())
