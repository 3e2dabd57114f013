"""The options of a miner, and the update of its firmware."""

import asyncio
from contextlib import ExitStack
import logging
from typing import Any, Final, override

# The successor of voluptuous in Home Assistant, and the same dialect.
import probatio

from homeassistant.components.file_upload import process_uploaded_file
from homeassistant.config_entries import ConfigEntryState, ConfigFlowResult, OptionsFlow
from homeassistant.const import UnitOfTime
from homeassistant.core import callback
from homeassistant.data_entry_flow import AbortFlow
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.selector import (
    FileSelector,
    FileSelectorConfig,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
)

from .actions.update_firmware import Image, Update, async_update_firmware, read_image
from .const import (
    CONF_PERCENT_METHOD,
    CONF_POLL_INTERVAL,
    CONF_PROTOCOL,
    LONGEST_POLL_INTERVAL,
    PERCENT_METHODS,
    POLL_INTERVAL,
    PROTOCOLS,
    SHORTEST_POLL_INTERVAL,
)
from .coordinator import WhatsminerCoordinator
from .exceptions import translating
from .hash_price_form import HASH_PRICE_FIELDS, choice, hash_price_errors
from .markdown import escape_markdown
from .models import WhatsminerConfigEntry
from .names import owner_name

_LOGGER = logging.getLogger(__name__)

_FILE: Final = "file"
# How far the ring is when all is sent: the miner still has to write it, and to reboot.
_SENT: Final = 0.9
FIRMWARE_SCHEMA: Final = probatio.Schema(
    {probatio.Required(_FILE): FileSelector(FileSelectorConfig(accept="*/*"))}
)


PREFERENCES_SCHEMA: Final = probatio.Schema(
    {
        probatio.Required(
            CONF_POLL_INTERVAL, default=int(POLL_INTERVAL.total_seconds())
        ): probatio.All(
            NumberSelector(
                NumberSelectorConfig(
                    min=SHORTEST_POLL_INTERVAL,
                    max=LONGEST_POLL_INTERVAL,
                    step=1,
                    mode=NumberSelectorMode.BOX,
                    unit_of_measurement=UnitOfTime.SECONDS,
                )
            ),
            probatio.Coerce(int),
        ),
        probatio.Required(CONF_PERCENT_METHOD, default=PERCENT_METHODS[0]): choice(
            CONF_PERCENT_METHOD, PERCENT_METHODS
        ),
        **HASH_PRICE_FIELDS,
        probatio.Required(CONF_PROTOCOL, default=PROTOCOLS[0]): choice(
            CONF_PROTOCOL, PROTOCOLS
        ),
    }
)


