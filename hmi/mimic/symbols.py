"""Draw the symbols of the mimic, after ISO 10628-2 and ISO 14617, as SVG."""

from __future__ import annotations

from html import escape

from heatpump_twin.hmi.heat_pump_model import Variable

XY = tuple[float, float]


def line(css: str, *points: XY) -> str:
    """Draw a pipe or a wire."""
    path = " ".join(f"{x},{y}" for x, y in points)
    return f'<polyline class="pipe {css}" points="{path}"/>'


def crossing(x: float, y: float, *, vertical: bool = False) -> str:
    """Leave a gap in the pipe below, so that two crossing pipes do not look joined."""
    size = (8, 18) if vertical else (18, 8)
    return (
        f'<rect class="gap" x="{x - size[0] / 2}" y="{y - size[1] / 2}" '
        f'width="{size[0]}" height="{size[1]}"/>'
    )


def box(x: float, y: float, width: float, height: float, label: str) -> str:
    """Draw a housing."""
    return (
        f'<rect class="housing" x="{x}" y="{y}" width="{width}" height="{height}" rx="6"/>'
        f'<text class="part" x="{x + 12}" y="{y + 22}">{escape(label)}</text>'
    )


def fan(x: float, y: float, radius: float, state: Variable | None) -> str:
    """Draw a fan with four blades."""
    r = radius * 0.82
    blades = "".join(
        f'<path d="M{x} {y}c{r * 0.1} {-r * 0.5} {r * 0.6} {-r * 0.8} {r * 0.55} {-r * 0.75}'
        f's{r * 0.1} {r * 0.7} {-r * 0.55} {r * 0.75}z" transform="rotate({angle} {x} {y})"/>'
        for angle in (0, 90, 180, 270)
    )
    return f'<g {_symbol(state)}><circle cx="{x}" cy="{y}" r="{radius}"/>{blades}</g>'


def coil(x: float, y: float, height: float) -> str:
    """Draw a finned coil from top to bottom."""
    steps = 6
    sides = [0, *(12 if i % 2 else -12 for i in range(1, steps)), 0]
    points = [(x + side, y + height * i / steps) for i, side in enumerate(sides)]
    path = " ".join(f"{px},{py:.1f}" for px, py in points)
    return f'<polyline class="coil" points="{path}"/>'


def compressor(x: float, y: float, radius: float, state: Variable | None) -> str:
    """Draw a compressor: a circle with two converging lines."""
    a, b = radius * 0.82, radius * 0.35
    return (
        f'<g {_symbol(state)}><circle cx="{x}" cy="{y}" r="{radius}"/>'
        f'<path class="mark" d="M{x - b * 1.2} {y - a * 1.05}L{x + a} {y - b}'
        f'M{x - b * 1.2} {y + a * 1.05}L{x + a} {y + b}"/></g>'
    )


def pump(x: float, y: float, radius: float, state: Variable | None) -> str:
    """Draw a pump that pushes to the left: the return pipe runs that way."""
    a = radius * 0.95
    return (
        f'<g {_symbol(state)}><circle cx="{x}" cy="{y}" r="{radius}"/>'
        f'<path class="mark" d="M{x} {y - a}L{x - a} {y}L{x} {y + a}"/></g>'
    )


def expansion_valve(x: float, y: float) -> str:
    """Draw an expansion valve."""
    return (
        f'<g class="symbol"><path d="M{x - 12} {y - 9}L{x + 12} {y + 9}'
        f'V{y - 9}L{x - 12} {y + 9}z"/></g>'
    )


def three_way_valve(x: float, y: float) -> str:
    """Draw a three-way valve with its free port down."""
    return (
        f'<g class="symbol"><path d="M{x} {y}l-13 -9v18zM{x} {y}l13 -9v18zM{x} {y}l-9 13h18z"/></g>'
    )


def exchanger(x: float, y: float, width: float, height: float, label: str) -> str:
    """Draw a plate heat exchanger."""
    caption = (
        f'<text class="part" x="{x + width / 2}" y="{y + height + 22}" text-anchor="middle">'
        f"{escape(label)}</text>"
        if label
        else ""
    )
    return (
        f'<g class="symbol"><rect x="{x}" y="{y}" width="{width}" height="{height}"/>'
        f'<path class="mark" d="M{x} {y + height}L{x + width} {y}"/></g>{caption}'
    )


