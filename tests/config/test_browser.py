"""The name of the HMI's sessions says whose browser they are for."""

from __future__ import annotations

import pytest

from heatpump_twin.config.browser import browser_of, session_name


@pytest.mark.parametrize("address", ["192.0.2.7", "2001:db8::7", "fe80::1%eth0"])
def test_the_name_of_a_session_says_whose_browser_it_is(address: str) -> None:
    assert browser_of(session_name(address)) == address
    assert browser_of(f"{session_name(address)} Session3") == address


@pytest.mark.parametrize("name", [None, "", "UaExpert", "heatpump-twin HMI", "browser at 1"])
def test_other_names_name_no_browser(name: str | None) -> None:
    assert browser_of(name) is None
