"""Variables of programs: overrides, schedules, tank programs and training."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from asyncua import ua

from heatpump_twin.config.catalogue import pascal_case
from heatpump_twin.drivers.clock import Clock
from heatpump_twin.drivers.status import GOOD, UNCERTAIN
from heatpump_twin.server.heat_pump.heat_pump_nodes import HeatPumpNodes
from heatpump_twin.server.heat_pump.point_nodes import LiveNode
from heatpump_twin.server.nodeset.model import TypeModel
from heatpump_twin.server.nodeset.program_variables import ProgramVariable
from heatpump_twin.server.space.node_builder import (
    NodeBuilder,
    NodePlace,
    engineering_unit,
    standard,
    text,
)
from heatpump_twin.server.space.point_values import to_datetime
from heatpump_twin.server.space.ua_values import (
    instance_name,
    node_id_of,
    status_code,
    timed_value,
    variant_of,
    variant_type,
)
from heatpump_twin.twin_engine.programs.forecast_models import ForecastModels
from heatpump_twin.twin_engine.programs.programs import Programs
from heatpump_twin.twin_engine.programs.scenario_request import Simulator
from heatpump_twin.twin_engine.programs.start_outlook import Outlook
from heatpump_twin.twin_engine.programs.tank_program import TankProgramKind, TankProgramPhase
from heatpump_twin.twin_engine.smart_start.kept_word import HeatUpRecord
from heatpump_twin.twin_engine.smart_start.ready_program import (
    ReadyPhase,
    ReadyProgram,
    ReadyQuantity,
)

FUNCTIONAL_GROUP_TYPE = 1005
"""In the DI namespace."""
_QUANTITIES = (None, *ReadyQuantity)
_READY_PHASES = (None, *ReadyPhase)
_TANK_PROGRAMS = (None, TankProgramKind.BOOST, TankProgramKind.DISINFECTION)
_TANK_PHASES = (
    None,
    TankProgramPhase.HEATING,
    TankProgramPhase.HOLDING,
    TankProgramPhase.RESTORING,
)
"""In the order of the states in model.yaml."""

Read = Callable[[], tuple[Any, int]]
"""Return a value (None: there is none) and its status."""


class ProgramNodes:
    """The builder of the group ``Programs`` of heat pumps, with its variables."""

    def __init__(
        self, builder: NodeBuilder, model: TypeModel, programs: Programs, clock: Clock
    ) -> None:
        self._builder = builder
        self._model = model.programs
        self._programs = programs
        self._clock = clock
        self._changed: dict[str, int] = {}

    def add(self, pump: HeatPumpNodes, asset: str) -> list[LiveNode]:
        """Add the group to a heat pump; return its variables, which change with the programs."""
        reads = self._reads(asset)
        # No empty group: a client that finds it would look for programs.
        if not reads:
            return []
        names = self._builder.namespaces
        self._changed[asset] = self._clock.now()
        group = self._builder.object(
            f"{asset}.{self._model.name}",
            ua.QualifiedName(self._model.name, names.types),
            node_id_of(FUNCTIONAL_GROUP_TYPE, names.di),
            NodePlace(pump.device),
            description=self._model.text,
        )
        return [
            self._variable(asset, group, name, self._model.variables[name], read)
            for name, read in reads.items()
        ]

    def note(self, asset: str) -> None:
        """Set the source time of a heat pump's program variables to now, as they changed."""
        self._changed[asset] = self._clock.now()

    def _variable(
        self, asset: str, group: ua.NodeId, name: str, spec: ProgramVariable, read: Read
    ) -> LiveNode:
        data_type = standard(getattr(ua.ObjectIds, spec.data_type))
        node = self._builder.variable(
            f"{instance_name(group)}.{name}",
            ua.QualifiedName(name, self._builder.namespaces.types),
            standard(getattr(ua.ObjectIds, spec.variable_type)),
            NodePlace(group),
            data_type,
            array=spec.array,
            description=spec.text,
        )
        if spec.unit is not None:
            unit = engineering_unit(spec.unit)
            name_ = ua.QualifiedName("EngineeringUnits")
            self._builder.property(node, name_, ua.ObjectIds.EUInformation, unit)
        if spec.states:
            texts = [text(state) for state in spec.states]
            name_ = ua.QualifiedName("EnumStrings")
            self._builder.property(node, name_, ua.ObjectIds.LocalizedText, texts, array=True)
        kind = variant_type(data_type)

        def value(_: int = 0) -> ua.DataValue:
            content, status = read()
            # Programs do not say when each value changed; the latest change of any bounds it.
            time = to_datetime(self._changed[asset])
            variant = (
                ua.Variant() if content is None else variant_of(content, kind, array=spec.array)
            )
            now = to_datetime(self._clock.now())
            return timed_value(variant, status_code(status), time, now)

        self._builder.computed(node, lambda _node, _attribute: value())
        return LiveNode(node, value)

    def _reads(self, asset: str) -> dict[str, Read]:
        """Return the function that reads each program variable of a heat pump, by name."""
        # Only what the heat pump's methods can bring about: other variables would be null for ever.
        programs, reads = self._programs, dict[str, Read]()
        if programs.overrides.offered(asset):
            reads |= self._overrides(asset)
        if programs.schedules.offered(asset):
            reads |= self._schedule(asset)
        if programs.tank.targets(asset, TankProgramKind.BOOST) is not None:
            reads |= self._tank(asset)
        if programs.trainer is not None and programs.trainer.offered(asset):
            of = programs.trainer.of
            reads["TrainingState"] = lambda: (int(of(asset).state), GOOD)
            reads["TrainingMessage"] = lambda: (of(asset).message, GOOD)
        if programs.forecast_models is not None and programs.forecast_models.offered(asset):
            reads |= _forecast_models(programs.forecast_models, asset)
        if programs.simulator is not None and programs.simulator.offered(asset):
            reads |= _scenario(programs.simulator, asset)
        if reads:
            reads["LatestMessage"] = lambda: (
                report.message if (report := programs.journal.latest(asset)) else None,
                GOOD,
            )
        return reads

    def _overrides(self, asset: str) -> Mapping[str, Read]:
        of = self._programs.overrides.of
        return {
            "Overrides": lambda: ([pascal_case(point) for point in of(asset)], GOOD),
            "OverriddenValues": lambda: ([o.before for o in of(asset).values()], GOOD),
        }

    def _schedule(self, asset: str) -> Mapping[str, Read]:
        schedules = self._programs.schedules

        def following() -> ReadyProgram | None:
            return next(iter(schedules.of(asset)), None)

        def of(attribute: str) -> Any:
            program = following()
            return None if program is None else getattr(program, attribute)

        def outlook() -> Outlook | None:
            program = following()
            return None if program is None else schedules.outlook(program)

        def start_at() -> tuple[Any, int]:
            found = outlook()
            return (None, GOOD) if found is None else (_time(found.start_at), found.status)

        def reason() -> tuple[Any, int]:
            found = outlook()
            return (of("reason") or None) if found is None else found.reason, GOOD

        return {
            "ScheduleReadyAt": lambda: (_time(of("ready_at")), GOOD),
            "ScheduleTarget": lambda: (of("target"), GOOD),
            "ScheduleQuantity": lambda: (_QUANTITIES.index(of("quantity")), GOOD),
            "SchedulePhase": lambda: (_READY_PHASES.index(of("phase")), GOOD),
            "ScheduleStartAt": start_at,
            "ScheduleReason": reason,
            "Schedules": lambda: (schedules.texts(asset), GOOD),
            "HeatUps": lambda: ([_json(one) for one in schedules.heat_ups(asset)], GOOD),
        }

    def _tank(self, asset: str) -> Mapping[str, Read]:
        def of(attribute: str) -> Any:
            program = self._programs.tank.of(asset)
            return None if program is None else getattr(program, attribute)

        return {
            "TankProgram": lambda: (_TANK_PROGRAMS.index(of("kind")), GOOD),
            "TankPhase": lambda: (_TANK_PHASES.index(of("phase")), GOOD),
            "TankTarget": lambda: (of("target"), GOOD),
            "TankUntil": lambda: (_time(of("deadline")), GOOD),
        }


def _forecast_models(models: ForecastModels, asset: str) -> Mapping[str, Read]:
    return {
        "ForecastModelState": lambda: (int(models.of(asset).state), GOOD),
        "ForecastModelMessage": lambda: (models.of(asset).message, GOOD),
        "ForecastModelCard": lambda: (models.of(asset).card or None, GOOD),
    }


def _scenario(simulator: Simulator, asset: str) -> Mapping[str, Read]:
    return {
        "ScenarioState": lambda: (int(simulator.of(asset).state), GOOD),
        "ScenarioProgress": lambda: (simulator.of(asset).share, GOOD),
        "ScenarioMessage": lambda: (simulator.of(asset).message, GOOD),
        # Nobody has measured what is in them.
        "ScenarioFigures": lambda: (simulator.of(asset).figures or None, UNCERTAIN),
        "ScenarioTable": lambda: (simulator.of(asset).table or None, UNCERTAIN),
    }


def _json(record: HeatUpRecord) -> str:
    return json.dumps(asdict(record), ensure_ascii=False)


def _time(time: int | None) -> Any:
    return None if time is None else to_datetime(time)
