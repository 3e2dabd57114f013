"""Home Assistant's REST and WebSocket interfaces, as a browser uses them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

import aiohttp

from . import DemoError

DOMAIN = "whatsminer"
_ADDING = "config/config_entries/flow"
_OPTIONS = "config/config_entries/options/flow"


@dataclass(frozen=True, slots=True)
class State:
    """The state of an entity."""

    state: str
    attributes: Mapping[str, Any]

    @property
    def shown(self) -> str:
        """The state as a person reads it."""
        unit = self.attributes.get("unit_of_measurement")
        try:
            number = f"{float(self.state):.6g}"
        except ValueError:
            return self.state
        return f"{number} {unit}" if unit else number


def own_entities(
    entities: Mapping[tuple[str, str], str], identifier: str
) -> dict[str, str]:
    """Return the entity id of each entity of a device by ``kind.key``.

    The key alone is not enough, because a sensor and a number may have the same one.

    Args:
        entities: as `Client.entities` returns them.
        identifier: of the device: a MAC address, or the id of a site's entry.
    """
    prefix = f"{identifier}_"
    return {
        f"{kind}.{unique_id.removeprefix(prefix)}": entity_id
        for (kind, unique_id), entity_id in entities.items()
        if unique_id.startswith(prefix)
    }


class RefusedError(Exception):
    """Home Assistant refuses a command, in words that the web page translates.

    Attributes:
        domain: the integration whose translation it is.
        key: the translation, under the integration's ``exceptions``.
        message: the English text.
    """

    def __init__(self, error: Mapping[str, Any]) -> None:
        """Take over what the WebSocket says of it."""
        self.domain: str = error.get("translation_domain") or ""
        self.key: str = error.get("translation_key") or ""
        self.message: str = error.get("message") or ""
        super().__init__(self.message)


class Client:
    """A logged-in administrator of one Home Assistant."""

    def __init__(self, url: str, token: str, session: aiohttp.ClientSession) -> None:
        """Prepare; nothing is sent."""
        self._url = url
        self._token = token
        self._session = session
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._turn = asyncio.Lock()
        self._id = 0

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str, token: str) -> AsyncIterator[Self]:
        """Open a client for as long as the block lasts."""
        timeout = aiohttp.ClientTimeout(total=60)
        headers = {"Authorization": f"Bearer {token}"}
        async with aiohttp.ClientSession(headers=headers, timeout=timeout) as session:
            yield cls(url, token, session)

    def another(self) -> Self:
        """Return the same administrator with another connection, for requests at the same time."""
        return type(self)(self._url, self._token, self._session)

    # REST

    async def fetch(self, path: str) -> bytes:
        """Return what is under a path, as it is.

        Raises:
            DemoError: Home Assistant does not give it.
        """
        async with self._session.get(f"{self._url}/{path}") as response:
            if response.status != 200:
                raise DemoError(f"{path} is answered with {response.status}")
            return await response.read()

    async def is_running(self) -> bool:
        """Return whether Home Assistant has finished its start."""
        try:
            async with self._session.get(f"{self._url}/api/config") as response:
                if response.status != 200:
                    return False
                return bool((await response.json())["state"] == "RUNNING")
        except aiohttp.ClientConnectionError:
            return False

    async def state(self, entity_id: str) -> State:
        """Return the state of an entity."""
        async with self._session.get(f"{self._url}/api/states/{entity_id}") as response:
            if response.status != 200:
                raise DemoError(f"{entity_id} has no state ({response.status})")
            content = await response.json()
        return State(content["state"], content["attributes"])

    async def has_state(self, entity_id: str) -> bool:
        """Return whether an entity has a state other than unavailable."""
        try:
            return (await self.state(entity_id)).state != "unavailable"
        except DemoError:
            return False

    async def reported(self, entity_id: str) -> datetime:
        """Return when a state was last written, changed or not.

        The REST API's own answer has the time of the last change here.
        """
        template = f"{{{{ states.{entity_id}.last_reported.isoformat() }}}}"
        async with self._session.post(
            f"{self._url}/api/template", json={"template": template}
        ) as response:
            response.raise_for_status()
            return datetime.fromisoformat(await response.text())

    async def start_flow(self, way: str) -> dict[str, Any]:
        """Open the dialogue that adds miners and choose a way; return its first form."""
        menu = await self._flow(_ADDING, {"handler": DOMAIN})
        if way not in menu.get("menu_options", ()):
            raise DemoError(f"there is no way {way} to add miners: {menu}")
        return await self.submit(menu["flow_id"], {"next_step_id": way})

    async def submit(
        self, flow_id: str, data: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Fill in the form, or read it if there are no data; return the next step.

        The answer is the next form (with ``errors``), an abort, or the new entry. Input that the
        form itself does not accept gives ``errors`` alone.
        """
        return await self._flow(f"{_ADDING}/{flow_id}", data)

    async def flows(self, source: str) -> dict[str, dict[str, Any]]:
        """Return the integration's open dialogues of a source, by their unique id."""
        flows = await self.command("config_entries/flow/progress")
        return {
            flow["context"]["unique_id"]: flow
            for flow in flows
            if flow["handler"] == DOMAIN and flow["context"]["source"] == source
        }

    async def issues(self) -> dict[str, dict[str, Any]]:
        """Return the integration's open issues by their id."""
        found = await self.command("repairs/list_issues")
        return {
            issue["issue_id"]: issue
            for issue in found["issues"]
            if issue["domain"] == DOMAIN
        }

    async def cancel(self, flow_id: str) -> None:
        """Close the form."""
        async with self._session.delete(f"{self._url}/api/{_ADDING}/{flow_id}"):
            pass

    async def entries(self) -> list[dict[str, Any]]:
        """Return the integration's entries."""
        entries: list[dict[str, Any]] = await self.command(
            "config_entries/get", domain=DOMAIN
        )
        return entries

    async def reload(self, entry_id: str) -> None:
        """Reload an entry, and wait until it is set up."""
        path = f"{self._url}/api/config/config_entries/entry/{entry_id}/reload"
        async with self._session.post(path) as response:
            response.raise_for_status()

    async def remove(self, entry_id: str) -> None:
        """Remove an entry."""
        path = f"{self._url}/api/config/config_entries/entry/{entry_id}"
        async with self._session.delete(path) as response:
            response.raise_for_status()

    async def rename_entry(self, entry_id: str, title: str) -> None:
        """Give an entry another name, which the page of the integration and errors have."""
        await self.command("config_entries/update", entry_id=entry_id, title=title)

    async def start_reconfiguring(self, entry_id: str) -> dict[str, Any]:
        """Open the dialogue that changes where a miner is, and its password."""
        return await self._flow(_ADDING, {"handler": DOMAIN, "entry_id": entry_id})

    async def start_options(self, entry_id: str) -> dict[str, Any]:
        """Open the dialogue behind the gear of a miner; return its first step."""
        return await self._flow(_OPTIONS, {"handler": entry_id})

    async def choose(
        self, flow_id: str, data: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Submit a step of that dialogue, or read it if there are no data; return the next step."""
        return await self._flow(f"{_OPTIONS}/{flow_id}", data)

    async def upload(self, name: str, content: bytes) -> str:
        """Upload a file as a form does; return the id that the form then submits."""
        form = aiohttp.FormData()
        form.add_field("file", content, filename=name)
        async with self._session.post(
            f"{self._url}/api/file_upload", data=form
        ) as response:
            response.raise_for_status()
            return str((await response.json())["file_id"])

    async def save_automation(self, key: str, config: Mapping[str, Any]) -> None:
        """Make an automation, or change it, as its editor does; it is on after a moment."""
        async with self._session.post(self._automation(key), json=config) as response:
            if response.status != 200:
                raise DemoError(f"it is not valid: {await response.text()}")

    async def delete_automation(self, key: str) -> None:
        """Delete an automation."""
        async with self._session.delete(self._automation(key)) as response:
            response.raise_for_status()

    def _automation(self, key: str) -> str:
        return f"{self._url}/api/config/automation/config/{key}"

    async def _flow(self, path: str, data: Mapping[str, Any] | None) -> dict[str, Any]:
        async with self._session.request(
            "GET" if data is None else "POST", f"{self._url}/api/{path}", json=data
        ) as response:
            if response.status not in (200, 400):
                text = await response.text()
                raise DemoError(f"the flow fails with {response.status}: {text}")
            result: dict[str, Any] = await response.json()
            return result

    # WebSocket

    async def command(self, kind: str, **arguments: Any) -> Any:
        """Send a WebSocket command and return its result.

        Raises:
            RefusedError: Home Assistant says no.
        """
        answer = await self._ask(kind, arguments)
        if not answer["success"]:
            raise RefusedError(answer["error"])
        return answer["result"]

    async def ping(self) -> None:
        """Wait for the answer to the smallest request."""
        await self._ask("ping", {})

    async def _ask(self, kind: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        async with self._turn:
            self._id += 1
            message = {"id": self._id, "type": kind, **arguments}
            socket = await self._connected()
            try:
                await socket.send_json(message)
            except aiohttp.ClientConnectionResetError:
                # The connection was closed between commands, or Home Assistant has restarted.
                self._socket = None
                socket = await self._connected()
                await socket.send_json(message)
            while True:
                try:
                    answer: dict[str, Any] = await socket.receive_json()
                except aiohttp.WSMessageTypeError as error:
                    self._socket = None
                    raise DemoError("Home Assistant closes the connection") from error
                if answer["id"] == self._id:  # an answer to another one came too late
                    return answer

    @asynccontextmanager
    async def subscribed(
        self, kind: str, heard: Callable[[Any], None], **arguments: Any
    ) -> AsyncIterator[None]:
        """Receive the events of a WebSocket command; the connection takes no other commands then."""
        await self.command(kind, **arguments)
        socket = await self._connected()

        async def listen() -> None:
            async for message in socket:
                heard(message.json()["event"])

        listening = asyncio.create_task(listen())
        try:
            yield
        finally:
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening

    async def call(
        self, entity_id: str, service: str, *, domain: str | None = None, **data: Any
    ) -> None:
        """Call a service for an entity, by default one of the entity's domain."""
        await self.command(
            "call_service",
            domain=domain or entity_id.partition(".")[0],
            service=service,
            service_data={"entity_id": entity_id, **data},
        )

    async def act(
        self, action: str, *, response: bool = False, **data: Any
    ) -> dict[str, Any]:
        """Perform an action of the integration; return its response, if one is wanted.

        The target is part of the data, as in Home Assistant's WebSocket API.
        """
        result = await self.command(
            "call_service",
            domain=DOMAIN,
            service=action,
            service_data=data,
            return_response=response,
        )
        return result.get("response") or {}

    async def entities(self, *, disabled: bool = False) -> dict[tuple[str, str], str]:
        """Return the entity id for each kind and unique id of our integration.

        Args:
            disabled: whether to include those that are disabled.
        """
        registry = await self.command("config/entity_registry/list")
        return {
            (entity["entity_id"].partition(".")[0], entity["unique_id"]): entity[
                "entity_id"
            ]
            for entity in registry
            if entity["platform"] == DOMAIN
            and (disabled or entity["disabled_by"] is None)
        }

    async def enable_all(self) -> None:
        """Enable every entity of our integration; Home Assistant adds them half a minute later."""
        enabled = await self.entities()
        everything = await self.entities(disabled=True)
        for key in everything.keys() - enabled.keys():
            await self.command(
                "config/entity_registry/update",
                entity_id=everything[key],
                disabled_by=None,
            )

    async def devices(self) -> dict[str, dict[str, Any]]:
        """Return the integration's devices by identifier: that of a miner is its MAC address."""
        registry = await self.command("config/device_registry/list")
        return {
            identifier: device
            for device in registry
            for domain, identifier in device["identifiers"]
            if domain == DOMAIN
        }

    async def change_device(self, device_id: str, **changes: str | None) -> None:
        """Change what the user may change of a device."""
        await self.command(
            "config/device_registry/update", device_id=device_id, **changes
        )

    async def renew_entity_ids(self, entity_ids: list[str]) -> None:
        """Make entity ids of the names that devices have now, as the page of a device offers."""
        renewed = await self.command(
            "config/entity_registry/get_automatic_entity_ids", entity_ids=entity_ids
        )
        for entity_id, new in renewed.items():
            if new not in (entity_id, None):
                await self.command(
                    "config/entity_registry/update",
                    entity_id=entity_id,
                    new_entity_id=new,
                )

    async def create_number(
        self, name: str, minimum: float, maximum: float, unit: str
    ) -> str:
        """Make a number helper; return its entity id."""
        made = await self.command(
            "input_number/create",
            name=name,
            min=minimum,
            max=maximum,
            step=0.001,
            mode="box",
            unit_of_measurement=unit,
        )
        return f"input_number.{made['id']}"

    async def logbook(self, entity_id: str, since: datetime) -> list[dict[str, Any]]:
        """Return the logbook entries of an entity, the oldest first."""
        entries: list[dict[str, Any]] = await self.command(
            "logbook/get_events",
            start_time=since.isoformat(),
            entity_ids=[entity_id],
        )
        return entries

    async def translations(self, category: str, domain: str) -> dict[str, str]:
        """Return the English texts of a category, as the web page has them."""
        result = await self.command(
            "frontend/get_translations",
            language="en",
            category=category,
            integration=[domain],
        )
        resources: dict[str, str] = result["resources"]
        return resources

    async def _connected(self) -> aiohttp.ClientWebSocketResponse:
        """Return the connection, a new one if Home Assistant has restarted."""
        if self._socket is None or self._socket.closed:
            # A registry is one message, which may be larger than aiohttp's limit.
            socket = await self._session.ws_connect(
                f"{self._url}/api/websocket", max_msg_size=0
            )
            await socket.receive_json()
            await socket.send_json({"type": "auth", "access_token": self._token})
            if (await socket.receive_json())["type"] != "auth_ok":
                raise DemoError("Home Assistant does not know our token")
            self._socket = socket
        return self._socket
