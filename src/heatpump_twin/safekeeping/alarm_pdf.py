"""The report of alarms as PDF: a page or more for each period.

The library is large and few need it, so that it is an extra and imported where it is used.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from heatpump_twin.errors import TwinError
from heatpump_twin.safekeeping.alarm_sheet import AlarmSheet, AlarmTable

_FONT = "Helvetica"
_LINE = 6
"""[mm]"""
_SIGNS = str.maketrans({"–": "-", "→": ">", "≤": "<=", "≥": ">=", "₂": "2", "…": "..."})
"""What the fonts that every reader has do not know."""


def as_pdf(sheets: Iterable[AlarmSheet]) -> bytes:
    """Return reports as PDF; raise `TwinError` where the library is not installed."""
    try:
        from fpdf import FPDF
    except ModuleNotFoundError as error:
        raise TwinError(
            f"PDF needs the package {error.name}: install heatpump-twin[pdf]"
        ) from error
    page = FPDF()
    page.set_auto_page_break(True, margin=15)
    for sheet in sheets:
        page.add_page()
        page.set_font(_FONT, "B", 16)
        page.cell(0, 10, _known(sheet.title), new_x="LMARGIN", new_y="NEXT")
        page.set_font(_FONT, "", 10)
        page.cell(0, _LINE, _known(f"{sheet.start} to {sheet.end}"), new_x="LMARGIN", new_y="NEXT")
        for table in sheet.tables:
            _add(page, table)
    return bytes(page.output())


def _add(page: Any, table: AlarmTable) -> None:
    page.ln(4)
    page.set_font(_FONT, "B", 11)
    page.cell(0, _LINE + 1, _known(table.title), new_x="LMARGIN", new_y="NEXT")
    page.set_font(_FONT, "", 9)
    if not table.rows:
        page.cell(0, _LINE, "none", new_x="LMARGIN", new_y="NEXT")
        return
    widths = (4, *[2] * (len(table.columns) - 1))
    with page.table(col_widths=widths, line_height=_LINE, borders_layout="MINIMAL") as rows:
        for values in (table.columns, *table.rows):
            row = rows.row()
            for value in values:
                row.cell(_known(value))


def _known(text: str) -> str:
    """Return a text in what the standard fonts know (Latin 1)."""
    return text.translate(_SIGNS).encode("latin-1", "replace").decode("latin-1")
