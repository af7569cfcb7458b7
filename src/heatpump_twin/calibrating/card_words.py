"""A card of a calibrated model in words, for a person at the command line."""

from __future__ import annotations

from collections.abc import Iterator

from heatpump_twin.twin_engine.model.calibration.calibration_card import CalibrationCard
from heatpump_twin.twin_engine.model.simulation.house_section import HouseSection


def card_words(card: CalibrationCard) -> Iterator[str]:
    """Yield the lines that tell what a card says."""
    span, others = card.fitted, card.model.others
    yield (
        f"{card.heat_pump}: {card.machine}, {card.connection}; {span.start} to {span.end}, "
        f"steps of {span.step:g} s, {span.periods} steady periods; heat is {card.heat}"
    )
    yield f"form: {card.model.form}; taken: " + ", ".join(f"{q} {p}" for q, p in card.taken.items())
    if span.left_out:
        yield f"left out: {span.left_out}"
    yield from _errors(card)
    if card.model.form != "plate":
        yield f"{'coefficient':<22}{'value':>9}  90 % interval        told by the data"
        for part in card.model.parameters:
            interval = f"{part.lower:+.3f} to {part.upper:+.3f}"
            yield f"{part.name:<22}{part.value:>+9.3f}  {interval:<20} {part.told:.0%}"
    yield (
        f"at rest {others.standby:.0f} W, with moving water {others.circulating:.0f} W; a start "
        f"{others.start:+.0f} Wh ({others.starts_seen} seen); a defrost "
        f"{others.defrost_power:.0f} W and {others.defrost_heat:.0f} W of heat for "
        f"{others.defrost_minutes:.1f} min "
        f"({others.defrosts_seen} seen); {card.model.capacity[0]:.0f} W at A7/W35"
    )
    if card.house is not None:
        yield from _house(card.house)
    for missing in card.missing:
        yield f"missing: {missing.sensor}: {missing.consequence}"
    for words in card.cannot_know:
        yield f"it cannot know {words}"


def _house(house: HouseSection) -> Iterator[str]:
    held = house.held_out
    room = "" if held.room is None else f"room {held.room:.2f} K, "
    yield (
        f"house: {house.structure}, loss {house.loss:.0f} W/K, {house.days:.0f} days from "
        f"{house.start[:10]}; on {held.days} days that its fit had not seen: {room}heat of a day "
        f"{held.heat:.0%}, electricity {held.power:.0%} (root mean square)"
    )


def _errors(card: CalibrationCard) -> Iterator[str]:
    held_out = card.held_out
    told = {
        "COP of steady periods": held_out.cop,
        "COP of runs": held_out.cop_of_runs,
        "power of the form not chosen": held_out.other_form,
        "power by the plate alone": held_out.plate,
        "a day's electricity": held_out.daily_electricity,
    }
    known = [f"{name} {value:.1%}" for name, value in told.items() if value is not None]
    if held_out.power is not None:
        known.append(f"power of a step {held_out.power:.0f} W")
    if held_out.supply is not None:
        known.append(f"supply temperature by the electricity alone {held_out.supply:.1f} K")
    if held_out.coverage is not None:
        known.append(f"{held_out.coverage:.0%} inside the 90 % interval")
    yield "mean errors on unseen days: " + ", ".join(known)
