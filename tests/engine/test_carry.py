"""Carrying acts over to another future: the same acts at the same times, what is illegal there told, nothing made twice."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mqlab.engine import commands as c
from mqlab.engine import limits, scenario
from mqlab.engine.carry import Carried, carry, number_on
from mqlab.engine.recording import Recording, run
from tests.engine.random_lab import SECOND, lab
from tests.engine.test_recording import TWO_HALVES, half, told

SEEDS = st.integers(0, 10_000)
FEW = settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def halves() -> Recording:
    return Recording(scenario.load(TWO_HALVES))


def do(recording: Recording, id: str, future: str, t: int, command: c.AnyCommand, i: int = 0) -> str:
    return run(recording.do(id, future, (t, i), 0, command)).future


def commands(recording: Recording, future: str) -> list[tuple[int, c.AnyCommand]]:
    return [(one.t, one.command) for one in recording.path(future)]


@FEW
@given(SEEDS)
def test_carried_over_with_nothing_changed_everything_happens_again(seed: int) -> None:
    recording, future, _ = lab(seed)
    acts = [one.id for one in recording.path(future)]
    carried = run(carry(recording, "again", "0", acts))
    assert carried.refused == ()
    assert run(recording.digest(carried.future, 10 * SECOND)) == run(recording.digest(future, 10 * SECOND))
    assert commands(recording, carried.future) == commands(recording, future)


@FEW
@given(SEEDS, st.integers(0, 5))
def test_without_any_one_act_the_rest_is_done_or_told_and_nothing_is_lost_or_made_twice(
    seed: int, which: int
) -> None:
    recording, future, _ = lab(seed)
    path = recording.path(future)
    if not path:
        return
    dropped = path[which % len(path)]
    later = [one.id for one in path[path.index(dropped) + 1 :]]
    carried = run(carry(recording, "less", dropped.parent, later))
    assert len(carried.made) + len(carried.refused) == len(later)
    assert all(one.why for one in carried.refused)
    scene = run(recording.scene(carried.future, (9 * SECOND, 0)))
    assert scene.verdicts.get("conserved", 1) == 1
    assert commands(recording, future) == [(one.t, one.command) for one in path], "the first future stays"


@FEW
@given(SEEDS)
def test_the_same_request_again_finds_what_it_made(seed: int) -> None:
    recording, future, _ = lab(seed)
    acts = [one.id for one in recording.path(future)]
    twice = c.Change("w3", {"prefetch": 2})
    first = run(carry(recording, "twin", "0", acts, twice))
    size = len(recording.tree)
    assert run(carry(recording, "twin", "0", acts, twice)) == first
    assert len(recording.tree) == size


@FEW
@given(SEEDS)
def test_a_recording_that_is_read_back_plays_what_was_carried(seed: int) -> None:
    recording, future, _ = lab(seed)
    acts = [one.id for one in recording.path(future)]
    carried = run(carry(recording, "kept", "0", acts, c.Change("w3", {"prefetch": 2})))
    seen: set[str] = {"0"}
    for one in recording.tree.values():
        assert one.parent in seen, "parents come before children"
        seen.add(one.id)
    again = Recording(recording.scenario, recording.seed, list(recording.tree.values()))
    assert run(again.digest(carried.future, 10 * SECOND)) == run(
        recording.digest(carried.future, 10 * SECOND)
    )


def test_one_setting_changed_leaves_what_is_not_connected_equal_to_the_byte() -> None:
    recording = halves()
    future = do(recording, "a", "0", 2 * SECOND, c.Crash("lw-1"))
    future = do(recording, "b", future, 3 * SECOND, c.Publish("right", "a"))
    carried = run(carry(recording, "slow", "0", ["a", "b"], c.Change("lw-2", {"prefetch": 1})))
    before, after = told(recording, future, 8), told(recording, carried.future, 8)
    strip = [
        [one.replace(b"do:b", b"do").replace(b"do:slow-2", b"do") for one in half(events, "r")]
        for events in (before, after)
    ]
    assert strip[0] == strip[1]
    assert half(before, "l") != half(after, "l")


def test_what_is_illegal_on_the_other_future_is_told_and_what_comes_after_is_carried() -> None:
    recording = halves()
    do(recording, "crash", "0", 2 * SECOND, c.Crash("lw-1"))
    do(recording, "up", "crash", 3 * SECOND, c.Restart("lw-1"))
    do(recording, "purge", "up", 4 * SECOND, c.Purge("lq"))
    carried = run(carry(recording, "n", "0", ["up", "purge"]))
    assert carried == Carried("n-2", ("n-2",), carried.refused)
    assert [(one.act, one.why) for one in carried.refused] == [("up", "lw-1 is running: crash it first.")]
    assert commands(recording, "n-2") == [(4 * SECOND, c.Purge("lq"))]


def test_a_message_of_ones_own_is_the_same_message_in_both_futures() -> None:
    recording = halves()
    do(recording, "one", "0", SECOND, c.Publish("left", "a"))
    do(recording, "two", "one", 2 * SECOND, c.Publish("left", "a"))
    carried = run(carry(recording, "n", "0", ["two"]))
    assert recording.tree[carried.future].command == recording.tree["two"].command
    again = run(carry(recording, "m", "two", ["two"]))
    numbers = [
        one.command.number for one in recording.path(again.future) if isinstance(one.command, c.Publish)
    ]
    assert numbers == [1, 2, 3], "on its own future it is another one"
    assert do(recording, "next", "0", SECOND, c.Publish("left", "a")) == "next"
    assert recording.tree["next"].command.number == 4  # type: ignore[union-attr]


def test_a_number_that_no_recording_gives_is_given_anew_and_a_burst_takes_all_of_its_numbers() -> None:
    recording = halves()
    burst = c.Publish("left", "a", repeat=5)
    do(recording, "five", "0", SECOND, burst)
    assert number_on(recording, "five", c.Publish("left", "a", number=5)) == 0
    assert number_on(recording, "five", c.Publish("left", "a", number=6)) == 6
    assert number_on(recording, "five", c.Publish("left", "a", number=10**12)) == 0


def test_an_act_goes_after_all_of_its_instant_where_fewer_things_happen_there() -> None:
    recording = halves()
    crash = next(event.t for event in told(recording, "0", 3) if event.t > SECOND)
    do(recording, "late", "0", crash, c.Purge("lq"), i=1)
    do(recording, "early", "0", SECOND // 2, c.Change("lp", {"rate": {"constant": 1}}))
    do(recording, "none", "early", SECOND // 2 + 1, c.Change("rp", {"rate": {"constant": 1}}))
    carried = run(carry(recording, "n", "none", ["late"]))
    made = recording.tree[carried.future]
    assert (made.t, made.i) == (crash, 0)


def test_an_act_from_before_the_other_future_begins_is_told() -> None:
    recording = halves()
    do(recording, "a", "0", SECOND, c.Purge("lq"))
    do(recording, "b", "0", 2 * SECOND, c.Purge("rq"))
    carried = run(carry(recording, "n", "b", ["a"]))
    assert (carried.future, carried.made) == ("b", ())
    assert "before the last act" in carried.refused[0].why


def test_a_full_tree_refuses_the_rest_and_keeps_what_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    recording = halves()
    do(recording, "a", "0", SECOND, c.Purge("lq"))
    do(recording, "b", "a", 2 * SECOND, c.Purge("rq"))
    monkeypatch.setattr(limits, "COMMANDS_MAX", 3)
    carried = run(carry(recording, "n", "0", ["a", "b"]))
    assert carried.made == ("n-1",)
    assert "3 acts" in carried.refused[0].why


@pytest.mark.parametrize(
    ("onto", "acts", "command"),
    [
        ("nowhere", ["a"], None),
        ("0", ["a", "unknown"], None),
        ("0", ["a"], c.Change("nobody", {"prefetch": 1})),
    ],
)
def test_a_request_that_names_what_is_not_there_changes_nothing(
    onto: str, acts: list[str], command: c.AnyCommand | None
) -> None:
    recording = halves()
    do(recording, "a", "0", SECOND, c.Purge("lq"))
    before = msgspec.json.encode(recording.tree)
    with pytest.raises(c.Illegal):
        run(carry(recording, "n", onto, acts, command))
    assert msgspec.json.encode(recording.tree) == before
