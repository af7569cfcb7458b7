"""An installation learnt from weeks of an emulated plant, whose physics are others, and asked."""

from __future__ import annotations

import numpy as np
import pytest
from observed_house import BEGIN, DAY, DAYS, MACHINE, PLACE, PLATE, observed, without

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.frame import Times
from heatpump_twin.twin_engine.model.house.house_fit import HouseUnknownError
from heatpump_twin.twin_engine.model.simulation.control import HeatingControl
from heatpump_twin.twin_engine.model.simulation.simulate import simulate
from heatpump_twin.twin_engine.model.whatif.changes import (
    ChangeError,
    Changes,
    changes_of,
    known_changes,
)
from heatpump_twin.twin_engine.model.whatif.comparison import SHOWN, Comparison, compare
from heatpump_twin.twin_engine.model.whatif.curve_fit import fit_curve
from heatpump_twin.twin_engine.model.whatif.installation_fit import (
    FittedInstallation,
    fit_installation,
)
from heatpump_twin.twin_engine.model.whatif.observed_house import observed_house
from heatpump_twin.twin_engine.model.whatif.outlook import HouseOutlook, by_day, outlook, steps_of

LEARNT = 17
LAST = (BEGIN + (DAYS - 4) * DAY, BEGIN + DAYS * DAY)


def _free(time: Times) -> np.ndarray:
    return np.full(len(time), 0.3)


def _no_machine(text: str) -> object:
    raise ChangeError(f"machine: {text}: unknown")


@pytest.fixture(scope="module")
def view() -> HouseOutlook:
    first = observed().between(BEGIN, BEGIN + LEARNT * DAY)
    return outlook(observed_house(first, PLACE), PLATE, MACHINE, PLACE)


@pytest.fixture(scope="module")
def known() -> FittedInstallation:
    return fit_installation(observed_house(observed(), PLACE), PLATE, MACHINE)


def _compare(view: HouseOutlook, *words: str, **more: object) -> Comparison:
    weather = observed_house(observed(), PLACE).weather
    changes = changes_of(words, _no_machine)  # type: ignore[arg-type]
    return compare(view, weather, LAST, changes, _free, **{"draws": 6, **more})  # type: ignore[arg-type]


def test_the_next_week_is_predicted_from_its_weather(view: HouseOutlook) -> None:
    whole = observed_house(observed(), PLACE)
    late = steps_of(whole, LEARNT * 48, DAYS * 48)
    begin = BEGIN + LEARNT * DAY
    cases = view.cases(whole.weather, 12, 1)
    run = simulate(cases, begin, BEGIN + DAYS * DAY, every=30, warm_up=LEARNT - 1.0)
    room = run.of("room")[0] - late.room
    assert np.sqrt((room**2).mean()) < 0.5
    for name, worst in (("heat", 0.1), ("power", 0.15)):
        said, came = view.days(run, name), by_day(getattr(late, name)[None], 1800.0)[0]
        assert np.abs(said.value / came - 1.0).mean() < worst
        assert (np.abs(said.value - came) <= said.half).mean() > 0.5
        # An interval that holds everything says nothing.
        assert (said.half < 0.5 * came).all()


def test_the_curve_is_that_of_the_controller() -> None:
    seen = observed_house(observed(), PLACE)
    control, hours = fit_curve(seen, HeatingControl())
    aim = observed().columns["supply_setpoint"]
    middle = (control.water_high + control.water_low) / 2.0 + np.mean(hours)
    assert abs(middle - np.median(aim)) < 6.0
    assert np.ptp(aim) > 3.0
    # Without the setpoint, the water that left the machine shows it.
    shown, _ = fit_curve(
        observed_house(without(observed(), "supply_setpoint"), PLACE), HeatingControl()
    )
    slopes = [
        (c.water_high - c.water_low) / (c.outdoor_high - c.outdoor_low) for c in (control, shown)
    ]
    assert slopes[1] == pytest.approx(slopes[0], rel=0.35)


def test_a_lower_curve_costs_less_and_warms_less(view: HouseOutlook) -> None:
    found = _compare(view, "curve.shift=-3")
    figures = {figure.name: figure for figure in found.figures}
    assert figures["electricity"].difference < 0.0
    assert figures["spf"].difference > 0.05
    assert figures["room_mean"].difference < -0.1
    assert figures["cost"].after == pytest.approx(0.3 * figures["electricity"].after)
    for figure in found.figures:
        assert figure.difference == pytest.approx(figure.after - figure.before, abs=1e-9)
    # What differs is known better than what is: the same houses, the same people.
    power = figures["electricity"]
    assert power.difference_half < power.before_half
    assert set(found.changed.values) == set(SHOWN)
    for low, value, high in found.changed.values.values():
        assert (low <= value).all()
        assert (value <= high).all()


