"""The command line."""

import json
import signal
import socket
import subprocess
import sys

import pytest

from simulator import MODELS, Generation, Quirk
from simulator.__main__ import main
from simulator.v3 import FIRMWARE_BY_API

COMMAND = [sys.executable, "-m", "simulator"]


def ask(port: int, command: str) -> dict[str, object]:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(json.dumps({"cmd": command}).encode())
        with connection.makefile("rb") as answer:
            parsed: dict[str, object] = json.loads(answer.read().rstrip(b"\0"))
            return parsed


def ask_v3(port: int, command: str) -> dict[str, object]:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        text = json.dumps({"cmd": command}).encode()
        connection.sendall(len(text).to_bytes(4, "little") + text)
        with connection.makefile("rb") as answer:
            length = int.from_bytes(answer.read(4), "little")
            parsed: dict[str, object] = json.loads(answer.read(length))
            return parsed


def start(*arguments: str) -> subprocess.Popen[str]:
    """Start the program on free ports."""
    return subprocess.Popen(
        [*COMMAND, "--port", "0", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_it_is_told_to_stop(stop: signal.Signals) -> None:
    """The program prints one line for each miner. Ctrl-C and SIGTERM end it silently."""
    program = start("--miners", "2", "--generation", "compat", "--model", "M7BS")
    assert program.stdout is not None
    lines = [program.stdout.readline().split() for _ in range(2)]
    ports = [int(line[0].rpartition(":")[2]) for line in lines]
    answers = [ask(port, "get_miner_info") for port in ports]
    program.send_signal(stop)
    rest, errors = program.communicate(timeout=30)

    assert (program.returncode, rest, errors) == (0, "", "")
    macs = [line[-1] for line in lines]
    assert [answer["Msg"]["mac"] for answer in answers] == macs  # type: ignore[index]
    assert macs[0] != macs[1]
    assert lines[0][1:5] == ["compat", "(firmware", "20260312.16.REL3)", "M7BS"]


def test_a_v3_miner_has_two_ports() -> None:
    """The line says where V3 is. Each port of each miner is asked."""
    program = start(
        *("--generation", "v3", "--v3-port", "0", "--api", "3.0.2"),
        *("--model", "M63", "--super-password", "Secret-1", "--miners", "2"),
    )
    assert program.stdout is not None
    lines = [program.stdout.readline() for _ in range(2)]
    macs = []
    for line in lines:
        port = int(line.split()[0].rpartition(":")[2])
        v3_port = int(line.partition("API 3.0.2 on port ")[2].partition(")")[0])
        macs.append(ask_v3(v3_port, "get.device.info")["msg"]["network"]["mac"])  # type: ignore[index]
        assert ask(port, "get_miner_info")["Msg"]["mac"] == macs[-1]  # type: ignore[index]
    program.terminate()
    program.communicate(timeout=30)

    assert [line.split()[-1] for line in lines] == macs
    assert lines[0].split()[1:4] == ["v3", "(firmware", "20250915.16.Rel2,"]


def test_it_shows_commands_on_demand() -> None:
    program = start("--verbose", "--quirk", "newlines", "--closed", "--speed", "60")
    assert program.stdout is not None
    line = program.stdout.readline()
    ask(int(line.split()[0].rpartition(":")[2]), "summary")
    program.terminate()
    _, errors = program.communicate(timeout=30)

    assert f"{line.split()[-1]} read summary" in errors


def test_help_names_everything_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--help"])

    assert stopped.value.code == 0
    text = "".join(capsys.readouterr().out.split())
    for name in (*MODELS, *Generation, *FIRMWARE_BY_API, *Quirk):
        assert name in text


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--port", "70000"], "70000"),
        (["--port", "-1"], "port"),
        (["--port", "http"], "http"),
        (["--base-port", "65535", "--miners", "2"], "65536"),
        (["--miners", "0"], "miners"),
        (["--generation", "v9"], "v9"),
        (["--api", "3.1"], "3.1"),
        (["--v3-port", "70000"], "70000"),
        (["--generation", "v3", "--v3-port", "65535", "--miners", "2"], "65536"),
        (["--generation", "v3", "--v3-port", "4029", "--miners", "2"], "same"),
        (["--model", "M99"], "M99"),
        (["--password", "much_too_long"], "password"),
        (["--speed", "0"], "speed"),
        (["--speed", "nan"], "nan"),
        (["--speed", "fast"], "fast"),
        (["--quirk", "mood"], "mood"),
        (["--host", "256.1.1.1"], ""),
        (["--nonsense"], "nonsense"),
    ],
)
def test_mistakes_are_named_in_one_line(
    capsys: pytest.CaptureFixture[str], arguments: list[str], word: str
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)

    assert stopped.value.code == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert word in error


def test_a_port_in_use_is_named_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            [*COMMAND, "--port", str(port)], capture_output=True, text=True, check=False
        )

    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert str(port) in done.stderr
