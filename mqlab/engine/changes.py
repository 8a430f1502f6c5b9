"""What changes the picture itself: nodes and lines come to be, change, and go; what a broker reads and what not."""

from __future__ import annotations

from typing import Any

from mqlab.engine.event import Event


class NodeAdded(Event, gc=False, omit_defaults=True, tag=True):
    """A node of the picture came to be. what: broker | exchange | queue | producer | consumer | you | client."""

    node: str
    what: str
    settings: dict[str, Any]


class NodeChanged(Event, gc=False, omit_defaults=True, tag=True):
    """Settings of a node changed; only the changed ones are listed (null removes one)."""

    node: str
    settings: dict[str, Any]


class Blocked(Event, gc=False, omit_defaults=True, tag=True):
    """The broker reads nothing more from a program's connection, from the publish in `of` on, and tells the program so."""

    of: tuple[str, ...]
    program: str
    broker: str
    reason: str


class Unblocked(Event, gc=False, omit_defaults=True, tag=True):
    """The broker reads on, and tells the program so."""

    program: str
    broker: str


class HungUp(Event, gc=False, omit_defaults=True, tag=True):
    """A program ended what it had with the broker: consumer (basic.cancel), channel (channel.close), or connection, which
    broke without a word. Departure, but for the connection; arrives as Closed."""

    program: str
    what: str
    arrives: int = -1  # -1: nothing travels


class MemberChanged(Event, gc=False, omit_defaults=True, tag=True):
    """A node of a cluster: up, down (it stopped), cut off (the others do not reach it), starting."""

    broker: str
    member: str
    status: str


class LeaderChanged(Event, gc=False, omit_defaults=True, tag=True):
    """A quorum queue has another leader, or ("") none: then it neither confirms nor delivers."""

    queue: str
    leader: str


class PolicySet(Event, gc=False, omit_defaults=True, tag=True):
    """An operator set a policy, in place of one of the same name; what it changes at queues and exchanges follows."""

    broker: str
    policy: str
    pattern: str
    definition: dict[str, Any]
    priority: int = 0
    apply_to: str = "all"


class PolicyCleared(Event, gc=False, omit_defaults=True, tag=True):
    """An operator took a policy away."""

    broker: str
    policy: str


class NodeRemoved(Event, gc=False, omit_defaults=True, tag=True):
    """A node is gone, and with it the copies in `of`, whose end is "queue gone"."""

    node: str
    of: tuple[str, ...] = ()


class LinkAdded(Event, gc=False, omit_defaults=True, tag=True):
    """A line of the picture. what: publish | binding | consume | dead_letter | alternate."""

    link: str
    what: str
    source: str
    target: str
    routing_key: str = ""
    arguments: dict[str, Any] | None = None


class LinkRemoved(Event, gc=False, omit_defaults=True, tag=True):
    """A line of the picture is gone: what it was, and its two ends."""

    link: str
    what: str = ""
    between: tuple[str, ...] = ()
    routing_key: str = ""


class ActiveChanged(Event, gc=False, omit_defaults=True, tag=True):
    """A queue with a single active consumer serves this program's from now on; "": nobody's."""

    queue: str
    program: str
