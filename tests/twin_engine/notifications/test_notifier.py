"""Notifications as receivers get them: over real SMTP and real HTTP."""

from __future__ import annotations

import asyncio
import errno
import os
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from patience import until
from pytest_httpserver import HTTPServer
from receivers import Mailbox, dripping_port, mute_port
from structlog.testing import capture_logs

from heatpump_twin.config.notifications.notification_settings import NotificationSettings
from heatpump_twin.config.phrase import Context, Phrase, Text
from heatpump_twin.drivers.clock import ManualClock
from heatpump_twin.twin_engine.alarm import AlarmDefinition, AlarmTransition
from heatpump_twin.twin_engine.notifications import delivery
from heatpump_twin.twin_engine.notifications.letter import LetterWriter
from heatpump_twin.twin_engine.notifications.notifier import Attention, Notifier
from heatpump_twin.twin_engine.notifications.outbox import Outbox

NOON = 1_768_474_800_000_000
"""2026-01-15 12:00 in Madrid."""
MADRID = ZoneInfo("Europe/Madrid")
FLOW = AlarmDefinition(
    "hp1", "low_water_flow", Text("Low water flow", Context.ALARMS), 700, "strainer clogged",
    "Clean the strainer.", ("water_flow",), consequence="The machine stops.",
)  # fmt: skip
FREEZE = AlarmDefinition("hp2", "freeze_risk", "Freeze risk", 900, "no flow", "Force the pump.", ())
TOKEN = "t0p-secret"


class FastClock(ManualClock):
    """Moves when told; whoever looks by it does so often."""

    speed = 50.0


class Rig:
    """A site with some receivers, whose notifier can be stopped and started again."""

    def __init__(self, path: Path, settings: dict[str, Any]) -> None:
        self.settings = NotificationSettings.model_validate(settings)
        self.path, self.clock = path, FastClock(NOON)
        self.attention: dict[str, Attention] = {}
        self.notifier = self._new()

    def _new(self) -> Notifier:
        names = {"hp1": "East\nBcc: x@example.org", "hp2": "West"}
        return Notifier(
            self.settings, Outbox(self.path), LetterWriter("Old mill", names, MADRID),
            lambda key, _raised: self.attention.get(key, Attention()), MADRID, self.clock,
            pause=0.05,
        )  # fmt: skip

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        self.notifier = self._new()
        task = asyncio.create_task(self.notifier.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])
            assert task.cancelled(), task.exception()

    def tell(self, alarm: AlarmDefinition, active: bool = True, message: str = "") -> None:
        said = message or Phrase("{alarm} ({values})", alarm=alarm.title, values="5 l/min")
        self.notifier.take(AlarmTransition(alarm, active, self.clock.now(), said))


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    box = Mailbox()
    with box.open():
        yield box


@pytest.fixture
def rig(tmp_path: Path) -> Callable[..., Rig]:
    return lambda **settings: Rig(tmp_path / "notifications.sqlite", settings)


def by_mail(box: Mailbox, **receiver: object) -> dict[str, object]:
    smtp = {"host": "127.0.0.1", "port": box.port, "security": "none", "sender": "twin@example.org"}
    return {
        "smtp": smtp,
        "receivers": [{"name": "caretaker", "email": ["c@example.org"], "group": 0, **receiver}],
    }


async def arrived(box: Mailbox) -> Any:
    return await asyncio.to_thread(box.mails.get)


def posted(server: HTTPServer) -> list[dict[str, Any]]:
    return [request.get_json() for request, _ in server.log]


async def seen(server: HTTPServer, count: int) -> list[dict[str, Any]]:
    await asyncio.to_thread(until, lambda: len(server.log) >= count)
    return posted(server)


async def test_an_alarm_is_mailed_in_the_receiver_s_language(rig, mailbox) -> None:
    here = rig(**by_mail(mailbox, language="de"))
    async with here.running():
        here.tell(FLOW)
        mail = await arrived(mailbox)
    assert (
        mail["Subject"].strip()
        == "[Old mill] Hoch: Wasserdurchfluss zu niedrig (East Bcc: x@example.org)"
    )
    assert (mail["To"], mail["From"], mail["Bcc"]) == ("c@example.org", "twin@example.org", None)
    assert mail["Auto-Submitted"] == "auto-generated"
    text = mail.get_content()
    assert "2026-01-15 12:00:00+01:00" in text
    assert "Clean the strainer." in text
    assert "The machine stops." in text


