"""The terms of the two forms that the electrical power of a machine can have.

======================  =========================================================================
form                    electrical power
======================  =========================================================================
share of Carnot         prior · exp(Σ θ·φ), φ: level, water, load, load², ice, stored heat, and
                        straight pieces over the temperature of the source
constant loss           θ₀ + heat · (θ₁ + θ₂·lift/T_c + θ₃·ice), as a share of the prior
======================  =========================================================================

The first follows from ln η, the share of the Carnot COP that a machine reaches; the second fits
machines whose inverter or compressor loses the same at any load. Which it is, held-out data say.
"""

from __future__ import annotations

import numpy as np

from heatpump_twin.drivers.frame import Values
from heatpump_twin.twin_engine.model.machine.operating_points import OperatingPoints

SHARE_TERMS = (
    "level",
    "water",
    "load",
    "load squared",
    "ice",
    "stored heat",
    "source",
)
KNOTS = (-8.0, -4.0, -1.0, 2.0, 5.0, 8.0, 12.0)
"""Source temperatures at which the slope may change: a plate's points near freezing have the loss
by frost in them, and the curve between them is no straight line. [°C]"""
LOSS_TERMS = ("constant loss", "without lift", "with lift", "ice", "stored heat")
TERMS = len(SHARE_TERMS) + len(KNOTS)
"""Coefficients of the longer form; the other's vector is filled up with zeros."""

_KNOTS = np.array(KNOTS)
_REFERENCE_SOURCE, _REFERENCE_WATER, _REFERENCE_LOAD = 7.0, 35.0, 0.6
_TEN_KELVIN = 10.0
_STORAGE = 1e5
"""Heat stored in pipes and exchanger for each kelvin, that a coefficient of 1 means. [J/K]"""
_KELVIN = 273.15
_APPROACHES = 9.0
"""Condensing above leaving water and evaporating below the source, together. [K]"""
_CONDENSER = 3.0
LOAD_SPAN = (0.02, 1.6)
"""Heat over rated capacity beyond which no form is asked. [-]"""

SHARE_SPREAD = np.array([0.15, 0.1, 0.4, 0.6, 0.15, 1.0, 0.1, *(0.1 for _ in KNOTS)])
"""Prior standard deviation of the coefficients: most machines are within 15 % of their plate."""
LOSS_SPREAD = np.array([0.1, 0.1, 0.6, 0.05, 1.0])
"""The same of the other form, whose prior mean is what fits the plate best."""


def share_terms(at: OperatingPoints, rated: Values, span: Values) -> Values:
    """Return φ of the form with a share of Carnot: (n, TERMS).

    Parameters
    ----------
    rated : array-like
        Capacity. [W]
    span : array-like
        Lowest and highest load that the form was fitted on, (..., 2): a square runs away beyond.
    """
    load = np.clip(at.heat / rated, span[..., 0], span[..., 1]) - _REFERENCE_LOAD
    source = np.minimum(np.maximum(at.source, -25.0), 25.0)
    parts: tuple[Values, ...] = (
        np.asarray(1.0),
        (at.water - _REFERENCE_WATER) / _TEN_KELVIN,
        load,
        load**2,
        at.frost,
        _stored(at, rated),
        (source - _REFERENCE_SOURCE) / _TEN_KELVIN,
    )
    # In place: for one machine, putting arrays together takes longer than computing them.
    terms = np.empty((*np.broadcast_shapes(*(np.shape(part) for part in parts)), TERMS))
    for term, part in enumerate(parts):
        terms[..., term] = part
    bent = np.maximum(np.asarray(source)[..., np.newaxis] - _KNOTS, 0.0)
    terms[..., len(SHARE_TERMS) :] = bent / _TEN_KELVIN
    return terms


def loss_terms(at: OperatingPoints, rated: Values, prior: Values) -> Values:
    """Return ψ of the form with a constant loss, over the prior power in W: (n, TERMS)."""
    heat = np.clip(at.heat, LOAD_SPAN[0] * rated, LOAD_SPAN[1] * rated)
    lift = np.maximum(at.water - at.source + _APPROACHES, 10.0)
    carnot = lift / (at.water + _CONDENSER + _KELVIN)
    share = heat / prior
    terms = (rated / prior, share, share * carnot, share * at.frost, _stored(at, rated))
    zero = np.zeros(np.shape(share))
    return np.stack([*terms, *(zero for _ in range(TERMS - len(terms)))], axis=-1)


def _stored(at: OperatingPoints, rated: Values) -> Values:
    # Little heat is not divided by: in the first seconds of a run the term would run away.
    return _STORAGE * at.warming / np.maximum(at.heat, 0.1 * rated)
