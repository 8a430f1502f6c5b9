"""What the gallery's lessons promise: each is solved by its own solution, and by no wrong way; what it asks is answered."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import Any

import msgspec
import pytest

from mqlab.engine import commands as c
from mqlab.engine import events as e
from mqlab.engine.lesson import Lesson
from mqlab.engine.rules import RULES
from mqlab.engine.scenario import Scenario, Step, load
from mqlab.lab.marked import CODE, RULE, TERM, marked
from tests.engine.judged import SECOND, Lab

FOLDER = Path(__file__).parent.parent.parent / "fixtures" / "scenarios"
LESSONS = [
    "consumer-dies-before-ack", "what-does-auto-ack-cost", "why-does-it-come-back",
    "is-round-robin-fair", "why-is-worker-2-idle", "which-consumer-gets-everything",
    "who-goes-first", "does-one-active-consumer-keep-the-order",
    "one-queue-or-one-for-each", "who-gets-order-eu-paid", "where-does-hash-match", "who-gets-it-when-headers-decide",
    "where-did-my-message-go", "does-a-confirm-mean-somebody-read-it", "does-mandatory-guarantee-delivery",
    "why-was-it-done-twice", "what-survives-a-restart", "what-does-a-memory-alarm-stop",
    "what-does-a-full-queue-do", "why-did-it-not-expire", "how-do-i-wait",
    "how-does-a-retry-wait", "why-did-the-circle-stop",
    "who-goes-on-when-a-cluster-falls-apart",
    "how-does-an-answer-find-its-way-back",
    "why-did-it-come-twice", "why-is-the-work-never-finished", "why-is-my-fifo-queue-stuck", "where-did-the-duplicate-go",
    "why-does-an-empty-answer-not-mean-an-empty-queue", "who-pays-for-polling", "what-saves-a-poison-message",
    "how-does-one-noisy-customer-not-starve-the-others",
    "who-hears-it-when-nobody-listens", "why-did-one-client-get-it-twice", "what-happens-to-a-slow-subscriber",
    "who-takes-over-when-a-consumer-dies", "why-does-the-stream-not-get-shorter", "what-does-trimming-throw-away",
]  # fmt: skip
DIES, IDLE, ROUTES, GONE, LOOP, OFFER = FIRST_SIX = (
    "consumer-dies-before-ack", "why-is-worker-2-idle", "who-gets-order-eu-paid", "where-did-my-message-go",
    "why-does-it-come-back", "why-did-it-not-expire",
)  # fmt: skip
LOOKED_AT = (
    *FIRST_SIX, "does-one-active-consumer-keep-the-order", "what-does-a-memory-alarm-stop", "what-does-a-full-queue-do",
    "how-does-a-retry-wait", "who-goes-on-when-a-cluster-falls-apart", "how-does-an-answer-find-its-way-back",
)  # fmt: skip
"""Those that a real browser goes through: the others are of the same shapes (a producer or two, an exchange, one to four queues,
their consumers), so what axe would say of them it says of these, and all of them would cost minutes. New in shape are one
consumer that stands by, a blocked program, four queues with one dead-letter exchange, a circle, a cluster, and a client."""
LESSON_S = 60
SEEDS = range(1, 21)
ANSWERS = {
    "consumer-dies-before-ack": 1, "what-does-auto-ack-cost": 2, "why-does-it-come-back": 1,
    "is-round-robin-fair": 1, "why-is-worker-2-idle": 1, "which-consumer-gets-everything": 2,
    "who-goes-first": 1, "does-one-active-consumer-keep-the-order": 1,
    "one-queue-or-one-for-each": 1, "who-gets-order-eu-paid": 1, "where-does-hash-match": 1,
    "who-gets-it-when-headers-decide": 2,
    "where-did-my-message-go": 0, "does-a-confirm-mean-somebody-read-it": 2, "does-mandatory-guarantee-delivery": 2,
    "why-was-it-done-twice": 1, "what-survives-a-restart": 1, "what-does-a-memory-alarm-stop": 2,
    "what-does-a-full-queue-do": 1, "why-did-it-not-expire": 2, "how-do-i-wait": 2,
    "how-does-a-retry-wait": 2, "why-did-the-circle-stop": 1,
    "who-goes-on-when-a-cluster-falls-apart": 2,
    "how-does-an-answer-find-its-way-back": 2,
    "why-did-it-come-twice": 1, "why-is-the-work-never-finished": 1, "why-is-my-fifo-queue-stuck": 1,
    "where-did-the-duplicate-go": 2, "why-does-an-empty-answer-not-mean-an-empty-queue": 1, "who-pays-for-polling": 1,
    "what-saves-a-poison-message": 0, "how-does-one-noisy-customer-not-starve-the-others": 1,
    "who-hears-it-when-nobody-listens": 2, "why-did-one-client-get-it-twice": 1, "what-happens-to-a-slow-subscriber": 2,
    "who-takes-over-when-a-consumer-dies": 2, "why-does-the-stream-not-get-shorter": 1, "what-does-trimming-throw-away": 1,
}  # fmt: skip
"""What each lesson's text says will come true, when its first act is done as offered."""


