"""Amazon SQS with boto3's verbs, synchronous, in virtual time: for notebooks, tests and replay.

    >>> from mqlab.engine.clients import boto3
    >>> sqs = boto3.client("sqs")
    >>> url = sqs.create_queue(QueueName="orders", Attributes={"VisibilityTimeout": "30"})["QueueUrl"]
    >>> sqs.send_message(QueueUrl=url, MessageBody="wash up")["MD5OfMessageBody"]
    '5abbedb299cefaa52def66abe551a1d8'
    >>> (message,) = sqs.receive_message(QueueUrl=url, AttributeNames=["ApproximateReceiveCount"])["Messages"]
    >>> message["Body"], message["Attributes"]
    ('wash up', {'ApproximateReceiveCount': '1'})
    >>> "Messages" in sqs.receive_message(QueueUrl=url)
    False
    >>> sqs.sleep(30)
    >>> (again,) = sqs.receive_message(QueueUrl=url, AttributeNames=["ApproximateReceiveCount"])["Messages"]
    >>> again["Attributes"]["ApproximateReceiveCount"]
    '2'
    >>> answer = sqs.delete_message(QueueUrl=url, ReceiptHandle=again["ReceiptHandle"])

Nothing waits for a clock: a call runs the engine until its answer is there, so a long poll lets virtual time pass. So does
`sqs.sleep(seconds)`. A call from inside the engine raises ReentrantCall. Several clients share a broker:
`boto3.client("sqs", broker=sqs.broker)`. `model` says what AWS leaves open (brokers/sqs/sampling.py); nothing is left to
chance unless it is given.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from mqlab.engine.brokers.sqs import methods as m
from mqlab.engine.brokers.sqs.attributes import ARN, URL, name_of
from mqlab.engine.brokers.sqs.broker import SQS
from mqlab.engine.brokers.sqs.sampling import EXACT, Model
from mqlab.engine.clients.boto3_exceptions import KINDS, Exceptions
from mqlab.engine.clients.boto3_exceptions import ClientError as ClientError
from mqlab.engine.clients.boto3_exceptions import ParamValidationError as ParamValidationError
from mqlab.engine.clients.boto3_exceptions import ReentrantCall as ReentrantCall
from mqlab.engine.clients.boto3_shapes import check_call, entry_of, failures, handles_of, sent_shape, shown
from mqlab.engine.clients.sqs.client import SqsClient
from mqlab.engine.events import Event
from mqlab.engine.world import World

EVENTS_KEPT = 10_000
OK: dict[str, Any] = {"ResponseMetadata": {"HTTPStatusCode": 200}}


def client(
    service: str, *, broker: SQS | None = None, model: Model = EXACT, name: str = "", seed: int = 0
) -> Client:
    """A client of a new SQS, or of one that exists already. Raises ValueError for any other service."""
    if service != "sqs":
        raise ValueError(f"there is no {service} here, only sqs")
    if broker is None:
        world = World(seed, counted=False)
        broker = world.brokers["sqs"] = SQS(world, "sqs", model)
    return Client(broker, name)


class Inbox(SqsClient):
    """The façade's side of the broker: keeps what has come until the façade asks."""

    def __init__(self, world: World, name: str, broker: SQS) -> None:
        super().__init__(world, name, broker, instant=True)
        self.deliveries: list[m.Delivery] = []
        self.answered: Any = None
        self.connect()

    def on_delivery(self, frame: m.Delivery, cause: str) -> None:
        self.deliveries.append(frame)

    def on_answer(self, reply: Any, request: str) -> None:
        self.answered = reply


