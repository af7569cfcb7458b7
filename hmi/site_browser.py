"""Read the heat pumps from the address space in a few batched requests (OPC 10000-100, 5.2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from asyncua import Client, ua

from heatpump_twin.hmi.endpoint import standard_node
from heatpump_twin.hmi.heat_pump_model import HeatPumpModel, Input, MethodModel, Variable
from heatpump_twin.hmi.presentation import aware

_DI = "http://opcfoundation.org/UA/DI/"
_BATCH = 500
_HISTORY_READ = 1 << ua.AccessLevel.HistoryRead.value
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
    ua.ObjectIds.Duration: ua.VariantType.Double,
    ua.ObjectIds.UtcTime: ua.VariantType.DateTime,
}
_PLATE = ("Manufacturer", "Model", "SerialNumber")
_EMULATION = ("Emulated", "SimulatedUntil")
_KNOWN_PROPERTIES = {
    "EURange", "EngineeringUnits", "TrueState", "FalseState", "EnumValues", "InstrumentRange",
    "EnumStrings", "ValueAsText", "Definition", "ValuePrecision",
}  # fmt: skip

ReferenceList = list[ua.ReferenceDescription]
Described = Mapping[str, Mapping[str, Any]]
"""Properties by name, of each input by its name."""


class SiteBrowser:
    """Browser of a server's address space, with the rights of the session's person."""

    def __init__(self, client: Client) -> None:
        self._session = client.uaclient

    async def units(self) -> tuple[HeatPumpModel, ...]:
        """Return every heat pump under ``DeviceSet``, in the server's order."""
        namespaces = (await self._values([standard_node(ua.ObjectIds.Server_NamespaceArray)]))[0]
        # A server without DI has no heat pumps for us; the pages then say so.
        if _DI not in namespaces:
            return ()
        name = ua.QualifiedName("DeviceSet", namespaces.index(_DI))
        # Browsed and not addressed: NodeIds are the server's, and this client knows only standard
        # names.
        (objects,) = await self._browse([standard_node(ua.ObjectIds.ObjectsFolder)])
        sets = [ref.NodeId for ref in objects if ref.BrowseName == name]
        if not sets:
            return ()
        (devices,) = await self._browse(sets[:1])
        pumps = [ref for ref in devices if _is_instance(ref, ua.NodeClass.Object)]
        children = await self._browse([ref.NodeId for ref in pumps])
        return tuple(
            [await self._unit(ref, refs) for ref, refs in zip(pumps, children, strict=True)]
        )

    async def _unit(self, pump: ua.ReferenceDescription, children: ReferenceList) -> HeatPumpModel:
        parts = {ref.BrowseName.Name: ref.NodeId for ref in children}
        groups = [
            ref
            for ref in children
            if ref.NodeClass == ua.NodeClass.Object
            and ref.BrowseName.Name not in ("ParameterSet", "MethodSet")
        ]
        sets = [name for name in ("ParameterSet", "MethodSet") if name in parts]
        nodes = [*(parts[name] for name in sets), *(ref.NodeId for ref in groups)]
        browsed = await self._browse(nodes)
        found = dict(zip(sets, browsed[: len(sets)], strict=True))
        group_of: dict[ua.NodeId, str] = {}
        programs: dict[str, ua.NodeId] = {}
        for group, members in zip(groups, browsed[len(sets) :], strict=True):
            if group.BrowseName.Name == "Programs":
                programs = {str(member.BrowseName.Name): member.NodeId for member in members}
            for member in members:
                # The first group has it: a parameter may be organized by several.
                group_of.setdefault(member.NodeId, str(group.BrowseName.Name))
        variables = await self._variables(found.get("ParameterSet", []), group_of)
        methods = await self._methods(parts.get("MethodSet"), found.get("MethodSet", []))
        said = [name for name in (*_PLATE, *_EMULATION) if name in parts]
        values = await self._values([parts[name] for name in said])
        own = dict(zip(said, values, strict=True))
        until = own.get("SimulatedUntil")
        return HeatPumpModel(
            node=pump.NodeId,
            id=str(pump.NodeId.Identifier),
            name=pump.DisplayName.Text or pump.BrowseName.Name,
            plate={name: _text(own[name]) for name in _PLATE if name in own},
            variables={variable.id: variable for variable in variables},
            methods={method.name: method for method in methods},
            groups={str(ref.BrowseName.Name): _text(ref.DisplayName) for ref in groups},
            programs=programs,
            emulated=bool(own.get("Emulated")),
            simulated_until=None if until is None else aware(until),
        )

    async def _variables(
        self, parameters: ReferenceList, group_of: Mapping[ua.NodeId, str]
    ) -> list[Variable]:
        parameters = [ref for ref in parameters if ref.NodeClass == ua.NodeClass.Variable]
        nodes = [ref.NodeId for ref in parameters]
        children = await self._browse(nodes, ua.ObjectIds.HasProperty)
        texts = await self._attributes(nodes, ua.AttributeIds.Description)
        access = await self._attributes(nodes, ua.AttributeIds.UserAccessLevel)
        values = iter(await self._values([ref.NodeId for refs in children for ref in refs]))
        return [
            _variable(
                ref,
                {str(child.BrowseName.Name): next(values) for child in refs},
                text=_text(text),
                group=group_of.get(ref.NodeId, ""),
                has_history=bool((level or 0) & _HISTORY_READ),
            )
            for ref, refs, text, level in zip(parameters, children, texts, access, strict=True)
        ]

    async def _methods(
        self, parent: ua.NodeId | None, references: ReferenceList
    ) -> list[MethodModel]:
        references = [ref for ref in references if ref.NodeClass == ua.NodeClass.Method]
        if parent is None or not references:
            return []
        nodes = [ref.NodeId for ref in references]
        allowed = await self._attributes(nodes, ua.AttributeIds.UserExecutable)
        children = await self._browse(nodes, ua.ObjectIds.HasProperty)
        inputs = {
            ref.NodeId: child.NodeId
            for ref, refs in zip(references, children, strict=True)
            for child in refs
            if child.BrowseName.Name == "InputArguments"
        }
        arguments = dict(zip(inputs, await self._values(list(inputs.values())), strict=True))
        described = await self._descriptions(nodes)
        methods = [
            _method(ref, parent, arguments.get(ref.NodeId) or [], described[ref.NodeId])
            for ref, may in zip(references, allowed, strict=True)
            if may
        ]
        return [method for method in methods if method is not None]

    async def _descriptions(self, methods: Sequence[ua.NodeId]) -> dict[ua.NodeId, Described]:
        """Return by method and input the properties that say what it takes (OPC 10000-3, 5.7.1)."""
        found = await self._browse(methods, ua.ObjectIds.HasArgumentDescription)
        variables = [ref for refs in found for ref in refs]
        children = await self._browse([ref.NodeId for ref in variables], ua.ObjectIds.HasProperty)
        values = iter(await self._values([ref.NodeId for refs in children for ref in refs]))
        properties = {
            ref.NodeId: {str(child.BrowseName.Name): next(values) for child in refs}
            for ref, refs in zip(variables, children, strict=True)
        }
        return {
            method: {str(ref.BrowseName.Name): properties[ref.NodeId] for ref in refs}
            for method, refs in zip(methods, found, strict=True)
        }

    async def _browse(
        self, nodes: Sequence[ua.NodeId], references: int = ua.ObjectIds.HierarchicalReferences
    ) -> list[ReferenceList]:
        """Return the forward references of each node, all of them."""
        found: list[ReferenceList] = []
        for start in range(0, len(nodes), _BATCH):
            parameters = ua.BrowseParameters()
            parameters.NodesToBrowse = [
                ua.BrowseDescription(
                    NodeId=node,
                    BrowseDirection=ua.BrowseDirection.Forward,
                    ReferenceTypeId=standard_node(references),
                    IncludeSubtypes=True,
                    ResultMask=ua.BrowseResultMask.All,
                )
                for node in nodes[start : start + _BATCH]
            ]
            for result in await self._session.browse(parameters):
                references_of_node = list(result.References or [])
                point = result.ContinuationPoint
                # A server may answer in parts, and the continuation has to be read to its end or
                # released.
                while point:
                    (more,) = await self._session.browse_next(
                        ua.BrowseNextParameters(False, [point])
                    )
                    references_of_node += more.References or []
                    point = more.ContinuationPoint
                found.append(references_of_node)
        return found

    async def _values(self, nodes: Sequence[ua.NodeId]) -> list[Any]:
        return await self._attributes(nodes, ua.AttributeIds.Value)

    async def _attributes(
        self, nodes: Sequence[ua.NodeId], attribute: ua.AttributeIds
    ) -> list[Any]:
        """Return one attribute of each node; None where it cannot be read."""
        values: list[Any] = []
        for start in range(0, len(nodes), _BATCH):
            batch = list(nodes[start : start + _BATCH])
            values += [
                data.Value.Value if data.Value is not None else None
                for data in await self._session.read_attributes(batch, attribute)
            ]
        return values


