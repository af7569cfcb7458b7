"""List texts that lack a translation and translations that nothing shows; `--check` fails on any.

What is declared as data is looked up here. What the code says is found by the test that walks a
running server; of it, this tool knows only whether a text still stands in the code.
"""

import ast
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import yaml

from heatpump_twin.config.catalogue import CATALOGUE, UNITS
from heatpump_twin.config.languages import Language, sources
from heatpump_twin.config.yaml_source import YamlSource

ROOT = Path(__file__).resolve().parent.parent
CODE = ("config", "drivers", "twin_engine", "rules", "server")
NODESET = ROOT / "server" / "nodeset" / "heatpump-twin.types.xml"
NAMES_OF = ("UAObject", "UAVariable", "UAMethod")
"""Nodes whose names people read; the names of types are for engineers, in one language."""


def declared() -> Iterator[tuple[str, str]]:
    """Return every text that is data, with the section of a translation file where it belongs."""
    symbols = {unit.symbol for unit in UNITS.values()}
    for points in CATALOGUE.values():
        for spec in points.values():
            yield from (("points", spec.title), ("points", spec.text))
    for points in CATALOGUE.values():
        for spec in points.values():
            yield from (("states", text) for text in spec.codes.values())
    yield from (("units", unit.name) for unit in UNITS.values() if unit.name not in symbols)
    for pack in sorted((ROOT / "rules" / "packs").glob("*.yaml")):
        for rule in yaml.safe_load(pack.read_text("utf-8"))["rules"]:
            yield from (("alarms", rule[key]) for key in ("title", "cause", "action"))
    yield from (("model", text) for text in nodeset_texts())


def nodeset_texts() -> Iterator[str]:
    """Return the descriptions of our type model, and the names in it that are for people."""
    for node in ET.parse(NODESET).getroot():
        for element in node:
            tag = element.tag.rpartition("}")[2]
            own = node.get("BrowseName", "").startswith("1:")
            shown = own and node.tag.rpartition("}")[2] in NAMES_OF and not is_name(element.text)
            if element.text and (tag == "Description" or (tag == "DisplayName" and shown)):
                yield element.text


def is_name(text: str | None) -> bool:
    """Tell whether a text is the URI of a namespace or stands for names: ``<HeatPump>``."""
    return (text or "").startswith(("urn:", "<"))


def literals() -> Iterator[str]:
    """Return every text constant in the code that makes texts, and in the type model."""
    for room in CODE:
        for file in sorted((ROOT / room).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text("utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield node.value
    for file in sorted(NODESET.parent.glob("*.yaml")):
        yield from scalars(yaml.safe_load(file.read_text("utf-8")))


def scalars(data: object) -> Iterator[str]:
    """Return the texts in a YAML document, keys included."""
    if isinstance(data, str):
        yield data
        yield data.partition(" [")[0]  # an instance states its range in place of the unit
    elif isinstance(data, dict):
        yield from (text for pair in data.items() for part in pair for text in scalars(part))
    elif isinstance(data, list):
        yield from (text for part in data for text in scalars(part))


def report(language: Language, texts: list[tuple[str, str]], known: set[str]) -> list[str]:
    """Return what is wrong with one language, as lines that can be put into its file."""
    missing: dict[str, str] = {}
    for section, text in texts:
        if language.say(text) is None:
            missing.setdefault(text, section)
    lines = []
    for section in language.sections:
        found = [text for text, place in missing.items() if place == section]
        lines += [f"missing in {language.language}.yaml, {section}:"] if found else []
        lines += [f'  "{text}": ""' for text in found]
    for section, translations in language.sections.items():
        left_over = [text for text in translations if text not in known]
        lines += [f"left over in {language.language}.yaml, {section}:"] if left_over else []
        lines += [f'  "{text}"' for text in left_over]
    return lines


def main() -> None:
    """Print what is missing and what is left over."""
    texts = list(declared())
    known = {text for _, text in texts} | set(literals())
    lines = []
    for source in sources():
        language = YamlSource(source.read_text("utf-8"), str(source)).validate(Language)
        lines += report(language, texts, known)
    print("\n".join(lines) or "every text is translated")
    if lines and "--check" in sys.argv:
        sys.exit(1)


if __name__ == "__main__":
    main()
