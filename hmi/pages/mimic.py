"""Draw the mimic: a heat pump as a process picture, with the parts that it reports about.

Drawn twice, wide for panels and tall for phones; the style sheet shows one of them. Greys only:
colour is left to what is abnormal (ISA-101).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from heatpump_twin.hmi import texts
from heatpump_twin.hmi.elements import symbols as s
from heatpump_twin.hmi.elements.markup import Say
from heatpump_twin.hmi.elements.symbols import Drawing, Tag
from heatpump_twin.hmi.heat_pump_model import HeatPumpModel

_TANK = ("dhw_temperature", "dhw_setpoint")
_HEAT_METER = ("thermal_power", "water_flow", "meter_heat_power")


def draw(unit: HeatPumpModel, say: Say) -> str:
    """Return the mimic of a heat pump as two SVG pictures."""
    # Both are in the page, since a phone may be turned: the style sheet chooses, without asking
    # the server.
    return _wide(unit, say) + _tall(unit, say)


def _wide(unit: HeatPumpModel, say: Say) -> str:
    has = _has(unit)
    tank = has(_TANK)
    parts: list[str | None] = [
        s.building(890, 40, 286, 300, say(texts.BUILDING)),
        s.box(24, 64, 262, 282, say(texts.OUTDOOR_UNIT)),
        s.fan(98, 190, 52, s.first(unit, "fan_running", "fan_speed")),
        s.coil(188, 130, 120),
        s.line("refrigerant", (188, 130), (345, 130)),
        s.line("refrigerant", (188, 290), (345, 290)),
        s.line("refrigerant", (188, 250), (188, 290)),
        s.expansion_valve(250, 130),
        s.compressor(246, 290, 24, s.first(unit, "compressor_running", "compressor_on")),
        s.exchanger(330, 108, 58, 204, say(texts.EXCHANGER)),
        s.line("water supply", (388, 140), (924, 140), (924, 196)),
        s.line("water return", (1035, 258), (1035, 282), (388, 282)),
        s.radiator(914, 196, 9, 62),
        s.pump(690, 282, 20, s.first(unit, "water_pump_running", "water_flow_detected")),
        s.meter(560, 140) if has(_HEAT_METER) else None,
        s.heater(640, 140, s.first(unit, "backup_heater_on"))
        if has(("backup_heater_on",))
        else None,
        s.defrost(40, 100, s.first(unit, "defrost_active"), say(texts.DEFROST)),
        s.box(24, 372, 262, 94, say(texts.ELECTRICITY)) if has(("electrical_power",)) else None,
        s.line("electric", (155, 372), (155, 346)) if has(("electrical_power",)) else None,
    ]
    if tank:
        parts += [
            s.crossing(760, 282),
            s.line("water supply", (760, 140), (760, 356), (800, 356)),
            s.line("water return", (800, 432), (852, 432), (852, 282)),
            s.tank(770, 336, 64, 116, s.first(unit, "dhw_heating")),
            s.three_way_valve(760, 140),
        ]
    tags = [
        Tag("outdoor_temperature", 24, 44, texts.OUTDOOR),
        Tag("outdoor_humidity", 176, 44),
        Tag("compressor_frequency", 280, 334, anchor="end"),
        Tag("supply_temperature", 402, 122, texts.SUPPLY),
        Tag("supply_setpoint", 402, 172, texts.SETPOINT, minor=True),
        Tag("return_temperature", 402, 318, texts.RETURN),
        Tag("thermal_power", 548, 80, texts.HEAT),
        Tag("water_flow", 548, 108, texts.FLOW),
        Tag("cop", 470, 228, texts.COP, major=True),
        Tag("water_pressure", 616, 332, texts.PRESSURE, minor=True),
        Tag("valve_direction", 780, 122, anchor="start", minor=True),
        Tag("dhw_temperature", 590, 388, texts.HOT_WATER),
        Tag("dhw_setpoint", 590, 416, texts.SETPOINT, minor=True),
        Tag("room_temperature", 944, 156, texts.ROOM),
        Tag("room_setpoint", 944, 180, texts.SETPOINT, minor=True),
        Tag("room_humidity", 944, 318, texts.HUMIDITY, minor=True),
        Tag("electrical_power", 40, 420, texts.POWER),
        Tag("electrical_energy_today", 40, 454, texts.TODAY, minor=True),
    ]
    return Drawing(1200, 470, "mimic wide").render(unit, parts, tags, say)


def _tall(unit: HeatPumpModel, say: Say) -> str:
    has = _has(unit)
    tank = has(_TANK)
    parts: list[str | None] = [
        s.building(208, 404, 184, 196, ""),
        s.box(8, 44, 190, 200, say(texts.OUTDOOR_UNIT)),
        s.fan(58, 132, 36, s.first(unit, "fan_running", "fan_speed")),
        s.coil(120, 84, 92),
        s.line("refrigerant", (120, 84), (236, 84)),
        s.line("refrigerant", (120, 206), (236, 206)),
        s.line("refrigerant", (120, 172), (120, 206)),
        s.expansion_valve(168, 84),
        s.compressor(164, 206, 18, s.first(unit, "compressor_running", "compressor_on")),
        s.exchanger(222, 66, 40, 160, ""),
        s.line("water supply", (262, 86), (384, 86), (384, 478), (244, 478), (244, 500)),
        s.line("water return", (325, 546), (325, 560), (176, 560), (176, 286)),
        s.line("water return", (176, 286), (300, 286), (300, 208), (262, 208)),
        s.radiator(236, 500, 7, 46),
        s.pump(240, 286, 16, s.first(unit, "water_pump_running", "water_flow_detected")),
        s.meter(384, 150) if has(_HEAT_METER) else None,
        s.defrost(16, 72, s.first(unit, "defrost_active"), say(texts.DEFROST)),
    ]
    if tank:
        parts += [
            s.crossing(176, 350, vertical=True),
            s.line("water supply", (384, 350), (60, 350), (60, 400)),
            s.tank(40, 390, 64, 130, s.first(unit, "dhw_heating")),
            s.line("water return", (100, 500), (176, 500)),
            s.three_way_valve(384, 350),
        ]
    tags = [
        Tag("outdoor_temperature", 8, 26, texts.OUTDOOR),
        Tag("compressor_frequency", 130, 240, minor=True),
        Tag("supply_temperature", 270, 70, texts.SUPPLY),
        Tag("supply_setpoint", 270, 108, texts.SETPOINT, minor=True),
        Tag("thermal_power", 270, 146, texts.HEAT),
        Tag("water_flow", 270, 172, texts.FLOW, minor=True),
        Tag("return_temperature", 310, 236, texts.RETURN, stacked=True),
        Tag("electrical_power", 8, 268, texts.POWER),
        Tag("cop", 8, 300, texts.COP, major=True),
        Tag("valve_direction", 372, 336, anchor="end", minor=True),
        Tag("dhw_temperature", 8, 548, texts.HOT_WATER, stacked=True),
        Tag("room_temperature", 232, 590, texts.ROOM),
    ]
    return Drawing(400, 612, "mimic tall").render(unit, parts, tags, say)


def _has(unit: HeatPumpModel) -> Callable[[Iterable[str]], bool]:
    return lambda identifiers: any(name in unit.variables for name in identifiers)
