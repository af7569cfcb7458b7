"""Check what the house promises of its rooms: names that mean one thing, folders that can be seen.

A room is a top-level folder. In it no public class, function or type has the name of another, no
two files differ by an *s*, and no folder holds more than `MOST_MODULES`. Files and functions stay
short, as a whole: the median file, and nine in ten functions.
"""

from __future__ import annotations

import ast
import statistics
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("config", "drivers", "twin_engine", "rules", "server", "hmi", "src")
MOST_MODULES = 20
MEDIAN_FILE = 120
P90_FUNCTION = 20
EVERY_MIGRATION = {"upgrade", "downgrade"}
"""Alembic wants these of each file; nobody imports them."""

Tree = dict[Path, ast.Module]


def modules(room: str) -> Tree:
    """Return the syntax trees of a room's modules."""
    files = sorted((ROOT / room).rglob("*.py"))
    return {file: ast.parse(file.read_text("utf-8")) for file in files}


def public_names(tree: ast.Module) -> Iterator[str]:
    """Return the classes, functions and types that a module offers."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            names = [node.name]
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            # In capitals it is a constant, which each module may have for itself.
            names = [t.id for t in targets if isinstance(t, ast.Name) and _is_type(t.id)]
        else:
            continue
        yield from (name for name in names if not name.startswith("_"))


def _is_type(name: str) -> bool:
    return name[:1].isupper() and not name.isupper()


def twice(room: str, trees: Tree) -> Iterator[str]:
    """Say which names stand twice."""
    places: dict[str, list[str]] = defaultdict(list)
    for file, tree in trees.items():
        for name in public_names(tree):
            places[name].append(str(file.relative_to(ROOT)))
    for name, found in sorted(places.items()):
        if len(found) > 1 and name not in EVERY_MIGRATION:
            yield f"{room}: {name} means something in each of {', '.join(found)}"


def look_alike(room: str, trees: Tree) -> Iterator[str]:
    """Say which files have names that differ by an *s*."""
    stems = {file.stem: file for file in trees}
    for stem, file in stems.items():
        if f"{stem}s" in stems:
            pair = (file, stems[f"{stem}s"])
            yield f"{room}: {' and '.join(str(f.relative_to(ROOT)) for f in pair)} look alike"


def crowded(trees: Tree) -> Iterator[str]:
    """Say which folders hold too much to be seen at a glance."""
    counted = Counter(file.parent for file in trees if file.name != "__init__.py")
    for folder, count in counted.items():
        if count > MOST_MODULES:
            yield f"{folder.relative_to(ROOT)} has {count} modules, more than {MOST_MODULES}"


def too_long(trees: Tree) -> Iterator[str]:
    """Say whether files and functions have grown."""
    files = [
        len(file.read_text("utf-8").splitlines()) for file in trees if file.name != "__init__.py"
    ]
    functions = [
        (node.end_lineno or node.lineno) - node.lineno + 1
        for tree in trees.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    median, p90 = statistics.median(files), statistics.quantiles(functions, n=10)[-1]
    print(f"median file {median:.0f} lines, nine in ten functions up to {p90:.0f} lines")
    if median > MEDIAN_FILE:
        yield f"the median file has {median:.0f} lines, more than {MEDIAN_FILE}"
    if p90 > P90_FUNCTION:
        yield f"one function in ten has more than {p90:.0f} lines; {P90_FUNCTION} are enough"


def main() -> None:
    """Print what is wrong; exit with 1 if anything is."""
    wrong: list[str] = []
    everything: Tree = {}
    for room in ROOMS:
        trees = modules(room)
        everything |= trees
        wrong += [*twice(room, trees), *look_alike(room, trees)]
    wrong += [*crowded(everything), *too_long(everything)]
    print("\n".join(wrong) or "the house is in order")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
