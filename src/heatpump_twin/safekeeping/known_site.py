"""Find out of which site a data directory is, where nobody says it."""

from __future__ import annotations

from collections.abc import Sequence

from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.load import DEFAULT_SITE, SiteFile
from heatpump_twin.runtime.run_record import RunRecord


def known_site(data: DataDirectory, site: str | None, overrides: Sequence[str]) -> SiteFile:
    """Return the site that was named, or that of the latest run; ``overrides`` come on top."""
    if site is not None:
        return SiteFile(site, overrides)
    record = RunRecord.read(data)
    if record is None:
        return SiteFile(DEFAULT_SITE, overrides)
    # Pairs: each option is followed by its value.
    pairs = list(zip(record.arguments[::2], record.arguments[1::2], strict=False))
    named = [value for option, value in pairs if option == "--site"]
    settings = [value for option, value in pairs if option == "--set"]
    return SiteFile(named[0] if named else DEFAULT_SITE, [*settings, *overrides])
