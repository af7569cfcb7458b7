"""The master alarm database of a site (ISA-18.2, 6.2.8): each alarm with why it is there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields

from heatpump_twin.config.catalogue import TWIN, PointTable
from heatpump_twin.config.settings import Site
from heatpump_twin.rules.engine import RuleEngine
from heatpump_twin.rules.pack import Pack
from heatpump_twin.rules.schema import Rule
from heatpump_twin.safekeeping.csv_text import csv_text
from heatpump_twin.twin_engine.alarm import priority


@dataclass(frozen=True, slots=True)
class MasterAlarm:
    """One alarm of one asset, as it is configured."""

    alarm: str
    asset: str
    rule: str
    pack: str
    title: str
    priority: str
    severity: int
    category: str
    condition: str
    returns: str
    while_: str
    delay: str
    off_delay: str
    suppressed_by: str
    health: str
    cause: str
    consequence: str
    action: str
    inputs: str


def master_alarms(packs: Sequence[Pack], site: Site, table: PointTable) -> list[MasterAlarm]:
    """Return every alarm that can occur on a site, by asset and rule."""
    rules: dict[tuple[str, str], tuple[Rule, str]] = {}
    for pack in packs:
        for rule in pack.rules:
            kind = TWIN if rule.asset == TWIN else ""
            rules[kind, rule.id] = rule, pack.source.name
    alarms = []
    for alarm in RuleEngine(packs, site, table).definitions():
        rule, source = rules[TWIN if alarm.asset == TWIN else "", alarm.rule]
        alarms.append(
            MasterAlarm(
                alarm=alarm.key,
                asset=alarm.asset,
                rule=alarm.rule,
                pack=source,
                title=alarm.title,
                priority=priority(alarm.severity),
                severity=alarm.severity,
                category=alarm.category,
                condition=rule.when.text,
                returns=rule.clear.text if rule.clear else "",
                while_=rule.during.text if rule.during else "",
                delay=rule.delay.text,
                off_delay=rule.off_delay.text,
                suppressed_by=rule.suppressed_by or "",
                health=alarm.health,
                cause=alarm.cause,
                consequence=alarm.consequence,
                action=alarm.action,
                inputs=" ".join(alarm.inputs),
            )
        )
    return sorted(alarms, key=lambda alarm: alarm.alarm)


def master_as_csv(alarms: Iterable[MasterAlarm]) -> str:
    """Return the alarms as CSV."""
    names = [field.name for field in fields(MasterAlarm)]
    titles = [name.rstrip("_") for name in names]
    return csv_text([titles, *([getattr(alarm, name) for name in names] for alarm in alarms)])
