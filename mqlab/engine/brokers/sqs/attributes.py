"""A queue's attributes: what there is, which values they take, and what they mean in µs and bytes.

All are strings, as in the API. [AWS: SQS API Reference, CreateQueue and SetQueueAttributes, 2026-08]
"""

from __future__ import annotations

import json
import re
from typing import Any

from mqlab.engine.brokers.sqs.errors import bad_attribute, invalid, unknown_attribute

SECOND = 1_000_000
ACCOUNT, REGION = "123456789012", "us-east-1"
ARN = f"arn:aws:sqs:{REGION}:{ACCOUNT}:"
URL = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/"

WHOLE: dict[str, tuple[int, int, int]] = {
    "VisibilityTimeout": (30, 0, 43_200),
    "DelaySeconds": (0, 0, 900),
    "MaximumMessageSize": (1_048_576, 1_024, 1_048_576),
    "MessageRetentionPeriod": (345_600, 60, 1_209_600),
    "ReceiveMessageWaitTimeSeconds": (0, 0, 20),
}
"""Default, least and most; seconds and bytes. 1 MiB since August 2025, 256 KiB before."""
CHOICES: dict[str, tuple[str, ...]] = {
    "ContentBasedDeduplication": ("false", "true"),
    "DeduplicationScope": ("queue", "messageGroup"),
    "FifoThroughputLimit": ("perQueue", "perMessageGroupId"),
}
"""Of FIFO queues only; the first is the default."""
POLICIES = ("RedrivePolicy", "RedriveAllowPolicy")
FREE = ("Policy", "KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds", "SqsManagedSseEnabled")
"""Who may do what, and how it is encrypted at rest: kept and told, and of no effect here."""
COUNTS = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
    "CreatedTimestamp",
    "LastModifiedTimestamp",
    "QueueArn",
)
"""What can be read and not set."""
MAX_RECEIVES_MAX = 1_000
ALLOWED_SOURCES_MAX = 10


def check_name(name: str, fifo: bool) -> None:
    """Raises SqsError for a name that a queue of this kind cannot have."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,80}|[A-Za-z0-9_-]{1,75}\.fifo", name):
        raise invalid(
            "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length",
            "sqs/queue-name",
        )
    if fifo != name.endswith(".fifo"):
        raise invalid(
            "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo "
            "suffix and be 1 to 80 in length, and FifoQueue must be true.",
            "sqs/queue-name",
        )


def is_fifo(attributes: dict[str, str]) -> bool:
    """Whether these attributes ask for a FIFO queue. Raises SqsError for a value that is neither true nor false."""
    value = str(attributes.get("FifoQueue", "false")).lower()
    if value not in ("true", "false"):
        raise bad_attribute("FifoQueue")
    return value == "true"


def checked(given: dict[str, Any], fifo: bool) -> dict[str, str]:
    """Attributes as strings, each of them known and in range. Raises SqsError."""
    known: dict[str, str] = {}
    for name, value in given.items():
        text = json.dumps(value) if isinstance(value, dict) else str(value)
        if name in WHOLE:
            text = _whole(name, text)
        elif name in CHOICES and fifo:
            text = _choice(name, text)
        elif name in POLICIES:
            text = text.strip()
        elif name not in FREE:
            raise unknown_attribute(name)
        known[name] = text
    return known


def _whole(name: str, text: str) -> str:
    _, least, most = WHOLE[name]
    if not re.fullmatch(r"\d{1,9}", text) or not least <= int(text) <= most:
        raise bad_attribute(name)
    return str(int(text))


def _choice(name: str, text: str) -> str:
    for value in CHOICES[name]:
        if text.lower() == value.lower():
            return value
    raise bad_attribute(name)


def check_throughput(attributes: dict[str, str]) -> None:
    """High throughput goes by message group only where deduplication does. Raises SqsError."""
    if (
        attributes.get("FifoThroughputLimit") == "perMessageGroupId"
        and attributes.get("DeduplicationScope") != "messageGroup"
    ):
        raise invalid(
            "The perMessageGroupId value for FifoThroughputLimit is allowed only when the value for DeduplicationScope is "
            "messageGroup.",
            "sqs/fifo-throughput",
        )


def number(attributes: dict[str, str], name: str) -> int:
    """A whole-numbered attribute, or its default."""
    value = attributes.get(name)
    return WHOLE[name][0] if value is None else int(value)


def table(text: str, name: str) -> dict[str, Any]:
    """A policy's JSON. Raises SqsError where it is none."""
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise bad_attribute(name, "sqs/redrive-policy", "Redrive policy is not a dict or valid json.")
    return value


def name_of(arn: str) -> str:
    """The queue that an ARN, or an URL, names."""
    return re.split(r"[:/]", arn)[-1]
