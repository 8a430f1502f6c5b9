"""Workloads on the event loop: in slices between other work, once for all who ask, and only so many at once."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable

import pytest

from mqlab.engine.workload import Workload, systems
from mqlab.live import limits, runs
from mqlab.live.pace import Pace
from mqlab.live.runs import Busy, Runs

SMALL = Workload(messages=20, rate=20, seconds=10)
LONG = Workload(messages=600, rate=100, service_ms=10, seconds=30)


def on_the_loop(work: Callable[[Runs], Awaitable[None]]) -> None:
    async def main() -> None:
        await work(Runs(Pace()))

    asyncio.run(asyncio.wait_for(main(), 60))


def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The systems that are run, in the order in which they begin."""
    begun: list[str] = []
    real = runs.run

    def counting(system: object, workload: Workload) -> object:
        begun.append(system.id)  # type: ignore[attr-defined]
        return real(system, workload)  # type: ignore[arg-type]

    monkeypatch.setattr(runs, "run", counting)
    return begun


def test_every_system_has_its_row_in_the_order_of_asking() -> None:
    async def work(asked: Runs) -> None:
        rows = await asked.rows(systems(), SMALL)
        assert [row.system for row in rows] == [one.id for one in systems()]
        assert all(row.messages == 20 for row in rows)

    on_the_loop(work)


def test_what_was_run_once_is_not_run_again_and_those_who_ask_meanwhile_wait_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun = counted(monkeypatch)

    async def work(asked: Runs) -> None:
        first, second = await asyncio.gather(asked.rows(systems(), SMALL), asked.rows(systems(), SMALL))
        assert first == second == await asked.rows(systems(), SMALL)

    on_the_loop(work)
    assert sorted(begun) == sorted(one.id for one in systems())


def test_the_loop_goes_on_meanwhile() -> None:
    async def work(asked: Runs) -> None:
        turns = 0
        running = asyncio.create_task(asked.rows(systems(), LONG))
        while not running.done():
            await asyncio.sleep(0)
            turns += 1
        assert turns > 20

    on_the_loop(work)


def test_who_leaves_leaves_the_result_to_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    begun = counted(monkeypatch)

    async def work(asked: Runs) -> None:
        left = asyncio.create_task(asked.rows(systems(), SMALL))
        await asyncio.sleep(0)
        left.cancel()
        rows = await asked.rows(systems(), SMALL)
        assert len(rows) == len(systems())

    on_the_loop(work)
    assert len(begun) == len(systems())


def test_more_than_may_wait_are_refused_and_nothing_of_them_is_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "RUNS_WAITING_MAX", len(systems()))

    async def work(asked: Runs) -> None:
        first = asyncio.create_task(asked.rows(systems(), LONG))
        await asyncio.sleep(0)
        with pytest.raises(Busy):
            await asked.rows(systems(), SMALL)
        await first
        assert await asked.rows(systems(), SMALL)  # now there is room

    on_the_loop(work)


def test_so_many_run_at_once_and_the_others_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "RUNS_AT_ONCE_MAX", 1)
    begun = counted(monkeypatch)

    async def work(asked: Runs) -> None:
        running = asyncio.create_task(asked.rows(systems(), LONG))
        while not begun:
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert len(begun) == 1
        await running

    on_the_loop(work)
    assert len(begun) == len(systems())


def test_only_so_many_rows_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "RUNS_KEPT_MAX", len(systems()))
    begun = counted(monkeypatch)

    async def work(asked: Runs) -> None:
        other = Workload(messages=10, rate=20, seconds=10)
        for workload in (SMALL, other, SMALL, SMALL):
            await asked.rows(systems(), workload)

    on_the_loop(work)
    assert len(begun) == 3 * len(systems())


@pytest.fixture
def long(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every workload is long enough for the process beside the server. Returns what is run by the server itself."""
    monkeypatch.setattr(limits, "RUN_LONG_MESSAGES", 1)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    return counted(monkeypatch)


def test_long_ones_are_run_on_another_core_too_with_the_same_rows(long: list[str]) -> None:
    plain: list[object] = []

    async def here(asked: Runs) -> None:
        asked.second_core.busy = True  # nothing goes there
        plain.extend(await asked.rows(systems(), SMALL))

    async def work(asked: Runs) -> None:
        assert await asked.rows(systems(), SMALL) == plain
        process = asked.second_core._process
        assert process is not None
        await asked.second_core.end()
        assert process.returncode == 0  # its input ended

    on_the_loop(here)
    here_alone = len(long)
    long.clear()
    on_the_loop(work)
    assert here_alone == len(systems()) > len(long)


def test_a_process_that_is_killed_is_done_without(long: list[str]) -> None:
    async def work(asked: Runs) -> None:
        running = asyncio.create_task(asked.rows(systems()[:1], LONG))
        while asked.second_core._process is None:
            await asyncio.sleep(0.01)
        asked.second_core._process.kill()
        (row,) = await running
        assert row.messages == LONG.messages
        assert (await asked.rows(systems()[:1], SMALL))[0].messages == 20  # and another one is started
        await asked.second_core.end()

    on_the_loop(work)
    assert long == [systems()[0].id]


def test_a_process_with_nothing_to_do_ends(long: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "RUNNER_IDLE_S", 0.05)

    async def work(asked: Runs) -> None:
        await asked.rows(systems()[:1], SMALL)
        process = asked.second_core._process
        assert process is not None
        assert await process.wait() == 0

    on_the_loop(work)


def test_where_no_process_can_be_started_the_server_runs_it_itself(
    long: list[str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def refused(*words: str, **how: object) -> None:
        raise RuntimeError("this event loop starts no processes")

    monkeypatch.setattr(asyncio, "create_subprocess_exec", refused)

    async def work(asked: Runs) -> None:
        await asked.rows(systems(), SMALL)

    on_the_loop(work)
    assert len(long) == len(systems())
    assert caplog.text.count("run by the server itself") == 1


def test_what_goes_wrong_is_told_to_who_asked_and_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    real = runs.run

    def failing(system: object, workload: Workload) -> object:
        raise RuntimeError("a broker failed")

    async def work(asked: Runs) -> None:
        monkeypatch.setattr(runs, "run", failing)
        with pytest.raises(RuntimeError, match="a broker failed"):
            await asked.rows(systems()[:1], SMALL)
        monkeypatch.setattr(runs, "run", real)
        assert (await asked.rows(systems()[:1], SMALL))[0].messages == 20

    on_the_loop(work)
