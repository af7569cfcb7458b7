"""The package as a user gets it: built from the source distribution, in an empty environment."""

from __future__ import annotations

import compileall
import os
import sys
import tarfile
import tomllib
import venv
import zipfile
from dataclasses import dataclass
from email import message_from_string
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import processes
import pytest
from markdown_it import MarkdownIt
from places import ROOT

ROOMS = ("config", "drivers", "hmi", "models", "rules", "server", "twin_engine")
PACKAGE = "src/heatpump_twin"
GENERATOR = "server/nodeset/generator"
"""A tool of the source tree: what it makes is packaged."""
TYPE_NODES = """
import asyncio
from pathlib import Path
from heatpump_twin.server.types.type_import import load_type_nodes
print(len(list(asyncio.run(load_type_nodes(Path("kept"))))), Path("kept").exists())
"""


@dataclass(frozen=True)
class Built:
    """What ``python -m build`` makes: the wheel from the source distribution."""

    sdist: Path
    wheel: Path


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    out = tmp_path_factory.mktemp("dist")
    # Without isolation: the setuptools of this environment, and no registry is asked.
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", out, ROOT)
    (sdist,), (wheel,) = out.glob("*.tar.gz"), out.glob("*.whl")
    return Built(sdist, wheel)


def run(*command: object, **more: Any) -> str:
    done = processes.run(*map(str, command), **more)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def tracked(*folders: str) -> set[str]:
    """Return the files of the tree; a source distribution is without git's list of them."""
    if not (ROOT / ".git").exists():
        pytest.skip("this is no checkout")
    names = run("git", "-C", ROOT, "ls-files", "-z", *folders).split("\0")[:-1]
    return {name for name in names if (ROOT / name).exists()}


def wheel_names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}


# ── what is in it ─────────────────────────────────────────────────────────────────────────────────
def test_the_source_distribution_is_the_whole_tree(built: Built) -> None:
    with tarfile.open(built.sdist) as archive:
        packed = {member.name.partition("/")[2] for member in archive if member.isfile()}
    assert tracked() - packed == set()
    assert {name for name in packed if "__pycache__" in name or name.startswith("build/")} == set()


def test_the_wheel_holds_all_of_the_rooms_and_nothing_else(built: Built) -> None:
    rooms = {
        f"heatpump_twin/{name}"
        for name in tracked(*ROOMS)
        if not name.startswith(GENERATOR) and not name.endswith(".md")
    }
    package = {name.removeprefix("src/") for name in tracked(PACKAGE)}
    assert wheel_names(built.wheel) == rooms | package


def test_every_package_folder_is_listed() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    folders = {
        file.parent.relative_to(ROOT)
        for top in (*ROOMS, PACKAGE)
        for file in (ROOT / top).rglob("*.py")
        if GENERATOR not in str(file)
    }
    names = {
        f"heatpump_twin.{'.'.join(folder.parts)}"
        if folder.parts[0] != "src"
        else ".".join(folder.parts[1:])
        for folder in folders
    }
    assert names - set(settings["packages"]) == set()
    assert set(settings["package-dir"]) == {"heatpump_twin", *(f"heatpump_twin.{r}" for r in ROOMS)}


def test_the_readme_of_the_package_links_to_nothing_beside_it(built: Built) -> None:
    with zipfile.ZipFile(built.wheel) as archive:
        (name,) = [n for n in archive.namelist() if n.endswith(".dist-info/METADATA")]
        metadata = message_from_string(archive.read(name).decode())
    assert metadata["Description-Content-Type"] == "text/markdown"
    text = metadata.get_payload()
    assert "# heatpump-twin" in text
    assert "Integrator guide" in text
    inline = [t for token in MarkdownIt().parse(text) for t in token.children or ()]
    targets = [str(t.attrGet("href") or t.attrGet("src")) for t in inline if t.attrs]
    assert [target for target in targets if not urlsplit(target).scheme] == []
    assert "http://127.0.0.1:8080" in targets


# ── it works ──────────────────────────────────────────────────────────────────────────────────────
def test_the_wheel_works_in_an_empty_environment(built: Built, tmp_path: Path) -> None:
    environment = tmp_path / "venv"
    venv.create(environment, with_pip=False, symlinks=True)
    # The dependencies come from the running environment, so that the test asks no registry. As an
    # entry of the path it brings no .pth file: the editable install's finder stays out.
    dependencies = next(p for p in sys.path if p.endswith("site-packages"))
    (own,) = environment.glob("lib/python*/site-packages")
    (own / "dependencies.pth").write_text(dependencies + "\n")
    pip = (sys.executable, "-m", "pip", "--python", environment / "bin" / "python")
    run(*pip, "install", "--no-deps", "--no-index", "--disable-pip-version-check", built.wheel)
    hptwin = environment / "bin" / "hptwin"
    assert "hp1" in run(hptwin, "check", "default", cwd=tmp_path)
    place = "import heatpump_twin as package; print(package.__file__)"
    assert str(own) in run(environment / "bin" / "python", "-c", place, cwd=tmp_path)
    state = tmp_path / "state"
    said = run(hptwin, "points", "-o", "points.csv", "--data", state, cwd=tmp_path)
    assert "points in points.csv" in said
    assert "type nodes" not in said
    assert not (state / "type-nodes.cache").exists()


@pytest.fixture
def unpacked(built: Built, tmp_path: Path) -> Path:
    with zipfile.ZipFile(built.wheel) as archive:
        archive.extractall(tmp_path / "package")
    return tmp_path / "package"


def type_nodes_of(package: Path, where: Path) -> str:
    """Load the type nodes with a copy of the package, and tell how many, and if one was kept."""
    dependencies = next(p for p in sys.path if p.endswith("site-packages"))
    # -S keeps the editable install's finder out: only what stands on PYTHONPATH is seen.
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": f"{package}:{dependencies}"}
    return run(sys.executable, "-S", "-c", TYPE_NODES, env=environment, cwd=where)


@pytest.fixture
def count(tmp_path: Path) -> str:
    """Return how many type nodes the checkout has."""
    (tmp_path / "checkout").mkdir()
    said = run(sys.executable, "-c", TYPE_NODES, cwd=tmp_path / "checkout")
    return said.split()[-2]


def test_type_nodes_come_with_a_zip(built: Built, tmp_path: Path, count: str) -> None:
    assert type_nodes_of(built.wheel, tmp_path) == f"{count} False\n"


def test_type_nodes_come_with_a_package_without_sources(
    unpacked: Path, tmp_path: Path, count: str
) -> None:
    compileall.compile_dir(unpacked, quiet=1, legacy=True)
    for source in unpacked.rglob("*.py"):
        source.unlink()
    assert type_nodes_of(unpacked, tmp_path) == f"{count} False\n"


def test_changed_code_makes_them_anew(unpacked: Path, tmp_path: Path, count: str) -> None:
    with (unpacked / "heatpump_twin/server/types/type_nodes.py").open("a") as file:
        file.write("# another opinion\n")
    first = type_nodes_of(unpacked, tmp_path)
    assert "it was made by other code of ours" in first
    assert f"{count} True\n" in first
    assert "type nodes imported" in first
    assert "type nodes imported" not in type_nodes_of(unpacked, tmp_path)
