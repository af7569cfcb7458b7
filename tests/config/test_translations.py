"""The tool that keeps the translations complete: `make check` runs it."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
import translations as tool
from babel.messages.catalog import Catalog
from message_sources import marked
from places import ROOT

from heatpump_twin.config.languages import PO_FILE
from heatpump_twin.config.phrase import Context

POINT = 'msgctxt "points"\nmsgid "Supply temperature"\nmsgstr "Vorlauftemperatur"\n'
PHRASE = 'msgstr "{point} ist weiterhin {value}."\n'
COUNTED = 'msgstr[0] "höchstens {n} Tag im Voraus"\nmsgstr[1] "höchstens {n} Tage im Voraus"\n'


@pytest.fixture(scope="module")
def template() -> Catalog:
    return tool.build_template()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the packaged translations."""
    return shutil.copytree(ROOT / "config" / "locales", tmp_path / "locales")


def german(folder: Path) -> Path:
    return folder.joinpath("de", *PO_FILE.parts)


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")


# ── what is wrong ────────────────────────────────────────────────────────────────────────────────
def test_nothing_is_wrong_with_the_packaged_translations(template: Catalog) -> None:
    assert list(tool.check(template, ROOT / "config" / "locales")) == []


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (POINT, "", 'not there: points "Supply temperature"'),
        (POINT, POINT.replace("Vorlauftemperatur", ""), 'not translated: points "Supply temp'),
        (POINT, "#, fuzzy\n" + POINT, 'fuzzy: points "Supply temperature"'),
        (POINT, POINT + "\n" + POINT.replace("Supply", "Flow"), "nothing shows it: points"),
        (POINT, POINT + "\n#~ msgid \"Old\"\n#~ msgstr \"Alt\"\n", 'obsolete: None "Old"'),
        (POINT, POINT.replace("points", "units"), "nothing shows it: units"),
        (PHRASE, PHRASE.replace("{value}", "{wert}"), "other {placeholders}: messages"),
        (PHRASE, PHRASE.replace("{value}", ""), "other {placeholders}: messages"),
        (PHRASE, PHRASE.replace("{value}", "{value"), "expected '}' before end of string"),
        (COUNTED, COUNTED.replace("{n} Tage", "zwei Tage"), "other {placeholders}: messages"),
        (COUNTED, COUNTED.partition("msgstr[1]")[0], "not translated: messages"),
        (COUNTED, COUNTED + 'msgstr[2] "{n}"\n', "more translations than num_plurals"),
        ("nplurals=2; plural", "nplurals=3; plural", "3 plural forms; there are 2"),
        ('"Language: de', '"Language: nl', "the header says that it is nl"),
    ],
)  # fmt: skip
def test_a_mistake_is_named(
    template: Catalog, folder: Path, old: str, new: str, problem: str
) -> None:
    change(german(folder), old, new)
    found = list(tool.check(template, folder))
    assert found
    assert all(line.startswith(str(german(folder))) for line in found)
    assert any(problem in line for line in found), found


def test_a_line_number_leads_to_the_mistake(template: Catalog, folder: Path) -> None:
    change(german(folder), POINT, "#, fuzzy\n" + POINT)
    (line,) = tool.check(template, folder)
    number = int(re.match(rf"{re.escape(str(german(folder)))}:(\d+):", line)[1])
    assert german(folder).read_text("utf-8").splitlines()[number - 1].startswith("msg")


def test_a_text_that_is_not_in_the_template_makes_it_stale(folder: Path) -> None:
    template = tool.build_template()
    template.add("Night setback", context="points")
    (stale, *missing) = tool.check(template, folder)
    assert stale.endswith("heatpump_twin.pot is stale: make messages")
    assert len(missing) == len(tool.po_files(folder))


# ── bringing them up to date ─────────────────────────────────────────────────────────────────────
def test_what_is_up_to_date_stays_as_it_is(template: Catalog, folder: Path) -> None:
    files = [folder / tool.TEMPLATE, *tool.po_files(folder)]
    before = [file.read_bytes() for file in files]
    tool.update(template, folder)
    assert [file.read_bytes() for file in files] == before


def test_new_texts_come_and_old_ones_are_kept(template: Catalog, folder: Path) -> None:
    changed = tool.build_template()
    changed.add("Supply temperature 2", context="points")
    changed.add("Quite another thing", context="points")
    changed.delete("Reference room", context="points")
    tool.update(changed, folder)
    text = german(folder).read_text("utf-8")
    assert '#, fuzzy\nmsgctxt "points"\nmsgid "Supply temperature 2"\nmsgstr "Vorlauft' in text
    assert 'msgid "Quite another thing"\nmsgstr ""\n' in text
    assert '#~ msgid "Reference room"\n#~ msgstr "Referenzraum"' in text
    assert POINT in text
    found = [line.partition(": ")[2] for line in tool.check(changed, folder)]
    assert [line for line in found if line.startswith("fuzzy")] == [
        'fuzzy: points "Supply temperature 2"'
    ] * len(tool.po_files(folder))


def test_a_language_is_added_with_every_text_and_its_own_plural_forms(
    template: Catalog, folder: Path
) -> None:
    file = tool.add("cy", folder)
    assert file == folder / "cy" / "LC_MESSAGES" / "heatpump_twin.po"
    text = file.read_text("utf-8")
    assert text.startswith("# Welsh translations for heatpump-twin.")
    assert '"Plural-Forms: nplurals=' in text
    found = [line for line in tool.check(template, folder) if str(file) in line]
    assert len(found) == len(template)
    assert all("not translated" in line for line in found)
    with pytest.raises(SystemExit, match="is there already"):
        tool.add("cy", folder)
    with pytest.raises(SystemExit, match="xx"):
        tool.add("xx", folder)


# ── finding texts in code ────────────────────────────────────────────────────────────────────────
CODE = """
_login = partial(Text, context=Context.HMI_LOGIN)
A = Text("a text", Context.POINTS)
B = _login("a text of a page")
C = Phrase("{a} is {b}.", a=A, b=1.0)
D = Phrase("{a} {b}", a=A, b=1.0)
E = Phrase("{a}?", context=Context.HMI_CONTROL, a=A)
F = counted("{n} day", "{n} days", n=2)
G = Text(A + B, Context.POINTS)
"""


def test_marked_texts_are_found_with_their_context() -> None:
    assert [(source.context, source.text) for source in marked(CODE, "a.py")] == [
        (Context.POINTS, "a text"),
        (Context.HMI_LOGIN, "a text of a page"),
        (Context.MESSAGES, "{a} is {b}."),
        (Context.HMI_CONTROL, "{a}?"),
        (Context.MESSAGES, ("{n} day", "{n} days")),
    ]


def test_a_phrase_that_nobody_would_find_is_refused() -> None:
    with pytest.raises(SystemExit, match=r"a\.py:2: a phrase is made of a literal"):
        list(marked('template = "{a} is {b}."\nC = Phrase(template, a=1.0, b=2.0)', "a.py"))
