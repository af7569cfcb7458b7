"""Contexts: every text that a server shows is translated as what it is, not only as how it reads.

The server speaks a language in which each text says its context: ``[points] Defrost``.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
import translations as tool
from asyncua import ua
from patient_client import patient_client
from shown_texts import Shown, shown_texts

from heatpump_twin.config.catalogue import CATALOGUE, UNITS, PointTable
from heatpump_twin.config.languages import PO_FILE, Languages
from heatpump_twin.config.load import load_site
from heatpump_twin.rules.engine import RuleEngine
from heatpump_twin.rules.pack import load_pack
from heatpump_twin.server.services.translator import Translators

CODE = "de"
POINTS = CATALOGUE["heat_pump"]


@pytest.fixture(scope="module")
def contexts(tmp_path_factory: pytest.TempPathFactory) -> Languages:
    """A language whose words are the English ones behind their context."""
    folder = tmp_path_factory.mktemp("locales")
    messages = tool.build_template()
    for message in messages:
        if message.id:
            forms = [message.id] if isinstance(message.id, str) else message.id
            said = tuple(f"[{message.context}] {form}" for form in forms)
            message.string = said[0] if isinstance(message.id, str) else said
    messages.locale = CODE
    file = folder.joinpath(CODE, *PO_FILE.parts)
    file.parent.mkdir(parents=True)
    with file.open("wb") as out:
        tool.write_po(out, messages)
    return Languages(folder)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_rig(start_rig, contexts: Languages) -> AsyncIterator[object]:
    table = PointTable.build(("hp1", name, spec, None) for name, spec in POINTS.items())
    rules = RuleEngine([load_pack("heat-pump")], load_site("default", [], {}), table)
    async with start_rig(alarms=rules.definitions()) as running:
        running.server._running.iserver.translators = Translators(contexts)
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shown(shared_rig) -> list[Shown]:
    """What is shown of instances in the language of contexts."""
    shared_rig.feed("hp1.operating_state", 5)
    # The whole address space is decoded for the first time: the server, in this very loop, needs
    # longer on a busy machine than a client waits by itself.
    async with patient_client(shared_rig.url) as client:
        client.set_locale([CODE])
        await client.activate_session()
        site = (await shared_rig.namespaces(client))["site"]
        found = await shown_texts(client)
    return [s for s in found if s.node.NamespaceIndex == site and s.text.Locale == CODE]


def contexts_of(shown: list[Shown]) -> set[str]:
    return {context for s in shown for context in re.findall(r"\[([a-z.]+)\] ", s.text.Text)}


def last(s: Shown) -> str:
    return str(s.node.Identifier).rpartition(".")[2]


def of_points(shown: list[Shown], *attributes: ua.AttributeIds) -> list[Shown]:
    names = {f"hp1.{point}" for point in POINTS}
    return [s for s in shown if s.node.Identifier in names and s.attribute in attributes]


def test_points_states_units_and_alarms_speak_in_their_contexts(shown: list[Shown]) -> None:
    named = of_points(shown, ua.AttributeIds.DisplayName, ua.AttributeIds.Description)
    assert len(named) > 2 * len(POINTS) - 10
    assert contexts_of(named) == {"points"}
    values = [s for s in shown if s.attribute is ua.AttributeIds.Value]
    states = ("EnumValues", "EnumStrings", "TrueState", "FalseState", "ValueAsText", "CurrentState")
    assert contexts_of([s for s in values if last(s) in states]) == {"states"}
    current = {s.text.Text for s in values if last(s) == "CurrentState"}
    assert current == {"[states] Defrost", "[states] Unshelved"}
    units = [s for s in values if last(s) == "EngineeringUnits"]
    assert contexts_of(units) == {"units"}
    assert len({s.text.Text for s in units}) > len(UNITS) / 2
    alarms = [s for s in shown if re.fullmatch(r"hp1\.alarms\.\w+", str(s.node.Identifier))]
    assert contexts_of(alarms) == {"alarms"}
    causes = [s for s in values if last(s) in ("LikelyCause", "CorrectiveAction")]
    assert contexts_of(causes) == {"alarms"}


def test_the_same_word_is_a_point_a_part_and_a_state(shown: list[Shown]) -> None:
    found = {
        (str(s.node.Identifier), s.text.Text)
        for s in shown
        if s.attribute is ua.AttributeIds.DisplayName
    }
    assert ("hp1.compressor_running", "[points] Compressor") in found
    assert ("hp1.Compressor", "[model] Compressor") in found
    assert ("hp1.defrost_active", "[points] Defrost") in found


def test_commands_name_the_point_that_an_argument_stands_for(shown: list[Shown]) -> None:
    by_node: dict[str, list[str]] = {}
    for s in shown:
        by_node.setdefault(str(s.node.Identifier), []).append(s.text.Text)
    name, description = by_node["hp1.SetSupplySetpoint"]
    assert name == "[commands] SetSupplySetpoint"
    assert description.startswith("[commands] Sets the temperature")
    assert by_node["hp1.SetSupplySetpoint.InputArguments"][-1] == (
        "[messages] [points] Supply setpoint, [messages] 20 to 55 °C"
    )
    assert (
        "[commands] What happened, in one sentence"
        in (by_node["hp1.SetSupplySetpoint.OutputArguments"])
    )


def test_what_alarms_say_names_points_and_states(shown: list[Shown]) -> None:
    messages = [s.text.Text for s in shown if str(s.node.Identifier).endswith(".Message")]
    assert "[messages] [alarms] Low water flow: normal" in messages
    enabled = [s.text.Text for s in shown if str(s.node.Identifier).endswith(".EnabledState")]
    assert "[states] Enabled" in enabled


def test_nothing_is_shown_in_a_context_of_the_pages(shown: list[Shown]) -> None:
    assert contexts_of(shown) == {
        "model", "commands", "points", "states", "units", "alarms", "messages",
    }  # fmt: skip
