"""DeviceHealth (OPC 10000-100, 4.5.4; NAMUR NE 107): the worst that the active alarms say."""

from __future__ import annotations

from asyncua import ua

from heatpump_twin.config.phrase import Context, Text
from heatpump_twin.drivers.clock import Clock
from heatpump_twin.server.channel.internal_server import TwinInternalServer
from heatpump_twin.server.space.node_builder import NodeBuilder, NodePlace, standard
from heatpump_twin.server.space.point_values import to_datetime
from heatpump_twin.server.space.ua_values import node_id_of, timed_value
from heatpump_twin.twin_engine.alarm import AlarmTransition, Health

ENUMERATION = 6244
"""DeviceHealthEnumeration in the DI namespace."""

CODES = {
    Health.NORMAL: 0,
    Health.FAILURE: 1,
    Health.CHECK_FUNCTION: 2,
    Health.OFF_SPEC: 3,
    Health.MAINTENANCE_REQUIRED: 4,
}
WORST_FIRST = (
    Health.FAILURE,
    Health.CHECK_FUNCTION,
    Health.OFF_SPEC,
    Health.MAINTENANCE_REQUIRED,
    Health.NORMAL,
)


class DeviceHealth:
    """The writer of the DeviceHealth variables of all heat pumps."""

    def __init__(self, builder: NodeBuilder, iserver: TwinInternalServer, clock: Clock) -> None:
        self._builder = builder
        self._iserver = iserver
        self._clock = clock
        self._active: dict[str, dict[str, Health]] = {}

    def add(self, asset: str, device: ua.NodeId) -> ua.NodeId:
        """Add the DeviceHealth variable to a device; no alarm is active yet."""
        namespace = self._builder.namespaces.di
        self._active[asset] = {}
        node = self._builder.variable(
            f"{asset}.DeviceHealth",
            ua.QualifiedName("DeviceHealth", namespace),
            standard(ua.ObjectIds.BaseDataVariableType),
            NodePlace(device),
            node_id_of(ENUMERATION, namespace),
            description=Text(
                "Health of the device after NAMUR NE 107, from its active alarms", Context.MODEL
            ),
        )
        self._builder.set_value(node, self._value(asset))
        return node

    def remove(self, asset: str) -> None:
        """Forget the active alarms of a heat pump."""
        self._active.pop(asset, None)

    async def take(self, transition: AlarmTransition) -> None:
        """Apply a transition of an alarm to the DeviceHealth of its heat pump."""
        active = self._active.get(transition.alarm.asset)
        # A heat pump that was taken out by a reload; its last transitions may still be on their
        # way.
        if active is None:
            return
        if transition.active:
            active[transition.alarm.rule] = transition.alarm.health
        else:
            active.pop(transition.alarm.rule, None)
        node = self._builder.node_id(f"{transition.alarm.asset}.DeviceHealth")
        await self._iserver.write_attribute_value(node, self._value(transition.alarm.asset))

    def _value(self, asset: str) -> ua.DataValue:
        found = {Health.NORMAL, *self._active[asset].values()}
        worst = next(health for health in WORST_FIRST if health in found)
        now = to_datetime(self._clock.now())
        return timed_value(
            ua.Variant(CODES[worst], ua.VariantType.Int32), ua.StatusCode(), now, now
        )
