"""Draw the mimic: a heat pump as a process picture, with the parts that it reports about.

Drawn twice, wide for panels and tall for phones; the style sheet shows one of them. Greys only:
colour is left to what is abnormal (ISA-101).
"""

from __future__ import annotations

from heatpump_twin.hmi.elements.markup import Say
from heatpump_twin.hmi.heat_pump_model import HeatPumpModel
from heatpump_twin.hmi.mimic.equipment import Equipment
from heatpump_twin.hmi.mimic.tall import tall
from heatpump_twin.hmi.mimic.wide import wide


def mimic(unit: HeatPumpModel, say: Say) -> str:
    """Return the mimic of a heat pump as two SVG pictures."""
    # Both are in the page, since a phone may be turned: the style sheet chooses, without asking
    # the server.
    has = Equipment(unit)
    return wide(has, say) + tall(has, say)
