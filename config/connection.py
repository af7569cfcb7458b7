"""The connection to a device, as it is written in the site file and on the command line: a URL."""

from __future__ import annotations

from typing import Literal
from urllib.parse import SplitResult, parse_qs, urlsplit

from pydantic import BaseModel, ConfigDict, Field, model_validator

from heatpump_twin.config.hosts import host_name, url_host


class DeviceConnection(BaseModel):
    """How a device is reached, parsed from its URL.

    ``tcp://host:502``, ``rtu+tcp://host:4001``, ``tls://host:802``,
    ``serial:///dev/ttyUSB0?baudrate=9600&parity=N&stopbits=2``; ``emulated`` is a device of the
    embedded plant, ``emulated:NAME`` one behind the plant's gateway NAME.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    scheme: Literal["tcp", "rtu+tcp", "tls", "serial", "emulated"]
    host: str = ""
    port: int = 0
    path: str = ""
    options: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _parse(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        if value == "emulated" or value.startswith("emulated:"):
            return {"scheme": "emulated", "path": value.removeprefix("emulated").lstrip(":")}
        url = _split(value)
        options = {key: values[-1] for key, values in parse_qs(url.query).items()}
        if url.scheme == "serial" and url.path:
            return {"scheme": "serial", "path": url.path, "options": options}
        # 502 is Modbus TCP, 802 Modbus Security (the registered ports). RTU over TCP has none:
        # each serial gateway has its own.
        defaults = {"tcp": 502, "tls": 802, "rtu+tcp": None}
        try:
            port = defaults.get(url.scheme) if url.port is None else url.port
        except ValueError:
            port = None
        if url.scheme not in defaults or not url.hostname or not port:
            raise ValueError(
                f"{value!r} is not a connection; write tcp://HOST:PORT, rtu+tcp://HOST:PORT, "
                "tls://HOST:PORT, serial:///dev/ttyUSB0 or emulated"
            )
        # What would be dropped without a word is refused: it was written for a reason.
        if url.path.strip("/"):
            unit = url.path.strip("/")
            raise ValueError(f"{url.path!r} is too much; a unit goes into the key `unit`: {unit}")
        if url.username or url.fragment:
            raise ValueError(f"{value!r} is too much; write {url.scheme}://{url.hostname}:{port}")
        return {"scheme": url.scheme, "host": url.hostname, "port": port, "options": options}

    @property
    def is_emulated(self) -> bool:
        """Whether the device is one of the embedded plant."""
        return self.scheme == "emulated"

    @model_validator(mode="after")
    def _complete(self) -> DeviceConnection:
        if self.scheme == "serial" and not self.path.startswith("/"):
            raise ValueError("give the whole path of the port, such as serial:///dev/ttyUSB0")
        if self.scheme in ("tcp", "rtu+tcp", "tls"):
            host_name(self.host)
            if not 0 < self.port <= 65535:
                raise ValueError(f"{self.port} is not a port; write 1 to 65535")
        return self

    @property
    def line(self) -> str:
        """What the connection occupies, in whatever way it is spoken there: a port or a cable."""
        return self.path if self.scheme == "serial" else f"{self.host}:{self.port}"

    def __str__(self) -> str:
        if self.is_emulated:
            return f"emulated:{self.path}" if self.path else "emulated"
        if self.scheme == "serial":
            return f"serial://{self.path}"
        return f"{self.scheme}://{url_host(self.host)}:{self.port}"


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError as error:
        raise ValueError(f"{url!r} is not a connection: {error}") from error