def read(slug: str) -> Scenario:
    return load((FOLDER / f"{slug}.yaml").read_text(encoding="utf-8"), f"{slug}.yaml")


def opened(slug: str, seed: int | None = None) -> Lab:
    text = (FOLDER / f"{slug}.yaml").read_text(encoding="utf-8")
    return Lab(text, load(text).seed if seed is None else seed)


def goals(run: Lab) -> list[str]:
    return list(run.world.judges[1].goals)


def lesson(run: Lab) -> Lesson:
    found: Lesson = run.world.judges[2]
    return found


def played(slug: str, steps: tuple[Step, ...]) -> Lab:
    """The lab with these acts, to the end of the lesson."""
    run = opened(slug)
    for number, step in enumerate(steps, 1):
        run.run(step.at_us / SECOND - run.world.now / SECOND)
        run.do(numbered(step.command, number))
    return run.run(LESSON_S - run.world.now / SECOND)


def numbered(command: c.AnyCommand, number: int) -> c.AnyCommand:
    return msgspec.structs.replace(command, number=number) if isinstance(command, c.Numbered) else command


def offered(slug: str, seed: int | None = None) -> Lab:
    """The lab at the moment when its first act is on offer."""
    run = opened(slug, seed)
    while not lesson(run).offered:
        run.told += run.world.step()
    return run


def begun(slug: str, seed: int | None = None) -> Lab:
    """The lab after its first act, done when it is offered."""
    act = read(slug).first_act
    assert act is not None
    return offered(slug, seed).do(numbered(act.command, 1))


def settled(run: Lab) -> list[e.PredictionSettled]:
    return [event for event in run.told if isinstance(event, e.PredictionSettled)]


def test_the_gallery_is_these_in_this_order() -> None:
    found = [read(path.stem) for path in FOLDER.glob("*.yaml")]
    assert [one.slug for one in sorted(found, key=lambda one: one.order)] == LESSONS
    assert len({one.order for one in found}) == len(found)


def test_each_lesson_stands_under_a_theme_with_others_of_it_beside_it() -> None:
    themes = [theme for theme, _ in groupby(read(slug).theme for slug in LESSONS)]
    assert all(themes)
    assert len(set(themes)) == len(themes)


@pytest.mark.parametrize("slug", LESSONS)
def test_a_lesson_has_all_that_a_lesson_needs(slug: str) -> None:
    one = read(slug)
    assert one.title.endswith("?")
    assert one.summary
    assert 3 <= len([part for part in one.about.replace("?", ".").split(". ") if part]) <= 6
    assert one.first_act is not None
    assert 2 <= len(one.goals) <= 3
    assert len(one.predictions) == 1
    assert one.hint
    assert one.terms
    assert one.solution
    assert len(one.wrong) >= 3


@pytest.mark.parametrize("slug", LESSONS)
def test_its_own_solution_meets_all_goals(slug: str) -> None:
    assert set(goals(played(slug, read(slug).solution))) == {"met"}


@pytest.mark.parametrize("slug", LESSONS)
def test_doing_nothing_meets_none(slug: str) -> None:
    assert set(goals(played(slug, ()))) == {"open"}


WAYS = [(slug, number) for slug in LESSONS for number in range(len(read(slug).wrong))]


