"""What SQS takes, a message at a time and in batches."""

from __future__ import annotations

from typing import Any

import pytest

from mqlab.engine.clients import boto3
from mqlab.engine.events import Enqueued, Published, Refused, Requeued, SetAside
from tests.engine.sqs import BY_CONTENT, Sqs, refused

BATCH = "AWS.SimpleQueueService."


def entries(*ids: str, **more: Any) -> list[dict[str, Any]]:
    return [{"Id": one, "MessageBody": f"m{one}", **more} for one in ids]


@pytest.mark.rule("sqs/delay")
def test_a_delayed_message_is_hidden_until_its_time_and_is_new_then() -> None:
    sqs = Sqs()
    sqs.queue(DelaySeconds=5)
    sqs.send("as the queue says")
    sqs.send("own", DelaySeconds=2)
    sqs.send("at once", DelaySeconds=0)
    assert sqs.counts() == (1, 0, 2)
    assert sqs.bodies() == ["at once"]
    sqs.sleep(2)
    (own,) = sqs.receive()
    assert (own["Body"], own["Attributes"]["ApproximateReceiveCount"]) == ("own", "1")
    sqs.sleep(3)
    assert sqs.bodies() == ["as the queue says"]
    assert [one.until - one.t for one in sqs.told(SetAside, "sqs/delay")] == [5_000_000, 2_000_000]
    assert all(one.first for one in sqs.told(Requeued, "sqs/delay"))


@pytest.mark.rule("sqs/delay")
@pytest.mark.parametrize("seconds", [-1, 901])
def test_a_delay_out_of_range_is_refused(seconds: int) -> None:
    sqs = Sqs()
    sqs.queue()
    with refused("InvalidParameterValue", "DelaySeconds must be >= 0 and <= 900"):
        sqs.send("m", DelaySeconds=seconds)
    assert sqs.counts() == (0, 0, 0)


@pytest.mark.rule("sqs/delay")
def test_another_delay_of_a_standard_queue_is_for_what_comes_later() -> None:
    sqs = Sqs()
    url = sqs.queue(DelaySeconds=10)
    sqs.send("before")
    sqs.client.set_queue_attributes(QueueUrl=url, Attributes={"DelaySeconds": "0"})
    sqs.send("after")
    assert sqs.bodies() == ["after"]


@pytest.mark.rule("sqs/fifo-delay")
def test_a_fifo_queue_delays_all_or_nothing() -> None:
    sqs = Sqs()
    url = sqs.queue("q.fifo", **BY_CONTENT, DelaySeconds=10)
    with refused("InvalidParameterValue", "not valid for this queue type"):
        sqs.send("m", to="q.fifo", MessageGroupId="A", DelaySeconds=1)
    sqs.send("m1", "m2", to="q.fifo", MessageGroupId="A")
    assert sqs.bodies(of="q.fifo") == []
    sqs.client.set_queue_attributes(QueueUrl=url, Attributes={"DelaySeconds": "3"})
    sqs.sleep(3)
    assert sqs.bodies(of="q.fifo") == ["m1", "m2"]


@pytest.mark.rule("sqs/size")
def test_a_message_has_at_most_a_mebibyte_attributes_included_or_less_if_its_queue_says_so() -> None:
    sqs = Sqs()
    sqs.queue()
    sqs.queue("small", MaximumMessageSize=1024)
    sqs.send("x" * 1_048_576)
    with refused("InvalidParameterValue", "must be shorter than 1048576 bytes"):
        sqs.send("x" * 1_048_577)
    label = {"size": {"DataType": "String", "StringValue": "y" * 20}}
    sqs.send("é" * 490, to="small", MessageAttributes=label)  # 980 bytes, and 4 + 6 + 20
    with refused("InvalidParameterValue", "must be shorter than 1024 bytes"):
        sqs.send("é" * 498, to="small", MessageAttributes=label)


@pytest.mark.rule("sqs/size")
def test_a_batch_has_at_most_a_mebibyte_all_together() -> None:
    sqs = Sqs()
    url = sqs.queue()
    half = {"MessageBody": "x" * 524_288}
    sqs.client.send_message_batch(QueueUrl=url, Entries=[{"Id": one, **half} for one in "ab"])
    with refused(f"{BATCH}BatchRequestTooLong", "You have sent 1572864 bytes"):
        sqs.client.send_message_batch(QueueUrl=url, Entries=[{"Id": one, **half} for one in "abc"])
    assert sqs.counts() == (2, 0, 0)


@pytest.mark.rule("sqs/characters")
@pytest.mark.parametrize("body", ["a\x00b", "a\x07", "\x1f", "\ufffe", "a\uffff"])
def test_a_body_with_a_character_that_xml_has_not_is_refused(body: str) -> None:
    sqs = Sqs()
    sqs.queue()
    with refused("InvalidMessageContents"):
        sqs.send(body)
    sqs.send("tab\tline\nreturn\r ünï 🐇")


