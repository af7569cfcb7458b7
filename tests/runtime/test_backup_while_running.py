"""A running twin is backed up, and is there again elsewhere: history, users, certificate."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from whole_twin import OPERATOR, Twin

from heatpump_twin.drivers.clock import SystemClock
from heatpump_twin.server.security.pki import Pki


async def test_a_twin_that_runs_is_backed_up_and_restored_elsewhere(
    fresh_twin: Twin, tmp_path: Path, connect, find, eventually
) -> None:
    fresh_twin.extra = ["--set", "historian.max_interval=1 s"]
    fresh_twin.add_user(OPERATOR, "operator")
    fresh_twin.start()
    data, archive = str(fresh_twin.data), tmp_path / "twin.tar.gz"
    began = datetime.now(UTC) - timedelta(minutes=10)

    async def history(twin: Twin) -> list[tuple[datetime, float]]:
        async with connect(twin, OPERATOR) as client:
            node = await find(client, "DeviceSet", "hp1", "ParameterSet", "ElectricalPower")
            found = await node.read_raw_history(began, datetime.now(UTC))
            return [(v.SourceTimestamp, v.Value.Value) for v in found if v.StatusCode.is_good()]

    async def enough() -> bool:
        return len(await history(fresh_twin)) >= 5

    await eventually(enough)
    before = await history(fresh_twin)
    made = fresh_twin.command("backup", str(archive), "--data", data)
    assert made.returncode == 0, made.stderr
    after = await history(fresh_twin)
    sick = fresh_twin.command("restore", str(archive), "--data", data)
    assert sick.returncode == 1
    assert "used by another running twin" in sick.stderr
    page = fresh_twin.command("doctor", "--data", data)
    assert page.returncode == 0, page.stdout
    assert "part historian" in page.stdout
    assert str(archive) in page.stdout
    assert fresh_twin.stop() == 0

    other = Twin(tmp_path / "other", fresh_twin.ports, extra=fresh_twin.extra)
    done = other.command("restore", str(archive), "--data", str(other.data))
    assert done.returncode == 0, done.stderr
    try:
        other.start()
        found = await history(other)
        # All that a client had read before, nothing that it had not read afterwards.
        assert found[: len(before)] == before
        kept = [sample for sample in found if sample[0] <= after[-1][0]]
        assert kept == after[: len(kept)]
        keys = [
            Pki(t.data / "pki", SystemClock()).own_key.read_bytes() for t in (fresh_twin, other)
        ]
        assert keys[0] == keys[1]
        assert other.stop() == 0
    finally:
        other.kill()
