"""Namespaces of a twin that tests look up."""

from asyncua import Client

from heatpump_twin.server.security.site_identity import EARLIER


async def site_index(client: Client) -> int:
    """Return the index of the namespace of the site's nodes, whose URI each installation makes."""
    uris = await client.get_namespace_array()
    (found,) = (index for index, uri in enumerate(uris) if uri.startswith(EARLIER))
    return found
