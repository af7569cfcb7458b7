"""SPF by the boundaries of SEPEMO: H1 the unit, H2 with its source, H3 with the backup, H4 all.

One meter in front of a heat pump measures H4. H1, H2 and H3 leave out what is behind the meter and
not theirs: the circulation pump of the building by its plate, and heaters, which no plate tells.

References
----------
A. Zottl, R. Nordman, M. Miara, "Benchmarking method of seasonal performance", SEPEMO-Build D4.4,
2012.
"""

from __future__ import annotations

from heatpump_twin.twin_engine.kpi.figure import Figure, missing, ratio

_NAMES = ("SPF H1", "SPF H2", "SPF H3", "SPF H4")


def spf_figures(
    heat: Figure, electricity: Figure, pump: float, *, heater_used: bool, heater_known: bool
) -> list[Figure]:
    """Return SPF H1 to H4.

    Parameters
    ----------
    pump : float
        Electricity of the building's pump by its plate. [kWh]
    heater_used, heater_known : bool
        Whether a heater was on in the period; whether the machine tells.
    """
    without = electricity._replace(
        value=electricity.value - pump,
        # The plate's pump is at full speed: it took between nothing and all of this.
        low=electricity.low - pump,
        doubts=(*electricity.doubts, "pump by its plate"),
    )
    h3 = ratio(_NAMES[2], heat, without)
    h4 = ratio(_NAMES[3], heat, electricity)
    if not heater_known:
        h4 = h4._replace(doubts=(*h4.doubts, "whether a heater is behind the meter is not told"))
    if heater_used:
        why = "the heater has no meter of its own"
        return [missing(name, "1", why) for name in _NAMES[:2]] + [h3, h4]
    # A fan, or the pump of a source, is in the unit and behind its meter: H1 is H2 for us.
    h1 = ratio(_NAMES[0], heat, without)
    h1 = h1._replace(doubts=(*h1.doubts, "fan or source pump not metered: as H2"))
    return [h1, ratio(_NAMES[1], heat, without), h3, h4]
