"""The URI of the site's namespace: made once for an installation, and kept."""

from __future__ import annotations

import uuid

from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.durable_file import write_private
from heatpump_twin.config.errors import StorageError

EARLIER = "urn:heatpump-twin:site"
"""What every installation had before each had its own."""


def site_namespace(chosen: str | None, data: DataDirectory) -> str:
    """Return the URI of the namespace of a site's instances.

    Parameters
    ----------
    chosen
        What the site file says (`opcua.site_namespace`); None: what is kept in the data directory
        or, the first time, made. Where a twin has run before, clients are bound to the URI that
        it had, and it stays.

    Raises
    ------
    StorageError
        The file with the URI is damaged.
    """
    if chosen is not None:
        return chosen
    file = data.site_namespace
    try:
        uri = file.read_text("utf-8").strip()
    except FileNotFoundError:
        uri = EARLIER if data.has_served else f"{EARLIER}:{uuid.uuid4().hex}"
        write_private(file, uri + "\n")
    except UnicodeDecodeError:
        uri = ""
    if not uri.startswith(EARLIER) or len(uri.split()) != 1:
        raise StorageError(
            f"{file} is damaged, and clients are bound to the URI in it: restore it from a backup, "
            "or write the URI into the site file (opcua.site_namespace)"
        )
    return uri
