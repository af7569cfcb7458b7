"""Failed log-ins count for a user at an origin: a stranger locks out nobody else."""

from __future__ import annotations

import asyncio

import pytest
from asyncua import ua
from asyncua.crypto.security_policies import SecurityPolicyBasic256Sha256
from client_certificate import make_client_certificate
from patient_client import patient_client

from heatpump_twin.config.browser import session_name
from heatpump_twin.server.security.authentication import (
    FREE_ATTEMPTS,
    FREE_ATTEMPTS_OF_A_HOST,
    Authenticator,
)
from heatpump_twin.server.security.users import User, UserRole

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Users:
    """Users with one password, which is not slow to check."""

    asked = 0

    def verify(self, name: str, password: str) -> User | None:
        self.asked += 1
        return User(name, UserRole.VIEWER) if password == "right" else None


async def test_guesses_of_other_names_do_not_lock_out_who_has_been_here() -> None:
    authenticator = Authenticator(Users(), lambda: 0.0)
    assert await authenticator.login("olga", "right", "office")
    for i in range(FREE_ATTEMPTS_OF_A_HOST + 1):
        assert await authenticator.login(f"guess{i}", "wrong", "office") is None
    assert await authenticator.login("olga", "right", "office")
    # Who was never here has to wait: it might be the next guess.
    assert await authenticator.login("victor", "right", "office") is None
    assert await authenticator.login("victor", "right", "home")
    authenticator.close()


async def test_a_success_clears_the_count_of_a_user() -> None:
    authenticator = Authenticator(Users(), lambda: 0.0)
    for _ in range(3):
        for _ in range(FREE_ATTEMPTS - 1):
            assert await authenticator.login("olga", "wrong", "office") is None
        assert await authenticator.login("olga", "right", "office")
    authenticator.close()


async def test_who_has_to_wait_is_told_for_how_long() -> None:
    now = [0.0]
    authenticator = Authenticator(Users(), lambda: now[0])
    for _ in range(FREE_ATTEMPTS + 2):
        assert authenticator.wait("olga", "office") == 0.0
        assert await authenticator.login("olga", "wrong", "office") is None
        now[0] += authenticator.wait("olga", "office")
    assert await authenticator.login("olga", "wrong", "office") is None
    whole = authenticator.wait("olga", "office")
    assert whole > 2.0
    now[0] += whole - 0.5
    assert authenticator.wait("olga", "office") == pytest.approx(0.5)
    assert await authenticator.login("olga", "right", "office") is None
    assert authenticator.wait("victor", "office") == authenticator.wait("olga", "home") == 0.0
    now[0] += 0.5
    assert await authenticator.login("olga", "right", "office")
    authenticator.close()


async def test_guesses_that_come_at_once_are_counted_one_by_one() -> None:
    users = Users()
    authenticator = Authenticator(users, lambda: 0.0)
    passwords = ["wrong"] * (4 * FREE_ATTEMPTS)
    assert not any(
        await asyncio.gather(*[authenticator.login("olga", p, "office") for p in passwords])
    )
    assert users.asked == FREE_ATTEMPTS
    # Who has many sessions opens them all at once.
    at_once = [authenticator.login("olga", "right", "home") for _ in passwords]
    assert all(await asyncio.gather(*at_once))
    authenticator.close()


async def try_from(rig, files, browser: str, password: str) -> bool:
    """Log in as olga with a session that says it is for a browser."""
    client = patient_client(rig.url)
    client.application_uri = "urn:heatpump-twin:hmi"
    client.description = session_name(browser)
    await client.set_security(
        SecurityPolicyBasic256Sha256, *files, mode=ua.MessageSecurityMode.SignAndEncrypt
    )
    client.set_user("olga")
    client.set_password(password)
    try:
        async with client:
            await client.get_namespace_array()
    except (ua.uaerrors.BadUserAccessDenied, ua.uaerrors.BadTooManyOperations):
        return False
    return True


async def guess(rig, files, browser: str) -> None:
    for _ in range(FREE_ATTEMPTS + 1):
        assert not await try_from(rig, files, browser, "wrong password")
    assert not await try_from(rig, files, browser, rig.password)


async def test_a_stranger_at_the_hmi_locks_out_nobody_at_another_browser(
    start_rig, tmp_path
) -> None:
    files = make_client_certificate(tmp_path, "urn:heatpump-twin:hmi", "hmi")
    async with start_rig(hmi_certificate=files[0].read_bytes()) as rig:
        await guess(rig, files, "192.0.2.7")
        assert await try_from(rig, files, "192.0.2.8", rig.password)


async def test_nobody_but_the_hmi_can_speak_for_browsers(start_rig, tmp_path) -> None:
    hmi, other = tmp_path / "hmi", tmp_path / "other"
    for folder in (hmi, other):
        folder.mkdir()
    certificate, _ = make_client_certificate(hmi, "urn:heatpump-twin:hmi", "hmi")
    impostor = make_client_certificate(other, "urn:heatpump-twin:hmi", "hmi")
    async with start_rig(hmi_certificate=certificate.read_bytes()) as rig:
        await guess(rig, impostor, "192.0.2.7")
        assert not await try_from(rig, impostor, "192.0.2.8", rig.password)
