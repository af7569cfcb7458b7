"""Method calls: who calls, may they, are the arguments right (OPC 10000-4, 5.12.2)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import structlog
from asyncua import ua
from asyncua.server.address_space import AddressSpace

from heatpump_twin.server.security.users import UserRole
from heatpump_twin.server.space.ua_values import standard, status_code

log = structlog.stdlib.get_logger(__name__)


class Caller(Protocol):
    """The session behind a call."""

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
        """Where the call comes from, for the audit log."""
        ...

    def may(self, role: UserRole | None) -> bool:
        """Tell whether the user has a role now; None: no role is needed."""
        ...


@dataclass(frozen=True, slots=True)
class MethodArgument:
    """One input or output argument."""

    name: str
    kind: ua.VariantType
    description: str
    data_type: int | None = None
    """Number of the data type where it is derived from the built-in one, such as Duration."""

    def described(self) -> ua.Argument:
        """Return it as clients read it."""
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
    """A result with words for those who ask for diagnostics: a Bad one has no outputs to say it."""

    words = ""


@dataclass(frozen=True, slots=True)
class OfferedMethod:
    """What a method takes, who may call it, and what it does."""

    inputs: tuple[MethodArgument, ...]
    role: UserRole | None
    """The least role that may call it; None: everybody who may connect."""
    run: Run
    denied: Denied | None = None
    """Told of calls by those who may not."""


def result(status: int, outputs: Iterable[ua.Variant] = (), words: str = "") -> ua.CallMethodResult:
    """Return the result of a call whose arguments were right. Bad has no outputs (5.12.2.2)."""
    answer = Explained()
    answer.words = words
    answer.StatusCode = status_code(status)
    answer.OutputArguments = [] if answer.StatusCode.is_bad() else list(outputs)
    return answer


class MethodTable:
    """All methods that clients can call. What is not in it cannot be executed."""

    def __init__(self, aspace: AddressSpace) -> None:
        self._aspace = aspace
        self._methods: dict[ua.NodeId, tuple[OfferedMethod, set[ua.NodeId]]] = {}

    def add(self, node: ua.NodeId, objects: Iterable[ua.NodeId], method: OfferedMethod) -> None:
        """Offer a method on some objects."""
        self._methods.setdefault(node, (method, set()))[1].update(objects)

    def withdraw(self, node: ua.NodeId, objects: Iterable[ua.NodeId]) -> None:
        """Offer a method on some objects no more."""
        entry = self._methods.get(node)
        if entry is not None:
            entry[1].difference_update(objects)

    def forget(self, nodes: Iterable[ua.NodeId]) -> None:
        """Forget those methods among some nodes: they are gone."""
        for node in nodes:
            self._methods.pop(node, None)

    def executable(self, node: ua.NodeId, caller: Caller | None) -> bool:
        """Tell whether a method can be called at all, or by somebody."""
        entry = self._methods.get(node)
        return entry is not None and (caller is None or caller.may(entry[0].role))

    async def call(self, caller: Caller, request: ua.CallMethodRequest) -> ua.CallMethodResult:
        """Check a call and carry it out."""
        entry = self._methods.get(request.MethodId)
        if request.ObjectId not in self._aspace:
            return result(ua.StatusCodes.BadNodeIdUnknown)
        if entry is None:
            node = self._aspace.get(request.MethodId)
            return result(
                ua.StatusCodes.BadMethodInvalid if node is None else ua.StatusCodes.BadNotExecutable
            )
        method, objects = entry
        if request.ObjectId not in objects:
            return result(ua.StatusCodes.BadMethodInvalid)
        inputs = list(request.InputArguments or ())
        values = [variant.Value for variant in inputs]
        if not caller.may(method.role):
            if method.denied is not None:
                await method.denied(caller, values)
            words = f"This takes the role {method.role}." if method.role else ""
            return result(ua.StatusCodes.BadUserAccessDenied, words=words)
        if len(inputs) < len(method.inputs):
            return result(ua.StatusCodes.BadArgumentsMissing)
        if len(inputs) > len(method.inputs):
            return result(ua.StatusCodes.BadTooManyArguments)
        if (wrong := _wrong_types(method.inputs, inputs)) is not None:
            return wrong
        answer = await method.run(caller, request.ObjectId, values)
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


def _wrong_types(
    expected: Sequence[MethodArgument], inputs: Sequence[ua.Variant]
) -> ua.CallMethodResult | None:
    fits = [
        variant.VariantType == argument.kind and not variant.is_array
        for argument, variant in zip(expected, inputs, strict=True)
    ]
    if all(fits):
        return None
    answer = result(ua.StatusCodes.BadInvalidArgument)
    answer.InputArgumentResults = [
        status_code(ua.StatusCodes.Good if fit else ua.StatusCodes.BadTypeMismatch) for fit in fits
    ]
    return answer
