"""Carry out commands of people, which take precedence over running programs."""

from __future__ import annotations

from heatpump_twin.config.catalogue import Point, PointTable
from heatpump_twin.twin_engine.commands.commands import CommandHandler, CommandResult
from heatpump_twin.twin_engine.commands.refused_write import RefusedWrite
from heatpump_twin.twin_engine.programs.hot_water_tank import USED
from heatpump_twin.twin_engine.programs.schedule_book import ScheduleBook
from heatpump_twin.twin_engine.programs.tank_program_book import TankProgramBook


class PersonCommands:
    """A `CommandHandler` for people, in front of the one that programs use too."""

    def __init__(
        self,
        table: PointTable,
        commands: CommandHandler,
        tank: TankProgramBook,
        schedules: ScheduleBook,
    ) -> None:
        self._table = table
        self._commands = commands
        self._tank = tank
        self._schedules = schedules

    async def write(
        self, key: str, value: float, *, user: str, origin: str, reason: str = ""
    ) -> CommandResult:
        """Write a point and end the programs that use it."""
        point = self._table.by_key.get(key)
        if point is None:
            return await self._commands.write(key, value, user=user, origin=origin, reason=reason)
        result = await self._write(point, value, user=user, origin=origin, reason=reason)
        # Not within the tank's turn: a schedule that starts holds its own, and waits for that.
        if result.touched:
            await self._schedules.give_way(point.asset, point.id, user)
        return result

    async def _write(
        self, point: Point, value: float, *, user: str, origin: str, reason: str
    ) -> CommandResult:
        key = point.key
        if point.id not in USED:
            return await self._commands.write(key, value, user=user, origin=origin, reason=reason)
        # Under the tank's turn: a tick between write and `give_way` would see the new setpoint as
        # changed at the unit, and name the wrong cause.
        async with self._tank.turn(point.asset):
            result = await self._commands.write(key, value, user=user, origin=origin, reason=reason)
            # A refused write changed nothing; it must not end a disinfection. One with an unknown
            # outcome may have, and a person's word goes first.
            if result.touched:
                await self._tank.give_way(point.asset, point.id, user)
        return result

    async def refuse(self, refused: RefusedWrite) -> None:
        """Record an attempt that was turned away before it got here."""
        await self._commands.refuse(refused)
