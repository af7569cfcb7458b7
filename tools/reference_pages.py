"""Write the reference pages in docs/ from the data; `--check` tells whether one is stale."""

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from heatpump_twin.config.catalogue import CATALOGUE, UNITS, PointKind, PointSpec, pascal_case
from heatpump_twin.drivers.modbus.profile.profile_files import load_profile, packaged_profiles

ROOT = Path(__file__).resolve().parent.parent
PACKS = ("heat-pump.yaml", "twin.yaml", "first-eight.yaml")
HEAD = """\
# Point list
Made by `tools/reference_pages.py` from `config/catalogue.yaml`. A heat pump has those points that
one of its devices offers or that can be computed from them; the site has those that follow from
its heat pumps and its tariff; the twin itself has all of its own. A NodeId is
`nsu=<the site's namespace>;s=<asset>.<id>`, for example `s=hp1.supply_temperature`,
`s=site.electrical_power` or `s=twin.disk_free`. Each point is recorded and can be read with
HistoryRead. [What the twin computes](computed-points.md) tells how.

A value that is partial, estimated or out of what it is made for is Uncertain and says so by its
status; what cannot be known is Bad. Ranges of the site's totals and prices are those of a small
site; a running twin fits them to the number of its heat pumps and to its tariff.
"""

ALARM_HEAD = """\
# Alarm list
Made by `tools/reference_pages.py` from `rules/packs`. A heat pump has those alarms whose points it
has; every twin has those of itself; those of *The first eight* a site has that names this pack
(`rules.packs`). The ConditionId of an alarm is
`nsu=<the site's namespace>;s=<asset>.alarms.<rule>`, for example `s=hp1.alarms.low_water_flow` or
`s=twin.alarms.disk_low`. Thresholds are engineering starting points; a pack of your own replaces
rules and events by their id.
"""

PROFILE_HEAD = """\
# Profile list
Made by `tools/reference_pages.py` from `drivers/modbus/profiles`. Devices that the twin knows.
*Points* are polled: two sources agree on them, unless only one is named. *Written*: those of them
that commands may write. *Not verified*: readings that one source has alone or that two dispute;
they are never polled or written, `hptwin profile check` says why, and `hptwin read --unverified`
shows them on the device. What else is open about a device stands under `unverified` in its file:
hardly any profile was tried on hardware.

[Commissioning](commissioning.md) tells how to find out which one fits and how to make your own.
"""


def value_range(spec: PointSpec) -> str:
    """Return the span, the states or the codes of a point as one cell."""
    if spec.kind is PointKind.TWO_STATE and spec.states:
        return f"false: {spec.states[0]}, true: {spec.states[1]}"
    if spec.flags:
        return "several at once: " + ", ".join(f"{c}: {text}" for c, text in spec.flags.items())
    if spec.kind is PointKind.MULTI_STATE:
        return ", ".join(f"{code}: {text}" for code, text in spec.codes.items())
    low, high = spec.range or (0, 0)
    return f"{low:g} … {high:g}"


def unit_text(spec: PointSpec) -> str:
    """Return the unit of a point as one cell."""
    if spec.currency:
        return f"currency/{UNITS[spec.per].symbol}" if spec.per else "currency"
    return UNITS[spec.unit].symbol if spec.unit else ""


def render_points() -> str:
    """Return the page of points."""
    types = {
        PointKind.ANALOG: "Double",
        PointKind.TWO_STATE: "Boolean",
        PointKind.MULTI_STATE: "Int32",
    }
    lines = [HEAD.rstrip()]
    for asset_type, points in CATALOGUE.items():
        lines += [
            "",
            f"## {asset_type}",
            "",
            "| BrowseName | id | type | unit | range or states | group | role | meaning |",
        ]
        lines += ["|---|---|---|---|---|---|---|---|"]
        for name, spec in points.items():
            lines.append(
                f"| {pascal_case(name)} | `{name}` | {types[spec.kind]} | {unit_text(spec)} | "
                f"{value_range(spec)} | {spec.group.value} | {spec.role.value} | {spec.text} |"
            )
    return "\n".join(lines) + "\n"


def render_alarms() -> str:
    """Return the page of alarms."""
    lines = [ALARM_HEAD]
    for pack in PACKS:
        content = yaml.safe_load((ROOT / "rules" / "packs" / pack).read_text("utf-8"))
        lines += [f"## {content['title']}", ""]
        lines += [
            "| rule | alarm | active when | normal when | delay | severity | class | "
            "likely cause | if nothing is done | what to do |"
        ]
        lines += ["|---|---|---|---|---|---|---|---|---|---|"]
        for rule in content["rules"]:
            lines.append(
                f"| `{rule['id']}` | {rule['title']} | {_condition(rule)} | {_return(rule)} | "
                f"{rule.get('delay', '–')} | {rule['severity']} | "
                f"{rule.get('class', 'equipment')} | {rule['cause']} | "
                f"{rule.get('consequence', '–')} | {rule['action']} |"
            )
        lines.append("")
        lines += _event_lines(content.get("events", ()))
    return "\n".join(lines)


def _condition(rule: Mapping[str, Any]) -> str:
    """Return when an alarm is raised, with what else must hold."""
    said = f"`{rule['when'].strip()}`"
    if "during" in rule:
        said += f" while `{rule['during'].strip()}`"
    return f"{said}, not with `{rule['suppressed_by']}`" if "suppressed_by" in rule else said


def _return(rule: Mapping[str, Any]) -> str:
    """Return when an alarm is back to normal."""
    after = f" for {rule['off_delay']}" if "off_delay" in rule else ""
    return f"`{rule['clear'].strip()}`{after}" if "clear" in rule else f"not that{after}"


def _event_lines(events: Iterable[Mapping[str, Any]]) -> list[str]:
    head = ["| event | begins | ends | while | delay |", "|---|---|---|---|---|"]
    lines = [
        f"| `{event['id']}` | {event['begins']} | {event['ends']} | `{event['while']}` | "
        f"{event.get('delay', '–')} |"
        for event in events
    ]
    return ["Events that are no alarms:", "", *head, *lines, ""] if lines else []


def render_profiles() -> str:
    """Return the page of profiles."""
    lines = [PROFILE_HEAD]
    lines += ["| profile | device | points | written | not verified | sources |"]
    lines += ["|---|---|---|---|---|---|"]
    for name in packaged_profiles():
        profile = load_profile(name)
        written = sum(point.write is not None for point in profile.points)
        lines.append(
            f"| `{name}` | {profile.title} | {len(profile.points)} | {written} | "
            f"{len(profile.unverified_points)} | {profile.source} |"
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the pages, or compare them."""
    pages = {
        "point-list.md": render_points(),
        "alarm-list.md": render_alarms(),
        "profile-list.md": render_profiles(),
    }
    for name, content in pages.items():
        page = ROOT / "docs" / name
        if "--check" not in sys.argv:
            page.write_text(content, "utf-8")
        elif page.read_text("utf-8") != content:
            sys.exit(f"{page} is stale: run tools/reference_pages.py")


main()
