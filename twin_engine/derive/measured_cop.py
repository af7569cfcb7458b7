"""Compute the momentary COP and its quality."""

from __future__ import annotations

import math
from collections.abc import Mapping

from heatpump_twin.config.catalogue import CATALOGUE, HEAT_PUMP, Span
from heatpump_twin.drivers.status import BAD_NO_DATA
from heatpump_twin.twin_engine.derive.derived_inputs import Chosen
from heatpump_twin.twin_engine.derive.steadiness import Steadiness
from heatpump_twin.twin_engine.quality import at_least_uncertain, limited, worst
from heatpump_twin.twin_engine.sample import Sample, sample_of

COP_SPAN: Span = CATALOGUE[HEAT_PUMP]["cop"].range or (0.0, 8.0)
"""A ratio beyond this is an artefact of the moment. [-]"""
COP_FLOOR = 100.0
"""Electrical power below which no COP is Good. [W]"""
NO_POWER = 1.0
"""Electrical power that a meter cannot tell from none. [W]"""


def measured_cop(
    steadiness: Steadiness,
    heat: Sample,
    power: Sample,
    compressor: Sample,
    water: Chosen,
    defrost: Mapping[str, Sample],
) -> Sample:
    """Return heat over electrical power: Good only after five steady minutes. [-]"""
    used = (heat, power, compressor, *defrost.values())
    if any(sample.bad for sample in used):
        # Begun anew: what happened while a sensor was away is not known to have been steady.
        steadiness.update(0, running=False, supply=math.nan)
        return sample_of(math.nan, *used)
    # A defrost takes heat from the water: the ratio is negative or tiny, and right after it far
    # too large.
    running = bool(compressor.value) and not any(sample.value for sample in defrost.values())
    newest = max(sample.time for sample in used)
    steady = steadiness.update(newest, running, water.samples[0].value)
    # Asked after `steadiness` has seen the sample, which must know of each.
    # At rest there is no ratio: pump and standby over what is left in the condenser is none.
    if power.value < NO_POWER or not compressor.value:
        return Sample(math.nan, BAD_NO_DATA, newest)
    status = worst(sample.status for sample in used)
    if not steady or power.value < COP_FLOOR:
        status = at_least_uncertain(status)
    return Sample(*limited(heat.value / power.value, status, COP_SPAN), newest)
