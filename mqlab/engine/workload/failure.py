"""The mishaps of a workload, each at a chosen moment: of time (`at_s`), or of a message (`message`, its number from 1)."""

from __future__ import annotations

import msgspec


class ConsumerCrash(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="crash"):
    """A consumer dies with all it has in memory, and starts again `for_s` later; 0: it does not."""

    at_s: float
    worker: int = 1
    for_s: float = 5


class SlowConsumer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="slow"):
    """A consumer takes `factor` times as long for what it begins from now on, for `for_s`; 0: to the end."""

    at_s: float
    worker: int = 1
    for_s: float = 0
    factor: float = 10


class BrokerRestart(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="restart"):
    """The broker goes down and comes up again."""

    at_s: float


class PoisonMessage(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="poison"):
    """A message on which every consumer fails, every time."""

    message: int


class DuplicateSend(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="twice"):
    """The producer sends a message again `after_s`, as one does that did not hear whether it arrived."""

    message: int
    after_s: float = 2


AnyFailure = ConsumerCrash | SlowConsumer | BrokerRestart | PoisonMessage | DuplicateSend
