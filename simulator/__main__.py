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
        "--host", default="127.0.0.1", help="address to bind (default %(default)s)"
    )
    parser.add_argument(
        "--port",
        "--base-port",
        type=_port,
        default=4028,
        metavar="P",
        help="port of the first miner, the others follow (default %(default)s)",
    )
    parser.add_argument(
        "--miners",
        type=_count,
        default=1,
        metavar="N",
        help="how many miners (default %(default)s)",
    )
    parser.add_argument(
        "--generation",
        choices=[str(generation) for generation in Generation],
        default=str(Generation.V2),
        help="dialect: API 1.4, 2.0.5, or the 2.2 of V3 firmware (default %(default)s)",
    )
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
        help="admin password; with 'admin' writes are refused (default %(default)s)",
    )
    parser.add_argument(
        "--seed",
        default="1",
        help="what MAC addresses and small differences are drawn from",
    )
    parser.add_argument(
        "--speed",
        type=_speed,
        default=1.0,
        help="simulated seconds per second (default %(default)g)",
    )
    parser.add_argument(
        "--closed", action="store_true", help="API switch off: writes are refused"
    )
    parser.add_argument(
        "--quirk",
        choices=[str(quirk) for quirk in Quirk],
        action="append",
        default=[],
        metavar="QUIRK",
        help="an oddity of some firmware, see below; repeatable",
    )
    parser.add_argument(
        "-v", "--verbose", action="store_true", help="print each command received"
    )
    return parser


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
            )
            await stack.enter_async_context(miner)
            print(
                f"{miner.host}:{miner.port}  {miner.generation}"
                f" (firmware {miner.firmware_version})  {arguments.model}  {miner.mac}",
                flush=True,
            )
        await stop.wait()


def main(argv: list[str] | None = None) -> int:
    """Run the program; return its exit code."""
    parser = _parser()
    arguments = parser.parse_args(argv)
    last = arguments.port + arguments.miners - 1
    if arguments.port and last > _HIGHEST_PORT:
        parser.error(f"the last of the miners would have port {last}")
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
