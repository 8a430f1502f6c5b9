"""Requests and replies of Amazon SQS, named as boto3 names them.

`lost_as` says what falls when one is lost on its way (see events.Lost). A queue is named, not addressed by its URL: the façade
turns one into the other. Times in seconds, as in the API.
"""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from mqlab.engine import requests
from mqlab.engine.brokers.sqs.copy import SqsCopy, read_handle
from mqlab.engine.message import Message


class Value(msgspec.Struct, frozen=True):
    """One message attribute: `type` is String, Number or Binary, perhaps with a label of one's own after a dot."""

    type: str
    value: str | bytes

    @property
    def size(self) -> int:
        """Bytes of type and value."""
        value = self.value
        return len(self.type.encode()) + len(value if isinstance(value, bytes) else value.encode())


class Entry(msgspec.Struct, gc=False):
    """One message to send. `id`: its own within a batch. delay_seconds None: as the queue says."""

    message: Message
    delay_seconds: int | None = None
    group_id: str = ""
    deduplication_id: str = ""
    attributes: dict[str, Value] | None = None
    system_attributes: dict[str, Value] | None = None
    id: str = ""

    @property
    def size(self) -> int:
        """Bytes of body and attributes, names, types and values."""
        size = len(self.message.body)
        if self.attributes:
            size += sum(len(name.encode()) + value.size for name, value in self.attributes.items())
        return size


class Request(requests.Request, kw_only=True):
    """Something a program asks of SQS."""

    queue: str = ""
    action: ClassVar[str] = ""  # as the API calls it


class SendMessage(Request):
    """send_message."""

    entry: Entry
    lost_as: ClassVar[str] = "publish"
    action: ClassVar[str] = "SendMessage"

    @property
    def entries(self) -> list[Entry]:
        """The one."""
        return [self.entry]


class SendMessageBatch(Request):
    """send_message_batch: up to ten."""

    entries: list[Entry]
    lost_as: ClassVar[str] = "publish"
    action: ClassVar[str] = "SendMessageBatch"


class ReceiveMessage(Request):
    """receive_message. None: as the queue says. attempt_id: of FIFO queues, for a retry of the same receive."""

    max_number_of_messages: int = 1
    wait_time_seconds: int | None = None
    visibility_timeout: int | None = None
    attempt_id: str = ""
    action: ClassVar[str] = "ReceiveMessage"


class Handle(msgspec.Struct, gc=False):
    """One entry of a batch that deletes or changes visibility. `copy`, `given`: what its receipt handle says, once it is read."""

    receipt_handle: str
    id: str = ""
    visibility_timeout: int = 0
    copy: str = ""
    given: int = 0

    def read(self) -> str:
        """Read the receipt handle. Returns the copy that it is of; "": it is none."""
        if not self.copy:
            self.copy, self.given = read_handle(self.receipt_handle)
        return self.copy


class DeleteMessage(Request):
    """delete_message; with more than one handle delete_message_batch."""

    handles: list[Handle]
    batch: bool = False
    lost_as: ClassVar[str] = "ack"

    @property
    def action(self) -> str:  # type: ignore[override]
        """One, or a batch."""
        return "DeleteMessageBatch" if self.batch else "DeleteMessage"


class ChangeMessageVisibility(Request):
    """change_message_visibility, and its batch."""

    handles: list[Handle]
    batch: bool = False

    @property
    def action(self) -> str:  # type: ignore[override]
        """One, or a batch."""
        return "ChangeMessageVisibilityBatch" if self.batch else "ChangeMessageVisibility"


class CreateQueue(Request):
    """create_queue."""

    attributes: dict[str, Any] = msgspec.field(default_factory=dict)
    action: ClassVar[str] = "CreateQueue"


class DeleteQueue(Request):
    """delete_queue."""

    action: ClassVar[str] = "DeleteQueue"


class GetQueueUrl(Request):
    """get_queue_url."""

    action: ClassVar[str] = "GetQueueUrl"


class ListQueues(Request):
    """list_queues: `queue` is what their names begin with."""

    action: ClassVar[str] = "ListQueues"


class GetQueueAttributes(Request):
    """get_queue_attributes."""

    names: list[str] = msgspec.field(default_factory=list)
    action: ClassVar[str] = "GetQueueAttributes"


class SetQueueAttributes(Request):
    """set_queue_attributes; an empty RedrivePolicy takes it away."""

    attributes: dict[str, Any]
    action: ClassVar[str] = "SetQueueAttributes"


class PurgeQueue(Request):
    """purge_queue."""

    action: ClassVar[str] = "PurgeQueue"


class ListDeadLetterSourceQueues(Request):
    """list_dead_letter_source_queues."""

    action: ClassVar[str] = "ListDeadLetterSourceQueues"


class StartMessageMoveTask(Request):
    """start_message_move_task: from the dead-letter queue `queue` back, or ("": to where each came from) to `destination`;
    max_per_second 0: as fast as it goes."""

    destination: str = ""
    max_per_second: int = 0
    action: ClassVar[str] = "StartMessageMoveTask"


class CancelMessageMoveTask(Request):
    """cancel_message_move_task."""

    task: str
    action: ClassVar[str] = "CancelMessageMoveTask"


class ListMessageMoveTasks(Request):
    """list_message_move_tasks."""

    action: ClassVar[str] = "ListMessageMoveTasks"


# --- replies -------------------------------------------------------------------------------------------------------


class Failed(msgspec.Struct):
    """An error answer, to a request or (`id`) to one entry of its batch. `told`: the event that says so."""

    code: str
    text: str
    shape: str
    status: int = 400
    id: str = ""
    told: str = ""
    lost_as: ClassVar[str] = "answer"


class Sent(msgspec.Struct, gc=False):
    """A message was taken. `copy`: what it became, or what an earlier one that it repeats had become. sequence: FIFO only."""

    copy: str
    sequence: int = 0
    id: str = ""
    duplicate: bool = False
    told: str = ""
    lost_as: ClassVar[str] = "answer"


class Delivery(msgspec.Struct, gc=False):
    """One message of what a receive is answered. receipt_handle: of this receive. received: how often by now."""

    copy: SqsCopy
    receipt_handle: str
    received: int
    lost_as: ClassVar[str] = "delivery"


class Given(msgspec.Struct):
    """The end of what a receive is answered: so many deliveries have gone before it. `request`: the departure of the receive."""

    count: int
    request: str
    told: str = ""
    lost_as: ClassVar[str] = "answer"


class Done(msgspec.Struct):
    """Whatever else was asked is done. `value`: what boto3 puts into its answer; failed: entries of a batch."""

    value: Any = None
    done: list[str] = []
    failed: list[Failed] = []
    told: str = ""
    lost_as: ClassVar[str] = "answer"


class Answer(msgspec.Struct):
    """A reply on its way to the program. `request`: the departure that it answers."""

    reply: Sent | Done | Failed | Given
    request: str
    lost_as: ClassVar[str] = "answer"
