"""The sun on a house: irradiance of each orientation from that on the horizontal.

pvlib brings Pandas and half of SciPy along: 70 MB, and a tenth of what a twin loads at its start.
So it is imported by those who ask for the sun (docs/adr/0028-the-sun-by-pvlib.md): a twin that
knows no house never does.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.frame import Times
from heatpump_twin.twin_engine.model.house.envelope import Floats

ORIENTATIONS = ("south", "east", "west", "north", "roof")
"""Where windows look; the roof is the horizontal."""
_AZIMUTHS = {"south": 180.0, "east": 90.0, "west": 270.0, "north": 0.0}
_WALL = 90.0
_DAY = 86_400.0
_ALTITUDE, _PRESSURE, _MILD, _DELTA_T, _REFRACTION = 0.0, 101_325.0, 12.0, 69.0, 0.5667
"""At sea level: refraction of the sun within 0.05° anywhere. [m], [Pa], [°C], [s], [°]"""
_REMEMBERED = 64
"""Days of the sun that are remembered: those of an evaluation of forecasts, and some more."""
_MOMENTS = 8
"""Single moments that are remembered: the clear sky and each wall ask for the same one in turn."""
_SHORT = 8
"""Days of a series whose sun is remembered; in a longer one nobody asks for a day twice."""
_SPREAD, _POWER = 0.0075, 2.4
"""B and C of Bristow and Campbell, between their sites. [1/K^2.4], [-]"""


def load() -> None:
    """Load what the sun is computed with, where a pause does no harm."""
    import pvlib  # noqa: F401


def on_orientations(time: Times, horizontal: Floats, latitude: float, longitude: float) -> Floats:
    """Return the global irradiance of each orientation, shape (n, orientations). [W/m²]

    Parameters
    ----------
    time : array of int
        Moments, shape (n,). [µs since the Unix epoch, UTC]
    horizontal : array
        Global irradiance of the horizontal, shape (n,). [W/m²]

    References
    ----------
    Position: Reda and Andreas, Solar Energy 76 (2004) 577–589. Share of the sky: Erbs et al., Solar
    Energy 28 (1982) 293–302. Walls: Hay and Davies (1980), albedo 0.25.
    """
    from pvlib import irradiance

    zenith, azimuth, day = _sun(time, latitude, longitude)
    light = np.maximum(np.nan_to_num(horizontal), 0.0)
    parts = irradiance.erbs(light, zenith, day)
    direct, diffuse = np.asarray(parts["dni"]), np.asarray(parts["dhi"])
    beyond = np.asarray(irradiance.get_extra_radiation(day))
    # South of the equator the sunny wall looks north: `south` means that one.
    turned = 180.0 if latitude < 0.0 else 0.0
    walls = (np.array(list(_AZIMUTHS.values())) + turned) % 360.0
    plane = irradiance.get_total_irradiance(
        _WALL, walls[:, np.newaxis], zenith, azimuth, direct, light, diffuse,
        dni_extra=beyond, model="haydavies",
    )  # fmt: skip
    of_walls = dict(zip(_AZIMUTHS, np.nan_to_num(np.asarray(plane["poa_global"])), strict=True))
    found = np.stack([of_walls.get(orientation, light) for orientation in ORIENTATIONS], axis=1)
    return np.asarray(np.maximum(found, 0.0))


def clear_sky(time: Times, latitude: float, longitude: float) -> Floats:
    """Return the global irradiance of the horizontal under a clear sky. [W/m²]

    Haurwitz, J. Meteorology 2 (1945) 154–166, which needs nothing but the sun's height.
    """
    zenith, _, _ = _sun(time, latitude, longitude)
    light = np.zeros(len(time))
    up = zenith < 89.9
    cosine = np.cos(np.radians(zenith[up]))
    light[up] = 1098.0 * cosine * np.exp(-0.057 / cosine)
    return light


def estimated(time: Times, outdoor: Floats, latitude: float, longitude: float) -> Floats:
    r"""Return the irradiance of the horizontal where nobody measures it. [W/m²]

    Clear days have warm afternoons and cold nights: of the clear sky's light a day has the share

    .. math:: 1 - \exp(-B \Delta T^C)

    with its range of outdoor temperature. The error of a day is some 25 %; that of weeks is small.

    References
    ----------
    Bristow and Campbell, Agricultural and Forest Meteorology 31 (1984) 159–166.
    """
    # Days by the sun: a range over midnight of the clock would mix two of them.
    day = np.floor(time / MICROSECONDS / _DAY + longitude / 360.0).astype(np.int64)
    days, place = np.unique(day, return_inverse=True)
    highest, lowest = np.full(len(days), -np.inf), np.full(len(days), np.inf)
    known = np.isfinite(outdoor)
    np.maximum.at(highest, place[known], outdoor[known])
    np.minimum.at(lowest, place[known], outdoor[known])
    span = np.where(np.isfinite(highest), highest - lowest, np.nan)
    usual = np.nanmean(span) if np.isfinite(span).any() else 0.0
    share = 1.0 - np.exp(-_SPREAD * np.where(np.isnan(span), usual, span) ** _POWER)
    return np.asarray(clear_sky(time, latitude, longitude) * share[place])


def _sun(time: Times, latitude: float, longitude: float) -> tuple[Floats, Floats, Floats]:
    """Return zenith and azimuth of the sun in degrees, and the day of the year.

    Of few days at equal distances they are put together of days that are remembered: all ways of
    the weather, all moments of an evaluation and all heat pumps of a site ask for the same ones.
    """
    if len(time) and bool((time == time[0]).all()):
        # Houses of a site that are followed now: the sun is over each at the same place.
        moment = _sun_of_moment(int(time[0]), latitude, longitude)
        zenith, azimuth, of_year = np.repeat(moment, len(time), axis=1)
        return zenith, azimuth, of_year
    day = round(_DAY) * MICROSECONDS
    step = int(time[1] - time[0]) if len(time) > 1 else 0
    whole = step > 0 and not day % step and bool((np.diff(time) == step).all())
    if not whole or len(time) * step > _SHORT * day:
        return _position(time, latitude, longitude)
    first, last = int(time[0]) // day, int(time[-1]) // day
    shift, before = int(time[0]) % step, int(time[0]) % day // step
    days = [
        _sun_of_day(number, step, shift, latitude, longitude) for number in range(first, last + 1)
    ]
    zenith, azimuth, of_year = np.concatenate(days, axis=1)[:, before : before + len(time)]
    return zenith, azimuth, of_year


@lru_cache(_REMEMBERED)
def _sun_of_day(day: int, step: int, shift: int, latitude: float, longitude: float) -> Floats:
    """Return what `_sun` does of a day at all its steps in µs, shape (3, n)."""
    length = round(_DAY) * MICROSECONDS
    time = day * length + shift + np.arange(0, length, step, dtype=np.int64)
    return np.stack(_position(time, latitude, longitude))


@lru_cache(_MOMENTS)
def _sun_of_moment(moment: int, latitude: float, longitude: float) -> Floats:
    """Return what `_sun` does of one moment in µs, shape (3, 1)."""
    return np.stack(_position(np.array([moment], dtype=np.int64), latitude, longitude))


def _position(time: Times, latitude: float, longitude: float) -> tuple[Floats, Floats, Floats]:
    from pvlib import spa

    seconds = np.asarray(time, dtype=np.float64) / MICROSECONDS
    found = spa.solar_position(
        seconds, latitude, longitude, _ALTITUDE, _PRESSURE / 100.0, _MILD, _DELTA_T, _REFRACTION
    )
    years = (np.asarray(time) * 1000).astype("datetime64[ns]")
    day = (years.astype("datetime64[D]") - years.astype("datetime64[Y]")).astype(np.float64) + 1.0
    return np.asarray(found[0]), np.asarray(found[4]), day
