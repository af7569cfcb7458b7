"""Call the control port of emulated devices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import requests

from heatpump_twin.errors import TwinError

_TIMEOUT = 10.0


class PlantControl:
    """Client of the control port; every failure is a `TwinError`."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}"

    def values(self, where: Mapping[str, Any]) -> dict[str, dict[str, dict[str, float | None]]]:
        """Return the values of emulated devices, by gateway, unit and point."""
        return self._call("GET", "/values", params=where)

    def set(self, wish: Mapping[str, Any]) -> None:
        """Set values of emulated devices."""
        self._call("POST", "/values", json=wish)

    def faults(self) -> dict[str, Any]:
        """Return the active faults and the names of all faults."""
        return self._call("GET", "/faults")

    def start(self, fault: Mapping[str, Any]) -> dict[str, Any]:
        """Start a fault and return the active faults."""
        return self._call("POST", "/faults", json=fault)

    def stop(self, which: Mapping[str, Any]) -> dict[str, Any]:
        """Stop faults and return those still active."""
        return self._call("DELETE", "/faults", params=which)

    def _call(self, method: str, path: str, **request: Any) -> dict[str, Any]:
        try:
            with requests.Session() as session:
                session.trust_env = False  # no proxy stands between us and loopback
                response = session.request(method, self._url + path, timeout=_TIMEOUT, **request)
                answer: dict[str, Any] = response.json()
        # Before its base class: nobody listening has another remedy than somebody who answers
        # wrong.
        except requests.ConnectionError as error:
            raise TwinError(
                f"no emulated plant has its control port at {self._url}; start one with "
                "`hptwin plant`, or give its --control-port"
            ) from error
        except requests.RequestException as error:
            raise TwinError(f"{self._url} does not answer as a plant does: {error}") from error
        if not response.ok:
            raise TwinError(str(answer.get("error", answer)))
        return answer
