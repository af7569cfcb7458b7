"""Write docs/point-list.md from the point catalogue; `--check` tells whether it is stale."""

import sys
from pathlib import Path

from heatpump_twin.config.catalogue import CATALOGUE, UNITS, Kind, PointSpec, pascal_case

TARGET = Path(__file__).resolve().parent.parent / "docs" / "point-list.md"
HEAD = """\
# Point list
Made by `tools/point_list.py` from `config/catalogue.yaml`. A heat pump has those points that one of
its devices offers or that can be computed from them. The NodeId of a point is
`ns=<urn:heatpump-twin:site>;s=<heat pump>.<id>`, for example `s=hp1.supply_temperature`. Each
point is recorded and can be read with HistoryRead.
"""


def value_range(spec: PointSpec) -> str:
    """Return the span, the states or the codes of a point as one cell."""
    if spec.kind is Kind.TWO_STATE and spec.states:
        return f"false: {spec.states[0]}, true: {spec.states[1]}"
    if spec.kind is Kind.MULTI_STATE:
        return ", ".join(f"{code}: {text}" for code, text in spec.enum.items())
    low, high = spec.range or (0, 0)
    return f"{low:g} … {high:g}"


def render() -> str:
    """Return the whole page."""
    types = {Kind.ANALOG: "Double", Kind.TWO_STATE: "Boolean", Kind.MULTI_STATE: "Int32"}
    lines = [HEAD]
    for asset_type, points in CATALOGUE.items():
        lines += [
            f"## {asset_type}",
            "",
            "| BrowseName | id | type | unit | range or states | group | role | meaning |",
        ]
        lines += ["|---|---|---|---|---|---|---|---|"]
        for name, spec in points.items():
            unit = UNITS[spec.unit].symbol if spec.unit else ""
            lines.append(
                f"| {pascal_case(name)} | `{name}` | {types[spec.kind]} | {unit} | "
                f"{value_range(spec)} | {spec.group.value} | {spec.role.value} | {spec.text} |"
            )
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the page, or compare it."""
    if "--check" not in sys.argv:
        TARGET.write_text(render(), "utf-8")
    elif TARGET.read_text("utf-8") != render():
        sys.exit(f"{TARGET} is stale: run tools/point_list.py")


main()
