"""Train the heat-up model of a heat pump on the history in a data directory."""

from __future__ import annotations

from pathlib import Path

from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.settings import Site
from heatpump_twin.errors import TwinError
from heatpump_twin.twin_engine.errors import EngineError
from heatpump_twin.twin_engine.foresight.heat_up_training import collect_runs, train
from heatpump_twin.twin_engine.foresight.model_card import ModelError, save_model
from heatpump_twin.twin_engine.foresight.prediction import HEAT_UP
from heatpump_twin.twin_engine.historian.database.database_access import database_url
from heatpump_twin.twin_engine.historian.stored_history import StoredHistory


async def train_model(site: Site, data: DataDirectory, heat_pump: str, output: Path | None) -> str:
    """Train the heat-up model of a heat pump, save it with its card, and return a summary."""
    settings = next((pump for pump in site.heat_pumps if pump.id == heat_pump), None)
    if settings is None:
        known = ", ".join(pump.id for pump in site.heat_pumps)
        raise TwinError(f"there is no heat pump {heat_pump!r} on this site; it has {known}")
    # Named on the card: what was learnt from an emulated plant is not known of a machine.
    emulated = all(device.connection.is_emulated for device in settings.devices)
    source = "emulated plant" if emulated else "site history"
    history = StoredHistory(database_url(site.historian, data))
    try:
        await history.start()
        runs = await collect_runs(history, heat_pump)
        content, card = train(
            runs, asset=heat_pump, heat_pump_model=settings.plate.model, source=source
        )
    # Too little history is no bug: it is told with what to do, without a traceback.
    except (ModelError, EngineError) as error:
        raise TwinError(str(error)) from error
    finally:
        await history.stop()
    path = output or data.models / f"{HEAT_UP}-{heat_pump}.onnx"
    save_model(content, card, path)
    lines = [
        f"{path}: {card.training.runs} runs to train, {card.held_out.runs} held out",
        f"mean absolute error {card.score.mae:.1f} min, 90 % of errors below "
        f"{card.score.p90_absolute:.1f} min; {card.interval_coverage:.0%} inside the 80 % interval",
        *(f"  {b.name}: {b.score.mae:.1f} min" for b in card.baselines),
    ]
    return "\n".join(lines)
