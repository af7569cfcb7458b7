"""The View services (OPC 10000-4, 5.9): Browse, BrowseNext and TranslateBrowsePathsToNodeIds."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from asyncua import ua
from asyncua.common.utils import ServiceError

from heatpump_twin.server import limits
from heatpump_twin.server.space.address_space import TwinAddressSpace
from heatpump_twin.server.space.ua_values import standard, status_code

HAS_SUBTYPE = standard(ua.ObjectIds.HasSubtype)
NULL = ua.NodeId()
WHOLE_PATH = ua.Index(0xFFFF_FFFF)
"""RemainingPathIndex of a path that was followed to its end."""

NOT_ASKED = (
    (0x01, {"ReferenceTypeId": ua.NodeId()}),
    (0x02, {"IsForward": False}),
    (0x04, {"NodeClass": ua.NodeClass(0)}),
    (0x08, {"BrowseName": ua.QualifiedName()}),
    (0x10, {"DisplayName": ua.LocalizedText()}),
    (0x20, {"TypeDefinition": ua.ExpandedNodeId()}),
)
"""What a reference says where a bit of the ResultMask is missing (OPC 10000-4, 7.6)."""
EVERYTHING = 0x3F

DIRECTIONS: Mapping[int, tuple[bool, ...]] = {
    ua.BrowseDirection.Forward: (True,),
    ua.BrowseDirection.Inverse: (False,),
    ua.BrowseDirection.Both: (True, False),
}


@dataclass(frozen=True, slots=True)
class Rest:
    """What a continuation point stands for: the references of one node that are still to come."""

    references: list[ua.ReferenceDescription]
    most: int
    """References in one response."""
    request: object
    """The request that it was made for: its points do not give way to one another."""


class Viewer(Protocol):
    """The session of a request, which keeps the continuation points of its client."""

    browse_points: dict[bytes, Rest]


class ViewService:
    """The View services over the address space."""

    def __init__(self, aspace: TwinAddressSpace) -> None:
        self._aspace = aspace
        self._known: dict[ua.NodeId, frozenset[ua.NodeId]] = {}
        """Reference types, each with all its subtypes: types do not change while a server runs."""

    # ── Browse ────────────────────────────────────────────────────────────────────────────────────
    def browse(self, viewer: Viewer, params: ua.BrowseParameters) -> list[ua.BrowseResult]:
        """Return the references of nodes, as many at once as the client asks for."""
        if params.View.ViewId != NULL:
            raise ServiceError(ua.StatusCodes.BadViewIdUnknown)
        most = int(params.RequestedMaxReferencesPerNode) or limits.MAX_REFERENCES
        most = min(most, limits.MAX_REFERENCES)
        # The view was decoded once for all nodes of the request: it tells one request from another.
        return [self._browse(viewer, node, most, params.View) for node in params.NodesToBrowse]

    def _browse(
        self, viewer: Viewer, wanted: ua.BrowseDescription, most: int, request: object
    ) -> ua.BrowseResult:
        node = self._aspace.get(wanted.NodeId)
        if node is None:
            return _refused(ua.StatusCodes.BadNodeIdUnknown)
        directions = DIRECTIONS.get(wanted.BrowseDirection)
        if directions is None:
            return _refused(ua.StatusCodes.BadBrowseDirectionInvalid)
        # Null asks for all of them, whatever IncludeSubtypes says.
        everything = wanted.ReferenceTypeId == NULL
        if not everything and not self._is_reference_type(wanted.ReferenceTypeId):
            return _refused(ua.StatusCodes.BadReferenceTypeIdInvalid)
        types = self._types(wanted.ReferenceTypeId, subtypes=bool(wanted.IncludeSubtypes))
        found = [
            _masked(reference, wanted.ResultMask)
            for reference in node.references
            if reference.IsForward in directions
            and (everything or reference.ReferenceTypeId in types)
            and (not wanted.NodeClassMask or wanted.NodeClassMask & reference.NodeClass)
        ]
        return _page(viewer, Rest(found, most, request))

    def browse_next(self, viewer: Viewer, params: ua.BrowseNextParameters) -> list[ua.BrowseResult]:
        """Return the next references of continuation points, or release them."""
        results = []
        for name in params.ContinuationPoints:
            rest = viewer.browse_points.pop(bytes(name or b""), None)
            if rest is None:
                results.append(_refused(ua.StatusCodes.BadContinuationPointInvalid))
            elif params.ReleaseContinuationPoints:
                results.append(ua.BrowseResult())
            else:
                results.append(_page(viewer, replace(rest, request=params)))
        return results

    def _is_reference_type(self, node_id: ua.NodeId) -> bool:
        node_class = self._aspace.read_attribute_value(node_id, ua.AttributeIds.NodeClass).Value
        return node_class is not None and node_class.Value == ua.NodeClass.ReferenceType

    def _types(self, reference_type: ua.NodeId, *, subtypes: bool) -> frozenset[ua.NodeId]:
        if subtypes and reference_type in self._known:
            return self._known[reference_type]
        # What clients name and is no reference type is not remembered: there is no end of it.
        if not subtypes or not self._is_reference_type(reference_type):
            return frozenset({reference_type})
        found = frozenset({reference_type, *self._subtypes(reference_type)})
        self._known[reference_type] = found
        return found

    def _subtypes(self, reference_type: ua.NodeId) -> Iterator[ua.NodeId]:
        node = self._aspace.get(reference_type)
        for reference in () if node is None else node.references:
            if reference.IsForward and reference.ReferenceTypeId == HAS_SUBTYPE:
                yield reference.NodeId
                yield from self._subtypes(reference.NodeId)

    # ── TranslateBrowsePathsToNodeIds ─────────────────────────────────────────────────────────────
    def translate(self, paths: Sequence[ua.BrowsePath]) -> list[ua.BrowsePathResult]:
        """Return the nodes at the ends of browse paths."""
        return [self._translate(path) for path in paths]

    def _translate(self, path: ua.BrowsePath) -> ua.BrowsePathResult:
        elements = path.RelativePath.Elements
        if self._aspace.get(path.StartingNode) is None:
            return _unfollowed(ua.StatusCodes.BadNodeIdUnknown)
        if not elements:
            return _unfollowed(ua.StatusCodes.BadNothingToDo)
        if not all(element.TargetName.Name for element in elements):
            return _unfollowed(ua.StatusCodes.BadBrowseNameInvalid)
        ends = [path.StartingNode]
        for element in elements:
            # A dictionary keeps the order, and each node once, however many paths lead to it.
            ends = list(dict.fromkeys(end for start in ends for end in self._step(start, element)))
        if not ends:
            return _unfollowed(ua.StatusCodes.BadNoMatch)
        result = ua.BrowsePathResult()
        result.Targets = [ua.BrowsePathTarget(end, WHOLE_PATH) for end in ends]
        return result

    def _step(self, start: ua.NodeId, element: ua.RelativePathElement) -> Iterator[ua.NodeId]:
        node = self._aspace.get(start)
        everything = element.ReferenceTypeId == NULL
        types = self._types(element.ReferenceTypeId, subtypes=bool(element.IncludeSubtypes))
        for reference in () if node is None else node.references:
            if (
                reference.BrowseName == element.TargetName
                and reference.IsForward is not element.IsInverse
                and (everything or reference.ReferenceTypeId in types)
            ):
                yield reference.NodeId


def _masked(reference: ua.ReferenceDescription, mask: int) -> ua.ReferenceDescription:
    """Return a reference with what the client asks for."""
    if mask & EVERYTHING == EVERYTHING:
        return reference
    blank = {name: value for bit, own in NOT_ASKED if not mask & bit for name, value in own.items()}
    return replace(reference, **blank)


def _page(viewer: Viewer, rest: Rest) -> ua.BrowseResult:
    """Return the first references of a rest, with a continuation point if there are more."""
    result = ua.BrowseResult()
    points = viewer.browse_points
    if len(rest.references) > rest.most:
        while len(points) >= limits.MAX_BROWSE_CONTINUATION_POINTS:
            oldest = next(iter(points))
            # Earlier requests' give way, those of the same request do not (OPC 10000-4, 7.9).
            if points[oldest].request is rest.request:
                return _refused(ua.StatusCodes.BadNoContinuationPoints)
            del points[oldest]
        result.ContinuationPoint = secrets.token_bytes(16)
        points[result.ContinuationPoint] = replace(rest, references=rest.references[rest.most :])
    result.References = rest.references[: rest.most]
    return result


def _refused(code: int) -> ua.BrowseResult:
    result = ua.BrowseResult()
    result.StatusCode = status_code(code)
    return result


def _unfollowed(code: int) -> ua.BrowsePathResult:
    result = ua.BrowsePathResult()
    result.StatusCode = status_code(code)
    return result
