"""What another site file means for a running twin."""

from __future__ import annotations

from heatpump_twin.config.connection import DeviceConnection
from heatpump_twin.config.load import load_site
from heatpump_twin.config.settings import Site
from heatpump_twin.config.weather.weather_settings import WeatherSettings
from heatpump_twin.runtime.assembly import Assembly, assemble
from heatpump_twin.runtime.reload.site_change import SiteChange, compare

SITE = "two-heat-pumps"


def reached(site: Site) -> Site:
    """Return the site with devices at addresses of their own instead of emulated ones."""
    pumps = [
        pump.model_copy(
            update={
                "devices": [
                    device.model_copy(
                        update={
                            "connection": DeviceConnection(scheme="tcp", host=pump.id, port=502 + n)
                        }
                    )
                    for n, device in enumerate(pump.devices)
                ]
            }
        )
        for pump in site.heat_pumps
    ]
    return site.model_copy(
        update={"heat_pumps": pumps, "plant": None, "weather": WeatherSettings()}
    )


def only(site: Site, *positions: int) -> Site:
    return site.model_copy(update={"heat_pumps": [site.heat_pumps[i] for i in positions]})


def change(now: Site, wanted: Site) -> SiteChange:
    plans: list[Assembly] = [assemble(site, None) for site in (now, wanted)]
    return compare(now, plans[0], wanted, plans[1])


def told(change: SiteChange) -> tuple[list[str], list[str], list[str]]:
    return list(change.removed), [pump.id for pump in change.added], list(change.later)


def test_the_order_of_heat_pumps_does_not_matter() -> None:
    site = reached(load_site(SITE, environment={}))
    assert told(change(site, only(site, 1, 0))) == ([], [], [])


def test_heat_pumps_come_and_go() -> None:
    site = reached(load_site(SITE, environment={}))
    both, east, west = site, only(site, 0), only(site, 1)
    assert told(change(east, both)) == ([], ["west"], [])
    assert told(change(both, west)) == (["east"], [], [])
    swapped = change(east, west)
    assert told(swapped) == (["east"], ["west"], [])
    assert [pump.id for pump in swapped.site.heat_pumps] == ["west"]


def test_one_that_has_changed_goes_and_comes() -> None:
    site = reached(load_site(SITE, environment={}))
    slower = reached(load_site(SITE, ["heat_pumps.east.devices.controller.poll=5 s"], {}))
    assert told(change(site, slower)) == (["east"], ["east"], [])


def test_everything_else_waits_for_the_next_start() -> None:
    site = reached(load_site(SITE, environment={}))
    other = reached(load_site(SITE, ["opcua.port=4999", "site.name=Elsewhere"], {}))
    found = change(site, other)
    assert told(found) == ([], [], ["site", "opcua"])
    assert found.site.opcua.port == site.opcua.port


def test_what_the_twin_emulates_itself_goes_but_does_not_come() -> None:
    site = load_site(SITE, environment={})
    assert told(change(only(site, 1), site)) == ([], [], ["heat_pumps.east"])
    # The ports of the others are other ones in the new file; their plant does not know that.
    assert told(change(site, only(site, 1))) == (["east"], [], [])
    slower = load_site(SITE, ["heat_pumps.east.devices.controller.poll=5 s"], {})
    found = change(site, slower)
    assert told(found) == ([], [], ["heat_pumps.east"])
    assert found.site == site


def test_gateways_of_a_plant_that_runs_elsewhere_are_where_the_file_has_them() -> None:
    site = load_site(SITE, ["plant.managed=false"], {})
    assert told(change(site, only(site, 1))) == (["east", "west"], ["west"], [])


def test_a_plant_that_has_moved_is_followed_at_the_next_start() -> None:
    site = load_site(SITE, ["plant.managed=false"], {})
    moved = load_site(SITE, ["plant.managed=false", "plant.port=19020"], {})
    assert told(change(site, moved)) == ([], [], ["plant"])
    assert told(change(only(site, 1), moved)) == ([], [], ["heat_pumps.east", "plant"])
    first = only(reached(site), 0)  # a site without a plant yet
    assert told(change(first, site)) == (
        [], [], ["heat_pumps.east", "heat_pumps.west", "plant", "weather"],
    )  # fmt: skip


def with_quantities(site: Site, point: str, *names: str) -> Site:
    """Return the site with quantities; the first heat pump's controller has one of them."""
    data = site.model_dump(mode="json", exclude_defaults=True)
    data["quantities"] = {
        name: {"title": name, "unit": "Cel", "range": [0, 90], "text": name} for name in names
    }
    registers = {"space": "holding", "address": 4000, "type": "int16", "unit": "degC"}
    data["heat_pumps"][0]["devices"][0]["adapt"] = {"points": {point: registers}}
    return Site.model_validate(data)


def test_a_quantity_comes_with_the_heat_pumps_that_have_it() -> None:
    site = reached(load_site(SITE, environment={}))
    first = with_quantities(site, "buffer", "buffer")
    found = change(site, first)
    assert told(found) == (["east"], ["east"], [])
    assert found.site.quantities.keys() == {"buffer"}
    # One more that nobody has changes no heat pump; another range of theirs does.
    assert told(change(first, with_quantities(site, "buffer", "buffer", "unused"))) == ([], [], [])
