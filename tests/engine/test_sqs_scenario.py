"""SQS in a scenario file: what its page says is read, written and read again; what is wrong is told where it stands."""

from __future__ import annotations

import re
from typing import Any

import pytest

from mqlab.engine import commands as c
from mqlab.engine.brokers.sqs.sampling import LAB
from mqlab.engine.events import (
    Delivered,
    Handled,
    NodeChanged,
    Published,
    Refused,
    Settled,
    VisibilityChanged,
)
from mqlab.engine.scenario import ScenarioError, dump, load
from tests.engine.judged import Lab
from tests.tree import ROOT

PAGE = (ROOT / "docs/sqs.md").read_text(encoding="utf-8")
EVERYTHING = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[1]  # type: ignore[index]
SMALL = """\
format: 1
title: Small
brokers:
  sqs:
    kind: sqs
    model: {servers: 1}
    queues: {q: {attributes: {VisibilityTimeout: "2"}}, dead: {}, l.fifo: {attributes: {FifoQueue: "true"}}}
programs:
  web: {kind: producer, broker: sqs, send: {queue: q}, rate: {constant: 2}, count: 3}
  worker: {kind: consumer, broker: sqs, queue: q, receive: {WaitTimeSeconds: 5}}
"""


def test_all_that_the_page_shows_is_read_and_its_model_is_what_is_meant_by_nothing() -> None:
    read = load(EVERYTHING, "all.yaml")
    assert load(dump(read), "all.yaml") == read
    assert read.brokers["sqs"].model == LAB