def source_loop(x: float, y: float, width: float, height: float, label: str) -> str:
    """Draw the circuit of a source that is not air: brine or ground water, from top to bottom.

    It lies between the ends of its pipes at ``x + width``, and its label beside the coil.
    """
    right, bottom = x + width, y + height
    return (
        line("source in", (x, y), (right, y))
        + coil(x, y, height)
        + line("source out", (x, bottom), (right, bottom))
        + f'<text class="part" x="{x + 24}" y="{y + height / 2 + 5}">{escape(label)}</text>'
    )


def buffer(x: float, y: float, width: float, height: float) -> str:
    """Draw the store of heating water, through which both pipes run."""
    return (
        f'<g class="symbol"><rect x="{x}" y="{y}" width="{width}" height="{height}" '
        f'rx="{min(width, height) * 0.3:.1f}"/></g>'
    )


def meter(x: float, y: float) -> str:
    """Draw a heat meter in a pipe."""
    return (
        f'<g class="symbol"><circle cx="{x}" cy="{y}" r="15"/>'
        f'<text class="letter" x="{x}" y="{y + 5}" text-anchor="middle">Q</text></g>'
    )


def heater(x: float, y: float, state: Variable | None) -> str:
    """Draw an electric heater in a pipe."""
    return (
        f'<g {_symbol(state)}><rect x="{x - 22}" y="{y - 13}" width="44" height="26"/>'
        f'<path class="mark" d="M{x - 16} {y}h6l4 -8l6 16l6 -16l4 8h6"/></g>'
    )


def tank(x: float, y: float, width: float, height: float, state: Variable | None) -> str:
    """Draw a hot water tank with its coil."""
    coils = "".join(
        f'<ellipse cx="{x + width / 2}" cy="{y + height * (0.3 + 0.15 * i):.1f}" '
        f'rx="{width * 0.28}" ry="5"/>'
        for i in range(4)
    )
    return (
        f"<g {_symbol(state)}>"
        f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="{width * 0.32}"/>'
        f'<g class="mark">{coils}</g></g>'
    )


def building(x: float, y: float, width: float, height: float, label: str) -> str:
    """Draw a house."""
    eave = y + height * 0.26
    text = (
        f'<text class="part" x="{x + width / 2}" y="{eave - 8}" text-anchor="middle">'
        f"{escape(label)}</text>"
    )
    return (
        f'<path class="housing" d="M{x} {eave}L{x + width / 2} {y}L{x + width} {eave}'
        f'V{y + height}H{x}z"/>{text if label else ""}'
    )


def radiator(x: float, y: float, ribs: int, height: float) -> str:
    """Draw a radiator."""
    shapes = "".join(
        f'<rect x="{x + 14 * i}" y="{y}" width="10" height="{height}" rx="4"/>' for i in range(ribs)
    )
    return f'<g class="symbol">{shapes}</g>'


def defrost(x: float, y: float, state: Variable | None, label: str) -> str | None:
    """Write a notice that appears only while the coil is being defrosted."""
    if state is None:
        return None
    return (
        f'<g class="notice" data-on="{escape(state.key)}"><rect x="{x}" y="{y - 8}" width="92" '
        f'height="24" rx="4"/><text x="{x + 46}" y="{y + 9}" text-anchor="middle">'
        f"❄ {escape(label)}</text></g>"
    )


def _symbol(state: Variable | None) -> str:
    """Return the attributes of a symbol with a state, which is unknown until the page knows it."""
    # A heat pump that does not report the state: neither running nor stopped may be shown.
    if state is None:
        return 'class="symbol stateless"'
    # The script switches the symbol by this key: the drawing itself is sent once.
    return (
        f'class="symbol unknown" role="button" tabindex="0" data-on="{escape(state.key)}" '
        f'data-faceplate="{escape(state.key)}" '
        f'data-title="{escape(state.title)}" aria-label="{escape(state.title)}"'
    )