async def test_what_comes_together_is_one_message(rig, mailbox) -> None:
    here = rig(**by_mail(mailbox, group="1 min"))
    async with here.running():
        here.tell(FLOW)
        here.clock.advance(20)
        here.tell(FREEZE)
        here.clock.advance(10)
        here.tell(FLOW, active=False)
        here.clock.advance(31)
        mail = await arrived(mailbox)
    # The worst that still is stands in front.
    assert mail["Subject"] == "[Old mill] Urgent: Freeze risk (West), and 2 more"
    lines = [line for line in mail.get_content().splitlines() if line.startswith("2026")]
    assert [line.split(": ")[0].split("  ")[1] for line in lines] == [
        "High, raised", "Urgent, raised", "High, back to normal",
    ]  # fmt: skip
    assert mailbox.mails.empty()


async def test_a_receiver_gets_what_is_for_it_in_its_own_words(rig, mailbox) -> None:
    here = rig(
        **by_mail(
            mailbox, severity=900, assets=["hp2"], returns=False,
            subject="$count: $alarm", line="$asset/$alarm/$state/$$",
        )
    )  # fmt: skip
    async with here.running():
        here.tell(FLOW)
        here.tell(FREEZE)
        here.tell(FREEZE, active=False)
        mail = await arrived(mailbox)
        assert mail["Subject"] == "1: Freeze risk"
        assert mail.get_content().strip() == "West/Freeze risk/raised/$"
    assert mailbox.mails.empty()


async def test_a_webhook_that_fails_gets_the_same_again_and_once(
    rig, httpserver: HTTPServer
) -> None:
    for status in (500, 302, 429, 204, 204):
        httpserver.expect_oneshot_request("/hook").respond_with_data(
            "", status, headers={"Location": "/elsewhere"}
        )
    hook = {"url": {"value": httpserver.url_for("/hook?key=hidden")}, "token": {"value": TOKEN}}
    here = rig(receivers=[{"name": "bms", "webhook": hook, "group": 0}])
    with capture_logs() as logs:
        async with here.running():
            here.tell(FLOW)
            bodies = await seen(httpserver, 4)
            here.tell(FREEZE)
            *_, last = await seen(httpserver, 5)
    assert len({body["id"] for body in bodies}) == 1
    keys = [request.headers["Idempotency-Key"] for request, _ in httpserver.log]
    assert keys[:4] == [bodies[0]["id"]] * 4
    assert httpserver.log[0][0].headers["Authorization"] == f"Bearer {TOKEN}"
    (alarm,) = bodies[0]["alarms"]
    assert {name: alarm[name] for name in ("key", "state", "severity", "alarm", "time")} == {
        "key": "hp1.low_water_flow", "state": "raised", "severity": 700, "alarm": "Low water flow",
        "time": "2026-01-15T12:00:00+01:00",
    }  # fmt: skip
    assert [alarm["key"] for alarm in last["alarms"]] == ["hp2.freeze_risk"]
    said = str(logs)
    assert "the webhook answered 500" in said
    assert [log["log_level"] for log in logs if "takes none" in log["event"]] == [
        "warning", "debug", "debug",
    ]  # fmt: skip
    assert TOKEN not in said
    assert "hidden" not in said


async def test_what_was_not_sent_is_sent_after_a_restart_and_what_was_is_not(rig, mailbox) -> None:
    mailbox.says = "451 later"
    here = rig(**by_mail(mailbox))
    async with here.running():
        here.tell(FLOW)
        await asyncio.to_thread(until, lambda: here.notifier.late)
        here.tell(FREEZE)
    mailbox.says = "250 OK"
    here.clock.advance(3600)
    async with here.running():
        mail = await arrived(mailbox)
    assert "Low water flow" in mail.get_content()
    assert "Freeze risk" in mail.get_content()
    async with here.running():
        # The same alarm at the same time, as a twin tells it that comes back from a crash.
        here.clock.set(NOON)
        here.tell(FLOW)
        here.clock.advance(60)
        here.tell(FLOW, active=False)
        mail = await arrived(mailbox)
    assert "back to normal" in mail.get_content()
    assert ", raised" not in mail.get_content()


async def test_a_receiver_that_never_answers_holds_up_nobody(rig, mailbox) -> None:
    with mute_port() as port:
        settings = by_mail(mailbox)
        hook = {"url": {"value": f"http://127.0.0.1:{port}/"}}
        settings["receivers"].append({"name": "dead", "webhook": hook, "group": 0})
        here = rig(**settings)
        async with here.running():
            here.tell(FLOW)
            await arrived(mailbox)
            here.tell(FREEZE)
            await arrived(mailbox)
            others = [asyncio.to_thread(str) for _ in range(50)]
            await asyncio.gather(*others)
        # Ended, although the dead one has not answered yet.


