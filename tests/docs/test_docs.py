"""The documents name files and parts that there are: what has moved is noticed here."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from places import ROOT

ROOMS = (
    "bench", "config", "docs", "drivers", "hmi", "models", "rules", "server", "src", "tests",
    "tools", "twin_engine",
)  # fmt: skip
PAGES = sorted(
    str(page.relative_to(ROOT))
    for page in (*ROOT.glob("*.md"), *(p for room in ROOMS for p in (ROOT / room).rglob("*.md")))
)
INVENTED = ("NAME", "acme-aw12", "/fr/")
"""What examples call their own."""
CONTRACTS = [
    contract
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"][
        "importlinter"
    ]["contracts"]
    if len(contract.get("containers", ())) == 1
]


def anchors(page: Path) -> set[str]:
    """Return what a link can refer to within a page, as GitHub makes it of headings."""
    headings = re.findall(r"^#+ (.*)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings}


@pytest.mark.parametrize("name", PAGES)
def test_every_link_leads_somewhere(name: str) -> None:
    page = ROOT / name
    lost = []
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8")):
        path, _, anchor = link.partition("#")
        if "://" in link:
            continue
        target = page.parent / path if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            lost.append(link)
    assert lost == []


@pytest.mark.parametrize("name", PAGES)
def test_every_file_that_is_named_is_there(name: str) -> None:
    named = re.findall(r"`([\w./*\-]+/[\w./*\-]*)`", (ROOT / name).read_text("utf-8"))
    ours = [path for path in named if path.partition("/")[0] in ROOMS]
    real = [path for path in ours if not any(part in path for part in INVENTED)]
    assert [path for path in real if not any(ROOT.glob(path.rstrip("/")))] == []


def described(container: str) -> str:
    """Return what the architecture page says of the parts of a room: a table, or a row of one."""
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8").partition("### Parts")[2]
    room, _, part = container.removeprefix("heatpump_twin").lstrip(".").partition(".")
    table = text.partition(f"| `{room or 'src/heatpump_twin'}/` | holds |")[2].partition("\n\n")[0]
    if not part:
        return table
    (row,) = [row for row in table.splitlines() if row.startswith(f"| `{part}/`")]
    return row.split(" | ")[1]


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract["name"])
def test_the_parts_of_a_room_stand_in_their_order(contract: dict[str, list[str]]) -> None:
    (container,) = contract["containers"]
    text, below = described(container), -1
    for layer in contract["layers"]:
        parts = [part.strip() for part in layer.split("|")]
        if container == "heatpump_twin":  # of which the rooms stand in a table of their own
            parts = [p for p in parts if not (ROOT / p).is_dir() and p != "__main__"]
        places = [max(text.find(f"`{part}/`"), text.find(f"`{part}.py`")) for part in parts]
        assert all(place > below for place in places), f"{parts} of {container}"
        below = max(places, default=below)