def test_every_act_and_every_field_of_it_is_on_the_page() -> None:
    for kind in (c.Send, c.Receive, c.SetAttributes, c.ChangeVisibility, c.Redrive):
        row = next(
            line for line in PAGE.splitlines() if line.startswith(f"| `{kind.__struct_config__.tag}` ")
        )
        for field in set(kind.__struct_fields__) - {"number", "broker"}:
            assert f"`{field}`" in row, (kind, field)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('VisibilityTimeout: "2"', 'VisibilityTimeout: "43201"', "a whole number from 0 to 43,200"),
        ('VisibilityTimeout: "2"', 'Colour: "2"', "Unknown Attribute Colour"),
        ('VisibilityTimeout: "2"', "RedrivePolicy: {deadLetterTargetArn: ded, maxReceiveCount: 2}", "a queue of this file"),
        ('VisibilityTimeout: "2"', "RedrivePolicy: {deadLetterTargetArn: l.fifo, maxReceiveCount: 2}", "of the same kind"),
        ('VisibilityTimeout: "2"', "RedrivePolicy: {deadLetterTargetArn: dead}", "maxReceiveCount"),
        ("l.fifo: {attributes: {FifoQueue: \"true\"}}", "l.fifo: {}", "FifoQueue must be true"),
        ("l.fifo", "line", "must end with .fifo"),
        ("queue: q}, rate", "queue: p}, rate", "a queue: q, dead"),
        ("queue: q}, rate", "queue: q, MessageGroupID: a}, rate", "Did you mean MessageGroupId?"),
        ("queue: q}, rate", "queue: q, MessageAttributes: {AWS.x: {StringValue: a}}}, rate", "is invalid"),
        ("WaitTimeSeconds: 5", "WaitTimeSeconds: 21", "from 0 to 20"),
        ("WaitTimeSeconds: 5", "MaxNumberOfMessages: 11", "from 1 to 10"),
        ("servers: 1", "servers: 0", "from 1 to 16"),
        ("count: 3", "batch: 11", "from 1 to 10"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_in_words(old: str, new: str, words: str) -> None:
    assert SMALL.count(old) == 1 or old == "l.fifo"
    with pytest.raises(ScenarioError, match=re.escape(words)):
        load(SMALL.replace(old, new), "small.yaml")


def lab() -> Lab:
    return Lab(SMALL)


def test_messages_are_sent_received_handled_and_deleted() -> None:
    run = lab().run(5)
    assert len([one for one in run.told if isinstance(one, Handled)]) == 3
    assert run.world.ledger.states["acked"] == 3
    assert run.verdicts == {}


def test_you_send_receive_and_leave_in_flight_what_you_took() -> None:
    run = (
        lab()
        .do(c.Crash("worker"))
        .do(c.Send("q", key="Z", body="hello", attributes={"a": "b"}, number=1))
        .run(0.3)
    )
    run.do(c.Receive("q", "leave", 1, 4))
    assert run.world.brokers["sqs"].queues["q"].unacked["you-1@q"].holder == "you"
    run.do(c.ChangeVisibility("you-1@q", 0))
    assert run.world.brokers["sqs"].queues["q"].in_flight == 0
    run.do(c.Receive("q", "delete"))
    assert [one.outcome for one in run.told if isinstance(one, Settled)] == ["acked"]


@pytest.mark.parametrize(
    "act",
    [
        c.Send("nowhere", number=1),
        c.Send("q", attributes={"AWS.x": "b"}, number=1),
        c.Receive("nowhere"),
        c.SetAttributes("nowhere", {}),
        c.ChangeVisibility("web-1@q", 5),
        c.Redrive("nowhere"),
        c.Delete("q", if_unused=True),
        c.Abort("web"),
        c.Disconnect("web"),
        c.Publish("q", number=1),
        c.Get("q"),
        c.Change("worker", {"prefetch": 1}),
        c.Add("queue.fifo", "queue", {}),
    ],
)
def test_what_the_lab_cannot_do_is_refused_and_nothing_changes(act: Any) -> None:
    run = lab().run(0.1)
    before = run.world.checkpoint()
    with pytest.raises(c.Illegal):
        run.do(act)
    assert run.world.checkpoint() == before


def test_what_sqs_answers_with_an_error_is_a_legal_act() -> None:
    run = lab().do(c.SetAttributes("q", {"VisibilityTimeout": "99999"}))
    assert not [one for one in run.told if isinstance(one, NodeChanged)]
    assert run.told[-1].reply.startswith("InvalidAttributeValue")  # type: ignore[attr-defined]


def test_a_heartbeat_keeps_a_message_for_as_long_as_it_is_worked_on() -> None:
    run = lab()
    run.do(
        c.Change(
            "worker",
            {"heartbeat": {"every_ms": 1000, "VisibilityTimeout": 2}, "service": {"constant_ms": 7000}},
        )
    )
    run.run(8)
    assert len([one for one in run.told if isinstance(one, VisibilityChanged)]) == 6
    assert [one.outcome for one in run.told if isinstance(one, Settled)] == ["acked"]


def test_a_batch_goes_when_it_is_full_or_has_waited() -> None:
    run = Lab(SMALL.replace("count: 3", "batch: 2, linger_ms: 300, count: 3")).run(4)
    assert [len(one.of) for one in run.told if isinstance(one, Published)] == [1, 1, 1]
    run = Lab(SMALL.replace("count: 3", "batch: 2, linger_ms: 900, count: 3")).run(4)
    assert [len(one.of) for one in run.told if isinstance(one, Published)] == [2, 1]


def test_what_was_throttled_is_sent_again() -> None:
    text = SMALL.replace("model: {servers: 1}", "model: {servers: 1, fifo_calls_per_s: 1}").replace(
        "send: {queue: q}", "send: {queue: l.fifo, MessageGroupId: a, MessageDeduplicationId: 'd{n}'}"
    )
    run = Lab(text).run(12)
    assert {one.reason for one in run.told if isinstance(one, Refused)} == {"RequestThrottled"}
    assert len(run.world.brokers["sqs"].queues["l.fifo"]) == 3


def test_an_outage_delays_and_loses_nothing() -> None:
    run = (
        Lab(SMALL.replace("kind: sqs\n", "kind: sqs\n    outage_ms: 2000\n"))
        .run(0.6)
        .do(c.Restart("sqs"))
        .run(10)
    )
    assert [one.again for one in run.told if isinstance(one, Published) and one.again]
    assert run.verdict("lost") == 0
    assert len({one.of for one in run.told if isinstance(one, Delivered)}) == 3
