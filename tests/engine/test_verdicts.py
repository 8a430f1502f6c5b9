"""Verdicts on labs that run: each definition, each exception, and how a change is told."""

from __future__ import annotations

import pickle
from collections import Counter
from typing import Any

import pytest

from mqlab.engine import commands as c
from mqlab.engine import events as e
from mqlab.engine.verdicts import Duplicated, Handling, OutOfOrder
from mqlab.engine.world import World, restore
from tests.engine.judged import SECOND, Lab, lab


def test_a_lab_where_nothing_goes_wrong_has_no_verdict_to_tell() -> None:
    run = lab().run(20)
    assert run.verdicts == {}
    assert run.world.judges[0].verdicts == {
        "lost": 0, "duplicated": 0, "out_of_order": 0, "dead": 0, "stuck": 0, "conserved": 1,
    }  # fmt: skip


# --- lost ---


def test_a_crash_under_auto_ack_loses_what_was_delivered() -> None:
    run = lab(consumer="ack: auto, service: {constant_ms: 500}").run(3.05)
    run.do(c.Crash("worker"))
    held = sum(isinstance(one, e.Delivered) for one in run.told) - sum(
        isinstance(one, e.Handled) for one in run.told
    )
    run.run(1)
    more = sum(len(one.of) for one in run.told if isinstance(one, e.Lost) and one.what == "message")
    assert run.verdict("lost") == more >= held > 10


def test_a_crash_before_the_ack_loses_nothing() -> None:
    run = lab(consumer="service: {constant_ms: 500}").run(3.05).do(c.Crash("worker")).run(1)
    assert any(isinstance(one, e.Requeued) for one in run.told)
    assert run.verdict("lost") == 0


def test_what_no_queue_takes_is_lost_unless_its_publisher_is_told() -> None:
    run = lab().run(1)
    run.do(c.Publish("orders", "nobody", number=1)).run(1)
    assert run.verdict("lost") == 1
    run.do(c.Publish("orders", "nobody", number=2, mandatory=True)).run(1)
    assert run.verdict("lost") == 1


FULL = "{arguments: {x-max-length: 3, x-overflow: reject-publish}}"


def test_what_a_full_queue_refuses_is_lost_only_where_the_publisher_is_not_told() -> None:
    assert lab(queue=FULL, consumer=None, producer="confirms: true,").run(2).verdict("lost") == 0
    silent = lab(queue=FULL, consumer=None).run(2)
    refused = sum(isinstance(one, e.Dropped) for one in silent.told)
    assert silent.verdict("lost") == refused > 10


def test_what_a_full_queue_drops_from_its_head_is_lost() -> None:
    run = lab(queue="{arguments: {x-max-length: 3}}", consumer=None).run(2)
    assert run.verdict("lost") == sum(isinstance(one, e.Dropped) for one in run.told) > 10


def test_what_expires_is_lost_unless_it_is_dead_lettered() -> None:
    run = lab(queue="{arguments: {x-message-ttl: 100}}", consumer=None).run(2)
    assert run.verdict("lost") == sum(isinstance(one, e.Expired) for one in run.told) > 10
    kept = lab(
        queue="{arguments: {x-message-ttl: 100, x-dead-letter-exchange: dead}}", consumer=None,
        more_queues=", graves: {}", bindings=", {source: dead, destination: graves}",
    ).run(2)  # fmt: skip
    assert kept.verdict("lost") == 0
    assert kept.verdict("dead") == sum(isinstance(one, e.DeadLettered) for one in kept.told) > 10


def test_what_a_consumer_rejects_and_an_operator_removes_is_not_lost() -> None:
    run = lab(consumer="fail: {then: reject}, prefetch: 1, service: {constant_ms: 500}").run(3)
    assert any(isinstance(one, e.Settled) and one.outcome == "rejected" for one in run.told)
    run.do(c.Purge("q")).run(1)
    run.do(c.Delete("q"))
    assert any(isinstance(one, e.NodeRemoved) and one.of for one in run.told)
    assert run.verdict("lost") == 0


def test_what_goes_with_an_auto_delete_queue_is_lost() -> None:
    run = lab(queue="{auto_delete: true}", consumer="prefetch: 1, service: {constant_ms: 500}").run(3)
    run.do(c.Crash("worker")).run(0.05)
    gone = next(one for one in run.told if isinstance(one, e.NodeRemoved))
    unroutable = sum(isinstance(one, e.Unroutable) for one in run.told)
    assert run.verdict("lost") == len(gone.of) + unroutable > 10


# --- duplicated, out of order ---


def roles(run: Lab) -> dict[str, str]:
    return {name: getattr(program, "role", name) for name, program in run.world.programs.items()}


