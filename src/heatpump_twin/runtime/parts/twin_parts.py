"""Open all parts of a running twin in the order of the data flow; close them in reverse."""

from __future__ import annotations

from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.settings import Site
from heatpump_twin.drivers.clock import Clock
from heatpump_twin.runtime.learning.recalibration import Recalibration
from heatpump_twin.runtime.parts.alarm_points import AlarmPoints
from heatpump_twin.runtime.parts.alarm_watch import AlarmWatch, build_rules
from heatpump_twin.runtime.parts.archive import Archive, open_archive
from heatpump_twin.runtime.parts.clients import Clients, open_clients
from heatpump_twin.runtime.parts.field import Field
from heatpump_twin.runtime.parts.figures import Figures, open_figures
from heatpump_twin.runtime.parts.forecast_cycle import ForecastCycle
from heatpump_twin.runtime.parts.forecast_judging import ForecastJudging
from heatpump_twin.runtime.parts.foundation import Foundation
from heatpump_twin.runtime.parts.heat_pump_part import HeatPumpPart
from heatpump_twin.runtime.parts.notices import build_notifier, build_signer
from heatpump_twin.runtime.parts.predictions import Forecasts
from heatpump_twin.runtime.parts.steering import Steering, open_steering
from heatpump_twin.runtime.parts.twin_health import TwinHealth
from heatpump_twin.runtime.parts.weather import Weather
from heatpump_twin.server.security.users import UserStore
from heatpump_twin.twin_engine.conditions.alarm_journal import AlarmJournal
from heatpump_twin.twin_engine.notifications.notifier import Notifier
from heatpump_twin.twin_engine.notifications.signed_link import LinkSigner


@dataclass(frozen=True, slots=True)
class TwinParts:
    """All parts of a twin, in the order of the data flow."""

    foundation: Foundation
    health: TwinHealth
    archive: Archive
    figures: Figures
    weather: Weather
    forecasts: Forecasts
    cycle: ForecastCycle
    judging: ForecastJudging
    field: Field
    steering: Steering
    clients: Clients
    alarms: AlarmWatch
    alarm_points: AlarmPoints
    notifier: Notifier
    recalibration: Recalibration
    signer: LinkSigner | None
    """Of links in messages, where the site wants some."""

    @property
    def members(self) -> tuple[HeatPumpPart, ...]:
        """Parts to which heat pumps are added, in this order; removed in reverse.

        So what is read is derived and recorded from the first frame on; and on one that goes nobody
        can ask for anything, and no program runs, before its devices are left alone.
        """
        return (
            self.foundation,
            self.health,
            self.archive,
            self.figures,
            self.weather,
            self.forecasts,
            self.cycle,
            self.field,
            self.steering,
            self.clients,
            self.alarms,
            self.alarm_points,
        )

    def loops(self) -> list[Coroutine[Any, Any, None]]:
        """Return the loops of all parts except the polling of devices (`Field.start`)."""
        return [
            self.health.run(),
            self.archive.historian.run(),
            self.archive.audit.run(),
            self.archive.events.run(),
            self.figures.totals.run(),
            self.figures.run_shadow(),
            self.recalibration.run(),
            self.figures.ledger.run(),
            self.weather.run(),
            self.forecasts.run(),
            self.cycle.run(),
            self.judging.run(),
            self.steering.programs.run(),
            self.steering.retraining.run(),
            self.steering.scenarios.run(),
            self.steering.learnt.run(),
            self.clients.server.wait(),
            self.alarms.run(),
            self.alarm_points.run(),
            self.notifier.run(),
        ]


@asynccontextmanager
async def open_parts(
    site: Site, data: DataDirectory, users: UserStore, arguments: Sequence[str], clock: Clock
) -> AsyncIterator[TwinParts]:
    """Open all parts; nothing is polled yet. ``arguments`` tell child processes of the site."""
    async with AsyncExitStack() as stack:
        opened = stack.enter_async_context
        foundation = Foundation.lay(site, data, clock)
        health = TwinHealth(foundation)
        archive = await opened(open_archive(foundation, health))
        history, audit = archive.historian, archive.audit
        figures = await open_figures(foundation, history)
        weather = Weather(foundation, archive, health)
        await weather.announce()
        forecasts = Forecasts(foundation)
        cycle = ForecastCycle(foundation, archive, arguments, weather.is_old)
        await cycle.announce()
        field = Field(foundation, audit)
        steering = await opened(
            open_steering(
                foundation,
                audit,
                field.commands,
                forecasts.models,
                arguments,
                lambda: figures.shadow.heat_pumps,
                archive.trajectories.newest,
                history,
            )
        )
        learnt = steering.learnt
        health.watch("models_left_out", lambda: len(forecasts.models.damaged) + learnt.damaged)
        health.watch("forecast_models_drifted", lambda: learnt.drifted)
        rules = build_rules(foundation)
        clients = await opened(
            open_clients(
                foundation,
                users,
                steering.programs,
                rules,
                history,
                forecasts.models,
                audit,
                archive.conditions,
                archive.events,
                archive.trajectories,
            )
        )
        # The sinks below in this order: derived points first, so that when clients are told of a
        # measured value, what follows from it is in the image.
        health.watch("certificate_validity", lambda: clients.server.certificate_validity)
        signer = build_signer(foundation)
        notifier = build_notifier(foundation, archive.conditions, health, signer)
        journal = AlarmJournal(foundation.database)
        stack.callback(journal.close)
        alarm_points = AlarmPoints(foundation, rules, archive.conditions, journal)
        alarms = AlarmWatch(
            foundation,
            rules,
            clients.server,
            archive.conditions,
            field.commands.authors,
            (notifier.take, alarm_points.take),
        )
        for sink in (
            figures.deriver.derive,
            figures.shadow.take,
            figures.totals.derive,
            history.append,
            clients.server.publish,
        ):
            foundation.image.subscribe(sink)
        recalibration = Recalibration(
            lambda: figures.shadow.heat_pumps,
            data,
            arguments,
            site.calibration.every,
            figures.adopt,
        )
        yield TwinParts(
            foundation,
            health,
            archive,
            figures,
            weather,
            forecasts,
            cycle,
            ForecastJudging(foundation, arguments),
            field,
            steering,
            clients,
            alarms,
            alarm_points,
            notifier,
            recalibration,
            signer,
        )