async def test_what_nobody_acknowledges_goes_to_the_next(rig, mailbox) -> None:
    settings = by_mail(mailbox, severity=1000)
    settings["receivers"].append(
        {"name": "deputy", "email": ["d@example.org"], "group": 0, "only_escalated": True}
    )
    settings["escalation"] = [{"after": "15 min", "to": ["deputy"]}]
    here = rig(**settings)
    async with here.running():
        here.tell(FREEZE)
        here.tell(FLOW)  # it can wait
        acknowledged = AlarmDefinition("hp1", "tank_hot", "Tank too hot", 900, "c", "a", ())
        here.tell(acknowledged)
        here.attention["hp1.tank_hot"] = Attention(acknowledged=True)
        here.clock.advance(14 * 60)
        await asyncio.sleep(0.3)
        assert mailbox.mails.empty()
        here.clock.advance(61)
        mail = await arrived(mailbox)
    assert mail["To"] == "d@example.org"
    assert "not acknowledged: West" in mail.get_content()
    assert "Tank" not in mail.get_content()


async def test_quiet_hours_let_pass_what_cannot_wait(rig, mailbox) -> None:
    night = {"from": "11:00", "to": "13:00"}
    here = rig(**by_mail(mailbox, quiet=[night]))
    async with here.running():
        here.tell(FLOW)
        here.tell(FREEZE)
        mail = await arrived(mailbox)
        assert "Low water flow" not in mail.get_content()
        here.clock.advance(3600)
        mail = await arrived(mailbox)
        assert "Freeze" not in mail.get_content()


async def test_nobody_is_told_of_what_is_disabled_nor_of_what_is_too_old(rig, mailbox) -> None:
    mailbox.says = "451 later"
    here = rig(**by_mail(mailbox), keep="1 h")
    async with here.running():
        here.attention["hp2.freeze_risk"] = Attention(hushed=True)
        here.tell(FREEZE)
        here.tell(FLOW)
        await asyncio.to_thread(until, lambda: here.notifier.late)
        assert here.notifier.delay == 0.0
        here.clock.advance(3601)
        assert here.notifier.delay == 3601.0
        await asyncio.to_thread(until, lambda: not here.notifier.late)
        mailbox.says = "250 OK"
        here.tell(FLOW, active=False)
        mail = await arrived(mailbox)
    assert mail.get_content().count("2026-") == 1


async def test_a_disk_that_takes_nothing_delays_and_loses_nothing(rig, mailbox, tmp_path) -> None:
    here = rig(**by_mail(mailbox))
    (tmp_path / "notifications.sqlite").mkdir()
    with capture_logs() as logs:
        async with here.running():
            here.tell(FLOW)
            await asyncio.to_thread(until, lambda: logs)
            (tmp_path / "notifications.sqlite").rmdir()
            assert "Low water flow" in (await arrived(mailbox)).get_content()
    assert "the disk takes none" in str(logs)


async def test_a_damaged_file_is_set_aside_and_the_next_alarm_is_told(
    rig, mailbox, tmp_path
) -> None:
    here = rig(**by_mail(mailbox))
    (tmp_path / "notifications.sqlite").write_bytes(b"no database at all " * 500)
    async with here.running():
        here.tell(FLOW)
        assert "Low water flow" in (await arrived(mailbox)).get_content()
    assert (tmp_path / "notifications.sqlite.damaged").exists()


async def test_what_was_told_is_not_told_again_though_the_disk_takes_no_note_of_it(
    rig, mailbox, monkeypatch
) -> None:
    settle, full = Outbox.settle, True

    def fails(self: Outbox, numbers: Any, now: int) -> None:
        if full:
            raise sqlite3.OperationalError("database or disk is full")
        settle(self, numbers, now)

    monkeypatch.setattr(Outbox, "settle", fails)
    here = rig(**by_mail(mailbox))
    async with here.running():
        here.tell(FLOW)
        assert "Low water flow" in (await arrived(mailbox)).get_content()
        # The next is told, and alone: by then the first was looked at once more.
        here.clock.advance(1)
        here.tell(FREEZE)
        assert "Low water" not in (await arrived(mailbox)).get_content()
        full = False
        await asyncio.to_thread(until, lambda: not Outbox(here.path).next_ready())
    assert mailbox.mails.empty()


async def test_what_waits_is_told_while_the_disk_takes_nothing_new(
    rig, mailbox, monkeypatch
) -> None:
    here = rig(**by_mail(mailbox, group="1 min"))
    async with here.running():
        here.tell(FLOW)
        await asyncio.to_thread(until, lambda: Outbox(here.path).next_ready())
        put = Outbox.put

        def fails(_self: Outbox, _notes: Any) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(Outbox, "put", fails)
        here.tell(FREEZE)
        here.clock.advance(61)
        assert "Freeze" not in (await arrived(mailbox)).get_content()
        monkeypatch.setattr(Outbox, "put", put)
        assert "Freeze" in (await arrived(mailbox)).get_content()


