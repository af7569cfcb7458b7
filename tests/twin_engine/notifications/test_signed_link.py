"""Links that acknowledge: what they allow, for how long, and nothing else."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from heatpump_twin.twin_engine.notifications.signed_link import LinkSigner, Permit

RAISED = 1_768_474_800_000_000
DAY = 86_400_000_000
NAMES = {"caretaker", "bms"}
PERMIT = Permit("caretaker", "hp1.low_water_flow", RAISED)


def token(signer: LinkSigner, permit: Permit = PERMIT) -> str:
    (found,) = parse_qs(urlsplit(signer.link(permit)).query)["token"]
    return found


def test_a_link_allows_what_it_was_made_for_and_outlives_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "key"
    signer = LinkSigner(file, "https://twin.example.org/", NAMES)
    assert signer.link(PERMIT).startswith("https://twin.example.org/acknowledge?token=")
    assert file.stat().st_mode & 0o077 == 0
    assert (
        LinkSigner(file, "https://elsewhere", NAMES).permit(token(signer), RAISED + DAY) == PERMIT
    )


def test_it_ends_after_a_week_and_with_its_key(tmp_path: Path) -> None:
    signer = LinkSigner(tmp_path / "key", "https://twin.example.org", NAMES)
    assert signer.permit(token(signer), RAISED + 7 * DAY - 1) == PERMIT
    assert signer.permit(token(signer), RAISED + 7 * DAY) is None
    other = LinkSigner(tmp_path / "other", "https://twin.example.org", NAMES)
    assert other.permit(token(signer), RAISED) is None


@pytest.mark.parametrize("place", [0, 10, -70, -1])
def test_one_changed_character_is_enough(tmp_path: Path, place: int) -> None:
    signer = LinkSigner(tmp_path / "key", "https://twin.example.org", NAMES)
    text = list(token(signer))
    text[place] = "A" if text[place] != "A" else "B"
    assert signer.permit("".join(text), RAISED) is None


@pytest.mark.parametrize("content", [b"", b"short", b"x" * 33])
def test_a_key_that_is_none_is_set_aside_and_another_made(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "key"
    file.write_bytes(content)
    signer = LinkSigner(file, "https://twin.example.org", NAMES)
    assert (tmp_path / "key.damaged").read_bytes() == content
    key = file.read_bytes()
    assert len(key) == 32
    body, _, _ = token(signer).partition(".")
    forged = hmac.new(content, body.encode(), hashlib.sha256).hexdigest()
    assert signer.permit(f"{body}.{forged}", RAISED) is None
    LinkSigner(file, "https://twin.example.org", NAMES)
    assert file.read_bytes() == key


def test_who_may_acknowledge_no_more_has_no_good_link(tmp_path: Path) -> None:
    file = tmp_path / "key"
    before = token(LinkSigner(file, "https://twin.example.org", NAMES))
    now = LinkSigner(file, "https://twin.example.org", {"bms"})
    assert now.permit(before, RAISED) is None


@pytest.mark.parametrize("odd", ["\udcff.\udcff", "é.é", "a.\ud800"])
def test_a_token_of_other_characters_allows_nothing(tmp_path: Path, odd: str) -> None:
    assert LinkSigner(tmp_path / "key", "https://x.org", NAMES).permit(odd, RAISED) is None