@pytest.mark.parametrize(
    ("word", "figure", "sign"),
    [
        ("house.loss_factor=0.7", "heat", -1),
        ("room.setpoint=18", "room_mean", -1),
        ("tank.setpoint=54", "electricity", +1),
        ("emitters.factor=1.5", "room_mean", +1),
        ("outdoor.shift=3", "electricity", -1),
        ("tariff.price=0.1", "cost", -1),
        ("night.setback=5", "room_coldest", -1),
        ("hot_water.factor=2", "heat_hot_water", +1),
        ("tank.disinfection=60", "heat_hot_water", +1),
    ],
)
def test_each_change_has_its_consequence(
    word: str, figure: str, sign: int, view: HouseOutlook
) -> None:
    found = {one.name: one for one in _compare(view, word, draws=0).figures}
    assert sign * found[figure].difference > 0.0
    assert found[figure].difference_half == 0.0


def test_nothing_changed_is_no_difference(view: HouseOutlook) -> None:
    found = _compare(view)
    assert all(figure.difference == 0.0 for figure in found.figures)
    assert all(figure.difference_half == 0.0 for figure in found.figures)


def test_a_seed_says_all(view: HouseOutlook) -> None:
    first, again, other = (_compare(view, "curve.shift=2", seed=seed) for seed in (4, 4, 5))
    assert first.figures == again.figures
    assert first.figures != other.figures


def test_who_is_told_of_the_progress_may_stop_it(view: HouseOutlook) -> None:
    told: list[float] = []

    def stop(share: float) -> None:
        told.append(share)
        if share > 0.0:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _compare(view, "curve.shift=2", draws=30, progress=stop)
    assert told[0] == 0.0
    assert 0.0 < told[-1] < 1.0


def test_without_a_room_sensor_the_demand_line_is_known_and_no_more(
    known: FittedInstallation,
) -> None:
    record = without(observed(), "room_temperature")
    found = fit_installation(observed_house(record, PLACE), PLATE, MACHINE)
    assert found.likely.envelope.loss == pytest.approx(known.likely.envelope.loss, rel=0.25)
    assert np.isnan(found.house.held_out)
    assert (found.house.posterior.told == 0.0).all()


def test_without_heat_nothing_is_known() -> None:
    record = without(observed(), "water_flow")
    with pytest.raises(HouseUnknownError, match="a heat meter is missing"):
        fit_installation(observed_house(record, PLACE), PLATE, MACHINE)


@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("curve.shft=1", "there are: curve.shift"),
        ("curve.shift", "is no change"),
        ("curve.shift=warm", "'warm' is no number"),
        ("curve.shift=99", "outside -15 to 15"),
        ("tank.litres=nan", "outside"),
        ("machine=x", "machine: x: unknown"),
    ],
)
def test_changes_that_cannot_be_understood_say_why(word: str, says: str) -> None:
    with pytest.raises(ChangeError, match=says):
        changes_of([word], _no_machine)  # type: ignore[arg-type]


def test_changes_are_kept_as_they_were_written() -> None:
    words = ("curve.shift=-3", "outdoor.shift=2", "tariff.price=0.25")
    found = changes_of(words, _no_machine)  # type: ignore[arg-type]
    assert found == Changes((("curve.shift", -3.0),), None, 2.0, 0.25, words)
    assert len({name for name, _, _ in known_changes()}) == len(known_changes())


def test_a_record_of_an_hour_is_a_record(known: FittedInstallation) -> None:
    record = observed()
    many = 30
    columns = {p: c.reshape(-1, many).mean(axis=1) for p, c in record.columns.items()}
    hourly = type(record)(
        "hp1", True, record.time[::many], record.step * many, columns,
        {p: np.ones(len(c)) for p, c in columns.items()},
    )  # fmt: skip
    seen = observed_house(hourly, PLACE)
    assert seen.step == 3600.0
    assert int(seen.time[1] - seen.time[0]) == 3600 * MICROSECONDS
    found = fit_installation(seen, PLATE, MACHINE)
    assert found.likely.envelope.loss == pytest.approx(known.likely.envelope.loss, rel=0.1)
