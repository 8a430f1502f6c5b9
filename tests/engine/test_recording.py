"""The tree of commands: acting, acting otherwise, acting wrongly."""

from __future__ import annotations

import msgspec
import pytest

from mqlab.engine import commands as c
from mqlab.engine import limits, scenario
from mqlab.engine.acts import apply
from mqlab.engine.events import Event, Published, Storm
from mqlab.engine.lab import build
from mqlab.engine.picture import picture
from mqlab.engine.recording import Recording, Stored, run
from tests.engine.random_lab import SECOND, lab

TWO_HALVES = """
format: 1
title: Two labs that do not touch
about: Each producer has its own exchange, queue and workers.
seed: 5
brokers:
  rabbit:
    kind: rabbitmq
    exchanges: {left: {type: direct}, right: {type: direct}}
    queues: {lq: {durable: true}, rq: {durable: true}}
    bindings:
      - {source: left, destination: lq, routing_key: a}
      - {source: right, destination: rq, routing_key: a}
programs:
  lp: {kind: producer, broker: rabbit, confirms: true, rate: {poisson: 10},
    publish: {exchange: left, routing_key: a, keys: [A, B]}}
  rp: {kind: producer, broker: rabbit, confirms: true, rate: {poisson: 10},
    publish: {exchange: right, routing_key: a, keys: [A, B]}}
  lw: {kind: consumer, broker: rabbit, queue: lq, replicas: 2, prefetch: 2, service: {exponential_ms: 150},
    fail: {chance: 0.2, then: nack_requeue}}
  rw: {kind: consumer, broker: rabbit, queue: rq, replicas: 2, prefetch: 2, service: {exponential_ms: 150},
    fail: {chance: 0.2, then: nack_requeue}}
"""

CIRCLE = """
format: 1
title: A circle without time
about: A rejected message is dead-lettered to its own queue, and rejected again, at once.
brokers:
  rabbit:
    kind: rabbitmq
    exchanges: {x: {type: fanout}}
    queues: {q: {durable: true, arguments: {x-dead-letter-exchange: x}}}
    bindings: [{source: x, destination: q}]
programs:
  p: {kind: producer, broker: rabbit, rate: {script: [{at_ms: 1000}]}, publish: {exchange: x}}
  w: {kind: consumer, broker: rabbit, queue: q, service: {constant_ms: 0}, fail: {chance: 1, then: reject}}
links: {default: {latency_ms: 0, exchange_ms: 0}}
"""


def told(recording: Recording, future: str, until_s: int) -> list[Event]:
    events: list[Event] = []
    at = (0, 0)
    while at < (until_s * SECOND, 0):
        piece = run(recording.piece(future, at))
        events += piece.events
        at = piece.to
    return events


def half(events: list[Event], side: str) -> list[bytes]:
    """The events of one half, to the byte, less the mark of the last event of an action."""
    mine = [event for event in events if event.name.startswith((f"{side}p", f"{side}w", f"{side}q"))]
    return [msgspec.json.encode(msgspec.structs.replace(event, last=False)) for event in mine]


@pytest.mark.parametrize(
    "command",
    [
        c.Crash("lw-1"),
        c.Change("lw-1", {"prefetch": 9}),
        c.Change("lp", {"rate": {"poisson": 40}}),
        c.Unbind("left", "lq", "a"),
        c.Purge("lq"),
        c.Delete("lq"),
        c.Publish("left", "a"),
    ],
)
def test_an_act_on_one_component_leaves_an_unconnected_one_equal_to_the_byte(command: c.AnyCommand) -> None:
    recording = Recording(scenario.load(TWO_HALVES))
    future = run(recording.do("act", "0", (3 * SECOND, 0), 0, command)).future
    before, after = told(recording, "0", 9), told(recording, future, 9)
    assert half(before, "r") == half(after, "r")
    assert half(before, "l") != half(after, "l")


def test_two_futures_share_their_luck() -> None:
    """The same message, handled for the same time, by whichever worker, in both futures."""
    recording = Recording(scenario.load(TWO_HALVES))
    future = run(recording.do("act", "0", (0, 0), 0, c.Change("lw-1", {"prefetch": 1}))).future

    def service(events: list[Event]) -> dict[tuple[str, int], int]:
        return {
            (event.of[0].split("@")[0], event.attempt): event.until - event.t
            for event in events
            if type(event).__name__ == "Started"
        }  # type: ignore[attr-defined]

    ours, theirs = service(told(recording, "0", 8)), service(told(recording, future, 8))
    assert len(ours) > 100
    assert all(ours[which] == theirs[which] for which in ours.keys() & theirs.keys())
    gaps = [
        [(event.t, event.of, event.key) for event in told(recording, one, 8) if isinstance(event, Published)]
        for one in ("0", future)
    ]
    assert gaps[0] == gaps[1]


