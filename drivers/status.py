"""OPC UA status codes that travel with values (OPC 10000-6, Annex A.2). Shared by all rooms."""

from __future__ import annotations

GOOD = 0x0000_0000
UNCERTAIN = 0x4000_0000
UNCERTAIN_LAST_USABLE_VALUE = 0x4090_0000
UNCERTAIN_SENSOR_NOT_ACCURATE = 0x4093_0000
UNCERTAIN_ENGINEERING_UNITS_EXCEEDED = 0x4094_0000
UNCERTAIN_SUB_NORMAL = 0x4095_0000
UNCERTAIN_INITIAL_VALUE = 0x4092_0000
UNCERTAIN_DATA_SUB_NORMAL = 0x40A4_0000
BAD = 0x8000_0000
BAD_INTERNAL_ERROR = 0x8002_0000
BAD_RESOURCE_UNAVAILABLE = 0x8004_0000
BAD_TIMEOUT = 0x800A_0000
BAD_USER_ACCESS_DENIED = 0x801F_0000
BAD_NO_COMMUNICATION = 0x8031_0000
BAD_WAITING_FOR_INITIAL_DATA = 0x8032_0000
BAD_NODE_ID_UNKNOWN = 0x8034_0000
BAD_NOT_WRITABLE = 0x803B_0000
BAD_OUT_OF_RANGE = 0x803C_0000
BAD_NOT_SUPPORTED = 0x803D_0000
BAD_CONFIGURATION_ERROR = 0x8089_0000
BAD_NOT_CONNECTED = 0x808A_0000
BAD_DEVICE_FAILURE = 0x808B_0000
BAD_SENSOR_FAILURE = 0x808C_0000
BAD_OUT_OF_SERVICE = 0x808D_0000
BAD_NO_DATA = 0x809B_0000
BAD_INVALID_STATE = 0x80AF_0000
BAD_AGGREGATE_INVALID_INPUTS = 0x80D6_0000

_SEVERITY = 0xC000_0000
"""The upper two bits: 00 Good, 01 Uncertain, 10 Bad."""


def is_good(status: int) -> bool:
    """Tell whether a status is Good: the value can be used without reservation."""
    return status & _SEVERITY == GOOD


def is_bad(status: int) -> bool:
    """Tell whether a status is Bad: there is no usable value."""
    # The first bit alone decides: severity 11 is reserved, and a client has to take it for Bad.
    return bool(status & BAD)


def name_of(status: int) -> str:
    """Return the name of a status code as OPC UA writes it, ``BadNoData``; else the number."""
    return _NAMES.get(status, f"0x{status:08X}")


# Made from the constants above, so that no code can be without its name or have another's.
_NAMES = {
    code: name.title().replace("_", "")
    for name, code in list(globals().items())
    if isinstance(code, int) and not name.startswith("_")
}
