"""What ``/readyz`` tells: of each part of the twin whether it works."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from heatpump_twin.config.settings import Site
from heatpump_twin.runtime.ops_server import PartHealth
from heatpump_twin.runtime.parts.twin_parts import TwinParts
from heatpump_twin.runtime.ports import listens

HMI_PROBE_PERIOD = 0.25


class ReadinessWatch:
    """Knows how the parts are doing, and sees by itself whether the HMI serves."""

    def __init__(self, site: Site, parts: TwinParts) -> None:
        self._site = site
        self._parts = parts
        self._hmi_serves = False

    async def run(self) -> None:
        """See whether the HMI's port is open; often until it is, then rarely."""
        hmi = self._site.hmi
        while hmi.enabled:
            self._hmi_serves = await listens(hmi.host, hmi.port)
            await asyncio.sleep(HMI_PROBE_PERIOD * (20 if self._hmi_serves else 1))

    def health(self) -> Mapping[str, PartHealth]:
        """Tell of each part whether it works."""
        history = self._parts.archive.historian.health
        parts = {
            "historian": PartHealth(
                history.connected, history.last_error if not history.connected else "recording"
            ),
            "opcua": PartHealth(True, self._site.opcua.url),
            **{
                driver.name: PartHealth(
                    driver.connected, "answers" if driver.connected else "does not answer"
                )
                for driver in self._parts.field.drivers
            },
        }
        if self._site.hmi.enabled:
            parts["hmi"] = PartHealth(self._hmi_serves, hmi_url(self._site))
        return parts


def hmi_url(site: Site) -> str:
    """Return where a browser finds the HMI."""
    scheme = "https" if site.hmi.certificate else "http"
    return f"{scheme}://{site.hmi.host}:{site.hmi.port}"