@pytest.mark.rule("sqs/batch-partial-failure")
def test_in_a_batch_one_is_refused_and_the_others_are_taken() -> None:
    sqs = Sqs()
    url = sqs.queue()
    batch = [*entries("1", "2"), *entries("3", DelaySeconds=901), *entries("4")]
    answer = sqs.client.send_message_batch(QueueUrl=url, Entries=batch)
    assert [one["Id"] for one in answer["Successful"]] == ["1", "2", "4"]
    (failed,) = answer["Failed"]
    assert (failed["Id"], failed["Code"], failed["SenderFault"]) == ("3", "InvalidParameterValue", True)
    assert sqs.bodies() == ["m1", "m2", "m4"]
    (published,) = sqs.told(Published)
    (told,) = sqs.told(Refused, "sqs/batch-partial-failure")
    assert (len(published.of), told.of, told.cause) == (4, (published.of[2],), published.name)


@pytest.mark.rule("sqs/batch-refused")
@pytest.mark.parametrize(
    ("ids", "code", "words"),
    [
        (
            [],
            "EmptyBatchRequest",
            "There should be at least one SendMessageBatchRequestEntry in the request.",
        ),
        (["1", "1"], "BatchEntryIdsNotDistinct", "Id 1 repeated."),
        ([str(n) for n in range(11)], "TooManyEntriesInBatchRequest", "You have sent 11."),
        (["a b"], "InvalidBatchEntryId", "alphanumeric"),
        (["x" * 81], "InvalidBatchEntryId", "80 letters"),
    ],
)
def test_a_batch_of_none_of_eleven_or_of_one_id_twice_is_refused_as_a_whole(
    ids: list[str], code: str, words: str
) -> None:
    sqs = Sqs()
    url = sqs.queue()
    with refused(f"{BATCH}{code}", words):
        sqs.client.send_message_batch(QueueUrl=url, Entries=entries(*ids))
    assert sqs.counts() == (0, 0, 0)
    assert len(sqs.told(Refused)) == len(ids)


@pytest.mark.rule("sqs/message-attributes")
@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("AWS.x", {"DataType": "String", "StringValue": "v"}, "name 'AWS.x' is invalid"),
        ("a..b", {"DataType": "String", "StringValue": "v"}, "is invalid"),
        ("a", {"DataType": "Text", "StringValue": "v"}, "invalid message attribute type"),
        ("a", {"DataType": "String", "StringValue": ""}, "must contain non-empty"),
        ("a", {"DataType": "Binary", "StringValue": "v"}, "must contain non-empty"),
        ("a", {"DataType": "Number", "StringValue": "ten"}, "to number"),
    ],
)
def test_a_message_attribute_that_is_none_is_refused(name: str, value: dict[str, Any], words: str) -> None:
    sqs = Sqs()
    sqs.queue()
    with refused("InvalidParameterValue", words):
        sqs.send("m", MessageAttributes={name: value})


@pytest.mark.rule("sqs/message-attributes")
def test_eleven_attributes_are_one_too_many_and_a_receive_brings_those_asked_for() -> None:
    sqs = Sqs()
    sqs.queue()
    one = {"DataType": "Number.cents", "StringValue": "-1.5e3"}
    with refused("InvalidParameterValue", "exceeds the allowed maximum [10]"):
        sqs.send("m", MessageAttributes={f"a{n}": one for n in range(11)})
    sqs.send("m", MessageAttributes={"shop.city": one, "shop.zip": one, "other": one})
    assert "MessageAttributes" not in sqs.receive(VisibilityTimeout=0)[0]
    (got,) = sqs.receive(MessageAttributeNames=["shop.*"])
    assert list(got["MessageAttributes"]) == ["shop.city", "shop.zip"]
    assert got["MessageAttributes"]["shop.city"] == one


@pytest.mark.rule("sqs/md5")
def test_the_digests_are_those_that_aws_documents() -> None:
    sqs = Sqs()
    sqs.queue()
    attributes: dict[str, Any] = {
        "b": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
        "a": {"DataType": "String", "StringValue": "ä"},
    }
    answer = sqs.send("hello", MessageAttributes=attributes)
    assert answer["MD5OfMessageBody"] == "5d41402abc4b2a76b9719d911017c592"
    (got,) = sqs.receive(MessageAttributeNames=["All"])
    assert got["MD5OfBody"] == answer["MD5OfMessageBody"]
    assert (
        got["MD5OfMessageAttributes"]
        == answer["MD5OfMessageAttributes"]
        == "f2f3243d8a7f27003da2b772279ec01c"
    )


def test_what_boto3_would_not_send_is_not_sent() -> None:
    sqs = Sqs()
    url = sqs.queue()
    with pytest.raises(
        boto3.ParamValidationError, match='Missing required parameter in input: "MessageBody"'
    ):
        sqs.client.send_message(QueueUrl=url)
    with pytest.raises(boto3.ParamValidationError, match="Unknown parameter"):
        sqs.client.send_message(QueueUrl=url, MessageBody="m", Delay=1)
    with pytest.raises(boto3.ParamValidationError, match="Invalid type for parameter MessageBody"):
        sqs.client.send_message(QueueUrl=url, MessageBody=7)
    assert not sqs.told(Published)


def test_a_queue_that_is_not_there_is_an_error_with_a_name() -> None:
    sqs = Sqs()
    url = sqs.queue().replace("/q", "/nowhere")
    with pytest.raises(sqs.client.exceptions.QueueDoesNotExist) as error:
        sqs.client.send_message(QueueUrl=url, MessageBody="m")
    assert error.value.response["Error"]["Code"] == "AWS.SimpleQueueService.NonExistentQueue"
    assert not sqs.told(Enqueued)
