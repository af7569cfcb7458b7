"""One GET of a weather service, and how long its answer may be used (RFC 9110, RFC 9111)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import requests

from heatpump_twin.drivers.weather.errors import WeatherAway, WeatherUnreadable
from heatpump_twin.drivers.weather.weather_service import Query

CONNECT, READ = 10.0, 30.0
"""How long is waited for a connection, and for the next bytes of an answer. [s]"""
LARGEST = 10_000_000
"""No forecast of one place is larger. [B]"""
_PIECE = 65_536
_DEADLINE = 120.0
"""For all of an answer, however steadily it drips. [s]"""
_LONGEST_FRESH = 6 * 3600.0
"""A service that says more is asked again all the same. [s]"""
_BUSY = (429, 502, 503, 504)


@dataclass(frozen=True, slots=True)
class ServiceAnswer:
    """What a service has answered."""

    body: Any
    """As JSON; None: what was there before still holds."""
    fresh: float = 0.0
    """How long it need not be asked again. [s]"""
    validators: Mapping[str, str] = field(default_factory=dict)
    """Header fields for the next query, so that it need not answer the same again."""


def ask(query: Query, agent: str, validators: Mapping[str, str]) -> ServiceAnswer:
    """Ask a service; blocks for two minutes at most.

    Raises
    ------
    WeatherAway
        It does not answer, or refuses for now.
    WeatherUnreadable
        It does not answer with JSON, or refuses for good.
    """
    headers = {"User-Agent": agent, "Accept": "application/json", **validators}
    host = query.url.split("/")[2]
    try:
        with requests.get(
            query.url,
            params=dict(query.parameters),
            headers=headers,
            timeout=(CONNECT, READ),
            stream=True,
        ) as reply:
            if reply.status_code == requests.codes.not_modified:
                return ServiceAnswer(None, _fresh(reply.headers), validators)
            if reply.status_code in _BUSY:
                wait = _retry_after(reply.headers)
                raise WeatherAway(f"{host} is busy ({reply.status_code})", wait)
            if not reply.ok:
                raise WeatherUnreadable(f"{host} refuses ({reply.status_code} {reply.reason})")
            body = _read(host, reply)
            return ServiceAnswer(body, _fresh(reply.headers), _validators(reply.headers))
    except requests.RequestException as error:
        raise WeatherAway(f"{host} does not answer: {_reason(error)}") from error


def _read(host: str, reply: requests.Response) -> Any:
    """Return the body as JSON, if it comes in time and is no larger than it may be."""
    end = datetime.now(UTC).timestamp() + _DEADLINE
    content = b""
    for piece in reply.iter_content(_PIECE):
        content += piece
        if len(content) > LARGEST:
            raise WeatherUnreadable(f"{host} answers with more than {LARGEST / 1e6:.0f} MB")
        if datetime.now(UTC).timestamp() > end:
            raise WeatherAway(f"{host} answers too slowly")
    try:
        return json.loads(content)
    except ValueError as error:
        raise WeatherUnreadable(f"{host} does not answer with JSON: {error}") from error


def _fresh(headers: Mapping[str, str]) -> float:
    """Return how long an answer is fresh, by the service's own clock (RFC 9111, 4.2.1). [s]"""
    for directive in headers.get("Cache-Control", "").split(","):
        name, _, value = directive.strip().partition("=")
        if name.lower() == "max-age" and value.isdigit():
            return min(float(value), _LONGEST_FRESH)
    # Expires less Date, and not less our own time: our clock may be wrong.
    expires, date = _date(headers, "Expires"), _date(headers, "Date")
    if expires is None or date is None:
        return 0.0
    return min(max((expires - date).total_seconds(), 0.0), _LONGEST_FRESH)


def _retry_after(headers: Mapping[str, str]) -> float:
    """Return how long a service asks to be left alone; 0: it does not say. [s]"""
    value = headers.get("Retry-After", "")
    if value.isdigit():
        return min(float(value), _LONGEST_FRESH)
    until, date = _date(headers, "Retry-After"), _date(headers, "Date")
    if until is None or date is None:
        return 0.0
    return min(max((until - date).total_seconds(), 0.0), _LONGEST_FRESH)


def _date(headers: Mapping[str, str], name: str) -> datetime | None:
    with suppress(ValueError, TypeError):
        found = parsedate_to_datetime(headers[name]) if name in headers else None
        return None if found is None else found.replace(tzinfo=found.tzinfo or UTC)
    return None


def _validators(headers: Mapping[str, str]) -> dict[str, str]:
    known = {"If-None-Match": "ETag", "If-Modified-Since": "Last-Modified"}
    return {wanted: headers[name] for wanted, name in known.items() if name in headers}


def _reason(error: requests.RequestException) -> str:
    # One that stops amid its answer is a ConnectionError that tells of the time-out.
    if isinstance(error, requests.Timeout) or "timed out" in str(error):
        return "time-out"
    if isinstance(error, requests.ConnectionError):
        return "no connection"
    return type(error).__name__
