"""NamespaceMetadata of the site's instances (OPC 10000-5, 6.3.13)."""

from __future__ import annotations

import datetime as dt
from importlib.metadata import version

from asyncua import ua

from heatpump_twin.server.space.node_builder import NodeBuilder, NodePlace, standard

ANY_TEXT = ".*"
UNSPECIFIED = dt.datetime(1601, 1, 1, tzinfo=dt.UTC)
"""The instances come from the site file; they are not published on a day."""


def describe_site_namespace(builder: NodeBuilder) -> None:
    """Add NamespaceMetadata: every NodeId of the site is a string, the same after a restart."""
    ids = ua.ObjectIds
    metadata = builder.object(
        "namespace",
        ua.QualifiedName(builder.namespaces.site_uri, builder.namespaces.site),
        standard(ids.NamespaceMetadataType),
        NodePlace(standard(ids.Server_Namespaces)),
    )
    scalars: tuple[tuple[str, int, object], ...] = (
        ("NamespaceUri", ids.String, builder.namespaces.site_uri),
        ("NamespaceVersion", ids.String, version("heatpump-twin")),
        ("NamespacePublicationDate", ids.DateTime, UNSPECIFIED),
        # All of the namespace is in this server: nobody else defines nodes in it.
        ("IsNamespaceSubset", ids.Boolean, False),
        ("StaticStringNodeIdPattern", ids.String, ANY_TEXT),
    )
    for name, data_type, value in scalars:
        builder.property(metadata, ua.QualifiedName(name), data_type, value)
    arrays: tuple[tuple[str, int, list[object]], ...] = (
        ("StaticNodeIdTypes", ids.IdType, [ua.IdType.String]),
        ("StaticNumericNodeIdRange", ids.NumericRange, []),
    )
    for name, data_type, values in arrays:
        builder.property(metadata, ua.QualifiedName(name), data_type, values, array=True)
