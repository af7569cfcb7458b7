from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from heatpump_twin.config.tariff import Tariff
from heatpump_twin.twin_engine.site.price_schedule import PriceSchedule

ZONE = ZoneInfo("Europe/Madrid")
S = 1_000_000
MINUTE = 60 * S
HOUR = 3600 * S
DAY_AND_NIGHT = Tariff.model_validate(
    {
        "currency": "EUR",
        "price": 0.20,
        "periods": [
            {"from": "22:00", "to": "08:00", "price": 0.10},
            {"from": "12:00", "to": "14:00", "days": ["sat"], "price": 0.05},
        ],
    }
)


def at(text: str, fold: int = 0) -> int:
    local = datetime.fromisoformat(text).replace(tzinfo=ZONE, fold=fold)
    return round(local.timestamp()) * S


@pytest.fixture
def schedule() -> PriceSchedule:
    return PriceSchedule(DAY_AND_NIGHT, ZONE)


@pytest.mark.parametrize(
    ("time", "price", "following", "change"),
    [
        ("2026-01-14 07:59:59", 0.10, 0.20, "2026-01-14 08:00"),
        ("2026-01-14 08:00:00", 0.20, 0.10, "2026-01-14 22:00"),
        ("2026-01-14 23:00:00", 0.10, 0.20, "2026-01-15 08:00"),
        ("2026-01-17 12:30:00", 0.05, 0.20, "2026-01-17 14:00"),
        ("2026-01-17 09:00:00", 0.20, 0.05, "2026-01-17 12:00"),
    ],
)
def test_the_price_now_and_the_next(schedule, time, price, following, change):
    now = schedule.at(at(time))
    assert (now.price, now.next, now.change) == (price, following, at(change))


def test_a_price_that_changes_once_a_week_is_foreseen():
    tariff = Tariff.model_validate(
        {
            "currency": "EUR",
            "price": 0.2,
            "periods": [{"from": "10:00", "to": "10:01", "days": ["mon"], "price": 0.1}],
        }
    )
    schedule = PriceSchedule(tariff, ZONE)
    now = schedule.at(at("2026-01-12 10:01"))  # a Monday
    assert (now.price, now.next, now.change) == (0.2, 0.1, at("2026-01-19 10:00"))


def test_a_flat_price_never_varies():
    tariff = Tariff(currency="EUR", price=0.3)
    assert not tariff.varies
    assert DAY_AND_NIGHT.varies
    schedule = PriceSchedule(tariff, ZONE)
    assert schedule.at(at("2026-01-14 12:00")).price == 0.3
    since, until = at("2026-01-14 00:00"), at("2026-01-14 12:00")
    assert schedule.mean([since], until) == pytest.approx(0.3)
    assert not schedule.changed([since], until)[0]


def test_the_mean_of_a_span_weighs_its_prices(schedule):
    until = at("2026-01-14 10:00")
    since = [at(f"2026-01-14 {t}") for t in ("00:00", "06:00", "08:00", "09:59:59")]
    means = schedule.mean([*since, until], until)
    np.testing.assert_allclose(means, [0.12, 0.15, 0.20, 0.20, 0.20], rtol=1e-5)
    np.testing.assert_array_equal(schedule.changed(since, until), [True, True, False, False])


def test_a_mean_agrees_with_adding_up_every_second(schedule):
    begin = at("2026-01-17 07:58:17")
    until = begin + 4 * HOUR + 123 * S
    prices = [schedule.at(t).price for t in range(begin, until, S)]
    assert schedule.mean([begin], until)[0] == pytest.approx(np.mean(prices), rel=1e-9)


@pytest.mark.parametrize(
    ("date", "night_hours"), [("2026-03-29", 9), ("2026-10-25", 11), ("2026-10-24", 10)]
)
def test_the_days_of_the_clock_change_have_23_and_25_hours(schedule, date, night_hours):
    midnight, noon = at(f"{date} 00:00"), at(f"{date} 11:00")
    hours = [schedule.at(t).price for t in range(midnight, noon, HOUR)]
    assert hours.count(0.10) == night_hours - 2  # those after midnight
    assert schedule.at(at(f"{date} 08:00")).price == 0.20
    assert schedule.at(at(f"{date} 08:00") - 1).price == 0.10


def test_an_hour_that_comes_twice_has_its_price_twice():
    tariff = Tariff.model_validate(
        {
            "currency": "EUR",
            "price": 0.2,
            "periods": [{"from": "02:00", "to": "03:00", "price": 0.1}],
        }
    )
    schedule = PriceSchedule(tariff, ZONE)
    begin = at("2026-10-25 00:00")
    cheap = [schedule.at(begin + i * MINUTE).price == 0.1 for i in range(25 * 60)]
    assert sum(cheap) == 120
    begin = at("2026-03-29 00:00")
    cheap = [schedule.at(begin + i * MINUTE).price == 0.1 for i in range(23 * 60)]
    assert sum(cheap) == 0
    assert at("2026-10-25 02:30", fold=1) - at("2026-10-25 02:30") == HOUR


def test_going_back_and_forth_in_time_makes_no_difference(schedule):
    day = timedelta(days=1) // timedelta(microseconds=1)
    now = at("2026-01-14 09:00")
    expected = schedule.at(now)
    schedule.at(now + 30 * day)
    schedule.mean([now - 5 * day], now - 5 * day + 100)
    assert schedule.at(now) == expected