def expected(run: Lab) -> dict[str, int]:
    """The two definitions, taken word for word."""
    role_of = roles(run)
    done: list[tuple[str, str, str, int]] = []
    duplicated = out_of_order = 0
    for event in run.told:
        if not isinstance(event, e.Handled) or event.outcome != "ok":
            continue
        for copy in event.of:
            message = copy.split("@")[0]
            producer, number = message.rsplit("-", 1)
            line = (role_of[event.program], producer, event.key)
            if (*line, int(number)) in done:
                duplicated += 1
            elif any(other[:3] == line and other[3] > int(number) for other in done):
                out_of_order += 1
            done.append((*line, int(number)))
    return {"duplicated": duplicated, "out_of_order": out_of_order}


@pytest.mark.parametrize("seed", range(5))
def test_duplicates_and_disorder_are_counted_as_they_are_defined(seed: int) -> None:
    run = lab(
        consumer="replicas: 3, service: {uniform_ms: [10, 400]}, fail: {chance: 0.2, then: nack_requeue}",
        producer="confirms: true,", keys="[A, B]", seed=seed,
    )  # fmt: skip
    for _ in range(3):
        run.run(2).run_until(e.Acked)
        run.do(c.Restart("rabbit")).run(4)
    found = expected(run)
    assert found["duplicated"] > 0
    assert found["out_of_order"] > 0
    assert {name: run.verdict(name) for name in found} == found


def test_one_worker_that_never_fails_keeps_the_order() -> None:
    assert lab(consumer="service: {uniform_ms: [10, 90]}", keys="[A, B]").run(20).verdicts == {}


def test_two_roles_that_handle_the_same_message_do_not_duplicate_it() -> None:
    run = lab(
        more_queues=", audit: {}", bindings=", {source: orders, destination: audit, routing_key: k}",
        more_programs="\n  auditor: {kind: consumer, broker: rabbit, queue: audit, service: {constant_ms: 10}}",
    ).run(5)  # fmt: skip
    handled = Counter(copy.split("@")[0] for one in run.told if isinstance(one, e.Handled) for copy in one.of)
    assert max(handled.values()) == 2
    assert run.verdicts == {}


def test_memory_of_what_was_handled_stays_small() -> None:
    here = Handling(World())
    duplicated, late = Duplicated(here), OutOfOrder(here)
    for number in range(1, 40_001):
        event = e.Handled(0, f"x#{number}", "", "", (f"web-{number}@q",), "worker", "A", "ok")
        assert duplicated(event) == late(event) == ()
    assert len(pickle.dumps(here.handled)) < 6_000
    again = e.Handled(0, "x#0", "", "", ("web-1@q", "web-40001@q"), "worker", "A", "ok")
    assert duplicated(again) == ("web-1@q",)
    assert duplicated(e.Handled(0, "x#-1", "", "", ("web-1@q",), "worker", "A", "failed")) == ()


# --- stuck, and how verdicts are told ---


def test_a_queue_that_nobody_serves_is_stuck_after_five_seconds() -> None:
    run = lab().run(2.5).do(c.Crash("worker")).run(5)
    assert run.verdict("stuck") == 0
    run.run(1)
    told = [one for one in run.told if isinstance(one, e.VerdictChanged)]
    assert {one.verdict for one in told} == {"stuck"}
    assert told[0].t % SECOND == 0
    assert told[0].value == len(run.world.brokers["rabbit"].queues["q"]) - 5  # as many came since that second
    run.do(c.Restart("worker")).run(3)
    assert run.verdict("stuck") == 0


def test_a_busy_queue_is_not_stuck_however_long_it_is() -> None:
    run = lab(consumer="prefetch: 1, service: {constant_ms: 300}").run(20)
    assert len(run.world.brokers["rabbit"].queues["q"]) > 100
    assert run.verdict("stuck") == 0


def test_a_verdict_is_told_in_the_action_that_it_judges() -> None:
    run = lab(queue="{arguments: {x-max-length: 3}}", consumer=None).run(2)
    by_name = {one.name: one for one in run.told}
    told = [one for one in run.told if isinstance(one, e.VerdictChanged)]
    assert [one.name for one in told] == [f"verdict/lost#{n}" for n in range(1, len(told) + 1)]
    for one in told:
        cause = by_name[one.cause]
        assert isinstance(cause, e.Dropped)
        assert cause.t == one.t
        assert one.of == (cause.of[0].split("@")[0],)
        between = run.told[run.told.index(cause) : run.told.index(one)]
        assert not any(other.last for other in between)


def test_a_ledger_that_does_not_add_up_is_told() -> None:
    run = lab().run(2.5)
    run.world.ledger.born += 1
    run.run(1)
    assert run.verdict("conserved") == 0


def test_judges_go_through_a_checkpoint_unchanged() -> None:
    run = lab(
        consumer="replicas: 2, service: {uniform_ms: [10, 200]}, fail: {chance: 0.3, then: nack_requeue}"
    ).run(5)
    kept: Any = restore(run.world.checkpoint())
    assert kept.run(15 * SECOND) == run.world.run(15 * SECOND)
    assert kept.judges[0].verdicts == run.world.judges[0].verdicts
    assert run.world.judges[0].verdicts["out_of_order"] > 0
