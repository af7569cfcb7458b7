"""``hptwin models``: the versions of learnt remainders of forecasts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from heatpump_twin.cli.options import DataOption, KnownSiteOption, SetOption
from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.logs import configure

if TYPE_CHECKING:
    from heatpump_twin.config.settings import Site

command = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Learnt models: which there are, put a version to use, take it back.",
)
HeatPumpOption = Annotated[str, typer.Option(help="Id of the heat pump.")]


@command.command("list")
def list_models(
    site: KnownSiteOption = None, data: DataOption = None, set_: SetOption = None
) -> None:
    """List the versions of all heat pumps, with what days held out have said of them."""
    from heatpump_twin.forecasting.trained_remainders import known_versions

    settings, directory = _known(site, data, set_)
    for words in known_versions(settings, directory):
        _tell(words)


@command.command("promote")
def promote_model(
    version: Annotated[int, typer.Argument(help="Number of the version.")],
    heat_pump: HeatPumpOption = "hp1",
    site: KnownSiteOption = None,
    data: DataOption = None,
    set_: SetOption = None,
) -> None:
    """Put a version to use. What is shown is still decided by the record."""
    from heatpump_twin.forecasting.trained_remainders import promote_remainder

    settings, directory = _known(site, data, set_)
    _tell(promote_remainder(settings, directory, heat_pump, version))


@command.command("rollback")
def roll_back_model(
    heat_pump: HeatPumpOption = "hp1",
    site: KnownSiteOption = None,
    data: DataOption = None,
    set_: SetOption = None,
) -> None:
    """Put the version to use that was before."""
    from heatpump_twin.forecasting.trained_remainders import roll_back_remainder

    settings, directory = _known(site, data, set_)
    _tell(roll_back_remainder(settings, directory, heat_pump))


def _known(site: KnownSiteOption, data: DataOption, set_: SetOption) -> tuple[Site, DataDirectory]:
    """Return the site that the options name, and its data directory."""
    from heatpump_twin.safekeeping.known_site import known_site

    configure("models")
    directory = DataDirectory.existing(data)
    return known_site(directory, site, set_ or ()).load(), directory


def _tell(words: str) -> None:
    Console().print(words, highlight=False, markup=False, soft_wrap=True)
