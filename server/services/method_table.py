"""The Call service: check the session's role and the arguments, then run the method (5.12.2)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Container, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import structlog
from asyncua import ua
from asyncua.server.address_space import AddressSpace

from heatpump_twin.server.security.recorder import Recorder
from heatpump_twin.server.security.users import UserRole
from heatpump_twin.server.services.declared_methods import declared_method
from heatpump_twin.server.space.ua_values import standard, status_code
from heatpump_twin.twin_engine.commands.audit_entry import AuditKind

log = structlog.stdlib.get_logger(__name__)


class Caller(Protocol):
    """The session that calls a method, reads or writes."""

    @property
    def session_id(self) -> ua.NodeId:
        """The session's own NodeId."""
        ...

    @property
    def user_name(self) -> str:
        """The user's name, or ``anonymous``."""
        ...

    @property
    def origin(self) -> str:
        """The transport and address that the call comes from, for the audit log."""
        ...

    def may(self, role: UserRole | None) -> bool:
        """Tell whether the user has a role now; None: no role is needed."""
        ...


@dataclass(frozen=True, slots=True)
class MethodArgument:
    """One input or output argument of a method."""

    name: str
    kind: ua.VariantType
    description: str
    data_type: int | None = None
    """Number of the data type where it is derived from the built-in one, such as Duration."""

    def described(self) -> ua.Argument:
        """Return the Argument structure that clients read."""
        return ua.Argument(
            self.name,
            standard(self.data_type or self.kind.value),
            -1,
            [],
            ua.LocalizedText(self.description, "en"),
        )


Run = Callable[[Caller, ua.NodeId, Sequence[Any]], Awaitable[ua.CallMethodResult]]
"""Called with the session, the object's NodeId and the input values."""

Denied = Callable[[Caller, Sequence[Any]], Awaitable[None]]


class Explained(ua.CallMethodResult):
    """The result of a call with a text for DiagnosticInfo, as a Bad one has no outputs."""

    words = ""


class Refusal(Explained):
    """The result of a call that reached no method."""


@dataclass(frozen=True, slots=True)
class OfferedMethod:
    """An offered method: its input arguments, the role that may call it, and its function."""

    inputs: tuple[MethodArgument, ...]
    role: UserRole | None
    """The least role that may call it; None: everybody who may connect."""
    run: Run
    denied: Denied | None = None
    """Called for a session without the role, to record the attempt."""


def result(status: int, outputs: Iterable[ua.Variant] = (), words: str = "") -> ua.CallMethodResult:
    """Return the result of a call with right arguments; a Bad one has no outputs (5.12.2.2)."""
    answer = Explained()
    answer.words = words
    answer.StatusCode = status_code(status)
    answer.OutputArguments = [] if answer.StatusCode.is_bad() else list(outputs)
    return answer


def turned_away(status: int, words: str = "") -> ua.CallMethodResult:
    """Return the result of a call that reaches no method."""
    answer = Refusal()
    answer.words = words
    answer.StatusCode = status_code(status)
    answer.OutputArguments = []
    return answer


