"""Events as JSON, for as long as they are kept: with namespaces by URI, and texts to translate."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from typing import Any

from asyncua import ua

from heatpump_twin.config.phrase import Context, Phrase, Text
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
            TYPES.LocalizedText: lambda value: [value.Locale, _text(value.Text)],
            TYPES.String: _text,
            TYPES.StatusCode: lambda value: value.value,
        }
        self._read: dict[ua.VariantType, Callable[[Any], Any]] = {
            TYPES.ByteString: base64.b64decode,
            TYPES.DateTime: to_datetime,
            TYPES.NodeId: self._node_of,
            TYPES.LocalizedText: lambda value: ua.LocalizedText(_text_of(value[1]), value[0]),
            TYPES.String: _text_of,
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


def _text(text: str | None) -> object:
    """Return a text with what a translation needs of it."""
    if isinstance(text, Phrase):
        (template,), named = text.__getnewargs_ex__()
        parts = {name: _text(part) if isinstance(part, str) else part
                 for name, part in text.parts.items()}  # fmt: skip
        return {"phrase": template, "context": named["context"], "plural": text.plural,
                "parts": parts}  # fmt: skip
    if isinstance(text, Text):
        words, context = text.__getnewargs__()
        return {"text": words, "context": context}
    return text


def _text_of(value: Any) -> str | None:
    if not isinstance(value, dict):
        return None if value is None else str(value)
    context = Context(value["context"])
    if "text" in value:
        return Text(value["text"], context)
    parts = {name: part if isinstance(part, int | float) else _text_of(part) or ""
             for name, part in value["parts"].items()}  # fmt: skip
    return Phrase(value["phrase"], context=context, plural=value["plural"], **parts)