class WhatsminerOptionsFlow(OptionsFlow):
    """The options flow of a miner: preferences, or the update of its firmware."""

    # As the last step found it; the entry may be gone by now.
    _coordinator: WhatsminerCoordinator

    def __init__(self) -> None:
        """Begin with nothing."""
        # Holds the uploaded file until it is no longer needed.
        self._upload = ExitStack()
        self._image: Image | None = None
        self._update: asyncio.Task[Update] | None = None
        self._waiting: asyncio.Task[None] | None = None

    async def async_step_init(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show the menu."""
        return self.async_show_menu(
            step_id="init",
            menu_options=["preferences", "firmware"],
            description_placeholders={"miner": owner_name(self.config_entry)},
        )

    async def async_step_preferences(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for preferences, which are used at once and without a reload."""
        entry: WhatsminerConfigEntry | None = self.hass.config_entries.async_get_entry(
            self.handler
        )
        if entry is None:
            return self.async_abort(reason="not_loaded")
        errors = hash_price_errors(user_input or {})
        if user_input is None or errors:
            return self.async_show_form(
                step_id="preferences",
                data_schema=self.add_suggested_values_to_schema(
                    PREFERENCES_SCHEMA,
                    entry.options if user_input is None else user_input,
                ),
                errors=errors,
                description_placeholders={
                    "longest": str(LONGEST_POLL_INTERVAL),
                    "miner": owner_name(entry),
                    "shortest": str(SHORTEST_POLL_INTERVAL),
                },
            )
        # Now, because the flow manager does so only at the end of the flow.
        self.hass.config_entries.async_update_entry(entry, options=user_input)
        if entry.state is ConfigEntryState.LOADED:
            entry.runtime_data.coordinator.async_apply_options()
        return self.async_create_entry(data=user_input)

    def _abort_if_not_possible(self) -> None:
        """Abort the flow if the miner can get no firmware now; called before each step.

        Raises:
            AbortFlow: the miner is not loaded, has no password, or gets a firmware already.

        """
        entry: WhatsminerConfigEntry | None = self.hass.config_entries.async_get_entry(
            self.handler
        )
        if entry is None or entry.state is not ConfigEntryState.LOADED:
            raise AbortFlow("not_loaded")
        self._coordinator = entry.runtime_data.coordinator
        if not self._coordinator.has_password:
            raise AbortFlow("read_only")
        if self._coordinator.client.updating:
            raise AbortFlow("firmware_in_progress")

    async def async_step_firmware(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for a firmware file, which the browser uploads."""
        self._abort_if_not_possible()
        errors: dict[str, str] = {}
        if user_input is not None:
            try:
                self._image = await self.hass.async_add_executor_job(
                    self._receive, user_input[_FILE]
                )
            except OSError, ValueError:  # the uploaded file is gone
                errors[_FILE] = "file_lost"
            else:
                if self._image.size:
                    return await self.async_step_confirm()
                errors[_FILE] = "file_empty"
        return self.async_show_form(
            step_id="firmware",
            data_schema=FIRMWARE_SCHEMA,
            errors=errors,
            description_placeholders={
                "miner": owner_name(self._coordinator.config_entry)
            },
        )

    def _receive(self, upload: str) -> Image:
        """Keep an uploaded file until `_release`, in place of an earlier one."""
        self._upload.close()
        path = self._upload.enter_context(process_uploaded_file(self.hass, upload))
        return read_image(path)

    async def async_step_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show the file that is going to be sent, and ask for a confirmation."""
        self._abort_if_not_possible()
        assert self._image
        if user_input is not None:
            return await self.async_step_progress()
        return self.async_show_form(
            step_id="confirm",
            data_schema=probatio.Schema({}),
            description_placeholders={
                "file": escape_markdown(self._image.path.name),
                "firmware": self._coordinator.data.firmware or "?",
                "miner": owner_name(self._coordinator.config_entry),
                "sha256": self._image.sha256,
                "size": f"{self._image.size / 1e6:.1f}",
            },
        )

    async def async_step_progress(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Send the firmware, and wait for the miner to come back."""
        if self._update is None or self._waiting is None:
            assert self._image
            self._update = self.hass.async_create_background_task(
                self._async_update_firmware(self._image),
                f"{self._coordinator.name} firmware",
            )
            self._update.add_done_callback(self._release)
            self._waiting = self.hass.async_create_task(_wait(self._update))
        if not self._waiting.done():
            return self.async_show_progress(
                step_id="progress",
                progress_action="firmware",
                description_placeholders={
                    "miner": owner_name(self._coordinator.config_entry)
                },
                progress_task=self._waiting,
            )
        return self.async_show_progress_done(next_step_id="result")

    async def _async_update_firmware(self, image: Image) -> Update:
        with translating(self._coordinator.config_entry):
            return await async_update_firmware(
                self._coordinator,
                image,
                lambda share: self.async_update_progress(share * _SENT),
            )

    async def async_step_result(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show the new version, or the error."""
        assert self._update
        try:
            update = self._update.result()
        except HomeAssistantError as err:
            return self.async_abort(
                reason="firmware_failed",
                description_placeholders={"error": escape_markdown(str(err))},
            )
        return self.async_abort(
            reason="firmware_unchanged"
            if update.before == update.after
            else "firmware_updated",
            description_placeholders={
                "after": update.after or "?",
                "before": update.before or "?",
                "miner": owner_name(self._coordinator.config_entry),
            },
        )

    @callback
    @override
    def async_remove(self) -> None:
        """Release the file, unless it is being sent: closing the dialogue ends nothing."""
        if self._update is None:
            self._release()

    @callback
    def _release(self, task: asyncio.Task[Update] | None = None) -> None:
        self.hass.async_add_executor_job(self._upload.close)
        dialogue_closed = self._waiting and self._waiting.cancelled()
        if task is None or task.cancelled() or not dialogue_closed:
            return
        if err := task.exception():
            _LOGGER.warning("%s", err)
        else:
            _LOGGER.info("%s: firmware %s", self._coordinator.name, task.result().after)


async def _wait(task: asyncio.Task[Update]) -> None:
    """Wait without ending the task when the waiting ends."""
    await asyncio.wait({task})
