"""Finds the config entries of miners and of sites, and whether the miners can be reached."""

from abc import abstractmethod
from typing import Protocol

from homeassistant.config_entries import SOURCE_IGNORE, ConfigEntry, ConfigEntryState
from homeassistant.core import HomeAssistant, callback

from ..api import DEFAULT_PORT, Miner, WrongMinerError
from ..const import CONF_KIND, DOMAIN, KIND_SITE
from ..miner.record import Address, address_of, mac_of


class MinerCoordinator(Protocol):
    """What this folder, which is below the coordinator, needs of it."""

    client: Miner
    last_update_success: bool

    @abstractmethod
    def async_refresh_soon(self) -> None:
        """Poll in the background."""

    @abstractmethod
    def async_set_wrong_miner(self, mac: str) -> None:
        """Handle that the miner with another MAC address is at the address."""


def coordinator_for_entry(entry: ConfigEntry) -> MinerCoordinator | None:
    """Return the coordinator of an entry, None while the entry is not loaded."""
    if entry.state is not ConfigEntryState.LOADED:
        return None
    coordinator: MinerCoordinator = entry.runtime_data.coordinator
    return coordinator


def is_site(entry: ConfigEntry) -> bool:
    """Return whether an entry is that of a site, and not that of a miner."""
    return bool(entry.data.get(CONF_KIND) == KIND_SITE)


def miner_entries(
    hass: HomeAssistant, *, include_disabled: bool = True
) -> list[ConfigEntry]:
    """Return the entries of all miners. Ignored miners have none."""
    entries = hass.config_entries.async_entries(
        DOMAIN, include_ignore=False, include_disabled=include_disabled
    )
    return [entry for entry in entries if not is_site(entry)]


def site_entries(hass: HomeAssistant) -> list[ConfigEntry]:
    """Return the entries of all sites that are not disabled, the oldest one first."""
    entries = hass.config_entries.async_entries(
        DOMAIN, include_ignore=False, include_disabled=False
    )
    # A site has no unique id, which is a quick look at each of many entries.
    sites = [entry for entry in entries if entry.unique_id is None and is_site(entry)]
    return sorted(sites, key=lambda entry: entry.created_at)


def entry_for_mac(hass: HomeAssistant, mac: str) -> ConfigEntry | None:
    """Return the entry of a miner, None for a new or an ignored one."""
    entry = hass.config_entries.async_entry_for_domain_unique_id(DOMAIN, mac)
    if entry is None or entry.source != SOURCE_IGNORE:
        return entry
    return next((each for each in miner_entries(hass) if each.unique_id == mac), None)


def entry_at_address(hass: HomeAssistant, address: Address) -> ConfigEntry | None:
    """Return the entry whose miner is known to be at an address.

    No other client may ask there: a miner copes with one connection at a time.
    """
    return next(
        (
            entry
            for entry in miner_entries(hass)
            if is_at_address(entry) and address_of(entry) == address
        ),
        None,
    )


def raise_if_address_is_taken(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Raise WrongMinerError if the miner of another entry is known to be at the address of one."""
    other = entry_at_address(hass, address_of(entry))
    if other and other is not entry:
        raise WrongMinerError(mac_of(entry), mac_of(other))


def hosts_in_use(hass: HomeAssistant) -> set[str]:
    """Return the hosts at which miners are known to be, which a scan leaves out."""
    addresses = (
        address_of(entry) for entry in miner_entries(hass) if is_at_address(entry)
    )
    # With another port of V2 it may be behind a router, which has another miner on this one.
    return {host for host, port in addresses if port == DEFAULT_PORT}


def is_reachable(entry: ConfigEntry) -> bool:
    """Return whether the miner of an entry answered the last poll."""
    coordinator = coordinator_for_entry(entry)
    return coordinator is not None and coordinator.last_update_success


def is_at_address(entry: ConfigEntry) -> bool:
    """Return whether the miner of an entry is known to be at its address.

    That holds during a firmware update, too, though the miner does not answer.
    """
    coordinator = coordinator_for_entry(entry)
    return coordinator is not None and (
        coordinator.last_update_success or coordinator.client.updating
    )


@callback
def refresh_entry(hass: HomeAssistant, entry: ConfigEntry) -> bool:
    """Poll a miner at once, or try its set-up again.

    Returns False when nothing was done, because the entry is neither loaded nor waiting to be
    set up again.
    """
    if coordinator := coordinator_for_entry(entry):
        coordinator.async_refresh_soon()
    elif entry.state is ConfigEntryState.SETUP_RETRY:
        hass.config_entries.async_schedule_reload(entry.entry_id)
    else:
        return False
    return True