def test_a_slower_rate_stretches_the_pending_gap_instead_of_drawing_it_anew() -> None:
    recording = Recording(scenario.load(TWO_HALVES))
    world = build(recording.scenario, recording.seed)
    world.run(2 * SECOND)
    due = world.programs["lp"].due
    apply(world, c.Change("lp", {"rate": {"poisson": 5}}), "do:x")
    assert world.programs["lp"].due == 2 * SECOND + 2 * (due - 2 * SECOND)


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (c.Crash("nobody"), "unknown_node"),
        (c.Crash("you"), "bad_command"),
        (c.Crash("rabbit"), "bad_command"),
        (c.Restart("w1"), "up"),
        (c.Change("w1", {"prefetch": -1}), "bad_value"),
        (c.Change("w1", {"prefech": 1}), "unknown_setting"),
        (c.Change("web", {"rate": {"poisson": 1e9}}), "bad_value"),
        (c.Bind("nowhere", "one"), "unknown_node"),
        (c.Purge("on"), "unknown_node"),
        (c.Delete("nothing"), "unknown_node"),
        (c.Publish("in", properties={"colour": "red"}), "bad_value"),
        (c.Publish("in", properties={"priority": "high"}), "bad_value"),
        (c.Publish("in", headers={str(n): n for n in range(65)}), "bad_value"),
        (c.Publish("in", broker="other"), "unknown_node"),
    ],
)
def test_an_illegal_act_is_refused_and_changes_nothing(command: c.AnyCommand, code: str) -> None:
    recording = Recording(lab(3)[0].scenario)
    world = build(recording.scenario, recording.seed)
    world.run(2 * SECOND)
    before, bytes_before = picture(world), world.checkpoint()
    with pytest.raises(c.Illegal) as refused:
        apply(world, command, "do:x")
    assert refused.value.code == code
    assert refused.value.why.endswith((".", "?"))
    assert picture(world) == before
    assert world.checkpoint() == bytes_before
    assert not world.events
    with pytest.raises(c.Illegal):
        run(recording.do("x", "0", (2 * SECOND, 0), 0, command))
    assert recording.tree == {}


def test_an_unknown_name_is_answered_with_the_nearest_one() -> None:
    world = build(scenario.load(TWO_HALVES), 1)
    with pytest.raises(c.Illegal, match="Did you mean lw-1"):
        apply(world, c.Crash("lw1"), "do:x")


def test_acting_in_the_past_grows_another_branch_and_keeps_the_old_one() -> None:
    recording = Recording(scenario.load(TWO_HALVES))
    first = run(recording.do("a", "0", (4 * SECOND, 0), SECOND, c.Crash("lw-1")))
    old = told(recording, "a", 8)
    second = run(recording.do("b", "0", (2 * SECOND, 0), SECOND, c.Crash("lw-2")))
    assert (first.future, second.future) == ("a", "b")
    assert told(recording, "a", 8) == old
    assert second.events[0].cause == "do:b"
    assert recording.tree["b"].parent == "0"


def test_the_same_act_sent_again_gives_its_own_cut_again_and_other_content_is_refused() -> None:
    recording = Recording(scenario.load(TWO_HALVES))
    first = run(recording.do("a", "0", (SECOND, 0), SECOND, c.Publish("left", "a")))
    again = run(recording.do("a", "0", (SECOND, 0), SECOND, c.Publish("left", "a")))
    assert again == first
    with pytest.raises(c.Illegal) as refused:
        run(recording.do("a", "0", (SECOND, 0), SECOND, c.Publish("right", "a")))
    assert refused.value.code == "conflict"


