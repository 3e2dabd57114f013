"""What two earlier integrations of the same domain left in Home Assistant.

One was made for old firmware and knew its miners by their MAC address; the other was made for
heating and knew them by their IP address. Each entity has its key there and, where what it
shows is still there, its key here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.whatsminer.const import DOMAIN
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import (
    CONF_HOST,
    CONF_MAC,
    CONF_NAME,
    CONF_PASSWORD,
    CONF_PORT,
    CONF_SCAN_INTERVAL,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
)
from simulator import SimulatedMiner

# Entities by platform and key, and their key here; None where there is no counterpart.
type Keys = Mapping[str, str | None]

MAC_BASED: Final[Keys] = {
    "button.reload_configuration": None,
    "button.restart_miner": "restart_mining",
    "sensor.accepted": "accepted_shares",
    "sensor.fan_in": "fan_speed_in",
    "sensor.fan_out": "fan_speed_out",
    "sensor.frequency_average": "frequency",
    "sensor.frequency_target": "target_frequency",
    "sensor.hash_rate_15_m": "hash_rate_15m",
    "sensor.hash_rate_1_m": "hash_rate_1m",
    "sensor.hash_rate_5_m": "hash_rate",
    "sensor.hash_rate_average": "hash_rate_average",
    "sensor.hash_rate_target": "target_hash_rate",
    "sensor.power": "power",
    "sensor.power_mode": None,
    "sensor.power_rate": "efficiency",
    "sensor.rejected": "rejected_shares",
    "sensor.rejected_percent": "pool_rejection",
    "sensor.stale_percent": None,
    "sensor.temperature_chip_avg": "chip_temperature",
    "sensor.temperature_chip_max": "chip_temperature_max",
    "sensor.temperature_chip_min": "chip_temperature_min",
    "sensor.temperature_device": "board_temperature",
    "sensor.temperature_environment": "environment_temperature",
    "sensor.uptime": None,
    "switch.power": "mining",
}
IP_BASED: Final[Keys] = {
    "binary_sensor.freeze_guard": None,
    "binary_sensor.is_mining": "running",
    "binary_sensor.pid_safety_engaged": None,
    "button.reset_learned_floor": None,
    "number.pid_target_temperature": None,
    "number.power_limit": "power_limit",
    "sensor.accepted": "accepted_shares",
    "sensor.board_0_chip_temp": "board0_chip_temperature",
    "sensor.board_0_hashrate": "board0_hash_rate",
    "sensor.board_0_temp": "board0_temperature",
    "sensor.board_2_chip_temp": "board2_chip_temperature",
    "sensor.board_2_hashrate": "board2_hash_rate",
    "sensor.board_2_temp": "board2_temperature",
    "sensor.control_mode": None,
    "sensor.efficiency": "efficiency",
    "sensor.expected_hashrate": "target_hash_rate",
    "sensor.fan_0_speed": "fan_speed_in",
    "sensor.fan_1_speed": "fan_speed_out",
    "sensor.hashrate": "hash_rate",
    "sensor.outdoor_24h_mean": None,
    "sensor.pid_error": None,
    "sensor.rejected": "rejected_shares",
    "sensor.temperature_avg": "board_temperature",
    "sensor.uptime": None,
    "sensor.wattage": "power",
    "sensor.wattage_limit": None,
    "switch.mining_control": "mining",
    "switch.pid_mode": None,
}


@dataclass(frozen=True, kw_only=True)
class Earlier:
    """One of the two earlier integrations, and what differs between them."""

    by_mac: bool
    keys: Keys
    version: int = 1
    options: Mapping[str, Any] = field(default_factory=dict)

    def owner(self, miner: SimulatedMiner) -> str:
        """Return what the unique ids of a miner's entities begin with."""
        mac = miner.mac.lower()
        return mac if self.by_mac else mac.replace(":", "_")

    def entry(self, miner: SimulatedMiner, **changes: Any) -> MockConfigEntry:
        """Return the entry of a miner."""
        data = {
            CONF_HOST: miner.host,
            CONF_PORT: miner.port,
            CONF_PASSWORD: miner.password,
        }
        if self.by_mac:
            data[CONF_MAC] = miner.mac.lower()
        else:
            data |= {CONF_NAME: "Heater", CONF_SCAN_INTERVAL: 60, "power_min": 1000}
        return MockConfigEntry(
            **{
                "data": data,
                "domain": DOMAIN,
                "options": dict(self.options),
                "title": "Garage",
                "unique_id": miner.mac.lower()
                if self.by_mac
                else f"whatsminer_{miner.host.replace('.', '_')}",
                "version": self.version,
                **changes,
            }
        )

    def add(
        self, hass: HomeAssistant, miner: SimulatedMiner, **changes: Any
    ) -> MockConfigEntry:
        """Add the entry of a miner, which is not set up."""
        entry = self.entry(miner, **changes)
        entry.add_to_hass(hass)
        return entry

    def device(
        self, hass: HomeAssistant, entry: MockConfigEntry, owner: str
    ) -> dr.DeviceEntry:
        """Register the device of a miner by its MAC address, with an identifier for each entity."""
        if not self.by_mac:
            identifiers, connections = {(DOMAIN, owner)}, None
        else:
            identifiers = {(DOMAIN, owner), (DOMAIN, f"{owner}_power")}
            connections = {(dr.CONNECTION_NETWORK_MAC, owner)}
        return dr.async_get(hass).async_get_or_create(
            config_entry_id=entry.entry_id,
            connections=connections,
            identifiers=identifiers,
            manufacturer="Whatsminer",
            model="Unknown",
            name="Whatsminer",
        )

    def entity(
        self,
        hass: HomeAssistant,
        entry: MockConfigEntry,
        device: dr.DeviceEntry,
        unique_id: str,
        platform: str = "sensor",
    ) -> er.RegistryEntry:
        """Register one entity of the earlier integration."""
        return er.async_get(hass).async_get_or_create(
            platform,
            DOMAIN,
            unique_id,
            config_entry=entry,
            device_id=device.id,
            has_entity_name=not self.by_mac,
            original_name="As it was called",
            suggested_object_id=f"old_{unique_id.rpartition('_')[2]}",
        )

    def entities(
        self, hass: HomeAssistant, entry: MockConfigEntry, miner: SimulatedMiner
    ) -> dict[str, er.RegistryEntry]:
        """Register all entities that the earlier integration had, by platform and key."""
        owner = self.owner(miner)
        device = self.device(hass, entry, owner)
        area = ar.async_get(hass).async_get_or_create("Shed")
        dr.async_get(hass).async_update_device(
            device.id, area_id=area.id, name_by_user="The left one"
        )
        found = {}
        for number, name in enumerate(self.keys):
            platform, _, key = name.partition(".")
            entity = self.entity(hass, entry, device, f"{owner}_{key}", platform)
            found[name] = er.async_get(hass).async_update_entity(
                entity.entity_id,
                area_id=ar.async_get(hass).async_get_or_create(f"Area {number}").id,
                disabled_by=er.RegistryEntryDisabler.USER if number % 5 == 2 else None,
                hidden_by=er.RegistryEntryHider.USER if number % 3 == 1 else None,
                icon=f"mdi:numeric-{number}",
                labels={f"label{number}"},
                name=f"My name {number}",
                new_entity_id=f"{platform}.my_id_{number}",
            )
        return found


