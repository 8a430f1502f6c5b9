"""A message's life in sentences, read as a learner reads it; and what the template language says."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from mqlab.engine import commands as c
from mqlab.engine import events as e
from mqlab.engine.picture import picture
from mqlab.engine.rules import RULES
from mqlab.engine.sentences import phrases, plain, say, seconds, text_of
from mqlab.engine.sentences import told as books_there
from mqlab.engine.story import (
    HEAD_LINES,
    LINES_MAX,
    NODE_LINES_MAX,
    Line,
    deciding,
    gather,
    node_story,
    story,
)
from tests.engine.judged import Lab, lab

ONE = "{script: [{at_ms: 100}]}"


def lines(of: Lab, message: str) -> list[Line]:
    """The message's story at the lab's moment."""
    return story(gather(of.told, message), picture(of.world))


def told(of: Lab, message: str) -> list[str]:
    """The same as text."""
    return [text_of(line.sentence) for line in lines(of, message)]


def test_a_message_that_is_published_routed_worked_on_and_acked() -> None:
    at_work = lab(
        rate=ONE, consumer="prefetch: 2, service: {constant_ms: 50}", producer="confirms: true,"
    ).run(1)
    assert told(at_work, "web-1") == [
        "web published it to exchange orders with the routing key k.",
        "Exchange orders matched it and sent one copy to q (k).",
        "It reached q, which gave it at once to worker, whose prefetch had room: this was 1 of 2.",
        "The broker confirmed it to web: every queue it was routed to had it.",
        "It reached worker, which began to work on it at once and meant to be done at 0.18 s.",
        "worker finished its work and sent an ack of it.",
        "The ack reached the broker, which deleted it; worker held 1 fewer.",
    ]
    assert [line.rule for line in lines(at_work, "web-1")] == [
        "", "rabbitmq/direct-exact", "rabbitmq/prefetch-per-consumer", "rabbitmq/confirm-after-enqueue", "", "",
        "rabbitmq/ack-settles",
    ]  # fmt: skip


def test_every_rule_of_a_story_is_in_the_book_and_the_last_one_decided() -> None:
    read = lines(lab(rate=ONE).run(1), "web-1")
    assert all(line.rule_sentence == RULES[line.rule].sentence for line in read if line.rule)
    assert read[deciding(read)].rule == "rabbitmq/ack-settles"
    assert deciding(read[:1]) == -1


def test_a_crash_is_in_the_story_of_what_was_held() -> None:
    at_work = lab(rate=ONE, consumer="prefetch: 1, service: {constant_ms: 500}")
    at_work.run_until(e.Started)
    at_work.do(c.Crash("worker")).run(1)
    at_work.do(c.Restart("worker")).run(2)
    assert told(at_work, "web-1")[4:] == [
        "worker crashed and lost it. The broker was to learn of that at 0.14 s; until then it still counted it as unacked.",
        "The channel of worker was gone, so it went back into q at its head, marked redelivered.",
        "q gave it to worker, whose prefetch had room: this was 1 of 1, marked redelivered.",
        "It reached worker, which began to work on it at once, attempt 2, and meant to be done at 1.64 s.",
        "worker finished its work and sent an ack of it.",
        "The ack reached the broker, which deleted it; worker held 1 fewer.",
    ]


def test_with_automatic_acks_a_crash_loses_it() -> None:
    at_work = lab(rate=ONE, consumer="ack: auto, service: {constant_ms: 500}")
    at_work.run_until(e.Started)
    at_work.do(c.Crash("worker"))
    assert told(at_work, "web-1")[2:] == [
        "It reached q, which gave it at once to worker. With automatic acks it was done for the broker when it was sent.",
        "It reached worker, which began to work on it at once and meant to be done at 0.63 s.",
        "worker crashed, and it was lost for good.",
    ]


def test_who_acks_first_and_then_works_is_told_so() -> None:
    at_work = lab(rate=ONE, consumer="ack: before, service: {constant_ms: 50}").run(1)
    assert "worker sent the ack of it first and then began the work, meant to be done at 0.18 s." in told(
        at_work, "web-1"
    )


def test_a_quorum_queue_counts_failures_to_its_limit() -> None:
    at_work = lab(
        queue="{arguments: {x-queue-type: quorum, x-delivery-limit: 1, x-dead-letter-exchange: dead}}",
        rate=ONE,
        consumer="prefetch: 1, service: {constant_ms: 10}, fail: {then: reject_requeue}",
        more_queues=", parking: {}",
        bindings=", {source: dead, destination: parking}",
    ).run(1)
    assert told(at_work, "web-1")[3:] == [
        "It reached worker, which began to work on it at once and meant to be done at 0.14 s.",
        "worker failed and sent a reject of it, to be requeued.",
        "The broker put it back into q at its head (1 of 1 failures counted) and gave it at once to worker, marked "
        "redelivered; its prefetch had room: this was 1 of 1.",
        "It reached worker, which began to work on it at once, attempt 2, and meant to be done at 0.17 s.",
        "worker failed and sent a reject of it, to be requeued.",
        "That was one failure more than q allows (its delivery limit is 1): it left as a dead letter for exchange dead.",
        "Exchange dead is a fanout and sent it to all that is bound to it: one copy to parking.",
        "It reached parking and was ready.",
    ]


def test_a_rejected_message_without_a_dead_letter_exchange_is_dropped() -> None:
    at_work = lab(rate=ONE, consumer="service: {constant_ms: 10}, fail: {then: reject}").run(1)
    assert told(at_work, "web-1")[-2:] == [
        "worker failed and sent a reject of it, not to be requeued.",
        "The refusal by worker reached the broker, which dropped it: its queue had nowhere to send dead letters.",
    ]


def test_a_message_that_nobody_wants_is_told_apart_from_one_that_comes_back() -> None:
    at_work = lab(rate=ONE).run(0.1)
    at_work.do(c.Publish("orders", "nowhere", key="z", number=1))
    at_work.do(c.Publish("orders", "nowhere", key="z", mandatory=True, number=2)).run(1)
    assert told(at_work, "you-1")[1] == "Exchange orders had no queue for it and dropped it without a word."
    assert told(at_work, "you-2") == [
        "You published it to exchange orders with the routing key nowhere, as a mandatory message.",
        "Exchange orders had no queue for it. It was mandatory, so the broker sent it back to you: 312 NO_ROUTE.",
        "The broker confirmed it to you, though no queue was to have it.",
        "It came back to you.",
    ]


def test_a_full_queue_says_its_limit() -> None:
    at_work = lab(
        queue="{arguments: {x-max-length: 1, x-overflow: reject-publish}}",
        consumer=None,
        producer="confirms: true,",
    ).run(1)
    assert told(at_work, "web-2")[2:] == [
        "q was full and refused it (it may hold 1 ready).",
        "The broker nacked it to web: a queue was full and had refused it.",
    ]


def test_a_purge_and_a_removed_queue_end_a_story() -> None:
    at_work = lab(consumer=None).run(0.5).do(c.Purge("q")).run(0.5).do(c.Delete("q"))
    assert told(at_work, "web-1")[-1].startswith("q was purged of it and ")
    last = [line for line in lines(at_work, "web-6") if line.kind == "NodeRemoved"]
    assert text_of(last[0].sentence).startswith("q was removed, and with it it")


def test_lines_that_are_told_are_never_taken_back() -> None:
    at_work = lab(
        consumer="prefetch: 1, service: {constant_ms: 150}, fail: {chance: 0.4, then: nack_requeue}",
        producer="confirms: true,",
    )
    seen: list[str] = []
    for _ in range(400):
        at_work.told += at_work.world.step()
        now = told(at_work, "web-3")
        assert now[: len(seen)] == seen
        seen = now
    assert len(seen) > 6


def test_a_story_that_is_very_long_leaves_out_its_middle_and_says_so() -> None:
    at_work = lab(
        rate=ONE, consumer="prefetch: 1, service: {constant_ms: 10}, fail: {then: nack_requeue}"
    ).run(9)
    read = lines(at_work, "web-1")
    assert len(read) == LINES_MAX
    assert text_of(read[HEAD_LINES].sentence).endswith("more things happened to it in between.")


def test_a_node_tells_what_it_did_last() -> None:
    at_work = lab().run(20)
    scene = picture(at_work.world)
    read = node_story(at_work.told, "worker", scene)
    assert len(read) == NODE_LINES_MAX
    assert [line.t for line in read] == sorted(line.t for line in read)
    kinds = {line.kind for line in read}
    assert {"Delivered", "Received", "Started", "Handled", "Acked", "Settled"} <= kinds
    assert {"Routed", "Enqueued", "Delivered"} <= {line.kind for line in node_story(at_work.told, "q", scene)}
    assert node_story(at_work.told, "nobody", scene) == []


def test_every_kind_of_event_has_a_sentence() -> None:
    kinds = {one.__name__ for one in get_args(e.AnyEvent)}
    books = [phrases(broker) for broker in books_there()]
    assert kinds - {kind for book in books for kind in book.events} == set()
    for book in books:
        for pair in book.together:
            assert set(pair.split("+")) <= kinds
        for one in book.unsaid:
            assert one["kind"] in kinds


@pytest.mark.parametrize(
    ("template", "fields", "said"),
    [
        (["{a} and {b}"], {"a": 1, "b": 2.50}, "1 and 2.5"),
        (["{a:node} went"], {"a": ""}, "The default exchange went"),
        (["{a:node} went"], {"a": "you"}, "You went"),
        (["{a:node} went"], {"a": "web"}, "web went"),
        (["to {a:exchange}"], {"a": "orders"}, "To exchange orders"),
        (["to {a:exchange}"], {"a": "amq.default"}, "To the default exchange"),
        ([{"by": "a", "x": "one", "else": "two"}], {"a": "x"}, "One"),
        ([{"by": "a", "x": "one", "else": "two"}], {}, "Two"),
        ([{"by": "a", "none": "nothing", "else": "two"}], {}, "Nothing"),
        ([{"by": "a", "true": "yes"}], {"a": True}, "Yes"),
        ([{"by": "a", "0": "null", "else": "more"}], {"a": 0}, "Null"),
        ([{"by": "a", "x": "one"}], {"a": "y"}, ""),
        (["{of:messages} {of:were} here"], {"of": ["a-1@q", "a-1@r"]}, "a-1 was here"),
        (["{of:messages} {of:were} here"], {"of": ["a-1@q", "a-2@q"]}, "a-1 and a-2 were here"),
        (["{of:messages}"], {"of": [f"a-{n}" for n in range(6)]}, "a-0, a-1, a-2 and 3 more"),
        (["{to:routes}"], {"to": ["q", "r"], "by": ["k", ""]}, "One copy to q (k) and one to r"),
        (["at {t:s}"], {"t": 125_000}, "At 0.13 s"),
        (["{a:code}"], {"a": "<b>{x}"}, "<b>{x}"),
        (["{goal:next}"], {}, "1"),
    ],
)  # fmt: skip
def test_the_language_says(template: Any, fields: dict[str, Any], said: str) -> None:
    assert text_of(say(template, fields)) == said


def test_a_message_is_it_in_its_own_story_only() -> None:
    fields = {"of": ["a-1@q", "a-2@q", "a-3@q"]}
    assert text_of(say(["{of:messages} went"], fields, me="a-2")) == "It and 2 others went"
    assert say(["{of:messages} went"], {"of": ["a-1@q"]})[0] == ("message", "a-1", "a-1")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "none"), (False, "false"), (3, "3"), (3.0, "3"), (0.25, "0.25"), (1e-7, "0"), (["a", 1], "a, 1"),
        ({"max_length": 2, "a": None}, "a none, max length 2"), ("x" * 301, "x" * 300 + "…"),
    ],
)  # fmt: skip
def test_any_value_has_words(value: Any, words: str) -> None:
    assert plain(value) == words


def test_times_are_rounded_the_same_way_in_both_languages() -> None:
    assert [seconds(us) for us in (0, 4_999, 5_000, 1_005_000, 12_900_000)] == [
        "0.00 s",
        "0.00 s",
        "0.01 s",
        "1.01 s",
        "12.90 s",
    ]
