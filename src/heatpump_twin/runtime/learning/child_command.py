"""Run a command of ``hptwin`` in a child process that ends with us."""

from __future__ import annotations

import asyncio
import sys
from collections import deque
from collections.abc import Callable, Sequence

import structlog

from heatpump_twin.parent import child_environment
from heatpump_twin.runtime.children import end

log = structlog.stdlib.get_logger(__name__)

_LAST_LINES = 5


def _keep(_: str) -> bool:
    return False


async def run_command(
    name: str, arguments: Sequence[str], limit: float, heard: Callable[[str], bool] = _keep
) -> tuple[int | None, str]:
    """Run ``hptwin NAME ARGUMENTS``; return its exit code and the last lines that it printed.

    None: it took longer than ``limit`` seconds, and was ended. A line that somebody has ``heard``
    is none of the last ones.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "heatpump_twin", name, *arguments),
        stdin=asyncio.subprocess.PIPE,  # it ends with us: `end_with_parent`
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=child_environment(),
        start_new_session=True,
    )
    log.info("a child process works", command=name, pid=process.pid)
    assert process.stdout is not None  # noqa: S101 (it is a pipe)
    last: deque[str] = deque(maxlen=_LAST_LINES)
    try:
        async with asyncio.timeout(limit):
            async for line in process.stdout:
                words = line.decode(errors="replace").strip()
                if not heard(words):
                    last.append(words)
            code = await process.wait()
    except TimeoutError:
        return None, ""
    finally:
        await end(process, name)
    return code, " ".join(filter(None, last))
