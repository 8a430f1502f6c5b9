"""A simulated producer: sends at its pace, one by one or in batches, and again what SQS could not take just now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mqlab.engine.brokers.sqs import methods as m
from mqlab.engine.clients.paced import Paced
from mqlab.engine.clients.sqs.client import SqsClient
from mqlab.engine.clients.sqs.program import SqsProgram

if TYPE_CHECKING:
    from mqlab.engine.brokers.sqs.broker import SQS
    from mqlab.engine.clients.sqs.producer_spec import ProducerSpec, ScriptItem
    from mqlab.engine.world import World

RETRIED = ("ServiceUnavailable", "RequestThrottled")
"""The answers after which boto3 tries again by itself."""
RETRIES_MAX = 4


class Producer(Paced, SqsProgram):
    """`gathered`: the messages of the batch that is not full yet; `asked`: what it has sent and has no answer for."""

    spec: ProducerSpec

    def __init__(self, world: World, name: str, broker: SQS, spec: ProducerSpec, latency_us: int) -> None:
        SqsClient.__init__(self, world, name, broker, latency_us)
        Paced.__init__(self, world, name, spec)
        self.gathered: list[m.Entry] = []
        self.flushes = 0
        self.asked: dict[str, tuple[list[m.Entry], int]] = {}

    def start(self, cause: str) -> None:
        """Connect, and let the first beat come."""
        self.connect()
        self.set_off()

    def resume(self, cause: str) -> None:
        """It could not start before: the region was down."""
        self.connect()
        self.catch_up()

    def change(self, spec: ProducerSpec, cause: str) -> None:
        """Take new settings."""
        self.scale(spec)

    def make(self, item: ScriptItem | None = None) -> m.Entry:
        """Send the next message, or gather it."""
        send = self.spec.send
        key, body, group, dedup, delay = "", send.body, send.group, send.dedup, send.delay_s
        if item is not None:
            key = item.key or ""
            body = body if item.body is None else item.body
            group = group if item.group is None else item.group
            dedup = dedup if item.dedup is None else item.dedup
            delay = delay if item.delay_s is None else item.delay_s
        message = self.message(send.keys, key, body)
        entry = m.Entry(
            message,
            delay,
            self.filled(group, message),
            self.filled(dedup, message),
            send.attributes,
            None,
            f"m{self.made}",
        )
        if self.spec.batch == 1:
            self.send_out([entry])
            return entry
        self.gathered.append(entry)
        if len(self.gathered) >= self.spec.batch:
            self._flush()
        elif len(self.gathered) == 1:
            self.world.at(self.world.now + self.spec.linger_us, self.lingered, self.flushes)
        return entry

    def make_again(self, sent: m.Entry) -> None:
        """Send it again, as one does that did not hear whether it arrived."""
        self.send_out([sent], again=True)

    def lingered(self, flushes: int) -> None:
        """It has waited for long enough for more."""
        if (
            flushes == self.flushes
            and self.gathered
            and self.connection is not None
            and self.up
            and not self.hung
        ):
            self._flush()

    def _flush(self) -> None:
        entries, self.gathered = self.gathered, []
        self.flushes += 1
        self.send_out(entries)

    def send_out(
        self, entries: list[m.Entry], *, again: bool = False, tries: int = 0, cause: str = ""
    ) -> None:
        """One request."""
        batch = self.spec.batch > 1
        name = self.send(self.spec.send.queue, entries, batch=batch, again=again, cause=cause)
        self.asked[name] = (entries, tries)

    def on_answer(self, reply: Any, request: str) -> None:
        """Taken, or refused: after some errors boto3 sends it again, after others it raises."""
        entries, tries = self.asked.pop(request, ([], 0))
        if isinstance(reply, m.Failed) and reply.code in RETRIED and tries < RETRIES_MAX and entries:
            self.world.at(self.world.now + self.spec.reconnect_us, self.retry, entries, tries + 1, reply.told)

    def retry(self, entries: list[m.Entry], tries: int, cause: str) -> None:
        """Send once more what was not taken."""
        if self.up and self.connection is not None and not self.hung:
            self.send_out(entries, again=True, tries=tries, cause=cause)

    def forget(self) -> None:
        """A crash: what was gathered and not sent is gone with everything else in memory."""
        self.gathered = []
        self.flushes += 1
        self.asked.clear()

    def thaw(self, cause: str) -> None:
        """Go on, with what was gathered."""
        if self.gathered and self.connection is not None:
            self._flush()
        super().thaw(cause)
