"""Versions of calibrated models in the data directory: all are kept, one is promoted.

``models/calibration/hp1/0003.json`` is the third; ``promoted.json`` beside it lists which were put
to use, the latest last, so that a rollback knows what was before. Machine and house are put to use
each by its own evidence, and may be of different versions.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from heatpump_twin.config.durable_file import write_private
from heatpump_twin.config.settings import HeatPump
from heatpump_twin.twin_engine.errors import CalibrationError
from heatpump_twin.twin_engine.model.calibration.calibration_card import (
    CalibrationCard,
    card_of,
    write_card,
)
from heatpump_twin.twin_engine.model.simulation.house_section import HouseSection

FOLDER = "calibration"
_PROMOTED = "promoted.json"


class VersionsInUse(BaseModel):
    """Numbers of the versions whose machine and whose house are in use."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    machine: int = 0
    """0: the plate alone."""
    house: int = 0
    """0: none; a simulation learns it anew."""


class PromotedVersions(BaseModel):
    """What was put to use, in this order."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    versions: tuple[VersionsInUse, ...] = ()

    @field_validator("versions", mode="before")
    @classmethod
    def _numbers(cls, found: object) -> object:
        # Before houses were kept a number was the version of the machine.
        if not isinstance(found, list | tuple):
            return found
        return [{"machine": one} if isinstance(one, int) else one for one in found]


class ModelVersions:
    """Versions of the calibrated model of one heat pump."""

    def __init__(self, models: Path, heat_pump: str) -> None:
        self.folder = models / FOLDER / heat_pump

    @property
    def numbers(self) -> list[int]:
        """Numbers of all versions that there are."""
        return sorted(int(p.stem) for p in self.folder.glob("[0-9]*.json") if p.stem.isdigit())

    @property
    def promoted(self) -> int | None:
        """Number of the version whose machine is in use; None: the plate alone."""
        return self._latest().machine or None

    @property
    def house(self) -> int | None:
        """Number of the version whose house is in use; None: there is none."""
        return self._latest().house or None

    def path(self, number: int) -> Path:
        """Return where a version lies."""
        return self.folder / f"{number:04d}.json"

    def card(self, number: int) -> CalibrationCard:
        """Return the card of a version; raise `CalibrationError` where it cannot be read."""
        return card_of(self.path(number))

    def keep(self, card: CalibrationCard) -> int:
        """Keep a card as a new version, which is not in use yet; return its number."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        number = max(self.numbers, default=0) + 1
        write_card(self.path(number), card)
        return number

    def promote(self, number: int, *, machine: bool = True, house: bool = False) -> None:
        """Put machine or house of a version to use, or both."""
        latest = self._latest()
        found = VersionsInUse(
            machine=number if machine else latest.machine,
            house=number if house else latest.house,
        )
        self._write((*self._history().versions, found))

    def roll_back(self) -> int | None:
        """Put to use what was before; return whose machine that is. None: the plate alone.

        Raises
        ------
        CalibrationError
            No version is in use.
        """
        versions = self._history().versions
        if not versions:
            raise CalibrationError(
                f"{self.folder.name}: no calibrated model is in use, so there is none to take back"
            )
        self._write(versions[:-1])
        return self.promoted

    def _latest(self) -> VersionsInUse:
        versions = self._history().versions
        return versions[-1] if versions else VersionsInUse()

    def _history(self) -> PromotedVersions:
        path = self.folder / _PROMOTED
        try:
            return PromotedVersions.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return PromotedVersions()
        except (OSError, ValidationError) as error:
            raise CalibrationError(
                f"{path} cannot be read: remove it to go on with the plate alone"
            ) from error

    def _write(self, versions: tuple[VersionsInUse, ...]) -> None:
        text = PromotedVersions(versions=versions).model_dump_json()
        write_private(self.folder / _PROMOTED, text + "\n")


def card_in_use(models: Path, heat_pump: HeatPump) -> CalibrationCard | None:
    """Return the card of the model in use of a heat pump; None: the plate alone.

    Raises
    ------
    CalibrationError
        It cannot be read, or it is of something else: a model of the emulated plant is not used on
        a real machine, nor the other way round, nor that of another plate.
    """
    versions = ModelVersions(models, heat_pump.id)
    number = versions.promoted
    return None if number is None else _usable(versions, number, heat_pump)


def house_in_use(models: Path, heat_pump: HeatPump) -> tuple[int, HouseSection] | None:
    """Return version and house in use of a heat pump; None: there is none.

    Raises
    ------
    CalibrationError
        As `card_in_use`.
    """
    versions = ModelVersions(models, heat_pump.id)
    number = versions.house
    if number is None:
        return None
    house = _usable(versions, number, heat_pump).house
    return None if house is None else (number, house)


def _usable(versions: ModelVersions, number: int, heat_pump: HeatPump) -> CalibrationCard:
    card = versions.card(number)
    if (card.connection == "emulated") != heat_pump.emulated:
        here = "emulated" if heat_pump.emulated else "real"
        raise CalibrationError(
            f"{heat_pump.id}: version {number} of its model was learnt on a machine that is "
            f"{card.connection}, and this one is {here}: it is not used; hptwin calibrate makes "
            "another, --rollback takes the one before"
        )
    if card.plate.heating != heat_pump.plate.heating:
        raise CalibrationError(
            f"{heat_pump.id}: version {number} of its model belongs to another plate "
            f"({card.machine}): it is not used; hptwin calibrate makes another"
        )
    return card
