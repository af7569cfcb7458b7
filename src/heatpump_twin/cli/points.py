"""``hptwin points``: write the point list that a BMS integrator imports."""

from __future__ import annotations

import asyncio
import csv
import dataclasses
import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from heatpump_twin.cli.options import DataOption, SetOption, SiteOption
from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.load import load_site
from heatpump_twin.config.settings import Site
from heatpump_twin.errors import TwinError
from heatpump_twin.logs import configure
from heatpump_twin.safekeeping.export_file import write_export

if TYPE_CHECKING:
    from heatpump_twin.server.export.point_list import PointRow

command = typer.Typer(add_completion=False)

OutputOption = Annotated[
    Path | None, typer.Option("--output", "-o", help="File; the ending decides: .csv or .xlsx.")
]

_TITLES = {
    "node_id": "NodeId", "local_node_id": "NodeId (index now)", "browse_path": "Browse path",
    "display_name": "Name", "data_type": "Data type", "unit": "Unit", "unece_code": "UNECE code",
    "low": "Low", "high": "High", "decimals": "Decimals", "states": "States", "access": "Access",
    "historized": "Historized", "role": "Role", "group": "Group", "description": "Description",
}  # fmt: skip


@command.command()
def write_point_list(
    site: SiteOption = "default",
    output: OutputOption = None,
    data: DataOption = None,
    set_: SetOption = None,
) -> None:
    """Write the point list: every variable with NodeId, path, type, unit, range and access."""
    rows = asyncio.run(_rows(load_site(site, set_ or ()), DataDirectory.open(data)))
    if output is None:
        print(_csv(rows), end="")  # noqa: T201 (the output itself)
        return
    match output.suffix.lower():
        case ".csv":
            # Spreadsheets take a file for UTF-8 only where it begins with the mark.
            write_export(output, _csv(rows).encode("utf-8-sig"))
        case ".xlsx":
            write_export(output, _xlsx(rows))
        case other:
            raise TwinError(f"{output}: {other or 'no ending'} is neither .csv nor .xlsx")
    # On standard error: standard output may be the list itself, in a pipe.
    Console(stderr=True).print(f"{len(rows)} points in {output}", highlight=False)


async def _rows(site: Site, data: DataDirectory) -> list[PointRow]:
    from heatpump_twin.runtime.offline_server import offline_server
    from heatpump_twin.server.export.point_list import point_rows

    configure("points")
    async with offline_server(site, data) as offline:
        return list(point_rows(offline.aspace, offline.namespaces, offline.table))


def _csv(rows: Sequence[PointRow]) -> str:
    text = io.StringIO()
    # Plain line ends: the file may be compared with the one of last year.
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_TITLES.values())
    writer.writerows(map(dataclasses.astuple, rows))
    return text.getvalue()


def _xlsx(rows: Sequence[PointRow]) -> bytes:
    import xlsxwriter

    content = io.BytesIO()
    # Texts stay texts: a name from a site file that begins with = is no formula.
    with xlsxwriter.Workbook(content, {"in_memory": True, "strings_to_formulas": False}) as book:
        sheet = book.add_worksheet("Points")
        sheet.write_row(0, 0, _TITLES.values(), book.add_format({"bold": True}))
        for number, row in enumerate(rows, 1):
            sheet.write_row(number, 0, dataclasses.astuple(row))
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, len(rows), len(_TITLES) - 1)
        sheet.autofit()
    return content.getvalue()
