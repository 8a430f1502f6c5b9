"""The shared playhead by itself, with a clock that the test moves."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mqlab.live import limits
from mqlab.live.together import END, Together

S = 1_000_000
LEAD_US = limits.TOGETHER_LEAD_MS * 1_000


@dataclass
class Clock:
    now: float = 1_000.0

    def __call__(self) -> float:
        return self.now


def room(at: tuple[int, int] = (10 * S, 0), **options: object) -> tuple[Together, Clock]:
    clock = Clock()
    return Together("0", at, clock=clock, **options), clock  # type: ignore[arg-type]


def test_it_stands_until_it_is_driven() -> None:
    head, clock = room((10 * S, 3))
    clock.now += 60
    assert (head.at, head.stop, head.playing) == ((10 * S, 3), (10 * S, 3), False)


@pytest.mark.parametrize("speed", [0.25, 1.0, 8.0])
def test_it_goes_as_fast_as_it_says(speed: float) -> None:
    head, clock = room(playing=True, speed=speed)
    clock.now += 2
    assert head.at == (10 * S + int(2 * S * speed), 0)
    assert head.playing


def test_at_the_very_start_it_has_seen_what_was_seen_of_that_instant() -> None:
    head, _ = room((10 * S, 5), playing=True)
    assert head.at == (10 * S, 5)


def test_a_change_of_pace_jumps_nowhere() -> None:
    head, clock = room(playing=True)
    for change in ({"speed": 4.0}, {"playing": False}, {"playing": True}, {"speed": 0.5}):
        clock.now += 1
        before, turn = head.at, head.turn
        head.drive(**change)  # type: ignore[arg-type]
        assert (head.at, head.turn) == (before, turn + 1)


def test_the_owner_may_go_anywhere() -> None:
    head, clock = room(playing=True)
    clock.now += 1
    head.drive(future="a", at=(3 * S, 2), playing=False)
    assert (head.future, head.at, head.playing) == ("a", (3 * S, 2), False)


def test_nothing_goes_beyond_the_end_of_a_recording() -> None:
    head, clock = room((END[0] - S, 0), playing=True)
    clock.now += 5
    assert (head.at, head.playing) == (END, False)
    assert head.stamp() == END


@pytest.mark.parametrize("speed", [0.25, 1.0, 8.0])
def test_an_act_happens_a_little_ahead_of_every_eye(speed: float) -> None:
    head, clock = room(playing=True, speed=speed)
    clock.now += 1
    assert head.stamp() == (head.at[0] + int(LEAD_US * speed), 0)


def test_an_act_in_a_room_that_stands_happens_where_it_stands_and_is_seen() -> None:
    head, _ = room((10 * S, 3))
    assert head.stamp() == (10 * S, 3)
    head.acted("a", (10 * S, 4))
    assert (head.future, head.at) == ("a", (10 * S, 4))
    assert head.stamp() == (10 * S, 4)


def test_acts_happen_in_the_order_in_which_they_came_even_after_a_change_of_speed() -> None:
    head, _ = room(playing=True, speed=8.0)
    first = head.stamp()
    head.acted("a", (first[0], 1))
    head.drive(speed=0.25)
    assert head.stamp() == (first[0], 1)


def test_a_pause_lets_the_acts_on_their_way_happen_first() -> None:
    head, clock = room(playing=True)
    at = head.stamp()
    head.acted("a", (at[0], 1))
    clock.now += 0.1
    head.drive(playing=False)
    assert head.playing
    assert head.stop == (at[0], 1)
    clock.now += 5
    assert (head.at, head.playing) == ((at[0], 1), False)
    assert head.stamp() == (at[0], 1)  # and what is done now comes after them


def test_going_back_by_hand_leaves_what_was_on_its_way_to_another_future() -> None:
    head, _ = room(playing=True)
    head.acted("a", (head.stamp()[0], 1))
    head.drive(at=(5 * S, 0), playing=False)
    assert head.stamp() == (5 * S, 0)


def test_without_its_owner_it_goes_on_for_a_moment_and_then_holds_until_the_owner_is_back() -> None:
    head, clock = room(playing=True)
    clock.now += 1
    head.owner_left()
    assert head.stop == (11 * S + int(limits.OWNER_AWAY_S * S), 0)
    clock.now += limits.OWNER_AWAY_S + 100
    assert (head.at, head.playing) == (head.stop, False)
    held = head.at

    assert head.owner_came()
    assert (head.at, head.playing) == (held, True)
    clock.now += 1
    assert head.at == (held[0] + S, 0)
    assert not head.owner_came()


def test_an_owner_who_is_back_at_once_was_not_missed() -> None:
    head, clock = room(playing=True)
    turn = head.turn
    for _ in range(200):
        head.owner_left()
        clock.now += 0.5
        head.owner_came()
    assert head.at[0] == pytest.approx(110 * S, abs=1_000)
    assert head.turn == turn


def test_a_room_whose_act_was_not_stored_goes_back_before_it() -> None:
    head, clock = room(playing=True)
    at = head.stamp()
    head.acted("a", (at[0], 1))
    clock.now += 1
    turn = head.turn
    head.fall_back("0", at)
    assert (head.future, head.at, head.playing, head.turn) == ("0", at, True, turn + 1)


drives = st.fixed_dictionaries(
    {},
    optional={
        "speed": st.floats(limits.SPEED_MIN, limits.SPEED_MAX),
        "playing": st.booleans(),
        "at": st.tuples(st.integers(0, END[0]), st.integers(0, 5)),
    },
)
doings = st.one_of(drives, st.sampled_from(["act", "left", "came"]))


@given(st.lists(st.tuples(st.floats(0, 20), doings), max_size=30))
def test_it_never_goes_back_but_by_the_owners_hand_and_acts_never_lie_behind_it(
    story: list[tuple[float, dict[str, object] | str]],
) -> None:
    head, clock = room((0, 0), playing=True)
    last = (0, 0)
    for passed, doing in story:
        stop = head.stop
        clock.now += passed
        assert last <= head.at <= stop == head.stop
        if doing == "act":
            at = head.stamp()
            assert at >= head.at
            head.acted("a", (at[0], at[1] + 1))
        elif doing == "left":
            head.owner_left()
        elif doing == "came":
            head.owner_came()
        elif isinstance(doing, dict):
            before = head.at
            head.drive(**doing)  # type: ignore[arg-type]
            assert head.at == (before if "at" not in doing else min(doing["at"], (END[0], 9)))  # type: ignore[type-var]
        last = head.at
        assert last[0] <= END[0]
