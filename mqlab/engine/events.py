"""What happened. Events are the whole truth: nothing visible changes without one.

An event says what happened in the field's words, when (`t`, virtual µs), which copies or records it is about (`of`),
its `cause` (the name of the event that led to it, or `do:<command id>`), and, where a broker *decided*, the `rule`.
Its `name` is its subject and the subject's own count (`web-41@billing#3`), so no running number is part of an event.

Leaving and arriving are two events. An event with `arrives` is a departure: it opens a *flight* named after it, and
exactly one arrival whose `cause` is that name, or one `Lost` that lists it in `flights`, ends it. `Routed` and `Broadcast`
open one flight per copy, named after the copy; `Enqueued`, `Dropped` or `Received` of that copy ends it. How each event
changes the picture is written once for Python in `fold.py` and once for the browser in `model.js`; a test holds the two
together.
"""

from __future__ import annotations

from typing import Any

from mqlab.engine.broadcasts import Broadcast as Broadcast
from mqlab.engine.broadcasts import Missed as Missed
from mqlab.engine.broadcasts import Sent as Sent
from mqlab.engine.broadcasts import Subscribed as Subscribed
from mqlab.engine.broadcasts import Unsubscribed as Unsubscribed
from mqlab.engine.calls import Answered as Answered
from mqlab.engine.calls import Called as Called
from mqlab.engine.changes import ActiveChanged as ActiveChanged
from mqlab.engine.changes import Blocked as Blocked
from mqlab.engine.changes import HungUp as HungUp
from mqlab.engine.changes import LeaderChanged as LeaderChanged
from mqlab.engine.changes import LinkAdded as LinkAdded
from mqlab.engine.changes import LinkRemoved as LinkRemoved
from mqlab.engine.changes import MemberChanged as MemberChanged
from mqlab.engine.changes import NodeAdded as NodeAdded
from mqlab.engine.changes import NodeChanged as NodeChanged
from mqlab.engine.changes import NodeRemoved as NodeRemoved
from mqlab.engine.changes import PolicyCleared as PolicyCleared
from mqlab.engine.changes import PolicySet as PolicySet
from mqlab.engine.changes import Unblocked as Unblocked
from mqlab.engine.confirms import Confirmed as Confirmed
from mqlab.engine.confirms import ConfirmReceived as ConfirmReceived
from mqlab.engine.confirms import Returned as Returned
from mqlab.engine.confirms import ReturnReceived as ReturnReceived
from mqlab.engine.event import Event as Event
from mqlab.engine.judgement import ActOffered as ActOffered
from mqlab.engine.judgement import GoalMet as GoalMet
from mqlab.engine.judgement import Judgement as Judgement
from mqlab.engine.judgement import PredictionDue as PredictionDue
from mqlab.engine.judgement import PredictionSettled as PredictionSettled
from mqlab.engine.judgement import VerdictChanged as VerdictChanged
from mqlab.engine.logs import Appended as Appended
from mqlab.engine.logs import Claimed as Claimed
from mqlab.engine.logs import CursorSet as CursorSet
from mqlab.engine.logs import Fetched as Fetched
from mqlab.engine.logs import Trimmed as Trimmed
from mqlab.engine.timed import Deduplicated as Deduplicated
from mqlab.engine.timed import Forgotten as Forgotten
from mqlab.engine.timed import Redriven as Redriven
from mqlab.engine.timed import VisibilityChanged as VisibilityChanged

# --- a publish ---------------------------------------------------------------------------------------------------


class Published(Event, gc=False, omit_defaults=True, tag=True):
    """A program sent a message to an exchange, or (SQS) messages to a queue. Departure; arrives as Routed, Replied, Unroutable
    or Refused; at a queue as Enqueued, Deduplicated or Refused, each message by itself."""

    of: tuple[str, ...]
    program: str
    exchange: str
    routing_key: str
    key: str
    arrives: int
    mandatory: bool = False
    seq: int = 0  # publish sequence number on a channel with confirms, from 1; 0 without
    size: int = 0  # body bytes
    again: bool = False  # the same message was published before (no confirm came)
    headers: dict[str, Any] | None = None
    properties: dict[str, Any] | None = None
    body: str = ""  # at most limits.BODY_PREVIEW_CHARS characters


class Routed(Event, gc=False, omit_defaults=True, tag=True):
    """An exchange chose queues. `of`, `to`, `arrives`, `by` run in parallel: copy, queue, arrival, binding key."""

    of: tuple[str, ...]
    exchange: str
    key: str
    to: tuple[str, ...]
    arrives: tuple[int, ...]
    by: tuple[str, ...] = ()
    origin: str = ""  # the copy this one was dead-lettered from


