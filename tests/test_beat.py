"""The browser's clock of a room against the server's, over links that lag, stall and break, in time that only passes
here: nobody is ever led back, and everybody gets there."""

from __future__ import annotations

import json
import math
import subprocess
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from mqlab.live import limits
from mqlab.live.together import Together
from tests.node import node as node_path
from tests.tree import ROOT

SLEW = 0.05
JUMP_MS = 400
LAG_MS_MAX = 400
QUIET_MS = (
    12_000  # the end of each story, its connection being back: what is 400 ms off is bent straight in 8 s
)
PING_EVERY_MS = 1_000
PINGS = 8

Shown = list[tuple[float, float, bool, float, bool, bool]]


@pytest.fixture(scope="module")
def node() -> Iterator[subprocess.Popen[str]]:
    command = [node_path(), "tests/js/beat_cli.js"]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


class World:
    """A server and one browser. True time is ms of the server's clock; the browser's differs by `offset` and `skew`."""

    def __init__(self, offset: float, skew: float) -> None:
        self.now = 0.0
        self.room = Together("0", (0, 0), playing=True, clock=lambda: self.now / 1_000)
        self.offset, self.skew = offset, skew
        self.frames: list[tuple[float, dict[str, Any]]] = []
        self._down = 0.0

    def local(self, true: float) -> float:
        return (true - self.offset) * (1 + self.skew)

    def beat(self, lag_ms: float, t0: float | None = None) -> None:
        """The server says where the room is; the browser hears it later."""
        room = self.room
        frame = {"now": round(room.now_ms, 3), "at": room.at, "stop": room.stop, "speed": room.speed}
        frame |= {"playing": room.playing, "turn": room.turn, "future": room.future}
        if t0 is not None:
            frame["t0"] = t0
        self._down = max(self._down, self.now + lag_ms)  # one connection: nothing overtakes
        self.frames.append((self.local(self._down), frame))


lags = st.floats(0.2, LAG_MS_MAX)
doings = st.one_of(
    st.just(("play", None)),
    st.just(("pause", None)),
    st.just(("act", None)),
    st.tuples(st.just("speed"), st.sampled_from([0.25, 0.5, 1, 2, 4, 8])),
    st.tuples(st.just("seek"), st.integers(0, 300_000_000)),
    st.tuples(st.just("cut"), st.floats(0, 4_000)),  # the connection is away for so long
)
stories = st.lists(st.tuples(st.floats(0, 3_000), doings), max_size=12)


def tell(world: World, story: list[tuple[float, Any]], lags_ms: Iterator[float]) -> tuple[list[float], float]:
    """Live through it; when connections broke (in the browser's time), and since when it is quiet: the first ping after
    the last thing that is done, and after the end of every cut."""
    lost: list[float] = []
    away_until = 0.0
    due = sorted([(0.0, ("beat", None))] + [(t, doing) for t, doing in whens(story)], key=lambda one: one[0])
    quiet = next_ping(max(back_again(*one) for one in due))
    pings = [ms * 50.0 for ms in range(8)]
    pings += [n * float(PING_EVERY_MS) for n in range(1, int((quiet + QUIET_MS) / PING_EVERY_MS))]
    due = sorted(due + [(ms, ("ping", None)) for ms in pings], key=lambda one: one[0])
    for when, (what, value) in due:
        if what == "ping":
            up, down = next(lags_ms), next(lags_ms)
            if when < away_until:
                continue
            world.now = max(world.now, when + up)
            world.beat(down, t0=world.local(when))
            continue
        world.now = max(world.now, when)
        if what == "cut":
            lost.append(world.local(world.now))
            world.frames = [one for one in world.frames if one[0] <= lost[-1]]  # what was on its way is lost
            away_until = world.now + value
            continue
        if what == "act":
            at = world.room.stamp()
            world.room.acted("a", (at[0], at[1] + 1))
        elif what != "beat":
            change = {"speed": value} if what == "speed" else {"playing": what == "play"}
            world.room.drive(**({"at": (value, 0)} if what == "seek" else change))
        if world.now >= away_until:
            world.beat(next(lags_ms))
    return lost, quiet


