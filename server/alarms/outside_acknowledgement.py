"""Acknowledge an alarm for somebody without a session: who followed a signed link in a message."""

from __future__ import annotations

from dataclasses import dataclass, field

from asyncua import ua

from heatpump_twin.server.alarms.condition import Condition
from heatpump_twin.server.alarms.condition_changes import NOT_RECORDED, ConditionChanges
from heatpump_twin.server.alarms.condition_methods import ALWAYS
from heatpump_twin.server.security.users import UserRole

ACKNOWLEDGE = next(method for method in ALWAYS if method.what == "acknowledge")
NO_SUCH_ALARM = "It is not there any more, or it was raised anew."
_OUTCOMES = {
    ua.StatusCodes.Good: "Acknowledged.",
    ua.StatusCodes.BadConditionBranchAlreadyAcked: "It was acknowledged before.",
    ua.StatusCodes.BadConditionDisabled: "The alarm is disabled.",
    ua.StatusCodes.BadResourceUnavailable: NOT_RECORDED,
}


@dataclass(frozen=True, slots=True)
class Outsider:
    """Somebody who may acknowledge one alarm, and has no session of OPC UA."""

    user_name: str
    origin: str
    session_id: ua.NodeId = field(default_factory=ua.NodeId)

    def may(self, role: UserRole | None) -> bool:
        """Tell whether a role's rights are those of who acknowledges."""
        return role in (None, ACKNOWLEDGE.role)


async def acknowledged(
    condition: Condition | None, raised: int, outsider: Outsider, changes: ConditionChanges
) -> str:
    """Acknowledge the occurrence that was raised at a time; return what came of it. [µs]

    On record, in the audit and in the journal, as what a client does.
    """
    if condition is None:
        return NO_SUCH_ALARM
    meant = condition.state.raised_at(raised)
    if meant is None:
        return NO_SUCH_ALARM
    inputs = (meant.event_id, ua.LocalizedText())
    answer = await changes.make(condition, outsider, ACKNOWLEDGE, inputs)
    return _OUTCOMES.get(answer.StatusCode.value, NO_SUCH_ALARM)
