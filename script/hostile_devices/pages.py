"""What the web page reads, and rules that hold for it whatever devices answer."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
import json
from typing import Any

from demo_instance.client import DOMAIN, Client, RefusedError

from .report import Mismatch

LONGEST_TEXT = 255
# Home Assistant keeps no attributes of more than 16 KiB.
LARGEST_ITEM = 16 * 1024
_LARGEST_DIAGNOSTICS = 4 * 1024 * 1024
# The length of a sentence of the integration with a text of a miner in it.
_LONGEST_MESSAGE = 1000
# Home Assistant renders names as Markdown in its dialogues, repairs and notifications.
_MARKUP = frozenset("[]<>`*|{}\\~")
# The keys of texts that are shown that way.
_RENDERED = {"title", "title_placeholders"} | {
    "description_placeholders",
    "translation_placeholders",
}

type Item = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Page:
    """A list that Home Assistant gives.

    Attributes:
        command: of the WebSocket; a path if there is a slash before it.
        inside: where in the answer the list is, if it is not the answer itself.
        ours: returns whether an item is of the integration.
    """

    name: str
    command: str
    ours: Callable[[Item], bool]
    inside: str = ""

    async def fetch(self, client: Client) -> list[Item]:
        """Return all items.

        Raises:
            DemoError, RefusedError: Home Assistant cannot give them.
        """
        if self.command.startswith("/"):
            text = await client.fetch(self.command[1:])
            content = await asyncio.to_thread(json.loads, text.decode())
        else:
            content = await client.command(self.command)
        items: list[Item] = content[self.inside] if self.inside else content
        return items


PAGES = (
    Page("states", "/api/states", lambda item: True),
    Page("entries", "config_entries/get", lambda item: item["domain"] == DOMAIN),
    Page(
        "devices",
        "config/device_registry/list",
        lambda item: any(domain == DOMAIN for domain, _ in item["identifiers"]),
    ),
    Page(
        "entities",
        "config/entity_registry/list",
        lambda item: item["platform"] == DOMAIN,
    ),
    Page(
        "dialogues",
        "config_entries/flow/progress",
        lambda item: item["handler"] == DOMAIN,
    ),
    Page(
        "repairs",
        "repairs/list_issues",
        lambda item: item["domain"] == DOMAIN,
        inside="issues",
    ),
    Page("notifications", "persistent_notification/get", lambda item: True),
    Page("log", "system_log/list", lambda item: False),
)


async def read(client: Client, page: Page) -> tuple[list[Item], str]:
    """Read a page and verify it; return the integration's items, and its size in words.

    Raises:
        Mismatch: a text cannot be shown, or an item is too large.
        DemoError, RefusedError: Home Assistant cannot give it.
    """
    # In a thread: a late observer would make Home Assistant seem late.
    return await asyncio.to_thread(_verified, page, await page.fetch(client))


def _verified(page: Page, items: list[Item]) -> tuple[list[Item], str]:
    ours = [item for item in items if page.ours(item)]
    sizes = [len(json.dumps(item)) for item in items]
    if sizes and max(sizes) > LARGEST_ITEM:
        largest = items[sizes.index(max(sizes))]
        raise Mismatch(f"{max(sizes)} bytes are one item: {json.dumps(largest):.200}")
    if complaints := sorted({found for item in ours for found in unclean(item)}):
        raise Mismatch(f"{len(complaints)} texts, the first: {complaints[0]}")
    return ours, f"{len(items)} items, {sum(sizes) / 1000:.0f} kB"


def unclean(value: object, where: str = "", *, rendered: bool = False) -> Iterator[str]:
    """Yield what is wrong with texts in JSON: each on one line, printable, and not too long.

    Args:
        value: the JSON.
        where: the keys that lead there.
        rendered: whether it is rendered as Markdown, where it has to be plain.
    """
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from unclean(key, f"{where}, a key")
            yield from unclean(
                item, f"{where}.{key}", rendered=rendered or key in _RENDERED
            )
    elif isinstance(value, list):
        for item in value:
            yield from unclean(item, where, rendered=rendered)
    elif isinstance(value, str):
        if len(value) > LONGEST_TEXT:
            yield f"{where} has {len(value)} characters: {value[:40]!a}"
        elif not value.isprintable():
            yield f"{where} is not printable: {value[:40]!a}"
        elif rendered and not _MARKUP.isdisjoint(value):
            yield f"{where} is not plain: {value[:40]!a}"


async def outcome(client: Client, flow: Item) -> str:
    """Return the result of a dialogue in words, if a person can understand it.

    Raises:
        Mismatch: it ended in an error that no translation has, or in none.
    """
    _verify_dialogue(flow)
    texts = await client.translations("config", DOMAIN)
    if flow.get("type") == "create_entry":
        return f"added as {flow['title']}"
    if flow.get("type") == "abort":
        return f"abort: {_translated(texts, 'abort', [flow['reason']])}"
    if flow.get("type") == "form" and flow.get("errors"):
        return f"refused: {_translated(texts, 'error', flow['errors'].values())}"
    raise Mismatch(f"the dialogue is at {json.dumps(flow):.200}")


def _verify_dialogue(flow: Item) -> None:
    shown = {key: value for key, value in flow.items() if key in _RENDERED}
    if complaints := list(unclean(shown)):
        raise Mismatch(complaints[0])


def _translated(texts: Mapping[str, str], kind: str, keys: Iterable[str]) -> str:
    for key in keys:
        if f"component.{DOMAIN}.config.{kind}.{key}" not in texts:
            raise Mismatch(f"{key} has no translation")
    return ", ".join(keys)


async def attempt(
    client: Client,
    action: str,
    device_id: str,
    data: Mapping[str, Any],
    *,
    response: bool = False,
) -> str:
    """Return the result of an action in words: its answer, or why it was refused.

    Raises:
        Mismatch: the result cannot be understood, or not be shown.
    """
    try:
        answer = await client.act(
            action, response=response, device_id=device_id, **data
        )
    except RefusedError as error:
        texts = await client.translations("exceptions", error.domain)
        if f"component.{error.domain}.exceptions.{error.key}.message" not in texts:
            raise Mismatch(f"{action} fails with {error!s:.200}") from error
        if len(error.message) > _LONGEST_MESSAGE or not error.message.isprintable():
            raise Mismatch(f"{action} fails with {error.message[:80]!a}") from error
        return f"{action}: {error.key}"
    if complaints := await asyncio.to_thread(lambda: list(unclean(answer))):
        raise Mismatch(f"{action}: {len(complaints)} texts, the first: {complaints[0]}")
    return f"{action}: {len(json.dumps(answer)) / 1000:.0f} kB"


async def diagnostics(client: Client, entry_id: str) -> str:
    """Download the diagnostics of an entry; return their size in words.

    Raises:
        Mismatch: they are too large.
        DemoError: they cannot be downloaded.
    """
    content = await client.fetch(f"api/diagnostics/config_entry/{entry_id}")
    await asyncio.to_thread(json.loads, content.decode())
    if len(content) > _LARGEST_DIAGNOSTICS:
        raise Mismatch(f"the diagnostics have {len(content)} bytes")
    return f"diagnostics: {len(content) / 1000:.0f} kB"
