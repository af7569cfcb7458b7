"""Names and addresses of hosts, as people write them."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated

from pydantic import AfterValidator

_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?", re.IGNORECASE)
_LONGEST_NAME = 253
_NUMBERS = re.compile(r"[\d.]+")


def host_name(text: str) -> str:
    """Return a host's name or address; raise ValueError for what cannot be one (RFC 1123, 2.1).

    An underscore is taken, as containers have it in their names.
    """
    if is_address(text):
        return text
    if _NUMBERS.fullmatch(text):
        raise ValueError(f"{text!r} is not an IP address; write four numbers of 0 to 255")
    labels = text.removesuffix(".").split(".")
    if len(text) > _LONGEST_NAME or not all(_LABEL.fullmatch(label) for label in labels):
        raise ValueError(
            f"{_shown(text)} is not a host: write a name such as gateway.local, of letters, "
            "digits, - and dots, or an address such as 192.168.1.20, without port or path"
        )
    return text


def is_address(text: str) -> bool:
    """Tell whether a text is an IPv4 or IPv6 address."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def url_host(host: str) -> str:
    """Return a host as it stands in a URL: an IPv6 address in brackets (RFC 3986, 3.2.2)."""
    return f"[{host}]" if ":" in host else host


def listens_everywhere(host: str) -> bool:
    """Tell whether a host is no address, but stands for all that the machine has."""
    return is_address(host) and ipaddress.ip_address(host).is_unspecified


def local_host(host: str) -> str:
    """Return where a process on this machine reaches a server that listens on a host."""
    if not listens_everywhere(host):
        return host
    return "127.0.0.1" if ipaddress.ip_address(host).version == 4 else "::1"


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach a host address."""
    if host == "localhost":
        return True
    return is_address(host) and ipaddress.ip_address(host).is_loopback


def _shown(text: str) -> str:
    return repr(text if len(text) <= 40 else f"{text[:40]}…")


Host = Annotated[str, AfterValidator(host_name)]
"""A host's name or address."""
