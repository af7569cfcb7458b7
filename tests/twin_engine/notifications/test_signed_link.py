"""Links that acknowledge: what they allow, for how long, and nothing else."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from heatpump_twin.twin_engine.notifications.signed_link import LinkSigner, Permit

RAISED = 1_768_474_800_000_000
DAY = 86_400_000_000
PERMIT = Permit("caretaker", "hp1.low_water_flow", RAISED)


def token(signer: LinkSigner, permit: Permit = PERMIT) -> str:
    (found,) = parse_qs(urlsplit(signer.link(permit)).query)["token"]
    return found


def test_a_link_allows_what_it_was_made_for_and_outlives_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "key"
    signer = LinkSigner(file, "https://twin.example.org/")
    assert signer.link(PERMIT).startswith("https://twin.example.org/acknowledge?token=")
    assert file.stat().st_mode & 0o077 == 0
    assert LinkSigner(file, "https://elsewhere").permit(token(signer), RAISED + DAY) == PERMIT


def test_it_ends_after_a_week_and_with_its_key(tmp_path: Path) -> None:
    signer = LinkSigner(tmp_path / "key", "https://twin.example.org")
    assert signer.permit(token(signer), RAISED + 7 * DAY - 1) == PERMIT
    assert signer.permit(token(signer), RAISED + 7 * DAY) is None
    other = LinkSigner(tmp_path / "other", "https://twin.example.org")
    assert other.permit(token(signer), RAISED) is None


@pytest.mark.parametrize("place", [0, 10, -70, -1])
def test_one_changed_character_is_enough(tmp_path: Path, place: int) -> None:
    signer = LinkSigner(tmp_path / "key", "https://twin.example.org")
    text = list(token(signer))
    text[place] = "A" if text[place] != "A" else "B"
    assert signer.permit("".join(text), RAISED) is None
