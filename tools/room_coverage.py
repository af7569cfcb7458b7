"""Print which lines of the product the tests do not reach, and how much of each room they do."""

from collections import Counter
from pathlib import Path

import coverage

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("config", "drivers", "twin_engine", "rules", "server", "hmi", "src")


def main() -> None:
    """Read the data that `coverage combine` has made."""
    data = coverage.Coverage()
    data.load()
    data.report(show_missing=True, skip_covered=True)
    statements: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    for room in ROOMS:
        for file in (ROOT / room).rglob("*.py"):  # also those that no test has imported
            _, found, _, missing, _ = data.analysis2(str(file))
            for name in (room, "product"):
                statements[name] += len(found)
                missed[name] += len(missing)
    print()
    for name in sorted(statements, key=lambda name: (name == "product", name)):
        reached = 1 - missed[name] / statements[name]
        print(f"{name:<12}{statements[name]:>7} statements{missed[name]:>6} missed{reached:>8.1%}")


if __name__ == "__main__":
    main()
