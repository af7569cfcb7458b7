"""Readiness of each part of the twin for ``/readyz``."""

from __future__ import annotations

from collections.abc import Mapping

from heatpump_twin.config.settings import Site
from heatpump_twin.runtime.children import Children, ChildState
from heatpump_twin.runtime.ops_server import PartHealth
from heatpump_twin.runtime.parts.twin_parts import TwinParts


class Readiness:
    """Readiness of all parts, with a detail in words for each."""

    def __init__(self, site: Site, parts: TwinParts, children: Children) -> None:
        self._site = site
        self._parts = parts
        self._children = children

    def health(self) -> Mapping[str, PartHealth]:
        """Return the health of each part, by name."""
        history = self._parts.archive.historian.health
        parts = {
            "historian": PartHealth(
                history.connected, history.last_error if not history.connected else "recording"
            ),
            # The server shares this event loop: where `/readyz` answers, it does.
            "opcua": PartHealth(True, self._site.opcua.url),
            **{
                driver.name: PartHealth(
                    driver.connected, "answers" if driver.connected else "does not answer"
                )
                for driver in self._parts.field.drivers
            },
        }
        for child in self._children:
            # What it does and not that it lives: a child that hangs is of no use to a person.
            works = child.state is ChildState.RUNNING
            url = hmi_url(self._site) if child is self._children.hmi else child.detail
            parts[child.name] = PartHealth(works, url if works else child.detail)
        return parts


def hmi_url(site: Site) -> str:
    """Return where a browser finds the HMI."""
    scheme = "https" if site.hmi.certificate else "http"
    return f"{scheme}://{site.hmi.host}:{site.hmi.port}"
