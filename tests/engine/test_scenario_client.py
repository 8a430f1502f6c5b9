"""A client in a scenario file: what is wrong is told with its place, and nothing is too much for the reader."""
# ruff: noqa: E501 (a sentence is one line)

from __future__ import annotations

import random
import time

import pytest

from mqlab.engine import limits
from mqlab.engine.clients.rabbitmq.client_spec import CALLS, ClientSpec
from mqlab.engine.scenario import ScenarioError, dump, load
from tests.engine import random_script

TEXT = """\
format: 1
title: A client
brokers:
  rabbit: {kind: rabbitmq, exchanges: {in: {type: topic}}, queues: {jobs: {}, asker-4: {}}}
programs:
  me:
    kind: client
    broker: rabbit
    script:
      - {at_ms: 5, call: queue_declare, queue: own, durable: true}
      - {at_ms: 9, call: basic_ack, delivery: 1}
  worker: {kind: consumer, broker: rabbit, queue: jobs}
"""
FIRST = "{at_ms: 5, call: queue_declare, queue: own, durable: true}"
SECOND = "{at_ms: 9, call: basic_ack, delivery: 1}"
AT = "line 10, column 9: programs.me.script[0]"
WRONG: list[tuple[str, str, str]] = [
    ("call: queue_declare", "call: queue_declar", 'line 10, column 26: programs.me.script[0].call: expected exchange_declare, exchange_delete, exchange_bind, exchange_unbind, queue_declare, queue_bind, queue_unbind, queue_purge, queue_delete, basic_qos, basic_consume, basic_cancel or one of 12 more, got "queue_declar". Did you mean queue_declare?'),
    ("call: queue_declare, ", "", f"{AT}: expected the field call, got none."),
    ("at_ms: 5, ", "", f"{AT}: expected the field at_ms, got none."),
    ("queue: own, ", "", f"{AT}: expected the field queue, got none."),
    ("durable: true", "durible: true", 'line 10, column 53: programs.me.script[0]: expected a field named at_ms, call, channel, delivery, queue, passive, durable, exclusive, auto_delete or arguments, got "durible". Did you mean durable?'),
    ("durable: true", "durable: 1", "line 10, column 62: programs.me.script[0].durable: expected true or false, got the number 1."),
    ("durable: true", "arguments: [1]", "line 10, column 64: programs.me.script[0].arguments: expected arguments by name, got a list."),
    ("durable: true", "channel: 17", "line 10, column 62: programs.me.script[0].channel: expected a whole number from 1 to 16, got the number 17."),
    ("at_ms: 9", "at_ms: 4", "line 11, column 17: programs.me.script[1].at_ms: expected a time not before that of the call above it, got the number 4."),
    ("delivery: 1", "delivery: 0", "line 11, column 47: programs.me.script[1].delivery: expected a whole number from 1 to 200,000, got the number 0."),
    (", delivery: 1", "", "line 11, column 9: programs.me.script[1]: expected the field delivery, got none."),
    ("delivery: 1", "delivery: 1, requeue: true", 'line 11, column 50: programs.me.script[1]: expected a field named at_ms, call, channel, delivery or multiple, got "requeue".'),
    (SECOND, '{at_ms: 9, call: basic_get, queue: "{reply_two}", delivery: 1}', "line 11, column 44: programs.me.script[1].queue: expected no placeholders but {reply_to} and {correlation_id}, got {reply_two}. Did you mean {reply_to}?"),
    (SECOND, '{at_ms: 9, call: basic_get, queue: "{reply_to}"}', "line 11, column 9: programs.me.script[1]: expected the field delivery, got none."),
    (SECOND, "{at_ms: 9, call: basic_get, queue: jobs, delivery: 1}", "line 11, column 60: programs.me.script[1].delivery: expected {reply_to} or {correlation_id} in a call that names a delivery, got none."),
    (SECOND, "{at_ms: 9, call: basic_qos, prefetch_count: 65536}", "line 11, column 53: programs.me.script[1].prefetch_count: expected a whole number from 0 to 65,535, got the number 65536."),
    (SECOND, "{at_ms: 9, call: basic_publish, exchange: in, key: ABC}", 'line 11, column 60: programs.me.script[1].key: expected a key of one or two characters, got "ABC".'),
    (SECOND, '{at_ms: 9, call: basic_publish, exchange: in, body: "{nam}"}', "line 11, column 61: programs.me.script[1].body: expected no placeholders but {key}, {n} and {name}, got {nam}. Did you mean {name}?"),
    (SECOND, "{at_ms: 9, call: tx_select, queue: jobs}", 'line 11, column 37: programs.me.script[1]: expected a field named at_ms, call or channel, got "queue".'),
    ("queue: own", "queue: worker", "line 6, column 3: programs.me: expected a name that nothing else has, got worker, which is a program."),
    ("queue: own", "queue: in", "line 6, column 3: programs.me: expected a name that nothing else has, got in, which is in the broker rabbit."),
    ("queue: own", "queue: lab", "line 6, column 3: programs.me: expected no exchange or queue named you, lab, default or amq.default, got lab."),
    ("queue: own", 'queue: "a\\tb"', 'line 6, column 3: programs.me: expected names without control characters for what it declares, got "a�b".'),
    ("  me:\n", "  asker:\n", ""),
    ("  worker: {kind: consumer, broker: rabbit, queue: jobs}", "  asker: {kind: consumer, broker: rabbit, queue: jobs, answer: {}}", "line 12, column 3: programs.asker: expected nothing else named like its messages (asker-1, asker-2…), got asker-4."),
    ("queue: jobs}", "queue: jobs, answer: {body: '{nam}'}}", "line 12, column 72: programs.worker.answer.body: expected no placeholders but {key}, {n} and {name}, got {nam}. Did you mean {name}?"),
]  # fmt: skip


