"""`hptwin scan` on emulated gateways."""

from __future__ import annotations

import json
from typing import Any

import hptwin
import pytest
from plausible import WINTER, PlausibleProcess
from recorded import READS, RecordedSession

from heatpump_twin.drivers.modbus.profile.profile_files import load_profile

HJ, METER = "panasonic-aquarea-hj", "eastron-sdm120"


@pytest.fixture
async def gateway(serve: Any) -> Any:
    """A heat pump as unit 1 and a meter as unit 7 behind one gateway."""
    devices = {
        unit: (load_profile(name), PlausibleProcess(load_profile(name), WINTER))
        for unit, name in ((1, HJ), (7, METER))
    }
    session = RecordedSession()
    found = await serve(devices, session=session)
    found.session = session
    return found


async def test_units_and_profiles_are_found_by_reads_alone(gateway: Any) -> None:
    ran = await hptwin.run("scan", f"127.0.0.1:{gateway.port}", "--units", "1-8", "--pause", 0)
    assert ran.code == 0, ran.err
    lines = ran.out.splitlines()
    answers = [line for line in lines if "answers" in line]
    assert [line.split(" answers")[0] for line in answers] == ["unit 1", "unit 7"]
    assert HJ in lines[lines.index(answers[0]) + 1]
    assert METER in lines[lines.index(answers[1]) + 1]
    assert any(line.startswith("no answer from unit 2-6, 8: ") for line in lines)
    assert f"{len(gateway.session.requests)} requests" in ran.out
    assert gateway.session.functions <= READS


async def test_the_same_for_programs(gateway: Any) -> None:
    ran = await hptwin.run(
        "scan", f"tcp://127.0.0.1:{gateway.port}", "--units", "7,9", "--pause", 0, "--json"
    )
    found = json.loads(ran.out)
    assert found["complete"]
    assert [(unit["unit"], unit["answers"]) for unit in found["units"]] == [(7, True), (9, False)]
    best = found["units"][0]["fits"][0]
    assert (best["profile"], best["good"], best["refused"]) == (METER, True, 0)


async def test_only_some_profiles_are_tried(gateway: Any) -> None:
    ran = await hptwin.run(
        "scan", f"127.0.0.1:{gateway.port}", "--units", 1, "--profile", METER, "--pause", 0
    )
    assert ran.code == 0
    assert "no profile fits" in ran.out
    assert HJ not in ran.out
    assert len(gateway.session.requests) < 10


async def test_a_device_that_does_not_look_at_the_unit_id(serve: Any) -> None:
    profile = load_profile("xy-md02")
    process = PlausibleProcess(profile, WINTER)
    gateway = await serve(dict.fromkeys((1, 2, 3), (profile, process)))
    ran = await hptwin.run(
        "scan", f"127.0.0.1:{gateway.port}", "--units", "1-3", "--profile", "xy-md02", "--pause", 0
    )
    assert ran.out.count("67%  xy-md02: of 2 points 2 usual") == 3
    assert "probably one device that does not look at the unit id" in ran.out


async def test_a_device_that_takes_unit_0_alone_is_found(serve: Any) -> None:
    profile = load_profile("xy-md02")
    gateway = await serve({0: (profile, PlausibleProcess(profile, WINTER))})
    ran = await hptwin.run(
        "scan", f"127.0.0.1:{gateway.port}", "--profile", "xy-md02", "--pause", 0
    )
    assert ran.code == 0, ran.err
    assert "unit 0 answers" in ran.out
    assert "no answer from unit 1-10, 40, 50-51, 255" in ran.out


async def test_nothing_answers(gateway: Any) -> None:
    ran = await hptwin.run("scan", f"127.0.0.1:{gateway.port}", "--units", "2-4", "--pause", 0)
    assert ran.code == 1
    assert "no answer from unit 2-4" in ran.out
    assert "--units 0-247" in ran.err


async def test_a_limit_is_told(gateway: Any) -> None:
    ran = await hptwin.run(
        "scan", f"127.0.0.1:{gateway.port}", "--max-requests", 5, "--units", "1-3"
    )
    assert ran.code == 0
    assert "not complete: it has made the 5 requests" in ran.err
    assert len(gateway.session.requests) == 5


async def test_ctrl_c_ends_it_with_what_is_known(gateway: Any, eventually: Any) -> None:
    async with hptwin.running("scan", f"127.0.0.1:{gateway.port}", "--units", "1-200") as process:
        await eventually(lambda: len(gateway.session.requests) > 2)
        ran = await hptwin.interrupted(process)
    assert ran.code == 130
    assert "unit 1 answers" in ran.out
    assert "interrupted" in ran.err
    assert "Traceback" not in ran.err
    await eventually(lambda: gateway.connections == 0)


def test_nothing_listens(free_port: Any, capsys: pytest.CaptureFixture[str]) -> None:
    port = free_port()
    ran = hptwin.here(capsys, "scan", f"127.0.0.1:{port}")
    assert ran.code == 1
    assert f"tcp://127.0.0.1:{port}: cannot connect: Connection refused; is the address" in ran.err


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["127.0.0.1", "--units", "5-1"], "in a range the lower first"),
        (["127.0.0.1", "--units", "1-256"], "unit ids are 0 to 255"),
        (["127.0.0.1", "--units", "all"], "write for example 1-10 or 1,3,17"),
        (["127.0.0.1", "--profile", "nonesuch"], "there is no such profile"),
        (["http://gateway"], "is not a connection; write tcp://HOST:PORT"),
        (["emulated"], "at which `hptwin plant` serves"),
        (["serial:///dev/ttyS0?baud=9600"], "serial has no option baud; it has back_off, baudrate"),
    ],
)
def test_mistakes_are_told(
    arguments: list[str], problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    ran = hptwin.here(capsys, "scan", *arguments)
    assert ran.code in (1, 2)
    assert problem in ran.err
    assert "Traceback" not in ran.err
