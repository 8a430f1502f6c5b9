"""What differs between two futures, told in sentences: what matters most first, and only what is true."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mqlab.engine import commands as c
from mqlab.engine import limits, scenario
from mqlab.engine.carry import carry
from mqlab.engine.differences import Differences, differences
from mqlab.engine.fates import Fates, named
from mqlab.engine.recording import Recording, run
from tests.engine.random_lab import SECOND, lab
from tests.engine.test_gallery import FOLDER

FEW = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def dies() -> Recording:
    return Recording(scenario.load((FOLDER / "consumer-dies-before-ack.yaml").read_text()))


def do(recording: Recording, id: str, future: str, t: float, command: c.AnyCommand) -> str:
    return run(recording.do(id, future, (round(t * SECOND), 0), 0, command)).future


def told(recording: Recording, one: str, other: str, t: float) -> Differences:
    return run(differences(recording, (Fates(one), Fates(other)), round(t * SECOND)))


def totals(found: Differences) -> dict[str, tuple[int, int]]:
    return {total.what: (total.one, total.other) for total in found.totals}


def held_by_worker_1(recording: Recording) -> tuple[float, str]:
    """A moment at which worker-1 works on a message, and the message."""
    for second in range(2, 20):
        scene = run(recording.scene("0", (second * SECOND, 0)))
        for copy, held in scene.nodes["worker-1"].held.items():
            if held.state == "working":
                return second, copy.split("@")[0]
    raise AssertionError("worker-1 never works")


def test_without_the_crash_it_is_acked_and_with_it_it_is_delivered_twice() -> None:
    recording = dies()
    t, message = held_by_worker_1(recording)
    do(recording, "x", "0", t, c.Crash("worker-1"))
    found = told(recording, "0", "x", t + 10)
    assert found.names == ("Without the crash of worker-1", "with it")
    first = found.sentences[0]
    assert first.message == message
    assert first.two
    start = f"Without the crash of worker-1, {message} is acked at "
    assert first.text.startswith(start)
    assert "with it, it is delivered twice and acked at " in first.text
    assert first.text.endswith(" by worker-2.")
    assert totals(found)["Redelivered"][0] == 0 < totals(found)["Redelivered"][1]
    assert message in found.messages


def test_a_loss_comes_first() -> None:
    recording = dies()
    t, message = held_by_worker_1(recording)
    early = do(recording, "early", "0", 0, c.Change("worker-1", {"ack": "before"}))
    do(recording, "x", early, t, c.Crash("worker-1"))
    found = told(recording, early, "x", t + 5)
    assert found.sentences[0].message == message
    assert f"{message} is acked" in found.sentences[0].text
    assert "lost" in found.sentences[0].text
    assert totals(found)["Lost"] == (0, 1)


def test_the_futures_are_called_by_the_one_act_that_only_one_of_them_has_also_when_it_was_carried_over() -> (
    None
):
    recording = dies()
    do(recording, "x", "0", 3, c.Crash("worker-1"))
    do(recording, "p", "x", 4, c.Publish("payments", "charge"))
    less = run(carry(recording, "n", "0", ["p"])).future
    slow = run(carry(recording, "m", "0", ["x", "p"], c.Change("worker-2", {"prefetch": 1}))).future
    assert told(recording, less, "p", 5).names == ("Without the crash of worker-1", "with it")
    assert told(recording, slow, "p", 5).names == ("With prefetch 1 at worker-2", "without it")
    assert told(recording, slow, less, 5).names == ("In the first future", "in the second")
    assert told(recording, "x", "p", 5).names == ("Without you-1", "with it")


def test_a_message_that_only_one_future_has_is_told() -> None:
    recording = dies()
    do(recording, "p", "0", 3, c.Publish("payments", "charge", key="Z"))
    found = told(recording, "0", "p", 8)
    mine = next(one for one in found.sentences if one.message == "you-1")
    assert (mine.key, mine.two) == ("Z", True)
    assert mine.text.startswith("Without you-1, you-1 is not published; with it, it is acked at ")


def test_what_is_only_earlier_or_later_comes_last_and_is_no_second_fate() -> None:
    recording = dies()
    do(recording, "x", "0", 3, c.Crash("worker-1"))
    found = told(recording, "0", "x", 12)
    kinds = [one.two for one in found.sentences]
    assert kinds == sorted(kinds, reverse=True)
    assert found.count == kinds.count(True) > 0 < found.later


def test_there_are_bounds_and_the_counts_say_how_many_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    recording = dies()
    do(recording, "x", "0", 3, c.Crash("worker-1"))
    whole = told(recording, "0", "x", 30)
    monkeypatch.setattr(limits, "DIFFERENCES_TOLD_MAX", 3)
    monkeypatch.setattr(limits, "DIFFERENCES_MARKED_MAX", 2)
    found = told(recording, "0", "x", 30)
    assert (found.count, found.later) == (whole.count, whole.later)
    assert found.sentences == whole.sentences[:3]
    assert found.messages == whole.messages[:2]


@FEW
@given(st.integers(0, 10_000))
def test_a_future_does_not_differ_from_itself_nor_from_its_own_acts_carried_over(seed: int) -> None:
    recording, future, _ = lab(seed)
    acts = [one.id for one in recording.path(future)]
    again = run(carry(recording, "again", "0", acts)).future
    found = told(recording, again, future, 8)
    assert (found.count, found.later, found.sentences) == (0, 0, ())
    assert all(total.one == total.other for total in found.totals)


@FEW
@given(st.integers(0, 10_000), st.integers(1, 7), st.integers(1, 7))
def test_fates_answer_for_every_moment_up_to_which_they_were_told(seed: int, early: int, late: int) -> None:
    recording, future, _ = lab(seed)
    pair = (Fates("0"), Fates(future))
    run(differences(recording, pair, late * SECOND))
    kept = run(differences(recording, pair, early * SECOND))
    assert kept == told(recording, "0", future, early)


@FEW
@given(st.integers(0, 10_000))
def test_what_is_told_is_what_the_scene_counts(seed: int) -> None:
    recording, future, _ = lab(seed)
    found = totals(told(recording, "0", future, 6))
    scene = run(recording.scene(future, (6 * SECOND + 1, 0)))
    assert found["Lost"][1] == scene.verdicts.get("lost", 0)
    assert found["Dead-lettered"][1] == scene.verdicts.get("dead", 0)
    assert found["Redelivered"][1] == sum(
        one.get("requeued", 0) for one in scene.counts.values() if "enqueued" in one
    )


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (c.Crash("worker-1"), "the crash of worker-1"),
        (c.Change("worker-1", {"prefetch": 5}), "prefetch 5 at worker-1"),
        (c.Change("shop", {"rate": {"constant": 2}}), "the change of shop"),
        (c.Bind("a", "b"), "the binding of b"),
        (c.Purge("q"), "the purge of q"),
        (c.StopNode("rabbit-1"), "the stop of rabbit-1"),
        (c.Abort("web"), "the broken connection of web"),
        (c.RaiseAlarm("rabbit", "disk"), "the alarm of rabbit for disk"),
        (c.ClearAlarm("rabbit"), "the end of the alarm of rabbit for memory"),
        (c.SetPolicy("rabbit", "short", "", {"max-length": 1}), "the policy short"),
        (c.ClearPolicy("rabbit", "short"), "the end of the policy short"),
        (c.Publish("x", number=3), "you-3"),
    ],
)
def test_an_act_as_a_thing(command: c.AnyCommand, words: str) -> None:
    assert named(command) == words
