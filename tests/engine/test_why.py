"""Why a message is where it is: every situation, brought about in a small lab."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mqlab.engine import commands as c
from mqlab.engine import events as e
from mqlab.engine.picture import picture
from mqlab.engine.sentences import phrases, text_of
from mqlab.engine.story import gather
from mqlab.engine.why import Reason, why
from tests.engine.judged import Lab, lab

ONE = "{script: [{at_ms: 100}]}"
SLOW = "prefetch: 1, service: {constant_ms: 1000}"


def reasons(of: Lab, message: str = "web-1") -> list[Reason]:
    return why(picture(of.world), gather(of.told, message))


def until(kind: type[e.Event], **made: str) -> Lab:
    """A lab that has run up to the first event of this kind."""
    at_work = lab(**{"rate": ONE, **made})  # type: ignore[arg-type]
    at_work.run_until(kind)
    return at_work


def crashed() -> Lab:
    return until(e.Started, consumer=SLOW).do(c.Crash("worker"))


def full() -> Lab:
    return lab(consumer=SLOW).run(1)


Situation = tuple[str, Callable[[], Lab], str, str]

SITUATIONS: list[Situation] = [
    ("flight_publish", lambda: until(e.Published), "web-1", "It is on its way from web to orders and arrives at 0.11 s."),
    ("held_publish", lambda: lab(consumer=None, rate="{constant: 0}").run(1).do(c.RaiseAlarm("rabbit"))
     .do(c.Publish("orders", "k", body="x", number=1)).run(1), "you-1",
     "It has come to orders, but waits there unread: rabbit is low on memory, and reads nothing more from you until that is "
     "over."),
    ("flight_copy", lambda: until(e.Routed), "web-1", "A copy is on its way to q and arrives at 0.12 s."),
    ("waits_nobody", lambda: lab(consumer=None).run(1), "web-1", "It stays in q: no consumer is subscribed there."),
    ("waits_crashed", lambda: crashed().run(1), "web-1", "It stays in q: nobody reads it, for worker is down."),
    ("waits_unstarted", lambda: lab(consumer=f"start_ms: null, {SLOW}").run(1), "web-1",
     "It stays in q: nobody reads it yet, for worker has not started."),
    ("waits_full_one", full, "web-2", "It waits in q, as the next one: worker holds 1 of 1, all that its prefetch allows."),
    ("waits_full_one", full, "web-4", "It waits in q, behind 2 others: worker holds 1 of 1, all that its prefetch allows."),
    ("waits_full_same", lambda: lab(consumer=f"replicas: 2, {SLOW}").run(1), "web-4",
     "It waits in q, behind 1 other: both consumers hold 1 of 1."),
    ("waits_full_same", lambda: lab(consumer=f"replicas: 3, {SLOW}").run(1), "web-4",
     "It waits in q, as the next one: all 3 consumers hold 1 of 1."),
    ("waits_full", lambda: lab(consumer=SLOW, more_programs=(
        "\n  other: {kind: consumer, broker: rabbit, queue: q, prefetch: 2, service: {constant_ms: 900}}")).run(1), "web-5",
     "It waits in q, behind 1 other: worker and other hold all that their prefetch allows."),
    ("waits_down", lambda: full().do(c.Restart("rabbit")), "web-2", "It waits in q: the broker is down."),
    ("on_way", lambda: until(e.Delivered), "web-1", "q has given it to worker, where it arrives at 0.13 s."),
    ("working", lambda: until(e.Started), "web-1", "It is unacked at worker, which works on it until 0.18 s."),
    ("hung", lambda: until(e.Started, consumer=SLOW).do(c.Hang("worker")), "web-1",
     "It is unacked at worker, which hangs: it began to work on it at 0.13 s and does not come to an end."),
    ("waits_full_one", lambda: lab(consumer=SLOW).run(0.5).do(c.Hang("worker")), "web-2",
     "It waits in q, as the next one: worker holds 1 of 1, all that its prefetch allows, and hangs."),
    ("buffered", lambda: lab(consumer="prefetch: 5, service: {constant_ms: 1000}").run(1), "web-2",
     "It is unacked at worker and waits in its buffer, for worker works on another until 1.13 s."),
    ("acking", lambda: until(e.Acked), "web-1",
     "worker has sent its ack, which reaches the broker at 0.19 s; until then q counts it as unacked."),
    ("working_acking", lambda: until(e.Started, consumer="ack: before, service: {constant_ms: 500}"), "web-1",
     "worker works on it until 0.63 s and has sent the ack already, which reaches the broker at 0.14 s."),
    ("nacking", lambda: until(e.Rejected, consumer="service: {constant_ms: 50}, fail: {then: nack_requeue}"), "web-1",
     "worker has refused it; that reaches the broker at 0.19 s, and until then q counts it as unacked."),
    ("crashed", crashed, "web-1",
     "worker crashed while it held it. The broker learns of that at 0.14 s; until then q counts it as unacked."),
    ("own_on_way", lambda: until(e.Delivered, consumer="ack: auto"), "web-1",
     "For the broker it is done. It is on its way to worker and arrives at 0.13 s; if worker crashes now, it is lost."),
    ("own_buffered", lambda: lab(consumer="ack: auto, service: {constant_ms: 1000}").run(1), "web-3",
     "For the broker it is done. It waits in the buffer of worker; if that crashes now, it is lost."),
    ("own_working", lambda: until(e.Started, consumer="ack: auto, service: {constant_ms: 50}"), "web-1",
     "For the broker it is done. worker works on it until 0.18 s; if it crashes now, the message is lost."),
    ("ended_acked", lambda: until(e.Started).run(1), "web-1", "Its copy in q ended: acked at 0.19 s."),
    ("ended_auto", lambda: until(e.Started, consumer="ack: auto").run(1), "web-1",
     "Its copy in q ended at 0.12 s, when it was sent: with automatic acks that is enough."),
    ("ended_rejected", lambda: until(e.Started, consumer="service: {constant_ms: 50}, fail: {then: reject}").run(1), "web-1",
     "Its copy in q ended: rejected at 0.19 s."),
    ("ended_Dropped", lambda: lab(consumer=None, queue="{arguments: {x-max-length: 1}}").run(1), "web-1",
     "Its copy in q ended: dropped at 0.22 s, for the queue was full."),
    ("ended_Expired", lambda: lab(consumer=None, queue="{arguments: {x-message-ttl: 100}}").run(1), "web-1",
     "Its copy in q ended: expired at 0.22 s."),
    ("ended_Purged", lambda: lab(consumer=None).run(1).do(c.Purge("q")), "web-1", "Its copy in q ended: purged at 1.00 s."),
    ("ended_NodeRemoved", lambda: lab(consumer=None).run(1).do(c.Delete("q")), "web-1",
     "Its copy in q ended at 1.00 s, when the queue was removed."),
    ("ended_Lost", lambda: until(e.Started, consumer="ack: auto").do(c.Crash("worker")), "web-1",
     "It was lost at worker at 0.13 s."),
    ("ended_Unroutable", lambda: lab(bindings="").do(c.Unbind("orders", "q", "k")).run(0.5), "web-1",
     "It ended at orders at 0.11 s: no queue took it."),
    ("lost_publish", lambda: until(e.Routed, producer="confirms: true,").do(c.Restart("rabbit")), "web-1",
     "It got lost at 0.11 s, before its publisher had a confirm, and may be sent again."),
    ("unknown", lambda: lab().run(0.05), "web-99",
     "It is nowhere in the lab at this moment. What became of it is not within what is loaded."),
]  # fmt: skip


@pytest.mark.parametrize(("situation", "made", "message", "said"), SITUATIONS)
def test_it_says_why(situation: str, made: Callable[[], Lab], message: str, said: str) -> None:
    found = reasons(made(), message)
    assert (found[0].situation, text_of(found[0].sentence)) == (situation, said)


def test_its_time_is_over_but_it_is_not_at_the_head() -> None:
    at_work = lab(
        consumer=None, rate="{script: [{at_ms: 100}, {at_ms: 200, properties: {expiration: '300'}}]}"
    ).run(1)
    found = reasons(at_work, "web-2")
    assert [one.situation for one in found] == ["waits_nobody", "over_time"]
    assert found[1].rule == "rabbitmq/ttl-head-only"
    assert text_of(found[1].sentence).startswith(
        "Its time to live ended at 0.52 s, but a queue looks only at its head"
    )


def test_what_will_expire_says_when() -> None:
    found = reasons(lab(consumer=None, queue="{arguments: {x-message-ttl: 9000}}").run(1))
    assert [one.situation for one in found] == ["waits_nobody", "expires"]


def test_a_program_that_lost_its_connection_does_not_hold_it_any_more() -> None:
    assert [one.situation for one in reasons(until(e.Started, consumer=SLOW).do(c.Restart("rabbit")))] == [
        "waits_down"
    ]


def test_a_message_in_two_queues_has_two_reasons_and_a_confirm_on_its_way_a_third() -> None:
    at_work = lab(
        rate=ONE, producer="confirms: true,", more_queues=", r: {}", bindings=", {source: orders, destination: r, routing_key: k}"
    )  # fmt: skip
    at_work.run_until(e.Confirmed)
    assert [one.situation for one in reasons(at_work)] == ["on_way", "waits_nobody", "flight_confirm"]


def test_where_only_the_dead_letter_lives_on_its_death_is_no_end() -> None:
    at_work = lab(
        rate=ONE,
        queue="{arguments: {x-message-ttl: 100, x-dead-letter-exchange: dead}}",
        consumer=None,
        more_queues=", parking: {}",
        bindings=", {source: dead, destination: parking}",
    )
    at_work.run_until(e.DeadLettered)
    assert [one.situation for one in reasons(at_work)] == ["flight_dead_letter"]
    at_work.run(1)
    assert [one.situation for one in reasons(at_work)] == ["waits_nobody"]


def test_every_situation_is_tried_or_seen_in_random_recordings() -> None:
    elsewhere = {
        "flight_dead_letter", "flight_return", "flight_confirm", "flight_confirm_nack", "waits_room", "over_time",
        "over_time_head", "expires", "done", "let_go", "unacked", "set_aside", "ended_DeadLettered", "ended_Refused",
        "held_copy", "waits_leader", "waits_home",  # test_rabbitmq_cluster.py
            "held_commit", "settling_commit",  # test_client.py
    }  # fmt: skip
    assert phrases().why.keys() - {one[0] for one in SITUATIONS} == elsewhere
