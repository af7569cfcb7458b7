"""``hptwin plant --profile`` and its companions, as a person types them."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator

import processes
import pytest
from patience import PATIENCE
from pymodbus.client import ModbusTcpClient

HPTWIN = [sys.executable, "-m", "heatpump_twin"]


def hptwin(*arguments: str) -> subprocess.CompletedProcess[str]:
    return processes.run(*HPTWIN, *arguments)


@pytest.fixture
def emulated() -> Iterator[tuple[int, str, subprocess.Popen[str]]]:
    """Run an emulated meter; give its port, its control port and the process."""
    with processes.started(
        *HPTWIN, "plant", "--profile", "eastron-sdm120", "--unit", "5", "--port", "0",
        "--control-port", "0", stdout=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        told = ""
        while "repair" not in told:
            line = process.stdout.readline()
            assert line, told
            told += line
        (port,) = re.findall(r"tcp://127\.0\.0\.1:(\d+)  gateway eastron-sdm120", told)
        assert "unit 5: Eastron SDM120 single-phase electricity meter, 8 points" in told
        assert f"mbpoll -0 -1 -a 5 -t 3:float -B -r 0 -p {port} 127.0.0.1" in told
        control = re.findall(r"hptwin plant repair --control-port (\d+)", told)[0]
        yield int(port), control, process


def test_set_break_repair_and_stop(emulated: tuple[int, str, subprocess.Popen[str]]) -> None:
    port, control, process = emulated
    option = ("--control-port", control)

    def read() -> list[int] | int:
        with ModbusTcpClient("127.0.0.1", port=port, timeout=PATIENCE) as modbus:
            answer = modbus.read_input_registers(0, count=2, device_id=5)
        code: int = answer.exception_code
        return code if answer.isError() else answer.registers

    assert hptwin("plant", "set", "voltage=230.0", *option).returncode == 0
    assert read() == [0x4366, 0x0000]
    shown = hptwin("plant", "values", "unit=5", *option).stdout
    assert re.search(r"eastron-sdm120 +5 +voltage +230\b", shown)
    started = hptwin("plant", "fault", "exception", "point=voltage", "code=4", *option)
    assert "name=exception unit=5 point=voltage space=input address=0 code=4" in started.stdout
    assert read() == 4
    assert "half_open, reboot" in hptwin("plant", "faults", *option).stdout.replace("\n", " ")
    assert "nothing is broken" in hptwin("plant", "repair", "exception", *option).stdout
    assert read() == [0x4366, 0x0000]
    assert processes.end(process) == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--profile", "nonesuch"], "there is no such profile"),
        (["--profile", "xy-md02", "--unit", "1", "--unit", "2"], "as many --unit as --profile"),
        (["--profile", "xy-md02", "--profile", "xy-md02", "--unit", "1", "--unit", "1"], "differ"),
        (["--profile", "xy-md02", "--line", "/dev/ttyS0"], "--transport serial"),
        (["--profile", "xy-md02", "--transport", "serial", "--line", "ttyS0"], "whole path"),
        (["--profile", "xy-md02", "--port", "65530", "--count", "9"], "lower --port"),
        (["values", "--control-port", "1"], "start one with `hptwin plant`"),
        (["fault", "latency", "2", "--control-port", "1"], "KEY=VALUE"),
    ],
)
def test_mistakes_are_explained(arguments: list[str], says: str) -> None:
    done = hptwin("plant", *arguments)
    assert done.returncode != 0
    assert says in done.stderr.replace("\n", " ")
    assert "Traceback" not in done.stderr
