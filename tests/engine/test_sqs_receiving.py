"""Polls, short and long; the visibility timeout and its change; how many may be in flight."""

from __future__ import annotations

import pytest

from mqlab.engine.brokers.sqs.sampling import Model
from mqlab.engine.events import Answered, Delivered, Requeued, VisibilityChanged
from tests.engine.sqs import BY_CONTENT, Sqs, refused

SECOND = 1_000_000
MANY = Model(servers=4, sampled=1)


@pytest.mark.rule("sqs/short-poll-misses")
def test_a_short_poll_may_miss_what_a_long_one_finds() -> None:
    sqs = Sqs(MANY, seed=5)
    sqs.queue()
    sqs.send("m")
    tries = [sqs.bodies(VisibilityTimeout=0) for _ in range(40)]
    assert {len(one) for one in tries} == {0, 1}
    assert sqs.told(Answered, "sqs/short-poll-misses")
    for _ in range(20):
        assert sqs.bodies(WaitTimeSeconds=1, VisibilityTimeout=0) == ["m"]


@pytest.mark.rule("sqs/long-poll")
def test_a_long_poll_waits_and_is_answered_as_soon_as_something_comes() -> None:
    sqs = Sqs()
    sqs.queue()
    sqs.send("late", DelaySeconds=7)
    assert sqs.bodies(WaitTimeSeconds=20) == ["late"]
    assert sqs.client.world.now == 7 * SECOND
    assert sqs.bodies(WaitTimeSeconds=20) == []
    assert sqs.client.world.now == 27 * SECOND
    assert [one.rule for one in sqs.told(Answered) if one.request == "ReceiveMessage"] == [
        "",
        "sqs/long-poll",
    ]


@pytest.mark.rule("sqs/long-poll")
def test_the_queue_may_say_how_long_and_a_receive_otherwise() -> None:
    sqs = Sqs()
    sqs.queue(ReceiveMessageWaitTimeSeconds=3)
    assert sqs.bodies() == []
    assert sqs.client.world.now == 3 * SECOND
    assert sqs.bodies(WaitTimeSeconds=0) == []
    assert sqs.client.world.now == 3 * SECOND
    with refused("InvalidParameterValue", "WaitTimeSeconds"):
        sqs.receive(WaitTimeSeconds=21)


@pytest.mark.rule("sqs/receive-at-most-ten")
def test_a_receive_brings_up_to_ten() -> None:
    sqs = Sqs()
    sqs.queue()
    sqs.send(*[f"m{n}" for n in range(12)])
    assert len(sqs.receive(10)) == 10
    assert len(sqs.receive(10)) == 2
    for most in (0, 11):
        with refused("InvalidParameterValue", f"Value {most} for parameter MaxNumberOfMessages is invalid"):
            sqs.receive(most)


@pytest.mark.rule("sqs/best-effort-order")
def test_the_order_of_a_standard_queue_is_kept_on_each_server_only() -> None:
    sqs = Sqs(Model(servers=4, sampled=2), seed=1)
    sqs.queue()
    sqs.send(*[f"{n:02}" for n in range(40)])
    got: list[str] = []
    while len(got) < 40:
        got += sqs.bodies(3, WaitTimeSeconds=1)
    assert sorted(got) == [f"{n:02}" for n in range(40)]
    assert got != sorted(got)
    exact = Sqs()
    exact.queue()
    exact.send("1", "2", "3")
    assert exact.bodies() == ["1", "2", "3"]


@pytest.mark.rule("sqs/visibility-timeout")
def test_what_is_not_deleted_in_time_is_received_again() -> None:
    sqs = Sqs()
    sqs.queue()
    sqs.send("m")
    assert sqs.bodies() == ["m"]
    sqs.sleep(29.999)
    assert sqs.bodies() == []
    assert sqs.counts() == (0, 1, 0)
    sqs.sleep(0.001)
    (again,) = sqs.receive(VisibilityTimeout=5)
    assert again["Attributes"]["ApproximateReceiveCount"] == "2"
    sqs.sleep(5)
    assert sqs.counts() == (1, 0, 0)
    assert [one.t for one in sqs.told(Requeued, "sqs/visibility-timeout")] == [30 * SECOND, 35 * SECOND]
    assert [one.until for one in sqs.told(Delivered)] == [30 * SECOND, 35 * SECOND]


@pytest.mark.rule("sqs/visibility-change")
def test_a_change_counts_from_the_call_and_for_this_receive_only() -> None:
    sqs = Sqs()
    sqs.queue(VisibilityTimeout=10)
    sqs.send("m")
    sqs.receive()
    sqs.sleep(8)
    sqs.hide("m", 20)
    sqs.sleep(19.9)
    assert sqs.bodies() == []
    sqs.sleep(0.1)
    assert sqs.bodies() == ["m"]
    sqs.sleep(10)
    assert sqs.bodies() == ["m"]
    (change,) = sqs.told(VisibilityChanged, "sqs/visibility-change")
    assert change.until == 28 * SECOND


@pytest.mark.rule("sqs/visibility-change")
def test_a_shorter_timeout_holds_as_well() -> None:
    sqs = Sqs()
    sqs.queue()
    sqs.send("m")
    sqs.receive()
    sqs.hide("m", 1)
    sqs.sleep(1)
    assert sqs.bodies() == ["m"]


