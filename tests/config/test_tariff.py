"""Tariffs: every minute has one price, and a mistake is told where it is."""

from __future__ import annotations

from pathlib import Path

import pytest
from places import DEFAULT_SITE

from heatpump_twin.config.errors import ConfigError
from heatpump_twin.config.load import load_site
from heatpump_twin.config.tariff import CURRENCIES, DAYS, MINUTES_PER_DAY, Tariff

SITE = DEFAULT_SITE
TIME_OF_USE = """
tariff:
  currency: EUR
  price: 0.15
  periods:
    - {from: 10:00, to: 14:00, days: [mon, tue, wed, thu, fri], price: 0.25}
    - {from: "22:00", to: "06:30", days: [sun], price: 0.08}
  co2: 120
"""


def tariff_of(tmp_path: Path, text: str) -> Tariff:
    path = tmp_path / "site.yaml"
    path.write_text(SITE.read_text("utf-8") + text, "utf-8")
    tariff = load_site(path, environment={}).tariff
    assert tariff is not None
    return tariff


def minute(day: str, hour: int, minute: int = 0) -> int:
    return DAYS.index(day) * MINUTES_PER_DAY + hour * 60 + minute  # type: ignore[arg-type]


def test_the_example_in_the_default_site_is_a_tariff(tmp_path: Path) -> None:
    lines = SITE.read_text("utf-8").splitlines()
    begin = lines.index("# tariff:")
    example = [line[2:] for line in lines[begin:] if line.startswith("# ")]
    tariff = tariff_of(tmp_path, "\n" + "\n".join(example) + "\n")
    assert tariff.week()[minute("mon", 12)] == 0.24
    assert tariff.week()[minute("mon", 7, 59)] == 0.11
    assert tariff.week()[minute("sat", 12)] == 0.16


def test_without_a_section_there_is_no_tariff() -> None:
    assert load_site("default", environment={}).tariff is None


def test_prices_by_time_of_use(tmp_path: Path) -> None:
    tariff = tariff_of(tmp_path, TIME_OF_USE)
    week = tariff.week()
    assert (tariff.currency, tariff.co2, len(week)) == ("EUR", 120, 7 * MINUTES_PER_DAY)
    assert week[minute("mon", 9, 59)] == 0.15
    assert week[minute("mon", 10)] == 0.25
    assert week[minute("fri", 13, 59)] == 0.25
    assert week[minute("fri", 14)] == 0.15
    assert week[minute("sat", 10)] == 0.15


def test_a_period_over_midnight_belongs_to_the_day_on_which_it_begins(tmp_path: Path) -> None:
    week = tariff_of(tmp_path, TIME_OF_USE).week()
    assert week[minute("sun", 23, 59)] == 0.08
    assert week[minute("mon", 0)] == 0.08
    assert week[minute("mon", 6, 29)] == 0.08
    assert week[minute("mon", 6, 30)] == 0.15
    assert week[minute("tue", 0)] == 0.15


def test_periods_alone_will_do_if_they_fill_the_week(tmp_path: Path) -> None:
    text = """
tariff:
  currency: GBP
  periods:
    - {from: "00:00", to: 24:00, days: [sat, sun], price: 0.1}
    - {from: "07:00", to: "00:00", days: [mon, tue, wed, thu, fri], price: 0.3}
    - {from: "00:00", to: 7:00, days: [mon, tue, wed, thu, fri], price: -0.02}
"""
    week = tariff_of(tmp_path, text).week()
    assert week[minute("mon", 3)] == -0.02
    assert week[minute("fri", 23, 59)] == 0.3
    assert week[minute("sun", 12)] == 0.1


@pytest.mark.parametrize(
    ("old", "new", "key", "message"),
    [
        ("EUR", "EUX", "tariff.currency", "not a currency of ISO 4217"),
        ("  price: 0.15", "", "tariff", "no price on mon 06:30"),
        ("to: 14:00", "to: 24:30", "tariff.periods.0.to", "time of day"),
        ("to: 14:00", "to: noon", "tariff.periods.0.to", "time of day"),
        ("to: 14:00", "to: 14", "tariff.periods.0.to", "time of day"),
        ("to: 14:00", "to: 10:00", "tariff.periods.0", "are the same"),
        ("from: 10:00", 'from: "24:00"', "tariff.periods.0", "begins at"),
        ("days: [sun]", "days: [sunday]", "tariff.periods.1.days.0", "'sun'"),
        ('to: "06:30"', "to: 10:01", "tariff", "periods 0 and 1 (counted from 0) overlap on mon"),
        ("co2: 120", "co2: -1", "tariff.co2", "0 or more"),
        ("price: 0.25", "price: .nan", "tariff.periods.0.price", "finite"),
        ("price: 0.25", "cost: 0.25", "tariff.periods.0.cost", "unknown key"),
    ],
)
def test_mistakes_are_told_with_their_place(
    tmp_path: Path, old: str, new: str, key: str, message: str
) -> None:
    assert TIME_OF_USE.count(old) == 1
    with pytest.raises(ConfigError) as caught:
        tariff_of(tmp_path, TIME_OF_USE.replace(old, new))
    told = [problem for problem in caught.value.problems if problem.key == key]
    assert told
    assert any(message in problem.message for problem in told)
    assert all(problem.line > len(SITE.read_text("utf-8").splitlines()) for problem in told)


def test_no_heat_pump_takes_the_name_of_the_site() -> None:
    with pytest.raises(ConfigError, match="name of the site's own points"):
        load_site("default", ["heat_pumps.hp1.id=site"], {})


def test_currencies_are_those_of_iso_4217() -> None:
    # numeric code and minor unit as the standard's examples in OPC 10000-3, 8.61 have them
    for code, number, digits in (
        ("AUD", 36, 2),
        ("EUR", 978, 2),
        ("INR", 356, 2),
        ("USD", 840, 2),
        ("GBP", 826, 2),
        ("JPY", 392, 0),
    ):
        assert (CURRENCIES[code].number, CURRENCIES[code].digits) == (number, digits)
    assert all(len(code) == 3 and code.isupper() for code in CURRENCIES)
    assert len({currency.number for currency in CURRENCIES.values()}) == len(CURRENCIES)
