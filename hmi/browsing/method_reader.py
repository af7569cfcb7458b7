"""Read the methods of a heat pump, with what each takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from asyncua import ua

from heatpump_twin.hmi.browsing.address_reader import AddressReader, ReferenceList, text_of
from heatpump_twin.hmi.browsing.variable_reader import span_of, states_of
from heatpump_twin.hmi.heat_pump_model import Input, MethodModel

_KINDS = {
    ua.ObjectIds.Double: ua.VariantType.Double,
    ua.ObjectIds.Float: ua.VariantType.Float,
    ua.ObjectIds.Boolean: ua.VariantType.Boolean,
    ua.ObjectIds.SByte: ua.VariantType.SByte,
    ua.ObjectIds.Byte: ua.VariantType.Byte,
    ua.ObjectIds.Int16: ua.VariantType.Int16,
    ua.ObjectIds.UInt16: ua.VariantType.UInt16,
    ua.ObjectIds.Int32: ua.VariantType.Int32,
    ua.ObjectIds.UInt32: ua.VariantType.UInt32,
    ua.ObjectIds.Int64: ua.VariantType.Int64,
    ua.ObjectIds.UInt64: ua.VariantType.UInt64,
    ua.ObjectIds.String: ua.VariantType.String,
    ua.ObjectIds.Duration: ua.VariantType.Double,
    ua.ObjectIds.UtcTime: ua.VariantType.DateTime,
}
Described = Mapping[str, Mapping[str, Any]]
"""Properties by name, of each input by its name."""


async def read_methods(
    reader: AddressReader, parent: ua.NodeId, references: ReferenceList
) -> list[MethodModel]:
    """Return the methods of an object whose inputs are numbers, texts and times, for whomever."""
    references = [ref for ref in references if ref.NodeClass == ua.NodeClass.Method]
    nodes = [ref.NodeId for ref in references]
    arguments = await reader.properties(nodes)
    described = await _descriptions(reader, nodes)
    methods = [
        _method(ref, parent, own.get("InputArguments") or [], described[ref.NodeId])
        for ref, own in zip(references, arguments, strict=True)
    ]
    return [method for method in methods if method is not None]


async def allowed_methods(
    reader: AddressReader, methods: Mapping[str, MethodModel]
) -> dict[str, MethodModel]:
    """Return those methods that the session's person may call now."""
    nodes = [method.node for method in methods.values()]
    may = await reader.attributes(nodes, ua.AttributeIds.UserExecutable)
    return {name: method for (name, method), own in zip(methods.items(), may, strict=True) if own}


async def _descriptions(
    reader: AddressReader, methods: Sequence[ua.NodeId]
) -> dict[ua.NodeId, Described]:
    """Return by method and input the properties that say what it takes (OPC 10000-3, 5.7.1)."""
    found = await reader.browse(methods, ua.ObjectIds.HasArgumentDescription)
    properties = iter(await reader.properties([ref.NodeId for refs in found for ref in refs]))
    return {
        method: {str(ref.BrowseName.Name): next(properties) for ref in refs}
        for method, refs in zip(methods, found, strict=True)
    }


def _method(
    reference: ua.ReferenceDescription,
    parent: ua.NodeId,
    arguments: Sequence[ua.Argument],
    described: Described,
) -> MethodModel | None:
    """Describe a method whose inputs are numbers, texts and times; no page has others."""
    kinds = [_KINDS.get(argument.DataType.Identifier) for argument in arguments]
    inputs = {
        str(argument.Name): Input(
            kind,
            text_of(argument.Description),
            span_of(described.get(str(argument.Name), {})),
            states_of(described.get(str(argument.Name), {})),
        )
        for argument, kind in zip(arguments, kinds, strict=True)
        if kind is not None
    }
    if len(inputs) < len(arguments):
        return None
    return MethodModel(reference.NodeId, parent, str(reference.BrowseName.Name), inputs)
