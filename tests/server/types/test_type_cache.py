"""A file of type nodes that cannot be trusted, or was made otherwise, is not used."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from heatpump_twin.server.types.recipe import Recipe
from heatpump_twin.server.types.type_cache import keep_block, kept_block, kept_nodes, packaged_block
from heatpump_twin.server.types.type_file import code_of, file_of

IGNORED = "type nodes of a file ignored"
RECIPE = Recipe(b"i" * 32, b"c" * 32)
OTHERS_CODE = "it was made by other code of ours"
OTHERS_INGREDIENTS = "it was made from other nodesets or by another asyncua"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    keep_block(tmp_path / "type-nodes.cache", b"block", RECIPE)
    return tmp_path / "type-nodes.cache"


def read(file: Path, recipe: Recipe = RECIPE) -> tuple[bytes | None, list[str]]:
    with capture_logs() as logs:
        block = kept_block(file, recipe)
    return block, [log["reason"] for log in logs if log["event"] == IGNORED]


def test_a_file_of_ours_is_read_and_is_private(file) -> None:
    assert read(file) == (b"block", [])
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_no_file_is_nothing_to_speak_of(tmp_path) -> None:
    assert read(tmp_path / "none") == (None, [])


def test_a_file_of_another_recipe_is_stale(file) -> None:
    assert read(file, Recipe(RECIPE.ingredients, b"d" * 32)) == (None, [OTHERS_CODE])
    assert read(file, Recipe(b"j" * 32, RECIPE.code)) == (None, [OTHERS_INGREDIENTS])


@pytest.mark.parametrize("at", [0, 30, 60, 100, -1, -6])
def test_a_changed_byte_is_noticed(file, at) -> None:
    content = bytearray(file.read_bytes())
    content[at] ^= 1
    file.write_bytes(content)
    block, reasons = read(file)
    assert block is None
    assert len(reasons) == 1


@pytest.mark.parametrize("length", [0, 5, 27, 40, 80, 110, 125])
def test_a_file_cut_short_is_not_used(file, length) -> None:
    content = file.read_bytes()
    assert length < len(content)
    file.write_bytes(content[:length])
    block, reasons = read(file)
    assert block is None
    assert len(reasons) == 1


def test_a_pickle_is_not_even_opened(file) -> None:
    file.write_bytes(b"cos\nsystem\n(S'touch pwned'\ntR.")
    assert read(file) == (None, ["it is not a file of this format"])


def test_a_file_that_others_can_change_is_not_used(file) -> None:
    for mode in (0o620, 0o602, 0o640):
        file.chmod(mode)
        assert read(file) == (None, ["it is not a file that is ours alone"])


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_file_of_somebody_else_is_not_used(file) -> None:
    os.chown(file, 12345, -1)
    assert read(file) == (None, ["it is not a file that is ours alone"])


def test_a_link_a_pipe_and_a_folder_are_not_used(file, tmp_path) -> None:
    (tmp_path / "link").symlink_to(file)
    os.mkfifo(tmp_path / "pipe", 0o600)
    (tmp_path / "folder").mkdir(mode=0o700)
    for name in ("link", "pipe", "folder"):
        block, reasons = read(tmp_path / name)
        assert block is None
        assert len(reasons) == 1


def test_a_directory_that_takes_no_file_is_no_reason_not_to_start(tmp_path) -> None:
    with capture_logs() as logs:
        keep_block(tmp_path / "none" / "file", b"block", RECIPE)
    assert [log["event"] for log in logs] == ["type nodes not kept"]


def test_a_package_without_the_file_says_so() -> None:
    with capture_logs() as logs:
        assert packaged_block(b"", RECIPE) is None
    assert [log["reason"] for log in logs] == ["it is not a file of this format"]
    assert packaged_block(file_of(b"block", RECIPE), RECIPE) == b"block"


# ── the recipe ────────────────────────────────────────────────────────────────────────────────────
def test_a_recipe_is_of_its_nodesets_and_their_order() -> None:
    recipes = [
        Recipe.of(nodesets, b"")
        for nodesets in ([b"one"], [b"another"], [b"one", b"two"], [b"two", b"one"], [b"onetwo"])
    ]
    assert len({recipe.ingredients for recipe in recipes}) == len(recipes)
    assert len({recipe.code for recipe in recipes}) == 1
    assert recipes[0] == Recipe.of([b"one"], b"")


def test_a_recipe_is_of_the_library(another_asyncua, monkeypatch) -> None:
    before = Recipe.of([b"one"], b"")
    monkeypatch.syspath_prepend(another_asyncua)
    assert Recipe.of([b"one"], b"").ingredients != before.ingredients


def test_a_file_tells_its_code() -> None:
    assert code_of(file_of(b"block", RECIPE)) == RECIPE.code
    assert code_of(b"") == b""


@pytest.mark.parametrize(
    "block", [b"", b"block", b"cos\nsystem\n(S'touch pwned'\ntR.", bytes(4096)]
)
def test_a_file_whose_checksum_fits_and_whose_content_does_not_is_not_used(file, block) -> None:
    keep_block(file, block, RECIPE)
    with capture_logs() as logs:
        assert kept_nodes(file, RECIPE) is None
    (log,) = logs
    assert log["event"] == IGNORED
    assert "does not decode" in log["reason"]
