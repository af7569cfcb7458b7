"""A column of texts that can be translated: what a language needs of them is kept."""

from __future__ import annotations

import json

from sqlalchemy import Dialect
from sqlalchemy import Text as TextColumn
from sqlalchemy.types import TypeDecorator

from heatpump_twin.config.phrase import Text, data_of_text, text_of_data

_BEGIN = '{"'
"""Of what stands for a text of ours; texts of earlier versions are English and stand as they are.
"""


class SaidText(TypeDecorator[str]):
    """A `Text` or `Phrase` as JSON, any other text as it is."""

    impl = TextColumn
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Return what the database keeps."""
        del dialect
        return json.dumps(data_of_text(value)) if isinstance(value, Text) else value

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        """Return the text, which says itself in each language as before."""
        del dialect
        if value is None or not value.startswith(_BEGIN):
            return value
        try:
            return text_of_data(json.loads(value))
        except (ValueError, KeyError, TypeError):
            # Of another version, or damaged: it is shown as it is rather than stop the twin.
            return value
