"""Make build/links: the installed package tree as symlinks, for tools that read no package-dir."""

import shutil
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Rebuild the tree from pyproject.toml."""
    mapping = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"][
        "package-dir"
    ]
    links = ROOT / "build" / "links"
    shutil.rmtree(links, ignore_errors=True)
    package = links / "heatpump_twin"
    package.mkdir(parents=True)
    for source in (ROOT / mapping["heatpump_twin"]).iterdir():
        (package / source.name).symlink_to(source)
    for name, folder in mapping.items():
        if name != "heatpump_twin":
            (package / name.removeprefix("heatpump_twin.")).symlink_to(ROOT / folder)


main()
