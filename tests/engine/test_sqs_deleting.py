"""Receipt handles, and what a delete does by one."""

from __future__ import annotations

import pytest

from mqlab.engine.brokers.sqs.sampling import Model
from mqlab.engine.events import Enqueued, Settled
from tests.engine.judged import Lab
from tests.engine.sqs import BY_CONTENT, Sqs, refused

NEVER = Model(old_handle_deletes=0)


@pytest.mark.rule("sqs/receipt-handle")
def test_each_receive_has_a_handle_of_its_own() -> None:
    sqs = Sqs()
    sqs.queue(VisibilityTimeout=1)
    sqs.queue("other")
    sqs.send("m")
    sqs.receive()
    sqs.sleep(1)
    sqs.receive()
    first, second = sqs.handles["m"]
    assert first != second
    for handle in ("", "nonsense", f"{second}0", first.replace("@q", "@other")):
        with refused("ReceiptHandleIsInvalid"):
            sqs.client.delete_message(QueueUrl=sqs.url("q"), ReceiptHandle=handle)
    with refused("ReceiptHandleIsInvalid"):
        sqs.delete("m", of="other")
    sqs.delete("m")
    assert sqs.counts() == (0, 0, 0)
    assert sqs.client.world.ledger.states["acked"] == 1


@pytest.mark.rule("sqs/old-receipt-handle")
def test_an_old_handle_succeeds_and_may_do_nothing() -> None:
    sqs = Sqs(NEVER)
    sqs.queue(VisibilityTimeout=1)
    sqs.send("m")
    sqs.receive()
    sqs.sleep(1)
    sqs.receive()
    sqs.delete("m", index=0)
    assert sqs.counts() == (0, 1, 0)
    (told,) = sqs.told(Settled)
    assert (told.outcome, told.rule) == ("old_handle", "sqs/old-receipt-handle")


def test_a_handle_whose_timeout_is_over_deletes_while_it_is_the_latest() -> None:
    sqs = Sqs(NEVER)
    sqs.queue(VisibilityTimeout=1)
    sqs.send("m")
    sqs.receive()
    sqs.sleep(5)
    assert sqs.counts() == (1, 0, 0)
    sqs.delete("m")
    assert sqs.counts() == (0, 0, 0)
    assert sqs.client.world.ledger.conserved


@pytest.mark.rule("sqs/delete-again")
def test_to_delete_again_is_no_error() -> None:
    sqs = Sqs()
    sqs.queue()
    sqs.send("m")
    sqs.receive()
    sqs.delete("m")
    sqs.delete("m")
    assert [one.outcome for one in sqs.told(Settled)] == ["acked", "gone"]


def test_a_batch_of_deletes_fails_one_by_one() -> None:
    sqs = Sqs()
    url = sqs.queue()
    sqs.send("a", "b")
    sqs.receive()
    wanted = [{"Id": "1", "ReceiptHandle": sqs.handles["a"][0]}, {"Id": "2", "ReceiptHandle": "nonsense"}]
    answer = sqs.client.delete_message_batch(QueueUrl=url, Entries=wanted)
    assert [one["Id"] for one in answer["Successful"]] == ["1"]
    assert [(one["Id"], one["Code"]) for one in answer["Failed"]] == [("2", "ReceiptHandleIsInvalid")]
    assert sqs.counts() == (0, 1, 0)
    with refused("AWS.SimpleQueueService.BatchEntryIdsNotDistinct"):
        sqs.client.delete_message_batch(QueueUrl=url, Entries=[wanted[0], wanted[0]])


@pytest.mark.rule("sqs/fifo-expired-handle")
def test_in_a_fifo_queue_a_handle_that_is_too_old_is_an_error() -> None:
    sqs = Sqs()
    sqs.queue("q.fifo", **BY_CONTENT, VisibilityTimeout=1)
    sqs.send("m", to="q.fifo", MessageGroupId="A")
    sqs.receive(of="q.fifo")
    sqs.sleep(1)
    with refused("InvalidParameterValue", "The receipt handle has expired"):
        sqs.delete("m", of="q.fifo")
    sqs.receive(of="q.fifo")
    with refused("InvalidParameterValue", "The receipt handle has expired"):
        sqs.delete("m", index=0, of="q.fifo")
    sqs.delete("m", of="q.fifo")
    assert sqs.counts("q.fifo") == (0, 0, 0)


@pytest.mark.rule("sqs/deleted-comes-back")
def test_a_deleted_message_may_come_back_and_counts_on() -> None:
    sqs = Sqs(Model(reappears=1))
    sqs.queue(VisibilityTimeout=10)
    sqs.queue("q.fifo", **BY_CONTENT)
    answer = sqs.send("m")
    sqs.receive()
    sqs.delete("m")
    assert sqs.counts() == (0, 0, 0)
    sqs.sleep(10)
    (ghost,) = sqs.receive()
    assert ghost["MessageId"] == answer["MessageId"]
    assert ghost["Attributes"]["ApproximateReceiveCount"] == "2"
    (told,) = sqs.told(Enqueued, "sqs/deleted-comes-back")
    assert told.origin == "client-1-1@q"
    sqs.send("m", to="q.fifo", MessageGroupId="A")
    sqs.receive(of="q.fifo")
    sqs.delete("m", of="q.fifo")
    sqs.sleep(60)
    assert sqs.counts("q.fifo") == (0, 0, 0)
    assert sqs.client.world.ledger.conserved


def test_how_often_is_a_matter_of_the_seed() -> None:
    counts = []
    for seed in (1, 1, 2):
        sqs = Sqs(Model(reappears=0.3), seed=seed)
        sqs.queue(VisibilityTimeout=1)
        sqs.send(*[f"m{n}" for n in range(50)])
        for _ in range(5):
            for body in sqs.bodies():
                sqs.delete(body)
        sqs.sleep(1)
        counts.append((sqs.counts()[0], tuple(sqs.bodies())))
    assert counts[0] == counts[1] != counts[2]
    assert 5 < counts[0][0] < 25


@pytest.mark.rule("sqs/delete-before-work")
@pytest.mark.rule("sqs/crash-unnoticed")
@pytest.mark.parametrize(("delete", "lost", "again"), [("before", 1, 0), ("after", 0, 1)])
def test_a_crash_loses_what_was_deleted_before_and_nothing_else(delete: str, lost: int, again: int) -> None:
    from mqlab.engine.commands import Crash, Restart

    lab = Lab(f"""\
format: 1
title: A lab of a test
brokers:
  sqs: {{kind: sqs, model: {{servers: 1}}, queues: {{q: {{attributes: {{VisibilityTimeout: "4"}}}}}}}}
programs:
  web: {{kind: producer, broker: sqs, send: {{queue: q}}, rate: {{script: [{{at_ms: 100}}]}}}}
  worker: {{kind: consumer, broker: sqs, queue: q, delete: {delete}, service: {{constant_ms: 1000}}}}
""")
    lab.run(1).do(Crash("worker"))
    assert lab.verdict("lost") == lost
    lab.run(1).do(Restart("worker")).run(1)
    in_flight = lab.world.brokers["sqs"].queues["q"].in_flight
    assert in_flight == again
    lab.run(6)
    handled = [one for one in lab.told if type(one).__name__ == "Handled"]
    assert len(handled) == again
    assert lab.verdict("conserved") == 1
