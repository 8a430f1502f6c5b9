"""Fair slices: the urgent first, the heavy slows only itself, nobody starves."""

import asyncio
from collections.abc import Callable, Generator
from itertools import pairwise

from mqlab.live.pace import ACT, LOOK, PULL, Lane, Pace


class Clock:
    """Time that passes only when work is done."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def work(clock: Clock, steps: int, done: Callable[[], None], ms: float = 1.0) -> Generator[None, None, None]:
    for _ in range(steps):
        clock.now += ms / 1_000
        yield
    done()


def run(clock: Clock, submit: Callable[[Pace], None], turns: int = 1_000) -> None:
    async def main() -> None:
        pace = Pace(0.004, clock)
        submit(pace)
        for _ in range(turns):
            await asyncio.sleep(0)

    asyncio.run(main())


def test_acts_go_before_pulls_and_pulls_before_looks() -> None:
    clock, order = Clock(), list[str]()

    def submit(pace: Pace) -> None:
        pace.submit(Lane(), LOOK, work(clock, 1, lambda: order.append("look")))
        pace.submit(Lane(), PULL, work(clock, 1, lambda: order.append("pull")))
        pace.submit(Lane(), ACT, work(clock, 1, lambda: order.append("act")))

    run(clock, submit)
    assert order == ["act", "pull", "look"]


def test_a_more_urgent_job_of_the_same_recording_overtakes_one_that_has_not_begun() -> None:
    clock, order, lane = Clock(), list[str](), Lane()

    def submit(pace: Pace) -> None:
        pace.submit(lane, PULL, work(clock, 1, lambda: order.append("pull")))
        pace.submit(lane, ACT, work(clock, 1, lambda: order.append("act")))

    run(clock, submit)
    assert order == ["act", "pull"]


def test_jobs_of_one_recording_never_interleave() -> None:
    clock, lane, log = Clock(), Lane(), list[str]()

    def job(name: str) -> Generator[None, None, None]:
        for _ in range(20):
            log.append(name)
            clock.now += 0.001
            yield

    def submit(pace: Pace) -> None:
        for name in "abc":
            pace.submit(lane, PULL, job(name))

    run(clock, submit)
    assert log == ["a"] * 20 + ["b"] * 20 + ["c"] * 20


def test_a_heavy_lab_delays_another_by_no_more_than_its_slice() -> None:
    clock, heavy, light = Clock(), list[float](), list[float]()

    async def main() -> None:
        pace = Pace(0.004, clock)
        pace.submit(Lane(), ACT, work(clock, 10_000, lambda: heavy.append(clock.now)))
        for _ in range(10):
            await asyncio.sleep(0)
        begun = clock.now
        pace.submit(Lane(), ACT, work(clock, 1, lambda: light.append(clock.now - begun)))
        while not heavy:
            await asyncio.sleep(0)

    asyncio.run(main())
    assert light[0] <= 0.008
    assert round(heavy[0], 3) == 10.001


def test_a_look_is_served_while_acts_keep_coming() -> None:
    clock, served = Clock(), list[float]()

    async def main() -> None:
        pace, lanes = Pace(0.004, clock), [Lane() for _ in range(8)]
        pace.submit(Lane(), LOOK, work(clock, 1, lambda: served.append(clock.now)))
        for _ in range(100):
            for lane in lanes:
                pace.submit(lane, ACT, work(clock, 1, lambda: None))
            await asyncio.sleep(0)

    asyncio.run(main())
    assert served
    assert served[0] < 0.010


def test_sockets_are_served_between_slices() -> None:
    clock, seen = Clock(), list[float]()

    async def main() -> None:
        pace = Pace(0.004, clock)
        pace.submit(Lane(), ACT, work(clock, 100, lambda: None))
        for _ in range(10):
            await asyncio.sleep(0)
            seen.append(clock.now)

    asyncio.run(main())
    steps = [after - before for before, after in pairwise(seen)]
    assert max(steps) <= 0.005


def test_a_job_that_fails_leaves_the_others_alone() -> None:
    clock, order, lane = Clock(), list[str](), Lane()

    def broken() -> Generator[None, None, None]:
        yield
        raise ZeroDivisionError

    def submit(pace: Pace) -> None:
        pace.submit(lane, ACT, broken())
        pace.submit(lane, ACT, work(clock, 1, lambda: order.append("same lab")))
        pace.submit(Lane(), ACT, work(clock, 1, lambda: order.append("other lab")))

    run(clock, submit)
    assert sorted(order) == ["other lab", "same lab"]


def test_a_pull_that_an_act_of_its_lab_waits_for_is_as_urgent_as_the_act() -> None:
    clock, order, lane = Clock(), list[str](), Lane()

    async def main() -> None:
        pace = Pace(0.004, clock)
        pace.submit(lane, PULL, work(clock, 10, lambda: order.append("its pull")))
        while clock.now == 0.0:
            await asyncio.sleep(0)
        pace.submit(Lane(), PULL, work(clock, 10, lambda: order.append("another pull")))
        pace.submit(lane, ACT, work(clock, 1, lambda: order.append("act")))
        for _ in range(100):
            await asyncio.sleep(0)

    asyncio.run(main())
    assert order == ["its pull", "act", "another pull"]
