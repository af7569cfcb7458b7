"""A table of many rows, which the page's script fills, sorts and filters (AG Grid)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nicegui import ui

from heatpump_twin.hmi import assets, texts
from heatpump_twin.hmi.elements.markup import Say

_UNSEEN = (
    "firstPage", "previousPage", "nextPage", "lastPage", "page", "to", "of", "more",
    "pageSizeSelectorLabel", "ariaPageSizeSelectorLabel", "ariaSortableColumn",
)  # fmt: skip
"""Texts for what our tables do not have: the library writes them all the same, and hides them."""


@dataclass(frozen=True, slots=True)
class TableColumns:
    """The columns of a table, and the card that stands in their place on a narrow screen."""

    script: str
    """Object of the page's script that has ``cells``, functions that draw."""
    columns: tuple[tuple[str, dict[str, Any]], ...]
    """Name of each, and what the library is told of it."""
    drawn: frozenset[str]
    """Names of those that the script draws."""
    sorted_by: Mapping[str, str]
    """Fields of the order of those that are shown in words."""

    def definitions(self, say: Say, titles: Mapping[str, str], card: str) -> list[dict[str, Any]]:
        """Return the columns in their order, and the card, hidden, as the last one."""
        columns = [
            {
                "colId": name,
                "field": self.sorted_by.get(name, name),
                "headerName": say(titles[name]),
                **({":cellRenderer": f"{self.script}.cells.{name}"} if name in self.drawn else {}),
                **more,
            }
            for name, more in self.columns
        ]
        whole = {
            "colId": "card", "flex": 1, "headerName": say(card), "hide": True,
            ":cellRenderer": f"{self.script}.cells.card", "sortable": False,
        }  # fmt: skip
        return [*columns, whole]


def data_table(say: Say, script: str, options: Mapping[str, Any]) -> ui.aggrid:
    """Build an empty table where the page stands now; the script's parts are named in options.

    The script is a file of ``static``; what it is asked for has names with a colon before them.
    """
    for name in ("tables.js", script):
        ui.add_head_html(f'<script src="{assets.url(name)}"></script>')
    return ui.aggrid(
        {
            "theme": "quartz",
            "animateRows": False,
            "suppressCellFocus": False,
            # All columns are in the page: a screen reader reads the row, and not what is in view.
            "suppressColumnVirtualisation": True,
            "suppressMovableColumns": True,
            "enableCellTextSelection": True,
            "ensureDomOrder": True,
            "rowData": [],
            "defaultColDef": {
                "sortable": True, "resizable": True, "wrapText": True, "autoHeight": True,
                "suppressHeaderMenuButton": True, "cellDataType": False,
            },
            "localeText": {
                **dict.fromkeys(_UNSEEN, "\u00a0"),
                "ariaRowSelect": say(texts.SELECT_ROW),
                "ariaRowDeselect": say(texts.SELECT_ROW),
                "ariaRowToggleSelection": say(texts.SELECT_ROW),
                "ariaRowSelectAll": say(texts.SELECT_ALL),
                "ariaHeaderSelection": say(texts.SELECT_ALL),
                "ariaChecked": "✓", "ariaUnchecked": "–", "ariaIndeterminate": "∓",
                "noRowsToShow": " ",
                "ariaSelectionColumn": say(texts.SELECT_ROW),
            },
            **options,
        },
        auto_size_columns=False,
    ).classes("data-table")  # fmt: skip
