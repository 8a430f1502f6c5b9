"""A client with a script: its calls, their answers and errors, what it holds, and what a crash or a broken connection does."""

from __future__ import annotations

import pytest

from mqlab.engine import commands as c
from mqlab.engine import events as e
from mqlab.engine import limits
from mqlab.engine.acts import apply
from mqlab.engine.carry import carry
from mqlab.engine.picture import picture
from mqlab.engine.recording import Recording, run
from mqlab.engine.scenario import load
from mqlab.engine.sentences import text_of
from mqlab.engine.story import gather, node_story, story
from mqlab.engine.why import why
from mqlab.engine.world import restore
from tests.engine.judged import SECOND, Lab

MS = 1_000


def lab(
    script: str, *, programs: str = "", queues: str = "q: {}", version: str = "4.3", latency: int = 10
) -> Lab:
    """One broker, the client `me` with this script, 10 ms away."""
    return Lab(text(script, programs, queues, version, latency))


def text(
    script: str, programs: str = "", queues: str = "q: {}", version: str = "4.3", latency: int = 10
) -> str:
    return f"""
format: 1
title: A client
brokers: {{rabbit: {{kind: rabbitmq, version: "{version}", queues: {{{queues}}}}}}}
programs:
  me: {{kind: client, broker: rabbit, script: [{script}]}}
  web: {{kind: producer, broker: rabbit, publish: {{exchange: "", routing_key: q}},
    rate: {{script: [{{at_ms: 0, key: A}}, {{at_ms: 1, key: B}}]}}}}
{programs}
links: {{default: {{latency_ms: {latency}, exchange_ms: 0}}}}
"""


def of(run: Lab, kind: type[e.Event], **fields: object) -> list[e.Event]:
    """What was told of this kind, with these fields."""
    return [
        one for one in run.told
        if isinstance(one, kind) and all(getattr(one, name) == value for name, value in fields.items())
    ]  # fmt: skip


GET = "{at_ms: 100, call: basic_get, queue: q}"


def test_a_call_travels_and_so_does_its_answer_for_which_the_next_waits() -> None:
    run = lab(
        "{at_ms: 5, call: queue_declare, queue: q, durable: true}, {at_ms: 5, call: basic_qos, prefetch_count: 3}"
    ).run(1)
    first, second = of(run, e.Called, program="me")
    (declared, _) = of(run, e.Answered, program="me")
    assert (first.t, first.arrives, second.t) == (5 * MS, 15 * MS, 25 * MS)  # type: ignore[attr-defined]
    assert (declared.t, declared.cause) == (15 * MS, first.name)
    assert declared.reply == "QueueDeclareOk: queue q, message count 2, consumer count 0"  # type: ignore[attr-defined]


def test_what_the_broker_does_not_answer_is_not_waited_for() -> None:
    publish = (
        "{at_ms: 5, call: basic_publish, exchange: '', routing_key: q, key: M, body: '{key} {n} by {name}'}"
    )
    run = lab(f"{publish}, {publish}").run(1)
    assert [(one.t, one.body) for one in of(run, e.Published, program="me")] == [
        (5000, "M 1 by me"),
        (5000, "M 2 by me"),
    ]  # type: ignore[attr-defined]


def test_a_call_that_names_a_delivery_waits_until_it_has_come() -> None:
    late = "late: {kind: producer, broker: rabbit, publish: {exchange: '', routing_key: r}, rate: {script: [{at_ms: 900}]}}"
    run = lab(
        "{at_ms: 0, call: basic_consume, queue: r}, {at_ms: 50, call: basic_ack, delivery: 1}, {at_ms: 60, call: close}",
        programs=f"  {late}", queues="q: {}, r: {}",
    ).run(2)  # fmt: skip
    (received,) = of(run, e.Received, program="me")
    (acked,), (closed,) = of(run, e.Acked, program="me"), of(run, e.Called, call="close")
    assert received.t == acked.t == closed.t > 900 * MS
    assert of(run, e.Settled, program="me", outcome="acked")


