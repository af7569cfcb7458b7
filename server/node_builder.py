"""Adding nodes to the address space in one call each, without a service round trip."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from asyncua import ua
from asyncua.server.address_space import AddressSpace
from asyncua.server.internal_server import InternalServer

from heatpump_twin.config.catalogue import Unit
from heatpump_twin.server.nodeset.type_ids import TypeIds

UNITS_NAMESPACE = "http://www.opcfoundation.org/UA/units/un/cefact"
"""UNECE Recommendation 20 codes (OPC 10000-8, 5.6.3.3)."""

READ = ua.AccessLevel.CurrentRead.mask
WRITE = ua.AccessLevel.CurrentWrite.mask
READ_HISTORY = READ | ua.AccessLevel.HistoryRead.mask
SCALAR, ARRAY = -1, 1
BUILT_IN_TYPES = 25
"""Data types with smaller numbers are their own VariantType (OPC 10000-6, 5.1.2)."""

ON_THE_WIRE = {
    ua.ObjectIds.Duration: ua.VariantType.Double,
    ua.ObjectIds.IdType: ua.VariantType.Int32,
    ua.ObjectIds.NumericRange: ua.VariantType.String,
    ua.ObjectIds.UtcTime: ua.VariantType.DateTime,
}
"""Data types derived from a built-in one."""

ReadValue = Callable[[ua.NodeId, ua.AttributeIds], ua.DataValue]

ReferenceTypeId: TypeAlias = int | ua.NodeId
"""A reference type: the number of a standard one, or the NodeId of any."""


def standard(number: int) -> ua.NodeId:
    """Return a NodeId of the OPC UA namespace."""
    return ua.NodeId(ua.Int32(number))


def reference_type(reference: ReferenceTypeId) -> ua.NodeId:
    """Return the NodeId of a reference type."""
    return standard(reference) if isinstance(reference, int) else reference


def text(value: str) -> ua.LocalizedText:
    """Return a text in English."""
    return ua.LocalizedText(value, "en")


def engineering_unit(unit: Unit) -> ua.EUInformation:
    """Return a unit as OPC UA clients understand it."""
    return ua.EUInformation(UNITS_NAMESPACE, unit.unit_id, text(unit.symbol), text(unit.name))


def value_range(span: tuple[float, float]) -> ua.Range:
    """Return a range."""
    return ua.Range(Low=span[0], High=span[1])


@dataclass(frozen=True, slots=True)
class Namespaces:
    """Indices of the namespaces in this run."""

    di: int
    machinery: int
    types: int
    site: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where a node hangs: its parent and the reference from there."""

    parent: ua.NodeId
    reference: ReferenceTypeId = ua.ObjectIds.HasComponent


