"""Services that do the same to each element of a list: decode, serve and encode it in pieces.

A Read of 10,000 nodes takes a tenth of a second, of which most goes into decoding and encoding.
asyncua does each in one go, and meanwhile nothing else on the event loop happens.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, TypeVar, get_args

from asyncua import ua
from asyncua.common.utils import Buffer, ServiceError
from asyncua.ua.ua_binary import (
    from_binary,
    get_safe_type_hints,
    struct_from_binary,
    struct_to_binary,
    to_binary,
)

from heatpump_twin.server.channel.item_codec import create_request, create_result, modify_request
from heatpump_twin.server.channel.request_body import RequestBody
from heatpump_twin.server.channel.session import TwinSession
from heatpump_twin.server.channel.turns import Turn
from heatpump_twin.server.limits import OperationLimits
from heatpump_twin.server.services.translator import Translator
from heatpump_twin.server.space.ua_values import standard

M = TypeVar("M")

_LIMITS = OperationLimits()
_COUNT = 4
"""Bytes of the length of an array."""

INVALID: Mapping[str, int] = {
    "TimestampsToReturn": ua.StatusCodes.BadTimestampsToReturnInvalid,
}
"""What to say of a parameter that is not a value of its enumeration."""

Serve = Callable[[TwinSession, Any], Awaitable[Sequence[Any]]]
Share = Callable[[dict[str, Any], range, int], dict[str, Any]]
"""Takes parameters, which elements are served, and how many there are in all."""


@dataclass(frozen=True)
class ListService:
    """One service: its messages, and how many elements of a request are served at once."""

    parameters: type
    """Parameters of a request; the last one is the list."""
    response: type
    results: type
    """A response that has a list of the same results, as a field of its own."""
    serve: Serve
    limit: int
    piece: int
    """Elements that are served at once: well below a millisecond's work."""
    element: Callable[[Buffer], Any] | None = None
    """Decodes an element in place of asyncua."""
    encode: Callable[[Any], bytes] | None = None
    """Encodes a result in place of asyncua; a result without texts."""
    share: Share | None = None
    """Cuts what belongs to the elements out of the parameters before the list."""

    @cached_property
    def _fields(self) -> tuple[tuple[tuple[str, Any], ...], str, Callable[[Buffer], Any]]:
        """The fields before the list, the list's name, and what decodes an element."""
        types = _types(self.parameters)
        *before, listed = [field.name for field in dataclasses.fields(self.parameters)]
        (element,) = get_args(types[listed])
        decode = self.element or partial(from_binary, element)
        return tuple((name, types[name]) for name in before), listed, decode

    @cached_property
    def _result(self) -> Any:
        """The type of one result."""
        (result,) = get_args(_types(self.results)["Results"])
        return result

    async def response_to(
        self,
        session: TwinSession,
        handle: int,
        body: RequestBody,
        turn: Turn,
        watch: Callable[[Any], None] | None = None,
    ) -> bytes:
        """Return the encoded response to a request; ``watch`` sees each piece of it.

        Raises
        ------
        ServiceError
            The request as a whole is refused; a refused element has a result of its own.
        """
        request, pieces = await self._decoded(body, turn)
        listed = self._fields[1]
        encoded: list[bytes] = []
        total, begin = sum(map(len, pieces)), 0
        for piece in pieces:
            await turn.go_on()
            own = request
            if self.share is not None:
                own = self.share(request, range(begin, begin + len(piece)), total)
            parameters = self.parameters(**own, **{listed: piece})
            if watch is not None:
                watch(parameters)
            results = await self.serve(session, parameters)
            encoded.append(self._encoded(results, session.translator))
            begin += len(piece)
        return self._enclosed(handle, total, b"".join(encoded))

    async def _decoded(
        self, body: RequestBody, turn: Turn
    ) -> tuple[dict[str, Any], list[list[Any]]]:
        """Return the parameters before the list, and the pieces of the list."""
        scalars, _, element = self._fields
        request: dict[str, Any] = {}
        for name, kind in scalars:
            with decoding(INVALID.get(name)):
                request[name] = from_binary(kind, body)
        count = from_binary(ua.Int32, body)
        # OPC 10000-4, 7.38.2
        if count <= 0:
            raise ServiceError(ua.StatusCodes.BadNothingToDo)
        if count > self.limit:
            raise ServiceError(ua.StatusCodes.BadTooManyOperations)
        pieces: list[list[Any]] = []
        for begin in range(0, count, self.piece):
            await turn.go_on()
            piece: list[Any] = []
            with decoding():
                for _ in range(min(self.piece, count - begin)):
                    # What one element may ask for is bounded, but not that of all of them.
                    if body.laborious:
                        await turn.go_on()
                        body.settle()
                    piece.append(element(body))
            pieces.append(piece)
        return request, pieces

    def _encoded(self, results: Sequence[Any], translator: Translator | None) -> bytes:
        if self.encode is not None:
            return b"".join(map(self.encode, results))
        if translator is not None:
            part = self.results(Results=list(results))
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