def script(*calls: str) -> str:
    """The text with these calls instead."""
    return TEXT.replace(f"      - {FIRST}\n      - {SECOND}", "\n".join(f"      - {call}" for call in calls))


@pytest.mark.parametrize(("old", "new", "said"), WRONG)
def test_what_is_wrong_is_told(old: str, new: str, said: str) -> None:
    assert TEXT.count(old) == 1
    spoiled = TEXT.replace(old, new)
    if not said:
        load(spoiled)  # one that publishes nothing has no messages that could be named like another thing
        return
    with pytest.raises(ScenarioError) as caught:
        load(spoiled, "f.yaml")
    assert str(caught.value) == f"f.yaml, {said}"


def test_a_client_that_publishes_names_messages_after_itself() -> None:
    publishing = script("{at_ms: 0, call: basic_publish, exchange: in}").replace("  me:", "  asker:")
    with pytest.raises(ScenarioError, match="nothing else named like its messages"):
        load(publishing)


def test_what_a_script_declares_may_be_named_by_goals_and_acts() -> None:
    more = "goals: [{say: It is there., event: Enqueued, where: {queue: own}}]\nsolution: [{at_s: 1, command: {do: purge, queue: own}}]\n"
    assert load(TEXT + more).goals
    with pytest.raises(ScenarioError, match="Did you mean own"):
        load(TEXT + more.replace("queue: own}}]\nsol", "queue: owm}}]\nsol"))


def test_a_script_that_is_too_long_or_empty_is_refused() -> None:
    calls = ["{at_ms: 0, call: tx_select}"] * (limits.SCRIPT_CALLS_MAX + 1)
    with pytest.raises(ScenarioError, match="a list of calls of at most 200, got 201"):
        load(script(*calls))
    assert load(script(*calls[1:]))
    with pytest.raises(ScenarioError, match="expected a list of calls, got an empty list"):
        load(TEXT.replace(f"script:\n      - {FIRST}\n      - {SECOND}", "script: []"))


def test_declarations_count_towards_the_nodes_of_a_lab() -> None:
    calls = [
        f"{{at_ms: 0, call: queue_declare, queue: d{n}, durable: true}}"
        for n in range(limits.SCRIPT_CALLS_MAX)
    ]
    with pytest.raises(ScenarioError, match="at most 200 nodes"):
        load(script(*calls))


def test_a_file_full_of_calls_is_answered_soon() -> None:
    deep = "{a: " * 8 + "1" + "}" * 8
    call = f"{{at_ms: 0, call: queue_declare, queue: own, durable: true, arguments: {deep}}}"
    began = time.process_time()
    assert load(script(*[call] * limits.SCRIPT_CALLS_MAX))
    with pytest.raises(ScenarioError, match="a list of calls of at most 200, got 1,500"):
        load(script(*[call] * 1_500))
    assert time.process_time() - began < 8


def test_any_random_script_survives_being_shared() -> None:
    for seed in range(40):
        calls = random_script.script(random.Random(seed))
        made = load(
            script(
                *[
                    str(call)
                    .replace("'", '"')
                    .replace("True", "true")
                    .replace("False", "false")
                    .replace("None", "null")
                    for call in calls
                ]
            )
        )
        assert load(dump(made), f"{made.slug}.yaml") == made


def test_share_writes_every_argument_of_every_call() -> None:
    spec = load(script("{at_ms: 0, call: basic_consume, queue: jobs}")).programs["me"]
    assert isinstance(spec, ClientSpec)
    (written,) = spec.plain()["script"]
    assert written.keys() == {"at_ms", "call", "channel", *CALLS["basic_consume"]}
