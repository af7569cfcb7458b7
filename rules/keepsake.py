"""What rules remember over a restart: arrays by rule and call, one row for each asset."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import structlog
from numpy.typing import NDArray

from heatpump_twin.rules.watch import Watch

log = structlog.stdlib.get_logger(__name__)

_INDEX = "index"


@dataclass(frozen=True, slots=True)
class Memento:
    """What one rule remembers of some assets."""

    rule: str
    text: str
    """Of the call that remembers."""
    assets: tuple[str, ...]
    time: int
    """When it was looked at last. [µs]"""
    arrays: Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Keepsake:
    """What all rules remember."""

    mementos: Sequence[Memento]

    def packed(self) -> bytes:
        """Return it as bytes: an archive of arrays with an index, nothing of which is code."""
        names = [(m.rule, m.text, list(m.assets), m.time) for m in self.mementos]
        arrays: dict[str, Any] = {
            f"{number}.{name}": array
            for number, memento in enumerate(self.mementos)
            for name, array in memento.arrays.items()
        }
        index = np.frombuffer(json.dumps(names).encode(), np.uint8)
        file = io.BytesIO()
        arrays[_INDEX] = index
        np.savez_compressed(file, **arrays)
        return file.getvalue()

    @classmethod
    def unpacked(cls, data: bytes) -> Keepsake:
        """Read what `packed` has made; raise ValueError if it is something else."""
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
                names = json.loads(arrays[_INDEX].tobytes())
                found: list[dict[str, NDArray[Any]]] = [{} for _ in names]
                for key in arrays.files:
                    if key != _INDEX:
                        number, name = key.split(".")
                        found[int(number)][name] = arrays[key]
        except (
            OSError,
            KeyError,
            ValueError,
            TypeError,
            IndexError,
            EOFError,
            zipfile.BadZipFile,
        ) as error:
            raise ValueError(f"it is no memory of rules: {error}") from error
        mementos = [
            Memento(rule, text, tuple(assets), int(time), state)
            for (rule, text, assets, time), state in zip(names, found, strict=True)
        ]
        return cls(mementos)


def collected(watches: Iterable[Watch]) -> Keepsake:
    """Return a copy of what some watches remember."""
    return Keepsake(
        [
            Memento(
                watch.rule.id,
                text,
                tuple(watch.assets),
                watch.looked,
                {name: array.copy() for name, array in memory.state.items()},
            )
            for watch in watches
            if watch.looked is not None
            for text, memory in watch.memories.items()
        ],
    )


def distributed(keepsake: Keepsake, watches: Iterable[Watch]) -> None:
    """Give watches what they remembered; what fits none is dropped, and the log says so."""
    by_name: dict[str, list[Watch]] = {}
    for watch in watches:
        by_name.setdefault(watch.rule.id, []).append(watch)
    for memento in keepsake.mementos:
        fits = [_give(memento, watch) for watch in by_name.get(memento.rule, ())]
        if not any(fits):
            log.info(
                "what a rule remembered is dropped: the rule is another now",
                rule=memento.rule,
                of=memento.text,
            )


def _give(memento: Memento, watch: Watch) -> bool:
    memory = watch.memories.get(memento.text)
    if memory is None:
        return False
    places = {asset: place for place, asset in enumerate(watch.assets)}
    there = [k for k, asset in enumerate(memento.assets) if asset in places]
    rows = np.array([places[memento.assets[k]] for k in there], dtype=np.int64)
    if not memory.recall(rows, {name: array[there] for name, array in memento.arrays.items()}):
        return False
    watch.looked = memento.time
    return True