def _is_instance(reference: ua.ReferenceDescription, node_class: ua.NodeClass) -> bool:
    """Leave out what the DI specification itself puts into DeviceSet (``DeviceFeatures``)."""
    identifier = reference.NodeId.Identifier
    return reference.NodeClass == node_class and isinstance(identifier, str)


def _variable(
    reference: ua.ReferenceDescription,
    properties: Mapping[str, Any],
    *,
    text: str,
    group: str,
    has_history: bool,
) -> Variable:
    key = str(reference.NodeId.Identifier)
    unit, states = properties.get("EngineeringUnits"), _states(properties)
    if "TrueState" in properties:
        states = {0: _text(properties["FalseState"]), 1: _text(properties["TrueState"])}
    return Variable(
        node=reference.NodeId,
        id=key.rpartition(".")[2],
        key=key,
        name=str(reference.BrowseName.Name),
        title=reference.DisplayName.Text or str(reference.BrowseName.Name),
        text=text,
        group=group,
        unit=_text(unit.DisplayName) if unit is not None else "",
        span=_span(properties),
        states=states,
        decimals=_decimals(properties),
        has_history=has_history,
        provenance={
            name: value
            for name, value in properties.items()
            if name not in _KNOWN_PROPERTIES and "ModelName" in properties
        },
    )


