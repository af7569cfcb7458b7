"""The HistoryUpdate service (OPC 10000-11, 6.8): what is recorded is not changed from outside."""

from __future__ import annotations

from asyncua import ua

from heatpump_twin.server.security.users import UserRole
from heatpump_twin.server.space.address_space import TwinAddressSpace
from heatpump_twin.server.space.ua_values import status_code

CODES = ua.StatusCodes
UPDATER = UserRole.ENGINEER
"""The role that is needed to change what is recorded."""


def refused_update(
    details: object, nodes: TwinAddressSpace, *, may: bool
) -> ua.HistoryUpdateResult:
    """Return why one update is refused: each has its own result, and the others of the request."""
    node = getattr(details, "NodeId", None)
    if node is None or node not in nodes:
        code = CODES.BadNodeIdUnknown
    else:
        code = CODES.BadHistoryOperationUnsupported if may else CODES.BadUserAccessDenied
    answer = ua.HistoryUpdateResult()
    answer.StatusCode = status_code(code)
    return answer
