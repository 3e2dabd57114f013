"""Binary sensors of a site."""

from typing import Final, override

from homeassistant.components.binary_sensor import (
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.components.binary_sensor.const import BinarySensorDeviceClass

from .entity import SiteEntity

SITE_PROBLEM: Final = BinarySensorEntityDescription(
    key="problem", device_class=BinarySensorDeviceClass.PROBLEM
)


class SiteProblem(SiteEntity, BinarySensorEntity):
    """Whether a miner of the site has a problem."""

    @property
    @override
    def is_on(self) -> bool | None:
        """Return whether it is on."""
        return self.coordinator.data.problem
