"""Options of a connection that concern its link: delays, and what it may overlook."""

from __future__ import annotations

from dataclasses import dataclass

from heatpump_twin.config.connection import DeviceConnection
from heatpump_twin.config.quantities import seconds
from heatpump_twin.drivers.modbus.wire.framing import Framing, TcpFraming
from heatpump_twin.drivers.modbus.wire.line_oddities import LineOddities
from heatpump_twin.drivers.modbus.wire.rtu_framing import RtuFraming
from heatpump_twin.drivers.modbus.wire.serial_port import SERIAL_OPTIONS, baud_rate
from heatpump_twin.drivers.modbus.wire.tls_options import TLS_OPTIONS

_ANY, _SKIP = "any", "skip"
_NUMBERED = ("tcp", "tls")
_OF_ALL = {"connect_delay", "back_off", "unit", "noise"}
_OPTIONS = {
    "tcp": {"transaction"},
    "tls": {"transaction", *TLS_OPTIONS},
    "rtu+tcp": {"baudrate", "echo"},
    "serial": {"echo", *SERIAL_OPTIONS},
}


@dataclass(frozen=True, slots=True)
class LinkOptions:
    """Options of a connection's link. Times in seconds; None: nothing was said."""

    connect_delay: float | None = None
    """Silence after connecting: some devices ignore what comes at once."""
    back_off: float | None = None
    """Longest pause between two attempts to reach a device that does not answer."""
    any_transaction: bool = False
    any_unit: bool = False
    skip_noise: bool = False
    """Take a response that has bytes around it which belong to none."""
    skip_echo: bool = False
    """Take a response behind the request itself, as a two-wire adapter hears what it says."""

    @classmethod
    def of(cls, address: DeviceConnection) -> LinkOptions:
        """Return the options of an address. Raises ValueError."""
        allowed = _OF_ALL | _OPTIONS.get(address.scheme, set())
        if unknown := set(address.options) - allowed:
            names = ", ".join(sorted(unknown))
            known = ", ".join(sorted(allowed))
            raise ValueError(f"{address.scheme} has no option {names}; it has {known}")
        return cls(
            connect_delay=_duration(address, "connect_delay"),
            back_off=_duration(address, "back_off"),
            any_transaction=_is_set(address, "transaction", _ANY),
            any_unit=_is_set(address, "unit", _ANY),
            skip_noise=_is_set(address, "noise", _SKIP),
            skip_echo=_is_set(address, "echo", _SKIP),
        )

    def framing(self, address: DeviceConnection, oddities: LineOddities) -> Framing:
        """Return the framing for an address. Raises ValueError."""
        if address.scheme in _NUMBERED:
            return TcpFraming(
                oddities,
                any_transaction=self.any_transaction,
                any_unit=self.any_unit,
                skip_noise=self.skip_noise,
            )
        return RtuFraming(
            oddities,
            baudrate=baud_rate(address),
            any_unit=self.any_unit,
            skip_noise=self.skip_noise,
            skip_echo=self.skip_echo,
        )


def _duration(address: DeviceConnection, option: str) -> float | None:
    text = address.options.get(option)
    if text is None:
        return None
    try:
        return seconds(text)
    except ValueError as error:
        raise ValueError(f"{option}: {error}") from error


def _is_set(address: DeviceConnection, option: str, word: str) -> bool:
    text = address.options.get(option, "")
    if text not in ("", word):
        raise ValueError(f"{option} is {word}, or left out, not {text!r}")
    return text == word