MAC: Final = Earlier(by_mac=True, keys=MAC_BASED)
IP: Final = Earlier(
    by_mac=False,
    keys=IP_BASED,
    version=3,
    options={"pid_kp": 12.5, "pid_demand_entities": ["climate.house"]},
)
EARLIER: Final = {"mac_based": MAC, "ip_based": IP}


async def set_up(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Start Home Assistant with this integration in the place of the earlier one."""
    if entry.entry_id not in {each.entry_id for each in all_entries(hass)}:
        entry.add_to_hass(hass)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()


def all_entries(hass: HomeAssistant) -> list[Any]:
    """Return the entries of the domain."""
    return list(hass.config_entries.async_entries(DOMAIN))


def state(entry: MockConfigEntry) -> ConfigEntryState:
    """Return the present state of an entry."""
    return entry.state


def registered(hass: HomeAssistant, entry: MockConfigEntry) -> Mapping[str, Any]:
    """Return an entry and all that is registered of it."""
    devices = dr.async_get(hass)
    return {
        "entry": entry.as_dict(),
        "entities": er.async_entries_for_config_entry(
            er.async_get(hass), entry.entry_id
        ),
        "devices": dr.async_entries_for_config_entry(devices, entry.entry_id),
        "boards": dr.async_child_entries_for_config_entry(devices, entry.entry_id),
    }
