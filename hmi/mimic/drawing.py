"""Place live values in the mimic: the number, its label, and its place in the normal range."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from heatpump_twin.hmi import texts
from heatpump_twin.hmi.elements.markup import Say
from heatpump_twin.hmi.heat_pump_model import HeatPumpModel, Variable

_STACKED_SIZE = 15.0
"""Size of the letters of a value below its label. [px]"""
_BAND_WIDTH, _BAND_HEIGHT = 84, 5


@dataclass(frozen=True, slots=True)
class Tag:
    """Place of a live value in the mimic."""

    point: str
    x: float
    y: float
    label: str = ""
    anchor: str = "start"
    major: bool = False
    minor: bool = False
    stacked: bool = False
    """The label stands above the value instead of before it."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """SVG drawing of fixed size that scales with its place."""

    width: int
    height: int
    css: str

    def render(
        self,
        unit: HeatPumpModel,
        parts: Sequence[str | None],
        tags: Sequence[Tag | None],
        say: Say,
    ) -> str:
        """Return the SVG of the mimic; tags of points that the heat pump lacks are left out."""
        shown = [
            _tag(tag, unit.variables[tag.point], say) + _band(tag, unit)
            for tag in tags
            if tag and tag.point in unit.variables
        ]
        return (
            f'<svg class="{self.css}" viewBox="0 0 {self.width} {self.height}" role="group" '
            f'aria-label="{escape(unit.name)}">'
            f"{''.join(part for part in parts if part)}{''.join(shown)}</svg>"
        )


def _band(tag: Tag, unit: HeatPumpModel) -> str:
    """Return the place of a value in its normal range, with what is expected of it.

    The page's script moves the mark, and the range of what is expected, where there is a model.
    """
    variable = unit.variables[tag.point]
    if variable.span is None or variable.states or tag.minor:
        return ""
    expected = unit.variables.get(f"expected_{tag.point}")
    half = unit.variables.get(f"expected_{tag.point}_uncertainty")
    x = tag.x - _BAND_WIDTH if tag.anchor == "end" else tag.x
    y = tag.y + (1.2 * _STACKED_SIZE if tag.stacked else 0) + _BAND_HEIGHT
    low, high = variable.span
    return (
        f'<g class="tag-band" data-band="{escape(variable.key)}" data-low="{low}" '
        f'data-high="{high}" data-width="{_BAND_WIDTH}" aria-hidden="true" '
        f'data-expected="{escape(expected.key) if expected else ""}" '
        f'data-half="{escape(half.key) if half else ""}">'
        f'<rect class="normal" x="{x}" y="{y}" width="{_BAND_WIDTH}" height="{_BAND_HEIGHT}"/>'
        f'<rect class="expected" data-x="{x}" x="{x}" y="{y}" width="0" height="{_BAND_HEIGHT}" '
        f'hidden/><rect class="now" x="{x}" y="{y - 2}" width="3" height="{_BAND_HEIGHT + 4}" '
        f"hidden/></g>"
    )


def _tag(tag: Tag, variable: Variable, say: Say) -> str:
    kind = "major" if tag.major else "minor" if tag.minor else ""
    label = f'<tspan class="l">{escape(say(tag.label))}</tspan>' if tag.label else ""
    place = f' x="{tag.x}" dy="1.2em"' if tag.stacked else ""
    unit = f'<tspan class="u" dx="3">{escape(variable.unit)}</tspan>' if variable.unit else ""
    return (
        f'<text class="v tag pending {kind}" x="{tag.x}" y="{tag.y}" text-anchor="{tag.anchor}" '
        f'role="button" tabindex="0" aria-label="{escape(variable.title)}" '
        f'data-faceplate="{escape(variable.key)}" '
        f'data-key="{escape(variable.key)}" data-title="{escape(variable.title)}"><title></title>'
        f'{label} <tspan class="n"{place}>{texts.LOADING}</tspan>'
        f'{unit}<tspan class="q" dx="2"></tspan></text>'
    )
