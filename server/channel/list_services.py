"""Services that do the same to each element of a list: decode, serve and encode it in pieces.

A Read of 10,000 nodes takes a tenth of a second, of which most goes into decoding and encoding.
asyncua does each in one go, and meanwhile nothing else on the event loop happens.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, get_args

from asyncua import ua
from asyncua.common.utils import Buffer, ServiceError
from asyncua.ua.ua_binary import from_binary, get_safe_type_hints, struct_to_binary, to_binary

from heatpump_twin.server.channel.session import TwinSession
from heatpump_twin.server.channel.turns import Turn
from heatpump_twin.server.limits import OperationLimits
from heatpump_twin.server.services.translator import Translator
from heatpump_twin.server.space.ua_values import standard

_LIMITS = OperationLimits()
_COUNT = 4
"""Bytes of the length of an array."""

Serve = Callable[[TwinSession, Any], Awaitable[Sequence[Any]]]


@dataclass(frozen=True)
class ListService:
    """One service: its messages, and how many elements of a request are served at once."""

    parameters: type
    """Parameters of a request; the last one is the list."""
    response: type
    serve: Serve
    limit: int
    piece: int
    """Elements that are served at once: well below a millisecond's work."""

    @cached_property
    def _fields(self) -> tuple[tuple[tuple[str, Any], ...], str, Any]:
        """The fields before the list, and the list's name and type of elements."""
        types = _types(self.parameters)
        *before, listed = [field.name for field in dataclasses.fields(self.parameters)]
        (element,) = get_args(types[listed])
        return tuple((name, types[name]) for name in before), listed, element

    @cached_property
    def _result(self) -> Any:
        """The type of one result."""
        (result,) = get_args(_types(self.response)["Results"])
        return result

    async def response_to(
        self, session: TwinSession, handle: int, body: Buffer, turn: Turn
    ) -> bytes:
        """Return the encoded response to a request.

        Raises
        ------
        ServiceError
            The request as a whole is refused; a refused element has a result of its own.
        """
        scalars, listed, element = self._fields
        request = {name: from_binary(kind, body) for name, kind in scalars}
        count = max(from_binary(ua.Int32, body), 0)
        if count > self.limit:
            raise ServiceError(ua.StatusCodes.BadTooManyOperations)
        # Nothing to do is an error that the service itself knows.
        sizes = [min(self.piece, count - i) for i in range(0, count, self.piece)] or [0]
        elements = []
        for size in sizes:
            await turn.go_on()
            elements.append([from_binary(element, body) for _ in range(size)])
        encoded: list[bytes] = []
        for piece in elements:
            await turn.go_on()
            results = await self.serve(session, self.parameters(**request, **{listed: piece}))
            encoded.append(self._encoded(results, session.translator))
        return self._enclosed(handle, count, b"".join(encoded))

    def _encoded(self, results: Sequence[Any], translator: Translator | None) -> bytes:
        if translator is not None:
            part = self.response(Results=list(results))
            translator.respond(part)
            results = part.Results
        return b"".join([to_binary(self._result, result) for result in results])

    def _enclosed(self, handle: int, count: int, results: bytes) -> bytes:
        response = self.response()
        response.ResponseHeader.RequestHandle = handle
        # The response without results ends with the lengths of two empty arrays: results and
        # diagnostics.
        empty = struct_to_binary(response)
        head, diagnostics = empty[: -2 * _COUNT], empty[-_COUNT:]
        return head + to_binary(ua.Int32, count) + results + diagnostics


def _types(message: type) -> dict[str, Any]:
    return get_safe_type_hints(message, {"ua": ua})


async def _translate(session: TwinSession, params: Any) -> Sequence[Any]:
    return await session.translate_browsepaths_to_nodeids(params.BrowsePaths)


def _service(name: str, serve: Serve, limit: int, piece: int) -> tuple[ua.NodeId, ListService]:
    request = standard(getattr(ua.ObjectIds, f"{name}Request_Encoding_DefaultBinary"))
    parameters, response = getattr(ua, f"{name}Parameters"), getattr(ua, f"{name}Response")
    return request, ListService(parameters, response, serve, limit, piece)


LIST_SERVICES = dict(
    (
        _service("Read", TwinSession.read, _LIMITS.nodes_per_read, 32),
        _service("Browse", TwinSession.browse, _LIMITS.nodes_per_browse, 4),
        _service("TranslateBrowsePathsToNodeIds", _translate, _LIMITS.nodes_per_translate, 8),
        _service("HistoryRead", TwinSession.history_read, _LIMITS.nodes_per_history_read, 1),
        _service(
            "CreateMonitoredItems",
            TwinSession.create_monitored_items,
            _LIMITS.monitored_items_per_call,
            8,
        ),
        _service(
            "ModifyMonitoredItems",
            TwinSession.modify_monitored_items,
            _LIMITS.monitored_items_per_call,
            16,
        ),
        _service(
            "DeleteMonitoredItems",
            TwinSession.delete_monitored_items,
            _LIMITS.monitored_items_per_call,
            32,
        ),
    )
)
"""Services that are served in pieces, by the id of their request."""
