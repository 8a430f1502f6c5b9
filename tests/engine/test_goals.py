"""Goals in labs that run: when they are met, when broken, and by what."""

from __future__ import annotations

from mqlab.engine import commands as c
from mqlab.engine import events as e
from mqlab.engine.world import restore
from tests.engine.judged import SECOND, Lab, lab


def met(run: Lab) -> list[e.GoalMet]:
    return [one for one in run.told if isinstance(one, e.GoalMet)]


def test_a_goal_is_met_by_the_event_that_completes_its_count() -> None:
    run = lab(goals="[{say: s, event: Handled, where: {outcome: ok}, count: 3}]").run(5)
    (one,) = met(run)
    third = [event for event in run.told if isinstance(event, e.Handled)][2]
    assert (one.name, one.goal, one.broken, one.cause, one.t) == ("goal/0#1", 0, False, third.name, third.t)
    assert run.world.judges[1].goals == ["met"]


def test_a_goal_looks_only_at_what_its_filter_names() -> None:
    goals = """
  - {say: s, event: Published, where: {producer: you, routing_key: [k, other]}}
  - {say: s, event: Routed, where: {to: q, message: you-1}}
  - {say: s, event: Delivered, where: {redelivered: true}}"""
    run = lab(goals=goals).run(5)
    assert met(run) == []
    run.do(c.Publish("orders", "k", number=1)).run(1)
    assert [one.goal for one in met(run)] == [0, 1]


def test_a_goal_can_count_different_values_of_a_field() -> None:
    run = lab(
        more_queues=", a: {}, b: {}", consumer=None,
        bindings=", {source: orders, destination: a, routing_key: all}, {source: orders, destination: q, routing_key: all}",
        goals="[{say: s, event: Enqueued, where: {producer: you}, distinct: queue, count: 2}]",
    )  # fmt: skip
    run.do(c.Publish("orders", "k", number=1)).do(c.Publish("orders", "k", number=2)).run(1)
    assert met(run) == []
    run.do(c.Publish("orders", "all", number=3)).run(1)
    assert len(met(run)) == 1


def test_a_never_is_met_when_its_time_is_over() -> None:
    run = lab(goals="[{say: s, never: {event: Lost}, until_s: 3.5}]").run(10)
    (one,) = met(run)
    assert (one.t, one.broken, one.cause) == (3_500_000, False, "")


def test_a_never_that_happens_is_broken_for_good() -> None:
    run = lab(goals="[{say: s, never: {event: Unroutable}, until_s: 5}]").run(1)
    run.do(c.Publish("orders", "nobody", number=1)).do(c.Publish("orders", "nobody", number=2)).run(10)
    (one,) = met(run)
    assert one.broken
    assert run.world.judges[1].goals == ["broken"]


def test_a_never_that_happens_too_late_stays_met() -> None:
    run = lab(goals="[{say: s, never: {event: Unroutable}, until_s: 1}]").run(2)
    run.do(c.Publish("orders", "nobody", number=1)).run(1)
    assert [one.broken for one in met(run)] == [False]


def test_a_goal_can_wait_for_a_verdict() -> None:
    run = lab(goals="[{say: s, event: VerdictChanged, where: {verdict: lost, value: 2}}]").run(1)
    run.do(c.Publish("orders", "nobody", number=1)).run(1)
    assert met(run) == []
    run.do(c.Publish("orders", "nobody", number=2)).run(1)
    assert [one.cause for one in met(run)] == ["verdict/lost#2"]


def test_goals_go_through_a_checkpoint_unchanged() -> None:
    goals = "[{say: s, event: Handled, count: 40}, {say: s, never: {event: Lost}, until_s: 6}]"
    run = lab(goals=goals).run(3)
    kept = restore(run.world.checkpoint())
    told = run.world.run(10 * SECOND)
    assert kept.run(10 * SECOND) == told
    assert sum(isinstance(one, e.GoalMet) for one in told) == 2