def test_an_error_closes_the_channel_and_the_next_call_opens_another() -> None:
    run = lab(
        f"{GET}, {{at_ms: 200, call: basic_get, queue: none}}, {{at_ms: 300, call: basic_get, queue: q}}"
    ).run(1)
    (closed,) = of(run, e.ChannelClosed, program="me")
    assert closed.code == 404  # type: ignore[attr-defined]
    assert [one.of for one in of(run, e.Requeued)] == [("web-1@q",)]  # type: ignore[attr-defined]
    (lost,) = of(run, e.Lost, what="delivery")
    assert lost.of == ("web-1@q",)  # type: ignore[attr-defined]
    first, again = of(run, e.Delivered, program="me")
    assert (first.tag, again.tag, again.redelivered) == (1, 1, True)  # type: ignore[attr-defined]


def test_one_channel_that_is_closed_takes_nothing_from_another() -> None:
    run = lab(
        f"{GET}, {{at_ms: 150, call: basic_get, queue: q, channel: 2}}, {{at_ms: 300, call: basic_get, queue: none, channel: 2}}"
    ).run(1)
    assert {copy: one.state for copy, one in picture(run.world).nodes["me"].held.items()} == {
        "web-1@q": "buffered"
    }
    assert list(picture(run.world).nodes["q"].ready) == ["web-2@q"]


def test_a_tag_after_redelivery_is_not_the_one_before() -> None:
    """The famous mistake: to ack a delivery over another channel than its own."""
    again = "{at_ms: 300, call: basic_get, queue: q}, {at_ms: 310, call: basic_get, queue: q}"
    acks = ", ".join(
        f"{{at_ms: {at}, call: basic_ack, delivery: {n}}}" for at, n in ((400, 3), (500, 1), (600, 1))
    )
    run = lab(f"{GET}, {{at_ms: 200, call: close}}, {again}, {acks}").run(1)
    assert [one.tag for one in of(run, e.Delivered, program="me")] == [1, 1, 2]  # type: ignore[attr-defined]
    assert [one.of for one in of(run, e.Settled)] == [("web-2@q",), ("web-1@q",)]  # type: ignore[attr-defined]
    (closed,) = of(run, e.ChannelClosed)
    assert closed.text == "PRECONDITION_FAILED - unknown delivery tag 1"  # type: ignore[attr-defined]


def test_what_comes_over_a_channel_that_the_broker_has_closed_is_thrown_away() -> None:
    run = lab(
        "{at_ms: 100, call: basic_publish, exchange: none}, {at_ms: 105, call: queue_declare, queue: q, durable: true},"
        "{at_ms: 200, call: queue_declare, queue: q, durable: true}"
    ).run(1)
    (lost,) = of(run, e.Lost, what="request")
    first, second = of(run, e.Called)
    assert lost.flights == (first.name,)  # type: ignore[attr-defined]
    assert [one.cause for one in of(run, e.Answered)] == [second.name], (
        "it goes on when it has learned of the close"
    )
    assert picture(run.world).flights == {}


def test_a_broken_connection_costs_what_it_held_and_the_script_goes_on() -> None:
    run = lab(f"{GET}, {{at_ms: 700, call: basic_get, queue: q}}").run(0.5).do(c.Abort("me"))
    assert list(picture(run.world).nodes["q"].ready) == ["web-1@q", "web-2@q"]
    run.run(2)
    assert [one.t for one in of(run, e.Connected, program="me")] == [1500 * MS]
    assert [one.t for one in of(run, e.Called, call="basic_get")] == [100 * MS, 1500 * MS]


def test_a_call_under_way_when_the_connection_breaks_is_lost_and_not_waited_for() -> None:
    run = (
        lab(f"{GET}, {{at_ms: 100, call: basic_get, queue: q}}", latency=50)
        .run(0.12)
        .do(c.Disconnect("me"))
        .run(3)
    )
    assert of(run, e.Lost, what="request")
    assert len(of(run, e.Called, call="basic_get")) == 2
    assert len(of(run, e.Delivered, program="me")) == 1


