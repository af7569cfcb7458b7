"""Check how much of each room mypy knows nothing of: the share of expressions that are `Any`.

`make check` has mypy write the report that this reads, in the run in which it looks for mistakes.
"""

from __future__ import annotations

import sys
import tomllib
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REPORT = ROOT / "build" / "types" / "any-exprs.txt"
MOST = 0.05
PACKAGE = "heatpump_twin"
REST = "src"
"""The room of what lies in no other."""


def counted(report: str, rooms: frozenset[str]) -> tuple[Counter[str], Counter[str]]:
    """Return how many expressions of each room are `Any`, and how many there are."""
    anys: Counter[str] = Counter()
    expressions: Counter[str] = Counter()
    for line in report.splitlines():
        match line.split():  # module, Any, all, precise share
            case [module, unknown, every, share] if share.endswith("%") and module != "Total":
                part = module.removeprefix(PACKAGE).strip(".").partition(".")[0]
                room = part if part in rooms else REST
                anys[room] += int(unknown)
                expressions[room] += int(every)
    return anys, expressions


def main() -> None:
    """Print the share of each room; exit with 1 if one is too large, or not in the report."""
    mapping = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]
    rooms = frozenset(name.removeprefix(f"{PACKAGE}.") for name in mapping["package-dir"])
    rooms = (rooms - {PACKAGE}) | {REST}
    anys, expressions = counted(REPORT.read_text("utf-8"), rooms)
    wrong = []
    print(f"{'room':12}{'Any':>8}{'of':>8}{'share':>9}")
    for room in sorted(rooms):
        if not any((ROOT / room).rglob("[!_]*.py")):
            continue  # data only
        if not expressions[room]:
            wrong.append(f"{room} is not in {REPORT.relative_to(ROOT)}")
            continue
        share = anys[room] / expressions[room]
        print(f"{room:12}{anys[room]:8}{expressions[room]:8}{share:9.2%}")
        if share > MOST:
            wrong.append(f"{room}: {share:.1%} of the expressions are Any, more than {MOST:.0%}")
    print("\n".join(wrong) or "mypy knows what it looks at")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
