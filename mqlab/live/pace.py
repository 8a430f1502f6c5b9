"""Fair slices: one event loop simulates for everybody, a few milliseconds at a time.

Work is a generator that yields often. A *lane* is one recording: it does one job at a time, the most urgent
first. Between lanes the more urgent job goes first; a job that takes long joins the long ones, which take
turns. So a lab that is heavy slows only itself, and one pick in four goes to the least urgent, so that nobody
starves."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Generator
from time import perf_counter

from mqlab.live import limits

ACT, PULL, LOOK, LONG = range(4)
"""Urgency: an act, more of a future, a whole scene; and what has taken long already."""

Job = Generator[None, None, None]
log = logging.getLogger(__name__)
_STARVED_EVERY = 4


class Lane:
    """One recording's place in the queue."""

    __slots__ = ("begun", "job", "spent", "urgency", "waiting")

    def __init__(self) -> None:
        self.waiting: tuple[deque[Job], ...] = (deque(), deque(), deque())
        self.job: Job | None = None
        self.urgency = LONG
        self.spent = 0.0
        self.begun = False


class Pace:
    """Runs jobs on the running event loop, at most `slice_s` seconds before others have their turn."""

    def __init__(
        self,
        slice_s: float = limits.SLICE_MS / 1_000,
        clock: Callable[[], float] = perf_counter,
        long_s: float = limits.LONG_MS / 1_000,
    ) -> None:
        self._slice_s = slice_s
        self._long_s = long_s
        self._clock = clock
        self._lanes: tuple[deque[Lane], ...] = (deque(), deque(), deque(), deque())
        self._picks = 0
        self._due = False

    def submit(self, lane: Lane, urgency: int, job: Job) -> None:
        """Run the job when its turn comes. A job answers for itself: what it raises is only logged."""
        lane.waiting[urgency].append(job)
        if lane.job is None:
            self._queue(lane)
        elif urgency < lane.urgency != LONG:
            self._lanes[lane.urgency].remove(lane)
            if lane.begun:  # it must end before the more urgent one may begin, so it is as urgent now
                lane.urgency = urgency
                self._lanes[urgency].append(lane)
            else:
                lane.waiting[lane.urgency].appendleft(lane.job)
                self._queue(lane)
        if not self._due:
            self._due = True
            asyncio.get_running_loop().call_soon(self.turn)

    def _queue(self, lane: Lane) -> None:
        for urgency, jobs in enumerate(lane.waiting):
            if jobs:
                lane.job, lane.urgency, lane.spent, lane.begun = jobs.popleft(), urgency, 0.0, False
                self._lanes[urgency].append(lane)
                return
        lane.job = None

    def _pick(self) -> Lane | None:
        self._picks += 1
        order = reversed(self._lanes) if self._picks % _STARVED_EVERY == 0 else self._lanes
        return next((lanes.popleft() for lanes in order if lanes), None)

    def turn(self) -> None:
        """One slice; then the loop serves its sockets, then the next slice."""
        end = self._clock() + self._slice_s
        while (lane := self._pick()) is not None:
            if self._run(lane, end):
                self._queue(lane)
            elif lane.spent < self._long_s:
                self._lanes[lane.urgency].appendleft(lane)
            else:
                lane.urgency = LONG
                self._lanes[LONG].append(lane)
            if self._clock() >= end:
                break
        self._due = any(self._lanes)
        if self._due:
            # Behind the sockets that are ready now, and behind what they ask for: an act waits for one slice at most.
            loop = asyncio.get_running_loop()
            loop.call_later(0, loop.call_soon, self.turn)

    def _run(self, lane: Lane, end: float) -> bool:
        """Step the lane's job up to `end`; whether it is done."""
        job = lane.job
        assert job is not None
        lane.begun = True
        begun = now = self._clock()
        try:
            while now < end:
                next(job)
                now = self._clock()
        except StopIteration:
            return True
        except Exception:
            log.exception("a job failed")
            return True
        lane.spent += now - begun
        return False
