"""The bytes of CreateMonitoredItems: requests and results as most of them are, in one go.

A client asks for thousands of items that differ in their node and handle alone. What has an index
range, an encoding or a filter is decoded and encoded by the library, element by element.
"""

from __future__ import annotations

import struct
from functools import lru_cache

from asyncua import ua
from asyncua.common.utils import Buffer
from asyncua.ua.ua_binary import (
    extensionobject_from_binary,
    from_binary,
    nodeid_from_binary,
    to_binary,
)

from heatpump_twin.server.subscription.item_settings import SpoiltFilter

STRING = 3
"""First byte of a NodeId with a string (OPC 10000-6, 5.2.2.9)."""
LONGEST = 100
"""A longer NodeId is not remembered. [B]"""
_HEAD = struct.Struct("<BHi")
# Attribute, no index range, no encoding; mode, handle, sampling interval, no filter; queue, policy.
_PLAIN = struct.Struct("<IiHiiIdBBBI?")
_BODY = struct.Struct("<Bi")
_RESULT = struct.Struct("<IIdIBBB")
_NOTHING = (-1, 0)
_MODES = {mode.value: mode for mode in ua.MonitoringMode}


def create_request(body: Buffer) -> ua.MonitoredItemCreateRequest:
    """Decode what one monitored item is to be."""
    node = _node_id(body)
    if len(body) >= _PLAIN.size:
        # By their place in the buffer: it gives no bytes without moving on.
        (
            attribute, index_range, space, name, mode, handle, sampling, kind, number, encoding,
            size, oldest,
        ) = _PLAIN.unpack_from(body._data, body._cur_pos)  # fmt: skip  # noqa: SLF001
        plain = index_range in _NOTHING and name in _NOTHING and space == 0
        if plain and (kind, number, encoding) == (0, 0, 0):
            body.read(_PLAIN.size)
            target = ua.ReadValueId(node, attribute, None, _NO_ENCODING)
            wanted = ua.MonitoringParameters(handle, sampling, _NO_FILTER, size, oldest)
            return ua.MonitoredItemCreateRequest(target, _MODES.get(mode, mode), wanted)
    return _special_request(node, body)


def _special_request(node: ua.NodeId, body: Buffer) -> ua.MonitoredItemCreateRequest:
    """Decode what follows the NodeId of an item that is not like most."""
    attribute = from_binary(ua.UInt32, body)
    index_range = from_binary(ua.String, body)
    target = ua.ReadValueId(node, attribute, index_range, from_binary(ua.QualifiedName, body))
    # Whatever it is: a wrong one is refused for that item alone.
    mode = from_binary(ua.Int32, body)
    return ua.MonitoredItemCreateRequest(target, _MODES.get(mode, mode), _parameters(body))


def modify_request(body: Buffer) -> ua.MonitoredItemModifyRequest:
    """Decode what becomes of one monitored item."""
    return ua.MonitoredItemModifyRequest(from_binary(ua.UInt32, body), _parameters(body))


def _parameters(body: Buffer) -> ua.MonitoringParameters:
    return ua.MonitoringParameters(
        from_binary(ua.UInt32, body),
        from_binary(ua.Double, body),
        _filter(body),
        from_binary(ua.UInt32, body),
        from_binary(ua.Boolean, body),
    )


def _filter(body: Buffer) -> object:
    whole = body.copy()
    try:
        return extensionobject_from_binary(body)
    except UnicodeDecodeError:
        raise
    except ValueError:
        # An enumeration has no such value. The filter has a length of its own: what follows can be
        # read, and it is refused for this item alone.
        nodeid_from_binary(whole)
        has_body, length = _BODY.unpack(whole.read(_BODY.size))
        if not has_body & 1 or length < 0:
            raise
        return SpoiltFilter()


def create_result(result: ua.MonitoredItemCreateResult) -> bytes:
    """Encode what has become of one monitored item."""
    if not isinstance(result.FilterResult, ua.ExtensionObject):
        encoded: bytes = to_binary(ua.MonitoredItemCreateResult, result)
        return encoded
    return _RESULT.pack(
        result.StatusCode.value,
        result.MonitoredItemId,
        result.RevisedSamplingInterval,
        result.RevisedQueueSize,
        # No result of a filter.
        0, 0, 0,
    )  # fmt: skip


_NO_FILTER, _NO_ENCODING = ua.ExtensionObject(), ua.QualifiedName()


def _node_id(body: Buffer) -> ua.NodeId:
    if len(body) > LONGEST:
        kind, _, length = _HEAD.unpack_from(body._data, body._cur_pos)  # noqa: SLF001
        if kind == STRING and 0 <= length <= LONGEST - _HEAD.size:
            return _known(bytes(body.read(_HEAD.size + length)))
    node: ua.NodeId = nodeid_from_binary(body)
    return node


@lru_cache(maxsize=16_384)
def _known(encoded: bytes) -> ua.NodeId:
    """Decode a NodeId, once for all who ask for it: it never changes."""
    node: ua.NodeId = nodeid_from_binary(Buffer(encoded))
    return node
