"""How the HMI tells the OPC UA server whose browser it speaks for: in the name of the session.

The server believes it from the HMI's own certificate only. Failed log-ins then count for the
browser that they come from, and the audit names it.
"""

from __future__ import annotations

import re

_NAME = "heatpump-twin HMI, browser at {}"
# asyncua appends a number to the name of each session.
_PATTERN = re.compile(re.escape(_NAME).replace(r"\{\}", r"(\S+)") + r"(?: Session\d+)?")


def session_name(address: str) -> str:
    """Return the name of a session for the browser at a network address."""
    return _NAME.format(address)


def browser_of(name: str | None) -> str | None:
    """Return the address of the browser in the name of a session; None: there is none."""
    found = _PATTERN.fullmatch(name or "")
    return found[1] if found else None
