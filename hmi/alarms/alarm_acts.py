"""What people do about alarms: which acts an alarm offers, and the methods that carry them out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from asyncua import ua

from heatpump_twin.hmi.alarms.condition_report import Alarm
from heatpump_twin.hmi.endpoint import standard_node

IDS = ua.ObjectIds
_SHELVE_HOURS = {"hour": 1, "shift": 8, "day": 24}
"""The server takes a day at most (MaxTimeShelved). [h]"""
_METHODS = {
    "acknowledge": IDS.AcknowledgeableConditionType_Acknowledge,
    "confirm": IDS.AcknowledgeableConditionType_Confirm,
    "reset": IDS.AlarmConditionType_Reset2,
    "unshelve": IDS.ShelvedStateMachineType_Unshelve2,
    "suppress": IDS.AlarmConditionType_Suppress2,
    "unsuppress": IDS.AlarmConditionType_Unsuppress2,
    "remove": IDS.AlarmConditionType_RemoveFromService2,
    "place": IDS.AlarmConditionType_PlaceInService2,
}
_OF_EVENTS = ("acknowledge", "confirm")
"""Acts about one occurrence, which its event names (OPC 10000-9, 5.7.3 and 5.7.4)."""
OF_ENGINEERS = ("suppress", "unsuppress", "remove", "place")
"""Acts that need the right to suppress; for all others the right to acknowledge is enough."""


def offered(alarm: Alarm) -> Iterator[str]:
    """Yield what can be done about an alarm as it is: keys of ``texts.ALARM_ACTS``."""
    if alarm.waits and alarm.wants:
        yield alarm.wants
    # What follows is about the condition, whatever became of its earlier occurrences.
    if alarm.branch:
        return
    if alarm.shelved:
        yield "unshelve"
    elif alarm.retain and not alarm.quiet:
        yield "shelve"
    yield "unsuppress" if alarm.suppressed else "suppress"
    yield "place" if alarm.out_of_service else "remove"


@dataclass(frozen=True, slots=True)
class AlarmAct:
    """Act about an alarm, with what the person says about it."""

    act: str
    """Key of ``texts.ALARM_ACTS``."""
    comment: str = ""
    way: str = ""
    """How to shelve: key of ``texts.SHELVING_WAYS``."""

    def request(self, alarm: Alarm) -> ua.CallMethodRequest:
        """Return the call of the condition's method."""
        words = ua.Variant(ua.LocalizedText(self.comment), ua.VariantType.LocalizedText)
        method, arguments = self._method, [*self._particulars(alarm), words]
        return ua.CallMethodRequest(
            ObjectId=alarm.condition, MethodId=standard_node(method), InputArguments=arguments
        )

    @property
    def _method(self) -> int:
        if self.act != "shelve":
            return _METHODS[self.act]
        timed = self.way in _SHELVE_HOURS
        return (
            IDS.ShelvedStateMachineType_TimedShelve2
            if timed
            else IDS.ShelvedStateMachineType_OneShotShelve2
        )

    def _particulars(self, alarm: Alarm) -> Iterator[ua.Variant]:
        if self.act in _OF_EVENTS:
            yield ua.Variant(alarm.event, ua.VariantType.ByteString)
        if self.act == "shelve" and self.way in _SHELVE_HOURS:
            milliseconds = _SHELVE_HOURS[self.way] * 3_600_000.0
            yield ua.Variant(milliseconds, ua.VariantType.Double)
