"""The package as a user gets it: a wheel in an empty environment."""

from __future__ import annotations

import os
import sys
import venv
import zipfile
from pathlib import Path

import processes
import pytest
from places import ROOT


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    built = processes.run(sys.executable, "-m", "build", "--wheel", "--outdir", out, ROOT)
    assert built.returncode == 0, built.stderr
    (wheel,) = out.glob("*.whl")
    return wheel


def test_nothing_generic_lands_in_site_packages(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.split("/")[0] for name in archive.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"heatpump_twin"}


def test_every_data_file_is_in_the_wheel(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        packaged = set(archive.namelist())
    rooms = ("config", "drivers", "twin_engine", "rules", "models", "server", "hmi")
    listed = processes.run("git", "-C", ROOT, "ls-files", "-z", *rooms)
    tracked = listed.stdout.split("\0")[:-1]
    # The generator of the type model is a tool of this checkout: what it makes is packaged.
    needed = [
        name
        for name in tracked
        if not name.endswith(".md") and not name.startswith("server/nodeset/generator/")
    ]
    missing = [name for name in needed if f"heatpump_twin/{name}" not in packaged]
    assert not missing
    assert tracked


def test_the_wheel_works_in_an_empty_environment(wheel: Path, tmp_path: Path) -> None:
    # The dependencies come from the running environment, so that the test asks no registry; the
    # package itself comes from the wheel alone.
    environment = tmp_path / "venv"
    venv.create(environment, with_pip=False, symlinks=True)
    python = environment / "bin" / "python"
    target = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(target)
    dependencies = next(p for p in sys.path if p.endswith("site-packages"))
    # -S keeps the editable install's finder out: only what stands on PYTHONPATH is seen.
    result = processes.run(
        *(python, "-S", "-m", "heatpump_twin", "check", "default"),
        env={"PATH": os.environ["PATH"], "PYTHONPATH": f"{target}:{dependencies}"},
        cwd=tmp_path,
    )
    assert result.returncode == 0, result.stderr
    assert "hp1" in result.stdout
