"""Bring the translations up to date; `--check` fails on what is missing; `--add fr` begins French.

The template `config/locales/heatpump_twin.pot` lists every text (`message_sources.py` finds them),
and each language's PO file follows it as `pybabel update` would have it: a text that is new is
empty, or guessed from a similar one and marked fuzzy; one that is gone is kept as obsolete.
"""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

from babel import Locale, UnknownLocaleError
from babel.messages.catalog import Catalog, Message
from babel.messages.plurals import get_plural
from babel.messages.pofile import PoFileError, read_po, write_po
from message_sources import ROOT, sources

from heatpump_twin import __version__
from heatpump_twin.config.languages import PO_FILE

LOCALES = ROOT / "config" / "locales"
TEMPLATE = "heatpump_twin.pot"
HEADER = """\
# Translations template for PROJECT.
# docs/how-to/add-a-language.md tells what the contexts (msgctxt) mean, and how to go on.
#"""
Key = tuple[str | None, object]


def build_template() -> Catalog:
    """Return all texts, to be translated."""
    template = Catalog(
        project="heatpump-twin",
        version=__version__,
        msgid_bugs_address="CONTRIBUTING.md",
        header_comment=HEADER,
        fuzzy=False,
    )
    for source in sources():
        if not source.text:
            continue  # the message without a text is the head of the file
        template.add(
            source.text,
            context=source.context.value,
            locations=[(source.file, 0)],
            auto_comments=[source.comment] if source.comment else [],
        )
    return template


def update(template: Catalog, folder: Path) -> None:
    """Write the template, and what follows from it in each language."""
    file = folder / TEMPLATE
    if not file.exists() or _described(template) != _described(_read(file)):
        _write(file, template)
    for file in po_files(folder):
        language = _read(file)
        language.update(_read(folder / TEMPLATE))
        _write(file, language)


def add(code: str, folder: Path) -> Path:
    """Begin a language with every text empty."""
    file = folder.joinpath(code, *PO_FILE.parts)
    if file.exists():
        sys.exit(f"{file} is there already")
    language = _read(folder / TEMPLATE)
    try:
        language.locale = Locale.parse(code)
    except (UnknownLocaleError, ValueError) as error:
        sys.exit(f"{code}: {error}")
    file.parent.mkdir(parents=True)
    _write(file, language)
    return file


# ── what is wrong ────────────────────────────────────────────────────────────────────────────────
def check(template: Catalog, folder: Path) -> Iterator[str]:
    """Say what is wrong with the template and with each language."""
    file = folder / TEMPLATE
    if not file.exists() or _described(_read(file)) != _described(template):
        yield f"{file} is stale: make messages"
    for file in po_files(folder):
        try:
            language = _read(file)
        except PoFileError as error:
            yield f"{file}: {error}"
            continue
        for line, problem in problems(template, language, file.parents[1].name):
            yield f"{file}:{line}: {problem}"


def problems(template: Catalog, language: Catalog, code: str) -> Iterator[tuple[int, str]]:
    """Return what is wrong with one language, each with the number of its line."""
    if str(language.locale) != code:
        yield 1, f"the header says that it is {language.locale_identifier}"
    if (count := get_plural(code).num_plurals) != language.num_plurals:
        yield 1, f"the header says {language.num_plurals} plural forms; there are {count}"
    wanted, found = _by_key(template), _by_key(language)
    for key in wanted.keys() - found.keys():
        yield 1, f"not there: {_named(wanted[key])}"
    for message in language.obsolete.values():
        yield message.lineno or 1, f"obsolete: {_named(message)}"
    for key, message in found.items():
        if key not in wanted:
            yield message.lineno or 1, f"nothing shows it: {_named(message)}"
        elif problem := _problem(message, language):
            yield message.lineno or 1, f"{problem}: {_named(message)}"


def _problem(message: Message, language: Catalog) -> str:
    said = [message.string] if isinstance(message.string, str) else list(message.string or ())
    if not said or not all(said):
        return "not translated"
    if message.fuzzy:
        return "fuzzy"
    if errors := message.check(language):
        return str(errors[0])
    ids = [message.id] if isinstance(message.id, str) else list(message.id)
    try:
        same = all(_placeholders(form) == _placeholders(ids[-1]) for form in said)
    except ValueError as error:
        return str(error)
    return "" if same or "python-brace-format" not in message.flags else "other {placeholders}"


def _placeholders(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name is not None}


def _named(message: Message) -> str:
    text = message.id if isinstance(message.id, str) else message.id[0]
    return f'{message.context} "{text}"'


# ── files ────────────────────────────────────────────────────────────────────────────────────────
def po_files(folder: Path) -> list[Path]:
    """Return the languages' files."""
    return sorted(folder.glob(f"*/{PO_FILE}"))


def _read(file: Path) -> Catalog:
    return read_po(io.BytesIO(file.read_bytes()), abort_invalid=True)


def _write(file: Path, catalog: Catalog) -> None:
    with file.open("wb") as out:
        # Without line numbers: a file shall change when its texts do, not when code moves.
        write_po(out, catalog, include_lineno=False)


def _by_key(catalog: Catalog) -> dict[Key, Message]:
    return {(m.context, _id(m)): m for m in catalog if m.id}


def _id(message: Message) -> object:
    return message.id if isinstance(message.id, str) else tuple(message.id)


def _described(catalog: Catalog) -> list[object]:
    """Return what the template says, without its dates and the version of its maker."""
    return [
        (m.context, _id(m), m.auto_comments, sorted({file for file, _ in m.locations}))
        for m in catalog
        if m.id
    ]


def main() -> None:
    """Do what the command line says."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--check", action="store_true", help="change nothing; fail on mistakes")
    arguments.add_argument("--add", metavar="CODE", help="begin a language: fr")
    asked = arguments.parse_args()
    template = build_template()
    if not asked.check:
        update(template, LOCALES)
    if asked.add:
        print(f"{add(asked.add, LOCALES)} has every text; translate them")
        return
    wrong = list(check(template, LOCALES))
    print("\n".join(wrong) or "every text is translated")
    sys.exit(bool(wrong) and asked.check)


if __name__ == "__main__":
    main()
