"""Which miners belong to which site."""

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers import area_registry as ar

from ..const import (
    CONF_ALL_MINERS,
    CONF_AREAS,
    CONF_BUDGET_UNKNOWN,
    CONF_CHEAP_ENTITY,
    CONF_FOLLOW_PLAN,
    CONF_HAS_BUDGET,
    CONF_LABELS,
    CONF_MINERS,
    CONF_PRICE_ENTITY,
)
from ..names import device_of
from .lookup import miner_entries, site_entries


def is_member(hass: HomeAssistant, site: ConfigEntry, miner: ConfigEntry) -> bool:
    """Return whether a miner belongs to a site.

    A miner belongs to the area of its device, and to the labels of its device and of that area. What
    is disabled belongs to no site.
    """
    device = device_of(hass, miner)
    if miner.disabled_by or (device and device.disabled):
        return False
    options = site.options
    if options.get(CONF_ALL_MINERS) or miner.entry_id in options.get(CONF_MINERS, ()):
        return True
    if device is None:
        return False
    if device.area_id in options.get(CONF_AREAS, ()):
        return True
    area_id = device.area_id
    area = ar.async_get(hass).async_get_area(area_id) if area_id else None
    labels = device.labels | (area.labels if area else set())
    return not labels.isdisjoint(options.get(CONF_LABELS, ()))


def members_of(hass: HomeAssistant, site: ConfigEntry) -> list[ConfigEntry]:
    """Return the entries of the miners that belong to a site."""
    return [miner for miner in miner_entries(hass) if is_member(hass, site, miner)]


def sites_of(hass: HomeAssistant, miner: ConfigEntry) -> list[ConfigEntry]:
    """Return the entries of the sites that a miner belongs to, the oldest one first."""
    return [site for site in site_entries(hass) if is_member(hass, site, miner)]


def planning_site(hass: HomeAssistant, miner: ConfigEntry) -> ConfigEntry | None:
    """Return the site whose plan decides about a miner: the oldest one that acts on its plan."""
    return next(
        (
            site
            for site in site_entries(hass)
            if _acts_on_plan(site) and is_member(hass, site, miner)
        ),
        None,
    )


def _acts_on_plan(site: ConfigEntry) -> bool:
    """Return whether a site follows its plan, and the plan has something to follow."""
    options = site.options
    return bool(options.get(CONF_FOLLOW_PLAN)) and bool(
        options.get(CONF_PRICE_ENTITY)
        or options.get(CONF_CHEAP_ENTITY)
        or options.get(CONF_HAS_BUDGET)
        or options.get(CONF_BUDGET_UNKNOWN) == "stop"
    )
