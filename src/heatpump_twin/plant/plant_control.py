"""A client of the control port of emulated devices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import requests

from heatpump_twin.errors import TwinError

_TIMEOUT = 10.0


class PlantControl:
    """Looks at emulated devices and breaks them; every mistake is a `TwinError`."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}"

    def values(self, where: Mapping[str, Any]) -> dict[str, dict[str, dict[str, float | None]]]:
        """Return what devices show, by gateway, unit and point."""
        return self._call("GET", "/values", params=where)

    def set(self, wish: Mapping[str, Any]) -> None:
        """Make devices show values."""
        self._call("POST", "/values", json=wish)

    def faults(self) -> dict[str, Any]:
        """Return what is broken and what can be."""
        return self._call("GET", "/faults")

    def start(self, fault: Mapping[str, Any]) -> dict[str, Any]:
        """Break something and return what is broken then."""
        return self._call("POST", "/faults", json=fault)

    def stop(self, which: Mapping[str, Any]) -> dict[str, Any]:
        """Repair something and return what is broken still."""
        return self._call("DELETE", "/faults", params=which)

    def _call(self, method: str, path: str, **request: Any) -> dict[str, Any]:
        try:
            with requests.Session() as session:
                session.trust_env = False  # no proxy stands between us and loopback
                response = session.request(method, self._url + path, timeout=_TIMEOUT, **request)
                answer: dict[str, Any] = response.json()
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
