"""What can be chosen for a miner that is set up: preferences, or another firmware."""

import asyncio
from contextlib import ExitStack
import logging
from typing import Any, Final, override

# The successor of voluptuous in Home Assistant, and the same dialect.
import probatio

from homeassistant.components.file_upload import process_uploaded_file
from homeassistant.config_entries import ConfigEntryState, ConfigFlowResult, OptionsFlow
from homeassistant.core import callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.selector import FileSelector, FileSelectorConfig

from .actions.firmware import Image, Update, async_update_firmware, read_image
from .coordinator import WhatsminerConfigEntry, WhatsminerCoordinator
from .markdown import escape_markdown
from .preferences import PREFERENCES_SCHEMA, errors_in

_LOGGER = logging.getLogger(__name__)

_FILE: Final = "file"
# How far the ring is when all is sent: the miner still has to write it, and to reboot.
_SENT: Final = 0.9
FIRMWARE_SCHEMA: Final = probatio.Schema(
    {probatio.Required(_FILE): FileSelector(FileSelectorConfig(accept="*/*"))}
)


class WhatsminerOptionsFlow(OptionsFlow):
    """Ask for preferences, or send a firmware: show what it is, and tell what became of it."""

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
        """Offer what there is."""
        return self.async_show_menu(
            step_id="init", menu_options=["preferences", "firmware"]
        )

    async def async_step_preferences(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for preferences, which count at once and without a reload."""
        entry: WhatsminerConfigEntry | None = self.hass.config_entries.async_get_entry(
            self.handler
        )
        if entry is None:
            return self.async_abort(reason="not_loaded")
        errors = errors_in(user_input or {})
        if user_input is None or errors:
            return self.async_show_form(
                step_id="preferences",
                data_schema=self.add_suggested_values_to_schema(
                    PREFERENCES_SCHEMA,
                    entry.options if user_input is None else user_input,
                ),
                errors=errors,
            )
        # Now, because the flow manager does so only when this is over.
        self.hass.config_entries.async_update_entry(entry, options=user_input)
        if entry.state is ConfigEntryState.LOADED:
            entry.runtime_data.async_apply_options()
        return self.async_create_entry(data=user_input)

    def _look(self) -> ConfigFlowResult | None:
        """Look for the miner before each step; return how the flow ends if it gets nothing now."""
        entry: WhatsminerConfigEntry | None = self.hass.config_entries.async_get_entry(
            self.handler
        )
        if entry is None or entry.state is not ConfigEntryState.LOADED:
            return self.async_abort(reason="not_loaded")
        self._coordinator = entry.runtime_data
        if not self._coordinator.has_password:
            return self.async_abort(reason="read_only")
        if self._coordinator.miner.updating:
            return self.async_abort(reason="firmware_in_progress")
        return None

    async def async_step_firmware(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Take a file from the browser."""
        if end := self._look():
            return end
        errors: dict[str, str] = {}
        if user_input is not None:
            try:
                self._image = await self.hass.async_add_executor_job(
                    self._receive, user_input[_FILE]
                )
            except OSError, ValueError:  # it was taken away meanwhile
                errors[_FILE] = "file_lost"
            else:
                if self._image.size:
                    return await self.async_step_confirm()
                errors[_FILE] = "file_empty"
        return self.async_show_form(
            step_id="firmware", data_schema=FIRMWARE_SCHEMA, errors=errors
        )

    def _receive(self, upload: str) -> Image:
        """Hold an uploaded file, in place of one that was held before."""
        self._upload.close()
        path = self._upload.enter_context(process_uploaded_file(self.hass, upload))
        return read_image(path)

    async def async_step_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show what is going to be sent, and ask once more."""
        if end := self._look():
            return end
        assert self._image
        if user_input is not None:
            return await self.async_step_progress()
        return self.async_show_form(
            step_id="confirm",
            data_schema=probatio.Schema({}),
            description_placeholders={
                "file": self._image.path.name,
                "firmware": self._coordinator.data.firmware or "?",
                "miner": self._coordinator.name,
                "sha256": self._image.sha256,
                "size": f"{self._image.size / 1e6:.1f}",
            },
        )

    async def async_step_progress(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Send it, and wait for the miner to come back."""
        if self._update is None or self._waiting is None:
            assert self._image
            self._update = self.hass.async_create_background_task(
                async_update_firmware(
                    self._coordinator,
                    self._image,
                    lambda share: self.async_update_progress(share * _SENT),
                ),
                f"{self._coordinator.name} firmware",
            )
            self._update.add_done_callback(self._release)
            self._waiting = self.hass.async_create_task(_wait(self._update))
        if not self._waiting.done():
            return self.async_show_progress(
                step_id="progress",
                progress_action="firmware",
                description_placeholders={"miner": self._coordinator.name},
                progress_task=self._waiting,
            )
        return self.async_show_progress_done(next_step_id="result")

    async def async_step_result(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Tell what became of it."""
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
                "miner": self._coordinator.name,
            },
        )

    @callback
    @override
    def async_remove(self) -> None:
        """Let go of the file, unless it is being sent: closing the dialogue ends nothing."""
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