def test_after_a_crash_the_script_begins_anew_and_its_times_with_it() -> None:
    run = lab(f"{GET}, {{at_ms: 400, call: basic_ack, delivery: 1}}").run(0.2).do(c.Crash("me")).run(0.8)
    assert list(picture(run.world).nodes["q"].ready) == ["web-1@q", "web-2@q"]
    run.do(c.Restart("me")).run(1)
    assert [one.t for one in of(run, e.Called, call="basic_get")] == [100 * MS, 1100 * MS]
    assert [one.t for one in of(run, e.Acked)] == [1400 * MS]


def test_one_that_hangs_makes_its_calls_later() -> None:
    run = lab(GET).do(c.Hang("me")).run(0.5)
    assert of(run, e.Called) == []
    run.do(c.Resume("me")).run(0.5)
    assert [one.t for one in of(run, e.Called)] == [500 * MS]


def test_a_producer_may_be_changed_a_script_may_not() -> None:
    run = lab(GET)
    run.do(c.Change("me", {"reconnect_ms": 300, "latency_ms": 5})).run(0.2).do(c.Abort("me")).run(1)
    assert [one.t for one in of(run, e.Connected)] == [500 * MS]
    with pytest.raises(c.Illegal, match='"script" cannot be changed; reconnect_ms or latency_ms can'):
        apply(run.world, c.Change("me", {"script": []}), "do:x")
    with pytest.raises(c.Illegal, match="has no channel now"):
        apply(run.world, c.CloseChannel("me"), "do:x")


def test_a_transaction_lets_publishes_and_acks_wait_where_all_can_see_them() -> None:
    run = lab(
        f"{{at_ms: 50, call: tx_select}}, {GET}, {{at_ms: 200, call: basic_publish, exchange: '', routing_key: q, key: R}},"
        "{at_ms: 200, call: basic_ack, delivery: 1}, {at_ms: 600, call: tx_commit}"
    ).run(0.5)
    assert sorted(one.what for one in picture(run.world).flights.values()) == ["ack", "publish"]
    scene = picture(run.world)
    reasons = [why(scene, gather(run.told, name))[0] for name in ("me-1", "web-1")]
    assert [one.situation for one in reasons] == ["held_commit", "settling_commit"]
    assert text_of(reasons[1].sentence) == (
        "me has settled it in a transaction; until that is committed, q counts it as unacked."
    )
    again = restore(run.world.checkpoint())
    assert picture(again) == picture(run.world)
    run.run(0.5)
    assert picture(run.world).flights == {}
    assert list(picture(run.world).nodes["q"].ready) == ["web-2@q", "me-1@q"]


def test_a_commit_is_answered_when_the_queues_have_what_was_published() -> None:
    script = (
        "{at_ms: 0, call: tx_select}, {at_ms: 50, call: basic_publish, exchange: '', routing_key: full},"
        "{at_ms: 50, call: basic_publish, exchange: '', routing_key: full}, {at_ms: 100, call: tx_commit}"
    )
    queues = "q: {}, full: {arguments: {x-max-length: 1, x-overflow: reject-publish}}"
    slow = text(script, queues=queues).replace("exchange_ms: 0", "exchange_ms: 40")
    run = Lab(slow).run(1)
    (dropped,) = of(run, e.Dropped, queue="full")
    (closed,) = of(run, e.ChannelClosed, program="me")
    assert (dropped.t, closed.t, closed.code) == (150 * MS, 150 * MS, 406)  # type: ignore[attr-defined]
    fits = Lab(slow.replace("x-max-length: 1", "x-max-length: 2")).run(1)
    answers = [one.t for one in of(fits, e.Answered, request="TxCommit")]
    assert answers == [150 * MS]
    gone = Lab(slow).run(0.13).do(c.Delete("full")).run(1)
    assert [one.t for one in of(gone, e.Answered, request="TxCommit")] == [130 * MS]
    broken = Lab(slow).run(0.13).do(c.Restart("rabbit")).run(3)
    assert of(broken, e.Lost, what="request")
    assert picture(broken.world).flights == {}


