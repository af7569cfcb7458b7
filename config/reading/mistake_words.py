"""Say a mistake that pydantic found in the words of whoever wrote the file.

Pydantic's words are about models and inputs; a person has a file with keys, and wants to know what
was found and what to write instead.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches
from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails

_NUMBER, _WHOLE = "write a number", "write a whole number"
_LIST = "write a list, for example [first, second]"
_SECTION = "write a section, that is keys with values"
_WORDS: dict[str, str] = {
    "string_type": "write a text; in quotes, where it looks like a number or a date",
    "string_unicode": "write a text in UTF-8",
    "string_too_long": "write at most {max_length} characters",
    "string_too_short": "write a text, which is not empty",
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "finite_number": "write a finite number",
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_parsing_size": _WHOLE,
    "int_from_float": _WHOLE,
    "bool_type": "write true or false",
    "bool_parsing": "write true or false",
    "list_type": _LIST,
    "tuple_type": _LIST,
    "dict_type": _SECTION,
    "model_type": _SECTION,
    "model_attributes_type": _SECTION,
    "too_short": "write at least {min_length} here",
    "too_long": "write at most {max_length} here",
    "enum": "write {expected}",
    "literal_error": "write {expected}",
    "greater_than": "write a number above {gt:g}",
    "greater_than_equal": "write a number of {ge:g} or more",
    "less_than": "write a number below {lt:g}",
    "less_than_equal": "write a number of {le:g} or less",
    "invalid_key": "a key is a word: write it in quotes, if it is one",
    "recursion_loop": "an anchor that lies in itself",
}
_COMMA = re.compile(r"\s*([-+]?\d+),(\d+)\s*")
_WITH_UNIT = re.compile(r"\s*([-+]?\d+(?:\.\d+)?)\s*[^\d\s.,:-][^\d,:]*")
_LONGEST_SHOWN = 40


def mistake_words(error: ErrorDetails, model: type[BaseModel]) -> str:
    """Return what was found and what to write, of an error that a model's validation gave."""
    kind, found = error["type"], error["input"]
    if kind == "missing":
        return "this key is required"
    if kind == "extra_forbidden":
        return _unknown_key(error["loc"], model)
    if kind not in _WORDS:
        return error["msg"].removeprefix("Value error, ")
    remedy = _WORDS[kind].format_map(error.get("ctx", {}))
    if _WORDS[kind] in (_NUMBER, _WHOLE) and isinstance(found, str):
        remedy = _number_of(found) or remedy
    return f"{remedy}; found {_shown(kind, found)}"


def follows_from_another(error: ErrorDetails, errors: Sequence[ErrorDetails]) -> bool:
    """Tell whether an error is only said because of errors in what lies below its place."""
    # A list whose items are all wrong is counted as empty.
    place = error["loc"]
    return error["type"] == "too_short" and any(
        len(other["loc"]) > len(place) and other["loc"][: len(place)] == place for other in errors
    )


def shorten(text: str) -> str:
    """Return a text as it is shown in a message."""
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


def _number_of(text: str) -> str:
    if match := _COMMA.fullmatch(text):
        return f"a decimal comma: write {match[1]}.{match[2]}"
    if match := _WITH_UNIT.fullmatch(text):
        return f"write the number alone, in the unit of this key: {match[1]}"
    return ""


def _shown(kind: str, found: object) -> str:
    if found is None:
        return "nothing"
    if kind in ("string_too_long", "too_long", "too_short") and hasattr(found, "__len__"):
        return f"{len(found):,}"
    if isinstance(found, dict):
        return "a section"
    if isinstance(found, list | tuple | set):
        return "a list"
    return shorten(found if isinstance(found, str) and found.strip() else repr(found))


def _unknown_key(location: Sequence[str | int], model: type[BaseModel]) -> str:
    key = str(location[-1])
    keys = _keys_at(location[:-1], _schema(model))
    if near := get_close_matches(key, keys, 1):
        return f"unknown key; did you mean {near[0]}?"
    hint = f"here can be {', '.join(keys)}" if keys else "see `hptwin schema` for what there is"
    return f"unknown key; {hint}"


@cache
def _schema(model: type[BaseModel]) -> dict[str, Any]:
    return model.model_json_schema()


def _keys_at(location: Sequence[str | int], schema: dict[str, Any]) -> list[str]:
    """Return the keys that a schema has at a place."""
    sections = schema.get("$defs", {})
    node = schema
    for step in location:
        node = node.get("items", {}) if isinstance(step, int) else node["properties"].get(step, {})
        options = (node, *node.get("anyOf", ()))
        found = [sections[o["$ref"].rpartition("/")[-1]] if "$ref" in o else o for o in options]
        node = next((o for o in found if "properties" in o or "items" in o), {"properties": {}})
    return list(node.get("properties", ()))
