from __future__ import annotations

import pytest
from pydantic import ValidationError

from heatpump_twin.config.quantities import file_size
from heatpump_twin.config.settings import HistorianSettings


@pytest.mark.parametrize(
    ("text", "size"), [("500 MB", 5e8), ("1.5GB", 1.5e9), (" 20 kB ", 2e4), ("2 TB", 2e12)]
)
def test_sizes_have_units(text: str, size: float) -> None:
    assert file_size(text) == size


@pytest.mark.parametrize("text", ["500", 500, True, "5 MiB", "-1 MB", "1,5 GB", "9" * 99 + " MB"])
def test_what_is_no_size_is_told_with_an_example(text: object) -> None:
    with pytest.raises(ValueError, match=r"is not a size; write for example '500 MB'"):
        file_size(text)


def test_a_budget_that_holds_nothing_is_refused() -> None:
    with pytest.raises(ValidationError, match=r"0\.5 MB is too small; write 1 MB or more"):
        HistorianSettings(disk_budget="500 kB")
