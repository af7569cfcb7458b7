"""Serve style sheet, scripts and icon from the package, cached until their content changes."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files

from fastapi import FastAPI
from starlette.responses import Response

_TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
_NAMES = (
    "hmi.css", "tables.css", "site.css", "ahead.css", "faceplate.css", "hmi.js", "tables.js",
    "site.js", "alarms.js", "changes.js", "faceplate.js", "time_axis.js", "trend.js", "trends.js",
    "trends.css", "planner.css", "unit.css", "unit.js", "icon.svg",
)  # fmt: skip


@cache
def content(name: str) -> str:
    """Return the text of a packaged file."""
    return files("heatpump_twin.hmi.static").joinpath(name).read_text("utf-8")


ICON = content("icon.svg")

THEME = """<script>
  document.documentElement.dataset.theme =
    (document.cookie.match(/hmi-theme=(dark|light)/) || [])[1]
    || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
</script>"""
"""Chooses light or dark before anything is painted: what the person chose, else their system."""


@cache
def url(name: str) -> str:
    """Return the address of a file, with a mark of its content."""
    # What is not served would be missed by nobody but a person who looks.
    if name not in _NAMES:
        raise ValueError(f"{name} is not among the files that are served")
    # A mark of the content lets browsers keep a file for ever, and have a new one at once after
    # an update.
    mark = hashlib.sha256(content(name).encode()).hexdigest()[:12]
    return f"/assets/{name}?{mark}"


def add_assets(app: FastAPI) -> None:
    """Serve the packaged files under ``/assets``."""

    @app.get("/assets/{name}")
    def asset(name: str) -> Response:
        # A list and no look into a folder: no name can lead out of it.
        if name not in _NAMES:
            return Response(status_code=404)
        return Response(
            content(name),
            media_type=_TYPES[name.rpartition(".")[2]],
            headers={"Cache-Control": "public, max-age=31536000, immutable"},
        )