class Client:
    """boto3's client for SQS. `events`: the latest events of its world, oldest first. Methods raise ClientError."""

    exceptions = Exceptions()

    def __init__(self, broker: SQS, name: str = "") -> None:
        self.broker = broker
        self.world = broker.world
        name = name or f"client-{len(self.world.programs) + 1}"
        self._inbox = Inbox(self.world, name, broker)
        self.world.programs[name] = self._inbox
        self._sent = 0
        self.events: deque[Event] = deque(maxlen=EVENTS_KEPT)

    def sleep(self, seconds: float) -> None:
        """Let virtual seconds pass; what is due meanwhile happens, that of the last moment as well."""
        self.settle()
        self._pass_to(self.world.now + round(seconds * 1_000_000))

    def settle(self) -> None:
        """Run the engine to rest at this instant."""
        self.events.extend(self.world.finish())
        self.events.extend(self.world.rest())

    def _pass_to(self, t: int) -> None:
        self.events.extend(self.world.run(t + 1))
        self.world.now = t

    # --- messages ------------------------------------------------------------------------------------------------

    def send_message(self, **call: Any) -> dict[str, Any]:
        """Send a message: QueueUrl, MessageBody; DelaySeconds, MessageAttributes, MessageSystemAttributes,
        MessageDeduplicationId, MessageGroupId."""
        queue = self._begin("SendMessage", call)
        entry = entry_of(call, self._next())
        reply = self._end("SendMessage", self._inbox.send(queue, [entry]))
        return OK | sent_shape(entry, reply)

    def send_message_batch(self, **call: Any) -> dict[str, Any]:
        """Send up to ten: QueueUrl, Entries, each with an Id of its own. Look at Failed: the others were taken."""
        queue = self._begin("SendMessageBatch", call)
        entries = [entry_of(one, self._next()) for one in call["Entries"]]
        if entries:
            reply = self._inbox.send(queue, entries, batch=True)
        else:
            reply = self._inbox.call(m.SendMessageBatch(queue=queue, entries=[]))
        done = self._end("SendMessageBatch", reply)
        by_id = {entry.id: entry for entry in entries}
        good = [{"Id": sent.id} | sent_shape(by_id[sent.id], sent) for sent in done.value]
        return OK | failures({"Successful": good} if good else {}, done.failed)

    def receive_message(self, **call: Any) -> dict[str, Any]:
        """Receive up to ten: QueueUrl; MaxNumberOfMessages, WaitTimeSeconds (a long poll lets virtual time pass),
        VisibilityTimeout, AttributeNames or MessageSystemAttributeNames, MessageAttributeNames, ReceiveRequestAttemptId."""
        queue = self._begin("ReceiveMessage", call)
        inbox = self._inbox
        inbox.deliveries, inbox.answered = [], None
        request = m.ReceiveMessage(
            queue=queue, max_number_of_messages=call.get("MaxNumberOfMessages", 1),
            wait_time_seconds=call.get("WaitTimeSeconds"), visibility_timeout=call.get("VisibilityTimeout"),
            attempt_id=call.get("ReceiveRequestAttemptId", ""),
        )  # fmt: skip
        reply = inbox.call(request)
        self.settle()
        while reply is None:
            reply = inbox.answered
            if reply is None:
                due = self.world.agenda.next_time()
                assert due is not None, "a poll that waits has its end on the agenda"
                self._pass_to(due)
        self._end("ReceiveMessage", reply)
        deliveries, inbox.deliveries = inbox.deliveries, []
        return OK | ({"Messages": [shown(one, call) for one in deliveries]} if deliveries else {})

    def delete_message(self, **call: Any) -> dict[str, Any]:
        """Delete a message: QueueUrl, ReceiptHandle of its latest receive."""
        queue = self._begin("DeleteMessage", call)
        self._end("DeleteMessage", self._inbox.delete(queue, [m.Handle(call["ReceiptHandle"])]))
        return dict(OK)

    def delete_message_batch(self, **call: Any) -> dict[str, Any]:
        """Delete up to ten: QueueUrl, Entries with Id and ReceiptHandle."""
        queue = self._begin("DeleteMessageBatch", call)
        reply = self._inbox.delete(queue, handles_of(call["Entries"]), batch=True)
        return self._batch("DeleteMessageBatch", reply)

    def change_message_visibility(self, **call: Any) -> dict[str, Any]:
        """Hide a message for VisibilityTimeout seconds from now: QueueUrl, ReceiptHandle. 0 shows it at once."""
        queue = self._begin("ChangeMessageVisibility", call)
        handle = m.Handle(call["ReceiptHandle"], "", call["VisibilityTimeout"])
        self._ask(m.ChangeMessageVisibility(queue=queue, handles=[handle]))
        return dict(OK)

    def change_message_visibility_batch(self, **call: Any) -> dict[str, Any]:
        """Of up to ten: QueueUrl, Entries with Id, ReceiptHandle and VisibilityTimeout."""
        queue = self._begin("ChangeMessageVisibilityBatch", call)
        request = m.ChangeMessageVisibility(queue=queue, handles=handles_of(call["Entries"]), batch=True)
        return self._batch("ChangeMessageVisibilityBatch", self._inbox.call(request))

    # --- queues --------------------------------------------------------------------------------------------------

    def create_queue(self, **call: Any) -> dict[str, Any]:
        """Create a queue, or find it: QueueName, Attributes (all of them strings)."""
        self._begin("CreateQueue", call)
        reply = self._ask(m.CreateQueue(queue=call["QueueName"], attributes=call.get("Attributes", {})))
        return OK | {"QueueUrl": URL + reply.value}

    def delete_queue(self, **call: Any) -> dict[str, Any]:
        """Delete a queue with all that is in it: QueueUrl."""
        self._ask(m.DeleteQueue(queue=self._begin("DeleteQueue", call)))
        return dict(OK)

    def get_queue_url(self, **call: Any) -> dict[str, Any]:
        """Of a QueueName."""
        self._begin("GetQueueUrl", call)
        return OK | {"QueueUrl": URL + self._ask(m.GetQueueUrl(queue=call["QueueName"])).value}

    def list_queues(self, **call: Any) -> dict[str, Any]:
        """The URLs of all queues, or of those whose names begin with QueueNamePrefix."""
        self._begin("ListQueues", call)
        names = self._ask(m.ListQueues(queue=call.get("QueueNamePrefix", ""))).value
        return OK | ({"QueueUrls": [URL + name for name in names]} if names else {})

    def get_queue_attributes(self, **call: Any) -> dict[str, Any]:
        """QueueUrl, AttributeNames (["All"])."""
        queue = self._begin("GetQueueAttributes", call)
        found = self._ask(m.GetQueueAttributes(queue=queue, names=list(call.get("AttributeNames", [])))).value
        return OK | ({"Attributes": found} if found else {})

    def set_queue_attributes(self, **call: Any) -> dict[str, Any]:
        """QueueUrl, Attributes. What is in flight keeps its timeout."""
        queue = self._begin("SetQueueAttributes", call)
        self._ask(m.SetQueueAttributes(queue=queue, attributes=call["Attributes"]))
        return dict(OK)

    def purge_queue(self, **call: Any) -> dict[str, Any]:
        """Empty a queue, at most once in 60 s: QueueUrl."""
        self._ask(m.PurgeQueue(queue=self._begin("PurgeQueue", call)))
        return dict(OK)

    def list_dead_letter_source_queues(self, **call: Any) -> dict[str, Any]:
        """The queues that have this one as their dead-letter queue: QueueUrl."""
        queue = self._begin("ListDeadLetterSourceQueues", call)
        names = self._ask(m.ListDeadLetterSourceQueues(queue=queue)).value
        return OK | {"queueUrls": [URL + name for name in names]}

    def start_message_move_task(self, **call: Any) -> dict[str, Any]:
        """Redrive a dead-letter queue: SourceArn; DestinationArn, MaxNumberOfMessagesPerSecond. Time must pass for it."""
        self._begin("StartMessageMoveTask", call)
        request = m.StartMessageMoveTask(
            queue=name_of(call["SourceArn"]), destination=call.get("DestinationArn", ""),
            max_per_second=call.get("MaxNumberOfMessagesPerSecond", 0),
        )  # fmt: skip
        return OK | {"TaskHandle": self._ask(request).value}

    def cancel_message_move_task(self, **call: Any) -> dict[str, Any]:
        """Stop a task: TaskHandle."""
        self._begin("CancelMessageMoveTask", call)
        moved = self._ask(m.CancelMessageMoveTask(task=call["TaskHandle"])).value
        return OK | {"ApproximateNumberOfMessagesMoved": moved}

    def list_message_move_tasks(self, **call: Any) -> dict[str, Any]:
        """The tasks of a dead-letter queue: SourceArn; MaxResults (1)."""
        self._begin("ListMessageMoveTasks", call)
        tasks = self._ask(m.ListMessageMoveTasks(queue=name_of(call["SourceArn"]))).value
        return OK | {"Results": tasks[: call.get("MaxResults", 1)]}

    # --- how a call is made --------------------------------------------------------------------------------------

    def _begin(self, operation: str, call: dict[str, Any]) -> str:
        """Look at a call as boto3 does before it sends it. Returns the queue that it names by its URL."""
        if self.world.events:
            raise ReentrantCall("the engine is running: call when it is at rest")
        if self.world.storm:
            raise RuntimeError(self.world.storm)
        check_call(operation, call)
        return name_of(call["QueueUrl"]) if "QueueUrl" in call else ""

    def _next(self) -> str:
        self._sent += 1
        return f"{self._inbox.name}-{self._sent}"

    def _ask(self, request: m.Request) -> Any:
        return self._end(request.action, self._inbox.call(request))

    def _batch(self, operation: str, reply: Any) -> dict[str, Any]:
        done = self._end(operation, reply)
        good = {"Successful": [{"Id": one} for one in done.done]} if done.done else {}
        return OK | failures(good, done.failed)

    def _end(self, operation: str, reply: Any) -> Any:
        """Let everything due at this instant happen. Raises ClientError for an error answer."""
        self.settle()
        if isinstance(reply, m.Failed):
            response = {
                "Error": {
                    "Code": reply.code,
                    "Message": reply.text,
                    "Type": "Sender" if reply.status < 500 else "Receiver",
                },
                "ResponseMetadata": {"HTTPStatusCode": reply.status},
            }
            raise KINDS.get(reply.shape, ClientError)(response, operation)
        return reply


def arn(queue_url: str) -> str:
    """The ARN of the queue with this URL."""
    return ARN + name_of(queue_url)
