"""Train, Promote and Rollback of learnt forecasts: a real client, a whole twin, kept versions."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest
from asyncua import Client, ua
from biased_house import learnt
from namespaces import site_index
from whole_twin import OPERATOR, Twin, new_ports

from heatpump_twin.twin_engine.forecasting.remainder.remainder_versions import RemainderVersions
from heatpump_twin.twin_engine.programs.forecast_models import ForecastModelState

ENGINEER = "erik"
NAMES = ("Train", "Promote", "Rollback")
DENIED = ua.StatusCodes.BadUserAccessDenied


@pytest.fixture
def twin(tmp_path) -> Iterator[Twin]:
    """A twin that forecasts, with two versions that somebody has kept and none in use."""
    twin = Twin(tmp_path / "data", new_ports(), forecasts=True)
    twin.data.mkdir()
    for name, role in ((OPERATOR, "operator"), (ENGINEER, "engineer")):
        twin.add_user(name, role)
    versions = RemainderVersions(twin.data / "models", "hp1")
    for _ in range(2):
        versions.keep(learnt().content, learnt().card)
    try:
        twin.start()
        yield twin
    finally:
        twin.kill()


class Caller:
    """A client that calls methods of the first heat pump."""

    def __init__(self, client: Client, index: int) -> None:
        self._client, self._index = client, index

    async def call(self, name: str, version: int = 1) -> ua.CallMethodResult:
        request = ua.CallMethodRequest()
        request.ObjectId = ua.NodeId("hp1", self._index)
        request.MethodId = ua.NodeId(f"hp1.{name}", self._index)
        if name == "Promote":
            request.InputArguments = [ua.Variant(version, ua.VariantType.Int32)]
        (answer,) = await self._client.uaclient.call([request])
        return answer

    async def value(self, name: str):
        node = self._client.get_node(ua.NodeId(f"hp1.{name}", self._index))
        return (await node.read_data_value(raise_on_bad_status=False)).Value.Value


async def test_only_an_engineer_on_an_encrypted_channel_trains_promotes_and_takes_back(
    twin: Twin, connect, eventually
) -> None:
    for user in (None, OPERATOR):
        async with connect(twin, user) as client:
            here = Caller(client, await site_index(client))
            for name in NAMES:
                assert (await here.call(name)).StatusCode.value == DENIED
    assert RemainderVersions(twin.data / "models", "hp1").promoted is None
    async with connect(twin, ENGINEER) as client:
        here = Caller(client, await site_index(client))
        answer = await here.call("Promote", 9)
        assert answer.InputArgumentResults[0].value == ua.StatusCodes.BadOutOfRange
        assert (await here.call("Promote", 2)).StatusCode.is_good()

        async def version_is(number: int) -> bool:
            return await here.value("forecast_model_version") == number

        await eventually(lambda: version_is(2))
        assert '"base":"climatology"' in await here.value("Programs.ForecastModelCard")
        assert (await here.call("Rollback")).StatusCode.is_good()
        await eventually(lambda: version_is(0))
        assert (await here.call("Train")).StatusCode.is_good()

        async def refused() -> bool:
            state = await here.value("Programs.ForecastModelState")
            return state == ForecastModelState.FAILED

        await eventually(refused)  # nothing is recorded yet
    with closing(sqlite3.connect(twin.data / "historian.sqlite")) as database:
        rows = database.execute(
            "SELECT key, user FROM audit WHERE kind = 'program' AND user <> 'twin' ORDER BY id"
        ).fetchall()
    told = [(key.partition(".")[2], user) for key, user in rows if user == ENGINEER]
    assert {("Promote", ENGINEER), ("Rollback", ENGINEER), ("Train", ENGINEER)} <= set(told)
