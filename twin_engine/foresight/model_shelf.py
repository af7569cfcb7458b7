"""Hold the heat-up models in use, by heat pump."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping

from heatpump_twin.twin_engine.foresight.prediction import HeatUpModel

AdoptionListener = Callable[[str, HeatUpModel], Awaitable[None]]
"""Told that a heat pump has another model now."""


class ModelShelf(Mapping[str, HeatUpModel]):
    """Heat-up models in use, by heat pump; a lookup gives the latest."""

    def __init__(
        self, models: Mapping[str, HeatUpModel], damaged: Mapping[str, str] | None = None
    ) -> None:
        self._models = dict(models)
        self.damaged: dict[str, str] = dict(damaged or {})
        """Heat pumps whose model cannot be used, with the reason."""
        self._listeners: list[AdoptionListener] = []

    def __getitem__(self, asset: str) -> HeatUpModel:
        return self._models[asset]

    def __iter__(self) -> Iterator[str]:
        return iter(self._models)

    def __len__(self) -> int:
        return len(self._models)

    def subscribe(self, listener: AdoptionListener) -> None:
        """Call a listener with every model that replaces another."""
        self._listeners.append(listener)

    def put(self, asset: str, model: HeatUpModel) -> None:
        """Add the model of a heat pump that was added."""
        self._models[asset] = model

    def take(self, asset: str) -> None:
        """Remove the model of a heat pump that was removed."""
        self._models.pop(asset, None)
        self.damaged.pop(asset, None)

    async def adopt(self, asset: str, model: HeatUpModel) -> bool:
        """Replace the model of a heat pump, also a damaged one, and tell the listeners.

        Return whether there was one: without it there are no points for what the model predicts.
        """
        if asset not in self._models and asset not in self.damaged:
            return False
        self.damaged.pop(asset, None)
        self._models[asset] = model
        for listener in self._listeners:
            await listener(asset, model)
        return True
