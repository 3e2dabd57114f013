"""Pictures of the demo, taken with a headless Chromium."""

import argparse
import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
import json
import os
from pathlib import Path
import shutil
import signal
import sys
import tempfile
import time
from typing import Any

import aiohttp

from . import DemoError
from .seed import PASSWORD, USER

_FLAGS = (
    "--headless",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-sync",
    "--hide-scrollbars",
    "--no-first-run",
    "--remote-debugging-port=0",
)
_SECONDS_TO_START = 30.0


def main() -> int:
    """Take one picture; return the exit code."""
    options = _options()
    try:
        asyncio.run(_take(options))
    except (DemoError, aiohttp.ClientError) as error:
        print(f"script/screenshot: {error}", file=sys.stderr)
        return 1
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="script/screenshot", description="Take a picture of a running demo."
    )
    parser.add_argument("file", type=Path, help="the PNG file to write")
    parser.add_argument(
        "path", nargs="?", default="/", help="of the page, / by default"
    )
    parser.add_argument("--url", default="http://127.0.0.1:8123", help="of the demo")
    parser.add_argument("--size", default="1600x1200", help="WIDTHxHEIGHT in pixels")
    parser.add_argument("--dark", action="store_true", help="in the dark theme")
    parser.add_argument(
        "--wait", type=float, default=6.0, help="seconds until the page is complete"
    )
    return parser.parse_args()


async def _take(options: argparse.Namespace) -> None:
    async with (
        aiohttp.ClientSession() as session,
        _chromium() as port,
    ):
        tokens = await _log_in(session, options.url)
        async with session.get(f"http://127.0.0.1:{port}/json/list") as response:
            (page,) = [t for t in await response.json() if t["type"] == "page"]
        # A picture is one message, which is larger than aiohttp's limit.
        async with session.ws_connect(
            page["webSocketDebuggerUrl"], max_msg_size=0
        ) as socket:
            picture = await _picture(socket, options, tokens)
    options.file.write_bytes(picture)


async def _log_in(session: aiohttp.ClientSession, url: str) -> dict[str, Any]:
    """Log in as the page does; return the tokens that the page stores."""
    client_id = f"{url}/"
    begin = {
        "client_id": client_id,
        "handler": ["homeassistant", None],
        "redirect_uri": client_id,
    }
    login = {"client_id": client_id, "username": USER, "password": PASSWORD}
    async with session.post(f"{url}/auth/login_flow", json=begin) as response:
        flow = (await response.json())["flow_id"]
    async with session.post(f"{url}/auth/login_flow/{flow}", json=login) as response:
        code = (await response.json()).get("result")
    if not code:
        raise DemoError(f"{url} does not know the user {USER}: is it the demo?")
    exchange = {
        "client_id": client_id,
        "code": code,
        "grant_type": "authorization_code",
    }
    async with session.post(f"{url}/auth/token", data=exchange) as response:
        tokens: dict[str, Any] = await response.json()
    expires = int(1000 * (time.time() + tokens["expires_in"]))
    return {**tokens, "hassUrl": url, "clientId": client_id, "expires": expires}


async def _picture(
    socket: aiohttp.ClientWebSocketResponse,
    options: argparse.Namespace,
    tokens: dict[str, Any],
) -> bytes:
    async def command(method: str, **parameters: Any) -> dict[str, Any]:
        await socket.send_json({"id": 1, "method": method, "params": parameters})
        while "id" not in (answer := await socket.receive_json()):
            pass  # an event
        result: dict[str, Any] = answer["result"]
        return result

    width, height = map(int, options.size.split("x"))
    await command(
        "Emulation.setDeviceMetricsOverride",
        width=width,
        height=height,
        deviceScaleFactor=1,
        mobile=False,
    )
    scheme = "dark" if options.dark else "light"
    await command(
        "Emulation.setEmulatedMedia",
        features=[{"name": "prefers-color-scheme", "value": scheme}],
    )
    stored = {"hassTokens": json.dumps(tokens), "dockedSidebar": '"always_hidden"'}
    await command("Page.enable")
    await command(
        "Page.addScriptToEvaluateOnNewDocument",
        source=f"Object.assign(localStorage, {json.dumps(stored)})",
    )
    await command("Page.navigate", url=options.url + options.path)
    await asyncio.sleep(options.wait)
    shot = await command("Page.captureScreenshot", format="png")
    return base64.b64decode(shot["data"])


@asynccontextmanager
async def _chromium() -> AsyncIterator[int]:
    """Run a Chromium with a profile of its own; yield its debugging port."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        raise DemoError("Chromium is needed; on Debian: apt install chromium")
    flags = [*_FLAGS, "--no-sandbox"] if os.geteuid() == 0 else _FLAGS
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = await asyncio.create_subprocess_exec(
            program,
            *flags,
            f"--user-data-dir={profile}",
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(_SECONDS_TO_START):
                port_file = Path(profile, "DevToolsActivePort")
                while not port_file.exists() or not port_file.read_text():
                    await asyncio.sleep(0.1)
            yield int(port_file.read_text().split()[0])
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()


if __name__ == "__main__":
    sys.exit(main())