def test_a_consumer_answers_to_whom_the_message_says() -> None:
    ask = "{at_ms: 100, call: basic_publish, exchange: '', routing_key: r, key: K, properties: {reply_to: q, correlation_id: c7}}"
    helper = "helper: {kind: consumer, broker: rabbit, queue: r, service: {constant_ms: 50}, answer: {body: '{key} {n} {name}'}}"
    plain = "{at_ms: 300, call: basic_publish, exchange: '', routing_key: r}"
    run = lab(f"{ask}, {plain}", programs=f"  {helper}", queues="q: {}, r: {}").run(1)
    (sent,) = of(run, e.Published, program="helper")
    (handled, _) = of(run, e.Handled, program="helper")
    assert (sent.routing_key, sent.key, sent.body) == ("q", "K", "K 1 helper")  # type: ignore[attr-defined]
    assert sent.properties == {"correlation_id": "c7"}  # type: ignore[attr-defined]
    assert sent.cause == handled.name


def test_more_nodes_than_a_lab_may_have_end_it_with_an_explanation() -> None:
    calls = ", ".join(
        "{at_ms: 0, call: queue_declare, queue: '', durable: true}" for _ in range(limits.SCRIPT_CALLS_MAX)
    )
    run = lab(calls, latency=0).run(1)
    assert run.world.storm.startswith(
        f"A client wanted to declare more, and a lab has at most {limits.NODES_MAX} nodes"
    )
    assert len(picture(run.world).nodes) == limits.NODES_MAX + 1  # and the default exchange
    assert of(run.run(1), e.Storm)


def test_its_story_says_what_it_called_and_what_it_was_told() -> None:
    run = lab(
        "{at_ms: 5, call: queue_declare, queue: other, exclusive: true, channel: 2}, {at_ms: 90, call: tx_commit}"
    ).run(1)
    told = [text_of(line.sentence) for line in node_story(run.told, "me", picture(run.world))]
    assert told[0] == "me called queue_declare over channel 2: exclusive true, queue other."
    assert (
        "The broker answered QueueDeclare of me with QueueDeclareOk: queue other, message count 0, consumer count 0."
        in told
    )
    assert "me called tx_commit." in told
    message = [text_of(line.sentence) for line in story(gather(run.told, "web-1"), picture(run.world))]
    assert message[0].startswith("web published")


def test_a_client_can_be_added_and_what_it_declares_has_a_name_of_its_own() -> None:
    run = lab(GET)
    script = [{"at_ms": 0, "call": "queue_declare", "queue": "new", "durable": True},
              {"at_ms": 50, "call": "basic_publish", "exchange": "", "routing_key": "new"}]  # fmt: skip
    run.do(c.Add("odd", "client", {"script": script})).run(1)
    assert list(picture(run.world).nodes["new"].ready) == ["odd-1@new"]
    assert picture(run.world).links["odd->amq.default"].what == "publish"
    for name, what, settings, why_not in [
        ("odd-7", "queue", {}, "name_taken"),
        ("more", "client", {"script": [{**script[0], "queue": "web"}]}, "name_taken"),
        ("more", "client", {"script": [{**script[0], "queue": "odd-9"}]}, "name_taken"),
        ("more", "client", {"script": []}, "bad_value"),
    ]:
        with pytest.raises(c.Illegal) as caught:
            apply(run.world, c.Add(name, what, settings), "do:x")  # type: ignore[arg-type]
        assert caught.value.code == why_not


def test_a_recording_with_clients_is_the_same_again_and_carries_its_acts_over() -> None:
    scenario = load(
        text(
            f"{GET}, {{at_ms: 400, call: basic_nack, delivery: 1}}, {{at_ms: 900, call: basic_get, queue: q}}"
        )
    )
    first, second = Recording(scenario), Recording(scenario)
    assert run(first.digest("0", 5 * SECOND)) == run(second.digest("0", 5 * SECOND))
    cut = run(first.do("a", "0", (600 * MS, 0), 0, c.Crash("me")))
    back = run(first.do("b", cut.future, (700 * MS, 0), 0, c.Restart("me"))).future
    carried = run(carry(first, "x", "0", ["a", "b"]))
    assert carried.refused == ()
    assert run(first.digest(back, 5 * SECOND)) == run(first.digest(carried.future, 5 * SECOND))