def test_your_messages_are_numbered_once_over_all_futures() -> None:
    recording = Recording(scenario.load(TWO_HALVES))
    for n, future in enumerate(("0", "m0", "0")):
        cut = run(
            recording.do(
                f"m{n}",
                future,
                (2 * SECOND, 0) if future == "0" else (2 * SECOND, 1),
                0,
                c.Publish("left", "a"),
            )
        )
        assert cut.events[0].of == (f"you-{n + 1}",)  # type: ignore[attr-defined]
    again = Recording(recording.scenario, recording.seed, recording.tree.values())
    assert run(again.do("m9", "0", (SECOND, 0), 0, c.Publish("left", "a"))).events[0].of == ("you-4",)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("future", "at", "code"),
    [
        ("unknown", (SECOND, 0), "stale"),
        ("a", (SECOND, 0), "stale"),
        ("a", (2 * SECOND, 0), "stale"),
        ("0", (-1, 0), "outside"),
        ("0", (601 * SECOND, 0), "outside"),
        ("0", (SECOND, 500), "outside"),
    ],
)
def test_a_position_that_cannot_be_is_answered(future: str, at: tuple[int, int], code: str) -> None:
    recording = Recording(scenario.load(TWO_HALVES))
    run(recording.do("a", "0", (2 * SECOND, 0), 0, c.Crash("lw-1")))
    with pytest.raises(c.Illegal) as refused:
        run(recording.do("b", future, at, 0, c.Crash("lw-2")))
    assert refused.value.code == code


def test_two_acts_at_one_instant_stand_one_after_the_other() -> None:
    recording = Recording(scenario.load(TWO_HALVES))
    run(recording.do("a", "0", (2 * SECOND, 0), 0, c.Crash("lw-1")))
    run(recording.do("b", "a", (2 * SECOND, 1), 0, c.Crash("lw-2")))
    crashed = [event.name for event in told(recording, "b", 3) if type(event).__name__ == "Crashed"]
    assert [name.split("#")[0] for name in crashed] == ["lw-1", "lw-2"]


def test_a_dropped_act_takes_with_it_what_grew_from_it() -> None:
    recording = Recording(scenario.load(TWO_HALVES))
    run(recording.do("a", "0", (2 * SECOND, 0), 0, c.Crash("lw-1")))
    run(recording.do("b", "a", (3 * SECOND, 0), 0, c.Restart("lw-1")))
    recording.drop(["a"])
    assert recording.tree == {}
    with pytest.raises(c.Illegal):
        run(recording.scene("b", (4 * SECOND, 0)))


def test_a_recording_made_again_from_its_commands_tells_the_same() -> None:
    recording, future, _ = lab(1017)
    again = Recording(
        recording.scenario,
        recording.seed,
        [Stored(*msgspec.structs.astuple(one)) for one in recording.tree.values()],
    )
    assert told(again, future, 7) == told(recording, future, 7)


def test_a_circle_of_causes_at_one_instant_ends_in_a_storm_that_says_why() -> None:
    recording = Recording(scenario.load(CIRCLE))
    events = told(recording, "0", 3)
    assert isinstance(events[-1], Storm)
    assert events[-1].t == SECOND
    assert "circle" in events[-1].why
    assert run(recording.scene("0", (2 * SECOND, 0))).storm == events[-1].why
    with pytest.raises(c.Illegal) as refused:
        run(recording.do("a", "0", (2 * SECOND, 0), 0, c.Crash("w")))
    assert refused.value.code == "storm"


def test_a_recording_that_is_full_stops_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "RECORDING_EVENTS_MAX", 2_000)
    events = told(Recording(scenario.load(TWO_HALVES)), "0", 60)
    assert isinstance(events[-1], Storm)
    assert 2_000 <= len(events) < 2_100


def test_a_full_lab_refuses_one_more_of_your_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LIVE_COPIES_MAX", 3)
    recording = Recording(scenario.load(TWO_HALVES))
    run(recording.do("a", "0", (SECOND, 0), 0, c.Crash("lw-1")))
    future = run(recording.do("b", "a", (SECOND, 1), 0, c.Crash("lw-2"))).future
    with pytest.raises(c.Illegal) as refused:
        run(recording.do("c", future, (5 * SECOND, 0), 0, c.Publish("left", "a")))
    assert refused.value.code == "bounds"


def test_a_recording_ends_after_its_time() -> None:
    recording = Recording(scenario.load(CIRCLE.replace("script: [{at_ms: 1000}]", "constant: 0.01")))
    at = (0, 0)
    while at < (limits.RECORDING_S_MAX * SECOND, 0):
        piece = run(recording.piece("0", at))
        assert piece.to > at
        at = piece.to
    assert at == (limits.RECORDING_S_MAX * SECOND, 0)
