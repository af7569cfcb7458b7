"""The mimic for a phone: the water runs down, into the building."""

from __future__ import annotations

from heatpump_twin.hmi import texts
from heatpump_twin.hmi.elements.markup import Say
from heatpump_twin.hmi.mimic import symbols as s
from heatpump_twin.hmi.mimic.drawing import Drawing, Tag
from heatpump_twin.hmi.mimic.equipment import BUFFER, Equipment

_SUPPLY, _RETURN = 384, 176
"""Where the pipes of the heating water lie. [px]"""
_STORE, _CIRCUITS = 64, 44
"""What a buffer and a second circuit take in height. [px]"""


def tall(has: Equipment, say: Say) -> str:
    """Return the picture."""
    outside = _air(has, say) if has.air else _liquid(has, say)
    low = _STORE if has.buffer else 0
    more = _CIRCUITS if has.circuits_apart else 0
    evaporator = 120 if has.air else 134
    parts: list[str | None] = [
        s.building(208, 404 + low, 184, 196 + more, ""),
        *outside,
        s.line("refrigerant", (evaporator, 84), (236, 84)),
        s.line("refrigerant", (evaporator, 206), (236, 206)),
        s.expansion_valve(168, 84),
        s.compressor(164, 206, 18, has.compressor),
        s.exchanger(222, 66, 40, 160, ""),
        s.line("water return", (_RETURN, 560 + low), (_RETURN, 286), (300, 286), (300, 208),
               (262, 208)),
        *_circuits(has, low),
        s.pump(240, 286, 16, has.pump),
        s.meter(_SUPPLY, 150) if has.heat_meter else None,
        *(_tank(has) if has.tank else ()),
        s.buffer(158, 376, 238, 50) if has.buffer else None,
    ]  # fmt: skip
    tags = [
        Tag("outdoor_temperature", 8, 26, texts.OUTDOOR),
        *_source_tags(has),
        Tag("compressor_frequency", 130, 240, minor=True),
        Tag("supply_temperature", 270, 70, texts.SUPPLY),
        Tag("supply_setpoint", 270, 108, texts.SETPOINT, minor=True),
        Tag("thermal_power", 270, 146, texts.HEAT),
        Tag("water_flow", 270, 172, texts.FLOW, minor=True),
        Tag("return_temperature", 310, 236, texts.RETURN, stacked=True),
        Tag("electrical_power", 8, 268, texts.POWER),
        Tag("cop", 8, 300, texts.COP, major=True),
        Tag("valve_direction", 372, 336, anchor="end", minor=True),
        Tag(BUFFER, 192, 404, texts.BUFFER),
        Tag("dhw_temperature", 8, 548, texts.HOT_WATER, stacked=True),
        *_room_tags(has, low),
    ]
    return Drawing(400, 612 + low + more, "mimic tall").render(has.unit, parts, tags, say)


def _air(has: Equipment, say: Say) -> list[str | None]:
    """Return the outdoor unit: a fan, and a coil in its air."""
    return [
        s.box(8, 44, 190, 200, say(texts.OUTDOOR_UNIT)),
        s.fan(58, 132, 36, has.fan),
        s.coil(120, 84, 92),
        s.line("refrigerant", (120, 172), (120, 206)),
        s.defrost(16, 72, has.state("defrost_active"), say(texts.DEFROST)),
    ]


def _liquid(has: Equipment, say: Say) -> list[str | None]:
    """Return the circuit of a source that flows: a loop, its pump, and the evaporator."""
    label = texts.SOURCES.get(has.unit.heat_source, texts.SOURCE)
    return [
        s.box(8, 44, 190, 200, say(texts.HEAT_PUMP)),
        s.source_loop(30, 100, 84, 84, say(label)),
        s.pump(74, 184, 11, has.source_pump),
        s.exchanger(108, 66, 26, 160, ""),
    ]


def _source_tags(has: Equipment) -> list[Tag]:
    if has.air:
        return []
    return [
        Tag("source_inlet_temperature", 16, 90, texts.SOURCE_IN, minor=True),
        Tag("source_outlet_temperature", 16, 212, texts.SOURCE_OUT, minor=True),
    ]


def _circuits(has: Equipment, low: int) -> list[str]:
    """Return the heating circuits, which are in the building."""
    top, bottom = 500 + low, 546 + low
    if not has.second_circuit:
        return [
            s.line("water supply", (262, 86), (_SUPPLY, 86), (_SUPPLY, 478 + low),
                   (244, 478 + low), (244, top)),
            s.line("water return", (325, bottom), (325, bottom + 14), (_RETURN, bottom + 14)),
            s.radiator(236, top, 7, 46),
        ]  # fmt: skip
    return [
        s.line("water supply", (262, 86), (_SUPPLY, 86), (_SUPPLY, 478 + low), (232, 478 + low),
               (232, top)),
        s.line("water supply", (322, 478 + low), (322, top)),
        s.line("water return", (373, bottom), (373, bottom + 14), (_RETURN, bottom + 14)),
        s.line("water return", (283, bottom), (283, bottom + 14)),
        s.radiator(222, top, 5, 46),
        s.radiator(312, top, 5, 46),
    ]  # fmt: skip


def _room_tags(has: Equipment, low: int) -> list[Tag]:
    if not has.circuits_apart:
        return [Tag("room_temperature", 232, 590, texts.ROOM)]
    return [
        Tag("zone1_water_temperature", 222, 580 + low, texts.CIRCUIT_1, minor=True, stacked=True),
        Tag("zone2_water_temperature", 312, 580 + low, texts.CIRCUIT_2, minor=True, stacked=True),
        Tag("room_temperature", 222, 624 + low, texts.ROOM),
    ]


def _tank(has: Equipment) -> list[str]:
    return [
        s.crossing(_RETURN, 350, vertical=True),
        s.line("water supply", (_SUPPLY, 350), (60, 350), (60, 400)),
        s.tank(40, 390, 64, 130, has.state("dhw_heating")),
        s.line("water return", (100, 500), (_RETURN, 500)),
        s.three_way_valve(_SUPPLY, 350),
    ]
