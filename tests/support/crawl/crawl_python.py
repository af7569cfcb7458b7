"""Crawl a whole address space with a Python client and write it as JSON.

``crawl_python.py asyncua|opcua URL OUTPUT``: asyncua's own client, or the legacy python-opcua 0.98
that many installations still run. Form::

    {"namespaces": [uri, …],
     "nodes": {"ns=3;s=hp1": {"status", "class", "name", "display", "value", "value_status",
                              "data_type", "abstract",
                              "references": [[type, target, browse name], …]}}}
"""

from __future__ import annotations

import asyncio
import datetime
import importlib
import inspect
import json
import sys
from pathlib import Path
from typing import Any

BATCH = 500
PATIENCE = 600.0
"""A busy machine may take its time over any answer. [s]"""


class Crawler:
    """The two libraries differ in their names and in who awaits; the requests are the same."""

    def __init__(self, library: str, url: str) -> None:
        module = importlib.import_module(library)
        self.ua: Any = module.ua
        # asyncua's client asks for a sign of life each second, and hangs up where that waits a
        # second behind a large answer.
        patient = {"watchdog_intervall": PATIENCE} if library == "asyncua" else {}
        self.client = module.Client(url, timeout=PATIENCE, **patient)
        self.attributes = [
            getattr(self.ua.AttributeIds, name)
            for name in (
                "NodeClass",
                "BrowseName",
                "DisplayName",
                "Value",
                "DataType",
                "IsAbstract",
            )
        ]

    async def crawl(self) -> dict[str, Any]:
        """Browse forward from the root until nothing is new, then read every node."""
        await _done(self.client.connect())
        namespaces = await _done(self.client.get_namespace_array())
        nodes: dict[str, dict[str, Any]] = {}
        known = {self.ua.NodeId(84)}
        waiting = list(known)
        while waiting:
            batch, waiting = waiting[:BATCH], waiting[BATCH:]
            for node, references in zip(batch, await self._browse(batch), strict=True):
                nodes[node.to_string()] = {
                    "references": [
                        [r.ReferenceTypeId.to_string(), r.NodeId.to_string(), _name(r.BrowseName)]
                        for r in references
                    ]
                }
                new = [r.NodeId for r in references if r.NodeId not in known]
                waiting += dict.fromkeys(new)
                known.update(new)
        ids = list(known)
        for start in range(0, len(ids), BATCH):
            await self._describe(ids[start : start + BATCH], nodes)
        await _done(self.client.disconnect())
        return {"namespaces": namespaces, "nodes": nodes}

    async def _browse(self, batch: list[Any]) -> list[list[Any]]:
        parameters = self.ua.BrowseParameters()
        for node in batch:
            wanted = self.ua.BrowseDescription()
            wanted.NodeId = node
            wanted.BrowseDirection = self.ua.BrowseDirection.Forward
            wanted.IncludeSubtypes = True
            wanted.ResultMask = self.ua.BrowseResultMask.All
            parameters.NodesToBrowse.append(wanted)
        results = await _done(self.client.uaclient.browse(parameters))
        found = []
        for result in results:
            references = list(result.References or [])
            while result.ContinuationPoint:
                more = self.ua.BrowseNextParameters()
                more.ContinuationPoints = [result.ContinuationPoint]
                (result,) = await _done(self.client.uaclient.browse_next(more))
                references += result.References or []
            found.append(references)
        return found

    async def _describe(self, batch: list[Any], nodes: dict[str, dict[str, Any]]) -> None:
        request = self.ua.ReadParameters()
        for node in batch:
            for attribute in self.attributes:
                item = self.ua.ReadValueId()
                item.NodeId, item.AttributeId = node, attribute
                request.NodesToRead.append(item)
        values = await _done(self.client.uaclient.read(request))
        size = len(self.attributes)
        for i, node in enumerate(batch):
            kind, name, display, value, data_type, abstract = values[size * i : size * (i + 1)]
            known = kind.Value.Value if kind.Value else None
            nodes[node.to_string()] |= {
                "status": kind.StatusCode.name,
                "class": int(known) if known is not None else 0,
                "name": _name(name.Value.Value) if name.Value and name.Value.Value else None,
                "display": display.Value.Value.Text
                if display.Value and display.Value.Value
                else None,
                "value": self._plain(value.Value.Value if value.Value else None),
                "value_status": value.StatusCode.name,
                "data_type": data_type.Value.Value.to_string()
                if data_type.Value and data_type.Value.Value
                else None,
                "abstract": bool(abstract.Value and abstract.Value.Value is True),
            }

    def _plain(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._plain(item) for item in value]
        if isinstance(value, self.ua.EUInformation):
            return {
                "NamespaceUri": value.NamespaceUri,
                "UnitId": value.UnitId,
                "DisplayName": value.DisplayName.Text,
            }
        if isinstance(value, self.ua.NodeId):
            return value.to_string()
        if isinstance(value, datetime.datetime):
            return value.isoformat()
        plain = value is None or isinstance(value, bool | int | float | str)
        return value if plain else type(value).__name__


def _name(name: Any) -> str:
    return f"{name.NamespaceIndex}:{name.Name}"


async def _done(result: Any) -> Any:
    return await result if inspect.isawaitable(result) else result


if __name__ == "__main__":
    found = asyncio.run(Crawler(*sys.argv[1:3]).crawl())
    Path(sys.argv[3]).write_text(json.dumps(found), "utf-8")