@pytest.mark.parametrize(("slug", "number"), WAYS)
def test_a_wrong_way_does_not_meet_what_it_must_not(slug: str, number: int) -> None:
    way = read(slug).wrong[number]
    now = goals(played(slug, way.acts))
    assert {now[goal] for goal in way.must_not} == {"open"}, way.say


@pytest.mark.parametrize("slug", LESSONS)
def test_the_first_act_is_offered_once_there_is_something_to_see(slug: str) -> None:
    run = offered(slug)
    assert 0.5 * SECOND < run.world.now < 6 * SECOND
    assert any(isinstance(event, e.Enqueued | e.Appended | e.Broadcast) for event in run.told)


@pytest.mark.parametrize("slug", LESSONS)
def test_the_question_is_asked_after_the_first_act_and_answered_later(slug: str) -> None:
    run = begun(slug).run(20)
    (due,) = [event for event in run.told if isinstance(event, e.PredictionDue)]
    (answer,) = settled(run)
    assert due.t < answer.t <= due.t + 10 * SECOND
    assert answer.choice == ANSWERS[slug]
    assert read(slug).predictions[0].choices[answer.choice].why


@pytest.mark.parametrize("slug", LESSONS)
@pytest.mark.parametrize("seed", SEEDS)
def test_the_answer_is_the_same_on_other_seeds(slug: str, seed: int) -> None:
    assert [answer.choice for answer in settled(begun(slug, seed).run(12))] == [ANSWERS[slug]]


@pytest.mark.parametrize("slug", LESSONS)
def test_every_term_is_used_and_every_rule_that_a_text_names_is_in_the_book(slug: str) -> None:
    one = read(slug)
    texts = [one.about, one.hint, one.summary, *one.terms.values(), *(goal.say for goal in one.goals)]
    for prediction in one.predictions:
        texts += [prediction.ask, *(choice.say for choice in prediction.choices)]
        texts += [choice.why for choice in prediction.choices]
    parts = [part for text in texts for part in marked(text, one.terms)]
    assert {part.target for part in parts if part.kind == TERM} == set(one.terms)
    assert {part.target for part in parts if part.kind == RULE} <= set(RULES)
    assert any(part.kind == RULE for part in parts)
    assert not any("[" in part.text or "](" in part.text for part in parts if part.kind != CODE)


def test_the_labs_keep_up_with_their_producers() -> None:
    for slug in (DIES, ROUTES, GONE, LOOP, "is-round-robin-fair", "who-goes-first", "how-does-a-retry-wait"):
        run = opened(slug).run(120)
        for queue in run.world.brokers["rabbit"].queues.values():
            assert len(queue) < 10
        assert run.verdict("stuck") == 0


# --- what single texts claim beyond goals and answers ---


def one_of(run: Lab, kind: type[Any], **fields: Any) -> Any:
    return next(
        event
        for event in run.told
        if isinstance(event, kind) and all(getattr(event, name) == value for name, value in fields.items())
    )


def test_the_payment_of_the_dead_worker_is_the_one_that_comes_back() -> None:
    run = begun(DIES)
    held = [event for event in run.told if isinstance(event, e.Started) and event.program == "worker-1"][-1]
    again = one_of(run.run(5), e.Delivered, of=held.of, redelivered=True)
    assert again.program == "worker-2"
    assert run.verdicts == {}


def test_worker_1_needs_twenty_seconds_alone_and_half_of_it_with_a_fair_worker_2() -> None:
    alone = opened(IDLE).run(60)
    last = [event for event in alone.told if isinstance(event, e.Handled)][-1]
    assert 20 * SECOND < last.t < 22 * SECOND
    shared = played(IDLE, read(IDLE).solution)
    handled = {event.of[0]: event for event in shared.told if isinstance(event, e.Handled)}
    assert len(handled) == 40
    assert max(event.t for event in handled.values()) < 20 * SECOND


def test_three_of_four_queues_get_order_eu_paid() -> None:
    routed = [event for event in begun(ROUTES).run(5).told if isinstance(event, e.Routed)]
    mine = next(event for event in routed if event.of[0].startswith("you-1@"))
    assert sorted(mine.to) == ["audit", "billing", "europe"]


