"""Events as JSON, for as long as they are kept: with namespaces by URI, and texts to translate."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from typing import Any

from asyncua import ua

from heatpump_twin.config.phrase import data_of_text, text_of_data
from heatpump_twin.server.space.event import Event
from heatpump_twin.server.space.point_values import to_datetime, to_microseconds

_SEPARATOR = "/"
"""Between the names of a browse path, none of which has it."""
TYPES = ua.VariantType
_OF_NAME = {kind.name: kind for kind in TYPES}


class EventCodec:
    """Writes events and reads them again, for an address space with these namespaces."""

    def __init__(self, namespaces: Sequence[str]) -> None:
        self._uris = list(namespaces)
        self._write: dict[ua.VariantType, Callable[[Any], Any]] = {
            TYPES.ByteString: lambda value: base64.b64encode(value).decode(),
            TYPES.DateTime: to_microseconds,
            TYPES.NodeId: self._node,
            TYPES.LocalizedText: lambda value: [value.Locale, data_of_text(value.Text)],
            TYPES.String: data_of_text,
            TYPES.StatusCode: lambda value: value.value,
        }
        self._read: dict[ua.VariantType, Callable[[Any], Any]] = {
            TYPES.ByteString: base64.b64decode,
            TYPES.DateTime: to_datetime,
            TYPES.NodeId: self._node_of,
            TYPES.LocalizedText: lambda value: ua.LocalizedText(text_of_data(value[1]), value[0]),
            TYPES.String: text_of_data,
            TYPES.StatusCode: lambda value: ua.StatusCode(ua.UInt32(value)),
        }

    def written(self, event: Event) -> str:
        """Return an event as JSON."""
        fields = {}
        for path, variant in event.fields.items():
            kind, value = variant.VariantType, variant.Value
            write = self._write.get(kind)
            if value is not None and write is not None:
                value = write(value)
            elif not isinstance(value, int | float | str):
                value = None  # a structure: no event that is kept has one
            fields[_SEPARATOR.join(path)] = [kind.name, value]
        condition = None if event.condition is None else self._node(event.condition)
        return json.dumps([condition, fields], ensure_ascii=False, separators=(",", ":"))

    def read(self, data: str) -> Event:
        """Return the event of some JSON."""
        condition, fields = json.loads(data)
        found = {}
        for path, (name, value) in fields.items():
            kind = _OF_NAME[name]
            read = self._read.get(kind)
            if value is not None and read is not None:
                value = read(value)
            found[tuple(path.split(_SEPARATOR))] = ua.Variant(value, kind)
        return Event(found, None if condition is None else self._node_of(condition))

    def _node(self, node: ua.NodeId) -> list[object] | None:
        # Indexes of namespaces may be others after an update.
        return None if node.is_null() else [self._uris[node.NamespaceIndex], node.Identifier]

    def _node_of(self, value: list[Any] | None) -> ua.NodeId:
        if value is None or value[0] not in self._uris:
            return ua.NodeId()
        return ua.NodeId(value[1], ua.Int16(self._uris.index(value[0])))
