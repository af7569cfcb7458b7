"""What is read of the address space: once for all people, and never with another one's rights."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable

import pytest

from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.languages import Languages
from heatpump_twin.config.load import load_site
from heatpump_twin.hmi.browsing.unit_reader import FIGURE_POINTS, WATCHED_POINTS
from heatpump_twin.hmi.elements import site_tiles
from heatpump_twin.hmi.endpoint import Endpoint
from heatpump_twin.hmi.identity import HmiIdentity
from heatpump_twin.hmi.people import People
from heatpump_twin.hmi.person import Person
from heatpump_twin.hmi.taste import Taste

from .conftest import OPERATOR, PASSWORD, VIEWER, Browser, Site, until

pytestmark = pytest.mark.parametrize("site", [("two-heat-pumps",)], indirect=True)
LogIn = Callable[..., Awaitable[Person]]


def with_people(site: Site, act: Callable[[LogIn], Awaitable[None]]) -> None:
    """Let people log in to the twin without a browser, all in one process."""

    async def run() -> None:
        data = DataDirectory.open(site.data)
        own = load_site(site.twin.site, site.twin.settings)
        identity = HmiIdentity.open(data)
        people = People(Endpoint(own.opcua.url, data.pki / "own" / "certs", identity), 600)
        languages = Languages.packaged()

        async def log_in(user: str, language: str = "en") -> Person:
            token = await people.log_in(user, PASSWORD, "127.0.0.1", Taste(languages[language]))
            person = people.find(token)
            assert person is not None
            return person

        try:
            await act(log_in)
        finally:
            await people.close()

    asyncio.run(run())


def test_people_share_what_is_the_same_for_everybody_and_no_rights(site: Site) -> None:
    async def act(log_in: LogIn) -> None:
        olga, victor = await log_in(OPERATOR), await log_in(VIEWER)
        assert [unit.id for unit in olga.units] == ["east", "west"]
        assert all(one is other for one, other in zip(victor.units, olga.units, strict=True))
        hers, his = await olga.open_unit("east"), await victor.open_unit("east")
        assert hers is not None
        assert his is not None
        assert his.variables is hers.variables
        assert "SetSupplySetpoint" in hers.methods
        assert his.methods == {}
        # Titles are in a language: none is shared with those who read another one.
        spanish = await (await log_in(VIEWER, "es")).open_unit("east")
        assert spanish is not None
        point = "supply_temperature"
        assert spanish.variables[point].title != hers.variables[point].title

    with_people(site, act)


def test_after_a_restart_of_the_twin_all_is_read_again(site: Site) -> None:
    async def act(log_in: LogIn) -> None:
        olga = await log_in(OPERATOR)
        before = olga.units
        await olga.close()
        # In this thread, though it holds up the loop: the twin dies with the one that starts it.
        site.twin.stop()
        site.twin.start()
        after = (await log_in(OPERATOR)).units
        assert after is not before
        assert [unit.id for unit in after] == ["east", "west"]

    with_people(site, act)


def test_the_page_of_the_site_shows_only_what_is_read_for_it(site: Site) -> None:
    shown = {name for point in site_tiles.SHOWN for name in (point[0], point[2]) if name}
    assert shown == set(FIGURE_POINTS)
    assert {site_tiles.STATE, site_tiles.DEVIATION_POINT} == set(WATCHED_POINTS)


def test_a_heat_pump_that_cannot_be_read_now_is_not_said_to_be_none(
    site: Site, browser: Browser
) -> None:
    browser.open("/")
    site.twin.signal(signal.SIGSTOP)
    try:
        browser.go("/unit/west")
        assert "The twin does not answer" in browser.find("main").text
    finally:
        site.twin.signal(signal.SIGCONT)

    def shown() -> bool:
        browser.go("/unit/west")
        return bool(browser.all(".unit-heading"))

    until(shown)
