"""What may be sent: bodies, attributes, ids and delays. [AWS: API SendMessage, quotas-messages, 2026-08]"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mqlab.engine.brokers.sqs.errors import PREFIX, SqsError, invalid, missing, out_of_range

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mqlab.engine.brokers.sqs.methods import Entry, Handle, Value
    from mqlab.engine.brokers.sqs.queue import Queue

BATCH_MAX = 10
BATCH_BYTES_MAX = 1_048_576
ATTRIBUTES_MAX = 10
DELAY_S_MAX = 900
VISIBILITY_S_MAX = 43_200
RECEIVE_MAX = 10
WAIT_S_MAX = 20

_FORBIDDEN = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|\xef\xbf[\xbe\xbf]")
_ID = re.compile(r"[!-~]{1,128}")
_BATCH_ID = re.compile(r"[A-Za-z0-9_-]{1,80}")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def entry(queue: Queue, one: Entry, size: int) -> None:
    """Raises SqsError for a message of so many bytes that this queue does not take."""
    body = one.message.body
    if not body:
        raise missing("MessageBody")
    if size > queue.max_bytes:
        raise invalid(
            f"One or more parameters are invalid. Reason: Message must be shorter than {queue.max_bytes} bytes.",
            "sqs/size",
        )
    if _FORBIDDEN.search(body):
        raise SqsError("InvalidMessageContents", "Invalid characters found.", "sqs/characters")
    if one.attributes:
        attributes(one.attributes)
    if not queue.fifo and one.delay_seconds is None and not one.group_id and not one.deduplication_id:
        return  # nothing more is said of it
    delay = one.delay_seconds
    if delay is not None and not 0 <= delay <= DELAY_S_MAX:
        raise out_of_range(delay, "DelaySeconds", "DelaySeconds must be >= 0 and <= 900.", "sqs/delay")
    if one.group_id and not _ID.fullmatch(one.group_id):
        raise _bad_id(one.group_id, "MessageGroupId")
    if queue.fifo:
        fifo_entry(queue, one)
    elif one.deduplication_id:
        raise out_of_range(
            one.deduplication_id,
            "MessageDeduplicationId",
            "The request include parameter that is not valid for this queue type.",
            "sqs/dedup-id",
        )


def fifo_entry(queue: Queue, one: Entry) -> None:
    """What a FIFO queue wants besides."""
    if not one.group_id:
        raise missing("MessageGroupId", "sqs/fifo-group-needed")
    if one.delay_seconds:
        raise out_of_range(
            one.delay_seconds,
            "DelaySeconds",
            "The request include parameter that is not valid for this queue type.",
            "sqs/fifo-delay",
        )
    if one.deduplication_id and not _ID.fullmatch(one.deduplication_id):
        raise _bad_id(one.deduplication_id, "MessageDeduplicationId")
    if not one.deduplication_id and not queue.by_content:
        raise invalid(
            "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
            "sqs/dedup-id",
        )


def _bad_id(value: str, parameter: str) -> SqsError:
    reason = f"{parameter} can only include alphanumeric and punctuation characters. 1 to 128 in length."
    return out_of_range(value[:128], parameter, reason)


def attributes(given: dict[str, Value]) -> None:
    """Raises SqsError for message attributes that are too many, badly named, empty or of no type."""
    if len(given) > ATTRIBUTES_MAX:
        raise invalid(
            f"Number of message attributes [{len(given)}] exceeds the allowed maximum [{ATTRIBUTES_MAX}].",
            "sqs/message-attributes",
        )
    for name, one in given.items():
        if not re.fullmatch(r"(?!\.)(?!.*\.\.)[A-Za-z0-9_.-]{1,256}(?<!\.)", name) or name.lower().startswith(
            ("aws.", "amazon.")
        ):
            raise invalid(
                f"The message attribute name '{name}' is invalid. Attribute name can contain A-Z, a-z, 0-9, underscore (_), "
                "hyphen (-), and period (.).",
                "sqs/message-attributes",
            )
        kind = one.type.partition(".")[0]
        if kind not in ("String", "Number", "Binary") or len(one.type) > 256:
            raise invalid(
                f"The message attribute '{name}' has an invalid message attribute type, the set of supported type prefixes is "
                "Binary, Number, and String.",
                "sqs/message-attributes",
            )
        if not one.value or isinstance(one.value, bytes) != (kind == "Binary"):
            raise invalid(
                f"The message attribute '{name}' must contain non-empty message attribute value for message attribute type "
                f"'{kind}'.",
                "sqs/message-attributes",
            )
        if kind == "Number" and not _NUMBER.fullmatch(str(one.value)):
            raise invalid(
                f"Could not cast message attribute '{name}' value to number.", "sqs/message-attributes"
            )


def batch(given: Sequence[Entry | Handle], what: str, size: int = 0) -> None:
    """Raises SqsError for a batch that is refused as a whole."""
    rule = "sqs/batch-refused"
    if not given:
        text = f"There should be at least one {what}RequestEntry in the request."
        raise SqsError(f"{PREFIX}EmptyBatchRequest", text, rule)
    for one in given:
        if not _BATCH_ID.fullmatch(one.id):
            raise SqsError(
                f"{PREFIX}InvalidBatchEntryId",
                "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 "
                "letters long.",
                rule,
            )
    if len({one.id for one in given}) < len(given):
        ids = [one.id for one in given]
        twice = next(one for index, one in enumerate(ids) if one in ids[:index])
        raise SqsError(f"{PREFIX}BatchEntryIdsNotDistinct", f"Id {twice} repeated.", rule)
    if len(given) > BATCH_MAX:
        raise SqsError(
            f"{PREFIX}TooManyEntriesInBatchRequest",
            f"Maximum number of entries per request are {BATCH_MAX}. You have sent {len(given)}.",
            rule,
        )
    if size > BATCH_BYTES_MAX:
        raise SqsError(
            f"{PREFIX}BatchRequestTooLong",
            f"Batch requests cannot be longer than {BATCH_BYTES_MAX} bytes. You have sent {size} bytes.",
            "sqs/size",
        )


def visibility(seconds: int) -> None:
    """Raises SqsError for a visibility timeout that there is none of."""
    if not 0 <= seconds <= VISIBILITY_S_MAX:
        raise out_of_range(
            seconds,
            "VisibilityTimeout",
            f"Must be between 0 and {VISIBILITY_S_MAX}, if provided.",
            "sqs/visibility-total",
        )


def receive(most: int, wait: int) -> None:
    """Raises SqsError for a receive of too few or too many, or one that waits too long."""
    if not 1 <= most <= RECEIVE_MAX:
        raise out_of_range(
            most, "MaxNumberOfMessages", "Must be between 1 and 10, if provided.", "sqs/receive-at-most-ten"
        )
    if not 0 <= wait <= WAIT_S_MAX:
        raise out_of_range(wait, "WaitTimeSeconds", "Must be >= 0 and <= 20, if provided.", "sqs/long-poll")