@pytest.mark.rule("sqs/visibility-zero")
def test_zero_is_at_once() -> None:
    sqs = Sqs()
    sqs.queue()
    sqs.send("m")
    sqs.receive()
    sqs.hide("m", 0)
    (again,) = sqs.receive()
    assert again["Attributes"]["ApproximateReceiveCount"] == "2"
    assert sqs.told(Requeued, "sqs/visibility-zero")


@pytest.mark.rule("sqs/visibility-total")
def test_nothing_is_hidden_for_more_than_twelve_hours_from_its_receive() -> None:
    sqs = Sqs()
    sqs.queue(VisibilityTimeout=43_200)
    sqs.send("m")
    sqs.receive()
    sqs.hide("m", 43_200)
    sqs.sleep(100)
    sqs.hide("m", 43_100)
    with refused("InvalidParameterValue", "beyond the limit [43200 seconds]"):
        sqs.hide("m", 43_101)
    with refused("InvalidParameterValue", "VisibilityTimeout"):
        sqs.hide("m", 43_201)
    sqs.sleep(43_100)
    sqs.receive()
    sqs.hide("m", 43_200)


@pytest.mark.rule("sqs/visibility-not-in-flight")
def test_what_is_not_in_flight_cannot_be_hidden() -> None:
    sqs = Sqs()
    sqs.queue(VisibilityTimeout=1)
    sqs.send("m")
    sqs.receive()
    sqs.sleep(1)
    with refused("AWS.SimpleQueueService.MessageNotInflight"):
        sqs.hide("m", 5)
    sqs.receive()
    with refused("AWS.SimpleQueueService.MessageNotInflight"):
        sqs.hide("m", 5, index=0)
    sqs.delete("m")
    with refused("InvalidParameterValue", "Message does not exist"):
        sqs.hide("m", 5)


def test_a_batch_of_changes_fails_one_by_one() -> None:
    sqs = Sqs()
    url = sqs.queue()
    sqs.send("a", "b")
    sqs.receive()
    wanted = [
        {"Id": "1", "ReceiptHandle": sqs.handles["a"][0], "VisibilityTimeout": 0},
        {"Id": "2", "ReceiptHandle": "nonsense", "VisibilityTimeout": 0},
        {"Id": "3", "ReceiptHandle": sqs.handles["b"][0], "VisibilityTimeout": 50_000},
    ]
    answer = sqs.client.change_message_visibility_batch(QueueUrl=url, Entries=wanted)
    assert [one["Id"] for one in answer["Successful"]] == ["1"]
    assert [(one["Id"], one["Code"]) for one in answer["Failed"]] == [
        ("2", "ReceiptHandleIsInvalid"),
        ("3", "InvalidParameterValue"),
    ]
    assert sqs.bodies() == ["a"]


@pytest.mark.rule("sqs/in-flight-limit")
def test_with_too_many_in_flight_a_short_poll_is_an_error_and_a_long_one_is_empty() -> None:
    sqs = Sqs(Model(in_flight_max=3))
    sqs.queue()
    sqs.queue("q.fifo", **BY_CONTENT)
    sqs.send(*"abcde")
    assert sqs.bodies() == ["a", "b", "c"]
    with refused("AWS.SimpleQueueService.OverLimit"):
        sqs.receive()
    assert sqs.bodies(WaitTimeSeconds=5) == []
    assert sqs.client.world.now == 0
    sqs.delete("a")
    assert sqs.bodies() == ["d"]
    for letter in "abcde":
        sqs.send(letter, to="q.fifo", MessageGroupId=letter)
    assert sqs.bodies(of="q.fifo") == ["a", "b", "c"]
    assert sqs.bodies(of="q.fifo") == []


@pytest.mark.rule("sqs/fair-queue")
def test_a_quiet_group_goes_before_one_that_has_more_than_its_share() -> None:
    sqs = Sqs()
    sqs.queue()
    sqs.send(*[f"noisy{n}" for n in range(10)], MessageGroupId="noisy")
    assert sqs.bodies(4) == ["noisy0", "noisy1", "noisy2", "noisy3"]
    sqs.send("quiet", MessageGroupId="quiet")
    assert sqs.bodies(1) == ["quiet"]
    assert sqs.told(Delivered, "sqs/fair-queue")
    assert sqs.bodies(1) == ["noisy4"]


@pytest.mark.rule("sqs/fair-queue")
def test_a_noisy_group_alone_is_served_as_ever() -> None:
    sqs = Sqs()
    sqs.queue()
    sqs.send(*"abcdef", MessageGroupId="noisy")
    assert sqs.bodies(3) == ["a", "b", "c"]
    assert sqs.bodies(3) == ["d", "e", "f"]


@pytest.mark.rule("sqs/requests-billed")
def test_every_request_counts_and_each_64_kilobytes_of_it() -> None:
    sqs = Sqs()
    url = sqs.queue()
    bill, price = sqs.client.broker.bill, sqs.client.broker.price
    before = bill.billed["standard"]
    sqs.client.send_message_batch(
        QueueUrl=url, Entries=[{"Id": str(n), "MessageBody": "m"} for n in range(10)]
    )
    assert bill.billed["standard"] - before == 1
    sqs.client.send_message(QueueUrl=url, MessageBody="x" * 65_537)
    assert bill.billed["standard"] - before == 3
    for _ in range(2):
        sqs.client.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
    assert bill.billed["standard"] - before == 6  # the second brings the large one
    sqs.client.receive_message(QueueUrl=url)
    assert bill.billed["standard"] - before == 7
    assert bill.requests["ReceiveMessage"] == 3
    assert bill.usd(price) == pytest.approx(bill.billed["standard"] * 0.4e-6)
