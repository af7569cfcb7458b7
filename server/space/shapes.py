"""Shapes and constants: the attributes that many nodes share, made once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any
from weakref import WeakValueDictionary

from asyncua import ua
from asyncua.ua import ua_binary

from heatpump_twin.config.phrase import Text
from heatpump_twin.server.space.node import Constant, Shape
from heatpump_twin.server.space.ua_values import text, timed_value, variant_of

READ = ua.AccessLevel.CurrentRead.mask
WRITE = ua.AccessLevel.CurrentWrite.mask
READ_HISTORY = READ | ua.AccessLevel.HistoryRead.mask
CORRECT_HISTORY = ua.AccessLevel.HistoryWrite.mask
SCALAR, ARRAY = -1, 1

_IDS, _TYPES = ua.AttributeIds, ua.VariantType


@dataclass(frozen=True, slots=True)
class VariableKind:
    """The attributes of a variable besides its NodeId, its names and its value."""

    data_type: ua.NodeId
    array: bool = False
    readable: bool = True
    """Whether it has a value; one that only describes something has none."""
    historized: bool = False
    corrected: bool = False
    """Whether its history can be corrected."""
    writable: bool = False
    """Whether somebody may write it; who, depends (`AttributeService`)."""
    sampling: float = 0.0
    """Fastest sampling interval. [s]"""


class Shapes:
    """The tables of shapes and constants: equal ones are one object, unused ones are forgotten.

    Parameters
    ----------
    time
        Source and server time of values that never change.
    """

    def __init__(self, time: dt.datetime) -> None:
        self._time = time
        # Weak: what a removed heat pump alone has used is freed with it.
        self._shapes: WeakValueDictionary[Hashable, Shape] = WeakValueDictionary()
        self._constants: WeakValueDictionary[Hashable, Constant] = WeakValueDictionary()
        self._values: WeakValueDictionary[bytes, Constant] = WeakValueDictionary()

    def value(self, value: Any, kind: ua.VariantType | None, *, array: bool = False) -> Constant:
        """Return the shared first value of a variable."""
        variant = variant_of(value, kind, array=array)
        # By the encoding, as values may be lists and structures, which cannot be keys; and 1, 1.0
        # and True, which are equal in Python, differ in it.
        key = ua_binary.variant_to_binary(variant)
        constant = self._values.get(key)
        if constant is None:
            content = timed_value(variant, ua.StatusCode(), self._time, self._time)
            constant = self._values[key] = Constant(content)
        return constant

    def object(
        self, browse_name: ua.QualifiedName, title: str, description: str, notifier: int
    ) -> Shape:
        """Return the shape of an object."""
        key = ("object", _key(browse_name), _key(title), _key(description), notifier)
        shape = self._shapes.get(key)
        if shape is None:
            shape = self._shapes[key] = self._named(
                ua.NodeClass.Object, browse_name, title, description
            )
            shape[_IDS.EventNotifier] = self._constant(notifier, _TYPES.Byte)
        return shape

    def method(self, browse_name: ua.QualifiedName, title: str, description: str) -> Shape:
        """Return the shape of a method."""
        key = ("method", _key(browse_name), _key(title), _key(description))
        shape = self._shapes.get(key)
        if shape is None:
            shape = self._shapes[key] = self._named(
                ua.NodeClass.Method, browse_name, title, description
            )
            executable = self._constant(True, _TYPES.Boolean)
            shape[_IDS.Executable] = shape[_IDS.UserExecutable] = executable
        return shape

    def variable(
        self, browse_name: ua.QualifiedName, title: str, description: str, kind: VariableKind
    ) -> Shape:
        """Return the shape of a variable."""
        key = (kind, _key(browse_name), _key(title), _key(description))
        shape = self._shapes.get(key)
        if shape is None:
            shape = self._shapes[key] = self._named(
                ua.NodeClass.Variable, browse_name, title, description
            )
            level = READ_HISTORY if kind.historized else READ if kind.readable else 0
            most = level | (WRITE if kind.writable else 0)
            most |= CORRECT_HISTORY if kind.corrected else 0
            access = self._constant(most, _TYPES.Byte)
            # A length of 0 means that it may vary (OPC 10000-3, 5.6.2).
            dimensions = [0] if kind.array else []
            shape |= {
                _IDS.DataType: self._constant(kind.data_type, _TYPES.NodeId),
                _IDS.ValueRank: self._constant(ARRAY if kind.array else SCALAR, _TYPES.Int32),
                _IDS.ArrayDimensions: self._constant(dimensions, _TYPES.UInt32),
                _IDS.AccessLevel: access,
                # Without the rights to write, which are the role's: AttributeService adds them for
                # a user.
                _IDS.UserAccessLevel: self._constant(level, _TYPES.Byte),
                _IDS.Historizing: self._constant(kind.historized, _TYPES.Boolean),
                _IDS.MinimumSamplingInterval: self._constant(kind.sampling * 1000.0, _TYPES.Double),
            }
        return shape

    def _named(
        self, node_class: ua.NodeClass, name: ua.QualifiedName, title: str, description: str
    ) -> Shape:
        # WriteMask 0: no attribute but Value can be written from outside.
        nothing = self._constant(0, _TYPES.UInt32)
        return Shape(
            {
                _IDS.NodeClass: self._constant(node_class, _TYPES.Int32),
                _IDS.BrowseName: self._constant(name, _TYPES.QualifiedName),
                _IDS.DisplayName: self._text(title),
                _IDS.Description: self._text(description),
                _IDS.WriteMask: nothing,
                _IDS.UserWriteMask: nothing,
            }
        )

    def _text(self, words: str) -> Constant:
        return self._constant(text(words), _TYPES.LocalizedText, _key(words))

    def _constant(self, value: Any, kind: ua.VariantType, more: Hashable = None) -> Constant:
        variant = ua.Variant(value, kind)
        key = type(value), ua_binary.variant_to_binary(variant), more
        constant = self._constants.get(key)
        if constant is None:
            constant = self._constants[key] = Constant(ua.DataValue(variant))
        return constant


def _key(name: str | ua.QualifiedName) -> Hashable:
    """Return the key of a name or a text; the same words in another context are another text."""
    if isinstance(name, ua.QualifiedName):
        return name.NamespaceIndex, name.Name
    return name, name.key if isinstance(name, Text) else ""
