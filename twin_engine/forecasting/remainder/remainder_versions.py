"""Versions of learnt remainders in the data directory: all are kept, one is promoted.

``models/remainder/hp1/0003.onnx`` and ``0003.card.json`` are the third; ``promoted.json`` beside
them lists which were put to use, the latest last, so that a rollback knows what was before.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from heatpump_twin.config.durable_file import write_private
from heatpump_twin.twin_engine.errors import ForecastError
from heatpump_twin.twin_engine.forecasting.remainder.remainder_card import RemainderCard
from heatpump_twin.twin_engine.forecasting.remainder.remainder_model import (
    RemainderModel,
    read_remainder_card,
)

REMAINDERS = "remainder"
"""Folder of learnt remainders, beneath that of models."""
_PROMOTED = "promoted.json"
_CARD = ".card.json"


class PromotedRemainders(BaseModel):
    """What was put to use, in this order."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    versions: tuple[int, ...] = ()


class RemainderVersions:
    """Versions of the learnt remainder of one heat pump."""

    def __init__(self, models: Path, heat_pump: str) -> None:
        self.folder = models / REMAINDERS / heat_pump
        self._heat_pump = heat_pump

    @property
    def numbers(self) -> list[int]:
        """Numbers of all versions that there are."""
        found = (path.stem for path in self.folder.glob("[0-9]*.onnx"))
        return sorted(int(stem) for stem in found if stem.isdigit())

    @property
    def promoted(self) -> int | None:
        """Number of the version in use; None: there is none."""
        history = self._history()
        return history[-1] if history else None

    def card(self, number: int) -> RemainderCard:
        """Return the card of a version; raise `ForecastError` where it cannot be used."""
        return read_remainder_card(self.folder / f"{number:04d}{_CARD}")

    def model(self, number: int) -> RemainderModel:
        """Return a version as it is run.

        Raises
        ------
        ForecastError
            It is gone, has no card, or is not the one of its card.
        """
        card = self.card(number)
        path = self.folder / f"{number:04d}.onnx"
        try:
            return RemainderModel(path.read_bytes(), card)
        except OSError as error:
            raise ForecastError(f"{path}: {error.strerror}; hptwin train makes another") from error

    def keep(self, content: bytes, card: RemainderCard) -> int:
        """Keep a model as a new version, which is not in use yet; return its number."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        number = max(self.numbers, default=0) + 1
        # The card last: what was broken off has none, and is left out.
        write_private(self.folder / f"{number:04d}.onnx", content)
        text = card.model_dump_json(indent=1) + "\n"
        write_private(self.folder / f"{number:04d}{_CARD}", text)
        return number

    def promote(self, number: int) -> None:
        """Put a version to use; raise `ForecastError` where it cannot be run."""
        if number not in self.numbers:
            known = ", ".join(map(str, self.numbers)) or "none"
            raise ForecastError(
                f"{self._heat_pump}: there is no version {number} of a learnt remainder; there "
                f"are: {known}"
            )
        self.model(number)
        self._write((*self._history(), number))

    def roll_back(self) -> int | None:
        """Put to use what was before; return its number. None: nothing was.

        Raises
        ------
        ForecastError
            No version is in use.
        """
        history = self._history()
        if not history:
            raise ForecastError(
                f"{self._heat_pump}: no learnt remainder is in use, so there is none to take back"
            )
        self._write(history[:-1])
        return self.promoted

    def _history(self) -> tuple[int, ...]:
        path = self.folder / _PROMOTED
        try:
            return PromotedRemainders.model_validate_json(path.read_bytes()).versions
        except FileNotFoundError:
            return ()
        except (OSError, ValidationError) as error:
            raise ForecastError(
                f"{path} cannot be read: remove it to go on without a learnt remainder"
            ) from error

    def _write(self, versions: tuple[int, ...]) -> None:
        text = PromotedRemainders(versions=versions).model_dump_json()
        write_private(self.folder / _PROMOTED, text + "\n")


def remainder_in_use(
    models: Path, heat_pump: str, *, base: str, emulated: bool
) -> RemainderModel | None:
    """Return the learnt remainder in use of a heat pump; None: there is none.

    Raises
    ------
    ForecastError
        It cannot be run, or as `require_usable`.
    """
    versions = RemainderVersions(models, heat_pump)
    number = versions.promoted
    if number is None:
        return None
    found = versions.model(number)
    require_usable(found.card, number, heat_pump, base=base, emulated=emulated)
    return found


def require_usable(
    card: RemainderCard, number: int, heat_pump: str, *, base: str, emulated: bool
) -> None:
    """Raise `ForecastError` where a version was learnt elsewhere, or of another base.

    What was learnt of the emulated plant is not used on a real machine, nor the other way round;
    and what remains after a climatology says nothing of what remains after a simulation.
    """
    whose = f"{heat_pump}: version {number} of its learnt remainder"
    remedy = f"it is not used; hptwin train --of forecasts --heat-pump {heat_pump} makes another"
    if (card.connection == "emulated") != emulated:
        here = "emulated" if emulated else "real"
        raise ForecastError(
            f"{whose} was learnt on a machine that is {card.connection}, and this one is {here}: "
            f"{remedy}"
        )
    if card.base != base:
        raise ForecastError(
            f"{whose} is what remains after the {card.base}, and forecasts are made from the "
            f"{base} now: {remedy}"
        )
