"""Logging: one line per event on standard error, whoever logs it."""

from __future__ import annotations

import logging
import sys

import structlog

from heatpump_twin.log_limit import LogLimit


def configure(process: str) -> None:
    """Send structlog and the standard library's loggers to standard error."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer = structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    handler.addFilter(LogLimit())
    # Libraries at WARNING, our own rooms at INFO: what is normal for a library is no news of a
    # heat pump.
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("heatpump_twin").setLevel(logging.INFO)
    # asyncua and pymodbus report at ERROR what a remote peer did wrong, once per request; our own
    # rooms report the same once per change of state.
    logging.getLogger("asyncua").setLevel(logging.CRITICAL)
    logging.getLogger("pymodbus").setLevel(logging.CRITICAL)
    structlog.contextvars.bind_contextvars(process=process)