def test_a_refund_is_dropped_and_still_confirmed() -> None:
    run = begun(GONE).run(3)
    assert one_of(run, e.Unroutable, of=("you-1",)).returned is False
    assert one_of(run, e.ConfirmReceived, program="you").ok is True
    assert run.verdict("lost") >= 2


def test_labels_wait_behind_the_poison_message() -> None:
    run = begun(LOOP).run(20)
    first = one_of(run, e.Rejected)
    assert not [
        event
        for event in run.told
        if isinstance(event, e.Handled) and event.outcome == "ok" and event.t > first.t
    ]
    assert run.verdict("stuck") == 0  # it moves all the time; that is what makes it hard to see
    assert len(run.world.brokers["rabbit"].queues["labels"]) > 10


def test_the_limit_of_three_lets_four_deliveries_be() -> None:
    run = played(LOOP, read(LOOP).solution)
    deliveries = [event for event in run.told if isinstance(event, e.Delivered) and event.queue == "counted"]
    assert len(deliveries) == 4


def test_the_offer_dies_the_moment_the_catalogue_is_taken() -> None:
    run = begun(OFFER).run(8)
    assert one_of(run, e.Enqueued, of=("you-1@letters",)).expires < run.world.now
    run.do(c.Restart("mailer")).run(1)
    taken = one_of(run, e.Delivered, queue="letters")
    died = one_of(run, e.DeadLettered, of=("you-1@letters",))
    assert taken.t == died.t


def number_of(run: Lab, kind: type[Any], **fields: Any) -> int:
    return len(
        [
            event
            for event in run.told
            if isinstance(event, kind)
            and all(getattr(event, name) == value for name, value in fields.items())
        ]
    )


def test_the_printer_loses_its_four_orders_and_the_waiter_has_four_confirms() -> None:
    run = begun("what-does-auto-ack-cost").run(4)
    assert run.verdict("lost") == 4
    assert number_of(run, e.ConfirmReceived, program="waiter", ok=True) == 4
    assert number_of(run, e.Published, again=True) == 0


def test_the_urgent_sample_passes_three_that_wait_and_none_that_is_fetched() -> None:
    run = begun("who-goes-first").run(7)
    samples = [event.of[0] for event in run.told if isinstance(event, e.Started)]
    assert [one.split("-")[0] for one in samples[:7]] == ["ward"] * 3 + ["you"] + ["ward"] * 3


def test_the_fourth_booking_is_done_before_the_third() -> None:
    run = begun("does-one-active-consumer-keep-the-order").run(5)
    done = [event.of[0].split("@")[0] for event in run.told if isinstance(event, e.Handled)]
    assert done.index("branch-4") < done.index("branch-3")
    assert number_of(run, e.Requeued) == 0


def test_what_a_closed_channel_held_is_handed_over_in_order() -> None:
    run = opened("does-one-active-consumer-keep-the-order").run(1.3).do(c.CloseChannel("teller-1")).run(12)
    assert run.verdict("out_of_order") == 0
    assert one_of(run, e.Delivered, program="teller-2", redelivered=True)


def test_the_bank_books_twice_what_was_published_twice() -> None:
    run = begun("why-was-it-done-twice").run(5)
    again = one_of(run, e.Published, again=True).of[0]
    done = [event.of[0] for event in run.told if isinstance(event, e.Handled)]
    assert len({copy for copy in done if copy.startswith(f"{again}@")}) == 2


def test_a_retry_takes_two_seconds_and_lets_others_pass() -> None:
    run = begun("how-does-a-retry-wait").run(6)
    died, back = (one_of(run, e.DeadLettered, queue=queue) for queue in ("work", "wait"))
    assert 2 * SECOND < back.t - died.t < 2.5 * SECOND
    done = [event for event in run.told if isinstance(event, e.Handled) and event.outcome == "ok"]
    assert [event for event in done if died.t < event.t < back.t]


def test_the_archive_empties_the_queue_during_the_alarm() -> None:
    run = begun("what-does-a-memory-alarm-stop").run(20)
    assert len(run.world.brokers["rabbit"].queues["store"]) == 0
    assert number_of(run, e.Unblocked) == 0
