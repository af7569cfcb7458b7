"""Draw what a variable did in the last hour, small, with its lowest and highest average."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from heatpump_twin.config.translations import Language
from heatpump_twin.hmi import texts
from heatpump_twin.hmi.heat_pump_model import Variable
from heatpump_twin.hmi.presentation import decimals, number_text

_HEIGHT = 40


def course(language: Language, variable: Variable, values: Sequence[float | None]) -> str:
    """Return the drawing of averages at equal distances, broken where there is none."""
    known = [value for value in values if value is not None]
    if not known:
        return f'<p class="calm">{escape(language.words(texts.TREND_EMPTY))}</p>'
    low, high = min(known), max(known)
    least = abs(variable.span[1] - variable.span[0]) / 20 if variable.span else 0.0
    # Noise must not look like a swing: the drawing spans a twentieth of the normal range.
    middle, half = (low + high) / 2, max((high - low) / 2, least / 2, 1e-9)
    places = decimals(variable)
    lowest, highest = (number_text(end, places, language.decimal) for end in (low, high))
    said = language.words(texts.last_hour(lowest, highest, variable.unit)).rstrip()
    return (
        f'<svg class="course" viewBox="0 0 {len(values)} {_HEIGHT}" preserveAspectRatio="none" '
        f'role="img" aria-label="{escape(said)}">'
        f'<path d="{_path(values, middle, half)}"/></svg><p class="calm">{escape(said)}</p>'
    )


def _path(values: Sequence[float | None], middle: float, half: float) -> str:
    parts: list[str] = []
    gap = True
    for at, value in enumerate(values):
        if value is None:
            gap = True
            continue
        y = _HEIGHT / 2 - (value - middle) / half * (_HEIGHT / 2 - 1)
        # A single value between two gaps is seen, too.
        parts.append(f"M{at + 0.5} {y:.2f}h.01" if gap else f"L{at + 0.5} {y:.2f}")
        gap = False
    return "".join(parts)