class Replied(Event, gc=False, omit_defaults=True, tag=True):
    """A direct reply: the exchange passed it straight to the program that asked, past all queues. Departure; arrives as
    Received. The message is done for the broker when it is sent."""

    of: tuple[str, ...]
    exchange: str
    program: str
    key: str
    tag: int
    arrives: int


class Unroutable(Event, gc=False, omit_defaults=True, tag=True):
    """No queue took the message: an end of the publish (and, for a dead letter, of its way)."""

    of: tuple[str, ...]
    exchange: str
    key: str
    reason: str  # no_route | cycle
    returned: bool = False  # it was mandatory, so the publisher is told


class Refused(Event, gc=False, omit_defaults=True, tag=True):
    """The broker did not take the publish at all (no such exchange, channel already closed)."""

    of: tuple[str, ...]
    exchange: str
    reason: str


# --- in a queue --------------------------------------------------------------------------------------------------


class Enqueued(Event, gc=False, omit_defaults=True, tag=True):
    """A copy arrived in its queue and is ready. `at` is its index in service order; -1 is the tail. Where no exchange routed it,
    it is born here, with the `key` of its message and `origin` (see Routed), and ends what is its cause. `remembered`: until
    when (µs) the queue knows its deduplication id `dedup`."""

    of: tuple[str, ...]
    queue: str
    at: int = -1
    expires: int = 0  # virtual µs at which its time to live ends; 0: never
    priority: int = 0
    key: str = ""
    origin: str = ""
    group: str = ""  # its message group
    dedup: str = ""
    remembered: int = 0
    born: bool = False


class Dropped(Event, gc=False, omit_defaults=True, tag=True):
    """A copy ended in the queue's hands: maxlen, refused (overflow reject-publish)."""

    of: tuple[str, ...]
    queue: str
    key: str
    reason: str


class Expired(Event, gc=False, omit_defaults=True, tag=True):
    """A copy's time to live was over at the head of its queue, and no dead-letter exchange wants it."""

    of: tuple[str, ...]
    queue: str
    key: str


class DeadLettered(Event, gc=False, omit_defaults=True, tag=True):
    """A copy ended here and its content left for the dead-letter exchange. Departure; arrives as Routed or Unroutable."""

    of: tuple[str, ...]
    queue: str
    reason: str  # rejected | expired | maxlen | delivery_limit | max_receive_count
    exchange: str
    routing_key: str
    key: str
    arrives: int
    count: int = 1  # how often it died here for this reason


class Purged(Event, gc=False, omit_defaults=True, tag=True):
    """An operator emptied the queue of its ready messages."""

    of: tuple[str, ...]
    queue: str


# --- a delivery --------------------------------------------------------------------------------------------------


class Delivered(Event, gc=False, omit_defaults=True, tag=True):
    """The queue gave a copy to a consumer (or to a get). Departure; arrives as Received. With `auto_ack` the broker's
    copy ends here, as acked."""

    of: tuple[str, ...]
    queue: str
    program: str
    tag: int
    arrives: int
    redelivered: bool = False
    auto_ack: bool = False
    count: int = 0  # earlier failed deliveries, where the queue counts them (x-delivery-count)
    holds: int = 0  # what the consumer now holds unacked, where a prefetch limits it
    prefetch: int = 0
    until: int = 0  # virtual µs at which it is visible again, unless it is deleted; 0: there is no such time


class Received(Event, gc=False, omit_defaults=True, tag=True):
    """A delivery reached the program and waits in its buffer."""

    of: tuple[str, ...]
    program: str


class Started(Event, gc=False, omit_defaults=True, tag=True):
    """The program began to handle a message. `until` is when it means to be done (µs); 0: it hangs."""

    of: tuple[str, ...]
    program: str
    key: str
    until: int
    attempt: int = 1  # how often a program of this role has begun this message, over all its copies
    redelivered: bool = False


class Handled(Event, gc=False, omit_defaults=True, tag=True):
    """The program finished with a message; outcome ok or failed."""

    of: tuple[str, ...]
    program: str
    key: str
    outcome: str


class Acked(Event, gc=False, omit_defaults=True, tag=True):
    """A program sent an ack. Departure; arrives as Settled."""

    of: tuple[str, ...]
    program: str
    queue: str
    arrives: int
    multiple: bool = False


class Rejected(Event, gc=False, omit_defaults=True, tag=True):
    """A program sent a nack or a reject. Departure; arrives as Settled."""

    of: tuple[str, ...]
    program: str
    queue: str
    arrives: int
    requeue: bool = True
    multiple: bool = False
    how: str = "nack"  # nack | reject


