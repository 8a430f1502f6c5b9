"""Workloads that run headless: on the event loop, in fair slices between everybody's labs, and long ones also on another core;
what came of them is kept."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from contextlib import suppress

from mqlab.engine.workload import System, Workload, write
from mqlab.engine.workload.row import Row
from mqlab.engine.workload.run import run
from mqlab.live import limits
from mqlab.live.pace import LOOK, Job, Lane, Pace
from mqlab.live.second_core import SecondCore

Key = tuple[str, str]


class Busy(Exception):
    """As many runs wait as may wait."""


class Runs:
    """Made inside the running event loop, which it belongs to. A process has one engine version, so kept rows have one."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self.second_core = SecondCore()
        self._kept: OrderedDict[Key, Row] = OrderedDict()
        self._asked: dict[Key, asyncio.Future[Row]] = {}
        self._turns = asyncio.Semaphore(limits.RUNS_AT_ONCE_MAX)
        self._tasks: set[asyncio.Task[None]] = set()

    async def rows(self, systems: tuple[System, ...], workload: Workload) -> list[Row]:
        """What came of the workload on each system; who leaves while it runs leaves the result to the next. Raises Busy."""
        fresh = [
            one
            for one in systems
            if _key(one, workload) not in self._asked and self._find(_key(one, workload)) is None
        ]
        if len(self._asked) + len(fresh) > limits.RUNS_WAITING_MAX:
            raise Busy
        asked = [self._ask(one, workload) for one in systems]
        return [await asyncio.shield(one) for one in asked]

    def _ask(self, system: System, workload: Workload) -> asyncio.Future[Row]:
        """The row that is kept, or the one that somebody waits for already, or a new one."""
        key = _key(system, workload)
        if key in self._asked:
            return self._asked[key]
        asked: asyncio.Future[Row] = asyncio.get_running_loop().create_future()
        kept = self._find(key)
        if kept is not None:
            asked.set_result(kept)
            return asked
        asked.add_done_callback(_seen)
        self._asked[key] = asked
        task = asyncio.create_task(self._run(key, system, workload, asked))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return asked

    async def _run(self, key: Key, system: System, workload: Workload, asked: asyncio.Future[Row]) -> None:
        try:
            async with self._turns:
                long = workload.messages >= limits.RUN_LONG_MESSAGES
                row = await self.second_core.run(*key) if long else None
                if row is None:
                    self._pace.submit(Lane(), LOOK, _job(system, workload, asked))
                else:
                    asked.set_result(row)
                with suppress(Exception):  # who asked has it
                    self._kept[key] = await asked
                while len(self._kept) > limits.RUNS_KEPT_MAX:
                    self._kept.popitem(last=False)
        finally:
            del self._asked[key]

    def _find(self, key: Key) -> Row | None:
        if key in self._kept:
            self._kept.move_to_end(key)
        return self._kept.get(key)


def _key(system: System, workload: Workload) -> Key:
    return system.id, write(workload)


def _job(system: System, workload: Workload, asked: asyncio.Future[Row]) -> Job:
    """One run; its row, or what went wrong, is the future's result."""
    try:
        row = yield from run(system, workload)
    except Exception as error:
        asked.set_exception(error)
        raise
    asked.set_result(row)


def _seen(asked: asyncio.Future[Row]) -> None:
    """The pace has logged what went wrong; if nobody waits any more, nobody needs to hear of it again."""
    if not asked.cancelled():
        asked.exception()