async def test_each_step_of_an_escalation_tells_also_whom_one_before_has_told(rig, mailbox) -> None:
    settings = by_mail(mailbox, only_escalated=True)
    settings["escalation"] = [{"after": f"{n} min", "to": ["caretaker"]} for n in (15, 30)]
    here = rig(**settings)
    async with here.running():
        here.tell(FREEZE)
        marks = set()
        for _ in range(2):
            here.clock.advance(15 * 60)
            mail = await arrived(mailbox)
            assert "not acknowledged" in mail.get_content()
            marks.add(mail["Message-ID"])
    assert len(marks) == 2


async def test_an_escalation_waits_until_it_is_known_what_was_acknowledged(rig, mailbox) -> None:
    settings = by_mail(mailbox, only_escalated=True)
    settings["escalation"] = [{"after": "15 min", "to": ["caretaker"]}]
    here = rig(**settings)
    here.attention = {key: Attention(acknowledged=None) for key in (FREEZE.key, "hp1.tank_hot")}
    async with here.running():
        here.tell(FREEZE)
        here.tell(AlarmDefinition("hp1", "tank_hot", "Tank too hot", 900, "c", "a", ()))
        here.clock.advance(15 * 60)
        await asyncio.sleep(0.3)
        assert mailbox.mails.empty()
        here.attention = {"hp1.tank_hot": Attention(acknowledged=True)}
        assert "Tank" not in (await arrived(mailbox)).get_content()


async def test_a_receiver_that_answers_drop_by_drop_takes_none(rig, monkeypatch) -> None:
    monkeypatch.setattr(delivery, "LONGEST", 0.3)
    with dripping_port() as port:
        hook = {"url": {"value": f"http://127.0.0.1:{port}/"}}
        here = rig(receivers=[{"name": "slow", "webhook": hook, "group": 0}])
        async with here.running():
            here.tell(FLOW)
            await asyncio.to_thread(until, lambda: here.notifier.late)


async def test_an_odd_goodbye_of_the_mail_server_changes_nothing(rig, mailbox) -> None:
    mailbox.goodbye = "500 what?"
    here = rig(**by_mail(mailbox))
    async with here.running():
        here.tell(FLOW)
        await arrived(mailbox)
        await asyncio.to_thread(until, lambda: not Outbox(here.path).next_ready())
    assert not here.notifier.late
    assert mailbox.mails.empty()


async def test_an_address_that_is_refused_for_now_gets_it_later_and_others_once(
    rig, mailbox
) -> None:
    mailbox.refused = "d@example.org"
    here = rig(**by_mail(mailbox, email=["c@example.org", "d@example.org"]))
    async with here.running():
        here.tell(FLOW)
        assert (await arrived(mailbox))["To"] == "c@example.org"
        await asyncio.to_thread(until, lambda: here.notifier.late)
        mailbox.refused = ""
        assert (await arrived(mailbox))["To"] == "d@example.org"
    assert mailbox.mails.empty()


async def test_the_environment_changes_nothing_about_a_webhook(
    rig, httpserver: HTTPServer, tmp_path, monkeypatch
) -> None:
    (tmp_path / "netrc").write_text("machine localhost login eve password x\n", "utf-8")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    httpserver.expect_request("/hook").respond_with_data("", 204)
    hook = {"url": {"value": httpserver.url_for("/hook")}, "token": {"value": TOKEN}}
    here = rig(receivers=[{"name": "bms", "webhook": hook, "group": 0}])
    async with here.running():
        here.tell(FLOW)
        await seen(httpserver, 1)
    assert httpserver.log[0][0].headers["Authorization"] == f"Bearer {TOKEN}"


async def test_a_token_does_not_go_in_clear_text_to_an_address_in_a_file(rig, tmp_path) -> None:
    (tmp_path / "url").write_text("http://bms.example.org/hidden", "utf-8")
    hook = {"url": {"file": str(tmp_path / "url")}, "token": {"value": TOKEN}}
    here = rig(receivers=[{"name": "bms", "webhook": hook, "group": 0}])
    with capture_logs() as logs:
        async with here.running():
            here.tell(FLOW)
            await asyncio.to_thread(until, lambda: here.notifier.late)
    assert "https" in str(logs)
    assert "hidden" not in str(logs)


async def test_without_receivers_nothing_is_written(rig, tmp_path) -> None:
    here = rig()
    await here.notifier.run()
    here.tell(FLOW)
    assert list(tmp_path.iterdir()) == []
