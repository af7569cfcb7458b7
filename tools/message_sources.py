"""Where texts that people read come from: declared as data, or marked in the code."""

from __future__ import annotations

import ast
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from heatpump_twin.config.catalogue import CATALOGUE, FIGURES, UNITS, Group, pascal_case
from heatpump_twin.config.phrase import Context, Phrase, says_something
from heatpump_twin.drivers.modbus.profile.profile_files import load_profile, packaged_profiles
from heatpump_twin.rules.pack import load_pack
from heatpump_twin.server.nodeset.model import load_model

ROOT = Path(__file__).resolve().parent.parent
CODE = ("config", "drivers", "twin_engine", "rules", "server", "hmi")
CATALOGUE_FILE, UNITS_FILE = "config/catalogue.yaml", "config/units.yaml"
PROFILES = "drivers/modbus/profiles"
MODEL_FILE, NODESET_FILE = "server/nodeset/model.yaml", "server/nodeset/heatpump-twin.types.xml"
NAMED = ("UAObject", "UAVariable")
"""Nodes whose names people read; the names of types are for engineers, in one language."""


@dataclass(frozen=True, slots=True)
class Source:
    """One text, or the two forms of a counted one, and what tells a translator about it."""

    context: Context
    text: str | tuple[str, str]
    file: str
    comment: str = ""


def sources() -> Iterator[Source]:
    """Return every text, in the order of the template."""
    yield from points()
    yield from units()
    yield from alarms()
    yield from commands()
    yield from model()
    for room in CODE:
        for file in sorted((ROOT / room).rglob("*.py")):
            yield from marked(file.read_text("utf-8"), str(file.relative_to(ROOT)))


# ── data ─────────────────────────────────────────────────────────────────────────────────────────
def points() -> Iterator[Source]:
    """Return titles, meanings and states of points."""
    declared = [(p, spec) for specs in CATALOGUE.values() for p, spec in specs.items()]
    for point, spec in declared:
        for text in (spec.title, spec.text):
            # Those of figures of periods are made of two texts, each with its translation.
            if not isinstance(text, Phrase):
                yield Source(Context.POINTS, text, CATALOGUE_FILE, point)
    for name, figure in FIGURES.items():
        for text in (figure.title, figure.text):
            yield Source(Context.POINTS, text, CATALOGUE_FILE, name)
    for point, spec in declared:
        # Several flags at once are told by the texts of each.
        for text in (spec.flags or spec.codes).values():
            yield Source(Context.STATES, text, CATALOGUE_FILE, point)


def units() -> Iterator[Source]:
    """Return names of units, but for those that are a symbol."""
    symbols = {unit.symbol for unit in UNITS.values()}
    for unit in UNITS.values():
        if unit.name not in symbols:
            yield Source(Context.UNITS, unit.name, UNITS_FILE, unit.symbol)


def alarms() -> Iterator[Source]:
    """Return what the packaged rules and events say, and what fault codes mean."""
    for file in sorted((ROOT / "rules" / "packs").glob("*.yaml")):
        pack, name = load_pack(file.stem), str(file.relative_to(ROOT))
        for rule in pack.rules:
            for text in filter(None, (rule.title, rule.cause, rule.consequence, rule.action)):
                yield Source(Context.ALARMS, text, name, rule.id)
        for event in pack.events:
            for text in (event.begins, event.ends):
                yield Source(Context.ALARMS, text, name, event.id)
    for name in packaged_profiles():
        for code, fault in load_profile(name).faults.items():
            for text in (fault.text, fault.cause, fault.action):
                yield Source(Context.ALARMS, text, f"{PROFILES}/{name}.yaml", str(code))


