"""Check what a site names outside of its file: certificates, databases and rule packs."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from pathlib import Path

from heatpump_twin.config.errors import ConfigError
from heatpump_twin.config.load import SiteReading
from heatpump_twin.config.reading.text_file import is_file
from heatpump_twin.config.settings import HmiSettings, Site
from heatpump_twin.rules.cases import run_cases
from heatpump_twin.rules.pack import TWIN_PACK, Pack, load_pack, packaged_packs
from heatpump_twin.twin_engine.historian.database.database_access import database_mistake


def check_database(reading: SiteReading, site: Site) -> None:
    """Add a problem for a database that this software cannot use."""
    if site.historian.url is not None and (mistake := database_mistake(site.historian.url)):
        reading.add(("historian", "url"), mistake)


def check_certificate(reading: SiteReading, site: Site) -> None:
    """Add a problem for a certificate or a key of the HMI with which it could not serve."""
    for key, message in _certificate_mistakes(site.hmi):
        reading.add(("hmi", key), message)


def check_packs(reading: SiteReading, site: Site) -> list[Pack]:
    """Return the rule packs of a site; add the problems of the site and of the packs."""
    packs = [load_pack(TWIN_PACK)]
    for index, name in enumerate(site.rules.packs):
        if name not in packaged_packs() and not is_file(name):
            known = ", ".join(packaged_packs())
            message = f"there is no rule pack {name!r}; name a file, or one of {known}"
            reading.add(("rules", "packs", index), message)
        elif name not in (TWIN_PACK, *site.rules.packs[:index]):
            try:
                packs.append(pack := load_pack(name))
            except ConfigError as error:
                reading.take(error.problems)
                continue
            # A site may bring its pack, with a limit typed wrong. Those of the package are tried
            # before it is built: they tell of weeks, and this is done at each start.
            if name not in packaged_packs():
                reading.take(run_cases(pack))
    return packs


def _certificate_mistakes(hmi: HmiSettings) -> Sequence[tuple[str, str]]:
    if not hmi.enabled or hmi.certificate is None or hmi.private_key is None:
        return []
    files = (("certificate", hmi.certificate), ("private_key", hmi.private_key))
    missing = [(key, reason) for key, name in files if (reason := _unreadable(name))]
    if missing:
        return missing
    try:
        # An encrypted key would ask for its password at the terminal, and at each start.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(
            hmi.certificate, hmi.private_key, password=lambda: ""
        )
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or str(error)
        message = f"the HMI cannot serve with it and its private key: {reason}; write PEM files"
        return [("certificate", message)]
    return []


def _unreadable(name: str) -> str:
    try:
        with Path(name).open("rb"):
            return ""
    except (OSError, ValueError) as error:
        return f"{name} cannot be read: {getattr(error, 'strerror', None) or error}"