def back_again(when: float, doing: tuple[str, Any]) -> float:
    """From when on there is a connection again, at the latest: a cut begins when what was on its way has come."""
    what, value = doing
    return when + LAG_MS_MAX + value if what == "cut" else when


def next_ping(when: float) -> float:
    return math.ceil(when / PING_EVERY_MS) * float(PING_EVERY_MS)


def whens(story: list[tuple[float, Any]]) -> Iterator[tuple[float, Any]]:
    when = 500.0
    for passed, doing in story:
        when += passed
        yield when, doing


def followed(node: subprocess.Popen[str], world: World, lost: list[float], until: float, t: float) -> Shown:
    assert node.stdin is not None
    assert node.stdout is not None
    asked = {
        "frames": world.frames,
        "lost": lost,
        "from": world.local(0),
        "until": world.local(until),
        "t": t,
    }
    node.stdin.write(json.dumps(asked) + "\n")
    node.stdin.flush()
    shown: Shown = json.loads(node.stdout.readline())
    return shown


@hypothesis_settings(max_examples=150)
@given(
    story=stories,
    offset=st.floats(-1e7, 1e7),
    skew=st.floats(-1e-4, 1e-4),
    lag=st.lists(lags, min_size=8, max_size=8),
    start=st.integers(0, 10_000_000),
)
def test_nobody_is_led_back_and_everybody_gets_there(
    node: subprocess.Popen[str],
    story: list[tuple[float, Any]],
    offset: float,
    skew: float,
    lag: list[float],
    start: int,
) -> None:
    world = World(offset, skew)
    lag_cycle = (lag[n % len(lag)] for n in range(10**9))
    lost, quiet = tell(world, story, lag_cycle)
    shown = followed(node, world, lost, quiet + QUIET_MS - 2 * LAG_MS_MAX - PING_EVERY_MS, start)
    for (was, before, *_), (now, t, turned, speed, stands, paused_there) in pairwise(shown):
        if turned:
            continue  # the owner has done something: that may lead anywhere
        assert t >= before
        rate = (t - before) / ((now - was) * 1_000) / speed
        caught_up = t - before > JUMP_MS * 1_000 * speed
        # Where the room is paused there is one place to be, and everybody has the very same picture.
        assert caught_up or paused_there or rate <= 1 + SLEW + 1e-9
        assert stands or rate >= 1 - SLEW - 1e-9
    now, t, *_ = shown[-1]
    world.now = now / (1 + skew) + offset
    off_ms = abs(t - world.room.at[0]) / 1_000 / world.room.speed
    trips = [came - frame["t0"] for came, frame in world.frames if "t0" in frame and came <= now]
    assert off_ms <= min(trips[-PINGS:]) / 2 + 3  # the clocks drift apart by a millisecond in ten seconds


def test_time_is_bent_by_a_twentieth_and_no_more(node: subprocess.Popen[str]) -> None:
    world = World(0.0, 0.0)
    for n in range(30):
        world.now = n * 500.0
        world.beat(0.0, t0=world.now)
    shown = followed(node, world, [], 15_000, -56_000)  # and, 16 ms later, 40 ms behind
    rates = [(t - before) / ((now - was) * 1_000) for (was, before, *_), (now, t, *_) in pairwise(shown)]
    assert max(rates) == pytest.approx(1.05)
    assert rates[-1] == pytest.approx(1.0)
    straight = next(n for n, rate in enumerate(rates) if rate < 1.01)
    assert straight * 16 == pytest.approx(40 / 0.05, abs=48)


def test_without_a_connection_time_goes_on_for_a_moment_and_then_stands(node: subprocess.Popen[str]) -> None:
    world = World(0.0, 0.0)
    world.beat(0.0, t0=0.0)
    shown = followed(node, world, [1_000.0], 10_000, 0)
    assert shown[-1][1] == pytest.approx((1_000 + limits.OWNER_AWAY_S * 1_000) * 1_000, abs=20_000)


def test_the_page_and_the_server_wait_equally_long_for_each_other() -> None:
    text = (ROOT / "static" / "js" / "beat.js").read_text()
    assert f"AWAY_MS = {int(limits.OWNER_AWAY_S * 1_000):_};" in text
