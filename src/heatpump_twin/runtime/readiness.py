"""Readiness of each part of the twin for ``/readyz``."""

from __future__ import annotations

from collections.abc import Mapping

from heatpump_twin.config.settings import Site
from heatpump_twin.runtime.children import Children, ChildState
from heatpump_twin.runtime.clock.clock_watch import ClockState, ClockWatch
from heatpump_twin.runtime.login_probe import LoginProbe
from heatpump_twin.runtime.ops_server import PartHealth
from heatpump_twin.runtime.parts.twin_parts import TwinParts
from heatpump_twin.runtime.past import Past
from heatpump_twin.runtime.web_probe import local_url
from heatpump_twin.twin_engine.wording import duration_text

HISTORY_DELAY = 15.0
"""A sample that waits for so much longer than a flush is late. [s]"""


class Readiness:
    """Readiness of all parts, with a detail in words for each."""

    def __init__(
        self,
        site: Site,
        parts: TwinParts,
        children: Children,
        clock: ClockWatch,
        login: LoginProbe,
        past: Past,
    ) -> None:
        self._past = past
        self._site = site
        self._parts = parts
        self._children = children
        self._clock = clock
        self._login = login

    def health(self) -> Mapping[str, PartHealth]:
        """Return the health of each part, by name."""
        parts = {
            "historian": self._history(),
            "clock": PartHealth(
                self._clock.state is ClockState.RIGHT, self._clock.detail, optional=True
            ),
            **{
                f"{asset}.model": PartHealth(False, f"left out: {reason}", optional=True)
                for asset, reason in self._parts.forecasts.models.damaged.items()
            },
            "opcua": PartHealth(self._login.works, self._login.detail),
            **{
                driver.name: PartHealth(
                    driver.connected, "answers" if driver.connected else "does not answer"
                )
                for driver in self._parts.field.drivers
            },
        }
        if (past := self._past.health) is not None:
            parts["past"] = past
        for child in self._children:
            # What it does and not that it lives: a child that hangs is of no use to a person.
            works = child.state is ChildState.RUNNING
            url = hmi_url(self._site) if child is self._children.hmi else child.detail
            parts[child.name] = PartHealth(works, url if works else child.detail)
        return parts

    def _history(self) -> PartHealth:
        archive = self._parts.archive
        health = archive.historian.health
        if not health.connected:
            room = health.queue_capacity - health.queue_rows
            waiting = f"{health.queue_rows} samples wait, room for {room} more"
            if health.spool_size:
                waiting += f", and {health.spool_size / 1e6:.1f} MB on disk"
            return PartHealth(False, f"{health.last_error}; {waiting}")
        if health.trouble:
            return PartHealth(False, health.trouble)
        if health.delay > self._site.historian.flush + HISTORY_DELAY:
            return PartHealth(
                False,
                f"written late: the oldest of {health.queue_rows} samples has waited for "
                f"{duration_text(health.delay)}",
            )
        # Recording again, as well as it can: told, and no reason to take the twin for broken.
        return PartHealth(True, f"recording; {archive.damage}" if archive.damage else "recording")


def hmi_url(site: Site) -> str:
    """Return where a browser finds the HMI."""
    scheme = "https" if site.hmi.certificate else "http"
    return local_url(scheme, site.hmi.host, site.hmi.port, "")
