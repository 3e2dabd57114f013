"""Pictures of the demo, taken with a headless Chromium."""

import argparse
import asyncio
import base64
from pathlib import Path
import sys

import aiohttp

from . import DemoError
from .browser import opened


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
    parser = argparse.ArgumentParser(prog="script/screenshot")
    parser.add_argument("file", type=Path)
    parser.add_argument("path", nargs="?", default="/")
    parser.add_argument("--url", default="http://127.0.0.1:8123")
    parser.add_argument("--size", default="1600x1200")
    parser.add_argument("--dark", action="store_true")
    parser.add_argument("--wait", type=float, default=6.0)
    return parser.parse_args()


async def _take(options: argparse.Namespace) -> None:
    width, height = map(int, options.size.split("x"))
    async with opened(options.url, width, height, dark=options.dark) as page:
        await page.show(options.path)
        await asyncio.sleep(options.wait)
        shot = await page.command("Page.captureScreenshot", format="png")
    options.file.write_bytes(base64.b64decode(shot["data"]))


if __name__ == "__main__":
    sys.exit(main())
