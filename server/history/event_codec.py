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
Data = list[Any]
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

    def keeps(self, value: ua.Variant) -> bool:
        """Tell whether a value is written, and not left out: structures and arrays are."""
        content = value.Value
        if value.is_array:
            return False
        if isinstance(content, ua.NodeId):
            # Of a namespace that there is, and by a number or a text, as all that we have made.
            known = content.NamespaceIndex < len(self._uris)
            return known and isinstance(content.Identifier, int | str)
        return value.VariantType in self._write or isinstance(content, int | float)

    def written(self, event: Event) -> str:
        """Return an event as JSON."""
        return json.dumps(self.data(event), ensure_ascii=False, separators=(",", ":"))

    def read(self, written: str) -> Event:
        """Return the event of some JSON."""
        return self.event(json.loads(written))

    def data(self, event: Event) -> Data:
        """Return an event as data that JSON can hold: its condition and its fields."""
        fields = {}
        for path, variant in event.fields.items():
            kind, value = variant.VariantType, variant.Value
            write = self._write.get(kind)
            if not self.keeps(variant):
                value = None  # no event that the twin sends has one
            elif write is not None and value is not None:
                value = write(value)
            fields[_SEPARATOR.join(path)] = [kind.name, value]
        condition = None if event.condition is None else self._node(event.condition)
        return [condition, fields]

    def event(self, data: Data) -> Event:
        """Return the event of its data."""
        condition, fields = data
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
