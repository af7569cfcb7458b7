"""The mimic for a panel or a wall: the water runs to the right, into the building."""

from __future__ import annotations

from heatpump_twin.hmi import texts
from heatpump_twin.hmi.elements.markup import Say
from heatpump_twin.hmi.mimic import symbols as s
from heatpump_twin.hmi.mimic.drawing import Drawing, Tag
from heatpump_twin.hmi.mimic.equipment import BUFFER, Equipment

_SUPPLY, _RETURN = 140, 282
"""Where the pipes of the heating water lie. [px]"""


def wide(has: Equipment, say: Say) -> str:
    """Return the picture."""
    outside, buffer = _air(has, say) if has.air else _liquid(has, say), has.buffer
    evaporator = 188 if has.air else 206
    parts: list[str | None] = [
        s.building(890, 40, 286, 300, say(texts.BUILDING)),
        *outside,
        s.line("refrigerant", (evaporator, 130), (345, 130)),
        s.line("refrigerant", (evaporator, 290), (345, 290)),
        s.expansion_valve(250, 130),
        s.compressor(246, 290, 24, has.compressor),
        s.exchanger(330, 108, 58, 204, say(texts.EXCHANGER)),
        *_circuits(has),
        s.pump(690, _RETURN, 20, has.pump),
        s.meter(560, _SUPPLY) if has.heat_meter else None,
        s.heater(640, _SUPPLY, has.heater) if has.heater else None,
        *(_electricity(say) if has.has("electrical_power") else ()),
        *(_tank(has) if has.tank else ()),
        s.buffer(812, 122, 54, 178) if buffer else None,
    ]  # fmt: skip
    tags = [
        Tag("outdoor_temperature", 24, 44, texts.OUTDOOR),
        Tag("outdoor_humidity", 176, 44),
        *_source_tags(has),
        Tag("compressor_frequency", 280, 334, anchor="end"),
        Tag("supply_temperature", 402, 122, texts.SUPPLY),
        Tag("supply_setpoint", 402, 172, texts.SETPOINT, minor=True),
        Tag("return_temperature", 402, 318, texts.RETURN),
        Tag("thermal_power", 548, 80, texts.HEAT),
        Tag("water_flow", 548, 108, texts.FLOW),
        Tag("cop", 470, 228, texts.COP, major=True),
        Tag("water_pressure", 616, 332, texts.PRESSURE, minor=True),
        # The store stands where the way of the water is told else.
        Tag("valve_direction", 744 if buffer else 780, 122, anchor="end" if buffer else "start",
            minor=True),
        Tag(BUFFER, 884, 104, texts.BUFFER, anchor="end"),
        Tag("dhw_temperature", 590, 388, texts.HOT_WATER),
        Tag("dhw_setpoint", 590, 416, texts.SETPOINT, minor=True),
        *_room_tags(has),
        Tag("electrical_power", 40, 420, texts.POWER),
        Tag("electrical_energy_today", 40, 454, texts.TODAY, minor=True),
    ]  # fmt: skip
    return Drawing(1200, 470, "mimic wide").render(has.unit, parts, tags, say)


def _air(has: Equipment, say: Say) -> list[str | None]:
    """Return the outdoor unit: a fan, and a coil in its air."""
    return [
        s.box(24, 64, 262, 282, say(texts.OUTDOOR_UNIT)),
        s.fan(98, 190, 52, has.fan),
        s.coil(188, 130, 120),
        s.line("refrigerant", (188, 250), (188, 290)),
        s.defrost(40, 100, has.state("defrost_active"), say(texts.DEFROST)),
    ]


def _liquid(has: Equipment, say: Say) -> list[str | None]:
    """Return the circuit of a source that flows: a loop, its pump, and the evaporator."""
    label = texts.SOURCES.get(has.unit.heat_source, texts.SOURCE)
    return [
        s.box(24, 64, 262, 282, say(texts.HEAT_PUMP)),
        s.source_loop(56, _SUPPLY, 118, 142, say(label)),
        s.pump(112, _RETURN, 16, has.source_pump),
        s.exchanger(170, 108, 36, 204, ""),
    ]


def _source_tags(has: Equipment) -> list[Tag]:
    if has.air:
        return [
            Tag("source_inlet_temperature", 40, 268, texts.SOURCE_IN, minor=True),
            Tag("source_outlet_temperature", 40, 290, texts.SOURCE_OUT, minor=True),
        ]
    return [
        Tag("source_inlet_temperature", 36, 122, texts.SOURCE_IN),
        Tag("source_outlet_temperature", 36, 318, texts.SOURCE_OUT),
    ]


def _circuits(has: Equipment) -> list[str | None]:
    """Return the heating circuits, which are in the building."""
    if not has.second_circuit:
        return [
            s.line("water supply", (388, _SUPPLY), (924, _SUPPLY), (924, 196)),
            s.line("water return", (1035, 258), (1035, _RETURN), (388, _RETURN)),
            s.radiator(914, 196, 9, 62),
        ]
    return [
        s.line("water supply", (388, _SUPPLY), (1050, _SUPPLY), (1050, 200)),
        s.line("water supply", (924, _SUPPLY), (924, 200)),
        s.line("water return", (1135, 254), (1135, _RETURN), (388, _RETURN)),
        s.line("water return", (1007, 254), (1007, _RETURN)),
        s.radiator(914, 200, 7, 54),
        s.radiator(1042, 200, 7, 54),
    ]


def _room_tags(has: Equipment) -> list[Tag]:
    if not has.second_circuit:
        circuit = [Tag("zone1_water_temperature", 944, 308, texts.CIRCUIT_1, minor=True)]
        return [
            Tag("room_temperature", 944, 156, texts.ROOM),
            Tag("room_setpoint", 944, 180, texts.SETPOINT, minor=True),
            *(circuit if has.circuits_apart else ()),
            Tag("room_humidity", 944, 330 if has.buffer else 318, texts.HUMIDITY, minor=True),
        ]
    return [
        Tag("zone1_water_temperature", 932, 168, texts.CIRCUIT_1, minor=True),
        Tag("zone2_water_temperature", 1058, 168, texts.CIRCUIT_2, minor=True),
        Tag("zone2_supply_setpoint", 1058, 188, "→", minor=True),
        Tag("room_temperature", 906, 308, texts.ROOM),
        Tag("room_setpoint", 1040, 308, texts.SETPOINT, minor=True),
        Tag("room_humidity", 1040, 330, texts.HUMIDITY, minor=True),
    ]


def _electricity(say: Say) -> list[str]:
    return [
        s.box(24, 372, 262, 94, say(texts.ELECTRICITY)),
        s.line("electric", (155, 372), (155, 346)),
    ]


def _tank(has: Equipment) -> list[str]:
    return [
        s.crossing(760, _RETURN),
        s.line("water supply", (760, _SUPPLY), (760, 356), (800, 356)),
        s.line("water return", (800, 432), (852, 432), (852, _RETURN)),
        s.tank(770, 336, 64, 116, has.state("dhw_heating")),
        s.three_way_valve(760, _SUPPLY),
    ]