def commands() -> Iterator[Source]:
    """Return names and descriptions of methods and of their arguments.

    An argument of the type states its unit; that of an instance, what it takes.
    """
    declared = load_model()
    titles = {spec.title for specs in CATALOGUE.values() for spec in specs.values()}
    for name, method in declared.methods.items():
        yield Source(Context.COMMANDS, name, MODEL_FILE)
        yield Source(Context.COMMANDS, method.description, MODEL_FILE, name)
        for argument, spec in method.inputs.items():
            for text in dict.fromkeys((spec.meaning, spec.description)):
                if text not in titles:
                    yield Source(Context.COMMANDS, text, MODEL_FILE, f"{name}, {argument}")
    for name, result in declared.results.items():
        yield Source(Context.COMMANDS, result.meaning, MODEL_FILE, name)


def model() -> Iterator[Source]:
    """Return what the type model says that neither the catalogue nor a method says."""
    declared = load_model()
    for group in Group:
        yield Source(Context.MODEL, group.value, CATALOGUE_FILE)
    elsewhere = {pascal_case(point) for specs in CATALOGUE.values() for point in specs}
    elsewhere |= {*declared.methods, *declared.state_machine.states}
    for node in ET.parse(ROOT / NODESET_FILE).getroot():
        kind, name = _tag(node), node.get("BrowseName", "")
        own = name.removeprefix("1:") if name.startswith("1:") else ""
        if own in elsewhere and kind != "UAObjectType":
            continue
        for element in node:
            text = element.text or ""
            is_name = _tag(element) == "DisplayName" and own and kind in NAMED
            if text and (_tag(element) == "Description" or (is_name and not _stands_for(text))):
                yield Source(Context.MODEL, text, NODESET_FILE, name)
    for variable, spec in declared.programs.variables.items():
        for state in spec.states:
            yield Source(Context.STATES, state, MODEL_FILE, variable)


def _tag(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]


def _stands_for(text: str) -> bool:
    """Tell whether a name is the URI of a namespace or stands for names: ``<HeatPump>``."""
    return text.startswith(("urn:", "<"))


# ── code ─────────────────────────────────────────────────────────────────────────────────────────
def marked(code: str, file: str) -> Iterator[Source]:
    """Return the texts that code marks with ``Text``, ``Phrase`` and ``counted``.

    Raises
    ------
    SystemExit
        A phrase is not made of a literal: nobody would find it to translate it.
    """
    tree = ast.parse(code)
    makers = {"Text": ("Text", None), "Phrase": ("Phrase", None), "counted": ("counted", None)}
    makers |= dict(_partials(tree))
    calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)]
    for call in sorted(calls, key=lambda node: (node.lineno, node.col_offset)):
        maker, context = makers.get(call.func.id, ("", None))
        context = context or _context(call)
        literals = [arg.value for arg in call.args if isinstance(arg, ast.Constant)]
        match maker, literals:
            case "Text", [str(text)]:
                yield Source(context, text, file)
            case "Phrase", [str(text)]:
                if says_something(text):
                    yield Source(context, text, file)
            case "counted", [str(one), str(many)]:
                yield Source(context, (one, many), file)
            case (("Phrase" | "counted"), _) if file != "config/phrase.py":
                sys.exit(f"{file}:{call.lineno}: a phrase is made of a literal")


def _partials(tree: ast.Module) -> Iterator[tuple[str, tuple[str, Context]]]:
    """Find ``_login = partial(Text, context=Context.HMI_LOGIN)``."""
    for node in tree.body:
        match node:
            case ast.Assign(
                targets=[ast.Name(id=name)],
                value=ast.Call(func=ast.Name(id="partial"), args=[ast.Name(id=maker)]) as call,
            ):
                yield name, (maker, _context(call))


def _context(call: ast.Call) -> Context:
    """Return the context that a call names, as ``Context.POINTS``; default: messages."""
    given = [*call.args[1:], *(k.value for k in call.keywords if k.arg == "context")]
    named = [node.attr for node in given if isinstance(node, ast.Attribute)]
    return Context[named[0]] if named and named[0] in Context.__members__ else Context.MESSAGES
