"""The client of one weather service: asks when it is time to, and has the latest forecast."""

from __future__ import annotations

import random
from dataclasses import dataclass

import structlog

from heatpump_twin.drivers.clock import MICROSECONDS, Clock
from heatpump_twin.drivers.weather.errors import WeatherAway, WeatherError
from heatpump_twin.drivers.weather.forecast_cache import CachedAnswer, ForecastCache
from heatpump_twin.drivers.weather.http_query import ServiceAnswer, ask
from heatpump_twin.drivers.weather.weather_forecast import WeatherForecast
from heatpump_twin.drivers.weather.weather_service import Location, Query, WeatherService

log = structlog.stdlib.get_logger(__name__)

LEAST_FRESH = 1800.0
"""Nobody is asked more often than this, whatever an answer says. [s]"""
FIRST_WAIT, LONGEST_WAIT = 60.0, 3600.0
"""After the first failure, and after many. [s]"""
_FURTHEST = 24 * 3600 * MICROSECONDS
"""No service is left alone for longer. [µs]"""
_JITTER = 0.2
"""So that all twins of a country do not ask in the same second after an outage. [-]"""


@dataclass(slots=True)
class _Failures:
    count: int = 0
    message: str = ""


class WeatherClient:
    """The client of a service for one place. It never raises: what is wrong it says.

    Parameters
    ----------
    agent : str
        What it calls itself; some services want a way to reach a person in it.
    chance : random.Random
        Spreads the waits after failures.
    """

    def __init__(
        self,
        service: WeatherService,
        place: Location,
        cache: ForecastCache,
        clock: Clock,
        agent: str,
        chance: random.Random | None = None,
    ) -> None:
        self._service = service
        self._place = place
        self._cache = cache
        self._clock = clock
        self._agent = agent
        self._chance = chance or random.Random()  # noqa: S311 (no secret)
        self._known: CachedAnswer | None = None
        self._failures = _Failures()
        self._due = 0
        self.forecast: WeatherForecast | None = None
        """The latest; it may be stale."""

    @property
    def problem(self) -> str:
        """What is wrong with the service; empty: nothing is."""
        return self._failures.message

    @property
    def due(self) -> int:
        """When it is to be asked next. [µs since the Unix epoch]"""
        return self._due

    def start(self) -> WeatherForecast | None:
        """Return what was known before this start; blocks for a file."""
        now = self._clock.now()
        query = self._service.query(self._place, now)
        self._known = self._cache.read(query.url, now)
        if self._known is not None:
            try:
                self.forecast = self._service.forecast(self._known.body, self._known.received)
            except WeatherError as error:
                log.warning("a kept weather forecast cannot be used", error=str(error))
                self._known = None
            else:
                self._due = self._known.fresh_until
        return self.forecast

    def refresh(self) -> WeatherForecast | None:
        """Ask if it is time to; return a forecast that is new. Blocks for two minutes at most."""
        now = self._clock.now()
        # Further away than that it is only where the clock was set back.
        if now < self._due <= now + _FURTHEST:
            return None
        query = self._service.query(self._place, now)
        try:
            answer = ask(query, self._agent, self._known.validators if self._known else {})
            return self._took(query, answer, now)
        except WeatherError as error:
            self._failed(error, now)
            return None

    def _took(self, query: Query, answer: ServiceAnswer, now: int) -> WeatherForecast | None:
        fresh = max(answer.fresh, LEAST_FRESH) * (1.0 + _JITTER * self._chance.random())
        due = now + round(fresh * MICROSECONDS)
        known = self._known
        if answer.body is None:
            if known is None:
                raise WeatherAway(f"{self._service.name} says that nothing has changed")
            known = CachedAnswer(query.url, known.received, due, known.body, answer.validators)
            forecast = None
        else:
            forecast = self._service.forecast(answer.body, now)
            known = CachedAnswer(query.url, now, due, answer.body, answer.validators)
        if self._failures.count:
            log.info("the weather service answers again", service=self._service.name)
        self._failures, self._due, self._known = _Failures(), due, known
        self._keep(known)
        if forecast is not None:
            self.forecast = forecast
        return forecast

    def _failed(self, error: WeatherError, now: int) -> None:
        self._failures.count += 1
        # Once, and not each minute of an outage of hours.
        if self._failures.message != str(error):
            log.warning("no weather forecast", service=self._service.name, error=str(error))
        self._failures.message = str(error)
        wait = min(FIRST_WAIT * 2.0 ** (self._failures.count - 1), LONGEST_WAIT)
        wait = max(wait * (1.0 + _JITTER * self._chance.random()), getattr(error, "wait", 0.0))
        self._due = now + round(wait * MICROSECONDS)

    def _keep(self, answer: CachedAnswer) -> None:
        try:
            self._cache.write(answer)
        except OSError as error:
            # It is known all the same; the disk has an alarm of its own.
            log.warning("a weather forecast cannot be kept", error=str(error))
