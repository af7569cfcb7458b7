"""Numeric NodeIds of our types by their symbol, as the packaged CSV registers them."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from importlib.resources import files

from heatpump_twin.server.errors import NodesetError

REGISTER = "heatpump-twin.types.csv"
RETIRED = "Unspecified"
"""NodeClass of a symbol that is gone: its row stays, so that its number is not given again."""


class TypeIds:
    """The numbers of symbols: ``ids["HeatPumpType_MethodSet_Start"]``."""

    def __init__(self, numbers: Mapping[str, int]) -> None:
        self._numbers = numbers

    @classmethod
    def of(cls, register: str) -> TypeIds:
        """Read the numbers from the register's CSV; retired symbols are left out."""
        rows = csv.reader(register.splitlines())
        return cls({name: int(number) for name, number, kind in rows if kind != RETIRED})

    def __getitem__(self, symbol: str) -> int:
        """Return the numeric identifier of a symbol in the namespace of our types."""
        try:
            return self._numbers[symbol]
        except KeyError:
            # Not a KeyError: who has just added a type needs to be told what to run.
            raise NodesetError(
                f"there is no symbol {symbol} in {REGISTER}; run `make nodeset` if it is new"
            ) from None


def load_type_ids() -> TypeIds:
    """Read the numbers from the packaged register."""
    file = files("heatpump_twin.server.nodeset").joinpath(REGISTER)
    return TypeIds.of(file.read_text("utf-8"))