def _span(properties: Mapping[str, Any]) -> tuple[float, float] | None:
    limits = properties.get("EURange")
    return (limits.Low, limits.High) if limits is not None else None


def _decimals(properties: Mapping[str, Any]) -> int | None:
    precision = properties.get("ValuePrecision")
    return round(precision) if precision is not None else None


def _states(properties: Mapping[str, Any]) -> dict[int, str]:
    return {value.Value: _text(value.DisplayName) for value in properties.get("EnumValues") or ()}


def _method(
    reference: ua.ReferenceDescription,
    parent: ua.NodeId,
    arguments: Sequence[ua.Argument],
    described: Described,
) -> MethodModel | None:
    """Describe a method whose inputs are numbers and times; others have no place on a page."""
    kinds = [_KINDS.get(argument.DataType.Identifier) for argument in arguments]
    inputs = {
        str(argument.Name): Input(
            kind,
            _text(argument.Description),
            _span(described.get(str(argument.Name), {})),
            _states(described.get(str(argument.Name), {})),
        )
        for argument, kind in zip(arguments, kinds, strict=True)
        if kind is not None
    }
    if len(inputs) < len(arguments):
        return None
    return MethodModel(reference.NodeId, parent, str(reference.BrowseName.Name), inputs)


def _text(value: Any) -> str:
    """Return a value of the address space as text: LocalizedTexts without their locale."""
    if value is None:
        return ""
    if isinstance(value, ua.LocalizedText):
        return value.Text or ""
    return str(value)
