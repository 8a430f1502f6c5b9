"""Lessons in labs that run: when the first act is on offer, when a question is due, and what answers it."""

from __future__ import annotations

from mqlab.engine import commands as c
from mqlab.engine import events as e
from mqlab.engine.fold import fold
from mqlab.engine.lab import build
from mqlab.engine.picture import picture
from mqlab.engine.recording import Recording, run
from mqlab.engine.scenario import load
from mqlab.engine.world import restore
from tests.engine.judged import SECOND, Lab
from tests.engine.scenario_text import TEXT

QUESTION = """
predict:
  - ask: What becomes of it?
    when: {event: Crashed, where: {node: worker-1}}
    choices:
      - {say: It is lost., event: Lost, where: {what: message}}
      - {say: It comes back three times., event: Delivered, where: {redelivered: true}, count: 3}
      - {say: It comes back., event: Delivered, where: {redelivered: true}}
      - {say: Nothing., after_s: 2}
"""


def lesson(more: str = QUESTION) -> Lab:
    return Lab(TEXT + more)


def kinds(run: Lab, *wanted: type[e.Event]) -> list[e.Event]:
    return [event for event in run.told if isinstance(event, wanted)]


def test_the_first_act_is_on_offer_when_its_event_has_happened() -> None:
    run = lesson("")
    started = run.run_until(e.Started, program="worker-1")
    (offered,) = kinds(run, e.ActOffered)
    assert (offered.t, offered.cause) == (started.t, started.name)
    run.run(20)
    assert len(kinds(run, e.ActOffered)) == 1


def test_the_first_act_is_on_offer_at_the_latest_after_its_time() -> None:
    text = TEXT.replace("where: {program: worker-1}}", "where: {attempt: 99}}\n  latest_s: 3")
    run = Lab(text).run(2.9)
    assert kinds(run, e.ActOffered) == []
    run.run(1)
    assert [event.t for event in kinds(run, e.ActOffered)] == [3 * SECOND]


def test_a_first_act_that_waits_for_nothing_is_on_offer_from_the_beginning() -> None:
    text = TEXT.replace("  when: {event: Started, where: {program: worker-1}}\n", "")
    run = Lab(text)
    assert picture(run.world).offered
    assert kinds(run.run(20), e.ActOffered) == []


def test_a_question_is_due_at_its_event_and_answered_by_the_first_choice_that_comes_true() -> None:
    run = lesson().run(3)
    assert picture(run.world).predictions == ["open"]
    run.do(c.Crash("worker-1"))
    (due,) = kinds(run, e.PredictionDue)
    assert due.t == run.world.now
    assert picture(run.world).predictions == ["due"]
    run.run(5)
    (settled,) = kinds(run, e.PredictionSettled)
    again = next(
        event
        for event in run.told
        if isinstance(event, e.Delivered) and event.redelivered and event.t >= due.t
    )
    assert (settled.choice, settled.cause) == (2, again.name)
    assert picture(run.world).predictions == ["2"]


def test_what_happened_before_the_question_does_not_answer_it() -> None:
    run = lesson(QUESTION.replace("where: {node: worker-1}", "where: {node: worker-2}"))
    run.run(3).do(c.Crash("worker-1")).run(5)
    assert any(isinstance(event, e.Delivered) and event.redelivered for event in run.told)
    assert picture(run.world).predictions == ["open"]


def test_a_choice_without_an_event_comes_true_where_no_other_has() -> None:
    run = lesson(QUESTION.replace("{redelivered: true}", "{program: worker-1}")).run(3)
    run.do(c.Crash("worker-1"))
    due = run.world.now
    run.run(5)
    assert [(event.t, event.choice) for event in kinds(run, e.PredictionSettled)] == [(due + 2 * SECOND, 3)]


def test_a_choice_may_count_exactly_what_came_in_its_time() -> None:
    question = """
predict:
  - ask: How many in a second?
    when: {event: Crashed}
    choices:
      - {say: One., event: Published, where: {producer: web}, count: 1, after_s: 1}
      - {say: Four., event: Published, where: {producer: web}, count: 4, after_s: 1}
      - {say: Many., event: Published, where: {producer: web}, count: 99}
"""
    run = Lab(TEXT.replace("{poisson: 4}", "{constant: 4}") + question).run(3.1)
    run.do(c.Crash("worker-1"))
    due = run.world.now
    run.run(5)
    assert [(event.t, event.choice) for event in kinds(run, e.PredictionSettled)] == [(due + SECOND, 1)]


def test_a_question_may_wait_for_the_third_event() -> None:
    run = lesson(
        QUESTION.replace("event: Crashed, where: {node: worker-1}", "event: Published, count: 3")
    ).run(5)
    third = kinds(run, e.Published)[2]
    assert [event.cause for event in kinds(run, e.PredictionDue)] == [third.name]


def test_a_lesson_goes_on_from_a_checkpoint() -> None:
    run = lesson().run(3).do(c.Crash("worker-1"))
    twin = restore(run.world.checkpoint())
    assert twin.run(9 * SECOND) == run.world.run(9 * SECOND)
    assert picture(twin).predictions == ["2"]


def test_the_picture_follows_from_the_events() -> None:
    recording = Recording(load(TEXT + QUESTION))
    scene = run(recording.scene("0", (0, 0)))
    cut = run(recording.do("a", "0", (3 * SECOND, 0), 2 * SECOND, c.Crash("worker-1")))
    at = (0, 0)
    while at < cut.at:
        piece = run(recording.piece("a", at))
        scene, at = fold(scene, piece.events), piece.to
    scene = fold(scene, cut.events)
    real = run(recording.scene("a", cut.to))
    assert (scene.offered, scene.predictions) == (real.offered, real.predictions) == (True, ["2"])


def test_judging_a_lesson_changes_nothing_else() -> None:
    plain, asked = Lab(TEXT).run(3), lesson().run(3)
    for one in (plain, asked):
        one.do(c.Crash("worker-1")).run(5)
    own = (e.PredictionDue, e.PredictionSettled)
    names = [event.name for event in asked.told if not isinstance(event, own)]
    assert names == [event.name for event in plain.told]


def test_a_lab_without_a_lesson_has_no_judge_of_one() -> None:
    text = TEXT[: TEXT.index("first_act:")]
    assert len(build(load(text), 7).judges) == 2


def test_a_consumer_may_start_later_and_is_not_crashed_until_then() -> None:
    run = Lab(TEXT.replace("    ack: after\n", "    ack: after\n    start_ms: 2000\n"))
    assert picture(run.world).nodes["worker-1"].status == "waits"
    run.run(2.5)
    assert [event.t for event in kinds(run, e.Restarted)] == [2 * SECOND, 2 * SECOND]
    assert picture(run.world).nodes["worker-1"].status == "up"
    assert min(event.t for event in kinds(run, e.Delivered)) >= 2 * SECOND


def test_a_consumer_may_wait_for_somebody_to_start_it_and_is_started_once() -> None:
    run = Lab(TEXT.replace("    ack: after\n", "    ack: after\n    start_ms: null\n")).run(5)
    assert kinds(run, e.Delivered) == []
    run.do(c.Restart("worker-2")).run(1)
    assert {event.program for event in kinds(run, e.Delivered)} == {"worker-2"}
    early = Lab(TEXT.replace("    ack: after\n", "    ack: after\n    start_ms: 2000\n")).run(1)
    early.do(c.Restart("worker-1")).run(0.5).do(c.Crash("worker-1")).run(2)
    assert [event.node for event in kinds(early, e.Restarted)] == ["worker-1", "worker-2"]
