"""The user file and the brake on guessing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from heatpump_twin.server.errors import UserError
from heatpump_twin.server.security.authentication import (
    FORGOTTEN_AFTER,
    FREE_ATTEMPTS,
    MAX_DELAY,
    REMEMBERED,
    Throttle,
)
from heatpump_twin.server.security.users import User, UserRole, UserStore

PASSWORD = "correct horse battery"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "users.json"


def test_a_user_is_kept_without_the_password(path: Path) -> None:
    UserStore(path).add("olga", UserRole.OPERATOR, PASSWORD)
    assert path.stat().st_mode & 0o077 == 0
    assert PASSWORD not in path.read_text()
    assert json.loads(path.read_text())["users"]["olga"]["password"].startswith("$argon2id$")
    store = UserStore(path)
    assert store.list() == [User("olga", UserRole.OPERATOR)]
    assert store.verify("olga", PASSWORD) == User("olga", UserRole.OPERATOR)
    assert store.verify("olga", PASSWORD + "!") is None
    assert store.verify("nobody", PASSWORD) is None


def test_a_running_store_sees_what_the_command_line_changes(path: Path) -> None:
    running, command_line = UserStore(path), UserStore(path)
    assert running.list() == []
    command_line.add("olga", UserRole.OPERATOR, PASSWORD)
    assert running.verify("olga", PASSWORD) is not None
    command_line.set_password("olga", "another password")
    assert running.verify("olga", PASSWORD) is None
    assert running.verify("olga", "another password") is not None
    command_line.remove("olga")
    assert running.find("olga") is None


def test_mistakes_are_explained(path: Path) -> None:
    store = UserStore(path)
    store.add("olga", UserRole.OPERATOR, PASSWORD)
    with pytest.raises(UserError, match="hptwin user passwd"):
        store.add("olga", UserRole.VIEWER, PASSWORD)
    with pytest.raises(UserError, match="8 to 128 bytes"):
        store.add("victor", UserRole.VIEWER, "short")
    with pytest.raises(UserError, match="not a user name"):
        store.add("olga smith", UserRole.VIEWER, PASSWORD)
    with pytest.raises(UserError, match="hptwin user list"):
        store.remove("victor")
    path.write_text("{")
    with pytest.raises(UserError, match="damaged"):
        UserStore(path).list()


@pytest.mark.parametrize("role", list(UserRole))
def test_roles_include_the_smaller_ones(role: UserRole) -> None:
    order = list(UserRole)
    assert [role.includes(other) for other in order] == [
        index <= order.index(role) for index in range(len(order))
    ]


class Time:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_the_brake_holds_longer_each_time_and_forgets() -> None:
    time = Time()
    brake = Throttle(FREE_ATTEMPTS, time)
    for _ in range(FREE_ATTEMPTS):
        assert brake.wait("olga@host") == 0.0
        brake.failed("olga@host")
    assert brake.wait("olga@host") > 0.0
    assert brake.wait("olga@elsewhere") == 0.0
    waits = []
    for _ in range(12):
        start = time.now
        told = brake.wait("olga@host")
        while brake.wait("olga@host") > 0.0:
            time.now += 0.5
        assert told == time.now - start
        waits.append(time.now - start)
        brake.failed("olga@host")
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (1.0, MAX_DELAY)
    time.now += FORGOTTEN_AFTER + 1
    brake.failed("olga@host")
    assert brake.wait("olga@host") == 0.0
    brake.succeeded("olga@host")
    assert brake.wait("olga@host") == 0.0


def test_the_brake_does_not_fill_memory() -> None:
    brake = Throttle(1, Time())
    for number in range(REMEMBERED + 100):
        brake.failed(f"user{number}")
    assert len(brake._failures) == REMEMBERED
    assert brake.wait("user0") == 0.0
    assert brake.wait(f"user{REMEMBERED + 99}") > 0.0
