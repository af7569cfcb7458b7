"""Tiles of the heat pumps on the page of the site: of each its name, of those in view all else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape

import orjson
import structlog
from nicegui import Client

from heatpump_twin.hmi import texts
from heatpump_twin.hmi.elements.markup import Say, deviation, figure, live
from heatpump_twin.hmi.elements.spark import Sparks, spark
from heatpump_twin.hmi.errors import TwinUnreachableError
from heatpump_twin.hmi.heat_pump_model import HeatPumpSummary, Variable
from heatpump_twin.hmi.person import Person

logger = structlog.stdlib.get_logger(__name__)

STATE, DEVIATION_POINT, _POWER = "operating_state", "run_cop_residual", "electrical_power"
SHOWN = (
    ("supply_temperature", texts.SUPPLY, "supply_setpoint", True),
    (_POWER, texts.POWER, "", True),
    ("cop", texts.COP, "", False),
    ("expected_cop", texts.EXPECTED_COP, "", False),
    ("spf_h4_month", texts.SPF_MONTH, "", False),
    ("spf_h4_expected_month", texts.EXPECTED_SPF, "", False),
    ("room_temperature", texts.ROOM, "", False),
)
_AGAIN = 2.0
"""Before what could not be read is read again. [s]"""


def groups_of(units: Sequence[HeatPumpSummary], say: Say) -> str:
    """Return the HTML of all tiles: in groups, where the site has some."""
    groups: dict[str, list[HeatPumpSummary]] = {}
    for unit in sorted(units, key=lambda unit: (not unit.group, unit.group)):
        groups.setdefault(unit.group, []).append(unit)
    if set(groups) <= {""}:
        return _group("", "", enumerate(units))
    # Where nothing is worse than the rest, groups are in the order of their names.
    places = iter(range(len(units)))
    return "".join(
        _group(name, name or say(texts.WITHOUT_GROUP), [(next(places), unit) for unit in members])
        for name, members in groups.items()
    )


def _group(name: str, title: str, members: Iterable[tuple[int, HeatPumpSummary]]) -> str:
    heading = (
        f'<header><h2><button type="button" aria-expanded="true" onclick="site.fold(this)">'
        f'{escape(title)}</button></h2><span class="group-counts"></span></header>'
        if title
        else ""
    )
    level = "h3" if title else "h2"
    tiles = "".join(_tile(unit, place, title, level) for place, unit in members)
    return (
        f'<section class="tile-group" data-group="{escape(name)}">{heading}'
        f'<div class="tiles">{tiles}</div></section>'
    )


def _tile(unit: HeatPumpSummary, place: int, group: str, level: str) -> str:
    """Return the HTML of a tile as it is out of view: who it is, and what it does."""
    state, worse = unit.variables.get(STATE), unit.variables.get(DEVIATION_POINT)
    plate = " ".join(filter(None, (unit.plate.get("Manufacturer"), unit.plate.get("Model"))))
    words = escape(f"{unit.name} {unit.id} {plate} {group}".lower())
    return (
        f'<article class="panel card tile" data-unit="{escape(unit.id)}" data-place="{place}" '
        f'data-words="{words}" data-state="{escape(state.key if state else "")}" '
        f'data-deviation="{escape(worse.key if worse else "")}"><header>'
        f'<{level}><a href="/unit/{escape(unit.id)}">{escape(unit.name)}</a></{level}>'
        f'<span class="badge" data-alarms="{escape(unit.id)}" hidden></span></header>'
        f'<p class="plate">{escape(plate)}</p>'
        f'<p class="state">{live(state) if state else ""}</p>'
        f'<div class="in-view"></div></article>'
    )


def _in_view(unit: HeatPumpSummary, say: Say) -> str:
    """Return the HTML of what a tile has besides while it is in view."""
    worse, power = unit.variables.get(DEVIATION_POINT), unit.variables.get(_POWER)
    figures = "".join(
        figure(unit, identifier, say(label), marker, with_bar=with_bar)
        for identifier, label, marker, with_bar in SHOWN
    )
    return (
        f'<div class="figures">{figures}</div>'
        f"{deviation(worse, say(texts.DEVIATION)) if worse else ''}"
        f"{spark(escape(power.key), escape(say(texts.POWER_DAY))) if power else ''}"
    )


class SiteTiles:
    """What is in view of a page of the site: only that is sent, subscribed to, and drawn.

    Of 250 heat pumps all would be two thousand values a second, of which a person sees fifty.

    Parameters
    ----------
    watch
        Called with the variables that are in view.
    """

    def __init__(
        self,
        person: Person,
        client: Client,
        sparks: Sparks,
        watch: Callable[[list[Variable]], None],
    ) -> None:
        self._person, self._client, self._sparks, self._watch = person, client, sparks, watch
        self._units: Mapping[str, HeatPumpSummary] = {unit.id: unit for unit in person.units}
        self._in_view: list[HeatPumpSummary] = []
        self._sent: set[str] = set()
        """Heat pumps whose tile the page has once got in full: it keeps that."""
        self._looked = asyncio.Event()

    def look(self, identifiers: Iterable[object]) -> None:
        """Take note of the heat pumps that are in view now."""
        known = (self._units.get(str(identifier)) for identifier in identifiers)
        self._in_view = [unit for unit in known if unit is not None]
        self._looked.set()

    async def run(self) -> None:
        """Show what is in view, until cancelled."""
        while True:
            await self._looked.wait()
            self._looked.clear()
            try:
                self._show(await self._person.tiles(self._in_view))
            except TwinUnreachableError as error:
                # The page is marked as old meanwhile.
                logger.debug("tiles_not_read", error=repr(error))
                await asyncio.sleep(_AGAIN)
                self._looked.set()

    def _show(self, units: Sequence[HeatPumpSummary]) -> None:
        say = self._person.say
        fresh = {unit.id: _in_view(unit, say) for unit in units if unit.id not in self._sent}
        if fresh:
            self._client.run_javascript(f"site.fill({orjson.dumps(fresh).decode()})")
            self._sent.update(fresh)
        # After the places, so that a value never comes before its place.
        self._watch([variable for unit in units for variable in unit.variables.values()])
        powers = [unit.variables[_POWER] for unit in units if _POWER in unit.variables]
        self._sparks.look(power for power in powers if power.has_history)