class NodeBuilder:
    """Adds nodes of the site namespace, whose NodeIds are readable strings."""

    def __init__(self, iserver: InternalServer, namespaces: Namespaces, types: TypeIds) -> None:
        self._iserver = iserver
        self.namespaces = namespaces
        self._types = types

    @property
    def aspace(self) -> AddressSpace:
        """The nodes that are there."""
        return self._iserver.aspace

    def node_id(self, name: str) -> ua.NodeId:
        """Return the NodeId of an instance: ``hp1.supply_temperature``."""
        return ua.NodeId(name, self.namespaces.site)

    def type_id(self, symbol: str) -> ua.NodeId:
        """Return the NodeId of a type of ours: ``HeatPumpType``."""
        return ua.NodeId(ua.Int32(self._types[symbol]), self.namespaces.types)

    def object(
        self,
        name: str,
        browse_name: ua.QualifiedName,
        type_id: ua.NodeId,
        place: Place,
        *,
        title: str = "",
        description: str = "",
        notifier: bool = False,
    ) -> ua.NodeId:
        """Add an object; a ``notifier`` can be subscribed to for events."""
        attributes = ua.ObjectAttributes()
        attributes.DisplayName = text(title or browse_name.Name)
        attributes.Description = text(description)
        attributes.EventNotifier = ua.EventNotifier.SubscribeToEvents.mask if notifier else 0
        return self._add(name, browse_name, ua.NodeClass.Object, type_id, place, attributes)

    def variable(
        self,
        name: str,
        browse_name: ua.QualifiedName,
        type_id: ua.NodeId,
        place: Place,
        data_type: ua.NodeId,
        value: Any = None,
        *,
        array: bool = False,
        title: str = "",
        description: str = "",
        historized: bool = False,
        writable: bool = False,
        sampling: float = 0.0,
    ) -> ua.NodeId:
        """Add a variable; ``sampling`` is its fastest sampling interval. [s]

        Whether somebody may write a ``writable`` one depends on who it is (`Attributes`).
        """
        number = data_type.Identifier if data_type.NamespaceIndex == 0 else 0
        kind = ON_THE_WIRE.get(number)
        if kind is None and isinstance(number, int) and 0 < number <= BUILT_IN_TYPES:
            kind = ua.VariantType(number)
        if value is None:
            kind = None  # null stands for a value that is not there yet
        attributes = ua.VariableAttributes()
        attributes.DisplayName = text(title or browse_name.Name)
        attributes.Description = text(description)
        attributes.DataType = data_type
        attributes.ValueRank = ARRAY if array else SCALAR
        attributes.ArrayDimensions = [0] if array else []
        attributes.Value = ua.Variant(value, kind, is_array=array)
        attributes.UserAccessLevel = READ_HISTORY if historized else READ
        attributes.AccessLevel = attributes.UserAccessLevel | (WRITE if writable else 0)
        attributes.Historizing = historized
        attributes.MinimumSamplingInterval = sampling * 1000.0
        return self._add(name, browse_name, ua.NodeClass.Variable, type_id, place, attributes)

    def property(
        self,
        owner: ua.NodeId,
        browse_name: ua.QualifiedName,
        data_type: int | ua.NodeId,
        value: Any = None,
        *,
        array: bool = False,
        description: str = "",
    ) -> ua.NodeId:
        """Add a property to a node; its NodeId is the owner's with the name behind a dot."""
        return self.variable(
            f"{owner.Identifier}.{browse_name.Name}",
            browse_name,
            standard(ua.ObjectIds.PropertyType),
            Place(owner, ua.ObjectIds.HasProperty),
            standard(data_type) if isinstance(data_type, int) else data_type,
            value,
            array=array,
            description=description,
        )

    def method(
        self,
        name: str,
        browse_name: ua.QualifiedName,
        place: Place,
        inputs: Sequence[ua.Argument],
        outputs: Sequence[ua.Argument],
        *,
        description: str = "",
    ) -> ua.NodeId:
        """Add a method with its argument descriptions."""
        attributes = ua.MethodAttributes()
        attributes.DisplayName = text(browse_name.Name)
        attributes.Description = text(description)
        node = self._add(name, browse_name, ua.NodeClass.Method, ua.NodeId(), place, attributes)
        for title, arguments in (("InputArguments", inputs), ("OutputArguments", outputs)):
            if arguments:
                self.property(
                    node,
                    ua.QualifiedName(title),
                    ua.ObjectIds.Argument,
                    list(arguments),
                    array=True,
                )
        return node

    def reference(
        self,
        source: ua.NodeId,
        reference: ReferenceTypeId,
        target: ua.NodeId,
        *,
        inverse: bool = True,
    ) -> None:
        """Add a reference and its inverse."""
        directions = [(source, target, True), (target, source, False)]
        for start, end, forward in directions if inverse else directions[:1]:
            item = ua.AddReferencesItem()
            item.SourceNodeId = start
            item.ReferenceTypeId = reference_type(reference)
            item.IsForward = forward
            item.TargetNodeId = end
            self._iserver.node_mgt_service.add_references([item])[0].check()

    def set_value(self, node: ua.NodeId, value: ua.DataValue) -> None:
        """Give a variable its first value with status and times; nobody is told."""
        self.aspace[node].attributes[ua.AttributeIds.Value].value = value

    def computed(self, node: ua.NodeId, read: ReadValue) -> None:
        """Have the value of a variable computed when it is read."""
        status = self._iserver.aspace.set_attribute_value_callback(
            node, ua.AttributeIds.Value, read
        )
        status.check()

    def _add(
        self,
        name: str,
        browse_name: ua.QualifiedName,
        node_class: ua.NodeClass,
        type_id: ua.NodeId,
        place: Place,
        attributes: Any,
    ) -> ua.NodeId:
        item = ua.AddNodesItem()
        item.RequestedNewNodeId = self.node_id(name)
        item.BrowseName = browse_name
        item.NodeClass = node_class
        item.TypeDefinition = type_id
        item.ParentNodeId = place.parent
        item.ReferenceTypeId = reference_type(place.reference)
        item.NodeAttributes = attributes
        result = self._iserver.node_mgt_service.add_nodes([item])[0]
        result.StatusCode.check()
        return self.node_id(name)
