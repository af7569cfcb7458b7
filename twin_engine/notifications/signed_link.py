"""Links in messages that acknowledge one occurrence of one alarm, and nothing else."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from collections.abc import Collection
from dataclasses import astuple, dataclass
from pathlib import Path
from urllib.parse import urlencode

import structlog

from heatpump_twin.config.durable_file import write_private
from heatpump_twin.drivers.clock import MICROSECONDS

log = structlog.stdlib.get_logger(__name__)

PATH = "/acknowledge"
_VALID = 7 * 86_400 * MICROSECONDS
"""A link is good for so long from the raising of its alarm. [µs]"""
_KEY_LENGTH = 32
_LONGEST = 1_000
"""Characters of a token; ours are some 150."""


@dataclass(frozen=True, slots=True)
class Permit:
    """What a link allows: a receiver may acknowledge an alarm that was raised at a time."""

    receiver: str
    key: str
    """``asset.rule``"""
    raised: int
    """[µs since the Unix epoch, UTC]"""


class LinkSigner:
    """Signs permits and reads them again, with a key that only this twin has.

    Parameters
    ----------
    file : Path
        Has the key; it is made where it is missing. Without it, links of before are worth nothing.
    receivers : collection of str
        Names of those who may acknowledge now, whatever links of before say.
    """

    def __init__(self, file: Path, url: str, receivers: Collection[str]) -> None:
        self._url, self._receivers = url.rstrip("/"), receivers
        self._key = _key_of(file)

    def link(self, permit: Permit) -> str:
        """Return the address of the page that acknowledges."""
        return f"{self._url}{PATH}?{urlencode({'token': self._token(permit)})}"

    def permit(self, token: str, now: int) -> Permit | None:
        """Return what a token allows at a time; None: nothing, or not any more. [µs]"""
        body, _, signature = token.partition(".")
        if (
            len(token) > _LONGEST
            or not token.isascii()
            or not hmac.compare_digest(self._signed(body).encode(), signature.encode())
        ):
            return None
        try:
            permit = Permit(*json.loads(base64.urlsafe_b64decode(body)))
        except (binascii.Error, ValueError, TypeError):
            return None
        good = permit.receiver in self._receivers and now < permit.raised + _VALID
        return permit if good else None

    def _token(self, permit: Permit) -> str:
        body = base64.urlsafe_b64encode(json.dumps(astuple(permit)).encode()).decode()
        return f"{body}.{self._signed(body)}"

    def _signed(self, body: str) -> str:
        return hmac.new(self._key, body.encode(), hashlib.sha256).hexdigest()


def _key_of(file: Path) -> bytes:
    """Return the key in a file, which is made where there is none, or only a part of one."""
    key = file.read_bytes() if file.exists() else None
    if key is not None and len(key) == _KEY_LENGTH:
        return key
    if key is not None:
        # Whoever knows a short key, such as none at all, could sign whatever they like.
        aside = file.with_name(f"{file.name}.damaged")
        file.replace(aside)
        log.error("the key of links in messages is damaged: those sent are void", file=str(aside))
    key = secrets.token_bytes(_KEY_LENGTH)
    write_private(file, key)
    return key
