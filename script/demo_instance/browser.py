"""A headless Chromium that is logged in to a Home Assistant of the demo."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
import json
import os
from pathlib import Path
import shutil
import signal
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


class Page:
    """The one page of a browser.

    Attributes:
        errors: what it has written as errors to its console, and exceptions that nothing caught.
    """

    def __init__(self, url: str, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Prepare; nothing is shown."""
        self.errors: list[str] = []
        self._url = url
        self._socket = socket
        self._id = 0

    async def command(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command of the DevTools protocol; return its result.

        Raises:
            DemoError: the browser refuses it.
        """
        self._id += 1
        await self._socket.send_json(
            {"id": self._id, "method": method, "params": parameters}
        )
        while (answer := await self._socket.receive_json()).get("id") != self._id:
            self._note(answer)
        if "error" in answer:
            raise DemoError(f"the browser refuses {method}: {answer['error']}")
        result: dict[str, Any] = answer["result"]
        return result

    def _note(self, event: dict[str, Any]) -> None:
        """Keep an event that tells of an error."""
        what = event["params"]
        match event["method"]:
            case "Runtime.exceptionThrown":
                self.errors.append(json.dumps(what["exceptionDetails"]))
            case "Runtime.consoleAPICalled" if what["type"] == "error":
                self.errors.append(json.dumps(what["args"]))

    async def show(self, path: str) -> None:
        """Load a page of Home Assistant, without waiting until it is complete."""
        await self.command("Page.navigate", url=self._url + path)

    async def run(self, script: str) -> Any:
        """Run JavaScript; return the value of its last expression, awaited if it is a promise.

        Raises:
            DemoError: it has thrown an exception.
        """
        answer = await self.command(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        if "exceptionDetails" in answer:
            raise DemoError(json.dumps(answer["exceptionDetails"]))
        return answer["result"].get("value")


@asynccontextmanager
async def opened(
    url: str, width: int, height: int, *, dark: bool = False, language: str = "en"
) -> AsyncIterator[Page]:
    """Open a browser whose user is logged in, for as long as the block lasts.

    Args:
        url: of Home Assistant.
        width: of the page, in pixels.
        height: of the page, in pixels.
        dark: whether the user prefers a dark theme.
        language: of the user.
    """
    async with aiohttp.ClientSession() as session, _chromium() as port:
        tokens = await _log_in(session, url)
        async with session.get(f"http://127.0.0.1:{port}/json/list") as response:
            (target,) = [t for t in await response.json() if t["type"] == "page"]
        # A picture is one message, which is larger than aiohttp's limit.
        async with session.ws_connect(
            target["webSocketDebuggerUrl"], max_msg_size=0
        ) as socket:
            page = Page(url, socket)
            await page.command("Page.enable")
            await page.command("Runtime.enable")
            await page.command(
                "Emulation.setDeviceMetricsOverride",
                width=width,
                height=height,
                deviceScaleFactor=1,
                mobile=False,
            )
            scheme = "dark" if dark else "light"
            await page.command(
                "Emulation.setEmulatedMedia",
                features=[{"name": "prefers-color-scheme", "value": scheme}],
            )
            stored = {
                "hassTokens": json.dumps(tokens),
                "dockedSidebar": '"always_hidden"',
                "selectedLanguage": json.dumps(language),
            }
            await page.command(
                "Page.addScriptToEvaluateOnNewDocument",
                source=f"Object.assign(localStorage, {json.dumps(stored)})",
            )
            yield page


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