@contextmanager
def decoding(code: int | None = None) -> Iterator[None]:
    """Refuse what cannot be decoded; ``code`` is for a value that an enumeration does not have."""
    try:
        yield
    except ServiceError:
        raise
    except ValueError as error:
        raise ServiceError(code or ua.StatusCodes.BadDecodingError) from error
    except Exception as error:
        # What asyncua's decoder runs into in spoilt bytes is anything from a TypeError to a
        # RecursionError.
        raise ServiceError(ua.StatusCodes.BadDecodingError) from error


def _browse_description(body: Buffer) -> ua.BrowseDescription:
    """Decode a node to browse with any direction: a wrong one is refused for that node alone."""
    return ua.BrowseDescription(
        from_binary(ua.NodeId, body),
        from_binary(ua.Int32, body),
        from_binary(ua.NodeId, body),
        from_binary(ua.Boolean, body),
        from_binary(ua.UInt32, body),
        from_binary(ua.UInt32, body),
    )


def _aggregates(request: dict[str, Any], which: range, total: int) -> dict[str, Any]:
    """Return a HistoryRead with the aggregates of some of its nodes; each node has its own.

    Where there are not as many as nodes, none is whose (OPC 10000-13, 5.3.2).
    """
    details = request["HistoryReadDetails"]
    if not isinstance(details, ua.ReadProcessedDetails):
        return request
    kinds = details.AggregateType or []
    own = kinds[which.start : which.stop] if len(kinds) == total else []
    return {**request, "HistoryReadDetails": dataclasses.replace(details, AggregateType=own)}


def decoded(message: type[M], body: Buffer, invalid: int | None = None) -> M:
    """Return a decoded structure, or raise a code: an enumeration has no such value.

    BadDecodingError, where the standard has no code of its own.
    """
    with decoding(invalid):
        return struct_from_binary(message, body)


async def _translate(session: TwinSession, params: Any) -> Sequence[Any]:
    return await session.translate_browsepaths_to_nodeids(params.BrowsePaths)


async def _delete_subscriptions(session: TwinSession, params: Any) -> Sequence[Any]:
    return await session.delete_subscriptions(params.SubscriptionIds)


def _service(
    name: str, serve: Serve, limit: int, piece: int, **options: Any
) -> tuple[ua.NodeId, ListService]:
    request = standard(getattr(ua.ObjectIds, f"{name}Request_Encoding_DefaultBinary"))
    parameters, response = getattr(ua, f"{name}Parameters"), getattr(ua, f"{name}Response")
    results = options.pop("results", response)
    return request, ListService(parameters, response, results, serve, limit, piece, **options)


_S, _L = TwinSession, _LIMITS
_ITEMS = _LIMITS.monitored_items_per_call

LIST_SERVICES = dict(
    (
        _service("Read", _S.read, _L.nodes_per_read, 32),
        _service("Browse", _S.browse, _L.nodes_per_browse, 4, element=_browse_description),
        _service("BrowseNext", _S.browse_next, _L.nodes_per_browse, 4, results=ua.BrowseResponse),
        _service("TranslateBrowsePathsToNodeIds", _translate, _L.nodes_per_translate, 8),
        _service("HistoryRead", _S.history_read, _L.nodes_per_history_read, 1, share=_aggregates),
        _service("HistoryUpdate", _S.history_update, _L.nodes_per_history_update, 4),
        _service(
            "CreateMonitoredItems", _S.create_monitored_items, _ITEMS, 64,
            element=create_request, encode=create_result,
        ),
        _service(
            "ModifyMonitoredItems", _S.modify_monitored_items, _ITEMS, 16, element=modify_request
        ),
        _service("DeleteMonitoredItems", _S.delete_monitored_items, _ITEMS, 256),
        _service("DeleteSubscriptions", _delete_subscriptions, _ITEMS, 1),
    )
)  # fmt: skip
"""Services that are served in pieces, by the id of their request."""