class Settled(Event, gc=False, omit_defaults=True, tag=True):
    """The broker took an ack, nack or reject: the prefetch slots are free. outcome: acked and rejected end the copies;
    requeued and dead_lettered are followed by Requeued and DeadLettered, which say so; gone and old_handle: SQS says yes to a
    delete and deletes nothing."""

    of: tuple[str, ...]
    program: str
    outcome: str


class Requeued(Event, gc=False, omit_defaults=True, tag=True):
    """Copies went back to their queue. `at` runs parallel to `of`: the index in service order, applied in this order.
    So does `failures`, where the queue counts them towards a limit."""

    of: tuple[str, ...]
    queue: str
    program: str
    at: tuple[int, ...]
    why: str  # nack | reject | recover | closed | delay | visibility | attempt
    failures: tuple[int, ...] = ()
    limit: int = 0
    first: bool = False  # nobody has had it: it was sent with a delay


class SetAside(Event, gc=False, omit_defaults=True, tag=True):
    """A queue holds copies itself, not ready, from the hands of `program` or its own. why: dead_letter (nobody takes them;
    it tries again at `until`, µs) | delay (they go back at `until`: Requeued)."""

    of: tuple[str, ...]
    queue: str
    program: str
    why: str
    until: int


# --- loss, ends of connections, nodes ------------------------------------------------------------------------------


class Lost(Event, gc=False, omit_defaults=True, tag=True):
    """Something on its way or in memory is gone. what: message (its content is gone for good), delivery (the broker still
    has the copy), publish (the publisher will try again), ack, nack, confirm, return, close. `of`: messages or copies;
    `flights`: the departures that end here; `node`: where the picture lets it fall."""

    of: tuple[str, ...]
    what: str
    node: str
    key: str = ""  # of the first
    flights: tuple[str, ...] = ()
    ends: bool = False  # whether copies in a queue end here (a broker lost its memory)


class Crashed(Event, gc=False, omit_defaults=True, tag=True):
    """A program or broker node died. For a program a departure: its close reaches the broker as Closed."""

    node: str
    arrives: int = -1  # -1: nothing travels


class Restarted(Event, gc=False, omit_defaults=True, tag=True):
    """A program or broker node is up (again)."""

    node: str


class Stopped(Event, gc=False, omit_defaults=True, tag=True):
    """A program was shut down, and leaves the lab once its close has reached the broker: Closed, then NodeRemoved."""

    node: str
    arrives: int = -1  # -1: nothing travels


class Connected(Event, gc=False, omit_defaults=True, tag=True):
    """A program opened a connection and a channel to its broker (again)."""

    program: str


class ChannelClosed(Event, gc=False, omit_defaults=True, tag=True):
    """The broker closed a channel with an error. Departure; arrives as Closed. `code` and `text` as the broker words them."""

    program: str
    code: int
    text: str
    arrives: int


class ConnectionClosed(Event, gc=False, omit_defaults=True, tag=True):
    """The broker closed a connection, with an error or because it goes down. Departure; arrives as Closed."""

    program: str
    code: int
    text: str
    arrives: int


class ConsumerCancelled(Event, gc=False, omit_defaults=True, tag=True):
    """The broker told a consumer that its queue is gone. Departure; arrives as Closed."""

    program: str
    queue: str
    arrives: int


class Closed(Event, gc=False, omit_defaults=True, tag=True):
    """A close arrived. what: connection | channel | consumer; at: the node where it arrived (program or broker)."""

    program: str
    what: str
    at: str


# --- the end of time (what changes nodes and lines is in changes.py, what the judges tell in judgement.py) ----


class Storm(Event, gc=False, omit_defaults=True, tag=True):
    """Time stops here: a bound of the recording was met. why: a sentence that says which and what to change."""

    why: str


AnyEvent = (
    Published | Routed | Replied | Unroutable | Refused | Enqueued | Dropped | Expired | DeadLettered | Purged
    | Delivered | Received | Started | Handled | Acked | Rejected | Settled | Requeued | SetAside | Confirmed | ConfirmReceived
    | Returned | ReturnReceived | Lost | Crashed | Restarted | Stopped | Connected | ChannelClosed | ConnectionClosed
    | ConsumerCancelled | ActiveChanged | Closed | Answered | NodeAdded | NodeChanged | NodeRemoved | LinkAdded
    | LinkRemoved | Blocked | Unblocked | HungUp | MemberChanged | LeaderChanged | PolicySet | PolicyCleared | GoalMet
    | VerdictChanged | Storm | ActOffered | PredictionDue | PredictionSettled | Called
    | VisibilityChanged | Deduplicated | Forgotten | Redriven
    | Subscribed | Unsubscribed | Broadcast | Missed | Sent | Appended | Fetched | Claimed | CursorSet | Trimmed
)  # fmt: skip