class MethodTable:
    """The methods that clients can call; any other method node is not executable."""

    def __init__(self, aspace: AddressSpace, recorder: Recorder) -> None:
        self._aspace = aspace
        self._recorder = recorder
        self._methods: dict[ua.NodeId, tuple[OfferedMethod, Container[ua.NodeId]]] = {}

    def add(self, node: ua.NodeId, objects: Container[ua.NodeId], method: OfferedMethod) -> None:
        """Offer a method on some objects.

        A type's method has one NodeId on all its instances; ``objects`` may tell at each call
        which those are.
        """
        self._methods[node] = method, objects

    def forget(self, nodes: Iterable[ua.NodeId]) -> None:
        """Forget the methods among some nodes that were deleted."""
        for node in nodes:
            self._methods.pop(node, None)

    def executable(self, node: ua.NodeId, caller: Caller | None) -> bool:
        """Tell whether a method can be called: by ``caller``, or by anybody if that is None."""
        entry = self._methods.get(node)
        return entry is not None and (caller is None or caller.may(entry[0].role))

    async def call(self, caller: Caller, request: ua.CallMethodRequest) -> ua.CallMethodResult:
        """Check the object, the role and the arguments of a call, and run the method."""
        answer = await self._answer(caller, request)
        # What a method itself refuses, it records; this is about calls that reach none.
        if answer.StatusCode.is_bad() and isinstance(answer, Refusal):
            await self._recorder.note(
                AuditKind.METHOD,
                (caller.user_name, caller.origin),
                _called(request),
                answer.StatusCode.value,
                f"call refused: {answer.StatusCode.name}",
                after=", ".join(map(_shown, (request.InputArguments or ())[:10])),
            )
        return answer

    def _offered(
        self, owner: ua.NodeId, method: ua.NodeId
    ) -> tuple[OfferedMethod, Container[ua.NodeId]] | None:
        """Return a method by its own NodeId, or by that of its object's type (5.12.2.2)."""
        entry = self._methods.get(method)
        if entry is not None:
            return entry
        own = declared_method(self._aspace, owner, method)
        return None if own is None else self._methods.get(own)

    async def _answer(self, caller: Caller, request: ua.CallMethodRequest) -> ua.CallMethodResult:
        if request.ObjectId not in self._aspace:
            return turned_away(ua.StatusCodes.BadNodeIdUnknown)
        entry = self._offered(request.ObjectId, request.MethodId)
        if entry is None:
            kind = self._aspace.read_attribute_value(
                request.MethodId, ua.AttributeIds.NodeClass
            ).Value
            is_method = kind is not None and kind.Value == ua.NodeClass.Method
            return turned_away(
                ua.StatusCodes.BadNotExecutable if is_method else ua.StatusCodes.BadMethodInvalid
            )
        method, objects = entry
        # A method belongs to an object: asyncua would run it on any node that is named.
        if request.ObjectId not in objects:
            return turned_away(ua.StatusCodes.BadMethodInvalid)
        inputs = list(request.InputArguments or ())
        values = [variant.Value for variant in inputs]
        # Before the arguments: their faults are the business of those who may call.
        if not caller.may(method.role):
            words = f"This takes the role {method.role}." if method.role else ""
            if method.denied is not None:
                await method.denied(caller, values)
                return result(ua.StatusCodes.BadUserAccessDenied, words=words)
            return turned_away(ua.StatusCodes.BadUserAccessDenied, words=words)
        if len(inputs) < len(method.inputs):
            return turned_away(ua.StatusCodes.BadArgumentsMissing)
        if len(inputs) > len(method.inputs):
            return turned_away(ua.StatusCodes.BadTooManyArguments)
        # asyncua passes on whatever was sent, and a wrong type ends as BadUnexpectedError.
        if (wrong := _wrong_types(method.inputs, inputs)) is not None:
            return wrong
        answer = await method.run(caller, request.ObjectId, values)
        # Clients expect a result per argument; some count them.
        if not answer.InputArgumentResults and not answer.StatusCode.is_bad():
            answer.InputArgumentResults = [ua.StatusCode() for _ in inputs]
        return answer


def refused(status: int, number: int, count: int, words: str) -> ua.CallMethodResult:
    """Return the result of a call whose argument ``number`` of ``count`` is to blame."""
    answer = result(status, words=words)
    answer.InputArgumentResults = [
        status_code(status if index == number else ua.StatusCodes.Good) for index in range(count)
    ]
    return answer


def _called(request: ua.CallMethodRequest) -> str:
    """Return what was called, as the audit has it: ``hp1.ScheduleReady``."""
    owner, method = _name(request.ObjectId), _name(request.MethodId)
    # A heat pump's methods have its name in theirs, and are called on it or on its MethodSet.
    named = method.startswith(f"{owner.removesuffix('.MethodSet')}.")
    return method if named else f"{owner}.{method}"


def _name(node: ua.NodeId) -> str:
    return str(node.Identifier)[:80]


def _shown(argument: ua.Variant) -> str:
    """Return an argument for the audit; of an array, which may be long, how many values it has."""
    value = argument.Value
    return f"{len(value)} values" if isinstance(value, list) else str(value)[:80]


def _wrong_types(
    expected: Sequence[MethodArgument], inputs: Sequence[ua.Variant]
) -> ua.CallMethodResult | None:
    fits = [
        variant.VariantType == argument.kind and not variant.is_array
        for argument, variant in zip(expected, inputs, strict=True)
    ]
    if all(fits):
        return None
    answer = turned_away(ua.StatusCodes.BadInvalidArgument)
    answer.InputArgumentResults = [
        status_code(ua.StatusCodes.Good if fit else ua.StatusCodes.BadTypeMismatch) for fit in fits
    ]
    return answer
